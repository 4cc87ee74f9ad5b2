"""One process's share of a replay: the dossiers of some partitions, and the marks of the feeds that they were told."""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import msgspec

from agents.assess import Context
from agents.dossier import CLOCK
from agents.freshness import complete
from agents.react import Reaction, react
from schemas import wire
from schemas.facts import TICK, Fact, digest
from schemas.identity import SubjectKind
from schemas.policy import Policy
from schemas.topics import BY_NAME, FACTS
from streams.partitions import partitions_of
from streams.produce import partition_of
from streams.replay.memory import Look, Memory
from streams.replay.words import (
    ALERT,
    NO_SLICE,
    SCREENING,
    SLICE,
    Line,
    Mark,
    Message,
    Reply,
    Said,
    Slice,
    Step,
    in_order,
)

_MESSAGES = msgspec.msgpack.Decoder(list[Message])
_FACT = msgspec.msgpack.Decoder(tuple[str, Fact])
_ENCODE = msgspec.msgpack.Encoder().encode
_SILENT = f"{SubjectKind.UNKEYED.value}:"
PER_LINE = 1 << 20
"""More facts than one line can hold: the place of a fact is its line's number times this, and its own within the line."""


@lru_cache(maxsize=1_000_000)
def _partition(name: str) -> int:
    """As Kafka has it. Computing it takes as long as folding a small fact, and a history comes back to its people."""
    return partition_of(name.encode(), partitions_of(FACTS))


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """One partition between two slices: its marks, the looks that were made, and its dossiers."""

    seen: dict[str, datetime]
    ticked: list[Look]
    dossiers: list[tuple[str, bytes]]


_KEPT = msgspec.msgpack.Decoder(Kept)


