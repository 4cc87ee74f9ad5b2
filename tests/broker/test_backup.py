"""Everything backed up, the broker and Redis emptied, everything restored: the same alerts stand, and nobody is called again."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from schemas.alerts import Alert, Severity
from schemas.envelope import System
from schemas.paging import Matchers, Silence
from schemas.topics import (
    ALERTS,
    AREAS,
    AUDIT,
    CORRECTIONS,
    DESK,
    FACTS,
    PAGES,
    POLICY,
    SCREENINGS,
    SEALS,
    STATISTICS,
    Topic,
)
from streams.audit import signing
from streams.backup.files import read_manifest
from streams.paging import desk as silences
from streams.produce import Record
from streams.publish import envelope, heartbeats, record_of
from streams.settings import ROOT
from tests.broker.installation import Installation
from tests.broker.people import Event, Traveller
from tests.broker.test_seals import looks, sealed, sealer
from tests.drills.workers import until
from tests.feed.pagers import Desk, desk

pytestmark = pytest.mark.broker

BACK = (ALERTS, SCREENINGS, FACTS, AUDIT, POLICY, PAGES, DESK, AREAS, CORRECTIONS, STATISTICS)
"""What a restore puts back."""


@dataclass
class Before:
    """An installation with something on every topic, its backup, and how everything stood."""

    room: Desk
    folder: Path
    key: Path
    who: dict[str, Traveller]
    logs: dict[str, list[tuple[int, bytes | None, bytes | None]]]
    times: dict[str, list[int]]
    alerts: dict[str, dict[str, Any]]
    open: set[str]
    told: str


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("seal") / "seal.pem"
    signing.make(file)
    return file


@pytest.fixture(scope="module")
def before(suar: Installation, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Before]:
    """Three alerts: one that nobody answered yet, one taken, one cleared; all were paged."""
    with desk(suar, group_seconds=0.2, group_at_most_seconds=1) as room:
        who = {name: Traveller() for name in ("unanswered", "taken", "cleared")}
        _published(suar)
        worker = suar.ready_worker()
        suar.publish(heartbeats(datetime.now(UTC)))
        _tell(suar, *(one.issued() for one in who.values()))
        pager = room.pager()
        _tell(suar, *(one.attempted() for one in who.values()))
        until(lambda: all(room.receiver.first(one.alert_id) for one in who.values()), "all are called about")
        alerts = _alerts(suar)
        _tell(suar, _did(alerts[who["taken"].alert_id], "alert_taken"))
        _tell(suar, _did(alerts[who["cleared"].alert_id], "outcome_recorded", outcome="CLEARED"))
        suar.publish(
            [
                silences.record_of(_silence()),
                Record(CORRECTIONS.name, b"c-1", b"{}", 0),
                Record(STATISTICS.name, b"2026-10", b"{}", 0),
            ]
        )
        with sealer(suar, key):
            suar.publish(looks(*(one.alert_id for one in who.values())))
            until(lambda: sealed(suar) == 3, "the looks are sealed")
        until(lambda: len(room.pages()[0]) == len(room.pages()[1]) > 0, "every page has its result")
        pager.stop()
        worker.stop()
        folder = tmp_path_factory.mktemp("kept") / "backup"
        done = suar.cli("backup", str(folder), "--facts")
        assert done.exit_code == 0, done.output
        kept = (*BACK, SEALS)
        yield Before(
            room,
            folder,
            key,
            who,
            {topic.name: _records(suar, topic) for topic in kept},
            {topic.name: _times(suar, topic) for topic in kept},
            {name: one.model_dump() for name, one in _alerts(suar).items()},
            suar.open("SUPERVISOR:A-CGK"),
            done.output,
        )


def _published(suar: Installation) -> None:
    file = str(ROOT / "deploy" / "policy" / "2026-11.toml")
    done = suar.cli("policy", "publish", file)
    assert done.exit_code == 0, done.output


def _tell(suar: Installation, *events: Event) -> None:
    suar.publish([record_of(event) for event in events])
    suar.settle()


def _did(alert: Alert, kind: str, **data: str) -> Event:
    about = {
        "alert_id": alert.alert_id,
        "subject": alert.subject,
        "trigger_id": alert.trigger_id,
        "revision_seen": alert.revision,
        "via": "A-CGK",
        "by": "PENYELIA-7",
    }
    return envelope(System.CHECKPOINT, kind, name=f"{kind}-{uuid4().hex}", time=datetime.now(UTC), data=about | data)


def _silence() -> Silence:
    now = datetime.now(UTC)
    return Silence(
        id=uuid4().hex,
        matchers=Matchers(checkpoint="A-DPS"),
        comment="Contoh",
        by="PENYELIA-7",
        at=now,
        until=now + timedelta(hours=1),
    )


def _records(suar: Installation, topic: Topic) -> list[tuple[int, bytes | None, bytes | None]]:
    return sorted(
        ((one.partition, one.key, one.value) for one in suar.read(topic)), key=lambda found: found[0]
    )  # stable: in each partition as they stand there


def _times(suar: Installation, topic: Topic) -> list[int]:
    """The first time of each record: what its header says, or else the broker."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for one in suar.read(topic):
        found[one.partition].append(int(dict(one.headers).get("suar-at", one.timestamp)))
    return [at for number in sorted(found) for at in found[number]]


