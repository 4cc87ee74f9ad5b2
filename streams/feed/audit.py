"""Audit: every look at somebody's data, and every command, becomes a record on `suar.audit` (UU 27/2022 Art. 31, 5 years).

It never delays an answer: records wait in a bounded queue and go out together. While Kafka is away they wait; beyond the
bound the oldest are given up and counted. How many wait, and how many were given up, are metrics.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Final
from uuid import uuid4

import msgspec
from aiokafka.errors import KafkaError
from starlette.requests import HTTPConnection

from schemas.audit import Look
from schemas.topics import AUDIT
from streams import metrics
from streams.feed.callers import Caller
from streams.produce import Outbox, Record

MOST_WAITING: Final = 100_000
AT_ONCE: Final = 500
IDS_IN_ONE: Final = 200
"""A page of alerts is one look at many people; longer ones become several records."""
TRIED_AGAIN: Final = 1.0
"""Seconds between two attempts while Kafka is away."""
FLUSHED_WITHIN: Final = 5.0
"""Seconds that a gateway waits for its last records when it stops."""


class Audit:
    """Takes looks at once and sends them in the background."""

    def __init__(self, outbox: Outbox, *, most: int = MOST_WAITING) -> None:
        self._outbox, self._most = outbox, most
        self._waiting: deque[Record] = deque()
        self._sending: list[Record] = []
        self._more, self._empty = asyncio.Event(), asyncio.Event()
        self._empty.set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to send."""
        self._task = asyncio.create_task(self._run(), name="audit")

    async def stop(self) -> None:
        """Sends what waits, for a few seconds at most."""
        if self._task is None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), FLUSHED_WITHIN)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    @property
    def unsent(self) -> int:
        """Records that wait for Kafka."""
        return len(self._waiting) + len(self._sending)

    def saw(self, caller: Caller, what: str, ids: Iterable[str], request: HTTPConnection) -> None:
        """Notes that this caller saw these, or did this with them; `what` is a short code such as `alert` or `take`.

        Nothing was seen when there are no ids, and nothing is noted.
        """
        self._waiting.extend(_records(caller, what, ids, request))
        while self._waiting and self.unsent > self._most:
            self._waiting.popleft()
            metrics.AUDIT_LOST.inc()
        metrics.AUDIT_UNSENT.set(self.unsent)
        if self.unsent:
            self._empty.clear()
            self._more.set()

    async def certainly(self, caller: Caller, what: str, ids: Iterable[str], request: HTTPConnection) -> None:
        """As `saw`, and returns when the log has it. Raises aiokafka's errors: then it must not be shown."""
        await self._outbox.send(_records(caller, what, ids, request))

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self.unsent:
                await self._some()
            self._empty.set()

    async def _some(self) -> None:
        """Records leave when the broker has them; sent twice is better than lost."""
        while self._waiting and len(self._sending) < AT_ONCE:
            self._sending.append(self._waiting.popleft())
        try:
            await self._outbox.send(self._sending)
        except (KafkaError, OSError):
            await asyncio.sleep(TRIED_AGAIN)
            return
        self._sending = []
        metrics.AUDIT_UNSENT.set(self.unsent)


def _records(caller: Caller, what: str, ids: Iterable[str], request: HTTPConnection) -> list[Record]:
    address = request.client.host if request.client else ""
    number = str(request.scope.get("state", {}).get("request_id", "")) or uuid4().hex
    now = datetime.now(UTC)
    rest, records = iter(ids), list[Record]()
    while some := tuple(islice(rest, IDS_IN_ONE)):
        look = Look(now, caller.name, caller.kind, caller.roles, what, some, address, number)
        records.append(Record(AUDIT.name, some[0].encode(), msgspec.json.encode(look)))
    return records
