"""Bias: who is stopped more often than what is true of them explains. Sex, age, province and religion are inputs of no rule."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from schemas.truth import Departure, Traveller
from streams.evaluation.attempts import Judged
from streams.evaluation.shares import Share, share

ADULT, MIDDLE, OLD = 18, 35, 55
FEWEST: Final = 5
"""Alerts: with fewer nothing is said of a group's share."""
_KINDS: Final = (Traveller.TRAFFICKED, Traveller.WORKER_WITHOUT_PAPERS)


class Group(msgspec.Struct, frozen=True):
    """People of one sex, age band, province or religion.

    `expected` is how many of them would be stopped if each were stopped as often as all the trafficked, all workers without
    papers, or all others are: what the truth explains (indirect standardisation). `ratio` is those stopped against that,
    with the Wilson bounds of the rate; None where nobody is expected to be stopped. People of one alert, and those who set out
    together, are stopped together: for the bounds they count as one, and their group is as much smaller.
    """

    by: str
    name: str
    stopped: Share
    expected: float
    ratio: float | None
    low: float
    high: float

    beyond_chance: bool
    """Is the group stopped more often than explained, by more than chance would do? All groups are looked at together
    (Bonferroni): of forty lines at 95 %, one would be beyond it by chance."""


def age_band(departure: Departure) -> str:
    """Children, and three bands of adults."""
    age = departure.age
    if age < ADULT:
        return f"0-{ADULT - 1}"
    if age < MIDDLE:
        return f"{ADULT}-{MIDDLE - 1}"
    return f"{MIDDLE}-{OLD - 1}" if age < OLD else f"{OLD}+"


BY: Final[dict[str, Callable[[Departure], str]]] = {
    "sex": lambda one: one.sex,
    "age": age_band,
    "province": lambda one: one.province,
    "religion": lambda one: one.religion,
}


def groups(attempts: Sequence[Judged]) -> tuple[Group, ...]:
    """One line for each group that has a name, the largest first within its kind."""
    rates = _rates(attempts)
    members: dict[tuple[str, str], list[Judged]] = {}
    for one in attempts:
        for by, name_of in BY.items():
            if name := name_of(one.departure):
                members.setdefault((by, name), []).append(one)
    kinds = list(BY)
    lines = [_group(by, name, some, rates, len(members)) for (by, name), some in members.items()]
    return tuple(sorted(lines, key=lambda line: (kinds.index(line.by), -line.stopped.of, line.name)))


def _kind(one: Judged) -> Traveller | None:
    return one.departure.traveller if one.departure.traveller in _KINDS else None


def _rates(attempts: Sequence[Judged]) -> dict[Traveller | None, float]:
    """By truth: the share that is stopped."""
    rates: dict[Traveller | None, float] = {}
    for kind in (*_KINDS, None):
        alike = [one for one in attempts if _kind(one) is kind]
        rates[kind] = sum(one.stopped for one in alike) / len(alike) if alike else 0.0
    return rates


def _group(by: str, name: str, members: Sequence[Judged], rates: dict[Traveller | None, float], together: int) -> Group:
    hits, of = sum(one.stopped for one in members), len(members)
    stopped = share(hits, of)
    met = [one for one in members if one.stopped and one.answer]
    alerts = min(
        len({one.answer.alert_id for one in met if one.answer}),
        len({one.departure.party or one.departure.person for one in met}),
    )
    alike = max(alerts, round(of * alerts / hits)) if hits else of
    usual, strict = share(alerts, alike), share(alerts, alike, level=1 - 0.05 / together)
    expected = math.fsum(rates[_kind(one)] for one in members)
    if not expected:
        return Group(by, name, stopped, 0.0, None, 0.0, 0.0, beyond_chance=False)
    scale = of / expected
    beyond = alerts >= FEWEST and strict.low * scale > 1.0
    return Group(
        by, name, stopped, expected, hits / expected, usual.low * scale, usual.high * scale, beyond_chance=beyond
    )