def _alerts(suar: Installation) -> dict[str, Alert]:
    """The newest revision of each."""
    found: dict[str, Alert] = {}
    for record in suar.read(ALERTS):
        one = Alert.model_validate_json(record.value or b"")
        if one.alert_id not in found or one.revision >= found[one.alert_id].revision:
            found[one.alert_id] = one
    return found


def _empty(suar: Installation) -> None:
    """A new broker and a new Redis; what groups remembered of topics that are gone, the broker forgets."""
    suar.reset()
    until(lambda: not asyncio.run(_remembered(suar)), "the group's offsets are gone")


async def _remembered(suar: Installation) -> object:
    client = AIOKafkaAdminClient(bootstrap_servers=suar.local.kafka.address)
    await client.start()
    try:
        return await client.list_consumer_group_offsets(f"{suar.namespace}-react-{FACTS.name}")
    finally:
        await client.close()


def test_a_backup_names_its_records_and_holds_no_number(before: Before) -> None:
    manifest = read_manifest(before.folder)
    assert {topic: sum(part.records for part in manifest.of(topic)) for topic in manifest.topics} == {
        topic: len(records) for topic, records in before.logs.items()
    }
    assert all(before.logs[topic.name] for topic in (FACTS, AUDIT, SEALS, POLICY, PAGES, DESK, CORRECTIONS, STATISTICS))
    assert before.folder.stat().st_mode & 0o077 == 0
    text = b"".join(value or b"" for records in before.logs.values() for _, _, value in records)
    assert [one for one in before.who.values() if any(secret in text for secret in one.secrets)] == []


def test_a_folder_that_exists_is_left_alone(before: Before) -> None:
    done = before.room.suar.cli("backup", str(before.folder))
    assert done.exit_code == 2
    assert "exists" in done.output
    assert sorted(path.name for path in before.folder.parent.iterdir()) == ["backup"]


def test_what_holds_anything_is_not_restored_into(before: Before) -> None:
    done = before.room.suar.cli("restore", str(before.folder))
    assert done.exit_code == 2, done.output
    assert "is not empty" in done.output
    assert {topic.name: _records(before.room.suar, topic) for topic in (*BACK, SEALS)} == before.logs


