"""aiokafka's connection, mended and paced.

A cut connection is an outage. aiokafka expects OSError of a write on one; uvloop raises RuntimeError, and aiokafka's
fetcher, sender and coordinator end for good, while the worker seems well (aio-libs/aiokafka#1038, open in 0.14.0).
"""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

from aiokafka import conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.fetch import FetchRequest

PACE = 0.003
"""Seconds from one fetch to the next on a connection. A busy topic answers each at once with a record or two, and a fetch
costs as much as the thought about ten records; on a topic that makes a fetch wait for longer this changes nothing.
"""
BEGINS_WITHIN = 2.0


class Connection(conn.AIOKafkaConnection):  # type: ignore[misc]  # aiokafka is untyped
    """aiokafka's own, with that error translated and fetches held to a pace."""

    _fetched_at = 0.0

    def send(self, request: Any, expect_response: bool = True) -> Any:
        """Raises KafkaConnectionError when the transport is closed already."""
        if isinstance(request, FetchRequest):
            now = time.monotonic()
            early = self._fetched_at + PACE - now
            self._fetched_at = now + max(early, 0.0)
            if early > 0:
                return self._send_later(early, request)
        return self._send(request, expect_response)

    async def _send_later(self, seconds: float, request: Any) -> Any:
        await asyncio.sleep(seconds)
        return await self._send(request, expect_response=True)

    def _send(self, request: Any, expect_response: bool) -> Awaitable[Any]:
        try:
            answer: Awaitable[Any] = super().send(request, expect_response)
        except RuntimeError as error:
            self.close(reason=conn.CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"connection to {self.host}:{self.port} is closed") from error
        return answer


async def begin(client: Any) -> None:
    """Starts a consumer or a producer. Whoever is ended meanwhile waits a moment for its connection: aiokafka closes none
    that is still being made.
    """
    starting = asyncio.ensure_future(client.start())
    try:
        await asyncio.shield(starting)
    except BaseException:
        await asyncio.wait([starting], timeout=BEGINS_WITHIN)
        if starting.done() and not starting.cancelled():
            starting.exception()
        raise


def mend() -> None:
    """From now on every client of this process connects with it."""
    conn.AIOKafkaConnection = Connection
