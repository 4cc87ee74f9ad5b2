"""A nation's day takes less than two minutes of one core, and twenty days take no more memory than one."""

import os
import resource
import subprocess
import sys

import pytest

_MEASURE = (
    "import resource, sys; from streams.simulator.run import lines; from tests.unit.simulator.nations import plan; "
    "count = sum(1 for _ in lines(plan(days=int(sys.argv[1]), scale=float(sys.argv[2])))); "
    "used = resource.getrusage(resource.RUSAGE_SELF); print(count, used.ru_utime, used.ru_maxrss)"
)


def _measured(days: int, scale: float) -> tuple[int, float, float]:
    """Lines, seconds of one core, and MiB."""
    assert resource.RUSAGE_SELF == 0
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(days), str(scale)],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    count, seconds, kib = done.stdout.split()
    return int(count), float(seconds), float(kib) / 1024


@pytest.mark.drills
@pytest.mark.timeout(900)
def test_a_day_of_the_nation_takes_less_than_two_minutes() -> None:
    count, seconds, _ = _measured(1, 1.0)
    assert count > 500_000
    assert seconds < 120


@pytest.mark.drills
@pytest.mark.timeout(900)
def test_memory_does_not_grow_with_the_days() -> None:
    few, _, one = _measured(1, 0.3)
    many, _, twenty = _measured(20, 0.3)
    assert many > 3 * few
    assert twenty < one + 60
