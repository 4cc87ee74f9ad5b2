"""Counts verdicts, of the clear matcher and of the sketches, and sets them down."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, Final

from schemas.names import Verdict, compare, compare_sketches, sketch
from tests.scorecard.strangers import NAMESAKES, STRANGERS
from tests.scorecard.treatments import BY_DESIGN_REVIEW, INNOCENT

SEED: Final = 20261125
PAIRS: Final = 500
"""Of each treatment and of each kind of strangers."""
KEY: Final = b"only for tests: thirty-two bytes"
Pair = tuple[str, str]
Counts = Counter[Verdict]
Results = dict[str, Any]
MATCHERS: Final = ("clear", "sketches")


def results() -> Results:
    """Every number of the report, the same on every call and every machine."""
    innocent = {name: _counts(_pairs(name, make)) for name, make in INNOCENT.items()}
    strangers = {name: _counts(_pairs(name, make)) for name, make in STRANGERS.items()}
    namesakes = {name: _counts(_pairs(name, make)) for name, make in NAMESAKES.items()}
    mistaken = {m: sum((one[m] for one in strangers.values()), Counts()) for m in MATCHERS}
    return {
        "seed": SEED,
        "innocent": {name: {m: _right(one[m], mistaken[m]) for m in MATCHERS} for name, one in innocent.items()},
        "strangers": {name: {m: _shares(one[m]) for m in MATCHERS} for name, one in strangers.items()},
        "namesakes": {name: {m: _shares(one[m]) for m in MATCHERS} for name, one in namesakes.items()},
        "overall": {m: _overall(innocent, mistaken[m], m) for m in MATCHERS},
        "agreement": _agreement([*innocent.values(), *strangers.values(), *namesakes.values()]),
    }


def _pairs(name: str, make: Callable[[Random], Pair | None]) -> list[Pair]:
    chance = Random(f"{SEED}/{name}")
    return list(_drawn(chance, make))


def _drawn(chance: Random, make: Callable[[Random], Pair | None]) -> Iterator[Pair]:
    left = PAIRS
    while left:
        pair = make(chance)
        if pair is not None and pair[0] != pair[1]:
            left -= 1
            yield pair


def _counts(pairs: list[Pair]) -> dict[str, Counts]:
    clear, sketches = [_clear(*pair) for pair in pairs], [_sketches(*pair) for pair in pairs]
    both = Counter(a if a is b else Verdict.UNKNOWN for a, b in zip(clear, sketches, strict=True))
    return {"clear": Counter(clear), "sketches": Counter(sketches), "both": both}


def _clear(one: str, other: str) -> Verdict:
    return compare(one, other).verdict


def _sketches(one: str, other: str) -> Verdict:
    return compare_sketches(sketch(KEY, one), sketch(KEY, other)).verdict


def _same(counts: Counts) -> int:
    return counts[Verdict.SAME]


def _not_different(counts: Counts) -> int:
    return counts[Verdict.SAME] + counts[Verdict.REVIEW]


def _shares(counts: Counts) -> dict[str, float]:
    """The share of pairs called SAME, and SAME or REVIEW."""
    total = counts.total()
    return {"pairs": total, "same": _ratio(_same(counts), total), "review": _ratio(_not_different(counts), total)}


def _right(true: Counts, false: Counts) -> dict[str, float]:
    """For pairs of one person the shares are recall; precision is against as many strangers, all kinds alike."""
    return {
        **_shares(true),
        "precision_same": _precision(_same, true, false),
        "precision_review": _precision(_not_different, true, false),
    }


def _precision(taken: Callable[[Counts], int], true: Counts, false: Counts) -> float:
    return _ratio(taken(true), taken(true) + taken(false) * true.total() / false.total())


def _overall(innocent: Mapping[str, dict[str, Counts]], mistaken: Counts, matcher: str) -> dict[str, float]:
    true = sum((one[matcher] for one in innocent.values()), Counts())
    plain = sum((one[matcher] for name, one in innocent.items() if name not in BY_DESIGN_REVIEW), Counts())
    return {**_right(true, mistaken), "same_without_by_design": _ratio(_same(plain), plain.total())}


def _agreement(groups: list[dict[str, Counts]]) -> float:
    both = sum((group["both"] for group in groups), Counts())
    return _ratio(both.total() - both[Verdict.UNKNOWN], both.total())


def _ratio(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 1.0
