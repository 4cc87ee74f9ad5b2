"""In place of the ground with one broker: a cluster, fresh for each drill."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills.ground import Ground
from tests.drills.three_brokers.cluster import Cluster, cluster_on, folder_of, ground_on

folder = pytest.fixture(folder_of)


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    """Fresh servers and topics."""
    with cluster_on(folder) as made:
        yield made


@pytest.fixture
def ground(cluster: Cluster, folder: Path, request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Where a drill happens."""
    with ground_on(cluster.local, folder, request.node.name) as made:
        yield made
