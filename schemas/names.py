"""Whether two names can be of one person: of names in clear, and of the keyed sketches that stand for them on `suar.facts`.

A name is never a key. SAME says that the names give no reason to doubt; DIFFERENT that no known way of writing explains
them; REVIEW that a person must look. `tests/scorecard/RESULTS.md` holds how often each is right.

For rules: `compare_sketches(stored_sketch(a.data.get("name")), stored_sketch(b.data.get("name")))`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import prod
from typing import Final

from schemas.name_alignment import NameReason, reasons_between
from schemas.name_forms import normalise
from schemas.name_parts import CODES, LETTERS, Name, Ways, letters, parsed, sketched

__all__ = [
    "IDENTICAL",
    "NOT_COMPARABLE",
    "REVIEW_FROM",
    "SAME_FROM",
    "Comparison",
    "NameReason",
    "Verdict",
    "compare",
    "compare_sketches",
    "normalise",
    "sketch",
    "stored_sketch",
]

SAME_FROM: Final = 0.92
"""Scores from here on are SAME (bounds 0..1)."""
REVIEW_FROM: Final = 0.85
"""Scores from here up to `SAME_FROM` are REVIEW; lower ones are DIFFERENT."""


class Verdict(StrEnum):
    """What a comparison of names amounts to."""

    SAME = "SAME"
    REVIEW = "REVIEW"
    DIFFERENT = "DIFFERENT"
    UNKNOWN = "UNKNOWN"
    """One side or both have no name: that is no evidence for or against anything."""


_WEIGHT: Final = {
    NameReason.JOINED: 0.98,
    NameReason.PREFIX_LEFT_OUT: 0.98,
    NameReason.TRUNCATED: 0.97,
    NameReason.REORDERED: 0.95,
    NameReason.PATRONYMIC_ADDED: 0.94,
    NameReason.MONONYM: 0.905,
    NameReason.PART_MISSING: 0.905,
    NameReason.INITIAL: 0.905,
    NameReason.SPELLING: 0.905,
}
"""A cut name agrees in 33 letters and more. One weak reason (0.905) alone or with one mild one stays in REVIEW; two weak ones are DIFFERENT."""
_MONONYM_SAME_MOTHER: Final = 0.93
_MONONYM_NOT_FIRST: Final = 0.95
"""A single name that stands behind another: as often a child's father as the person."""


@dataclass(frozen=True)
class Comparison:
    """`score` 0..1, what it amounts to, and why it is not 1. Holds nothing of the names."""

    score: float
    verdict: Verdict
    reasons: tuple[NameReason, ...] = ()


IDENTICAL: Final = Comparison(1.0, Verdict.SAME)
NOT_COMPARABLE: Final = Comparison(0.0, Verdict.UNKNOWN, (NameReason.MISSING,))


def compare(left: str | None, right: str | None, *, mothers: Comparison | None = None) -> Comparison:
    """Compares names in clear, symmetrically. `mothers`: the comparison of the mothers' names, which only lifts a mononym."""
    return _compare(letters(normalise(left or "")), letters(normalise(right or "")), LETTERS, mothers)


def sketch(key: bytes, name: str) -> list[str]:
    """The keyed sketch of a name: one string for each token, empty when the field holds no name.

    Pseudonymous, not anonymous: whoever holds the key, or a great many sketches and the frequency of names, can guess names.
    Only sketches under one key can be compared; about 25 bytes, 25 µs. `compare(a, b)` and `compare_sketches` of the two
    sketches agree in all but a few of ten thousand pairs, where codes collide.
    """
    return sketched(key, normalise(name))


def stored_sketch(value: object) -> list[str]:
    """The sketch in a fact's data, empty when the field is absent: `stored_sketch(fact.data.get("name"))`."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def compare_sketches(left: Sequence[str], right: Sequence[str], *, mothers: Comparison | None = None) -> Comparison:
    """What `compare` says of the names behind two sketches; pure, 10 to 20 µs. Empty on either side: UNKNOWN."""
    if left and left == right:
        return IDENTICAL
    return _compare(parsed(left), parsed(right), CODES, mothers)


def _compare(left: Name, right: Name, ways: Ways, mothers: Comparison | None) -> Comparison:
    if not left.parts or not right.parts:
        return NOT_COMPARABLE
    if left.parts == right.parts:
        return IDENTICAL
    reasons = reasons_between(left, right, ways)
    if NameReason.OTHER_NAME in reasons:
        return Comparison(round(0.84 * ways.likeness(left, right), 4), Verdict.DIFFERENT, reasons)
    return _judged(reasons, mothers)


def _judged(reasons: tuple[NameReason, ...], mothers: Comparison | None) -> Comparison:
    weights = {reason: _WEIGHT[reason] for reason in reasons}
    if NameReason.MONONYM in weights and NameReason.PART_MISSING in weights:
        weights[NameReason.PART_MISSING] = _MONONYM_NOT_FIRST
    elif NameReason.MONONYM in weights and mothers is not None and mothers.verdict is Verdict.SAME:
        weights[NameReason.MONONYM] = _MONONYM_SAME_MOTHER
        reasons = (*reasons, NameReason.SAME_MOTHER)
    score = round(prod(weights.values()), 4)
    verdict = Verdict.SAME if score >= SAME_FROM else Verdict.REVIEW if score >= REVIEW_FROM else Verdict.DIFFERENT
    return Comparison(score, verdict, reasons)
