"""A Redis Cluster of three shards loses its nodes one by one, each with its last second: nobody promotes by hand."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from streams.local import Local
from streams.local_cluster import KafkaCluster, running
from streams.local_redis_cluster import RedisCluster, RedisNode
from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.ground import Ground
from tests.drills.three_brokers.cluster import all_ready, create_topics, ground_on, in_parts
from tests.drills.workers import until

LAG = 1.0
"""Seconds of a primary that nobody has after it."""
COPIED_WITHIN = 300.0
"""Seconds until a replica has gigabytes of its primary, while both work."""
ROUNDS = 2
"""Fail-overs of each shard."""


@dataclass(frozen=True)
class Shards:
    """What a drill of one broker and one Redis sees of it, and the whole."""

    local: Local
    redis: RedisCluster


@pytest.fixture
def cluster(folder: Path) -> Iterator[Shards]:
    """Three brokers, and three shards in place of one Redis."""
    kafka, redis = KafkaCluster.on(folder), RedisCluster.on(folder)
    with running((*redis.nodes, kafka)):
        redis.form()
        create_topics(kafka.address)
        yield Shards(Local(kafka.nodes[0], redis.nodes[0]), redis)


@pytest.fixture
def ground(cluster: Shards, folder: Path, request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Whose workers are told that it is a cluster."""
    with ground_on(cluster.local, folder, request.node.name, SUAR_REDIS_CLUSTER="true") as made:
        yield made


def test_redis_cluster_fail_overs(
    cluster: Shards, ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """Each shard twice: its replica hears nothing for a second, its primary is killed, the others elect the replica, and the
    primary of before returns as a replica.
    """
    workers = [ground.worker(), ground.worker()]
    all_ready(workers)
    feeds_live()
    times = cluster.redis.shards * ROUNDS
    for number, shard in enumerate(times):
        ground.publish(in_parts(told.history.events, len(times))[number])
        ground.at((number + 0.3) / len(times), "a replica falls behind, its primary is killed")
        _fail_over(cluster.redis, ground, shard)
        ground.settle_publisher()
    audit()


def _fail_over(redis: RedisCluster, ground: Ground, shard: tuple[RedisNode, RedisNode]) -> None:
    primary, replica = shard if shard[0].leads() else (shard[1], shard[0])
    replica.deaf(yes=True)
    time.sleep(LAG)
    until(lambda: primary.position() > replica.position(), "the primary writes what the replica misses")
    had, has = primary.position(), replica.position()
    primary.kill()
    began = time.monotonic()
    ground.say(f"{had - has:,} bytes of writes are gone")
    until(replica.leads, "the others elect the replica")
    ground.say(f"the replica leads after {time.monotonic() - began:.1f} s")
    replica.deaf(yes=False)
    until(lambda: all(worker.ready for worker in ground.workers), "the workers go on with the replica")
    ground.say(f"the workers go on after {time.monotonic() - began:.1f} s")
    primary.start()
    until(redis.whole, "the primary of before follows", limit=COPIED_WITHIN)
