"""What becomes too old on a real broker: numbers of its month stay, records go, and the audit log says so."""

import asyncio
import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from agents.indicators import CLOSES, Month
from schemas.audit import Look
from schemas.topics import AGENCY_DAYS, ALERT_DAYS, ALERTS, AUDIT, FACTS, REJECTED, SCREENING_DAYS, SCREENINGS
from streams.backup.put import AT
from streams.produce import Record
from streams.publish import heartbeats, record_of
from streams.retention import months, program
from streams.retention.cut import old
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.drills.workers import Worker, until

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def people(suar: Installation) -> list[Traveller]:
    """Four who were alerted about, all this month."""
    known = [Traveller() for _ in range(4)]
    worker = suar.ready_worker()
    suar.publish(heartbeats(datetime.now(UTC) + timedelta(minutes=1)))
    suar.publish(record_of(event) for who in known for event in (who.issued(), who.attempted()))
    suar.settle()
    worker.stop()
    return known


def _month(people: list[Traveller]) -> Month:
    return Month.of(f"{people[0].now:%Y-%m}")


def _looks(suar: Installation) -> list[Look]:
    found = [msgspec.json.decode(one.value or b"", type=Look) for one in suar.read(AUDIT)]
    return [one for one in found if one.who == "suar-retention"]


def _once(suar: Installation, now: datetime) -> program.Done:
    return asyncio.run(program.once(suar.local.kafka.address, now))


def test_nothing_is_old_yet(suar: Installation, people: list[Traveller]) -> None:
    before = len(suar.read(ALERTS))
    done = suar.cli("retention", "run")
    assert done.exit_code == 0, done.output
    assert "nothing is too old" in done.output
    assert before == len(suar.read(ALERTS)) >= len(people)
    shown = suar.cli("retention", "show")
    assert shown.exit_code == 0, shown.output
    assert "months whose numbers stay: none yet" in shown.output


def test_what_is_kept_too_long_is_told(
    suar: Installation, people: list[Traveller], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = datetime.now(UTC) + AGENCY_DAYS + timedelta(minutes=1)
    late = asyncio.run(old(suar.local.kafka.address, later))
    assert "simkim.passports" in {one.topic.name for one in late}
    assert REJECTED.name not in {one.topic.name for one in late}

    class Later(datetime):
        @classmethod
        def now(cls, _tz: object = None) -> "Later":  # type: ignore[override]
            return cls.fromtimestamp(later.timestamp(), UTC)

    monkeypatch.setattr("streams.commands.retention.datetime", Later)
    shown = suar.cli("retention", "show")
    assert shown.exit_code == 2
    assert "run `suar retention run`" in shown.output


def test_a_month_is_counted_once_it_is_over(suar: Installation, people: list[Traveller]) -> None:
    kafka, month = suar.local.kafka.address, _month(people)
    early, late = month.until + CLOSES - timedelta(seconds=1), month.until + CLOSES
    assert _once(suar, early).months == []
    assert _once(suar, late).months == [month.name]
    assert _once(suar, late).months == [], "once"
    [kept] = asyncio.run(months.closed(kafka)).values()
    assert kept.whole
    [screened] = [table for table in kept.tables if table.code == "departures_screened"]
    assert dict(zip(screened.columns, screened.rows[-1], strict=True))["ALERT"] == len(people)
    [look] = [one for one in _looks(suar) if "numbers" in one.what]
    assert look.what == f"retention: kept: numbers of {month.name}, nobody in fewer than three"


def test_what_is_too_old_goes_and_is_noted(suar: Installation, people: list[Traveller], tmp_path: Path) -> None:
    """By topic at its own time; nothing of anybody is in what stays of alerts, and the month's pack can still be made."""
    now = datetime.now(UTC)
    said = {topic.name: len(suar.read(topic)) for topic in (ALERTS, SCREENINGS, FACTS)}
    done = _once(suar, now + SCREENING_DAYS + timedelta(minutes=1))
    assert done.deleted[SCREENINGS.name] == said[SCREENINGS.name]
    assert not {ALERTS.name, FACTS.name, AUDIT.name} & set(done.deleted)
    assert suar.read(SCREENINGS) == []

    done = _once(suar, now + ALERT_DAYS + timedelta(minutes=1))
    assert done.deleted[ALERTS.name] == said[ALERTS.name]
    assert suar.read(ALERTS) == []
    assert len(suar.read(FACTS)) == said[FACTS.name]
    told = {one.ids[0]: one.what for one in _looks(suar) if "deleted" in one.what}
    assert told[ALERTS.name].startswith(f"retention: deleted: {said[ALERTS.name]} records up to 20")

    month = _month(people).name
    made = suar.cli("report", "monthly", "--month", month, "--out", str(tmp_path))
    assert made.exit_code == 0, made.output
    [head, *rows] = csv.reader((tmp_path / f"{month}-departures_screened.csv").read_text().splitlines())
    assert dict(zip(head, rows[-1], strict=True))["screened"] == str(len(people))


def test_a_restored_record_is_as_old_as_it_was(suar: Installation, people: list[Traveller]) -> None:
    """One that came back from a backup does not begin a second life; whoever stands behind it stays."""
    now, key = datetime.now(UTC), people[0].crossing.encode()
    begun = datetime.now(UTC) - ALERT_DAYS - timedelta(days=2)
    header = ((AT, str(int(begun.timestamp() * 1000)).encode()),)
    suar.publish([Record(ALERTS.name, key, b"{}", 0, header), Record(ALERTS.name, key, b"{}", 0)])
    [found] = asyncio.run(old(suar.local.kafka.address, now))
    assert (found.topic, found.records) == (ALERTS, 1)
    assert _once(suar, now).deleted == {ALERTS.name: 1}
    assert len(suar.read(ALERTS)) == 1


def test_the_program_looks_by_itself(suar: Installation) -> None:
    """It answers probes, and says when it last made sure."""
    served = Worker("retention", suar.folder, suar.environment, command="retention serve")
    suar.workers.append(served)
    served.start()
    until(lambda: served.ready, "it looked")
    page = served.ask("/metrics") or b""
    assert b"\nsuar_retention_timestamp_seconds 1" in page
    served.stop()
