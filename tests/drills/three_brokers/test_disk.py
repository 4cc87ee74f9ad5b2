"""One of three brokers has no room left on its disk: it ends, the others go on, and it comes back when there is room."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from streams.local_cluster import KafkaNode
from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.ground import Ground
from tests.drills.three_brokers.cluster import Cluster, all_ready, cluster_on, in_parts
from tests.drills.workers import until

ROOM = "1g"
SMALL = 2
"""Node id of the broker whose disk is small."""
PIECE = 1024 * 1024


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    """Fresh servers and topics; a file system in memory is the disk of one broker."""
    if os.geteuid():
        pytest.fail("only root may mount a small disk: run this drill as root")
    with ExitStack() as mounts:

        def small(node: KafkaNode) -> None:
            if node.node == SMALL:
                disk = node.folder / "kafka"
                disk.mkdir(parents=True)
                subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "suar-drill", str(disk)], check=True)
                mounts.callback(subprocess.run, ["umount", str(disk)], check=True)

        with cluster_on(folder, disk=small) as made:
            yield made


def test_cluster_disk_full(
    cluster: Cluster, ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """Twice, under load."""
    all_ready([ground.worker(), ground.worker()])
    feeds_live()
    node = cluster.kafka.nodes[SMALL - 1]
    ballast = node.folder / "kafka" / "ballast"
    for number, part in enumerate(in_parts(told.history.events, 2)):
        ground.publish(part)
        ground.at(number / 2 + 0.1, f"the disk of broker {node.node} is full")
        ground.say(f"{_fill(ballast):,} bytes of something else take the room")
        until(lambda: node.ended, "the broker without room ends")
        cluster.missed(ground)
        node.stop()
        ballast.unlink()
        node.start()
        cluster.whole(ground)
        ground.settle_publisher()
    audit()


def _fill(ballast: Path) -> int:
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(PIECE))
    assert shutil.disk_usage(ballast).free < PIECE, "the disk is not full"
    return ballast.stat().st_size
