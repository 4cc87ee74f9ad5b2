"""Admit: agency records become facts, heartbeats become marks, and what cannot be read goes to `suar.rejected` with its reason."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import ConsumerRecord

from schemas import wire
from schemas.facts import MARK, Fact, digest, encode
from schemas.register import Entry, Told
from schemas.register import encode as entry
from schemas.topics import BY_NAME, FACTS, IDENTITIES, MAX_RECORD_BYTES, REJECTED
from streams import metrics, traces
from streams.jose import EventOpener
from streams.lanes import Fold, Folded, Records
from streams.partitions import partitions_of
from streams.produce import Headers, Record
from streams.sealing import Sealer
from streams.settings import Settings
from streams.store import Batch

OUTCOMES = ("admitted", "heartbeat", "tombstone", "rejected")
MAX_KEY_BYTES, MAX_HEADER_BYTES, HEADER_OVERHEAD = 128 * 1024, 256 * 1024, 10
"""What a copy in `suar.rejected` carries of them."""
YIELD_EVERY = 100
"""Records between two looks at the event loop: about two milliseconds."""


class Limits:
    """Past a share or a run of bad records the worker stops loudly rather than drain a topic into `suar.rejected`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._run: defaultdict[str, int] = defaultdict(int)
        self._seen: defaultdict[str, int] = defaultdict(int)
        self._bad: defaultdict[str, int] = defaultdict(int)
        self._exceeded: dict[str, str] = {}

    def count(self, topic: str, *, bad: bool) -> None:
        """One record of that topic. What is exceeded stays so: it is asked for behind whole batches, not at every record."""
        self._run[topic] = self._run[topic] + 1 if bad else 0
        self._seen[topic] += 1
        self._bad[topic] += bad
        if self._run[topic] == self._settings.rejected_run:
            self._exceeded[topic] = f"{self._run[topic]} records in a row were rejected"
        if self._seen[topic] == self._settings.rejected_window:
            if self._bad[topic] > self._settings.rejected_ratio * self._seen[topic]:
                self._exceeded[topic] = f"{self._bad[topic]} of {self._seen[topic]} records were rejected"
            self._seen[topic] = self._bad[topic] = 0

    def exceeded(self, topic: str) -> str | None:
        """What is wrong with the topic, or None."""
        found = self._exceeded.get(topic)
        return f"{topic}: {found}; see `suar rejected list`" if found else None


class AdmitFold(Fold):
    """One partition of one agency topic. It keeps no dossiers, only its progress."""

    stage = "admit"
    resumes_from_kafka = True
    lazy = True

    def __init__(
        self, topic: str, settings: Settings, limits: Limits, opener: EventOpener, sealer: Sealer | None = None
    ) -> None:
        """Without a sealer nobody's identity is kept."""
        self._topic = BY_NAME[topic]
        self._sealer, self._unseal = sealer, opener.open
        self._key, self._limits = settings.key, limits
        self._trace_share = settings.trace_share
        self._steps: list[traces.Step] = []
        self._mark_every = timedelta(seconds=settings.mark_seconds)
        self._marked: datetime | None = None
        self._counts = {outcome: metrics.RECORDS.labels(topic, outcome) for outcome in OUTCOMES}
        self._unknown_codes = metrics.UNKNOWN_CODES.labels(topic)

    async def begin(self, quiet_below: int) -> None:
        """Facts carry their ids: admitting a record again changes nothing, so there is nothing to read."""
        self._marked = None

    async def fold(self, records: Records, blobs: Sequence[bytes | None]) -> Folded:
        """Every record becomes facts, a mark, nothing (a tombstone) or a rejection."""
        now = datetime.now(UTC)
        self._steps = []
        out: list[Record] = []
        for index, record in enumerate(records):
            if index % YIELD_EVERY == YIELD_EVERY - 1:
                await asyncio.sleep(0)
            out += self._admitted(record, now)
        return Folded(Batch(next=records[-1].offset + 1), out)

    def said(self) -> None:
        """The facts are on the log."""
        for step in self._steps:
            step.done(topic=self._topic.name)

    @property
    def poison(self) -> str | None:
        """What was rejected stands in `suar.rejected` by then, and the next start goes on behind it."""
        return self._limits.exceeded(self._topic.name)

    def _admitted(self, record: "ConsumerRecord[bytes, bytes]", now: datetime) -> list[Record]:
        at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        try:
            outcome = wire.admit(record.value, topic=self._topic, at=at, now=now, key=self._key, unseal=self._unseal)
        except wire.BadRecord as bad:
            self._count("rejected", bad=True)
            metrics.REJECTED.labels(self._topic.name, bad.reason.value).inc()
            return [rejected(record, bad)]
        if isinstance(outcome, wire.Admitted):
            self._count("admitted")
            if outcome.unknown_codes:
                self._unknown_codes.inc(outcome.unknown_codes)
            headers = self._followed(record, outcome.notes[0].fact.id) if outcome.notes else ()
            facts = [
                Record(FACTS.name, note.subject.encode(), encode(note.fact), headers=headers) for note in outcome.notes
            ]
            return facts + self._sealed(outcome.told)
        if isinstance(outcome, wire.Heartbeat):
            self._count("heartbeat")
            return self._marks(record, outcome, at)
        self._count("tombstone")
        return []

    def _sealed(self, told: Sequence[Told]) -> list[Record]:
        """Who it is, for the gateway alone."""
        sealer = self._sealer
        if sealer is None:
            return []
        return [
            Record(IDENTITIES.name, one.key.encode(), entry(Entry(one.at, sealer.seal(one.value, one.key))))
            for one in told
        ]

    def _followed(self, record: "ConsumerRecord[bytes, bytes]", event: str) -> Headers:
        """The trace of an event, when it has one."""
        parent = traces.admitted(record.headers, event, self._trace_share)
        if parent is None:
            return ()
        step = traces.begun("admit", parent, record.timestamp)
        self._steps.append(step)
        return step.headers

    def _marks(self, record: "ConsumerRecord[bytes, bytes]", beat: wire.Heartbeat, at: datetime) -> list[Record]:
        """The mark, behind the facts it speaks of, in every partition that judges; not for every few seconds' advance."""
        if self._marked is not None and beat.complete_up_to - self._marked < self._mark_every:
            return []
        self._marked = beat.complete_up_to
        key, value = f"feed:{record.topic}:{record.partition}".encode(), encode(_mark(record, beat, at))
        return [Record(FACTS.name, key, value, partition) for partition in range(partitions_of(FACTS))]

    def _count(self, outcome: str, *, bad: bool = False) -> None:
        self._limits.count(self._topic.name, bad=bad)
        self._counts[outcome].inc()


