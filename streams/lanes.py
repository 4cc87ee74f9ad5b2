"""Lanes: one for each partition, side by side, each folding its records in order, exactly once, whatever goes away meanwhile."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import redis.exceptions
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from streams import metrics
from streams.health import Health
from streams.settings import Settings
from streams.source import Position, Source
from streams.store import Batch, Claim, NotSaved, Store

log = logging.getLogger("suar.lanes")

Records = Sequence["ConsumerRecord[bytes, bytes]"]

REDIS_AWAY = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, redis.exceptions.ReadOnlyError)
KAFKA_AWAY = (KafkaError,)
FIRST_RETRY, LONGEST_RETRY = 0.2, 3.0
LAZY = 0.25
"""Seconds that a lazy stage's progress may be behind."""
IDLE_CHECK = 1.0
"""Seconds between an idle lane's looks at its fence."""


class Fold(ABC):
    """What a stage does with the records of one partition."""

    stage: str
    resumes_from_kafka = False
    """When Redis knows nothing: go on from Kafka's commit (admit), or begin again (a view that is rebuilt)."""

    @abstractmethod
    async def begin(self, quiet_below: int) -> None:
        """Ownership was claimed: read what the partition remembers. Below that offset everything was already said."""

    @abstractmethod
    async def fold(self, records: Records) -> Batch:
        """Reads, decides, and produces with the broker's acknowledgement; gives back what to save."""

    @property
    def lazy(self) -> bool:
        """Does folding again no harm? Then progress need not be saved after each batch; a quarter of a second will do."""
        return False

    def saved(self) -> None:  # noqa: B027 - most stages have nothing to do then
        """The batch is durable."""


@dataclass(frozen=True)
class Deps:
    """What every lane of a stage shares."""

    settings: Settings
    health: Health
    source: Source


