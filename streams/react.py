"""React's hands: reads dossiers, hands facts to the pure core, produces what it says, and tells the clockwork what is due."""

import asyncio
import dataclasses
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

import msgspec
from aiokafka import ConsumerRecord
from prometheus_client import Counter

from agents import dossier as dossiers
from agents.assess import Context
from agents.dossier import CLOCK, Dossier
from agents.freshness import complete, marked
from agents.react import Reaction, react
from agents.versions import Use, Versions, announced
from schemas.alerts import Screening
from schemas.facts import ERASED, MARK, POLICY_IN_FORCE, TICK, TO_ALL, Fact, decode, digest, encode
from schemas.identity import Subject, kind_of
from schemas.register import encode as entry
from schemas.register import forgotten, keys_of
from schemas.shadow import Change, Shadowed
from schemas.topics import ALERTS, AREAS, FACTS, IDENTITIES, SCREENINGS, SHADOW
from streams import metrics, traces
from streams.lanes import Fold, Folded, Records
from streams.partitions import partitions_of
from streams.produce import Outbox, Record
from streams.shelf import Shelf
from streams.store import Batch, Look, Store, place
from streams.teller import Teller

YIELD_EVERY = 100
MARKS, VERSIONS = "marks", "versions"
MOST_TICKS = 500
"""Ticks made at once for one partition and clock, so that an outage's end does not flood the log."""

_MARKS = msgspec.json.Decoder(dict[str, datetime])
_VERSIONS = msgspec.json.Decoder(Versions)


@dataclass
class Sheet:
    """What one batch works on: dossiers before and after, and everything to be produced."""

    before: dict[str, Dossier] = field(default_factory=dict)
    after: dict[str, Dossier] = field(default_factory=dict)
    out: list[Record] = field(default_factory=list)
    answered: list[datetime] = field(default_factory=list)
    steps: list[traces.Step] = field(default_factory=list)
    seen: dict[str, datetime] | None = None
    versions: Versions | None = None


class ReactFold(Fold):
    """One partition of `suar.facts`: its dossiers, its marks, the policy it judges by, its looks."""

    stage = "react"

    def __init__(self, partition: int, store: Store, outbox: Outbox, shelf: Shelf) -> None:
        self.partition = partition
        self.store = store
        self._outbox, self._shelf = outbox, shelf
        self._lane = f"{self.stage}/{FACTS.name}/{partition}"
        self._quiet_below = 0
        self._seen: dict[str, datetime] = {}
        self._versions = Versions()
        self.context = self._context()
        self.ticked: set[tuple[str, str, float]] = set()
        self._facts: list[tuple[ConsumerRecord[bytes, bytes], Fact]] = []
        self._names: list[str] = []
        self._answered: list[datetime] = []
        self._steps: list[traces.Step] = []

    async def begin(self, quiet_below: int) -> None:
        """Below `quiet_below` everything was said before: a rebuild folds it again and says nothing."""
        marks, versions = await self.store.read([MARKS, VERSIONS])
        self._quiet_below = quiet_below
        self._seen = _MARKS.decode(marks) if marks else {}
        self._versions = _VERSIONS.decode(versions) if versions else Versions()
        for named in (self._versions.live, self._versions.shadow):
            await self._shelf.fetch(named, self._lane)
        self.context = self._context()
        self.ticked.clear()

    def reads(self, records: Records) -> Sequence[str]:
        """The dossiers that the batch touches."""
        self._facts = [(record, fact) for record in records if (fact := _read(record)) is not None]
        self._names = sorted({_subject(record) for record, fact in self._facts if fact.kind not in TO_ALL})
        metrics.DOSSIERS.inc(len(self._names))
        return [f"d:{name}" for name in self._names]

    @property
    def waits(self) -> bool:
        """A policy that a fact names may have to be fetched."""
        return any(fact.kind == POLICY_IN_FORCE for _, fact in self._facts)

    async def fold(self, records: Records, blobs: Sequence[bytes | None]) -> Folded:
        """Folds in memory, once every policy that a fact names is at hand."""
        for _, fact in self._facts:
            if fact.kind == POLICY_IN_FORCE:
                await self._shelf.fetch(announced(fact)[1], self._lane)
        sheet = Sheet(
            {
                name: dossiers.decode(blob) if blob else Dossier(Subject(name))
                for name, blob in zip(self._names, blobs, strict=True)
            }
        )
        for index, (record, fact) in enumerate(self._facts):
            if index % YIELD_EVERY == YIELD_EVERY - 1:
                await asyncio.sleep(0)
            self._one(record, fact, sheet)
        self._answered, self._steps = sheet.answered, sheet.steps
        return Folded(self._batch(records[-1].offset + 1, sheet), sheet.out)

    def said(self) -> None:
        """Answers are acknowledged: whoever waits for them can read them."""
        now = time.time()
        for at in self._answered:
            metrics.END_TO_END.observe(now - at.timestamp())
        for step in self._steps:
            step.done(partition=str(self.partition))

    def _one(self, record: "ConsumerRecord[bytes, bytes]", fact: Fact, sheet: Sheet) -> None:
        _counter(metrics.FACTS, fact.kind).inc()
        if fact.kind in TO_ALL:
            self._for_all(fact, sheet)
            return
        name = _subject(record)
        reaction = react(sheet.after.get(name) or sheet.before[name], fact, self.context)
        sheet.after[name] = reaction.dossier
        if record.offset >= self._quiet_below:
            said = _said(reaction)
            if record.headers and (parent := traces.of(record.headers)) is not None:
                step = traces.begun(self.stage, parent, record.timestamp)
                sheet.steps.append(step)
                said = [dataclasses.replace(one, headers=step.headers) for one in said]
            sheet.out += said
            if fact.kind == ERASED:
                sheet.out += [Record(IDENTITIES.name, key.encode(), entry(forgotten(fact.at))) for key in keys_of(name)]
            sheet.answered += _answered(fact, reaction.screenings)

    def _for_all(self, fact: Fact, sheet: Sheet) -> None:
        """From this offset on, the partition judges by more marks or by another policy."""
        if fact.kind == MARK:
            sheet.seen = marked(self._seen if sheet.seen is None else sheet.seen, fact)
        else:
            sheet.versions = (sheet.versions or self._versions).after(fact)
        self.context = self._context(sheet)

    def _context(self, sheet: Sheet | None = None) -> Context:
        """What judgements may know now. A policy has no shadow of itself."""
        seen = self._seen if sheet is None or sheet.seen is None else sheet.seen
        versions = (sheet.versions if sheet else None) or self._versions
        marks, policy = complete(seen, partitions_of(FACTS)), self._shelf.policy(versions.live)
        shadow = versions.shadow
        if shadow is None or shadow.version in {"", policy.version}:
            return Context(policy, marks)
        return Context(policy, marks, shadow=Context(self._shelf.policy(shadow), marks))

    @property
    def judges_by(self) -> Iterator[tuple[Use, str]]:
        """Versions by use, as they are now."""
        yield Use.LIVE, self.context.policy.version
        if self.context.shadow is not None:
            yield Use.SHADOW, self.context.shadow.policy.version

    def _batch(self, following: int, sheet: Sheet) -> Batch:
        changed = {name: after for name, after in sheet.after.items() if after is not sheet.before[name]}
        blobs = {f"d:{name}": dossiers.encode(after) for name, after in changed.items()}
        if sheet.seen is not None:
            self._seen = sheet.seen
            blobs[MARKS] = msgspec.json.encode(sheet.seen)
        if sheet.versions is not None:
            blobs[VERSIONS] = msgspec.json.encode(sheet.versions)
            self._versions = sheet.versions
        looks = [look for name, after in changed.items() for look in _looks(sheet.before[name], after)]
        return Batch(following, blobs, looks)

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
        if fact.kind == POLICY_IN_FORCE:
            announced(fact)
        elif fact.kind != MARK:
            kind_of(Subject(_subject(record)))
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError):
        metrics.UNREADABLE.inc()
        return None
    return fact