def _mark(record: "ConsumerRecord[bytes, bytes]", beat: wire.Heartbeat, at: datetime) -> Fact:
    return Fact(
        id=f"suar/{digest(MARK, record.topic, record.partition, record.offset)}",
        kind=MARK,
        source=beat.source.value,
        at=at,
        admitted_at=at,
        data={
            "topic": record.topic,
            "partition": record.partition,
            "complete_up_to": beat.complete_up_to.astimezone(UTC).isoformat(),
        },
    )


def rejected(record: "ConsumerRecord[bytes, bytes]", bad: wire.BadRecord) -> Record:
    """The original bytes with reason and origin. The original key may name a person: it travels as a header, not as key.

    A compressed batch can carry records larger than any topic takes in clear. Those are cut, say so in a header, and stand
    whole at their origin; whatever is this large is refused for it (`wire.MAX_EVENT_BYTES`), cut or not. So are a key and
    headers that would make the copy too large.
    """
    origin: dict[str, Any] = {
        "reason": bad.reason.value,
        "where": bad.where,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
    }
    headers: list[tuple[str, bytes]] = [(f"suar-{name}", str(value).encode()) for name, value in origin.items()]
    if record.key is not None:
        headers.append(("suar-key", record.key[:MAX_KEY_BYTES]))
        headers += _cut("key", len(record.key), MAX_KEY_BYTES)
    value = record.value
    if value is not None:
        headers += _cut("", len(value), MAX_RECORD_BYTES)
        value = value[:MAX_RECORD_BYTES]
    headers += _originals(record.headers)
    key = f"{record.topic}/{record.partition}/{record.offset}".encode()
    return Record(REJECTED.name, key, value, headers=tuple(headers))


def _cut(what: str, size: int, most: int) -> list[tuple[str, bytes]]:
    name = f"suar-{what}-cut-from" if what else "suar-cut-from"
    return [(name, str(size).encode())] if size > most else []


def _originals(headers: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """The headers as they came, as far as there is room: together with them the copy must pass the broker's bound."""
    kept: list[tuple[str, bytes]] = []
    size = sum(_size(*header) for header in headers)
    room = MAX_HEADER_BYTES
    for name, text in headers:
        room -= _size(name, text)
        if room < 0:
            break
        kept.append((f"original-{name}", text))
    return _cut("headers", size, MAX_HEADER_BYTES) + kept


def _size(name: str, text: bytes | None) -> int:
    """With what it takes to carry it: some send a million empty ones."""
    return len(name.encode()) + len(text or b"") + len("original-") + HEADER_OVERHEAD
