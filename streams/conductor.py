"""The conductor: folds the ready lanes of a stage together, with one read, one produce and one save for all of them.

A fetch brings a record or two for each of many partitions. A task, a round trip and a batch of its own for each of them
cost three times what there was to think about.
"""

import asyncio
import time
from collections.abc import Coroutine, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import MessageSizeTooLargeError

from streams import metrics
from streams.health import EXIT_POISONED, give_up
from streams.lanes import KAFKA_AWAY, REDIS_AWAY, Folded, Lane, Records, guarded
from streams.produce import Outbox, Record
from streams.settings import Settings
from streams.store import NotSaved
from streams.teller import Command, Teller, another_life

PASSES = 4
"""Passes under way at once: what arrives during one need not wait for its acknowledgements."""
LAZY = 0.25
"""Seconds that a lazy stage's progress may be behind."""
IDLE_CHECK = 1.0
"""Seconds between an idle lane's looks at its fence."""
LAST_PASSES = 3.0
"""Seconds that a poisoned stage gives what is under way to be saved."""


@dataclass(slots=True)
class _Part:
    """What one lane has in a pass."""

    lane: Lane
    records: Records
    blobs: Sequence[bytes | None] = ()


class Conductor:
    """Of one stage. A lane is in one pass at a time; a pass takes every lane that is ready."""

    def __init__(
        self, stage: str, lanes: Mapping[TopicPartition, Lane], teller: Teller, outbox: Outbox, settings: Settings
    ) -> None:
        self._fold_seconds = metrics.STAGE.labels(stage, "fold")
        self._save_seconds = metrics.STAGE.labels(stage, "save")
        self._batch_records = metrics.BATCH.labels(stage)
        self._lanes, self._teller, self._outbox, self._settings = lanes, teller, outbox, settings
        self._ready: dict[Lane, None] = {}
        self._turns: set[Hashable] = set()
        self._passes: set[asyncio.Task[None]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._ending = False

    def start(self) -> None:
        """Begins to look after idle lanes; once."""
        if self._keeper is None:
            self._keeper = guarded(self._keep(), "keeper")

    def stop(self) -> None:
        """Drops what is still under way; lanes were closed before."""
        self._ending = True
        for task in self._passes:
            task.cancel()
        if self._keeper is not None:
            self._keeper.cancel()

    def ready(self, lane: Lane) -> None:
        """It has something to fold and may. `go` follows when its neighbours were told too."""
        self._ready[lane] = None

    def go(self) -> None:
        """Begins a pass if there is anything to fold."""
        while self._ready and len(self._passes) < PASSES and not self._ending:
            parts = self._take()
            if not parts:
                return
            task = self._begin([part.lane for part in parts], self._fold(parts))
            self._passes.add(task)
            task.add_done_callback(self._over)

    def _over(self, task: "asyncio.Task[None]") -> None:
        """Lanes came free earlier, and may have found no pass to go in."""
        self._passes.discard(task)
        self.go()

    def _take(self) -> list[_Part]:
        parts: list[_Part] = []
        room = self._settings.max_poll
        for lane in list(self._ready):
            if lane.turn in self._turns:
                continue
            del self._ready[lane]
            records = lane.take(min(room, self._settings.max_batch)) if lane.free and _lasts(lane) else ()
            if records:
                self._turns.add(lane.turn)
                parts.append(_Part(lane, records))
                room -= len(records)
                if room <= 0:
                    break
        return parts

    def _begin(self, lanes: Sequence[Lane], work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = guarded(work, "pass")
        for lane in lanes:
            lane.busy = task
        return task

    def _release(self, lanes: Iterable[Lane]) -> None:
        for lane in lanes:
            lane.busy = None
            self._turns.discard(lane.turn)
            if lane.backlog and lane.free:
                self._ready[lane] = None
        asyncio.get_running_loop().call_soon(self.go)

    async def _fold(self, parts: list[_Part]) -> None:
        began = time.perf_counter()
        lanes = [part.lane for part in parts]
        try:
            parts = await self._read(parts)
            folded = await self._decide(parts)
            out: list[Record] = [record for one in folded for record in one.out]
            if out:
                await self._outbox.send(out)
            for part in parts:
                part.lane.fold.said()
            acknowledged = time.perf_counter()
            saving, answers = self._saving((part.lane, one) for part, one in zip(parts, folded, strict=True))
            self._release(lanes)
            _saved(saving, await answers)
        except MessageSizeTooLargeError:
            raise
        except (NotSaved, *REDIS_AWAY, *KAFKA_AWAY) as error:
            for part in parts:
                part.lane.recover(error)
            return
        finally:
            if any(lane.busy is asyncio.current_task() for lane in lanes):
                self._release(lanes)
        self._fold_seconds.observe(acknowledged - began)
        self._save_seconds.observe(time.perf_counter() - acknowledged)
        self._batch_records.observe(sum(len(part.records) for part in parts))
        await self._stop_if_poisoned(part.lane for part in parts)

    async def _read(self, parts: list[_Part]) -> list[_Part]:
        """Gives each part its blobs; leaves out lanes that lost their claim."""
        named = [(part, names) for part in parts if (names := part.lane.fold.reads(part.records))]
        answers = await self._teller.together([part.lane.store.reading(names) for part, names in named])
        lost: set[Lane] = set()
        for (part, _), answer in zip(named, answers, strict=True):
            try:
                part.blobs = part.lane.store.found(answer)
            except (NotSaved, *REDIS_AWAY) as error:
                part.lane.recover(error)
                lost.add(part.lane)
        return [part for part in parts if part.lane not in lost]

    async def _decide(self, parts: list[_Part]) -> list[Folded]:
        folds = [part.lane.fold.fold(part.records, part.blobs) for part in parts]
        if not any(part.lane.fold.waits for part in parts):
            return [await fold for fold in folds]
        done = await asyncio.gather(*folds, return_exceptions=True)
        for one in done:
            if isinstance(one, BaseException):
                raise one
        return [one for one in done if isinstance(one, Folded)]

    def _saving(self, folded: Iterable[tuple[Lane, Folded]]) -> "tuple[list[Lane], Coroutine[Any, Any, list[Any]]]":
        """Asks Redis to save what must be saved now."""
        now: list[Lane] = []
        commands: list[Command] = []
        for lane, one in folded:
            if lane.fold.lazy and lane.fold.poison is None:
                lane.put_off(one.batch)
            elif _lasts(lane):
                now.append(lane)
                commands.append(lane.saving(one.batch))
        life = self._teller.life
        return now, self._teller.answers(commands, self._teller.ask(commands, life), life)

    async def _stop_if_poisoned(self, lanes: Iterable[Lane]) -> None:
        """Everything under way is saved first, so that the next start goes on behind it and not before."""
        problem = next((found for lane in lanes if (found := lane.fold.poison) is not None), None)
        if problem is None or self._ending:
            return
        self._ending = True
        others = self._passes - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=LAST_PASSES)
        try:
            async with asyncio.timeout(LAST_PASSES):
                await self._save_put_off([lane for lane in self._lanes.values() if lane.unsaved is not None])
        except TimeoutError:
            pass
        give_up(EXIT_POISONED, problem)

    async def _save_put_off(self, lanes: Sequence[Lane]) -> None:
        lasting = [lane for lane in lanes if _lasts(lane)]
        try:
            commands = [lane.saving(batch) for lane in lasting if (batch := lane.unsaved) is not None]
            _saved(lasting, await self._teller.together(commands, self._teller.life))
        except REDIS_AWAY as error:
            for lane in lanes:
                lane.recover(error)
        finally:
            self._release(lanes)

    async def _keep(self) -> None:
        """Saves what was put off, and looks whether what is idle is still ours: an emptied Redis would not be noticed."""
        while True:
            await asyncio.sleep(LAZY)
            put_off = [lane for lane in self._lanes.values() if lane.free and lane.unsaved is not None]
            if put_off:
                await self._begin(put_off, self._save_put_off(put_off))
            since = time.monotonic() - IDLE_CHECK
            await self._check(
                [
                    lane
                    for lane in self._lanes.values()
                    if lane.free and not lane.backlog and lane.unsaved is None and lane.looked_at < since
                ]
            )

    async def _check(self, idle: Sequence[Lane]) -> None:
        lanes = [lane for lane in idle if _lasts(lane)]
        fences = [lane.fence for lane in lanes]
        try:
            answers = await self._teller.together([lane.store.checking() for lane in lanes])
        except REDIS_AWAY as error:
            for lane in lanes:
                lane.recover(error)
            return
        for lane, fence, answer in zip(lanes, fences, answers, strict=True):
            if not lane.free or lane.fence != fence:
                continue
            try:
                lane.store.checked(answer, fence)
                lane.looked_at = time.monotonic()
            except (NotSaved, *REDIS_AWAY) as error:
                lane.recover(error)


def _lasts(lane: Lane) -> bool:
    """Does its claim last? If not, it claims again."""
    if lane.store.lasts:
        return True
    lane.recover(another_life())
    return False


def _saved(lanes: Sequence[Lane], answers: Sequence[Any]) -> None:
    for lane, answer in zip(lanes, answers, strict=True):
        try:
            lane.saved(answer)
        except (NotSaved, *REDIS_AWAY) as error:
            lane.recover(error)
