"""What stands in `suar.rejected`: refused records with their reasons, which of them were sent again, and sending them again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiokafka import ConsumerRecord

from schemas.topics import REJECTED
from streams.produce import Outbox, Record
from streams.reading import everything

MOST_REDRIVES = 3
"""A record that failed so often is not sent again by itself (an endless retry helps nobody)."""
REDRIVEN, ORIGIN = "suar-redriven", "suar-origin"
"""Headers of a record that is sent again: how often, and where it was refused first."""
SENT_AGAIN = "suar-sent-again"
"""Header of a note in `suar.rejected` beside the refusals: what its key names was sent again, so many times by now."""
_OURS = frozenset({"suar-topic", "suar-partition", "suar-offset", "suar-reason", "suar-where", "suar-timestamp"})


@dataclass(frozen=True)
class Reject:
    """A refused record: where it came from, why, and its original bytes."""

    position: str
    origin: str
    """Where it was refused first: its own position, unless it was sent again."""
    topic: str
    reason: str
    where: str
    at: datetime
    redrives: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def read(record: "ConsumerRecord[bytes, bytes]") -> Reject | None:
    """A record of `suar.rejected` as what it holds; None for what somebody else wrote there."""
    ours = {name: value for name, value in record.headers if name.startswith("suar-")}
    if _OURS - ours.keys():
        return None
    theirs = tuple(
        (name.removeprefix("original-"), value) for name, value in record.headers if name.startswith("original-")
    )
    again = dict(theirs)
    redrives = again.get(REDRIVEN) or b""
    position = f"{ours['suar-topic'].decode()}/{ours['suar-partition'].decode()}/{ours['suar-offset'].decode()}"
    return Reject(
        position=position,
        origin=(again.get(ORIGIN) or position.encode()).decode(errors="backslashreplace"),
        topic=ours["suar-topic"].decode(),
        reason=ours["suar-reason"].decode(),
        where=ours["suar-where"].decode(),
        at=datetime.fromtimestamp(int(ours["suar-timestamp"]) / 1000, UTC),
        redrives=int(redrives) if redrives.isdigit() else 0,
        key=ours.get("suar-key"),
        value=record.value,
        headers=tuple(header for header in theirs if header[0] not in {REDRIVEN, ORIGIN}),
    )


@dataclass(frozen=True)
class Wanted:
    """Which refusals are meant; what is empty excludes nothing."""

    topics: frozenset[str] = frozenset()
    reason: str = ""
    position: str = ""
    """Its own, or that of its origin."""

    def fits(self, one: Reject) -> bool:
        """Is it one of them?"""
        return (
            (not self.topics or one.topic in self.topics)
            and self.reason in {"", one.reason}
            and self.position in {"", one.position, one.origin}
        )


@dataclass
class History:
    """Refusals by origin, the last one of each, and how often each origin was sent again: one that was sent again and
    refused again is still one record.
    """

    newest: dict[str, Reject] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)

    def note(self, record: "ConsumerRecord[bytes, bytes]", one: Reject | None) -> None:
        """One more record of `suar.rejected`, and what was read in it."""
        times = dict(record.headers).get(SENT_AGAIN, b"")
        if times.isdigit() and record.key is not None:
            origin = record.key.decode(errors="backslashreplace")
            self.sent[origin] = max(int(times), self.sent.get(origin, 0))
        if one is not None and (one.origin not in self.newest or one.redrives > self.newest[one.origin].redrives):
            self.newest[one.origin] = one

    def done(self, one: Reject) -> bool:
        """Sent again, and not refused since."""
        return self.sent.get(one.origin, 0) > one.redrives


async def history(kafka: str, topics: frozenset[str] = frozenset()) -> History:
    """All that was refused, and is kept, of these topics; none: of all."""
    found = History()
    async for record in everything(kafka, REJECTED.name):
        one = read(record)
        found.note(record, one if one is not None and (not topics or one.topic in topics) else None)
    return found


@dataclass(frozen=True)
class Redriven:
    """What a redrive did: records sent again, held back after too many attempts, and sent before and not refused since."""

    sent: int
    held: int
    done: int


async def redrive(kafka: str, outbox: Outbox, wanted: Wanted, *, anew: bool = False) -> Redriven:
    """Sends refused records to their topics again, as they were; `anew`: also what was sent before and not refused since.

    A fact that was admitted before changes nothing. Raises aiokafka's errors.
    """
    past = await history(kafka, wanted.topics)
    chosen = [one for one in past.newest.values() if wanted.fits(one)]
    due = [one for one in chosen if anew or not past.done(one)]
    again = [one for one in due if one.redrives < MOST_REDRIVES]
    await outbox.send(_as_they_were(again))
    await outbox.send(_marker(one, past) for one in again)
    return Redriven(len(again), len(due) - len(again), len(chosen) - len(due))


def _as_they_were(refused: Iterable[Reject]) -> Iterable[Record]:
    """The records for their own topics, with the count of their journeys."""
    for one in refused:
        counted = ((REDRIVEN, str(one.redrives + 1).encode()), (ORIGIN, one.origin.encode()))
        yield Record(one.topic, one.key or one.position.encode(), one.value, headers=(*one.headers, *counted))


def _marker(one: Reject, past: History) -> Record:
    """Tells the next redrive that this one was sent again."""
    times = max(one.redrives, past.sent.get(one.origin, 0)) + 1
    return Record(REJECTED.name, one.origin.encode(), None, headers=((SENT_AGAIN, str(times).encode()),))
