"""What every drill stands on: a broker and a Redis of its own, workers, a publisher under way, and how far all of it is."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from redis import Redis, RedisCluster
from redis import exceptions as redis_errors

from schemas.topics import AGENCY_TOPICS, ALERTS, FACTS, SCREENINGS, Topic
from streams.local import Local
from streams.produce import Record
from streams.store import place
from tests.drills.workers import KEY, Worker, until

NAMESPACE = "suar"
STILL = 120.0
"""Seconds without any movement after which a drill is lost."""
AHEAD = 8000
"""Records that the publisher may be ahead of admission: work waits all the time, and disruptions meet it half done."""

Place = tuple[str, int]
Ends = dict[Place, int]


class Publisher(threading.Thread):
    """Publishes records in order, as fast as the workers admit them or at a steady rate; counts acknowledgements."""

    def __init__(self, ground: "Ground", records: Sequence[Record], rate: float | None) -> None:
        super().__init__(daemon=True)
        self._ground, self._rate = ground, rate
        self.records = records
        self.acknowledged = 0
        self.failed: list[str] = []
        self._halted = threading.Event()

    def run(self) -> None:
        """Until all are acknowledged; an outage of the broker is waited out, as an agency's client does."""
        producer = producer_for(self._ground.local.kafka.address)
        began = time.monotonic()
        for index, record in enumerate(self.records):
            if index % 200 == 0:
                self._hold_back(producer, index, began)
            if self._halted.is_set():
                return
            self._put(producer, record)
        while producer.flush(1) and not self._halted.is_set():
            pass

    def _hold_back(self, producer: Producer, index: int, began: float) -> None:
        while not self._halted.is_set():
            producer.poll(0)
            too_soon = self._rate is not None and index / self._rate > time.monotonic() - began
            if not too_soon and self._ground.published_before + index - self._ground.folded < AHEAD:
                return
            time.sleep(0.02)

    def _put(self, producer: Producer, record: Record) -> None:
        where = -1 if record.partition is None else record.partition
        while not self._halted.is_set():
            try:
                producer.produce(record.topic, record.value, record.key, where, on_delivery=self._delivered)
                return
            except BufferError:
                producer.poll(0.1)

    def _delivered(self, error: object, _: object) -> None:
        if error is None:
            self.acknowledged += 1
        else:
            self.failed.append(str(error))

    def halt(self) -> None:
        """For the end of a drill that failed."""
        self._halted.set()
        self.join(10)


