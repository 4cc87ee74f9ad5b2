"""What goes wrong between an agency and its topics: switches, each drawn by the event's name, so that one changes no other."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from math import exp
from typing import Any

from streams.simulator.clock import HOUR, MINUTE
from streams.simulator.dice import dice, share_of
from streams.simulator.names import misspelt

CATCH_UP = 2 * HOUR
"""How long an office or system takes to send what waited."""
OUTAGE_HOURS = 60
"""Of the national outage of June 2024 (PDNS-2)."""
SCHEMA_ERRORS = ("unknown_field", "missing_field", "nik_as_number", "naive_time", "wrong_value")


class FaultError(Exception):
    """A switch is not spelled as it must be."""


@dataclass(frozen=True)
class Span:
    """An office, checkpoint or system, and seconds of the clock during which something is wrong with it."""

    name: str
    begin: int
    end: int


def span(text: str, first: int, hours: int | None = None) -> Span:
    """Reads NAME:FROM-TO, hours after the first day's midnight (UTC); with `hours`, NAME:FROM is enough. Raises FaultError."""
    name, _, when = text.partition(":")
    begin, _, end = when.partition("-")
    try:
        start = int(begin)
        stop = int(end) if end or hours is None else start + hours
    except ValueError:
        raise FaultError(f"{text} is not NAME:FROM-TO in hours from the beginning, such as S-BTC:24-84") from None
    if not name or stop <= start:
        raise FaultError(f"{text}: TO must lie after FROM")
    return Span(name, first + start * HOUR, first + stop * HOUR)


@dataclass(frozen=True)
class Faults:
    """Rates are shares of events, from 0 to 1; of offices for `clock_skew`, and of records with a name or date for the last two."""

    late: float = 0.0
    lost: float = 0.0
    doubled: float = 0.0
    out_of_order: float = 0.0
    clock_skew: float = 0.0
    schema_errors: float = 0.0
    name_errors: float = 0.0
    date_errors: float = 0.0
    office_offline: tuple[Span, ...] = ()
    outage: tuple[Span, ...] = ()
    migration: tuple[Span, ...] = ()

    @property
    def any(self) -> bool:
        """Is something wrong at all?"""
        return any(getattr(self, one.name) for one in fields(self))

    def silent(self, system: str, second: int) -> bool:
        """Is a system away, so that it sends no heartbeat either?"""
        return any(one.name == system and one.begin <= second < one.end for one in self.outage)


class Mishaps:
    """Applies the switches to single events."""

    def __init__(self, faults: Faults, seed: int, first: int) -> None:
        self._faults, self._seed, self._first = faults, seed, first

    def skew(self, office: str) -> int:
        """Seconds by which an office's clock is wrong: up to 20 minutes behind or 4 ahead."""
        if not self._faults.clock_skew or share_of(self._seed, "skewed", office) >= self._faults.clock_skew:
            return 0
        return round((share_of(self._seed, "skew", office) * 24 - 20) * MINUTE)

    def arrivals(self, event: str, source: str, office: str, recorded: int) -> Iterator[int]:
        """The seconds at which an event of that name reaches its topic: none, one or two."""
        faults, seed = self._faults, self._seed
        if recorded >= self._first and faults.lost and share_of(seed, "lost", event) < faults.lost:
            return
        sent = self._sent(event, {source, office}, recorded)
        if sent is None:
            return
        at = sent
        if recorded >= self._first:
            if faults.out_of_order and share_of(seed, "order", event) < faults.out_of_order:
                at += round(share_of(seed, "by", event) * 10 * MINUTE)
            if faults.late and share_of(seed, "late", event) < faults.late:
                at += round(6 * HOUR * exp(dice(seed, "late by", event).gauss(0, 1)))
        yield at
        if recorded >= self._first and faults.doubled and share_of(seed, "doubled", event) < faults.doubled:
            yield at + 1 + round(share_of(seed, "again", event) * 30 * MINUTE)

    def _sent(self, event: str, names: set[str], recorded: int) -> int | None:
        """When whoever wrote it down could send it; None: a migration lost it."""
        at = recorded
        for one in self._faults.migration:
            if one.name in names and one.begin <= recorded < one.end:
                if share_of(self._seed, "migrated", event) < 0.5:
                    return None
                at = max(at, one.end + round(share_of(self._seed, "migrated later", event) * 14 * 24 * HOUR))
        for one in (*self._faults.office_offline, *self._faults.outage):
            if one.name in names and one.begin <= at < one.end:
                at = one.end + round((at - one.begin) / (one.end - one.begin) * CATCH_UP)
        return at

    def miskeyed(self, event: str, data: dict[str, Any]) -> dict[str, Any]:
        """The data with a name or a date keyed wrongly."""
        faults = self._faults
        if "found" in data:  # the registry's answer has results in these fields
            return data
        if faults.name_errors:
            for field in ("name", "mother_name"):
                if data.get(field) and share_of(self._seed, field, event) < faults.name_errors:
                    data = {**data, field: misspelt(dice(self._seed, "key", field, event), data[field])}
        born = data.get("birth_date")
        if born and faults.date_errors and share_of(self._seed, "date", event) < faults.date_errors:
            year, month, day = born.split("-")
            swapped = day <= "12" and share_of(self._seed, "swap", event) < 0.5 and day != month
            data = {**data, "birth_date": f"{year}-{day}-{month}" if swapped else f"{int(year) + 1}-{month}-{day}"}
        return data

    def broken(self, event: str, recorded: int, whole: dict[str, Any]) -> dict[str, Any]:
        """The event as a faulty program would send it, sometimes."""
        rate = self._faults.schema_errors
        if recorded < self._first or not rate or share_of(self._seed, "schema", event) >= rate:
            return whole
        kind = SCHEMA_ERRORS[int(share_of(self._seed, "how", event) * len(SCHEMA_ERRORS))]
        data = dict(whole["data"])
        match kind:
            case "nik_as_number" if "nik" in data:
                data["nik"] = int(data["nik"])
            case "naive_time":
                return {**whole, "time": whole["time"].removesuffix("+00:00")}
            case "missing_field":
                return {name: value for name, value in whole.items() if name != "recorded_at"}
            case "wrong_value":
                data[next(iter(data))] = ["?"]
            case _:
                data["keterangan"] = "?"
        return {**whole, "data": data}
