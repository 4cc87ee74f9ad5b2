"""Three brokers: one is killed, the active controller is killed, one has no room left; two copies of three go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas.topics import FACTS
from streams.local_cluster import KafkaNode
from tests.drills.audit import Audit
from tests.drills.cluster import Cluster, all_ready, cluster_on, folder_of, ground_on
from tests.drills.conftest import Told
from tests.drills.ground import Ground
from tests.drills.workers import until

folder = pytest.fixture(folder_of)


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    """Fresh servers and topics."""
    with cluster_on(folder) as made:
        yield made


@pytest.fixture
def ground(cluster: Cluster, folder: Path, request: pytest.FixtureRequest) -> Iterator[Ground]:
    """In place of the ground with one broker."""
    with ground_on(cluster, folder, request.node.name) as made:
        yield made


def test_cluster_broker_killed(
    cluster: Cluster, ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """Each broker in turn is killed under load, missed, and started again."""
    all_ready([ground.worker(), ground.worker()])
    feeds_live()
    ground.publish(told.history.events)
    for number, node in enumerate(cluster.kafka.nodes):
        ground.at(0.15 + 0.25 * number, f"broker {node.node} is killed")
        node.kill()
        cluster.missed(ground)
        ground.at(0.25 + 0.25 * number, f"broker {node.node} starts again")
        node.start()
        cluster.whole(ground)
    audit()
    ground.settle_commits("react", FACTS)


def test_cluster_controller_killed(
    cluster: Cluster, ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """Whoever is the active controller is killed, three times: the rest elect another one."""
    all_ready([ground.worker(), ground.worker()])
    feeds_live()
    ground.publish(told.history.events)
    for number in range(3):
        node = cluster.kafka.controller()
        ground.at(0.15 + 0.25 * number, f"broker {node.node}, the active controller, is killed")
        node.kill()
        cluster.missed(ground)
        ground.say(f"broker {cluster.kafka.controller().node} is the active controller now")
        node.start()
        cluster.whole(ground)
    audit()
    ground.settle_commits("react", FACTS)
