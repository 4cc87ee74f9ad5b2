"""The whole path under a backlog: agency topics fill while no worker runs, then one worker drains them."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec
from confluent_kafka import Consumer, TopicPartition

from schemas.topics import FACTS, PARTITIONS, SCREENINGS
from tests.bench import agency
from tests.bench.ground import Failed, Ground
from tests.bench.rows import Figure, Goal, Row
from tests.bench.worker import publish, worker

GOAL = Goal(2_000, 10_000)
LIMIT = 600.0
RUN = "drain"


def run(ground: Ground) -> list[Row]:
    """One row: events drained a second, from the first fact to the last screening."""
    ground.say("a first worker hears that every feed is alive")
    with worker(ground) as first:
        publish(ground.kafka, agency.heartbeats(RUN, datetime.now(UTC)))
        first.until_idle()
    travellers, now = ground.scale.path_travellers, datetime.now(UTC)
    drain = Drain(ground.kafka)
    ground.say("publishing")
    events = publish(
        ground.kafka, (record for number in range(travellers) for record in agency.journey(RUN, number, now))
    )
    with worker(ground):
        ground.say(f"draining {events:,} events")
        seconds = drain.until_answered(travellers)
    answers = ", ".join(f"{count:,} {verdict}" for verdict, count in drain.verdicts.most_common())
    note = f"{events:,} events, {drain.facts:,} facts; first answers: {answers}"
    return [
        Row("throughput", "agency topic → screening, one worker", (Figure(events / seconds, "events/s", GOAL),), note)
    ]


class Drain:
    """Watches what the worker appends, by the broker's clock."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "drain", "enable.auto.commit": False})
        places = [TopicPartition(topic.name, part) for topic in (FACTS, SCREENINGS) for part in range(PARTITIONS)]
        ends = [self._consumer.get_watermark_offsets(place, 10)[1] for place in places]
        self._consumer.assign(
            [TopicPartition(place.topic, place.partition, offset) for place, offset in zip(places, ends, strict=True)]
        )
        self._answered: set[str] = set()
        self.facts = 0
        self.verdicts: Counter[str] = Counter()

    def until_answered(self, attempts: int) -> float:
        """Seconds from the first fact to the last first answer. Raises Failed."""
        first, last = float("inf"), 0.0
        deadline = datetime.now(UTC).timestamp() + LIMIT
        while len(self._answered) < attempts:
            if datetime.now(UTC).timestamp() > deadline:
                raise Failed(f"{len(self._answered):,} of {attempts:,} attempts were answered in {LIMIT:.0f} s")
            for message in self._consumer.consume(1000, 0.5):
                stamp = message.timestamp()[1] / 1000
                if message.topic() == FACTS.name:
                    first, self.facts = min(first, stamp), self.facts + 1
                elif self._is_first(msgspec.json.decode(message.value() or b"")):
                    last = max(last, stamp)
        self._consumer.close()
        return last - first

    def _is_first(self, screening: dict[str, Any]) -> bool:
        if screening["crossing_id"] in self._answered:
            return False
        self._answered.add(screening["crossing_id"])
        self.verdicts[screening["verdict"]] += 1
        return True