def test_everything_lost_and_restored_stands_as_before_and_nobody_is_called_again(before: Before) -> None:
    room, suar = before.room, before.room.suar
    _empty(suar)
    called = len(room.receiver.heard)
    done = suar.cli("restore", str(before.folder))
    assert done.exit_code == 0, done.output
    assert {topic.name: _records(suar, topic) for topic in BACK} == {one.name: before.logs[one.name] for one in BACK}
    assert {topic.name: _times(suar, topic) for topic in BACK} == {one.name: before.times[one.name] for one in BACK}
    assert suar.read(SEALS) == []

    pager = room.pager()  # before the workers: it needs none of them to know how every alert stands
    said = suar.ends((ALERTS, SCREENINGS, AREAS))
    worker = suar.ready_worker()
    suar.settle()
    assert suar.ends((ALERTS, SCREENINGS, AREAS)) == said, "workers say nothing twice"
    assert {name: one.model_dump() for name, one in _alerts(suar).items()} == before.alerts
    assert suar.open("SUPERVISOR:A-CGK") == before.open
    assert before.who["unanswered"].alert_id in before.open

    new = Traveller()
    suar.publish(heartbeats(datetime.now(UTC)))
    _tell(suar, new.issued())
    _tell(suar, new.attempted())
    until(lambda: room.receiver.first(new.alert_id), "somebody is called about a new alert")
    again = [one for one in room.receiver.heard[called:] if one.alerts != [new.alert_id]]
    assert [(one.body["kind"], one.body["alerts"]) for one in again] == []
    assert _alerts(suar)[new.alert_id].severity >= Severity.HIGH
    pager.stop()
    worker.stop()


def test_the_restored_audit_log_is_sealed_anew_and_the_old_seals_hold_for_the_backup(before: Before) -> None:
    suar, public = before.room.suar, str(before.key.with_suffix(".pub"))
    with sealer(suar, before.key):
        until(lambda: sealed(suar) == 3, "the restored looks are sealed")
    for words in (("audit", "verify"), ("audit", "verify", "--backup", str(before.folder))):
        done = suar.cli(*words, SUAR_AUDIT_PUBLIC=public)
        assert done.exit_code == 0, done.output
        assert "3 records compared, 0 of them younger" in done.output


def test_a_file_that_was_changed_is_not_restored(before: Before) -> None:
    suar = before.room.suar
    _empty(suar)
    file = before.folder / read_manifest(before.folder).of(FACTS.name)[0].file
    whole = file.read_bytes()
    try:
        file.write_bytes(whole + b"\0")
        done = suar.cli("restore", str(before.folder))
    finally:
        file.write_bytes(whole)
    assert done.exit_code == 2
    assert "is not the file that was written" in done.output
    assert [one for topic in BACK for one in suar.read(topic)] == []


def test_facts_are_not_restored_beside_dossiers_of_another_log(before: Before) -> None:
    suar = before.room.suar
    _empty(suar)
    name = f"{suar.namespace}:{{{FACTS.name}:0}}:next"
    suar.redis.set(name, 7)
    done = suar.cli("restore", str(before.folder))
    assert done.exit_code == 2
    assert "suar rebuild" in done.output
    assert suar.read(FACTS) == []


def test_without_facts_the_rest_is_kept(before: Before, tmp_path: Path) -> None:
    """A record that was restored keeps its first time when it is kept and restored again."""
    suar = before.room.suar
    _empty(suar)
    first, second = Record(AUDIT.name, b"a", b"{}", 3, (("suar-at", b"1000"),)), Record(AUDIT.name, b"a", None, 3)
    suar.publish([first, second])
    done = suar.cli("backup", str(tmp_path / "some"))
    assert done.exit_code == 0, done.output
    assert FACTS.name not in read_manifest(tmp_path / "some").topics
    _empty(suar)
    done = suar.cli("restore", str(tmp_path / "some"))
    assert done.exit_code == 0, done.output
    got = suar.read(AUDIT)
    assert [(one.partition, one.key, one.value) for one in got] == [(3, b"a", b"{}"), (3, b"a", None)]
    assert dict(got[0].headers)["suar-at"] == b"1000"
    assert int(dict(got[1].headers)["suar-at"]) > 1000
    assert msgspec.json.decode((tmp_path / "some" / "manifest.json").read_bytes())["format"] == 1
