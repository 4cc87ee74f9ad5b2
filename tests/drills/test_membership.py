"""Workers join, leave and die; one is paused until its partitions are somebody else's."""

import signal
import time
from collections.abc import Callable

from streams.settings import Settings
from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.ground import Ground
from tests.drills.silence import Silence
from tests.drills.workers import until

SESSION = float(Settings.model_fields["session_timeout"].default)
STEADY = 250.0
"""Records a second when silence is measured: enough for every partition, little for the machine."""


def test_joining_leaving_dying(
    ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """Faust lost events for good in rebalances (BR065, BR070)."""
    first = ground.ready_worker()
    feeds_live()
    events = told.history.events
    steady = min(len(events) // 2, int(STEADY * 45))
    ground.publish(events[:-steady])
    ground.at(0.05, "a second worker joins")
    second = ground.worker()
    ground.at(0.15, "a third joins")
    third = ground.worker()
    ground.at(0.2, "the second leaves")
    second.stop()
    until(lambda: third.ready, "the third owns partitions")
    ground.at(0.25, "the third is killed")
    third.kill()
    ground.at(0.3, "both come back")
    second.start()
    third.start()
    ground.at(0.35, "the first is killed, the third leaves")
    first.kill()
    third.stop()
    ground.settle()
    first.start()
    until(lambda: first.ready and second.ready, "two workers ready")
    steadily = ground.publish(events[-steady:], rate=STEADY)
    time.sleep(5)  # records for all partitions, before silence is measured
    with Silence(ground) as silence:
        time.sleep(2)
        ground.say("one of two is killed at a steady rate")
        first.kill()
        until(lambda: not steadily.is_alive(), "the steady records")
    silence.report("worker killed", SESSION)
    audit()


def test_zombie(ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]) -> None:
    """A worker that slept through its session wakes up and believes that it still owns its partitions."""
    zombie, other = ground.worker(), ground.worker()
    until(lambda: zombie.ready and other.ready, "two workers ready")
    feeds_live()
    events = told.history.events
    steady = min(len(events) // 2, int(STEADY * 60))
    ground.publish(events[:-steady])
    ground.at(0.25, "one of two is paused under full load")
    zombie.send(signal.SIGSTOP)
    ground.settle_publisher()
    time.sleep(SESSION)
    zombie.send(signal.SIGCONT)
    ground.settle()
    until(lambda: zombie.ready and other.ready, "two workers ready again")
    ground.publish(events[-steady:], rate=STEADY)
    time.sleep(5)  # records for all partitions, before silence is measured
    with Silence(ground) as silence:
        time.sleep(2)
        ground.say("one of two is paused at a steady rate")
        zombie.send(signal.SIGSTOP)
        time.sleep(SESSION + 12)
        zombie.send(signal.SIGCONT)
        ground.say("the zombie wakes")
        time.sleep(5)
    silence.report("worker paused", SESSION)
    audit()
    refused = zombie.log.read_text().count("save refused (lost)")
    ground.say(
        f"{refused} kinds of refusals in the zombie's log, {zombie.metric('suar_fence_lost_total'):.0f} saves refused"
    )
    assert zombie.metric("suar_fence_lost_total") > 0, "the zombie saved nothing, and was refused nothing"


def test_clean_shutdown(
    ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """SIGTERM under load: gone within five seconds, nothing left behind, little done twice."""
    worker = ground.ready_worker()
    feeds_live()
    ground.publish(told.history.events)
    took = []
    for number in range(1, 5):
        ground.at(number / 5, f"SIGTERM, number {number}")
        took.append(worker.stop())
        ground.say(f"gone after {took[-1]:.1f} s with code {worker.codes[-1]}")
        worker.start()
        until(
            lambda: worker.health, "it runs again"
        )  # a signal to a program that has not begun to run meets no handler
    done = audit()
    assert max(took) <= 5, f"a worker took {max(took):.1f} s to stop"
    assert set(worker.codes) == {0}, worker.codes
    spoken = done.figures["suar.alerts copies"] + done.figures["suar.screenings copies"]
    assert spoken <= len(took) * 12 * 500, "more was said twice than one batch of each lane"
