"""Words of a replay: what travels between its processes, and what it says."""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from schemas.facts import Fact

SLICE: Final = timedelta(seconds=10)
"""Length of a slice of the event clock. Within one, facts come first in the order of the history, then notes in rounds, then ticks:
what a person's own fact would withdraw within the slice in which another subject's note would raise it, is never said.
"""


class Message(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A fact on its way. `clock` is that of the line that began it, UTC; `sender` and `seq` order what has one clock."""

    clock: datetime
    sender: str
    seq: int
    subject: str
    fact: Fact


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of a history, numbered from 1, with the history's clock behind it. `topic` empty: a subject and its fact."""

    number: int
    clock: datetime
    topic: str
    raw: bytes


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far agency topics are complete. `partition` None: every partition hears it at this line, else that one alone."""

    number: int
    clock: datetime
    places: tuple[str, ...]
    upto: datetime
    partition: int | None = None


class Said(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One revision of an alert or a screening, as JSON, with the clock at which it was said."""

    at: datetime
    kind: str
    name: str
    revision: int
    text: bytes


class Slice(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One slice: the last line in it (0: none), the clock behind that line, and when it ends (exclusive), UTC."""

    last: int
    now: datetime
    ends: datetime


NO_SLICE: Final = Slice(0, datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))


class Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a process is asked to do, with what it needs for that."""

    what: Literal["admit", "feed", "begin", "settle", "tick", "rest", "keep", "restore"]
    lines: list[Line] = []
    blobs: list[bytes] = []
    marks: list[Mark] = []
    part: Slice = NO_SLICE
    folder: str = ""


class Reply(msgspec.Struct, array_like=True, gc=False):
    """What one process has to say after a step."""

    notes: dict[int, bytes] = {}
    """By process: messages for it, as msgpack."""
    waiting: bool = False
    """Has it notes for itself?"""
    due: bool = False
    """Do ticks fall due in this slice?"""
    wakes: datetime | None = None
    """The earliest look by the wall clock that it knows of."""
    said: list[Said] = []
    facts: int = 0
    """Facts and notes folded in this step."""
    lines: dict[int, list[int]] = {}
    """By process: the lines that hold facts for it, in order."""
    rejected: list[tuple[int, str]] = []
    """Lines that admission refused, and why."""


def in_order(message: Message) -> tuple[datetime, str, int]:
    """The order in which messages of one round are folded; the same on any number of processes."""
    return message.clock, message.sender, message.seq


ALERT: Final = "alert"
SCREENING: Final = "screening"


def written(at: datetime, kind: str, text: bytes) -> bytes:
    """One line of what was said: when, UTC, and an alert or a screening as JSON."""
    return b'{"said_at":"%b","%b":%b}\n' % (at.isoformat().encode(), kind.encode(), text)
