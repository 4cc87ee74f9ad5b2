"""The publisher for Python agencies: what it sends, what its heartbeats promise, and what becomes of events while Kafka is away."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from schemas.envelope import System
from schemas.polri import RecruiterListed
from schemas.siskop2mi import EpmiIssued
from schemas.topics import BY_NAME
from streams import publisher
from streams.produce import partition_of
from streams.publisher import OutageFullError, Publisher, Sent
from tests.broker.installation import Installation
from tests.broker.people import Traveller

PLACEMENTS = BY_NAME["siskop2mi.placements"]
NOWHERE = "127.0.0.1:1"
EARLIER = timedelta(minutes=7)
ZSTD = bytes.fromhex("28b52ffd")
"""How a Zstandard frame begins (RFC 8878, 3.1.1)."""


def issued(name: str) -> EpmiIssued:
    return EpmiIssued.model_validate(
        {"epmi_no": f"EPMI-{name}", "nik": Traveller().nik, "scheme": "P_TO_P", "country": "MYS"}
    )


def on_topic(suar: Installation) -> dict[str, tuple[int, Any]]:
    """Events by id: partition and value."""
    return {
        one.key.decode(): (one.partition, json.loads(one.value))
        for one in suar.read(PLACEMENTS)
        if b"feed_heartbeat" not in one.value
    }


def beats(suar: Installation) -> dict[int, list[datetime]]:
    """Heartbeats by partition, in their order."""
    found: dict[int, list[datetime]] = {}
    for one in suar.read(PLACEMENTS):
        event = json.loads(one.value)
        if event["type"] == "feed_heartbeat":
            upto = datetime.fromisoformat(event["data"]["complete_up_to"])
            found.setdefault(one.partition, []).append(upto)
    return found


def compressed_batches(folder: Path) -> int:
    """In the broker's own files: a consumer is not told how its records travelled."""
    logs = (one for number in range(12) for one in folder.glob(f"kafka/siskop2mi.placements-{number}/*.log"))
    return sum(one.read_bytes().count(ZSTD) for one in logs)


async def test_an_event_is_sent_as_the_contract_has_it(suar: Installation) -> None:
    time = datetime.now(UTC) - EARLIER
    async with Publisher(suar.local.kafka.address, System.SISKOP2MI) as out:
        event = issued("typed-1")
        assert await out.send(event, name="typed-1", time=time) == Sent(kept_for_later=False)
        await out.send(event, name="typed-2", time=time, retracts="typed-1")
        assert out.acknowledged == {PLACEMENTS.name: 2}
    found = await asyncio.to_thread(on_topic, suar)
    partition, value = found["typed-1"]
    assert partition == partition_of(b"typed-1")
    assert value["time"] == time.isoformat()
    assert value["data"] == event.model_dump(mode="json", exclude_none=True)
    assert found["typed-2"][1]["retracts"] == "typed-1"


async def test_a_worker_admits_it(suar: Installation) -> None:
    def admitted() -> int:
        worker = suar.ready_worker()
        suar.settle()
        worker.close()
        return len([one for one in suar.cli("rejected", "list").stdout.splitlines() if "siskop2mi" in one])

    async with Publisher(suar.local.kafka.address, System.SISKOP2MI) as out:
        await out.send(issued("admitted-1"), name="admitted-1", time=datetime.now(UTC) - EARLIER)
    assert await asyncio.to_thread(admitted) == 0


async def test_batches_are_compressed_with_zstd(suar: Installation) -> None:
    async with Publisher(suar.local.kafka.address, System.SISKOP2MI) as out:
        sends = (out.send(issued(f"z-{n}"), name=f"z-{n}", time=datetime.now(UTC) - EARLIER) for n in range(600))
        await asyncio.gather(*sends)
    assert compressed_batches(suar.local.kafka.folder) >= 12


