"""Whether two records can be of one person: the name, the date of birth and the strong identifiers weighed together.

A name alone or a date alone never makes two records one (names are shared by thousands), and SAME is a suggestion to a
person: records are joined by identifiers only.
"""

from enum import StrEnum

from schemas.births import BirthAgreement
from schemas.names import Comparison, Verdict


class StrongId(StrEnum):
    """What numbers of one kind (NIK with NIK, passport with passport) say of two records."""

    EQUAL = "EQUAL"
    SUCCESSIVE = "SUCCESSIVE"
    """Two passports, both valid in their time: a renewal. No evidence against."""
    DIFFERENT = "DIFFERENT"
    UNKNOWN = "UNKNOWN"


_BIRTHS_AGREE = frozenset({BirthAgreement.EQUAL})


def alike(name: Comparison, birth: BirthAgreement, strong: StrongId) -> Verdict:
    """UNKNOWN when too little is stated. A DIFFERENT name stays so whatever the date says; a different number outweighs both."""
    if strong is StrongId.EQUAL:
        return (
            Verdict.REVIEW if name.verdict is Verdict.DIFFERENT or birth is BirthAgreement.DIFFERENT else Verdict.SAME
        )
    if name.verdict is Verdict.DIFFERENT or birth is BirthAgreement.DIFFERENT:
        return Verdict.DIFFERENT
    if name.verdict is Verdict.UNKNOWN or birth is BirthAgreement.UNKNOWN:
        return Verdict.UNKNOWN
    sure = name.verdict is Verdict.SAME and birth in _BIRTHS_AGREE
    if strong is StrongId.DIFFERENT:
        return Verdict.REVIEW if sure else Verdict.DIFFERENT
    return Verdict.SAME if sure else Verdict.REVIEW
