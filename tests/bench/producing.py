"""What a record costs to produce: aiokafka's `send` against the batches of `streams/produce.py`, both acknowledged."""

import time

import uvloop
from aiokafka import AIOKafkaProducer

from schemas.topics import PARTITIONS
from streams.produce import Outbox, Record
from tests.bench.ground import Ground
from tests.bench.rows import Figure, Row
from tests.bench.topics import create

TOPIC = "producing"
AT_ONCE = 2000
VALUE = b"x" * 350


def run(ground: Ground) -> list[Row]:
    """Two rows; the second has the ratio."""
    create(ground.kafka, [TOPIC], PARTITIONS)
    ground.say("send")
    one = uvloop.run(_send(ground.kafka, ground.scale.produced))
    ground.say("send_batch")
    many = uvloop.run(_outbox(ground.kafka, ground.scale.produced))
    faster = Figure(one / many, "× faster than send")
    return [
        Row("producing", "aiokafka send", (Figure(one, "µs a record"),)),
        Row("producing", "Outbox (send_batch)", (Figure(many, "µs a record"), faster)),
    ]


async def _send(bootstrap: str, count: int) -> float:
    """Microseconds a record."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=5, max_batch_size=256 * 1024
    )
    await producer.start()
    await producer.send_and_wait(TOPIC, VALUE, key=b"first")
    began = time.perf_counter()
    for start in range(0, count, AT_ONCE):
        sent = [await producer.send(TOPIC, VALUE, key=b"%016d" % (start + index)) for index in range(AT_ONCE)]
        for acknowledged in sent:
            await acknowledged
    taken = time.perf_counter() - began
    await producer.stop()
    return taken / count * 1e6


async def _outbox(bootstrap: str, count: int) -> float:
    """Microseconds a record."""
    outbox = Outbox(bootstrap)
    await outbox.send([Record(TOPIC, b"first", VALUE)])
    began = time.perf_counter()
    for start in range(0, count, AT_ONCE):
        await outbox.send(Record(TOPIC, b"%016d" % (start + index), VALUE) for index in range(AT_ONCE))
    taken = time.perf_counter() - began
    await outbox.stop()
    return taken / count * 1e6