def _subject(record: "ConsumerRecord[bytes, bytes]") -> str:
    return (record.key or b"").decode()


def _tick(name: str, clock: str, at: datetime, now: datetime) -> Fact:
    return Fact(id=f"suar/{digest(TICK, name, clock, at)}", kind=TICK, source="suar", at=now, admitted_at=now)


@lru_cache(maxsize=1024)
def _counter(metric: Counter, *labels: str) -> Counter:
    """The child of a metric: the library takes a lock for each look, and every fact looks three times."""
    return metric.labels(*labels)


def _said(reaction: Reaction) -> list[Record]:
    for why in reaction.whys:
        _counter(metrics.WHYS, why).inc()
    out = [Record(FACTS.name, note.subject.encode(), encode(note.fact)) for note in reaction.notes]
    for note in reaction.notes:
        _counter(metrics.NOTES, "forwarded" if note.fact.via else note.fact.kind).inc()
    for alert in reaction.alerts:
        metrics.ALERTS.labels(alert.severity.name, alert.state.value).inc()
        out.append(Record(ALERTS.name, alert.alert_id.encode(), alert.model_dump_json().encode()))
    for screening in reaction.screenings:
        _counter(metrics.SCREENINGS, screening.verdict).inc()
        out.append(Record(SCREENINGS.name, screening.crossing_id.encode(), screening.model_dump_json().encode()))
    for count in reaction.areas:
        metrics.AREAS.labels(count.level.value, count.indicator.value).inc()
        out.append(Record(AREAS.name, count.key.encode(), count.model_dump_json().encode()))
    return out + [_compared(one) for one in reaction.shadows]


def _compared(one: Shadowed) -> Record:
    if one.change is not Change.SAME:
        for rule in one.rules:
            metrics.SHADOWED.labels(one.change.value, rule).inc()
    return Record(SHADOW.name, one.alert_id.encode(), one.model_dump_json().encode())


def _answered(fact: Fact, screenings: tuple[Screening, ...]) -> list[datetime]:
    if fact.kind != "crossing_attempted":
        return []
    return [one.admitted_at for one in screenings if one.crossing_id == fact.data["crossing_id"]]


def _looks(before: Dossier, after: Dossier) -> list[Look]:
    old, new = before.looks(), after.looks()
    changed = [clock for clock in {*old, *new} if old.get(clock) != new.get(clock)]
    return [Look(clock, new.get(clock), after.subject) for clock in changed]


async def wake_all(folds: Iterable[ReactFold]) -> None:
    """One look at every partition's due index, side by side."""
    now = datetime.now(UTC)
    await asyncio.gather(*(one.wake(now) for one in folds))


async def versions_of(teller: Teller, namespace: str) -> dict[Use, dict[str, int]]:
    """By use and digest: how many partitions judge by that policy, as Redis has it. Raises redis-py's errors."""
    keys = [f"{place(namespace, FACTS.name, partition)}{VERSIONS}" for partition in range(partitions_of(FACTS))]
    counts: dict[Use, dict[str, int]] = {use: {} for use in Use}
    for blob in await teller.all([("GET", key) for key in keys]):
        held = _VERSIONS.decode(blob) if blob else Versions()
        for use, told in ((Use.LIVE, held.live), (Use.SHADOW, held.shadow)):
            if told is not None:
                counts[use][told.digest] = counts[use].get(told.digest, 0) + 1
    return counts
