"""React's hands: reads dossiers, hands facts to the pure core, produces what it says, and tells the clockwork what is due."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
from aiokafka import ConsumerRecord

from agents import dossier as dossiers
from agents.assess import Context
from agents.dossier import CLOCK, Dossier
from agents.freshness import complete, marked
from agents.react import Reaction, react
from schemas.alerts import Screening
from schemas.facts import MARK, TICK, Fact, decode, digest, encode
from schemas.identity import Subject, kind_of
from schemas.policy import Policy
from schemas.topics import ALERTS, FACTS, SCREENINGS
from streams import metrics
from streams.lanes import Fold, Records
from streams.produce import Outbox, Record
from streams.store import Batch, Look, Store

YIELD_EVERY = 100
MARKS = "marks"
MOST_TICKS = 500
"""Ticks made at once for one partition and clock, so that an outage's end does not flood the log."""

_MARKS = msgspec.json.Decoder(dict[str, datetime])


@dataclass
class Sheet:
    """What one batch works on: dossiers before and after, and everything to be produced."""

    before: dict[str, Dossier] = field(default_factory=dict)
    after: dict[str, Dossier] = field(default_factory=dict)
    out: list[Record] = field(default_factory=list)
    answered: list[datetime] = field(default_factory=list)
    seen: dict[str, datetime] | None = None


class ReactFold(Fold):
    """One partition of `suar.facts`: its dossiers, its marks, its looks."""

    stage = "react"

    def __init__(self, partition: int, store: Store, outbox: Outbox, policy: Policy) -> None:
        self.partition = partition
        self.store = store
        self._outbox, self._policy = outbox, policy
        self._quiet_below = 0
        self._seen: dict[str, datetime] = {}
        self.context = Context(policy)
        self._pending: dict[str, datetime] | None = None
        self.ticked: set[tuple[str, str, float]] = set()

    async def begin(self, quiet_below: int) -> None:
        """Below `quiet_below` everything was said before: a rebuild folds it again and says nothing."""
        [blob] = await self.store.read([MARKS])
        self._quiet_below = quiet_below
        self._seen = _MARKS.decode(blob) if blob else {}
        self.context = Context(self._policy, complete(self._seen))
        self._pending = None
        self.ticked.clear()

    async def fold(self, records: Records) -> Batch:
        """Reads the dossiers that the batch touches, folds in memory, and awaits the acknowledgement of all it says."""
        facts = [(record, fact) for record in records if (fact := _read(record)) is not None]
        sheet = await self._read_dossiers({_subject(record) for record, fact in facts if fact.kind != MARK})
        for index, (record, fact) in enumerate(facts):
            if index % YIELD_EVERY == YIELD_EVERY - 1:
                await asyncio.sleep(0)
            self._one(record, fact, sheet)
        await self._outbox.send(sheet.out)
        now = time.time()
        for at in sheet.answered:
            metrics.END_TO_END.observe(now - at.timestamp())
        return self._batch(records[-1].offset + 1, sheet)

    async def _read_dossiers(self, subjects: Iterable[str]) -> Sheet:
        names = sorted(subjects)
        blobs = await self.store.read([f"d:{name}" for name in names])
        sheet = Sheet()
        for name, blob in zip(names, blobs, strict=True):
            sheet.before[name] = dossiers.decode(blob) if blob else Dossier(Subject(name))
        metrics.DOSSIERS.inc(len(names))
        return sheet

    def _one(self, record: "ConsumerRecord[bytes, bytes]", fact: Fact, sheet: Sheet) -> None:
        metrics.FACTS.labels(fact.kind).inc()
        if fact.kind == MARK:
            sheet.seen = marked(self._seen if sheet.seen is None else sheet.seen, fact)
            self.context = Context(self._policy, complete(sheet.seen))
            return
        name = _subject(record)
        reaction = react(sheet.after.get(name) or sheet.before[name], fact, self.context)
        sheet.after[name] = reaction.dossier
        if record.offset >= self._quiet_below:
            sheet.out += _said(reaction)
            sheet.answered += _answered(fact, reaction.screenings)

    def _batch(self, following: int, sheet: Sheet) -> Batch:
        changed = {name: after for name, after in sheet.after.items() if after is not sheet.before[name]}
        blobs = {f"d:{name}": dossiers.encode(after) for name, after in changed.items()}
        if sheet.seen is not None:
            blobs[MARKS] = msgspec.json.encode(sheet.seen)
        looks = [look for name, after in changed.items() for look in _looks(sheet.before[name], after)]
        self._pending = sheet.seen
        return Batch(following, blobs, looks)

    def saved(self) -> None:
        """The marks are durable: what waits for them may come up."""
        if self._pending is not None:
            self._seen, self._pending = self._pending, None

    async def wake(self, now: datetime) -> None:
        """Turns due looks into ticks on the log. A tick made twice is one tick."""
        for clock, upto in ((CLOCK, now), *self.context.marks.items()):
            due = await self.store.due(clock, upto, MOST_TICKS)
            new = [(name, at) for name, at in due if (name, clock, at.timestamp()) not in self.ticked]
            if not new:
                continue
            ticks = [
                Record(FACTS.name, name.encode(), encode(_tick(name, clock, at, now)), self.partition)
                for name, at in new
            ]
            await self._outbox.send(ticks)
            self.ticked |= {(name, clock, at.timestamp()) for name, at in new}
            metrics.TICKS.labels(clock).inc(len(new))


