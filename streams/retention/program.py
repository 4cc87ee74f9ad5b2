"""The program `suar retention serve`: once a day months are closed and what is too old is deleted, with its health beside it."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiokafka.errors import KafkaError

from schemas.topics import BY_NAME, STATISTICS
from streams import connection, metrics
from streams.admin import Admin, AdminError
from streams.probes import beside
from streams.retention import months
from streams.retention.cut import cut, note, old
from streams.retention.settings import RetentionSettings

TRIED_AGAIN = 60.0
"""Seconds between two attempts while Kafka is away."""
log = logging.getLogger(__name__)


@dataclass
class Done:
    """What one look did: the months that it counted, and the records that it deleted, by topic."""

    months: list[str] = field(default_factory=list)
    deleted: dict[str, int] = field(default_factory=dict)


def unheard(_what: str) -> None:
    """Progress that nobody wants to know."""


async def once(kafka: str, now: datetime, heard: Callable[[str], None] = unheard) -> Done:
    """Closes the months that ended, and only then deletes. What was done by the time it breaks off stays done, and it may be run again.

    Raises AdminError and aiokafka's errors.
    """
    done = Done()
    for month in await months.due(kafka, now):
        heard(f"counting {month.name}")
        if await months.close(kafka, month, now) is not None:
            await note(kafka, f"kept: numbers of {month.name}, nobody in fewer than three", STATISTICS.name)
            done.months.append(month.name)
    for found in await old(kafka, now):
        heard(f"deleting from {found.topic.name}")
        await cut(kafka, found)
        metrics.DELETED.labels(found.topic.name).inc(found.records)
        done.deleted[found.topic.name] = found.records
    return done


@dataclass
class Retention:
    """Looks at once and then every some hours."""

    settings: RetentionSettings
    looked: bool = False

    def state(self) -> Mapping[str, object]:
        """Ready when the last look was made."""
        return {"ready": self.looked}

    async def run(self) -> None:
        """Until it is cancelled. An outage of Kafka is waited for."""
        while True:
            try:
                done = await once(self.settings.kafka, datetime.now(UTC))
            except (KafkaError, AdminError, OSError) as error:
                self.looked = False
                log.warning("not made sure: %s; tried again in %.0f s", error or type(error).__name__, TRIED_AGAIN)
                await asyncio.sleep(TRIED_AGAIN)
                continue
            self.looked = True
            metrics.RETENTION_AT.set(time.time())
            log.info("months kept: %s; records deleted: %s", done.months or "none", done.deleted or "none")
            await asyncio.sleep(timedelta(hours=self.settings.retention_hours).total_seconds())


async def serve(settings: RetentionSettings) -> None:
    """Runs until a signal. Raises AdminError when the topics are not as they must be."""
    connection.mend()
    async with Admin(settings.kafka) as admin:
        differences = await admin.check(BY_NAME.values())
    if differences:
        raise AdminError(f"{differences[0]}: run `suar topics check`, then `suar topics create`")
    retention = Retention(settings)
    await beside(retention.run(), retention.state, settings.retention_host, settings.retention_port)
