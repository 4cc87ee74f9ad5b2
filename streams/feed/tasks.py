"""Tasks that run as long as the gateway does: one that ends by a bug ends the program, so that it is started again."""

import asyncio
import logging
import os
from collections.abc import Coroutine
from typing import Any

from streams.health import EXIT_CRASHED

log = logging.getLogger("suar")


def begun(work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
    """Starts it. A gateway without it would seem well and say nothing."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_must_not_end)
    return task


async def ended(task: "asyncio.Task[None]") -> None:
    """Ends it and waits for that."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _must_not_end(task: "asyncio.Task[None]") -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.critical("the gateway stops: its task %s ended", task.get_name(), exc_info=error)
        os._exit(EXIT_CRASHED)
