"""One installation on the shared servers: empty topics, an empty Redis, a namespace, and everything a test does with them."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import msgspec
import pytest
from aiokafka import ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # its stub forgets OffsetSpec
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from typer.testing import CliRunner, Result

from agents.dossier import CLOCK
from agents.freshness import complete
from schemas.topics import AGENCY_TOPICS, ALERTS, FACTS, IDENTITIES, SCREENINGS, TOPICS, Topic
from streams import settings as settings_of
from streams.admin import Admin, AdminError
from streams.cli import whole
from streams.feed_keys import Keys
from streams.local import Local
from streams.partitions import partitions_of
from streams.produce import Outbox, Record
from streams.react import MARKS
from streams.reading import everything
from streams.sealing import pair
from streams.settings import Settings
from streams.store import place
from tests.drills.workers import KEY, Worker, until

READ_BY_WORKERS = (*AGENCY_TOPICS, FACTS, ALERTS, SCREENINGS, IDENTITIES)
OPENS, SEAL = pair()
"""Keys for identities: the gateway's and the workers'."""

Got: TypeAlias = "ConsumerRecord[bytes, bytes]"
Place = tuple[str, int]


@dataclass
class Installation:
    """What a module of tests shares. Topic names are fixed, so there is one at a time on the shared servers."""

    local: Local
    folder: Path
    namespace: str = field(default_factory=lambda: f"t{uuid4().hex[:8]}")
    workers: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.redis = Redis.from_url(self.local.redis.address, socket_timeout=5)
        self._admin = AdminClient({"bootstrap.servers": self.local.kafka.address, "log_level": 0})

    @property
    def environment(self) -> dict[str, str]:
        """The settings of this installation as an operator sets them."""
        return {
            "SUAR_KAFKA": self.local.kafka.address,
            "SUAR_REDIS": self.local.redis.address,
            "SUAR_NAMESPACE": self.namespace,
            "SUAR_PSEUDONYM_KEY": KEY,
            "SUAR_IDENTITY_SEAL": SEAL,
        }

    @property
    def settings(self) -> Settings:
        """The same, as the code reads them."""
        return settings_of.load(
            kafka=self.local.kafka.address,
            redis=self.local.redis.address,
            namespace=self.namespace,
            pseudonym_key=KEY,
        )

    def reset(self) -> None:
        """Empty topics and an empty Redis."""
        self.redis.flushall()
        self.recreate(TOPICS)

    def recreate(self, topics: Sequence[Topic]) -> None:
        """Topics as the table has them, empty, and led by the broker: it takes them one by one."""
        asyncio.run(self._delete([topic.name for topic in topics]))
        until(lambda: self._led(topics), "the new topics have leaders")

    def _led(self, topics: Sequence[Topic]) -> bool:
        """A topic that is being deleted still stands for a moment, and its successor is made when it is gone."""
        try:
            asyncio.run(self._create(topics))
            return self.ends(topics) is not None
        except (KafkaException, KafkaError, AdminError):
            return False

    async def _create(self, topics: Sequence[Topic]) -> None:
        async with Admin(self.local.kafka.address) as admin:
            await admin.create(topics)

    async def _delete(self, names: Sequence[str]) -> None:
        client = AIOKafkaAdminClient(bootstrap_servers=self.local.kafka.address)
        await client.start()
        try:
            gone = set(names) & set(await client.list_topics())
            if gone:
                await client.delete_topics(sorted(gone))
        finally:
            await client.close()

    def delete(self, *topics: Topic) -> None:
        """Topics that an operator lost."""
        asyncio.run(self._delete([topic.name for topic in topics]))

    def worker(self, **settings: str) -> Worker:
        """A worker, started."""
        one = Worker(f"worker-{len(self.workers)}", self.folder, {**self.environment, **settings})
        self.workers.append(one)
        one.start()
        return one

    def ready_worker(self, **settings: str) -> Worker:
        """A worker that owns all partitions."""
        one = self.worker(**settings)
        until(
            lambda: one.ready and one.health["partitions"] == sum(partitions_of(topic) for topic in READ_BY_WORKERS),
            "the worker is ready",
        )
        return one

    def close(self) -> None:
        """Ends every worker that a test left."""
        for one in self.workers:
            one.close()
        self.redis.close()

    def publish(self, records: Iterable[Record]) -> None:
        """Returns when the broker has acknowledged all."""
        asyncio.run(self._publish(list(records)))

    async def _publish(self, records: list[Record]) -> None:
        outbox = Outbox(self.local.kafka.address)
        try:
            await outbox.send(records)
        finally:
            await outbox.stop()

    def read(self, *topics: Topic) -> list[Got]:
        """Every record of these topics."""
        return asyncio.run(self._read(topics))

    async def _read(self, topics: Sequence[Topic]) -> list[Got]:
        return [one async for one in everything(self.local.kafka.address, *(topic.name for topic in topics))]

    def ends(self, topics: Sequence[Topic] = READ_BY_WORKERS) -> dict[Place, int]:
        """Log ends. The client forgets first how many partitions it knew: topics may have grown."""
        self._admin.list_topics(timeout=5)
        wanted = {
            TopicPartition(topic.name, number): OffsetSpec.latest()
            for topic in topics
            for number in range(partitions_of(topic))
        }
        return {(tp.topic, tp.partition): one.result().offset for tp, one in self._admin.list_offsets(wanted).items()}

    def folded(self, topics: Sequence[Topic] = READ_BY_WORKERS) -> dict[Place, int]:
        """The next offset to fold, as Redis has it; 0 where nothing was folded."""
        places = [(topic.name, number) for topic in topics for number in range(partitions_of(topic))]
        found = self.redis.mget([f"{place(self.namespace, *one)}next" for one in places])
        return {place: int(value or 0) for place, value in zip(places, found, strict=True)}

    def due(self) -> int:
        """Dossiers that wait to be looked at again: their hour came, or a feed is complete as far as they asked."""
        places = [place(self.namespace, FACTS.name, number) for number in range(partitions_of(FACTS))]
        now, waiting = time.time(), self.redis.pipeline(transaction=False)
        for at, blob in zip(places, self.redis.mget([f"{at}{MARKS}" for at in places]), strict=True):
            marks = complete(msgspec.json.decode(blob, type=dict[str, datetime])) if blob else {}
            for clock, upto in ((CLOCK, now), *((source, mark.timestamp()) for source, mark in marks.items())):
                waiting.zcount(f"{at}due:{clock}", "-inf", upto)
        return sum(waiting.execute())

    def settle(self, topics: Sequence[Topic] = READ_BY_WORKERS) -> None:
        """Waits until nothing is left to fold, nor to look at again. Progress is read first, then looks, then ends: whatever
        progress made due is seen, and whatever answered a look shows at the ends.
        """

        behind: dict[Place, tuple[int, int]] = {}

        def still() -> bool:
            assert any(one.running for one in self.workers), f"the worker ended:\n{self.workers[-1].last_words()}"
            folded, due, ends = self.folded(topics), self.due(), self.ends(topics)
            behind.clear()
            behind.update({place: (folded[place], end) for place, end in ends.items() if folded[place] != end})
            return not behind and not due

        try:
            until(still, "all is folded", limit=40)
        except AssertionError as error:
            words = "\n".join(f"{one.health}\n{one.last_words()}" for one in self.workers)
            raise AssertionError(f"{error}; folded and end: {behind}\n{words}") from None

    def committed(self, stage: str, topic: Topic) -> dict[Place, int]:
        """What Kafka remembers of a stage's progress."""
        group = ConsumerGroupTopicPartitions(f"{self.namespace}-{stage}-{topic.name}")
        answer = self._admin.list_consumer_group_offsets([group], request_timeout=5)[group.group_id].result()
        return {(one.topic, one.partition): one.offset for one in answer.topic_partitions or ()}

    def entries(self, feed: str) -> list[bytes]:
        """What stands in a recipient's stream, oldest first."""
        return [fields[b"entry"] for _, fields in self.redis.xrange(self._keys.stream(feed))]

    def open(self, feed: str) -> set[str]:
        """Ids in a recipient's index of open alerts."""
        return {name.decode() for name in self.redis.zrange(self._keys.open(feed), 0, -1)}

    @property
    def _keys(self) -> Keys:
        return Keys(self.settings)

    def cli(self, *words: str, typed: str | None = None, **more: str) -> Result:
        """A command of `suar`, in this process, and what somebody types when it asks."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("streams.commands.terminal.console.width", 200)
            return CliRunner().invoke(whole(), list(words), input=typed, env={**self.environment, **more})


def metric(worker: Worker, name: str, **labels: str) -> float:
    """The sum of a metric's samples that carry these labels; 0 when there is none."""
    page = worker.ask("/metrics")
    assert page is not None, "the worker answers"
    return sum(
        sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
