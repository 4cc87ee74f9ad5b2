"""Latency: from the broker's stamp on an agency record to the answer read by another process, against a bare two-hop echo of the same bytes."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas.topics import PARTITIONS, SCREENINGS
from streams.local import CHECKOUT
from tests.bench import agency
from tests.bench.ground import Failed, Ground, end
from tests.bench.rows import Figure, Goal, Row, percentile
from tests.bench.topics import create
from tests.bench.worker import publish, worker

RATES = (100, 750)
GOAL = Goal(2.5, 1.5, most=True)
WARM_UP = 0.2
"""Share of the records, the first ones, that do not count."""
LATE = 30.0
"""Seconds that an answer may take before it counts as lost."""
ECHO = ("echo-in", "echo-mid", "echo-out")


@dataclass(frozen=True)
class Way:
    """Where records go in and where their answers come out."""

    into: str
    out: str


@dataclass(frozen=True)
class Load:
    """How many records a second, and for how long; `first` numbers the first traveller."""

    rate: int
    seconds: float
    first: int
    run: str

    @property
    def count(self) -> int:
        """Records in all."""
        return int(self.rate * self.seconds)


def run(ground: Ground) -> list[Row]:
    """Two rows for each rate: the echo, and the whole path of a traveller whose passport is known, on one worker."""
    loads, first = [], 5_000_000
    for rate in RATES:
        loads.append(Load(rate, ground.scale.latency_seconds, first, f"load-{rate}"))
        first += loads[-1].count
    with _echo(ground):
        echoes = [_measured(ground, Way(ECHO[0], ECHO[2]), load, "echo") for load in loads]
    try:
        ours = _whole_path(ground, loads)
    except Failed as failure:
        return [_row(load, "two-hop echo", times) for load, times in zip(loads, echoes, strict=True)] + [
            Row("latency", "attempt → screening", note=str(failure))
        ]
    rows: list[Row] = []
    for load, yardstick, times in zip(loads, echoes, ours, strict=True):
        rows.append(_row(load, "two-hop echo", yardstick))
        rows.append(_row(load, "attempt → screening, one worker", times, yardstick))
    return rows


def _whole_path(ground: Ground, loads: list[Load]) -> list[list[float]]:
    with worker(ground) as one:
        ground.say("passports of the travellers")
        now = datetime.now(UTC)
        publish(ground.kafka, agency.heartbeats("latency", now))
        for load in loads:
            travellers = range(load.first, load.first + load.count)
            publish(ground.kafka, (one for number in travellers for one in agency.known(load.run, number, now)))
        one.until_idle()
        return [_measured(ground, Way(agency.CROSSINGS, SCREENINGS.name), load, "whole path") for load in loads]


def _measured(ground: Ground, way: Way, load: Load, name: str) -> list[float]:
    ground.say(f"{name} at {load.rate}/s")
    return uvloop.run(_measure(ground.kafka, way, load))


async def _measure(bootstrap: str, way: Way, load: Load) -> list[float]:
    """Seconds from append to answer of each record that counts. Raises Failed."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(way.out, bootstrap_servers=bootstrap, auto_offset_reset="latest")
    await producer.start()
    await consumer.start()
    await consumer.seek_to_end()
    for partition in consumer.assignment():
        await consumer.position(partition)
    answered: dict[str, float] = {}
    reading = asyncio.create_task(_read(consumer, answered, load.count))
    try:
        appended = await _send(producer, way.into, load)
        await asyncio.wait([reading], timeout=LATE)
    finally:
        reading.cancel()
        await consumer.stop()
        await producer.stop()
    if reading.done() and not reading.cancelled():
        reading.result()
    counted = list(appended)[int(load.count * WARM_UP) :]
    lost = sum(name not in answered for name in counted)
    if lost:
        raise Failed(f"{lost:,} of {len(counted):,} had no answer {LATE:.0f} s after the load at {load.rate}/s")
    return [answered[name] - appended[name] for name in counted]


async def _read(consumer: AIOKafkaConsumer, answered: dict[str, float], count: int) -> None:
    """Notes when the first answer to each record is read."""
    while len(answered) < count:
        fetched = await consumer.getmany(timeout_ms=1000)
        now = time.time()
        for record in (record for records in fetched.values() for record in records):
            answer = msgspec.json.decode(record.value)
            name = answer.get("crossing_id") or answer["data"]["crossing_id"]  # a screening, or the echoed event
            answered.setdefault(name, now)


async def _send(producer: AIOKafkaProducer, topic: str, load: Load) -> dict[str, float]:
    """Open loop: a record is due at its time, whether or not earlier ones were answered. Gives append times."""
    sent: dict[str, Any] = {}
    began = time.perf_counter()
    for number in range(load.count):
        early = began + number / load.rate - time.perf_counter()
        if early > 0:
            await asyncio.sleep(early)
        traveller = load.first + number
        record = agency.attempted(load.run, traveller, datetime.now(UTC))
        sent[agency.crossing_id(load.run, traveller)] = await producer.send(topic, record.value)
    return {name: (await acknowledged).timestamp / 1000 for name, acknowledged in sent.items()}


def _row(load: Load, what: str, times: list[float], yardstick: list[float] | None = None) -> Row:
    figures = [Figure(percentile(times, share) * 1000, f"ms p{share * 100:.0f}") for share in (0.5, 0.99)]
    if yardstick is not None:
        figures += [
            Figure(percentile(times, share) / percentile(yardstick, share), f"× echo p{share * 100:.0f}", GOAL)
            for share in (0.5, 0.99)
        ]
    return Row("latency", f"{what}, {load.rate}/s", tuple(figures), f"{len(times):,} records")


@contextmanager
def _echo(ground: Ground) -> Iterator[None]:
    create(ground.kafka, ECHO, PARTITIONS, **{"message.timestamp.type": "LogAppendTime"})
    with (ground.folder / "echo.log").open("wb") as log:
        program = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.echo", ground.kafka, *ECHO],
            cwd=CHECKOUT,
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            # The echo is ready when it answers; its first answers are thrown away.
            uvloop.run(_measure(ground.kafka, Way(ECHO[0], ECHO[2]), Load(20, 1.0, 9_000_000, "first")))
            yield
        finally:
            end(program)
