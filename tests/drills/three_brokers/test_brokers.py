"""Three brokers: one is killed, the active controller is killed, one has no room left; two copies of three go on."""

from collections.abc import Callable

from schemas.topics import FACTS
from streams.local_cluster import BROKERS
from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.ground import Ground
from tests.drills.three_brokers.cluster import Cluster, all_ready, in_parts


def test_cluster_broker_killed(
    cluster: Cluster, ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """Each broker in turn is killed under load, missed, and started again."""
    all_ready([ground.worker(), ground.worker()])
    feeds_live()
    parts = in_parts(told.history.events, BROKERS)
    for number, (node, part) in enumerate(zip(cluster.kafka.nodes, parts, strict=True)):
        ground.publish(part)
        ground.at((number + 0.2) / BROKERS, f"broker {node.node} is killed")
        node.kill()
        cluster.missed(ground)
        node.start()
        cluster.whole(ground)
        ground.settle_publisher()
    audit()
    ground.settle_commits("react", FACTS)


def test_cluster_controller_killed(
    cluster: Cluster, ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """Whoever is the active controller is killed, three times: the rest elect another one."""
    all_ready([ground.worker(), ground.worker()])
    feeds_live()
    for number, part in enumerate(in_parts(told.history.events, BROKERS)):
        node = cluster.kafka.controller()
        ground.publish(part)
        ground.at((number + 0.2) / BROKERS, f"broker {node.node}, the active controller, is killed")
        node.kill()
        cluster.missed(ground)
        ground.say(f"broker {cluster.kafka.controller().node} is the active controller now")
        node.start()
        cluster.whole(ground)
        ground.settle_publisher()
    audit()
    ground.settle_commits("react", FACTS)
