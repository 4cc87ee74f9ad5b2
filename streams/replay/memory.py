"""The dossiers of one partition: those in use decoded, the others as blobs, and when each wants to be looked at."""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from agents.dossier import CLOCK, Dossier, decode, encode
from schemas.identity import Subject

MOST_DECODED = 4_000
"""Dossiers of a partition that are kept decoded; beyond, those that are in here for longest become blobs, a fraction of their size."""

Look = tuple[str, str, datetime]
"""A subject, the clock that it waits for, and until when."""


class Memory:
    """A dossier that became a blob comes back as it was: what is said does not depend on the bound."""

    def __init__(self, most: int = MOST_DECODED) -> None:
        self._most = most
        self._decoded: dict[str, Dossier] = {}
        self._blobs: dict[str, bytes] = {}
        self._heaps: dict[str, list[tuple[datetime, str]]] = {}
        self._ticked: set[Look] = set()
        self._changed: set[str] = set()
        """Clocks whose first look may be another one now."""
        self._first: dict[str, datetime] = {}

    def __len__(self) -> int:
        return len(self._decoded) + len(self._blobs)

    def get(self, name: str) -> Dossier:
        """The subject's dossier; an empty one for whoever is new."""
        found = self._decoded.get(name)
        if found is None:
            blob = self._blobs.pop(name, None)
            found = decode(blob) if blob else Dossier(Subject(name))
            self._decoded[name] = found
        return found

    def put(self, name: str, before: Dossier, after: Dossier) -> None:
        """The dossier after a fact."""
        if after is before:
            return
        self._decoded[name] = after
        if after.said is not before.said or after.area is not before.area:
            self._wait(name, before.looks(), after.looks())

    def rest(self) -> None:
        """Between slices: what was longest in here, and has not been asked for since, becomes a blob."""
        if len(self._decoded) <= self._most:
            return
        for name in list(self._decoded)[: len(self._decoded) // 2]:
            self._blobs[name] = encode(self._decoded.pop(name))

    def due(self, ends: datetime, marks: Mapping[str, datetime]) -> list[Look]:
        """Looks that fall due before `ends` by the wall clock, or that a mark has reached; each is named once."""
        found: list[Look] = []
        for clock in sorted(self._heaps):
            upto = ends if clock == CLOCK else marks.get(clock)
            while upto is not None and (look := self._next(clock)) is not None:
                if look[2] > upto or (clock == CLOCK and look[2] == upto):
                    break
                heapq.heappop(self._heaps[clock])
                self._ticked.add(look)
                self._changed.add(clock)
                found.append(look)
        return found

    def reached(self, marks: Mapping[str, datetime]) -> bool:
        """Has a mark reached a look that waits for its feed?"""
        self._look_again()
        return any(clock != CLOCK and clock in marks and at <= marks[clock] for clock, at in self._first.items())

    @property
    def wakes(self) -> datetime | None:
        """The earliest look by the wall clock."""
        self._look_again()
        return self._first.get(CLOCK)

    def _look_again(self) -> None:
        while self._changed:
            clock = self._changed.pop()
            look = self._next(clock)
            if look is None:
                self._first.pop(clock, None)
            else:
                self._first[clock] = look[2]

    def _next(self, clock: str) -> Look | None:
        """The first look of a clock that still stands; those that changed or were ticked are dropped on the way."""
        heap = self._heaps.get(clock, [])
        while heap:
            at, name = heap[0]
            look = (name, clock, at)
            if look not in self._ticked and self._peek(name).looks().get(clock) == at:
                return look
            heapq.heappop(heap)
        return None

    def _peek(self, name: str) -> Dossier:
        found = self._decoded.get(name)
        return decode(self._blobs[name]) if found is None else found

    def _wait(self, name: str, before: Mapping[str, datetime], after: Mapping[str, datetime]) -> None:
        for clock, at in after.items():
            if before.get(clock) != at:
                heapq.heappush(self._heaps.setdefault(clock, []), (at, name))
                self._changed.add(clock)
        self._changed.update(before.keys() - after.keys())

    def kept(self) -> Iterator[tuple[str, bytes]]:
        """Every subject with its dossier as a blob, by name."""
        for name in sorted((*self._decoded, *self._blobs)):
            yield name, encode(self._decoded[name]) if name in self._decoded else self._blobs[name]

    @property
    def ticked(self) -> list[Look]:
        """Looks that were made, in order."""
        return sorted(self._ticked)

    def restore(self, dossiers: Iterable[tuple[str, bytes]], ticked: Iterable[Look]) -> None:
        """Takes in what `kept` and `ticked` gave."""
        self._ticked.update(ticked)
        for name, blob in dossiers:
            self._blobs[name] = blob
            self._wait(name, {}, decode(blob).looks())
