"""The broker is restarted, killed, frozen, and its connections are cut."""

import subprocess
import time
from collections.abc import Callable

from schemas.topics import FACTS
from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.ground import Ground
from tests.drills.workers import until

CUTS = 15


def test_broker_outages(
    ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """After a reset Faust went on handling and never committed again (BR071)."""
    workers = [ground.worker(), ground.worker()]
    until(lambda: all(worker.ready for worker in workers), "two workers ready")
    feeds_live()
    kafka = ground.local.kafka
    ground.publish(told.history.events)
    ground.at(0.15, "broker restarts")
    kafka.restart()
    ground.at(0.3, "broker restarts again")
    kafka.restart()
    ground.at(0.45, "broker is killed")
    kafka.kill()
    kafka.start()
    ground.at(0.6, "broker freezes for 20 s")
    kafka.pause()
    time.sleep(20)
    kafka.resume()
    ground.at(0.7, "all connections to the broker are cut, again and again")
    cut = 0
    for _ in range(CUTS):
        cut += _cut(kafka.port)
        time.sleep(0.3)  # the clients come back, and are cut again in the middle of something
    ground.say(f"{cut} connections cut")
    audit()
    ground.settle_commits("react", FACTS)


def _cut(port: int) -> int:
    """Resets every connection to a port. Some kernels do not let us: then none is cut, and the freeze must do."""
    try:
        done = subprocess.run(
            ["ss", "-K", "-H", "-t", "dport", "=", f":{port}"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return 0
    return len(done.stdout.splitlines())
