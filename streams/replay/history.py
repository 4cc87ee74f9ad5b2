"""Histories: files of events in the order in which they arrived, or of facts as a log held them, in clear, .gz or .xz."""

import gzip
import hashlib
import lzma
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

import msgspec

from schemas import wire
from schemas.envelope import System
from schemas.facts import MARK, Fact
from schemas.topics import AGENCY_TOPICS, HEARTBEAT
from streams.partitions import partitions_of
from streams.publish import PublishError, topic_of
from streams.replay.team import ReplayError
from streams.replay.words import Line, Mark

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_SAMPLE = 1 << 20
"""Bytes of either end of a file by which it is known again."""
NO_TOPIC = "none"


class Head(msgspec.Struct, frozen=True, gc=False):
    """What is read of an event before it is admitted."""

    source: str = ""
    type: str = ""
    recorded_at: datetime | None = None


class Logged(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of a file of facts: one fact for one subject, or a mark (no subject) for one partition, with the log's clock."""

    clock: datetime
    partition: int
    fact: Fact
    subject: str = ""


_HEAD = msgspec.json.Decoder(Head)
_LOGGED = msgspec.json.Decoder(Logged)
_PACK = msgspec.msgpack.Encoder().encode


class History:
    """One file. Its clock is the running maximum of `recorded_at` over its lines; a file of facts says it itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._raw: IO[bytes] | None = None

    @property
    def fingerprint(self) -> str:
        """By what the file is known again: its size and both its ends. Raises ReplayError when it cannot be read."""
        try:
            size = self.path.stat().st_size
            with self.path.open("rb") as file:
                first = file.read(_SAMPLE)
                file.seek(max(0, size - _SAMPLE))
                return hashlib.sha256(b"%d %b %b" % (size, first, file.read())).hexdigest()
        except OSError as error:
            raise ReplayError(f"{self.path}: {error.strerror}") from None

    @property
    def done(self) -> float:
        """The share of the file that has been read, 0 to 1."""
        size = self.path.stat().st_size
        return self._raw.tell() / size if self._raw is not None and not self._raw.closed and size else 1.0

    def entries(self, behind: int = 0, clock: datetime = _BEGINNING) -> Iterator[Line | Mark]:
        """Lines and marks behind a line number, with the clock that stood there. Raises ReplayError."""
        try:
            with self.path.open("rb") as raw:
                self._raw = raw
                read = _facts if self.path.name.partition(".")[2].startswith("facts") else _events
                yield from read(self._opened(raw), behind, clock)
        except (OSError, EOFError, lzma.LZMAError) as error:
            raise ReplayError(f"{self.path}: {getattr(error, 'strerror', None) or error}") from None

    def _opened(self, raw: IO[bytes]) -> IO[bytes]:
        match self.path.suffix:
            case ".gz":
                return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
            case ".xz":
                return cast("IO[bytes]", lzma.LZMAFile(raw))
            case _:
                return raw


def _events(lines: IO[bytes], behind: int, clock: datetime) -> Iterator[Line | Mark]:
    for number, line in enumerate(lines, 1):
        if number <= behind or not (raw := line.rstrip(b"\r\n")):
            continue
        try:
            head = _HEAD.decode(raw)
        except msgspec.MsgspecError:
            head = Head()
        if head.recorded_at is not None and head.recorded_at.tzinfo is not None:
            clock = max(clock, head.recorded_at.astimezone(UTC))
        upto = _upto(raw, head, clock) if head.type == HEARTBEAT else None
        if upto is not None:
            yield Mark(number, clock, _places(head.source), upto)
        else:
            yield Line(number, clock, _topic(head.source, head.type), raw)


def _upto(raw: bytes, head: Head, clock: datetime) -> datetime | None:
    """How far a heartbeat says that its feed is complete; None: admission refuses it."""
    topic = next((one for one in AGENCY_TOPICS if one.system is not None and one.system.value == head.source), None)
    if topic is None:
        return None
    try:
        beat = wire.admit(raw, topic=topic, at=clock, now=clock, key=b"")
    except wire.BadRecord:
        return None
    return beat.complete_up_to.astimezone(UTC) if isinstance(beat, wire.Heartbeat) else None


@lru_cache
def _places(source: str) -> tuple[str, ...]:
    """All partitions of all topics of a system: a heartbeat stands in a file once, and holds for each of them."""
    topics = [one for one in AGENCY_TOPICS if one.system is System(source)]
    return tuple(f"{topic.name}/{partition}" for topic in topics for partition in range(partitions_of(topic)))


@lru_cache(maxsize=1024)
def _topic(source: str, kind: str) -> str:
    """The topic of an event. What cannot be read goes to admission, which says why; a kind that no topic carries to none."""
    if not source or not kind or kind == HEARTBEAT:
        return AGENCY_TOPICS[0].name
    try:
        return topic_of(source, kind).name
    except PublishError:
        return NO_TOPIC


def _facts(lines: IO[bytes], behind: int, _: datetime) -> Iterator[Line | Mark]:
    for number, line in enumerate(lines, 1):
        if number <= behind:
            continue
        try:
            one = _LOGGED.decode(line)
        except msgspec.MsgspecError as error:
            raise ReplayError(f"line {number} is no fact of a log: {error}") from None
        if one.fact.kind == MARK:
            place = f"{one.fact.text('topic')}/{one.fact.number('partition')}"
            upto = datetime.fromisoformat(one.fact.text("complete_up_to")).astimezone(UTC)
            yield Mark(number, one.clock, (place,), upto, one.partition)
        else:
            yield Line(number, one.clock, "", _PACK((one.subject, one.fact)))
