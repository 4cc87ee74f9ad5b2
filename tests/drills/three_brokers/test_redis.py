"""A replica of Redis is promoted without the last second of its primary: the offset beside the state heals it."""

import time
from collections.abc import Callable

from streams.local_cluster import RedisReplica
from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.ground import Ground
from tests.drills.three_brokers.cluster import Cluster, all_ready, in_parts
from tests.drills.workers import until

LAG = 1.0
"""Seconds of the primary that nobody has after it."""
COPIED_WITHIN = 300.0
"""Seconds until a replica has gigabytes of its primary, while both work."""


def test_cluster_redis_fail_over(
    cluster: Cluster, ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """There and back, three times: the primary of before returns as a replica, forgets what it alone knew, and is promoted in turn."""
    workers = [ground.worker(), ground.worker()]
    all_ready(workers)
    feeds_live()
    first, second = cluster.redis
    _in_step(ground, second)
    times = ((first, second), (second, first)) * 3
    for number, (primary, replica) in enumerate(times):
        ground.publish(in_parts(told.history.events, len(times))[number])
        ground.at((number + 0.3) / len(times), "the replica falls behind, the primary is killed")
        _fail_over(cluster, ground, primary, replica)
        all_ready(workers)
        primary.follows = cluster.link.port
        primary.start()
        _in_step(ground, primary)
        ground.settle_publisher()
    audit()


def _fail_over(cluster: Cluster, ground: Ground, primary: RedisReplica, replica: RedisReplica) -> None:
    cluster.link.hold()
    time.sleep(LAG)
    had = primary.position()
    primary.kill()
    began = time.monotonic()
    cluster.link.lead_to(replica.port)  # what the line held is lost with it
    has = replica.position()
    replica.promote()
    cluster.front.lead_to(replica.port)
    lost = int(had["master_repl_offset"]) - int(has["slave_repl_offset"])
    ground.say(f"{lost:,} bytes of writes are gone")
    assert lost > 0, "the replica missed nothing"
    until(lambda: all(worker.ready for worker in ground.workers), "the workers go on with the replica")
    ground.say(f"the workers go on after {time.monotonic() - began:.1f} s")


def _in_step(ground: Ground, replica: RedisReplica) -> None:
    until(lambda: replica.position().get("master_link_status") == "up", "the replica follows", limit=COPIED_WITHIN)
    ground.say("the replica follows")
