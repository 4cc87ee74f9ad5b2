"""How two statements of a date of birth agree, and how much that weighs."""

from datetime import date
from enum import StrEnum
from typing import Final

OLDEST: Final = 110
"""Years: nobody who travels is older."""
_STAND_INS: Final = frozenset({(1, 1), (7, 1)})
"""1 January and 1 July are what registries write for somebody who knows only the year (month, day)."""


class BirthAgreement(StrEnum):
    """What two dates of birth say to one another."""

    EQUAL = "EQUAL"
    EQUAL_STAND_IN = "EQUAL_STAND_IN"
    """Equal, on 1 January or 1 July: many share it, so it weighs little."""
    DAY_AND_MONTH_SWAPPED = "DAY_AND_MONTH_SWAPPED"
    YEAR_OFF_BY_ONE = "YEAR_OFF_BY_ONE"
    SAME_YEAR_STAND_IN = "SAME_YEAR_STAND_IN"
    """The year agrees and one of the two is 1 January or 1 July: no contradiction."""
    DIFFERENT = "DIFFERENT"
    UNKNOWN = "UNKNOWN"
    """A side is not stated: no evidence."""


def stand_in(born: date) -> bool:
    """1 January or 1 July."""
    return (born.month, born.day) in _STAND_INS


def compare_births(left: date | None, right: date | None) -> BirthAgreement:
    """Symmetric; missing on either side is UNKNOWN."""
    if left is None or right is None:
        return BirthAgreement.UNKNOWN
    if left == right:
        return BirthAgreement.EQUAL_STAND_IN if stand_in(left) else BirthAgreement.EQUAL
    if left.year == right.year and (left.month, left.day) == (right.day, right.month):
        return BirthAgreement.DAY_AND_MONTH_SWAPPED
    if left.year == right.year and (stand_in(left) or stand_in(right)):
        return BirthAgreement.SAME_YEAR_STAND_IN
    if abs(left.year - right.year) == 1 and (left.month, left.day) == (right.month, right.day):
        return BirthAgreement.YEAR_OFF_BY_ONE
    return BirthAgreement.DIFFERENT
