"""The ground of drills on a cluster: three brokers with three copies of everything, a Redis with a replica behind a front."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.admin import Admin
from streams.local import CHECKOUT, Local, free_port
from streams.local_cluster import BROKERS, IN_SYNC, KafkaCluster, KafkaNode, RedisReplica, running
from streams.produce import Record
from tests.drills.ground import Ground
from tests.drills.three_brokers.front import Front
from tests.drills.workers import Worker, until


@dataclass
class FrontedRedis(RedisReplica):
    """A Redis whose clients are given the address of a front, which may lead them to another one."""

    front: Front | None = None

    @property
    def address(self) -> str:
        """What a client connects to."""
        assert self.front is not None
        return f"redis://127.0.0.1:{self.front.port}/0"


@dataclass(frozen=True)
class Cluster:
    """Everything that runs, beside the workers."""

    kafka: KafkaCluster
    redis: tuple[FrontedRedis, RedisReplica]
    """At first the primary and its replica."""
    front: Front
    """Before the Redis that workers use."""
    link: Front
    """From a replica to its primary."""
    local: Local
    """What a drill of one broker and one Redis sees of it."""

    def copies(self) -> int | None:
        """The fewest copies in step of any partition; None while nobody can tell."""
        admin = AdminClient({"bootstrap.servers": self.kafka.address, "log_level": 0, "socket.timeout.ms": 5000})
        try:
            topics = admin.list_topics(timeout=5).topics.values()
        except KafkaException:
            return None
        return min(len(one.isrs) for topic in topics for one in topic.partitions.values())

    def whole(self, ground: Ground) -> None:
        """Waits until every partition has all its copies in step: then another broker may be missed."""
        began = time.monotonic()
        until(lambda: self.copies() == BROKERS, "every partition has its copies in step", every=0.5)
        ground.say(f"all copies in step after {time.monotonic() - began:.1f} s")

    def missed(self, ground: Ground) -> None:
        """Waits until the cluster goes on without the broker that is gone."""
        began = time.monotonic()
        until(lambda: self.copies() == IN_SYNC, "the cluster goes on with two copies", every=0.5)
        ground.say(f"the others took over within {time.monotonic() - began:.1f} s")


def folder_of(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A fresh folder, which stays when the drill fails, for its logs."""
    folder = CHECKOUT / ".suar" / "drills" / f"{request.node.name}-{time.monotonic_ns() // 1_000_000}"
    folder.mkdir(parents=True)
    failed = request.session.testsfailed
    yield folder
    if request.session.testsfailed == failed:
        shutil.rmtree(folder)


@contextmanager
def cluster_on(
    folder: Path, outside: str | None = None, disk: Callable[[KafkaNode], None] | None = None
) -> Iterator[Cluster]:
    """All of it with topics, started and stopped; `disk` is called with each broker before it first starts."""
    kafka = KafkaCluster.on(folder, outside)
    for node in kafka.nodes if disk else ():
        disk(node)
    with ExitStack() as fronts:
        primary = FrontedRedis(folder / "redis-1", free_port())
        link = fronts.enter_context(Front(primary.port))
        front = primary.front = fronts.enter_context(Front(primary.port))
        replica = RedisReplica(folder / "redis-2", free_port(), follows=link.port)
        with running((primary, replica, kafka)):
            create_topics(kafka.address)
            yield Cluster(kafka, (primary, replica), front, link, Local(kafka.nodes[0], primary))


def create_topics(bootstrap: str) -> None:
    """All of them, with a copy on each broker."""

    async def create() -> None:
        async with Admin(bootstrap) as admin:
            await admin.create(replication=BROKERS)

    asyncio.run(create())


@contextmanager
def ground_on(local: Local, folder: Path, title: str, **settings: str) -> Iterator[Ground]:
    """The surroundings of one drill on it."""
    ground = Ground(title.removeprefix("test_").replace("_", " "), folder, local, settings)
    try:
        yield ground
    finally:
        ground.close()


def in_parts(records: Sequence[Record], number: int) -> list[Sequence[Record]]:
    """So many parts of nearly one length, in order: published one by one, each disruption meets work."""
    size = -(-len(records) // number)
    return [records[start : start + size] for start in range(0, len(records), size)]


def all_ready(workers: Iterable[Worker]) -> None:
    """Waits until each of them works."""
    some = list(workers)
    until(lambda: all(worker.ready for worker in some), f"{len(some)} workers ready")