class Feeds:
    """The marks that a partition was told, and what it may judge by. Histories of events tell all partitions alike."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.seen: dict[str, datetime] = {}
        self._context: Context | None = None

    def mark(self, places: Iterable[str], upto: datetime) -> None:
        """Marks only move forward."""
        for place in places:
            self.seen[place] = max(upto, self.seen.get(place, upto))
        self._context = None

    def copy(self) -> "Feeds":
        """The same marks, for a partition that will hear others."""
        copied = Feeds(self._policy)
        copied.seen.update(self.seen)
        return copied

    @property
    def context(self) -> Context:
        """The policy, and how far each source is complete now."""
        if self._context is None:
            self._context = Context(self._policy, complete(self.seen, partitions_of(FACTS)))
        return self._context


def facts_of(line: Line, key: bytes) -> list[tuple[str, Fact]]:
    """The facts of a line, each with its subject. Raises BadRecord."""
    if not line.topic:
        return [_FACT.decode(line.raw)]
    if line.topic not in BY_NAME:
        raise wire.BadRecord(wire.Reason.UNKNOWN_TYPE)
    outcome = wire.admit(line.raw, topic=BY_NAME[line.topic], at=line.clock, now=line.clock, key=key)
    return [(note.subject, note.fact) for note in outcome.notes] if isinstance(outcome, wire.Admitted) else []


class Share:
    """Takes one step after the other, each asked for from outside; `layout` names the process of each partition."""

    def __init__(self, policy: Policy, key: bytes, layout: Sequence[int], me: int) -> None:
        self._key, self._layout, self._me = key, tuple(layout), me
        mine = [number for number, process in enumerate(layout) if process == me]
        self.memories = {number: Memory() for number in mine}
        self.feeds = dict.fromkeys(mine, Feeds(policy))
        self._mine: list[Message] = []
        """Facts that it admitted itself and keeps itself, until it is told to feed on them."""
        self._queue: deque[Message] = deque()
        self._marks: deque[Mark] = deque()
        self._notes: list[Message] = []
        self._out: dict[int, list[Message]] = {}
        self._said: list[Said] = []
        self._slice = NO_SLICE
        self._touched = set(mine)
        """Partitions whose dossiers or marks changed since the last look at what is due."""
        self._reached: set[int] = set()
        self._wakes: dict[int, datetime | None] = {}
        self._seq = self._facts = 0

    def do(self, step: Step) -> Reply:
        """One step, by its name."""
        match step.what:
            case "admit":
                return self.admit(step.lines)
            case "feed":
                return self.feed(step.blobs, step.marks)
            case "begin":
                return self.begin(step.part)
            case "settle":
                return self.settle(step.blobs, step.part)
            case "tick":
                return self.tick(step.part)
            case "rest":
                return self.rest()
            case "keep":
                return self.keep(Path(step.folder))
            case "restore":
                return self.restore(Path(step.folder))

    def admit(self, lines: Sequence[Line]) -> Reply:
        """Facts of these lines, for whichever process keeps their subjects."""
        rejected: list[tuple[int, str]] = []
        concerned: dict[int, list[int]] = {}
        out: dict[int, list[Message]] = {}
        for line in lines:
            try:
                told = facts_of(line, self._key)
            except wire.BadRecord as bad:
                rejected.append((line.number, bad.reason.value))
                continue
            for place, (name, fact) in enumerate(told, line.number * PER_LINE):
                if not name.startswith(_SILENT):
                    message = Message(line.clock, "", place, name, fact)
                    process = self._layout[_partition(name)]
                    (self._mine if process == self._me else out.setdefault(process, [])).append(message)
                    concerned.setdefault(process, []).append(line.number)
        notes = {process: _ENCODE(messages) for process, messages in out.items()}
        return Reply(notes, lines=concerned, rejected=rejected)

    def feed(self, blobs: Sequence[bytes], marks: Sequence[Mark]) -> Reply:
        """What is still to come, from everybody who admitted it; later lines than were fed before."""
        messages = self._mine + [message for blob in blobs for message in _MESSAGES.decode(blob)]
        self._mine = []
        messages.sort(key=lambda message: message.seq)
        self._queue.extend(messages)
        self._marks.extend(marks)
        return Reply()

    def begin(self, part: Slice) -> Reply:
        """The facts of a slice, in the order of the history; each mark where it stands among them."""
        self._slice, beyond = part, (part.last + 1) * PER_LINE
        while self._queue and self._queue[0].seq < beyond:
            message = self._queue.popleft()
            self._mark(message.seq // PER_LINE)
            self._fold(message)
        self._mark(part.last)
        return self._reply()

    def settle(self, blobs: Sequence[bytes], part: Slice) -> Reply:
        """One round of notes, in an order that no process has a part in."""
        self._slice = part
        inbox = self._notes + [message for blob in blobs for message in _MESSAGES.decode(blob)]
        self._notes = []
        inbox.sort(key=in_order)
        for message in inbox:
            self._fold(message)
        return self._reply()

    def tick(self, part: Slice) -> Reply:
        """Everything that is due in this slice is looked at, once."""
        self._slice = part
        for number, memory in self.memories.items():
            for look in memory.due(part.ends, self.feeds[number].context.marks):
                self._fold(_tick(look, part))
        return self._reply()

    def keep(self, folder: Path) -> Reply:
        """Writes what it knows between two slices, a file for each partition: any number of processes can go on from there."""
        for number, memory in self.memories.items():
            kept = Kept(self.feeds[number].seen, memory.ticked, list(memory.kept()))
            (folder / f"partition-{number}").write_bytes(_ENCODE(kept))
        return Reply()

    def restore(self, folder: Path) -> Reply:
        """Reads what was written."""
        for number, memory in self.memories.items():
            kept = _KEPT.decode((folder / f"partition-{number}").read_bytes())
            self._own(number).seen.update(kept.seen)
            memory.restore(kept.dossiers, kept.ticked)
        self._touched.update(self.memories)
        return self._reply()

    def rest(self) -> Reply:
        """Between slices."""
        for memory in self.memories.values():
            memory.rest()
        return Reply()

    def _mark(self, upto: int) -> None:
        """The marks that stand in lines up to this one."""
        while self._marks and self._marks[0].number <= upto:
            mark = self._marks.popleft()
            self._touched.update(self.feeds)
            if mark.partition is None:
                for feeds in set(self.feeds.values()):
                    feeds.mark(mark.places, mark.upto)
            elif mark.partition in self.feeds:
                self._own(mark.partition).mark(mark.places, mark.upto)

    def _own(self, number: int) -> Feeds:
        """The feeds of one partition, apart from those that still are alike."""
        mine = self.feeds[number]
        if sum(feeds is mine for feeds in self.feeds.values()) > 1:
            mine = self.feeds[number] = mine.copy()
        return mine

    def _fold(self, message: Message) -> None:
        name = message.subject
        number = _partition(name)
        memory = self.memories[number]
        before = memory.get(name)
        reaction = react(before, message.fact, self.feeds[number].context)
        memory.put(name, before, reaction.dossier)
        self._facts += 1
        self._touched.add(number)
        for note in reaction.notes:
            self._seq += 1
            process = self._layout[_partition(note.subject)]
            sent = Message(message.clock, name, self._seq, note.subject, note.fact)
            (self._notes if process == self._me else self._out.setdefault(process, [])).append(sent)
        if reaction.alerts or reaction.screenings:
            self._say(message.clock, reaction)

    def _say(self, at: datetime, reaction: Reaction) -> None:
        for alert in reaction.alerts:
            self._said.append(Said(at, ALERT, alert.alert_id, alert.revision, alert.model_dump_json().encode()))
        for one in reaction.screenings:
            self._said.append(Said(at, SCREENING, one.crossing_id, one.revision, one.model_dump_json().encode()))

    def _look(self) -> None:
        """What waits for what, where anything can have changed since the last look."""
        for number in self._touched:
            memory = self.memories[number]
            self._wakes[number] = memory.wakes
            (self._reached.add if memory.reached(self.feeds[number].context.marks) else self._reached.discard)(number)
        self._touched.clear()

    def _reply(self) -> Reply:
        self._look()
        wakes = min((at for at in self._wakes.values() if at is not None), default=None)
        reply = Reply(
            {process: _ENCODE(messages) for process, messages in self._out.items()},
            waiting=bool(self._notes),
            due=bool(self._reached) or (wakes is not None and wakes < self._slice.ends),
            wakes=wakes,
            said=self._said,
            facts=self._facts,
        )
        self._out, self._said, self._facts = {}, [], 0
        return reply


def _tick(look: Look, part: Slice) -> Message:
    """By the wall clock a tick comes at its moment, or at once when that has passed; by a feed's, when the mark has come."""
    name, clock, at = look
    moment = max(at, part.ends - SLICE) if clock == CLOCK else part.now
    fact = Fact(id=f"suar/{digest(TICK, name, clock, at)}", kind=TICK, source="suar", at=moment, admitted_at=moment)
    return Message(moment, f"{TICK}/{clock}", 0, name, fact)
