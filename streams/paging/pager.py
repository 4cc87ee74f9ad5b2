"""The pager: decides a few times a second, writes each intent before it sends, and sends what the log says is its own.

A pager that dies between intent and result leaves the page as it is: nobody knows whether it was sent, so it is not sent again,
and escalation calls the next level.
"""

import asyncio
import logging
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from aiokafka.errors import KafkaError

from agents.calls import Call, World, still
from agents.paging import due
from schemas.alerts import OPEN_STATES, Severity
from schemas.paging import Page, PageEnd, PageKind, PageResult, Quiet, RotaBook
from schemas.topics import PAGES
from streams import metrics
from streams.paging.channels import ChannelError, Channels
from streams.paging.desk import AGAIN_AFTER
from streams.paging.duty import Duty
from streams.paging.log import PagerLog
from streams.paging.settings import PagerSettings
from streams.produce import Outbox, Record

log = logging.getLogger("suar.pager")

LOOK_EVERY = 0.25
"""Seconds between decisions when nothing new is heard."""
LONGEST_PAUSE = 60.0
"""Seconds between two tries at most."""
ENDS_WITHIN = 3.0
"""Seconds that sends under way are given when the pager stops."""
FORGET_EVERY = timedelta(minutes=10)


class Pager:
    """One pager of an installation; use `run`. More share the rotas."""

    def __init__(self, settings: PagerSettings, book: RotaBook, channels: Channels) -> None:
        self.world = World(book)
        self.log = PagerLog(settings.kafka, self.world)
        self.duty = Duty(settings, (one.name for one in book.rotas))
        self._book, self._channels = book, channels
        self._outbox = Outbox(settings.kafka)
        self._me, self._round = uuid4().hex, 0
        self._sending: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Queue[BaseException] = asyncio.Queue()
        self._quiet: Mapping[tuple[str, str], Quiet] = {}
        self._forgot = datetime.now(UTC)

    @property
    def ready(self) -> bool:
        """All is read, and the group has told what is ours."""
        return self.log.whole.is_set() and self.duty.joined and self.log.well

    async def run(self) -> None:
        """Until it is cancelled; an error that nobody expected ends it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.log.run())
                tasks.create_task(self.duty.run())
                tasks.create_task(self._decide())
                tasks.create_task(self._unbroken())
        finally:
            if self._sending:
                await asyncio.wait(self._sending, timeout=ENDS_WITHIN)
            await self._outbox.stop()

    async def _unbroken(self) -> None:
        """Lets out what nobody expected of a send: the pager ends with it, and another takes over."""
        raise await self._broken.get()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._sending.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken.put_nowait(error)

    async def _decide(self) -> None:
        await self.log.whole.wait()
        while True:
            await self._look_again()
            if not self.duty.joined:
                continue
            await self.log.fresh()
            now = datetime.now(UTC)
            self._round += 1
            found = due(self.world, self.duty.rotas, now, f"{self._me}/{self._round}")
            self._count(found.quiet, now)
            if found.pages:
                await self._make(found.pages)

    async def _look_again(self) -> None:
        try:
            await asyncio.wait_for(self.log.changed.wait(), LOOK_EVERY)
        except TimeoutError:
            return
        self.log.changed.clear()

    def _count(self, quiet: Mapping[tuple[str, str], Quiet], now: datetime) -> None:
        """Each reason once when an alert comes to it; and who should have answered by now."""
        for place, why in quiet.items():
            if self._quiet.get(place) is not why:
                metrics.PAGES_NOT_MADE.labels(why.value).inc()
        self._quiet = quiet
        late = [one.severity for one in self.world.calls.values() if _late(one, now)]
        for severity in Severity:
            metrics.UNACKNOWLEDGED.labels(severity.name).set(late.count(severity))
        if now - self._forgot > FORGET_EVERY:
            self._forgot = now
            self.world.forget(now - timedelta(days=self._book.limits.look_back_days))

    async def _make(self, pages: Iterable[Page]) -> None:
        """Intents first. Of what the log gives us the sends begin at once, beside each other and beside the next decision."""
        pages = list(pages)
        expected = self.log.expect(pages)
        await self._write(pages)
        for left in await asyncio.gather(*expected):
            if left is None:
                continue
            if not left.channels:
                metrics.PAGES.labels(left.kind.value, "none", left.reason).inc()
            for name in left.channels:
                task = asyncio.create_task(self._send(left, name))
                self._sending.add(task)
                task.add_done_callback(self._ended)

    async def _write(self, said: Iterable[Page | PageResult]) -> None:
        """Until the broker has it: an intent that was written twice is the second one's loss, a result the same result."""
        records = [Record(PAGES.name, one.rota.encode(), one.model_dump_json().encode()) for one in said]
        while True:
            try:
                await self._outbox.send(records)
                return
            except KafkaError as error:
                log.warning("the pager waits for kafka (%s)", type(error).__name__)
                await asyncio.sleep(AGAIN_AFTER)

    async def _send(self, page: Page, channel: str) -> None:
        result = await self.tried(page, channel)
        metrics.PAGES.labels(page.kind.value, channel, result.result.value).inc()
        if result.result is PageEnd.DEAD_LETTER:
            log.error("page %s of %s is a dead letter on %s: %s", page.key, page.rota, channel, result.reason)
        await self._write([result])

    async def tried(self, page: Page, channel: str) -> PageResult:
        """Every try on one channel, as long as there is something to say."""
        limits, attempts, reason = self._book.limits, 0, ""
        while attempts < limits.attempts:
            await self.log.fresh()
            left = self.needed(page, datetime.now(UTC))
            if isinstance(left, Quiet):
                return _result(page, channel, PageEnd.NOT_NEEDED, attempts, left.value)
            attempts += 1
            try:
                await self._channels.send(left, channel)
            except ChannelError as error:
                reason = error.reason
                if not error.again:
                    break
            else:
                self._measure(left)
                return _result(page, channel, PageEnd.SENT, attempts, "")
            if attempts < limits.attempts:
                await asyncio.sleep(pause(limits.first_pause_seconds, attempts))
        return _result(page, channel, PageEnd.DEAD_LETTER, attempts, reason)

    def needed(self, page: Page, now: datetime) -> Page | Quiet:
        """The page with those of its alerts of which something may still be said; or why nothing may."""
        if now >= page.expires_at:
            return Quiet.EXPIRED
        if page.kind in {PageKind.FLOOD, PageKind.ENDED}:
            return page
        calls = self.world.calls
        reasons = {
            one: still(self.world, calls[one.alert_id], page.rota, now) if one.alert_id in calls else Quiet.EXPIRED
            for one in page.claims
        }
        left = tuple(one for one, why in reasons.items() if why is None)
        return page.model_copy(update={"claims": left}) if left else next(why for why in reasons.values() if why)

    def _measure(self, page: Page) -> None:
        calls = [self.world.calls[one.alert_id] for one in page.claims if one.alert_id in self.world.calls]
        if page.kind is PageKind.FIRST and calls:
            delay = datetime.now(UTC) - min(one.since for one in calls)
            metrics.PAGE_SECONDS.labels(page.severity.name).observe(max(0.0, delay.total_seconds()))

    async def resend(self, key: str) -> list[PageResult]:
        """Dead letters of one page, or of all (`key` empty), tried once more; what is over by now is not sent. `run` is not
        needed: the log is read here, and left.
        """
        reading = asyncio.create_task(self.log.run())
        try:
            await self.log.whole.wait()
            ledger = self.world.ledger
            letters = [(ledger.pages[name], channel) for name, channel in ledger.dead if key in {"", name}]
            results = [await self.tried(page, channel) for page, channel in letters]
            await self._write(results)
            return results
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await self._outbox.stop()


def pause(first: float, attempts: int) -> float:
    """Seconds until the next try: doubled each time, with jitter between half and all of it, so that retries spread."""
    return min(LONGEST_PAUSE, first * 2.0 ** (attempts - 1)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _late(one: Call, now: datetime) -> bool:
    by = one.acknowledge_by
    return by is not None and by < now < one.expires_at and one.state in OPEN_STATES and not one.answered


def _result(page: Page, channel: str, end: PageEnd, attempts: int, reason: str) -> PageResult:
    return PageResult(
        key=page.key,
        rota=page.rota,
        channel=channel,
        result=end,
        attempts=attempts,
        reason=reason,
        at=datetime.now(UTC),
    )
