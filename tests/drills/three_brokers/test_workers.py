"""Workers on a cluster whose clocks are wrong, and workers that run out of memory."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.ground import Ground
from tests.drills.three_brokers.cluster import all_ready, in_parts
from tests.drills.workers import Worker, until

SKEWS = ("+45m", "-4m", "+0", "-4m")
"""Of one worker, one after the other. At most four minutes behind: five is what admission forgives an agency's clock."""
MEMORY = Path("/sys/fs/cgroup/memory")
ROOM = 1024 * 1024
"""Bytes that a worker may still take before it is out of memory."""
ENDS_WITHIN = 30.0
"""Seconds after which a worker that manages, or thrashes, is killed as an operator would."""


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group for the memory of a worker."""
    made = MEMORY / f"suar-drill-{time.monotonic_ns()}"
    try:
        made.mkdir()
    except OSError as error:
        pytest.fail(f"no control group of memory can be made here ({error.strerror}): run this drill as root")
    yield made
    until(lambda: not (made / "cgroup.procs").read_text(), "the group is empty")
    made.rmdir()


def test_cluster_clock_skew(
    ground: Ground, folder: Path, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """The clock of one of two workers is set forth and back while it runs."""
    library = next(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.fail("libfaketime is not installed: apt-get install -y libfaketime")
    clock = folder / "clock"
    clock.write_text("+0\n")
    skewed = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    wrong = ground.worker(**skewed)
    all_ready([wrong, ground.worker()])
    feeds_live()
    for number, (skew, part) in enumerate(zip(SKEWS, in_parts(told.history.events, len(SKEWS)), strict=True)):
        clock.write_text(f"{skew}\n")
        ground.say(f"the clock of one worker is {_clock(skewed) - time.time():+.0f} s off")
        ground.publish(part)
        ground.at((number + 0.9) / len(SKEWS), "the next skew")
        ground.settle_publisher()
    audit()


def test_cluster_memory(
    ground: Ground, group: Path, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """Killed by the kernel for want of memory, and refused memory by it: both end a worker, and neither loses an event."""
    poor = ground.worker()
    all_ready([poor, ground.worker()])
    feeds_live()
    parts = in_parts(told.history.events, 4)
    for number, part in enumerate(parts):
        ground.publish(part)
        confined = number % 2 == 0
        what = "is killed for want of memory" if confined else "is refused memory"
        ground.at((number + 0.1) / len(parts), f"a worker {what}")
        (_confine if confined else _refuse)(poor, group)
        _ended(ground, poor)
        poor.start()
        until(lambda: poor.ready, "it is ready again")
        ground.settle_publisher()
    killed = (group / "memory.oom_control").read_text().split()[-1]
    ground.say(f"the kernel killed {killed}, of themselves ended {poor.codes}")
    assert int(killed) > 0 or 1 in poor.codes, "no worker was out of memory"
    audit()


def _clock(skewed: dict[str, str]) -> float:
    """What a program that begins now takes for the time, UNIX seconds."""
    asked = [sys.executable, "-c", "import time; print(time.time())"]
    return float(subprocess.run(asked, env=skewed, check=True, capture_output=True, text=True).stdout)


def _confine(worker: Worker, group: Path) -> None:
    """What it has stays; more than a little more, and the kernel kills it."""
    worker.wanted = False
    (group / "cgroup.procs").write_text(str(worker.pid))
    (group / "memory.limit_in_bytes").write_text(str(ROOM))


def _refuse(worker: Worker, _: Path) -> None:
    worker.wanted = False
    size = int(Path(f"/proc/{worker.pid}/statm").read_text().split()[0]) * 4096
    subprocess.run(["prlimit", f"--pid={worker.pid}", f"--as={size + ROOM}"], check=True)


def _ended(ground: Ground, worker: Worker) -> None:
    limit = time.monotonic() + ENDS_WITHIN
    while worker.running and time.monotonic() < limit:
        time.sleep(0.1)
    if worker.running:
        worker.send(signal.SIGKILL)
        ground.say("it still runs, and is killed")
    ground.say(f"ended with code {worker.ended()}")
