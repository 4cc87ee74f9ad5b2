"""Lines that wait for their moment: kept on disk by day once they are many, so that a year needs no more memory than a day."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from streams.simulator.clock import DAY

SPILL = 24 * 1024 * 1024
"""Bytes that may wait in memory."""
WIDTH = 10
"""Days that a bucket before the first day spans."""
_STAMP = 12
_PASSENGER = b"M"
_PAX = re.compile(rb"M([^\t]*)\t([^\t]*)\t(.*)")


class Calendar:
    """Lines by the second at which they arrive. What arrives before the first day is old; what arrives after the last is dropped."""

    def __init__(self, folder: Path, first: int, days: int) -> None:
        self._folder = folder
        self._first, self._end = first, first + days
        self._waiting: defaultdict[int, list[bytes]] = defaultdict(list)
        self._bytes = 0
        self._files: set[int] = set()
        self._taken: int | None = None

    def add(self, second: int, line: bytes) -> None:
        """One line, to stand among those of that second. The order of a second is that of their bytes."""
        day = second // DAY
        if day >= self._end:
            return
        bucket = day if day >= self._first else self._first - 1 - (self._first - 1 - day) // WIDTH
        if self._taken is not None and bucket <= self._taken:
            raise RuntimeError("a line for a day that is over")
        self._waiting[bucket].append(b"%011d %b\n" % (second, line))
        self._bytes += len(line) + 100
        if self._bytes > SPILL:
            self._spill()

    def passenger(self, second: int, flight: tuple[bytes, bytes], passenger: bytes) -> None:
        """A passenger of a flight, given as what stands before and after its passengers: they become one line."""
        self.add(second, b"M%b\t%b\t%b" % (*flight, passenger))

    def _spill(self) -> None:
        for bucket, lines in self._waiting.items():
            with self._path(bucket).open("ab") as file:
                file.writelines(lines)
            self._files.add(bucket)
        self._waiting.clear()
        self._bytes = 0

    def _path(self, bucket: int) -> Path:
        return self._folder / f"{bucket}.part"

    def past(self) -> Iterator[tuple[int, bytes]]:
        """Everything before the first day, in order."""
        for bucket in sorted({*self._files, *self._waiting}):
            if bucket < self._first:
                yield from self.take(bucket)

    def take(self, bucket: int) -> Iterator[tuple[int, bytes]]:
        """The lines of a day in order, each with its second; they are gone then."""
        lines = self._waiting.pop(bucket, [])
        self._taken = bucket
        if bucket in self._files:
            path = self._path(bucket)
            with path.open("rb") as file:
                lines.extend(file)
            path.unlink()
            self._files.discard(bucket)
        self._bytes = sum(len(line) + 100 for rest in self._waiting.values() for line in rest) if lines else self._bytes
        lines.sort()
        for flight, group in groupby(lines, key=_flight):
            if flight is None:
                for line in group:
                    yield int(line[: _STAMP - 1]), line[_STAMP:-1]
            else:
                yield _manifest(group)


def _flight(line: bytes) -> bytes | None:
    return line.rsplit(b"\t", 1)[0] if line[_STAMP : _STAMP + 1] == _PASSENGER else None


def _manifest(group: Iterator[bytes]) -> tuple[int, bytes]:
    lines = list(group)
    first = _PAX.match(lines[0], _STAMP)
    if first is None:
        raise RuntimeError("a passenger of no flight")
    pax = b",".join(line[_STAMP:-1].rsplit(b"\t", 1)[1] for line in lines)
    return int(lines[0][: _STAMP - 1]), b"%b%b%b" % (first[1], pax, first[2])
