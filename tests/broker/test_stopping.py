"""How a worker ends: in time, whatever it is in the middle of, and behind what it was refused for."""

import asyncio
import signal
import time
from typing import Any

import pytest
from aiokafka import TopicPartition

from schemas.topics import BY_NAME, FACTS, REJECTED
from streams.produce import Record
from streams.source import Source
from tests.broker.installation import Installation
from tests.drills.workers import until

CROSSINGS = BY_NAME["simkim.crossings"]
STORM = 3000


@pytest.mark.parametrize("after", [0.5, 1.5, 2.0, 2.5, 3.0, 4.0], ids=lambda after: f"{after}s")
def test_a_worker_that_is_still_joining_stops_in_time(suar: Installation, after: float) -> None:
    worker = suar.worker()
    until(lambda: worker.running, "it runs")
    time.sleep(after)
    worker.send(signal.SIGTERM)
    began = time.monotonic()
    code = worker.ended()
    assert time.monotonic() - began < 5
    assert code in {0, -signal.SIGTERM}, worker.last_words()  # before there is a worker the signal itself ends it


def test_a_storm_of_bad_records_needs_few_starts(suar: Installation) -> None:
    """Each stop is behind everything that was under way: the next start does not refuse it again."""
    suar.publish(Record(CROSSINGS.name, b"%d" % number, b"not an event") for number in range(STORM))
    worker, codes = suar.worker(), []
    while suar.folded([CROSSINGS]) != suar.ends([CROSSINGS]):
        worker.wanted = False
        until(lambda: not worker.running or suar.folded([CROSSINGS]) == suar.ends([CROSSINGS]), "it moves or ends")
        if not worker.running:
            codes.append(worker.ended())
            worker.start()
    worker.stop()
    assert set(codes) == {4}
    assert len(codes) <= 3
    assert len({one.key for one in suar.read(REJECTED)}) == len(suar.read(REJECTED)) == STORM


class DeadFetcher:
    """A consumer whose fetches ended: what it knows of the log's end grows old."""

    def __init__(self, fetched: int, end: int) -> None:
        self._fetched, self._end = fetched, end

    def assignment(self) -> set[TopicPartition]:
        """One partition."""
        return {TopicPartition(FACTS.name, 0)}

    def highwater(self, partition: TopicPartition) -> int:
        """As last fetched."""
        return self._fetched

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """As the broker knows it."""
        return dict.fromkeys(partitions, self._end)

    async def position(self, partition: TopicPartition) -> int:
        """Where its fetches ended."""
        return self._fetched


def test_lag_shows_what_a_dead_fetcher_does_not_see(suar: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    channel: Any = None
    source = Source(stage="react", topic=FACTS.name, channel=channel, settings=suar.settings)
    monkeypatch.setattr(source, "_consumer", DeadFetcher(fetched=10, end=25))
    [place] = source.consumer.assignment()
    assert source.lag(place, 10) == 0
    asyncio.run(source.look_at_ends())
    assert source.lag(place, 10) == 15
    assert source.lag(place, 25) == 0
