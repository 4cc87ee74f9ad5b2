"""kill -9, again and again, under load."""

from collections.abc import Callable

import pytest

from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.ground import Ground

KILLS = 6


@pytest.mark.events(300_000)
def test_kill_9_loop(ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]) -> None:
    """Robinhood's Faust lost 644 of 300,000 this way (BR068)."""
    worker = ground.ready_worker()
    feeds_live()
    ground.publish(told.history.events)
    for number in range(1, KILLS + 1):
        ground.at(number / (KILLS + 1), f"kill -9, number {number}")
        worker.kill()
        worker.start()
    audit()
