"""A terminal at work: follows its checkpoint, sends what waits, reports what was shown; each goes on by itself after a cut."""

import asyncio
import random
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from streams.counter.frames import Frame
from streams.counter.gateway import AwayError, Gateway, RefusedError
from streams.counter.outbox import Attempt, Kept, Outbox
from streams.counter.seal import OtherKeyError
from streams.counter.seen import Heard, SeenAnswer, UnreadableError, read
from streams.counter.settings import CounterSettings
from streams.counter.store import Store

LOOK: Final = 0.5
"""Seconds between looks at the store for attempts of other programs."""
TIDY: Final = timedelta(hours=1)
OTHER_KEY: Final = timedelta(hours=1)
ASK_AGAIN: Final = timedelta(seconds=2)
BAD_CURSOR: Final = frozenset({"bad_cursor"})


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class BackOff:
    """Pauses that double up to a limit, each drawn from half of its length to all of it, so that a thousand terminals do
    not come back at once.
    """

    first: float
    most: float
    failures: int = 0

    def next(self, at_least: float | None = None) -> float:
        """Seconds until the next try."""
        whole = min(self.most, self.first * (1 << min(self.failures, 16)))
        self.failures += 1
        return max(at_least or 0.0, whole * random.uniform(0.5, 1.0))  # noqa: S311 - no secret

    def reset(self) -> None:
        """It worked."""
        self.failures = 0


class Counter:
    """What a terminal does, without its screen. `now` is UTC; `changed` is set whenever the screen may differ."""

    def __init__(
        self, settings: CounterSettings, store: Store, gateway: Gateway, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.settings, self.store, self.gateway, self.now = settings, store, gateway, now
        self.changed = asyncio.Event()
        self.away_since: datetime | None = now()
        self.why_away = ""

    def back_off(self) -> BackOff:
        """As the settings say."""
        return BackOff(self.settings.retry_seconds, self.settings.retry_most_seconds)

    async def run(self, outbox: Outbox | None) -> None:
        """Until cancelled. Without an outbox nothing is sent: no key was given."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.follow())
            tasks.create_task(self._report())
            tasks.create_task(self._tidy())
            if outbox is not None:
                tasks.create_task(self._send(outbox))

    # The stream

    async def follow(self) -> None:
        """Keeps every frame, with the cursor behind it, and dials again from there."""
        pause = self.back_off()
        while True:
            try:
                await self._follow_once(pause)
            except AwayError as away:
                self._is_away(str(away))
                await asyncio.sleep(pause.next(away.retry_after))
            except RefusedError as refused:
                self._is_away(refused.code)
                if self.store.cursor is not None and refused.code in BAD_CURSOR:
                    self.store.forget_cursor()
                await asyncio.sleep(pause.next())

    async def _follow_once(self, pause: BackOff) -> None:
        async with aclosing(self.gateway.stream(self.store.cursor)) as stream:
            async for frames in stream:
                pause.reset()
                self.away_since, self.why_away = None, ""
                self._take(frames)
                self.changed.set()

    def _is_away(self, why: str) -> None:
        self.away_since = self.away_since or self.now()
        self.why_away = why
        self.changed.set()

    def _take(self, frames: list[Frame]) -> None:
        heard: list[Heard] = []
        for frame in frames:
            try:
                heard.append(read(frame))
            except UnreadableError:
                self.store.take(heard, self.now())
                self.store.count_unreadable(frame.cursor)
                heard = []
        self.store.take(heard, self.now())

    # The outbox

    async def _send(self, outbox: Outbox) -> None:
        pause = self.back_off()
        while True:
            try:
                sent = await self.send_next(outbox) or await self._ask_next(outbox)
                pause.reset()
                if not sent:
                    await asyncio.sleep(LOOK)
            except AwayError as away:
                await asyncio.sleep(pause.next(away.retry_after))

    async def send_next(self, outbox: Outbox) -> bool:
        """Sends the first attempt that waits; False when none is due. Raises AwayError, and then the attempt waits on."""
        waiting = outbox.next(self.now())
        if waiting is None:
            return False
        await self.send(outbox, waiting, wait=0.0)
        self.changed.set()
        return True

    async def send(self, outbox: Outbox, waiting: Kept, wait: float) -> SeenAnswer | None:
        """Sends an attempt that is kept. Raises AwayError."""
        try:
            answer = await self.gateway.send(outbox.open(waiting), wait)
        except OtherKeyError:
            outbox.later(waiting.crossing_id, self.now() + OTHER_KEY, "sealed_with_another_key")
            return None
        except RefusedError as refused:
            outbox.refused(waiting.crossing_id, refused.code)
            return None
        outbox.accepted(waiting.crossing_id, answer, self.now(), self.now() + ASK_AGAIN)
        return answer

    async def _ask_next(self, outbox: Outbox) -> bool:
        """The answer to an attempt that the gateway has, should the stream not have brought it."""
        one = outbox.unanswered(self.now())
        if one is None:
            return False
        answer = await self.gateway.crossing(one.crossing_id)
        wait = min(ASK_AGAIN * 2 ** min(one.tries, 8), timedelta(minutes=5))
        outbox.accepted(one.crossing_id, answer, self.now(), self.now() + wait)
        self.changed.set()
        return True

    async def attempt(self, outbox: Outbox, one: Attempt) -> SeenAnswer | None:
        """One traveller at the counter: kept first, then sent. None: not answered in time. Raises AwayError.

        An attempt that is known here is not another one; its answer is given again.
        """
        lease = timedelta(seconds=self.settings.answer_seconds + 10)
        outbox.put(one, self.now() + lease)
        kept = outbox.get(one.crossing_id)
        if kept is not None and kept.state == "waiting":
            try:
                await self.send(outbox, kept, self.settings.answer_seconds)
            except AwayError:
                outbox.later(one.crossing_id, self.now(), "away")
                raise
        elif kept is not None and kept.state == "sent":
            answer = await self.gateway.crossing(one.crossing_id)
            outbox.accepted(one.crossing_id, answer, self.now(), self.now() + ASK_AGAIN)
        found = self.store.answer(one.crossing_id)
        return found.answer if found else None

    # What was shown

    async def _report(self) -> None:
        pause = self.back_off()
        while True:
            shown = self.store.unreported()
            if shown is None:
                await asyncio.sleep(LOOK)
                continue
            try:
                await self.report(*shown)
                pause.reset()
            except AwayError as away:
                await asyncio.sleep(pause.next(away.retry_after))

    async def report(self, alert_id: str, revision: int, at: datetime) -> None:
        """Tells the gateway that an alert was on the screen. Raises AwayError; a refusal is final."""
        with suppress(RefusedError):
            await self.gateway.shown(alert_id, revision, at)
        self.store.reported(alert_id, revision)

    async def acknowledge(self, alert_id: str) -> None:
        """An officer says that it was seen. Raises AwayError and RefusedError."""
        kept = self.store.alert(alert_id)
        if kept is None:
            return
        newer = await self.gateway.acknowledge(alert_id, kept.alert.revision)
        if newer is not None:
            self.store.take([Heard(None, newer)], self.now())
            self.changed.set()

    async def _tidy(self) -> None:
        while True:
            self.store.tidy(self.now() - timedelta(days=self.settings.keep_days))
            await asyncio.sleep(TIDY.total_seconds())
