"""Arrivals and refusals of the agencies, as the log itself has them: read on demand, a little further each time."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas.envelope import System
from schemas.topics import HEARTBEAT, REJECTED
from streams.publish import topics_of
from streams.reading import looking
from streams.refusals import History, Reject, read

WINDOW: Final = timedelta(hours=24)
MOST_AT_FIRST: Final = 10_000
"""Records of one partition that the first look reads back: some seconds of work, whatever an agency sends."""
MOST_REFUSALS: Final = 100_000
"""Refusals remembered, the newest ones; each is a few hundred bytes, without what was refused."""
LOOKED_AT_EVERY: Final = timedelta(seconds=5)
WAITED_FOR: Final = 3.0
"""Seconds that an answer waits for a look that takes long; it then says what is known and goes on reading."""
UNREADABLE: Final = "unreadable"
"""Instead of a type that the topic does not carry: what stands there may be anything."""


class _Typed(msgspec.Struct, frozen=True):
    type: str = ""


_TYPED: Final = msgspec.json.Decoder(_Typed)


@dataclass
class Tail(ABC):
    """Reads some topics from where the last look ended. Subclasses say what a record means to them."""

    kafka: str
    topics: tuple[str, ...]
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    looked: datetime | None = None
    _task: "asyncio.Task[None] | None" = None

    async def look(self) -> bool:
        """Reads on to the end; False when that takes longer than an answer can wait. Raises aiokafka's errors."""
        now = datetime.now(UTC)
        if self._task is None and self.looked is not None and now - self.looked < LOOKED_AT_EVERY:
            return True
        if self._task is None:
            self._task = asyncio.create_task(self._read())
        task = self._task
        done, _ = await asyncio.wait({task}, timeout=WAITED_FOR)
        if not done:
            return False
        self._task = None
        task.result()
        return True

    async def stop(self) -> None:
        """Ends a look that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @abstractmethod
    def note(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """One more record."""

    @abstractmethod
    async def first(
        self, consumer: AIOKafkaConsumer, places: list[TopicPartition], ends: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """Where to begin when nothing was read before."""

    async def _read(self) -> None:
        async with looking(self.kafka, *self.topics) as consumer:
            places = sorted(consumer.assignment())
            ends, begins = await consumer.end_offsets(places), await consumer.beginning_offsets(places)
            if not self.positions:
                self.positions = await self.first(consumer, places, ends)
            for place in places:
                self.positions[place] = min(max(self.positions.get(place, 0), begins[place]), ends[place])
                consumer.seek(place, self.positions[place])
            while any(self.positions[place] < ends[place] for place in places):
                for place, records in (await consumer.getmany(timeout_ms=500, max_records=1000)).items():
                    for record in records:
                        self.note(record)
                    self.positions[place] = max(await consumer.position(place), self.positions[place])
        self.looked = datetime.now(UTC)


@dataclass
class Arrivals(Tail):
    """What one system sent in the last 24 hours: records by hour (UTC, of the broker's append) and type."""

    system: System = System.SIMKIM
    hours: Counter[tuple[datetime, str]] = field(default_factory=Counter)
    newest: dict[str, datetime] = field(default_factory=dict)
    """By topic, when the newest event came; heartbeats do not count."""
    since: datetime | None = None
    """From when on the counts are complete."""
    cut: set[tuple[str, int]] = field(default_factory=set)
    """Partitions of which not the whole day was read."""

    @classmethod
    def of(cls, kafka: str, system: System) -> "Arrivals":
        """Of one system, nothing read yet."""
        return cls(kafka, tuple(topic.name for topic in topics_of(system)), system=system)

    async def first(
        self, consumer: AIOKafkaConsumer, places: list[TopicPartition], ends: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """A day back, or fewer records where an agency sent very many."""
        self.since = datetime.now(UTC) - WINDOW
        moment = int(self.since.timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(places, moment))
        at = {place: one.offset if (one := found.get(place)) is not None else ends[place] for place in places}
        self.cut = {place for place in places if ends[place] - at[place] > MOST_AT_FIRST}
        return {place: max(at[place], ends[place] - MOST_AT_FIRST) for place in places}

    def note(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """Counts it by what it says it is, when its topic carries that."""
        at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        if (place := (record.topic, record.partition)) in self.cut:
            self.cut.discard(place)
            self.since = max(at, self.since or at)
        kind = _kind(record.value)
        if kind != HEARTBEAT:
            known = any(kind in topic.events for topic in topics_of(self.system) if topic.name == record.topic)
            kind = kind if known else UNREADABLE
            self.newest[record.topic] = max(at, self.newest.get(record.topic, at))
        self.hours[at.replace(minute=0, second=0, microsecond=0), kind] += 1

    def by_hour(self, now: datetime) -> list[dict[str, object]]:
        """The last 24 hours, oldest first; each with how many came of each type."""
        oldest = now - WINDOW
        for hour, kind in [one for one in self.hours if one[0] <= oldest - timedelta(hours=1)]:
            del self.hours[hour, kind]
        found: dict[datetime, dict[str, int]] = {}
        for (hour, kind), count in sorted(self.hours.items()):
            found.setdefault(hour, {})[kind] = count
        return [{"hour": hour.isoformat(), "events": counts} for hour, counts in found.items()]


def _kind(value: bytes | None) -> str:
    try:
        return _TYPED.decode(value or b"{}").type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


@dataclass
class Refusals(Tail):
    """What was refused of all systems, without the bytes that were refused."""

    history: History = field(default_factory=History)
    order: deque[str] = field(default_factory=deque)

    @classmethod
    def of_all(cls, kafka: str) -> "Refusals":
        """Nothing read yet."""
        return cls(kafka, (REJECTED.name,))

    async def first(
        self, consumer: AIOKafkaConsumer, places: list[TopicPartition], ends: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """All that is kept, or the newest of very many."""
        return {place: max(0, ends[place] - MOST_REFUSALS // len(places)) for place in places}

    def note(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """A refusal, or a note that one was sent again."""
        one = read(record)
        self.history.note(record, None if one is None else replace(one, key=None, value=None, headers=()))
        if one is not None:
            self.order.append(one.origin)
        while len(self.order) > MOST_REFUSALS:
            oldest = self.order.popleft()
            self.history.newest.pop(oldest, None)
            self.history.sent.pop(oldest, None)

    def of(self, system: System) -> list[Reject]:
        """Those of one system, newest first."""
        mine = {topic.name for topic in topics_of(system)}
        found = [one for one in self.history.newest.values() if one.topic in mine]
        return sorted(found, key=lambda one: one.at, reverse=True)
