"""Lanes: one for each partition, each folding its records in order, exactly once, whatever goes away meanwhile."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import redis.exceptions
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams import metrics
from streams.health import EXIT_CRASHED, Health, give_up
from streams.produce import Record
from streams.settings import Settings
from streams.source import Fetched, Position, Source
from streams.store import Batch, Claim, NotSaved, Store
from streams.teller import Command

log = logging.getLogger("suar.lanes")

Records = Sequence["ConsumerRecord[bytes, bytes]"]

REDIS_AWAY = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, redis.exceptions.ReadOnlyError)
KAFKA_AWAY = (KafkaError,)
FIRST_RETRY, LONGEST_RETRY = 0.2, 3.0
A_BREATH = 0.001
LETS_GO = 1.0
"""Seconds that a partition waits for a fold under way when it must be let go."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What follows from some records: what to produce first, and what to save when that was acknowledged."""

    batch: Batch
    out: Sequence[Record] = ()


class Fold(ABC):
    """What a stage does with the records of one partition."""

    stage: str
    resumes_from_kafka = False
    """When Redis knows nothing: go on from Kafka's commit (admit), or begin again (a view that is rebuilt)."""
    lazy = False
    """Does folding again no harm? Then progress need not be saved after each batch; a quarter of a second will do."""
    turn: Hashable = None
    """Folds of one turn never run side by side; None: a turn of its own."""

    @abstractmethod
    async def begin(self, quiet_below: int) -> None:
        """Ownership was claimed: read what the partition remembers. Below that offset everything was already said."""

    def reads(self, records: Records) -> Sequence[str]:
        """Names of the blobs that folding these records needs."""
        return ()

    @abstractmethod
    async def fold(self, records: Records, blobs: Sequence[bytes | None]) -> Folded:
        """Decides. `blobs` are those that `reads` named, of the same records."""

    def said(self) -> None:  # noqa: B027 - most stages have nothing to do then
        """All that was produced is acknowledged."""

    def saved(self) -> None:  # noqa: B027
        """A batch is durable; they come in the order in which they were folded."""

    @property
    def waits(self) -> bool:
        """Must folding what was just read for wait for somebody? Then the lanes' folds run side by side."""
        return False

    @property
    def poison(self) -> str | None:
        """Why this stage must not go on, once everything under way is saved; None: it may."""
        return None


@dataclass(frozen=True)
class Deps:
    """What every lane of a stage shares."""

    settings: Settings
    health: Health
    source: Source
    ready: Callable[["Lane"], None]
    """Called when a lane has something to fold and may."""