def producer_for(bootstrap: str) -> Producer:
    """An agency's client: librdkafka with Java's partitioning and a codec of its own choice."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "compression.type": "lz4",
            "linger.ms": 10,
            "message.max.bytes": 60_000_000,
            "log_level": 0,
        }
    )


@dataclass
class Ground:
    """The surroundings of one drill."""

    title: str
    folder: Path
    local: Local
    settings: dict[str, str] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    publisher: Publisher | None = None
    work: int = 0
    """What `done` comes to in the end, copies not counted."""
    published_before: int = 0
    """Agency records of earlier publications of this drill."""
    folded: int = 0
    """Agency records behind which admission stands; never goes back, so that an emptied Redis does not stop the publisher."""

    facts: int = 0
    """Records of `suar.facts` that are folded, as Redis has it."""

    def __post_init__(self) -> None:
        address = self.local.kafka.address
        clustered = "SUAR_REDIS_CLUSTER" in self.settings
        self.redis = (RedisCluster if clustered else Redis).from_url(self.local.redis.address, socket_timeout=5)
        self._admin = AdminClient({"bootstrap.servers": address, "log_level": 0, "socket.timeout.ms": 5000})
        self._ends = Consumer(
            {"bootstrap.servers": address, "log_level": 0, "socket.timeout.ms": 5000, "group.id": "drill"}
        )
        self._began = time.monotonic()
        self._watch_stops = threading.Event()
        self._watch = threading.Thread(target=self._watching, daemon=True)
        self._watch.start()

    def say(self, what: str) -> None:
        """A line for whoever watches."""
        print(f"  [{time.monotonic() - self._began:6.1f} s] {self.title}: {what}", file=sys.stderr, flush=True)

    def worker(self, *, host: str = "127.0.0.1", prefix: tuple[str, ...] = (), **settings: str) -> Worker:
        """Another worker, started."""
        common = {
            "SUAR_KAFKA": self.local.kafka.address,
            "SUAR_REDIS": self.local.redis.address,
            "SUAR_NAMESPACE": NAMESPACE,
            "SUAR_PSEUDONYM_KEY": KEY,
        }
        name = f"worker-{len(self.workers)}"
        one = Worker(name, self.folder, {**common, **self.settings, **settings}, host=host, prefix=prefix)
        self.workers.append(one)
        one.start()
        return one

    def ready_worker(self, **settings: str) -> Worker:
        """Another worker, once it claimed its partitions."""
        one = self.worker(**settings)
        until(lambda: one.ready, f"{one.name} is ready")
        return one

    def publish(self, records: Sequence[Record], rate: float | None = None) -> Publisher:
        """Publishes beside us."""
        assert self.publisher is None or not self.publisher.is_alive(), "one publisher at a time"
        if self.publisher is not None:
            self.published_before += len(self.publisher.records)
        self.publisher = Publisher(self, records, rate)
        self.publisher.start()
        return self.publisher

    def publish_all(self, records: Sequence[Record]) -> None:
        """Publishes and waits for the acknowledgements; nobody need be there to admit them."""
        producer = producer_for(self.local.kafka.address)
        for record in records:
            where = -1 if record.partition is None else record.partition
            producer.produce(record.topic, record.value, record.key, where)
            producer.poll(0)
        assert producer.flush(60) == 0

    def progress(self, topics: Iterable[Topic]) -> Ends:
        """The next offset to fold of each partition, as Redis has it; nothing where Redis does not know."""
        places = [(topic.name, partition) for topic in topics for partition in range(topic.partitions)]
        try:
            found = self.values([f"{place(NAMESPACE, *one)}next" for one in places])
        except redis_errors.RedisError:
            return {}
        return {place: int(value) for place, value in zip(places, found, strict=True) if value is not None}

    def marks_seen(self) -> list[int]:
        """How many feeds' marks each partition of `suar.facts` remembers."""
        names = [f"{place(NAMESPACE, FACTS.name, partition)}marks" for partition in range(FACTS.partitions)]
        return [len(msgspec.json.decode(blob)) if blob else 0 for blob in self.values(names)]

    def values(self, names: Sequence[str]) -> list[bytes | None]:
        """Of keys in any slots."""
        if isinstance(self.redis, RedisCluster):
            return self.redis.mget_nonatomic(names)
        return self.redis.mget(names)

    def committed(self, stage: str, topic: Topic) -> Ends:
        """What Kafka remembers of a stage's progress on a topic; nothing while the broker is away."""
        group = ConsumerGroupTopicPartitions(f"{NAMESPACE}-{stage}-{topic.name}")
        try:
            answer = self._admin.list_consumer_group_offsets([group], request_timeout=5)[group.group_id].result()
        except KafkaException:
            return {}
        return {(one.topic, one.partition): one.offset for one in answer.topic_partitions or () if one.offset >= 0}

    def ends(self, topics: Iterable[Topic]) -> Ends | None:
        """Log ends; None while the broker is away."""
        found: Ends = {}
        for topic in topics:
            for partition in range(topic.partitions):
                try:
                    _, end = self._ends.get_watermark_offsets(TopicPartition(topic.name, partition), timeout=5)
                except KafkaException:
                    return None
                found[(topic.name, partition)] = end
        return found

    def at(self, share: float, what: str) -> None:
        """Waits until that share of the work is done, admission and folding together, and something moved since we ask,
        unless a short history is through already. Fails when nothing moves.
        """
        publisher = self.publisher
        assert publisher is not None
        before = self.done
        goal = share * self.work
        all_of_it = self.published_before + len(publisher.records)

        def there() -> bool:
            return self.done >= goal and (self.done != before or self.folded >= all_of_it)

        self._while_moving(there, lambda: self.done, f"{share:.0%} done, for: {what}")
        self.say(f"{share:.0%} done: {what}")

    @property
    def done(self) -> int:
        """Records admitted and facts folded; less again when Redis was emptied."""
        return self.folded + self.facts

    def _while_moving(self, done: Callable[[], bool], figure: Callable[[], object], what: str) -> None:
        last, since = figure(), time.monotonic()
        while not done():
            for worker in self.workers:
                worker.check()
            now = figure()
            if now != last:
                last, since = now, time.monotonic()
            assert time.monotonic() - since < STILL, f"nothing moved for {STILL:.0f} s, waiting for: {what} ({last})"
            time.sleep(0.2)

    def settle_publisher(self) -> None:
        """Waits until the broker has everything."""
        publisher = self.publisher
        if publisher is None:
            return
        self._while_moving(lambda: not publisher.is_alive(), lambda: publisher.acknowledged, "acknowledgements")
        assert not publisher.failed, publisher.failed[:3]
        assert publisher.acknowledged == len(publisher.records)

    def settle_commits(self, stage: str, topic: Topic) -> None:
        """Waits until Kafka knows how far a stage is, as lag tools see it."""

        def known() -> bool:
            ends = self.ends([topic]) or {}
            return self.committed(stage, topic) == {place: end for place, end in ends.items() if end}

        until(known, f"commits of {stage} for {topic.name}")

    def facts_written(self) -> int:
        """Records that stand on `suar.facts`."""
        return sum((self.ends([FACTS]) or {}).values())

    def settle(self) -> None:
        """Waits until everything published is admitted, folded and delivered, and nobody says anything more."""
        self.settle_publisher()
        quiet = 0
        last: tuple[int, Ends] | None = None

        def calm() -> bool:
            nonlocal quiet, last
            state = self._open()
            quiet = quiet + 1 if state is not None and not state[0] and state == last else 0
            last = state
            return quiet >= 5

        self._while_moving(calm, lambda: (last[0] if last else None, self.facts, quiet), "everything folded")

    def _open(self) -> tuple[int, Ends] | None:
        """How many records wait anywhere, and the log ends; None when it cannot be told."""
        topics = (*AGENCY_TOPICS, FACTS, ALERTS, SCREENINGS)
        ends = self.ends(topics)
        if ends is None:
            return None
        done = self.progress(topics)
        waiting = sum(end - done.get(place, 0) for place, end in ends.items())
        if waiting:
            stages = [("admit", topic) for topic in AGENCY_TOPICS] + [("deliver", ALERTS), ("deliver", SCREENINGS)]
            for stage, topic in stages:
                for place, offset in self.committed(stage, topic).items():
                    done[place] = max(offset, done.get(place, 0))
            waiting = sum(end - done.get(place, 0) for place, end in ends.items())
        return waiting, ends

    def _watching(self) -> None:
        """Keeps `folded` fresh and shows how far everything is."""
        known: Ends = {}
        shown = time.monotonic()
        while not self._watch_stops.wait(0.2):
            for where, offset in self.progress(AGENCY_TOPICS).items():
                known[where] = max(offset, known.get(where, 0))
            self.folded = sum(known.values())
            self.facts = sum(self.progress([FACTS]).values())
            if time.monotonic() - shown > 5:
                shown = time.monotonic()
                sent = self.publisher.acknowledged if self.publisher else 0
                self.say(f"{sent:,} published, {self.folded:,} admitted, {self.facts:,} facts folded")

    def close(self) -> None:
        """Ends what this drill started, however it went."""
        for worker in self.workers:
            worker.close()
        if self.publisher is not None:
            self.publisher.halt()
        self._watch_stops.set()
        self._watch.join(10)
        with contextlib.suppress(Exception):
            self._ends.close()
        self.redis.close()