async def test_heartbeats_reach_every_partition_and_wait_for_what_is_under_way(
    suar: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(suar.recreate, [PLACEMENTS])
    monkeypatch.setattr(publisher, "BEAT_EVERY", 0.05)
    stated = datetime.now(UTC) - timedelta(minutes=1)
    old = datetime.now(UTC) - timedelta(hours=2)
    async with Publisher(suar.local.kafka.address, System.SISKOP2MI, complete=lambda: stated) as out:
        assert await out.beat() == stated
        held = object()
        out._pending[held] = old
        assert await out.beat() < old, "an event that is not acknowledged holds the heartbeat back"
        del out._pending[held]
        assert await out.beat() == stated
    found = await asyncio.to_thread(beats, suar)
    assert set(found) == set(range(12))
    assert all(len(one) > 3 for one in found.values()), "they also come by themselves"


async def test_events_of_an_outage_are_kept_and_sent_in_order(suar: Installation, tmp_path: Path) -> None:
    file = tmp_path / "outage.ndjson"
    old = datetime.now(UTC) - timedelta(hours=2)
    async with Publisher(NOWHERE, System.SISKOP2MI, outage_file=file) as out:
        for number in range(5):
            time = old + timedelta(minutes=number)
            assert await out.send(issued(f"kept-{number}"), name=f"kept-{number}", time=time) == Sent(
                kept_for_later=True
            )
    assert file.stat().st_mode & 0o077 == 0
    with file.open("ab") as torn:
        torn.write(b'{"topic":"siskop2mi.place')  # the process died while it wrote
    async with Publisher(suar.local.kafka.address, System.SISKOP2MI, outage_file=file) as out:
        assert out._oldest() == old
        await out.send(issued("kept-5"), name="kept-5", time=datetime.now(UTC) - EARLIER)
        await out.send_kept()
        assert out._oldest() is None
        assert await out.send(issued("kept-6"), name="kept-6", time=datetime.now(UTC) - EARLIER) == Sent(False)
    assert not file.exists()
    found = await asyncio.to_thread(on_topic, suar)
    assert {f"kept-{number}" for number in range(7)} <= set(found)


async def test_a_full_outage_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "outage.ndjson"
    async with Publisher(NOWHERE, System.SISKOP2MI, outage_file=file, outage_bytes=800) as out:
        for number in (1, 2):
            await out.send(issued(f"full-{number}"), name=f"full-{number}", time=datetime.now(UTC) - EARLIER)
        with pytest.raises(OutageFullError):
            await out.send(issued("full-3"), name="full-3", time=datetime.now(UTC) - EARLIER)
    assert 500 < file.stat().st_size <= 800


async def test_without_a_file_an_outage_is_told() -> None:
    with pytest.raises(KafkaError):
        async with Publisher(NOWHERE, System.SISKOP2MI):
            pass


async def test_what_cannot_be_an_event_of_this_system_is_refused(tmp_path: Path) -> None:
    listed = RecruiterListed.model_construct()
    async with Publisher(NOWHERE, System.SISKOP2MI, outage_file=tmp_path / "outage.ndjson") as out:
        with pytest.raises(ValueError, match="not of siskop2mi"):
            await out.send(listed, name="x-1", time=datetime.now(UTC))
        with pytest.raises(ValueError, match="zone"):
            await out.send(issued("x-2"), name="x-2", time=datetime(2026, 11, 25, 8))  # noqa: DTZ001
    assert not (tmp_path / "outage.ndjson").exists()


async def test_a_statement_of_completeness_that_fails_is_not_swallowed(suar: Installation) -> None:
    def broken() -> datetime:
        raise LookupError("the agency's own database")

    out = await Publisher(suar.local.kafka.address, System.SISKOP2MI, complete=broken).__aenter__()
    assert out._beats is not None
    await asyncio.wait({out._beats}, timeout=10)
    with pytest.raises(LookupError):
        await out.__aexit__(None, None, None)
