"""An installation that goes from 12 partitions to 24: everybody is who they were, nothing is said twice, and work goes on."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents import dossier as dossiers
from agents.dossier import Dossier
from schemas.alerts import Alert
from schemas.topics import AGENCY_TOPICS, ALERTS, AREAS, FACTS, IDENTITIES, SCREENINGS, TOPICS
from streams import policy as policies
from streams.admin import Admin
from streams.backup import grow as growing
from streams.backup.files import BackupError
from streams.produce import partition_of
from streams.publish import heartbeats, record_of
from streams.settings import ROOT
from streams.store import place
from tests.broker.installation import Installation
from tests.broker.people import Event, Traveller

FEED = "SUPERVISOR:A-CGK"
MORE = "24"


@dataclass
class Small:
    """An installation with 12 partitions that was stopped and backed up; one attempt waits in an agency's topic."""

    suar: Installation
    folder: Path
    known: list[Traveller]
    waiting: Traveller
    dossiers: dict[str, Dossier]
    open: set[str]
    said: dict[str, int]
    identities: dict[bytes, bytes]


@pytest.fixture(scope="module")
def small(suar: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    done = suar.cli("policy", "publish", str(ROOT / "deploy" / "policy" / "2026-11.toml"))
    assert done.exit_code == 0, done.output
    worker = suar.ready_worker()
    suar.publish(heartbeats(datetime.now(UTC)))
    known, waiting = [Traveller() for _ in range(40)], Traveller()
    _tell(suar, *(event for who in known for event in (who.applied(), who.issued())), waiting.issued())
    _tell(suar, *(who.attempted() for who in known))
    worker.stop()
    suar.publish([record_of(waiting.attempted())])
    folder = tmp_path_factory.mktemp("kept") / "small"
    done = suar.cli("backup", str(folder), "--facts", "--identities")
    assert done.exit_code == 0, done.output
    yield Small(suar, folder, known, waiting, _dossiers(suar, 12), suar.open(FEED), _said(suar), _identities(suar, 12))
    suar.reset()


def _tell(suar: Installation, *events: Event) -> None:
    suar.publish([record_of(event) for event in events])
    suar.settle()


def _said(suar: Installation) -> dict[str, int]:
    return {topic.name: len(suar.read(topic)) for topic in (ALERTS, SCREENINGS, AREAS)}


def _blobs(suar: Installation, topic: str, letter: str, partitions: int) -> Iterator[tuple[bytes, int, bytes]]:
    for number in range(partitions):
        prefix = f"{place(suar.namespace, topic, number)}{letter}:".encode()
        for key in suar.redis.scan_iter(prefix.replace(b"{", b"[{]").replace(b"}", b"[}]") + b"*", count=1000):
            blob = suar.redis.get(key)
            assert blob is not None
            yield key.removeprefix(prefix), number, blob


def _dossiers(suar: Installation, partitions: int) -> dict[str, Dossier]:
    """Of everybody, each where the hash of the name says."""
    found = {}
    for name, number, blob in _blobs(suar, FACTS.name, "d", partitions):
        assert number == partition_of(name, partitions)
        found[name.decode()] = dossiers.decode(blob)
    return found


def _identities(suar: Installation, partitions: int) -> dict[bytes, bytes]:
    return {name: blob for name, _, blob in _blobs(suar, IDENTITIES.name, "i", partitions)}


def _grow(small: Small, partitions: str = MORE) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUAR_PARTITIONS", partitions)
        done = small.suar.cli("topics", "grow", str(small.folder), "--yes")
    return done.exit_code, done.output


def _counts(suar: Installation) -> set[int]:
    async def laid_out() -> dict[str, tuple[int, int]]:
        async with Admin(suar.local.kafka.address) as admin:
            return await admin.laid_out([topic for topic in TOPICS if topic.partitions > 1])

    return {partitions for partitions, _ in asyncio.run(laid_out()).values()}


@pytest.mark.parametrize(
    ("partitions", "said"),
    [("18", "multiple of 12"), ("12", "set SUAR_PARTITIONS to a multiple"), ("many", "SUAR_PARTITIONS")],
)
def test_another_number_is_refused(small: Small, partitions: str, said: str) -> None:
    code, output = _grow(small, partitions)
    assert code == 2
    assert said in output
    assert _counts(small.suar) == {12}


def test_a_backup_without_identities_is_refused(small: Small, tmp_path: Path) -> None:
    done = small.suar.cli("backup", str(tmp_path / "less"), "--facts")
    assert done.exit_code == 0, done.output
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUAR_PARTITIONS", MORE)
        refused = small.suar.cli("topics", "grow", str(tmp_path / "less"), "--yes")
    assert refused.exit_code == 2
    assert "--facts --identities" in refused.output


def test_nothing_may_run_or_have_gone_on(small: Small) -> None:
    worker = small.suar.ready_worker()
    code, output = _grow(small)
    assert code == 2
    assert "workers run: stop" in output
    small.suar.settle()
    worker.stop()
    code, output = _grow(small)
    assert (code, "went on since the backup" in output) == (2, True), output
    (small.folder / growing.UNDER_WAY).touch()
    code, output = _grow(small)
    assert (code, "went on since an attempt broke off" in output) == (2, True), output
    assert _counts(small.suar) == {12}


def test_it_grows_and_everybody_is_who_they_were(small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suar = small.suar
    small.folder = tmp_path / "now"
    assert suar.cli("backup", str(small.folder), "--facts", "--identities").exit_code == 0
    held, opened, said, known = _dossiers(suar, 12), suar.open(FEED), _said(suar), _identities(suar, 12)
    assert small.waiting.alert_id in opened
    assert len(known) > 2 * len(small.known)

    _broken_off_and_done_again(small, monkeypatch)
    before, erasing = suar.ends((FACTS,)), ("erase", "--by", "dpo-1", "--ground", "request 1", "--yes")
    told = suar.cli(*erasing, typed="9901014506909999\n")
    assert (told.exit_code, "set SUAR_PARTITIONS=24" in told.output) == (2, True), told.output
    assert suar.ends((FACTS,)) == before, "who was not told that it has grown writes nothing where nobody looks"

    monkeypatch.setenv("SUAR_PARTITIONS", MORE)
    assert _said(suar) == said
    assert {one.partition for one in suar.read(FACTS)} == set(range(24))
    worker = suar.ready_worker(SUAR_PARTITIONS=MORE)
    suar.settle()
    assert _said(suar) == said, "workers say nothing twice"
    assert _dossiers(suar, 24) == held
    assert _identities(suar, 24) == known
    assert suar.open(FEED) == opened

    new = Traveller()
    suar.publish(heartbeats(datetime.now(UTC)))
    _tell(suar, new.issued())
    _tell(suar, new.attempted())
    assert new.alert_id in suar.open(FEED)
    [*_, newest] = [
        one
        for one in (Alert.model_validate_json(record.value or b"") for record in suar.read(ALERTS))
        if one.alert_id == new.alert_id
    ]
    assert newest.policy_version == policies.load(ROOT / "deploy" / "policy" / "2026-11.toml").version
    worker.stop()
    (small.folder / growing.UNDER_WAY).touch()
    code, output = _grow(small)
    assert (code, "nothing was deleted" in output) == (2, True), "what workers did since is in no backup"
    assert new.alert_id in suar.open(FEED)


def _broken_off_and_done_again(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(growing, "put", _breaks_off)
        code, output = _grow(small)
        assert (code, "breaks off" in output) == (2, True), output
    code, output = _grow(small)
    assert code == 0, output
    assert "12 partitions are 24, every record counted again" in output
    assert "keep the rest: the seals" in output
    assert _counts(small.suar) == {24}
    code, output = _grow(small)
    assert code == 2, "what has grown is left alone"
    (small.folder / growing.UNDER_WAY).touch()
    code, output = _grow(small)
    assert code == 0, f"nobody wrote since, so it may be done again: {output}"


async def _breaks_off(*_: object, **__: object) -> None:
    raise BackupError("the line breaks off")


def test_agencies_topics_kept_what_they_had(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUAR_PARTITIONS", MORE)
    kept = sum(len(small.suar.read(topic)) for topic in AGENCY_TOPICS)
    assert kept >= 3 * len(small.known) + 12
