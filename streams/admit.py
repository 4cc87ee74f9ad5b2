"""Admit: agency records become facts, heartbeats become marks, and what cannot be read goes to `suar.rejected` with its reason."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import ConsumerRecord

from schemas import wire
from schemas.facts import MARK, Fact, digest, encode
from schemas.topics import BY_NAME, FACTS, MAX_RECORD_BYTES, REJECTED
from streams import metrics
from streams.health import EXIT_POISONED, give_up
from streams.lanes import Fold, Records
from streams.produce import Headers, Outbox, Record
from streams.settings import Settings
from streams.store import Batch

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

    def __init__(self, topic: str, outbox: Outbox, settings: Settings, limits: Limits) -> None:
        self._topic = BY_NAME[topic]
        self._outbox, self._key, self._limits = outbox, settings.key, limits
        self._mark_every = timedelta(seconds=settings.mark_seconds)
        self._marked: datetime | None = None

    async def begin(self, quiet_below: int) -> None:
        """Facts carry their ids: admitting a record again changes nothing, so there is nothing to read."""
        self._marked = None

    async def fold(self, records: Records) -> Batch:
        """Every record becomes facts, a mark, nothing (a tombstone) or a rejection, and all is acknowledged."""
        now = datetime.now(UTC)
        out: list[Record] = []
        for index, record in enumerate(records):
            if index % YIELD_EVERY == YIELD_EVERY - 1:
                await asyncio.sleep(0)
            out += self._admitted(record, now)
        await self._outbox.send(out)
        return Batch(next=records[-1].offset + 1)

    @property
    def lazy(self) -> bool:
        """Only a worker about to stop must leave its progress behind."""
        return self._limits.exceeded(self._topic.name) is None

    def saved(self) -> None:
        """Only now: what was rejected stands in `suar.rejected`, and the next start goes on behind it."""
        problem = self._limits.exceeded(self._topic.name)
        if problem is not None:
            give_up(EXIT_POISONED, problem)

    def _admitted(self, record: "ConsumerRecord[bytes, bytes]", now: datetime) -> list[Record]:
        at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        try:
            outcome = wire.admit(record.value, topic=self._topic, at=at, now=now, key=self._key)
        except wire.BadRecord as bad:
            self._count("rejected", bad=True)
            metrics.REJECTED.labels(self._topic.name, bad.reason.value).inc()
            return [rejected(record, bad)]
        if isinstance(outcome, wire.Admitted):
            self._count("admitted")
            metrics.UNKNOWN_CODES.labels(self._topic.name).inc(outcome.unknown_codes)
            return [Record(FACTS.name, note.subject.encode(), encode(note.fact)) for note in outcome.notes]
        if isinstance(outcome, wire.Heartbeat):
            self._count("heartbeat")
            return self._marks(record, outcome, at)
        self._count("tombstone")
        return []

    def _marks(self, record: "ConsumerRecord[bytes, bytes]", beat: wire.Heartbeat, at: datetime) -> list[Record]:
        """The mark, behind the facts it speaks of, in every partition that judges; not for every few seconds' advance."""
        if self._marked is not None and beat.complete_up_to - self._marked < self._mark_every:
            return []
        self._marked = beat.complete_up_to
        key, value = f"feed:{record.topic}:{record.partition}".encode(), encode(_mark(record, beat, at))
        return [Record(FACTS.name, key, value, partition) for partition in range(FACTS.partitions)]

    def _count(self, outcome: str, *, bad: bool = False) -> None:
        self._limits.count(self._topic.name, bad=bad)
        metrics.RECORDS.labels(self._topic.name, outcome).inc()


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
    whole at their origin; whatever is this large is refused for it (`wire.MAX_EVENT_BYTES`), cut or not.
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
        headers.append(("suar-key", record.key))
    value = record.value
    if value is not None and len(value) > MAX_RECORD_BYTES:
        headers.append(("suar-cut-from", str(len(value)).encode()))
        value = value[:MAX_RECORD_BYTES]
    kept: Headers = tuple(headers + [(f"original-{name}", text) for name, text in record.headers])
    key = f"{record.topic}/{record.partition}/{record.offset}".encode()
    return Record(REJECTED.name, key, value, headers=kept)
