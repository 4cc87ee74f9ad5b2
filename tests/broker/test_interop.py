"""Agencies use the client and the codec they have: all of them, in one topic, are admitted to the last record."""

import asyncio
import json
import struct
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer

from schemas.topics import BY_NAME, FACTS, REJECTED
from streams.local import KAFKA_LIBS, Local
from streams.produce import partition_of
from tests.broker.installation import Got, Installation, metric
from tests.broker.people import Event, Traveller
from tests.drills.workers import Worker

TOPIC = BY_NAME["simkim.passports"]
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
CLIENTS = ("librdkafka", "java", "aiokafka")
EACH = 40
"""Events of one client in one codec: two of each traveller."""


@dataclass(frozen=True)
class Sent:
    """What one client sent in one codec."""

    client: str
    codec: str
    people: tuple[Traveller, ...]

    @property
    def events(self) -> list[Event]:
        return [event for who in self.people for event in (who.applied(), who.issued())]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Keys and values."""
        return [(event["id"], json.dumps(event)) for event in self.events]


def _with_librdkafka(bootstrap: str, sent: Sent) -> None:
    """Its default partitioner is CRC32, not Java's murmur2: a key lies on another partition than Java would choose."""
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": sent.codec, "linger.ms": 50})
    for key, value in sent.lines:
        producer.produce(TOPIC.name, value.encode(), key.encode())
    assert producer.flush(20) == 0


def _with_aiokafka(bootstrap: str, sent: Sent) -> None:
    async def work() -> None:
        codec = None if sent.codec == "none" else sent.codec
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type=codec, linger_ms=50) as producer:
            acknowledged = [await producer.send(TOPIC.name, v.encode(), k.encode()) for k, v in sent.lines]
            await asyncio.gather(*acknowledged)

    asyncio.run(work())


def _with_java(bootstrap: str, all_sent: list[Sent], scratch: Path) -> None:
    lines = [f"{one.codec}\t{TOPIC.name}\t{key}\t{value}\n" for one in all_sent for key, value in one.lines]
    program = Path(__file__).with_name("Publish.java")
    done = subprocess.run(
        ["java", f"-Djava.io.tmpdir={scratch}", "-cp", f"{KAFKA_LIBS}/*", str(program), bootstrap],
        input="".join(lines),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@dataclass
class Mixture:
    """One topic with everything in it, admitted."""

    suar: Installation
    worker: Worker
    sent: tuple[Sent, ...]
    facts: list[Got]


@pytest.fixture(scope="module")
def mixture(suar: Installation) -> Mixture:
    sent = tuple(
        Sent(client, codec, tuple(Traveller() for _ in range(EACH // 2))) for client in CLIENTS for codec in CODECS
    )
    worker = suar.worker()
    bootstrap = suar.local.kafka.address
    for one in sent:
        if one.client == "librdkafka":
            _with_librdkafka(bootstrap, one)
        if one.client == "aiokafka":
            _with_aiokafka(bootstrap, one)
    _with_java(bootstrap, [one for one in sent if one.client == "java"], suar.folder)
    suar.settle()
    return Mixture(suar, worker, sent, suar.read(FACTS))


def _ids(facts: list[Got]) -> Counter[str]:
    return Counter(msgspec.json.decode(one.value)["id"] for one in facts)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("client", CLIENTS)
def test_every_event_is_admitted(mixture: Mixture, client: str, codec: str) -> None:
    [sent] = [one for one in mixture.sent if (one.client, one.codec) == (client, codec)]
    ids = _ids(mixture.facts)
    assert {event["id"]: ids[f"simkim/{event['id']}"] > 0 for event in sent.events} == {
        event["id"]: True for event in sent.events
    }


def test_counts_are_exact(mixture: Mixture) -> None:
    number = EACH * len(CLIENTS) * len(CODECS)
    assert sum(mixture.suar.ends([TOPIC]).values()) == number
    assert metric(mixture.worker, "suar_records_total", topic=TOPIC.name) == number
    assert metric(mixture.worker, "suar_records_total", topic=TOPIC.name, outcome="admitted") == number
    assert sum(mixture.suar.ends([REJECTED]).values()) == 0
    # An application is one person's; an issuance is the person's and the document's, and what the document passes on.
    agency = {name: count for name, count in _ids(mixture.facts).items() if name.startswith("simkim/")}
    assert len(agency) == number
    assert sum(agency.values()) == number + number // 2


def test_facts_meet_whatever_partition_the_agency_chose(mixture: Mixture) -> None:
    """Admission keys by person and document, with one partitioner, so an agency's own choice does not matter."""
    assert {one.partition == partition_of(one.key or b"") for one in mixture.facts} == {True}


def test_the_log_holds_every_codec(mixture: Mixture, local: Local) -> None:
    """A client without a codec would send plain records and prove nothing."""
    folders = (local.kafka.folder / "kafka").glob(f"{TOPIC.name}-*")
    batches = [codec for folder in folders for log in folder.glob("*.log") for codec in _codecs(log.read_bytes())]
    assert set(batches) == set(CODECS)


def _codecs(segment: bytes) -> Iterator[str]:
    """Codec of each batch: the low bits of its attributes (record batch, version 2)."""
    at = 0
    while at + 23 <= len(segment):
        _, length = struct.unpack_from(">qi", segment, at)
        if length == 0:
            return
        yield CODECS[struct.unpack_from(">h", segment, at + 21)[0] & 7]
        at += 12 + length