def _read(record: "ConsumerRecord[bytes, bytes]") -> Fact | None:
    """A record on our own log that is no fact was written by somebody else: counted and passed over."""
    try:
        fact = decode(record.value or b"")
        if fact.kind != MARK:
            kind_of(Subject(_subject(record)))
    except (msgspec.MsgspecError, ValueError):
        metrics.UNREADABLE.inc()
        return None
    return fact


def _subject(record: "ConsumerRecord[bytes, bytes]") -> str:
    return (record.key or b"").decode()


def _tick(name: str, clock: str, at: datetime, now: datetime) -> Fact:
    return Fact(id=f"suar/{digest(TICK, name, clock, at)}", kind=TICK, source="suar", at=now, admitted_at=now)


def _said(reaction: Reaction) -> list[Record]:
    for why in reaction.whys:
        metrics.WHYS.labels(why.value).inc()
    out = [Record(FACTS.name, note.subject.encode(), encode(note.fact)) for note in reaction.notes]
    for note in reaction.notes:
        metrics.NOTES.labels("forwarded" if note.fact.via else note.fact.kind).inc()
    for alert in reaction.alerts:
        metrics.ALERTS.labels(alert.severity.name, alert.state.value).inc()
        out.append(Record(ALERTS.name, alert.alert_id.encode(), alert.model_dump_json().encode()))
    for screening in reaction.screenings:
        metrics.SCREENINGS.labels(screening.verdict.value).inc()
        out.append(Record(SCREENINGS.name, screening.crossing_id.encode(), screening.model_dump_json().encode()))
    return out


def _answered(fact: Fact, screenings: tuple[Screening, ...]) -> list[datetime]:
    if fact.kind != "crossing_attempted":
        return []
    return [one.admitted_at for one in screenings if one.crossing_id == fact.data["crossing_id"]]


def _looks(before: Dossier, after: Dossier) -> list[Look]:
    old, new = before.looks(), after.looks()
    changed = [clock for clock in {*old, *new} if old.get(clock) != new.get(clock)]
    return [Look(clock, new.get(clock), after.subject) for clock in changed]


async def wake_all(folds: Iterable[ReactFold]) -> None:
    """One look at every partition's due index."""
    now = datetime.now(UTC)
    for one in list(folds):
        await one.wake(now)
