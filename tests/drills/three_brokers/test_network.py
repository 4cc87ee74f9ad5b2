"""The wire between a worker and the brokers is pulled, then the one to Redis, then both: nobody is told, packets are gone."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from streams.settings import Settings
from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.ground import Ground
from tests.drills.three_brokers import apart
from tests.drills.three_brokers.apart import Apart, Wire
from tests.drills.three_brokers.cluster import Cluster, all_ready, cluster_on, in_parts
from tests.drills.three_brokers.front import Front
from tests.drills.workers import Worker, until

SESSION = float(Settings.model_fields["session_timeout"].default)


@pytest.fixture
def wires() -> Iterator[Apart]:
    """A namespace for one worker."""
    reason = apart.why_not()
    if reason is not None:
        pytest.fail(reason)
    with apart.apart() as made:
        yield made


@pytest.fixture
def cluster(folder: Path, wires: Apart) -> Iterator[Cluster]:
    """Fresh servers and topics; the brokers listen on the wire too."""
    with cluster_on(folder, outside=wires.kafka.here) as made:
        yield made


@pytest.fixture
def far(cluster: Cluster, ground: Ground, wires: Apart) -> Iterator[Callable[[], Worker]]:
    """Starts the worker in the namespace."""
    with ExitStack() as fronts:

        def start() -> Worker:
            front = fronts.enter_context(Front(cluster.redis[0].port, wires.redis.here))
            return ground.worker(
                host=wires.redis.there,
                prefix=wires.prefix,
                SUAR_KAFKA=",".join(node.outside or "" for node in cluster.kafka.nodes),
                SUAR_REDIS=f"redis://{front.host}:{front.port}/0",
                SUAR_WEB_HOST=wires.redis.there,
            )

        yield start


def test_cluster_network_parted(  # noqa: PLR0917 - fixtures
    ground: Ground,
    wires: Apart,
    far: Callable[[], Worker],
    told: Told,
    feeds_live: Callable[[], None],
    audit: Callable[..., Audit],
) -> None:
    """Longer than the session: others take its partitions, and it must not believe that it still owns them."""
    near, parted = ground.worker(), far()
    all_ready([near, parted])
    feeds_live()
    cuts: tuple[tuple[str, tuple[Wire, ...], float], ...] = (
        ("from Kafka", (wires.kafka,), SESSION + 5),
        ("from Redis", (wires.redis,), 8),
        ("from both", (wires.kafka, wires.redis), SESSION + 5),
        ("from Kafka, for a moment", (wires.kafka,), 3),
    )
    parts = in_parts(told.history.events, len(cuts))
    for number, ((what, some, seconds), part) in enumerate(zip(cuts, parts, strict=True)):
        ground.publish(part)
        ground.at((number + 0.2) / len(cuts), f"a worker is parted {what} for {seconds:.0f} s")
        for wire in some:
            wire.pull()
        time.sleep(seconds)
        for wire in some:
            wire.plug()
        _goes_on(ground, parted)
        ground.settle_publisher()
    audit()
    ground.say(f"{parted.metric('suar_fence_lost_total'):.0f} saves of the parted worker were refused")


def _goes_on(ground: Ground, worker: Worker) -> None:
    began = time.monotonic()
    until(lambda: worker.ready, "the parted worker is ready again")
    ground.say(f"it is ready again after {time.monotonic() - began:.1f} s")
