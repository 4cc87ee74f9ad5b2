"""Months that ended: counted once and kept, so that alerts and answers may go and their numbers stay."""

from datetime import datetime, timedelta

import msgspec

from agents.indicators import Closed, Month, closing
from schemas.topics import ALERT_DAYS, ALERTS, SCREENING_DAYS, SCREENINGS, STATISTICS
from streams.produce import Outbox, Record
from streams.reading import everything, looking
from streams.reports.monthly import counted

_CLOSED = msgspec.json.Decoder(Closed)


async def closed(kafka: str) -> dict[str, Closed]:
    """The months that are kept, by name (`2026-11`). Raises aiokafka's errors."""
    found: dict[str, Closed] = {}
    async for record in everything(kafka, STATISTICS.name):
        if record.value is not None:
            one = _CLOSED.decode(record.value)
            found[one.month] = one
    return found


async def due(kafka: str, now: datetime) -> list[Month]:
    """Months that must be counted before anything of them is deleted, oldest first."""
    since = await _first(kafka)
    return [] if since is None else closing(now, max(since, now - ALERT_DAYS), await closed(kafka))


async def close(kafka: str, month: Month, now: datetime) -> Closed | None:
    """Counts a month and keeps it; None when nothing happened in it. Returns when the broker has it. Raises aiokafka's errors."""
    found, tables = await counted(kafka, month)
    if found.empty:
        return None
    one = Closed(month.name, now, now - SCREENING_DAYS <= month.since, tables)
    outbox = Outbox(kafka)
    try:
        await outbox.send([Record(STATISTICS.name, month.name.encode(), msgspec.json.encode(one), 0)])
    finally:
        await outbox.stop()
    return one


async def _first(kafka: str) -> datetime | None:
    """When the oldest alert or answer that is left was appended, UTC; None when there is none."""
    oldest: list[datetime] = []
    for topic in (ALERTS, SCREENINGS):
        async with looking(kafka, topic.name) as consumer:
            places = list(consumer.assignment())
            for place in (await consumer.offsets_for_times(dict.fromkeys(places, 0))).values():
                if place is not None:
                    oldest.append(_EPOCH + timedelta(milliseconds=place.timestamp))
    return min(oldest, default=None)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
