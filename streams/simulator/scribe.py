"""The agencies' scribe: turns what happened into events of the public contract, and the truth into lines beside them."""

from typing import Any

import msgspec

from schemas.truth import Departure
from streams.simulator.calendar import Calendar
from streams.simulator.clock import iso
from streams.simulator.faults import Faults, Mishaps

ENCODE = msgspec.json.Encoder().encode


class Scribe:
    """Writes events and truth into calendars. `first` and `end` are seconds: the bounds of the simulated days."""

    def __init__(
        self, events: Calendar, truth: Calendar, *, faults: Faults, seed: int, window: tuple[int, int]
    ) -> None:
        self._events, self._truth = events, truth
        self._first, self._end = window
        self._mishaps = Mishaps(faults, seed, self._first) if faults.any else None

    def say(  # noqa: PLR0913 - each is a part of an event
        self, system: str, kind: str, name: str, at: int, data: dict[str, Any], *, lag: int = 3, office: str = ""
    ) -> None:
        """One event. `at`: when it happened, seconds; `lag`: seconds until it was written down; `office`: who wrote it."""
        recorded = at + lag
        if recorded >= self._end:
            return
        mishaps = self._mishaps
        if mishaps is None:
            self._events.add(recorded, ENCODE(_whole(system, kind, name, (at, recorded), data)))
            return
        event = f"{system}/{name}"
        skew = mishaps.skew(office) if office and recorded >= self._first else 0
        whole = _whole(system, kind, name, (at + skew, recorded + skew), mishaps.miskeyed(event, data))
        line = ENCODE(mishaps.broken(event, recorded, whole))
        for arrival in mishaps.arrivals(event, system, office, recorded):
            self._events.add(arrival, line)

    def announce(self, flight: dict[str, Any], name: str, at: int, passenger: dict[str, Any]) -> None:
        """A passenger of a flight: all who are announced under one name stand in one manifest."""
        if at >= self._end:
            return
        begin, end = _around(_whole("simkim", "manifest_received", name, (at, at), {**flight, "passengers": [0]}))
        times = (
            [at]
            if self._mishaps is None
            else self._mishaps.arrivals(f"simkim/{name}", "simkim", flight["checkpoint"], at)
        )
        for arrival in times:
            self._events.passenger(arrival, (begin, end), ENCODE(passenger))

    def know(self, departure: Departure) -> None:
        """What is true of a departure; those before the first day and after the last are nobody's question."""
        second = int(departure.at.timestamp())
        if self._first <= second < self._end - 1:  # its attempt is written down a second later
            self._truth.add(second, ENCODE(departure))


def _whole(system: str, kind: str, name: str, times: tuple[int, int], data: dict[str, Any]) -> dict[str, Any]:
    """As `streams.publish.envelope` has it, a few times faster."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": system,
        "type": kind,
        "time": iso(times[0]),
        "recorded_at": iso(times[1]),
        "data": data,
    }


def _around(whole: dict[str, Any]) -> tuple[bytes, bytes]:
    begin, _, end = ENCODE(whole).partition(b"[0]")
    return begin + b"[", b"]" + end
