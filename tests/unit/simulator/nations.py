"""Small nations that several tests look at; each is simulated once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import msgspec

from schemas.truth import Departure
from streams.simulator.faults import Faults
from streams.simulator.nation import load
from streams.simulator.run import Line, Plan, lines

BEGIN = date(2026, 3, 2)
"""A Monday."""


@dataclass(frozen=True)
class Seen:
    """A simulation, read back."""

    events: tuple[dict[str, Any], ...]
    arrivals: tuple[int, ...]
    departures: tuple[Departure, ...]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The data of every event of a kind."""
        return [event["data"] for event in self.events if event["type"] == kind]


def plan(
    *, days: int = 1, seed: int = 7, scale: float = 0.02, outcomes: bool = False, faults: Faults | None = None
) -> Plan:
    """A nation of that size."""
    return Plan(load(), BEGIN, days, seed, scale, outcomes, faults or Faults())


def told(of: Plan) -> list[Line]:
    """All its lines."""
    return list(lines(of))


def read(found: Iterator[Line] | list[Line]) -> Seen:
    """Its lines, decoded."""
    events, arrivals, departures = [], [], []
    for line in found:
        if line.truth:
            departures.append(msgspec.json.decode(line.text, type=Departure))
        else:
            events.append(msgspec.json.decode(line.text))
            arrivals.append(line.at)
    return Seen(tuple(events), tuple(arrivals), tuple(departures))


@cache
def small() -> Seen:
    """Two days of a fiftieth, with officers who put departures off."""
    return read(lines(plan(days=2, outcomes=True)))


@cache
def large() -> Seen:
    """Three days of a tenth of the nation: about 9,000 departures."""
    return read(lines(plan(days=3, scale=0.1, seed=11, outcomes=True)))
