"""A terminal without a screen, with a clock that the test moves."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from streams.counter import settings as settings_of
from streams.counter.counter import Counter
from streams.counter.gateway import AwayError, Gateway
from streams.counter.outbox import Outbox, attempt
from streams.counter.seal import Seal
from streams.counter.seen import SeenAnswer
from streams.counter.store import Store
from tests.feed.counter_line import CODE, PASSPORT, START, Line

KEY = "counter-key-of-nobody-counter-key-of-nobody"


@dataclass
class Clock:
    """Stands still until the test moves it."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **length: float) -> None:
        self.at += timedelta(**length)


@dataclass
class Terminal:
    """A counter with its store, its line and its clock."""

    counter: Counter
    outbox: Outbox
    clock: Clock
    line: Line | None = None
    _task: "asyncio.Task[None] | None" = None

    @property
    def wire(self) -> Line:
        """Between it and the gateway."""
        assert self.line is not None
        return self.line

    @property
    def store(self) -> Store:
        return self.counter.store

    async def until(self, effect: Callable[[], object], what: str) -> None:
        async with asyncio.timeout(150):
            while not effect():
                if self._task is not None and self._task.done():
                    self._task.result()
                await asyncio.sleep(0.01)
        assert effect(), what

    def work(self) -> None:
        self._task = asyncio.create_task(self.counter.run(self.outbox))

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.counter.gateway.close()
        self.store.close()

    async def present(self, crossing: str, **data: Any) -> SeenAnswer | None:
        """A traveller at the counter; None when nobody answers."""
        given = {"passport_no": PASSPORT, "lane": "COUNTER", "crossing_id": crossing, **data}
        try:
            return await self.counter.attempt(self.outbox, attempt(json.dumps(given), CODE, self.clock()))
        except AwayError:
            return None

    def changes(self) -> dict[str, int]:
        return {row["alert_id"]: row["changes"] for row in self.store.sql.execute("SELECT * FROM alerts")}


def made(folder: Path, url: str, token: str, clock: Clock, **settings: Any) -> Terminal:
    """A terminal that does not work yet."""
    usual = {"retry_seconds": 0.01, "retry_most_seconds": 0.05, "silent_seconds": 5, "store": folder / "s.sqlite3"}
    config = settings_of.load(**{"code": CODE, "url": url, "token": token, "key": KEY, **usual, **settings})
    store = Store(config.file, config.passed_after)
    return Terminal(Counter(config, store, Gateway(config), now=clock), Outbox(store, Seal(KEY.encode())), clock)