class Lane:
    """The queue of one partition, and its place in the log. The conductor empties it together with its neighbours;
    what arrives meanwhile is folded together.
    """

    def __init__(self, partition: TopicPartition, fold: Fold, store: Store, deps: Deps) -> None:
        self.name = f"{fold.stage}/{partition.topic}/{partition.partition}"
        self.partition = partition
        self.turn: Hashable = partition if fold.turn is None else fold.turn
        self.next: int | None = None
        self.fold = fold
        self.store = store
        self.unsaved: Batch | None = None
        self.looked_at = 0.0
        """When it was last seen that the partition is still ours, monotonic seconds."""
        self.busy: asyncio.Task[None] | None = None
        """The pass that folds its records."""
        self.closed = False
        self._settings, self._health, self._source, self._ready = deps.settings, deps.health, deps.source, deps.ready
        self._claimed = False
        self._claim = Claim(b"", None)
        self._expected: int | None = None
        self._backlog: deque[Fetched] = deque()
        self._covered = 0
        """Up to there nothing of the log is missing here, offsets without a record included."""
        self._waiting_records = 0
        self._paused = True
        self._health.expected.add(self.name)
        self._recovery = guarded(self._until_claimed(), self.name)

    def offer(self, fetched: Fetched) -> None:
        """Takes what the source fetched; a full lane pauses its partition."""
        self._backlog.append(fetched)
        self._waiting_records += len(fetched.records)
        if self._waiting_records > self._settings.backlog and not self._paused:
            metrics.PAUSED.labels(self.fold.stage).inc()
            self._pause()
        if self.free:
            self._ready(self)

    @property
    def backlog(self) -> int:
        """Records that wait here."""
        return self._waiting_records

    @property
    def free(self) -> bool:
        """Claimed, and in no pass."""
        return self._claimed and self.busy is None and not self.closed

    @property
    def doing(self) -> str:
        """What it is at, for whoever must find out why it stands still."""
        if self.busy is not None:
            return "in a pass that has not ended"
        if not self._claimed:
            return "not claimed"
        if self._waiting_records:
            return f"{self._waiting_records} records at hand and in no pass"
        return "paused" if self._paused else f"nothing was fetched from {self._source.reads_from(self.partition)}"

    @property
    def fence(self) -> bytes:
        """What proves that the partition is ours."""
        return self._claim.fence

    async def close(self) -> None:
        """Lets go: the partition moved, or the worker stops. What is under way for longer is dropped; its save would be
        refused or whole.
        """
        self.closed = True
        self._recovery.cancel()
        if self.busy is not None:
            await asyncio.wait([self.busy], timeout=LETS_GO)
        self._health.drop(self.name)
        if self.unsaved is not None:
            await self._last_save(self.unsaved)

    async def _last_save(self, batch: Batch) -> None:
        """Spares the next owner a quarter of a second's work; if it cannot be, nothing is lost."""
        try:
            async with asyncio.timeout(LETS_GO):
                await self.store.save(self._claim.fence, self._expected, batch)
        except (NotSaved, TimeoutError, *REDIS_AWAY):
            return

    def take(self, most: int) -> Records:
        """What may be folded now: as many as that, in order and without a hole; none when there is nothing."""
        fresh: list[ConsumerRecord[bytes, bytes]] = []
        while self._backlog and len(fresh) < most:
            fetched, room = self._backlog.popleft(), most - len(fresh)
            if len(fetched.records) > room:
                fetched, rest = _cut(fetched, room)
                self._backlog.appendleft(rest)
            self._waiting_records -= len(fetched.records)
            if fetched.begins > self._covered:
                metrics.GAPS.labels(self.fold.stage).inc()
                self._seek(self.next or 0)
                fresh = []
                break
            self._covered = max(self._covered, fetched.ends)
            fresh += [record for record in fetched.records if record.offset >= (self.next or 0)]
        if self._paused and self._waiting_records < self._settings.backlog // 2:
            self._resume()
        return fresh

    def put_off(self, batch: Batch) -> None:
        """Folded; to be saved soon."""
        self.unsaved, self.next = batch, batch.next
        self.go_on()

    def saving(self, batch: Batch) -> Command:
        """The command that saves it; its answer is for `saved`. Folding may go on behind it: the next read will tell."""
        command = self.store.saving(self._claim.fence, self._expected, batch)
        self._expected = self.next = batch.next
        self.unsaved = None
        return command

    def saved(self, answer: Any) -> None:
        """The batch is durable. Raises NotSaved and redis-py's errors when it is not."""
        self.store.saved(answer)
        self.fold.saved()
        self.looked_at = time.monotonic()
        self.go_on()

    def go_on(self) -> None:
        """It moves, or has nothing to do."""
        self._health.go_on(self.name)

    def _pause(self) -> None:
        self._paused = True
        self._source.pause(self.partition)

    def _resume(self) -> None:
        self._paused = False
        self._source.resume(self.partition)

    def _seek(self, offset: int) -> None:
        self._covered = offset
        self._backlog.clear()
        self._waiting_records = 0
        self._source.seek(self.partition, offset)

    def recover(self, error: Exception) -> None:
        """A fold or a save failed, as the error says: the lane claims its partition again when that can be."""
        if not self.closed and self._claimed:
            self._claimed = False
            self._pause()
            self._health.claimed.discard(self.name)
            self._recovery = guarded(self._recover(error), self.name)

    async def _recover(self, error: Exception) -> None:
        """A newer owner has it (then it is ours again only if Kafka still says so), or the store is not where we left it,
        or something is away.
        """
        if isinstance(error, NotSaved):
            metrics.FENCE_LOST.labels(str(error)).inc()
            log.warning("%s: save refused (%s)", self.name, error)
            if str(error) == "lost":
                await asyncio.sleep(self._settings.session_timeout)
        else:
            log.info("%s: %r", self.name, error)
            self._health.wait(self.name, "redis" if isinstance(error, REDIS_AWAY) else "kafka")
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
        if self.busy is not None:
            await asyncio.wait([self.busy])
        self._claim = await self.store.claim()
        place = await self._source.place(self.partition)
        self._expected, self.unsaved = self._claim.next, None
        said = (
            self.next if self.next is not None and self.next <= place.end else 0
        )  # acknowledged, if not yet committed
        self.next = self._begin_at(place)
        await self.fold.begin(max(place.committed or 0, said))
        if (self._claim.next or 0) != self.next:
            self.unsaved = Batch(self.next)  # Redis would not know where it begins until the next record comes
        self._seek(self.next)
        self._claimed, self.looked_at = True, time.monotonic()
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


def _cut(fetched: Fetched, count: int) -> tuple[Fetched, Fetched]:
    """The first so many records, and the rest."""
    between = fetched.records[count].offset
    return (
        Fetched(fetched.begins, between, fetched.records[:count]),
        Fetched(between, fetched.ends, fetched.records[count:]),
    )


class _Breath:
    """Between two thoughts: what came in meanwhile is looked at after a millisecond, not after the whole batch."""

    def __init__(self) -> None:
        self._began = 0.0

    async def __call__(self) -> None:
        if time.perf_counter() - self._began > A_BREATH:
            await asyncio.sleep(0)
            self._began = time.perf_counter()


breath = _Breath()


def guarded(work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
    """A task under the one guard: what ends by anything but a cancel is a bug, and must not be passed over in silence."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_guard)
    return task


def _guard(task: "asyncio.Task[None]") -> None:
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        log.error("%s", task.get_name(), exc_info=error)
        give_up(EXIT_CRASHED, f"{task.get_name()} failed with {type(error).__name__}; the log has the trace")
