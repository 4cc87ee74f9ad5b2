"""A lane alone: what it holds back, what it reads again, and that it never forgets to go on."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from streams import settings as settings_of
from streams.health import Health
from streams.lanes import Deps, Fold, Folded, Lane
from streams.settings import Settings
from streams.source import Fetched, Position
from streams.store import Batch, Claim

PLACE = TopicPartition("suar.facts", 3)


class Quiet(Fold):
    """Says nothing."""

    stage = "react"

    async def begin(self, quiet_below: int) -> None: ...

    async def fold(self, records: Any, blobs: Sequence[bytes | None]) -> Folded:
        return Folded(Batch(records[-1].offset + 1))


class Kafka:
    """The source, as far as a lane uses it."""

    def __init__(self) -> None:
        self.paused = True
        self.sought: int | None = None
        self.going = asyncio.Event()

    async def place(self, _: TopicPartition) -> Position:
        return Position(0, 1000, None)

    def seek(self, _: TopicPartition, offset: int) -> None:
        self.sought = offset

    def reads_from(self, _: TopicPartition) -> int | None:
        return self.sought

    def pause(self, _: TopicPartition) -> None:
        self.paused = True

    def resume(self, _: TopicPartition) -> None:
        self.paused = False
        self.going.set()


async def _claim() -> Claim:
    return Claim(b"fence", 0)


async def _lane(kafka: Kafka, settings: Settings) -> Lane:
    store: Any = SimpleNamespace(claim=_claim)
    source: Any = kafka
    lane = Lane(PLACE, Quiet(), store, Deps(settings, Health(), source, lambda lane: None))
    await kafka.going.wait()
    return lane


def _fetched(begins: int, ends: int) -> Fetched:
    records: Any = [
        ConsumerRecord(PLACE.topic, PLACE.partition, at, 0, 0, b"k", b"v", None, 1, 1, ()) for at in range(begins, ends)
    ]
    return Fetched(begins, ends, records)


async def test_a_full_lane_pauses_and_goes_on_when_half_of_it_is_folded() -> None:
    kafka, settings = Kafka(), settings_of.load(pseudonym_key="p" * 32, backlog=10)
    lane = await _lane(kafka, settings)
    assert (kafka.sought, kafka.paused) == (0, False)
    lane.offer(_fetched(0, 11))
    assert kafka.paused
    assert [record.offset for record in lane.take(5)] == [0, 1, 2, 3, 4]
    assert kafka.paused
    assert len(lane.take(5)) == 5
    assert not kafka.paused


async def test_a_full_lane_with_a_hole_reads_again_and_is_not_left_paused() -> None:
    kafka, settings = Kafka(), settings_of.load(pseudonym_key="p" * 32, backlog=10)
    lane = await _lane(kafka, settings)
    lane.offer(_fetched(0, 4))
    lane.offer(_fetched(7, 20))
    assert kafka.paused

    assert lane.take(100) == []

    assert (kafka.sought, kafka.paused, lane.backlog) == (0, False, 0)
    lane.offer(_fetched(0, 20))
    assert [record.offset for record in lane.take(100)] == list(range(20))


async def test_a_lane_says_what_it_is_at() -> None:
    kafka, settings = Kafka(), settings_of.load(pseudonym_key="p" * 32, backlog=10)
    lane = await _lane(kafka, settings)
    assert lane.doing == "nothing was fetched from 0"
    lane.offer(_fetched(0, 5))
    assert lane.doing == "5 records at hand and in no pass"
    lane.offer(_fetched(5, 15))
    lane.take(15)
    lane.busy = asyncio.create_task(asyncio.sleep(0))
    assert lane.doing == "in a pass that has not ended"
    await lane.busy
    lane.busy = None
    lane.recover(ConnectionError())
    assert lane.doing == "not claimed"
    await lane.close()
