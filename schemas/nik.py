"""Nomor Induk Kependudukan: what its sixteen digits say, and which numbers stand for nobody.

PP KK CC DDMMYY SSSS: the kecamatan where it was first registered, the date of birth with 40 added to the day for a woman, a
serial from 0001. There is no check digit. A NIK never follows a corrected date of birth or a move, and codes of regions
come and go with provinces: neither a date nor a region is a reason to refuse one. Whether a number is temporary is for the
registry to say (`resident_registered.temporary`) and is never read out of its digits.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from schemas.births import OLDEST, BirthAgreement, compare_births

_PLACEHOLDER: Final = re.compile(
    r"(\d)\1{15}|0123456789\d{6}|1234567890123456|9876543210\d{6}|\d{6}0000\d{6}|0{6}\d{10}"
)
_FLOAT: Final = re.compile(r"\d([.,]\d+)?[eE]\+?\d+|\d+[.,]0*")
_SHAPE: Final = re.compile(r"(\d{6})(\d\d)(\d\d)(\d\d)(\d{4})", re.ASCII)
_FOR_WOMEN: Final = 40


class NikFault(StrEnum):
    """Why sixteen characters are no NIK to join on. The event that carries one is still an event."""

    NOT_SIXTEEN_DIGITS = "NOT_SIXTEEN_DIGITS"
    PLACEHOLDER = "PLACEHOLDER"
    """What people type when there is no number: zeros, one digit repeated, 1234567890123456, a date of zeros."""
    ROUNDED = "ROUNDED"
    """A spreadsheet keeps 15 digits and makes the last a 0. Told only where that is impossible: serial 0000, from 0001-0009."""
    NO_SUCH_DATE = "NO_SUCH_DATE"
    """Not a day of the calendar in any century."""


@dataclass(frozen=True, repr=False)
class NikParts:
    """The parts of a NIK; `year` has two digits and no century. Its text shows none of them."""

    region: str
    woman: bool
    day: int
    month: int
    year: int
    serial: int

    def __repr__(self) -> str:
        return "NikParts(…)"


class Century(StrEnum):
    """How the century of a NIK's date was found."""

    REGISTERED = "REGISTERED"
    """It agrees in its last two digits with the date that Dukcapil has registered."""
    ONLY_PLAUSIBLE = "ONLY_PLAUSIBLE"
    """Only one century gives an age of 0 to 110 years."""
    YOUNGER = "YOUNGER"
    """Two centuries do; the later one is taken, since far more people are under 11 than over 99."""
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, repr=False)
class NikBirth:
    """The date of birth in a NIK and how its century was found; `born` is None when that cannot be said."""

    born: date | None
    century: Century

    def __repr__(self) -> str:
        return f"NikBirth({self.century.value})"


UNKNOWN_BIRTH: Final = NikBirth(None, Century.UNKNOWN)


def read_nik(nik: str) -> NikParts | NikFault:
    """The parts, or why there are none. Never raises, whatever the text."""
    found = _SHAPE.fullmatch(nik)
    if not found:
        return NikFault.NOT_SIXTEEN_DIGITS
    if placeholder(nik):
        return NikFault.PLACEHOLDER
    region, day, month, year, serial = found.groups()
    woman = int(day) > _FOR_WOMEN
    parts = NikParts(region, woman, int(day) - _FOR_WOMEN * woman, int(month), int(year), int(serial))
    if not any(_day(parts, century) for century in (1900, 2000)):
        return NikFault.NO_SUCH_DATE
    return parts if parts.serial else NikFault.ROUNDED


def usable_nik(nik: str) -> bool:
    """Whether a NIK may be a join key: sixteen digits with a real date and a serial, and no placeholder."""
    return isinstance(read_nik(nik), NikParts)


def usable_kk(number: str) -> bool:
    """Whether a family card number may stand for a household: no placeholder, and a serial (its date is that of issue)."""
    return not placeholder(number) and not number.endswith("0000")


def placeholder(number: str) -> bool:
    """What people type for a NIK or a family card number when there is none; blank is one too."""
    return not number.strip() or number.strip("0 ") == "" or _PLACEHOLDER.fullmatch(number) is not None


def written_by_a_spreadsheet(text: str) -> bool:
    """An exponent or a decimal point: the last digits are lost, and no number can be had from it."""
    return _FLOAT.fullmatch(text.strip()) is not None


def birth_in(nik: str, *, on: date, registered: date | None = None) -> NikBirth:
    """The date of birth that a NIK carries, as seen on day `on`; Dukcapil's `registered` date settles the century."""
    parts = read_nik(nik)
    if isinstance(parts, NikFault):
        return UNKNOWN_BIRTH
    if registered and (found := _day(parts, registered.year // 100 * 100)) and registered.year % 100 == parts.year:
        return NikBirth(found, Century.REGISTERED)
    first = on.year // 100 * 100
    days = [day for century in (first, first - 100, first - 200) if (day := _day(parts, century))]
    plausible = [day for day in days if day <= on and on.year - day.year <= OLDEST]
    if not plausible:
        return UNKNOWN_BIRTH
    return NikBirth(plausible[0], Century.ONLY_PLAUSIBLE if len(plausible) == 1 else Century.YOUNGER)


def birth_agreement(nik: str, registered: date | None, *, on: date) -> BirthAgreement:
    """How a NIK's date agrees with a registered one. DIFFERENT is weak: the number is never changed when a date is corrected."""
    return compare_births(birth_in(nik, on=on, registered=registered).born, registered)


def _day(parts: NikParts, century: int) -> date | None:
    try:
        return date(century + parts.year, parts.month, parts.day)
    except ValueError:
        return None
