"""The source: aiokafka as a service of the Faust app. It puts what it fetched on a channel and keeps Kafka's own offsets fresh."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import mode
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, IllegalStateError, KafkaError

from schemas.topics import BY_NAME
from streams import metrics, security
from streams.health import EXIT_COUNTS, give_up
from streams.partitions import partitions_of
from streams.settings import Settings

log = logging.getLogger("suar.source")

Assigned = Callable[[Iterable[TopicPartition]], None]
Revoked = Callable[[Iterable[TopicPartition]], Awaitable[None]]
LOOK_AT_ENDS = 5.0
METADATA_MS = 15_000
"""How long it may take until partitions that somebody added are noticed."""
GATHERED, GATHERING_MS = 256 * 1024, 50
"""A source that gathers is answered when so many bytes wait or so many milliseconds are over: it is not on the way of an
answer, and a fetch for every record or two took its time from those that are.
"""


@dataclass(frozen=True)
class Position:
    """Where a partition's log begins and ends, and what Kafka remembers of us."""

    first: int
    end: int
    committed: int | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one fetch brought of a partition: all records between two offsets. Transactions leave offsets without any."""

    begins: int
    ends: int
    records: Sequence["ConsumerRecord[bytes, bytes]"]


class Source(mode.Service):
    """One consumer of one topic. Partitions are fetched only after their lane claimed them.

    A fetch names every partition of its consumer, busy or not: with one consumer for all topics, naming 144 partitions
    several hundred times a second took a third of the worker's time at 750 events/s.
    """

    def __init__(self, *, stage: str, topic: str, channel: Any, settings: Settings, gathers: bool = False) -> None:
        super().__init__()
        self.stage, self.topic, self.gathers = stage, topic, gathers
        self.on_assigned: Assigned = lambda partitions: None
        self.on_revoked: Revoked | None = None
        self.offsets: Callable[[str], dict[TopicPartition, int]] = lambda topic: {}
        self._channel, self._settings = channel, settings
        self._consumer: AIOKafkaConsumer | None = None
        self.joined = False
        """The consumer runs: partitions come and go with the group."""
        self._left = False
        self._read_to: dict[TopicPartition, int] = {}
        """Where the next fetch of a partition begins."""
        self._holes: list[tuple[TopicPartition, int, int]] = []
        """Offsets without a record, not yet asked about: a transaction's, or gone by retention?"""
        self._passed: dict[TopicPartition, int] = {}
        """How far the consumer is, offsets without a record included, when it was asked last."""
        self._ends: dict[TopicPartition, int] = {}
        """Log ends as the broker told them when it was asked; a fetcher that died would not see them grow."""
        self._committed: dict[TopicPartition, int] = {}
        self._committed_at = time.monotonic()

    @property
    def consumer(self) -> AIOKafkaConsumer:
        """The consumer; only while the service runs."""
        if self._consumer is None:
            raise RuntimeError(f"source {self.topic} is not started")
        return self._consumer

    async def on_start(self) -> None:
        """Makes the consumer; `pump` joins the group, so that one stage's join does not wait for another's."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka,
            **security.kafka(),
            group_id=f"{self._settings.namespace}-{self.stage}-{self.topic}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=self._fetch_wait,
            fetch_min_bytes=GATHERED if self.gathers else 1,
            session_timeout_ms=int(self._settings.session_timeout * 1000),
            heartbeat_interval_ms=int(self._settings.session_timeout * 1000 / 5),
            max_partition_fetch_bytes=1024 * 1024,
            metadata_max_age_ms=METADATA_MS,
            isolation_level="read_committed",  # what an agency aborted it did not say
        )
        self._consumer.subscribe([self.topic], listener=_Listener(self))

    @property
    def _fetch_wait(self) -> int:
        """A partition just drained waits for the fetch under way, so this is a delay; and a silent topic's fetches, at
        20 ms each, took a third of the worker's time from the busy ones.
        """
        if self.gathers:
            return GATHERING_MS
        urgent = BY_NAME[self.topic].urgent if self.topic in BY_NAME else True
        return self._settings.fetch_wait_ms if urgent else self._settings.calm_fetch_wait_ms

    async def on_stop(self) -> None:
        """Leaves the group, unless it was left already."""
        await self.leave()

    async def leave(self) -> None:
        """Leaves the group, after a last commit, within two seconds; once."""
        if self._left or self._consumer is None:
            return
        self._left = True
        try:
            await asyncio.wait_for(self._last_word(), 2)
        except TimeoutError:
            log.warning("source %s: the broker did not answer the last commit", self.topic)

    async def _last_word(self) -> None:
        if self.joined:
            await self.commit()
        await self.consumer.stop()

    @mode.Service.task
    async def pump(self) -> None:
        """Join, fetch, hand over, again. Back-pressure is a paused partition, never a blocked loop."""
        while not (self.should_stop or self._left):
            try:
                await self._fetch_once()
            except ConsumerStoppedError:
                return
            except KafkaError as error:
                log.warning("source %s cannot fetch: %s", self.topic, type(error).__name__)
                await self.sleep(1.0)

    async def _fetch_once(self) -> None:
        if not self.joined:
            await self.consumer.start()
            self.joined = True
        fetched = await self.consumer.getmany(timeout_ms=200, max_records=self._settings.max_poll)
        if fetched:
            await self._channel.put({tp: self._covered(tp, records) for tp, records in fetched.items()})

    def _covered(self, partition: TopicPartition, records: Sequence["ConsumerRecord[bytes, bytes]"]) -> Fetched:
        """The records with the offsets between which they are all: from where the last fetch ended, or a seek put us."""
        begins = self._read_to.get(partition, records[0].offset)
        if begins < records[0].offset:
            self._holes.append((partition, begins, records[0].offset))
        ends = records[-1].offset + 1
        self._read_to[partition] = ends
        return Fetched(begins, ends, records)

    @mode.Service.task
    async def commits(self) -> None:
        """Kafka's copy of our progress: for lag tools, for `admit` when Redis is empty, and for quiet rebuilds."""
        while not (self.should_stop or self._left):
            await self.sleep(self._settings.commit_interval)
            if self.joined and not self._left:
                await self.commit()
                metrics.COMMIT_AGE.labels(self.topic).set(time.monotonic() - self._committed_at)

    @mode.Service.task
    async def looks(self) -> None:
        """Asks for the log's ends now and then, for the watch over lanes that stand still."""
        while not (self.should_stop or self._left):
            await self.sleep(LOOK_AT_ENDS)
            if self.joined and not self._left:
                self._refuse_other_counts()
                await self.look_at_ends()
                await self.look_into_holes()

    def _refuse_other_counts(self) -> None:
        """Somebody added partitions while we run: subjects would no longer meet their own facts (design: one count for all)."""
        found = self.consumer.partitions_for_topic(self.topic)
        expected = partitions_of(BY_NAME[self.topic]) if self.topic in BY_NAME else None
        if found and expected is not None and len(found) != expected:
            give_up(EXIT_COUNTS, f"{self.topic} has {len(found)} partitions now, not {expected}; see suar topics check")

    async def look_into_holes(self) -> None:
        """What lies before the log's beginning was lost to retention, and is counted; the rest never was a record."""
        holes, self._holes = self._holes, []
        if not holes:
            return
        try:
            async with asyncio.timeout(LOOK_AT_ENDS):
                first = await self.consumer.beginning_offsets(sorted({partition for partition, _, _ in holes}))
        except (KafkaError, TimeoutError):
            self._holes = holes + self._holes
            return
        for partition, begins, ends in holes:
            lost = min(first[partition], ends) - begins
            if lost > 0:
                metrics.SKIPPED.labels(self.topic).inc(lost)
                log.error(
                    "%s/%s: retention removed %d offsets from %d unread", self.topic, partition.partition, lost, begins
                )

    async def look_at_ends(self) -> None:
        """One question for all partitions; without an answer the ends of before hold."""
        try:
            async with asyncio.timeout(LOOK_AT_ENDS):
                mine = sorted(self.consumer.assignment())
                self._ends = await self.consumer.end_offsets(mine)
                self._passed = {partition: await self.consumer.position(partition) for partition in mine}
        except (KafkaError, IllegalStateError, TimeoutError):
            log.info("source %s: the log's ends are not to be had", self.topic)

    async def commit(self) -> None:
        """Commits what the lanes saved, never backwards: a lane that rebuilds has said everything below the commit before.

        A refused commit costs nothing: Redis knows better.
        """
        moved = {tp: at for tp, at in self.offsets(self.topic).items() if at > self._committed.get(tp, -1)}
        if not moved:
            self._committed_at = time.monotonic()
            return
        try:
            await self.consumer.commit(moved)
        except (KafkaError, IllegalStateError):
            metrics.COMMITS.labels("refused").inc()
            return
        self._committed |= moved
        self._committed_at = time.monotonic()
        metrics.COMMITS.labels("done").inc()

    async def place(self, partition: TopicPartition) -> Position:
        """Log start, log end and commit of a partition. Raises aiokafka's errors."""
        first = (await self.consumer.beginning_offsets([partition]))[partition]
        end = (await self.consumer.end_offsets([partition]))[partition]
        committed = await self.consumer.committed(partition)
        if committed is not None and committed > end:
            committed = None  # the topic was made anew
        self._committed[partition] = -1 if committed is None else committed
        return Position(first, end, committed)

    def lag(self, partition: TopicPartition, following: int) -> int:
        """Records between what was folded and the end of the log, as last fetched or as last asked for."""
        try:
            high = self.consumer.highwater(partition) or following
        except (IllegalStateError, AssertionError):
            return 0
        end = max(high, self._ends.get(partition, following))
        if self._passed.get(partition, 0) >= end and following >= self._read_to.get(partition, end):
            return 0  # a transaction's last marker is no record
        return max(0, end - following)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Reads on from there; nothing when the partition is no longer ours."""
        if partition in self.consumer.assignment():
            self._read_to[partition] = offset
            self.consumer.seek(partition, offset)

    def reads_from(self, partition: TopicPartition) -> int | None:
        """Where the next fetch begins, as far as is known here."""
        return self._read_to.get(partition)

    def pause(self, partition: TopicPartition) -> None:
        """Stops fetching; nothing when the partition is no longer ours."""
        if partition in self.consumer.assignment():
            self.consumer.pause(partition)

    def resume(self, partition: TopicPartition) -> None:
        """Fetches again; nothing when the partition is no longer ours."""
        if partition in self.consumer.assignment():
            self.consumer.resume(partition)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka's base is untyped
    """Claims and releases with the group."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]  # aiokafka awaits it
        self, revoked: Iterable[TopicPartition]
    ) -> None:
        await self._source.commit()
        if self._source.on_revoked is not None:
            await self._source.on_revoked(revoked)

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]  # aiokafka awaits it
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        for partition in assigned:
            self._source.pause(partition)
        self._source.on_assigned(assigned)
