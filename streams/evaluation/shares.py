"""Shares and spans: counts with their uncertainty."""

import math
from collections.abc import Sequence
from datetime import timedelta
from statistics import NormalDist

import msgspec

LEVEL = 0.95


class Share(msgspec.Struct, frozen=True):
    """`hits` of `of`, with the Wilson interval (at 95 % unless said otherwise). The share of nothing is None, and its interval is everything."""

    hits: int
    of: int
    share: float | None
    low: float
    high: float


def share(hits: int, of: int, *, level: float = LEVEL) -> Share:
    """With Wilson's score interval, two-sided. ValueError when there are more hits than tries."""
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of}")
    if not of:
        return Share(0, 0, None, 0.0, 1.0)
    deviations = NormalDist().inv_cdf(0.5 + level / 2)
    part, spread = hits / of, deviations * deviations / of
    middle = (part + spread / 2) / (1 + spread)
    half = deviations * math.sqrt(part * (1 - part) / of + spread / of / 4) / (1 + spread)
    return Share(hits, of, part, max(0.0, middle - half), min(1.0, middle + half))


class Span(msgspec.Struct, frozen=True):
    """Lengths of time in minutes: how many, and the 10th, 50th and 90th percentile (None: there are none)."""

    count: int
    p10: float | None = None
    p50: float | None = None
    p90: float | None = None


def span(lengths: Sequence[timedelta]) -> Span:
    """The percentiles of some lengths of time."""
    minutes = sorted(length.total_seconds() / 60 for length in lengths)
    if not minutes:
        return Span(0)
    return Span(len(minutes), *(percentile(minutes, part) for part in (0.1, 0.5, 0.9)))


def percentile(ordered: Sequence[float], part: float) -> float:
    """By nearest rank: the least of the sorted values that `part` of all do not exceed. ValueError when there are none."""
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]