class Lane:
    """The queue of one partition and the one task that empties it. What arrives while it is busy is folded together."""

    def __init__(self, partition: TopicPartition, fold: Fold, store: Store, deps: Deps) -> None:
        self.name = f"{fold.stage}/{partition.topic}/{partition.partition}"
        self.partition = partition
        self.next: int | None = None
        self.fold = fold
        self._store = store
        self._settings, self._health, self._source = deps.settings, deps.health, deps.source
        self._claim = Claim(b"", None)
        self._expected: int | None = None
        self._unsaved: Batch | None = None
        self._saved_at = 0.0
        self._backlog: deque[Records] = deque()
        self._waiting_records = 0
        self._paused = True
        self._arrived = asyncio.Event()
        self._fold_seconds = metrics.STAGE.labels(fold.stage, "fold")
        self._save_seconds = metrics.STAGE.labels(fold.stage, "save")
        self._batch_records = metrics.BATCH.labels(fold.stage)
        self._health.expected.add(self.name)
        self.task = asyncio.create_task(self._run(), name=self.name)

    def offer(self, records: Records) -> None:
        """Takes what the source fetched; a full lane pauses its partition."""
        self._backlog.append(records)
        self._waiting_records += len(records)
        if self._waiting_records > self._settings.backlog and not self._paused:
            metrics.PAUSED.labels(self.fold.stage).inc()
            self._pause()
        self._arrived.set()

    @property
    def backlog(self) -> int:
        """Records that wait here."""
        return self._waiting_records

    async def close(self) -> None:
        """Lets go: the partition moved, or the worker stops. A fold under way is dropped; its save would be refused or whole."""
        self.task.cancel()
        await asyncio.wait([self.task], timeout=2)
        self._health.drop(self.name)
        if self._unsaved is not None:
            await self._last_save(self._unsaved)

    async def _last_save(self, batch: Batch) -> None:
        """Spares the next owner a quarter of a second's work; if it cannot be, nothing is lost."""
        try:
            async with asyncio.timeout(1):
                await self._store.save(self._claim.fence, self._expected, batch)
        except (NotSaved, TimeoutError, *REDIS_AWAY):
            return

    def _pause(self) -> None:
        self._paused = True
        self._source.pause(self.partition)

    def _resume(self) -> None:
        self._paused = False
        self._source.resume(self.partition)

    async def _run(self) -> None:
        await self._until_claimed()
        while True:
            try:
                await self._through(await self._take())
            except NotSaved as refusal:
                await self._refused(str(refusal))
            except REDIS_AWAY:
                await self._away("redis")
            except MessageSizeTooLargeError:
                raise
            except KAFKA_AWAY as error:
                log.info("%s: %r", self.name, error)
                await self._away("kafka")

    async def _take(self) -> Records:
        while not self._backlog:
            self._arrived.clear()
            self._health.go_on(self.name)
            if await self._arrived_within(IDLE_CHECK if self._unsaved is None else LAZY):
                continue
            if self._unsaved is not None:
                await self._save(self._unsaved)
            else:
                await self._store.check(self._claim.fence)
        taken: list[ConsumerRecord[bytes, bytes]] = list(self._backlog.popleft())
        while self._backlog and len(taken) + len(self._backlog[0]) <= self._settings.max_batch:
            taken.extend(self._backlog.popleft())
        if len(taken) > self._settings.max_batch:
            self._backlog.appendleft(taken[self._settings.max_batch :])
            taken = taken[: self._settings.max_batch]
        self._waiting_records -= len(taken)
        if self._paused and self._waiting_records < self._settings.backlog // 2:
            self._resume()
        return taken

    async def _through(self, records: Records) -> None:
        fresh = [record for record in records if record.offset >= (self.next or 0)]
        if not fresh:
            return
        if fresh[0].offset != self.next or fresh[-1].offset - fresh[0].offset + 1 != len(fresh):
            metrics.GAPS.labels(self.fold.stage).inc()
            self._seek(self.next or 0)
            return
        started = time.perf_counter()
        batch = await self.fold.fold(fresh)
        self._fold_seconds.observe(time.perf_counter() - started)
        self._batch_records.observe(len(fresh))
        if self.fold.lazy and started - self._saved_at < LAZY:
            self._unsaved = batch
            self.next = batch.next
        else:
            await self._save(batch)
        self._health.go_on(self.name)

    async def _save(self, batch: Batch) -> None:
        started = time.perf_counter()
        await self._store.save(self._claim.fence, self._expected, batch)
        self._saved_at = time.perf_counter()
        self._save_seconds.observe(self._saved_at - started)
        self._expected = self.next = batch.next
        self._unsaved = None
        self.fold.saved()

    async def _arrived_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            return False
        return True

    def _seek(self, offset: int) -> None:
        self._backlog.clear()
        self._waiting_records = 0
        self._source.seek(self.partition, offset)

    async def _refused(self, answer: str) -> None:
        """A newer owner has it (then it is ours again only if Kafka still says so), or the store is not where we left it."""
        metrics.FENCE_LOST.labels(answer).inc()
        log.warning("%s: save refused (%s)", self.name, answer)
        self._pause()
        self._health.claimed.discard(self.name)
        if answer == "lost":
            await asyncio.sleep(self._settings.session_timeout)
        await self._until_claimed()

    async def _away(self, on: str) -> None:
        self._pause()
        self._health.wait(self.name, on)
        self._health.claimed.discard(self.name)
        await asyncio.sleep(FIRST_RETRY)
        await self._until_claimed()

    async def _until_claimed(self) -> None:
        pause = FIRST_RETRY
        while True:
            try:
                await self._try_to_claim()
            except REDIS_AWAY:
                self._health.wait(self.name, "redis")
            except KAFKA_AWAY:
                self._health.wait(self.name, "kafka")
            except NotSaved as refusal:
                log.warning("%s: the claim did not last (%s)", self.name, refusal)
            else:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_RETRY)

    async def _try_to_claim(self) -> None:
        self._claim = await self._store.claim()
        place = await self._source.place(self.partition)
        self._expected, self._unsaved = self._claim.next, None
        self.next = self._begin_at(place)
        await self.fold.begin(place.committed or 0)
        self._seek(self.next)
        self._health.claimed.add(self.name)
        self._health.go_on(self.name)
        self._resume()

    def _begin_at(self, place: Position) -> int:
        remembered = self._claim.next
        if remembered is None and self.fold.resumes_from_kafka:
            remembered = place.committed
        if remembered is None:
            return place.first
        if remembered < place.first:
            metrics.SKIPPED.labels(self.partition.topic).inc(place.first - remembered)
            log.error("%s: retention removed offsets %d to %d unread", self.name, remembered, place.first - 1)
            return place.first
        if remembered > place.end:
            log.error("%s: offset %d is beyond the log's end %d; rebuilding", self.name, remembered, place.end)
            return place.first
        return remembered
