"""The log of facts as a file: what agencies said and the marks, in one order of all partitions; notes are made anew by a replay."""

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from schemas.facts import ERASED, MARK, TO_ALL, Fact, decode
from schemas.topics import ALERTS, FACTS, SCREENINGS
from streams.partitions import partitions_of
from streams.reading import everything
from streams.replay.history import Logged
from streams.replay.words import ALERT, SCREENING, written

FILE, LIVE = "log.facts.ndjson", "live.ndjson"
_ENCODE = msgspec.json.Encoder().encode
_CLOCK = msgspec.json.Decoder(Logged).decode


async def fetch(kafka: str, folder: Path) -> Path:
    """Reads `suar.facts` to where it ends now, into a file of the folder. One that was fetched whole before is left as it is.

    The clock of a partition is the running maximum of `admitted_at`; partitions are merged by it. Raises aiokafka's errors.
    """
    whole = _in(folder, FILE)
    if whole.exists():
        return whole
    parts = [folder / f"{FILE}.{number}" for number in range(partitions_of(FACTS))]
    with ExitStack() as opened:
        files = [opened.enter_context(part.open("wb")) for part in parts]
        clocks = [datetime(1970, 1, 1, tzinfo=UTC)] * len(files)
        async for record in everything(kafka, FACTS.name):
            fact = _told(record.value)
            if fact is None:
                continue
            number = record.partition
            clocks[number] = max(clocks[number], fact.admitted_at)
            subject = "" if fact.kind == MARK else (record.key or b"").decode()
            files[number].write(_ENCODE(Logged(clocks[number], number, fact, subject)) + b"\n")
    _merge(parts, whole)
    return whole


async def said(kafka: str, folder: Path) -> Path:
    """What a running installation said so far, as a replay writes it; said when its record was appended. Raises aiokafka's errors."""
    path = _in(folder, LIVE)
    found: list[tuple[datetime, bytes]] = []
    async for record in everything(kafka, ALERTS.name, SCREENINGS.name):
        at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        if record.value is not None:
            kind = ALERT if record.topic == ALERTS.name else SCREENING
            found.append((at, written(at, kind, record.value)))
    path.write_bytes(b"".join(line for _, line in sorted(found)))
    return path


def _in(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def _told(value: bytes | None) -> Fact | None:
    """The fact, when an agency said it and nobody forwarded it; marks and erasures too."""
    try:
        fact = decode(value or b"")
    except msgspec.MsgspecError:
        return None
    noted = (fact.source == "suar" and fact.kind != ERASED) or fact.via is not None
    return None if noted or (fact.kind in TO_ALL and fact.kind != MARK) else fact


def _merge(parts: list[Path], whole: Path) -> None:
    new = whole.with_suffix(".new")
    with ExitStack() as opened:
        streams = [_keyed(number, opened.enter_context(part.open("rb"))) for number, part in enumerate(parts)]
        out = opened.enter_context(new.open("wb"))
        for _, _, line in heapq.merge(*streams, key=lambda one: one[:2]):
            out.write(line)
    new.rename(whole)
    for part in parts:
        part.unlink()


def _keyed(number: int, lines: IO[bytes]) -> Iterator[tuple[datetime, int, bytes]]:
    for line in lines:
        yield _CLOCK(line).clock, number, line
