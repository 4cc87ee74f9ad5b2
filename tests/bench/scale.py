"""What a capacity plan needs: more workers, a rebuild of everything, and what state and log weigh."""

import time
from contextlib import ExitStack
from datetime import UTC, datetime

from confluent_kafka import Consumer, TopicPartition
from redis import Redis

from schemas.topics import AGENCY_TOPICS, FACTS, Topic
from tests.bench import agency
from tests.bench.ground import Ground
from tests.bench.rows import Figure, Row
from tests.bench.throughput import Drain
from tests.bench.worker import publish, worker

CREWS = (1, 2, 4)


def run(ground: Ground) -> list[Row]:
    """Events a second by number of workers; facts a second of a rebuild; bytes of a dossier and of the log."""
    rates = {count: _drained(ground, count, base) for base, count in enumerate(CREWS, 1)}
    rows = [
        Row(
            "scale",
            f"agency topic → screening, {count} worker{'s' * (count > 1)}",
            (Figure(rate, "events/s"), Figure(rate / rates[1], "× one worker")),
            "broker, Redis and all workers share the cores of this machine",
        )
        for count, rate in rates.items()
    ]
    return [*rows, *_rebuilt(ground)]


def _drained(ground: Ground, count: int, base: int) -> float:
    """Events a second: all workers wait, then everything comes at once."""
    run, travellers = f"crew-{count}", ground.scale.path_travellers
    people = range(base * travellers, (base + 1) * travellers)
    with ExitStack() as stack:
        crew = [stack.enter_context(worker(ground)) for _ in range(count)]
        publish(ground.kafka, agency.heartbeats(run, datetime.now(UTC)))
        for one in crew:
            one.until_idle()
        drain, now = Drain(ground.kafka), datetime.now(UTC)
        ground.say(f"{count} workers")
        events = publish(ground.kafka, (record for number in people for record in agency.journey(run, number, now)))
        return events / drain.until_answered(travellers)


def _rebuilt(ground: Ground) -> list[Row]:
    """Redis loses everything; one worker folds the log anew."""
    redis = Redis.from_url(ground.redis)
    facts = _records(ground.kafka, FACTS)
    events = sum(_records(ground.kafka, topic) for topic in AGENCY_TOPICS)
    redis.flushall()
    empty = int(redis.info("memory")["used_memory"])
    began = time.monotonic()
    with worker(ground) as one:
        ground.say(f"rebuilding from {facts:,} facts")
        one.until_idle()
    seconds = time.monotonic() - began - _QUIET
    dossiers = sum(1 for _ in redis.scan_iter("bench:*:d:*", count=5000))
    used = int(redis.info("memory")["used_memory"]) - empty
    log = sum(path.stat().st_size for path in ground.folder.glob(f"kafka/{FACTS.name}-*/*.log"))
    what = f"{facts:,} facts, {dossiers:,} dossiers, {events:,} records of agencies"
    return [
        Row("scale", "rebuild after Redis was emptied, one worker", (Figure(facts / seconds, "facts/s"),), what),
        Row("scale", "Redis, feeds and indexes included", (Figure(used / dossiers, "bytes/dossier"),), what),
        Row("scale", "log of facts on disk, one replica", (Figure(log / events, "bytes/event"),), what),
        Row("scale", "facts and notes", (Figure(facts / events, "facts/event"),), what),
    ]


_QUIET = 4.0
"""Seconds for which `until_idle` looks on after the last record."""


def _records(bootstrap: str, topic: Topic) -> int:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "scale", "enable.auto.commit": False})
    try:
        places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        marks = [consumer.get_watermark_offsets(place, 10) for place in places]
        return sum(end - begin for begin, end in marks)
    finally:
        consumer.close()
