"""For operators: a worker."""

import asyncio
from typing import Annotated

import mode.loop
import typer

from streams import worker as workers
from streams.announce import refuse_changed
from streams.commands.terminal import configured, in_force, run


def worker(level: Annotated[str, typer.Option(help="Least level that is logged")] = "INFO") -> None:
    """Run a worker. More workers share the partitions.

    Exits with 2 when it must not start, 3 when it stands still, 4 when a topic is poisoned.

    Example: SUAR_WEB_PORT=16067 suar worker
    """
    mode.loop.use("uvloop")
    config = configured()
    policy = in_force(config.policy)
    run(workers.refuse_wrong_topics(config))
    run(refuse_changed(config.kafka, policy))
    asyncio.set_event_loop(None)
    workers.run(config, policy, level)
