"""The history that the join reads: the same events in every run, on four topics, and the alerts that are right in event-time order."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.bench.join import Dossier, Event, step
from tests.bench.people import nik
from tests.bench.topics import create

PARTITIONS = 8
PERSONS = 200_000
KINDS = ("passports", "placements", "complaints", "crossings")
BEGIN = datetime(2025, 11, 21, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class History:
    """Events on their topics, and the ids of the alerts that they deserve."""

    events: int
    topics: tuple[str, ...]
    truth: frozenset[str]


def write(bootstrap: str, name: str, count: int) -> History:
    """Creates the four topics and fills them."""
    topics = tuple(f"{name}-{kind}" for kind in KINDS)
    create(bootstrap, topics, PARTITIONS)
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "linger.ms": 50,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    dossiers: defaultdict[str, Dossier] = defaultdict(dict)
    truth: set[str] = set()
    for number, (kind, event) in enumerate(events(count)):
        producer.produce(topics[kind], msgspec.json.encode(event), event["nik"].encode())
        if step(dossiers[event["nik"]], event) is not None:
            truth.add(event["event_id"])
        if number % 2000 == 0:
            producer.poll(0)
    producer.flush()
    return History(count, topics, frozenset(truth))


def events(count: int) -> Iterator[tuple[int, Event]]:
    """One event a second in event-time order, with the number of its topic."""
    dice = random.Random(7)
    details = (_passport, _placement, _complaint, _crossing)
    for number in range(count):
        kind = dice.randrange(len(KINDS))
        common = {
            "event_id": f"{number:032x}",
            "source": "simkim",
            "occurred_at": (BEGIN + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "nik": nik(dice.randrange(PERSONS)),
            "full_name": "TOKOH REKAAN BINTI CONTOH",
            "birth_date": "1996-04-12",
        }
        yield kind, common | details[kind](dice)


def _passport(dice: random.Random) -> dict[str, Any]:
    return {
        "kind": "passport_application",
        "passport_number": f"X{dice.randint(1_000_000, 9_999_999)}",
        "office": "KANIM-JAKSEL",
        "stated_purpose": dice.choice(["wisata", "umrah", "bekerja"]),
        "status": "issued",
    }


def _placement(dice: random.Random) -> dict[str, Any]:
    return {
        "kind": "placement",
        "id_pmi": f"PMI{dice.randint(1, 10**9)}",
        "p3mi": "PT CONTOH REKAAN",
        "destination": dice.choice(["MYS", "TWN", "HKG", "KOR"]),
        "status": dice.choice(["registered", "approved", "departed", "cancelled"]),
        "valid_until": "2027-01-01",
    }


def _complaint(dice: random.Random) -> dict[str, Any]:
    return {
        "kind": "complaint",
        "country": dice.choice(["MYS", "KHM", "SAU"]),
        "category": dice.choice(["gaji", "kekerasan", "dokumen"]),
        "text": "Majikan menahan paspor saya dan gaji tidak dibayar enam bulan",
    }


def _crossing(dice: random.Random) -> dict[str, Any]:
    return {
        "kind": "crossing",
        "direction": dice.choice(["departure", "departure", "arrival"]),
        "passport_number": f"X{dice.randint(1_000_000, 9_999_999)}",
        "checkpoint": dice.choice(["CGK", "BTC", "NNX"]),
        "destination": dice.choice(["MYS", "SGP", "KHM", "SAU", "TWN"]),
        "visa": dice.choice(["visit", "tourist", "work"]),
        "flight": "XX722",
    }


def standing(bootstrap: str, topic: str) -> set[str]:
    """Ids of the alerts that stand at the end of a peer's topic; a later record with `withdrawn` takes one back."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic, "enable.auto.commit": False})
    left = {part: consumer.get_watermark_offsets(TopicPartition(topic, part), 10) for part in range(PARTITIONS)}
    left = {part: (low, high) for part, (low, high) in left.items() if high > low}
    consumer.assign([TopicPartition(topic, part, low) for part, (low, _) in left.items()])
    alerts: dict[str, bool] = {}
    while left:
        for message in consumer.consume(5000, 1.0):
            alert = msgspec.json.decode(message.value())
            alerts[alert["alert_id"]] = not alert.get("withdrawn", False)
            if message.offset() + 1 >= left[message.partition()][1]:
                del left[message.partition()]
    consumer.close()
    return {name for name, stands in alerts.items() if stands}
