"""Where a simulation goes: into a folder, to the agency topics at a pace of its own, or both."""

import asyncio
import gzip
import hashlib
import lzma
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, cast

import msgspec

from streams.produce import Outbox, Record
from streams.publish import records_of
from streams.simulator.run import Line

AT_ONCE = 2000
_XZ = {"id": lzma.FILTER_LZMA2, "preset": 9, "lc": 4, "pb": 0}
"""For text, and with 64 MiB of memory: people come back to a week's attempts after years of passports."""
EVENTS, TRUTH = "events.ndjson", "truth.ndjson"


class Compression(StrEnum):
    """How the files are kept."""

    NONE = "none"
    GZ = "gz"
    XZ = "xz"


@dataclass
class Count:
    """What has been delivered so far. `at`: the simulated second of the last line."""

    events: int = 0
    departures: int = 0
    published: int = 0
    at: int = 0
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each file's lines, before they are compressed."""


Progress = Callable[[Count], None]


@contextmanager
def _opened(path: Path, how: Compression) -> Iterator[IO[bytes]]:
    """A file whose bytes depend on nothing but what is written: no name and no time stands in it."""
    match how:
        case Compression.NONE:
            with path.open("wb") as file:
                yield file
        case Compression.GZ:
            with (
                path.with_name(f"{path.name}.gz").open("wb") as raw,
                gzip.GzipFile("", "wb", 6, fileobj=raw, mtime=0) as packed,
            ):
                yield cast("IO[bytes]", packed)
        case Compression.XZ:
            with lzma.open(path.with_name(f"{path.name}.xz"), "wb", filters=[_XZ]) as packed:
                yield cast("IO[bytes]", packed)


def kept(lines: Iterable[Line], folder: Path, how: Compression, count: Count) -> Iterator[Line]:
    """Passes the lines on and keeps them in a folder. Raises OSError when it cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        events = stack.enter_context(_opened(folder / EVENTS, how))
        truth = stack.enter_context(_opened(folder / TRUTH, how))
        sums = {EVENTS: hashlib.sha256(), TRUTH: hashlib.sha256()}
        for line in lines:
            name, file = (TRUTH, truth) if line.truth else (EVENTS, events)
            text = line.text + b"\n"
            file.write(text)
            sums[name].update(text)
            yield line
    count.digests = {name: digest.hexdigest() for name, digest in sums.items()}


def deliver(lines: Iterable[Line], count: Count, told: Progress) -> None:
    """Runs a simulation whose lines are kept elsewhere."""
    for line in lines:
        _counted(line, count)
        if (count.events + count.departures) % AT_ONCE == 0:
            told(count)
    told(count)


def _counted(line: Line, count: Count) -> None:
    if line.truth:
        count.departures += 1
    else:
        count.events += 1
        count.at = line.at


async def publish(lines: Iterable[Line], outbox: Outbox, pace: "Pace", count: Count, told: Progress) -> None:
    """Sends the lines to the agency topics, each no earlier than its moment. Raises aiokafka's errors."""
    batch: list[Record] = []
    async for line in pace.kept(lines, count):
        if line is not None:
            batch += records_of(msgspec.json.decode(line.text))
        if batch and (line is None or len(batch) >= AT_ONCE):
            await outbox.send(batch)
            count.published += len(batch)
            batch = []
            told(count)
    if batch:
        await outbox.send(batch)
        count.published += len(batch)
    told(count)


@dataclass(frozen=True)
class Pace:
    """How many simulated seconds pass in one of ours; None: as fast as it goes. What lies before `first` is sent at once."""

    speed: float | None
    first: int

    async def kept(self, lines: Iterable[Line], count: Count) -> AsyncIterator[Line | None]:
        """The events, each when it is due; None: there is a pause, and what was gathered may go."""
        began = time.monotonic()
        for line in lines:
            _counted(line, count)
            if line.truth:
                continue
            if self.speed is not None and line.at > self.first:
                wait = began + (line.at - self.first) / self.speed - time.monotonic()
                if wait > 0.02:
                    yield None
                    await asyncio.sleep(wait)
            elif line.at <= self.first:
                began = time.monotonic()
            yield line


def speed_of(text: str) -> float | None:
    """Reads `real`, `60x` or `max`. Raises ValueError."""
    match text.lower():
        case "max":
            return None
        case "real":
            return 1.0
        case other:
            speed = float(other.removesuffix("x"))
            if not 0 < speed < 1e9:
                raise ValueError("a speed lies above 0")
            return speed
