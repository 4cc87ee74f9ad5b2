"""A worker that never failed, in memory: folds the log as it stands, and knows all that such a worker would have said."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from confluent_kafka import Consumer, Message, TopicPartition

from agents.assess import Context
from agents.dossier import Dossier
from agents.freshness import complete, marked
from agents.react import react
from schemas.facts import MARK, Fact, decode
from schemas.identity import Subject
from schemas.policy import Policy
from schemas.topics import FACTS, Topic


def read(bootstrap: str, topic: Topic) -> Iterator[Message]:
    """Every record of a topic, each partition in order, up to its present end."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "audit",
            "enable.auto.commit": False,
            "fetch.message.max.bytes": 8_000_000,
            "log_level": 0,
        }
    )
    try:
        places = [TopicPartition(topic.name, partition, 0) for partition in range(topic.partitions)]
        ends = {place.partition: consumer.get_watermark_offsets(place, timeout=10)[1] for place in places}
        consumer.assign(places)
        left, misses = sum(ends.values()), 0
        while left:
            messages = consumer.consume(min(left, 5000), timeout=1)
            misses = 0 if messages else misses + 1
            assert misses < 30, f"{topic.name}: {left} records are announced and do not come"
            for message in messages:
                assert message.error() is None, message.error()
                left -= 1
                yield message
    finally:
        consumer.close()


@dataclass
class Replay:
    """The log of facts, folded once, in order."""

    policy: Policy
    dossiers: dict[str, Dossier] = field(default_factory=dict)
    written: set[tuple[str, str, int]] = field(default_factory=set)
    """(subject, fact id, epoch) of everything on the log."""
    records: int = 0
    owed: dict[tuple[str, str, int], str] = field(default_factory=dict)
    """Notes that must be on the log, by the kind of fact they follow from."""
    said: dict[tuple[str, int], bytes] = field(default_factory=dict)
    """Every alert and screening by name and revision."""
    marks: dict[int, dict[str, datetime]] = field(default_factory=dict)
    _context: dict[int, Context] = field(default_factory=dict)

    def run(self, bootstrap: str) -> None:
        """Reads to the end of the log."""
        for message in read(bootstrap, FACTS):
            fact = decode(message.value() or b"")
            self.records += 1
            self._one(bytes(message.key() or b"").decode(), fact, int(message.partition() or 0))

    def _one(self, name: str, fact: Fact, partition: int) -> None:
        place = f"{name}/{partition}" if fact.kind == MARK else name  # a mark stands in every partition
        self.written.add((place, fact.id, fact.epoch))
        if fact.kind == MARK:
            self.marks[partition] = marked(self.marks.get(partition, {}), fact)
            self._context[partition] = Context(self.policy, complete(self.marks[partition]))
            return
        context = self._context.get(partition) or Context(self.policy)
        reaction = react(self.dossiers.get(name) or Dossier(Subject(name)), fact, context)
        self.dossiers[name] = reaction.dossier
        for note in reaction.notes:
            self.owed[(note.subject, note.fact.id, note.fact.epoch)] = fact.kind
        for alert in reaction.alerts:
            self.said[(alert.alert_id, alert.revision)] = alert.model_dump_json().encode()
        for screening in reaction.screenings:
            self.said[(screening.crossing_id, screening.revision)] = screening.model_dump_json().encode()
