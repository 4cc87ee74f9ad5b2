"""The monthly pack: read from the logs, written as one page and one CSV file for each indicator."""

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import msgspec
from pydantic import ValidationError

from agents.indicators import COUNTED, Indicators, Month, Table, origins
from schemas.alerts import Alert, Screening
from schemas.areas import AreaLevel
from schemas.facts import Fact, decode
from schemas.topics import ALERTS, FACTS, SCREENINGS
from streams import areas
from streams.reading import everything, log_sizes
from streams.reports.page import page, shown

_TELLING = tuple(f'"kind":"{kind}"'.encode() for kind in sorted(COUNTED))

Progress = Callable[[int, int], None]


async def counted(
    kafka: str, month: Month, progress: Progress = lambda _done, _of: None
) -> tuple[Indicators, tuple[Table, ...]]:
    """Every indicator of a month, counted from the logs, and the districts' as they stand now. Raises aiokafka's errors."""
    found = Indicators(month)
    total, done = sum((await log_sizes(kafka, FACTS.name, ALERTS.name, SCREENINGS.name)).values()), 0
    async for record in everything(kafka, FACTS.name, ALERTS.name, SCREENINGS.name):
        done += 1
        progress(done, total)
        if record.value is None:
            continue
        try:
            _take(found, record.topic, record.key or b"", record.value)
        except (ValidationError, msgspec.DecodeError):
            continue  # somebody else wrote there; workers count it
    rows = areas.rows(areas.newest(await areas.published(kafka)))
    listed = origins(
        (
            row.area,
            {one.value: row.people(one) for one in row.counts},
            {one.value: row.rate(one) for one in row.counts},
        )
        for row in rows
        if row.level is AreaLevel.KABUPATEN
    )
    return found, (*found.tables(), listed)


def _take(found: Indicators, topic: str, key: bytes, value: bytes) -> None:
    if topic == ALERTS.name:
        found.alert(Alert.model_validate_json(value))
    elif topic == SCREENINGS.name:
        found.screening(Screening.model_validate_json(value))
    elif b'"retracts"' in value or b'"supersedes"' in value or any(kind in value for kind in _TELLING):
        fact: Fact = decode(value)
        found.fact(key.decode(), fact)


def write(folder: Path, month: Month, tables: Sequence[Table]) -> list[Path]:
    """`indicators-2026-11.html`, and `2026-11-departures_screened.csv` and so on. Raises OSError."""
    name = f"{month.since:%Y-%m}"
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"indicators-{name}.html"]
    made[0].write_text(page(month, tables, datetime.now(UTC)), encoding="utf-8")
    for table in tables:
        made.append(folder / f"{name}-{table.code}.csv")
        made[-1].write_text(as_csv(table), encoding="utf-8")
    return made


def as_csv(table: Table) -> str:
    """RFC 4180, with a header line."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(table.columns)
    writer.writerows([[shown(cell) for cell in row] for row in table.rows])
    return out.getvalue()
