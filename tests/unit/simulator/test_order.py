"""The stream is in the order of arrival, the same for the same seed, and does not depend on process or memory."""

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from streams.simulator import calendar
from streams.simulator.clock import DAY, day_of, day_text, iso, second_of
from streams.simulator.faults import Faults
from tests.unit.simulator.nations import BEGIN, large, plan, small, told

FIRST = day_of(BEGIN) * DAY
DIGEST = (
    "import hashlib, sys; from tests.unit.simulator.nations import plan, told; "
    "print(hashlib.sha256(b''.join(line.text for line in told(plan(scale=0.005)))).hexdigest())"
)


def _digest(seed: int = 7, **more: bool) -> str:
    return hashlib.sha256(b"".join(line.text for line in told(plan(scale=0.005, seed=seed, **more)))).hexdigest()


@pytest.mark.parametrize("hashes", ["0", "4711"])
def test_the_same_seed_gives_the_same_bytes_in_any_process(hashes: str) -> None:
    other = subprocess.run(
        [sys.executable, "-c", DIGEST],
        env=os.environ | {"PYTHONHASHSEED": hashes, "TZ": "America/New_York"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == _digest()


def test_another_seed_gives_others() -> None:
    assert _digest() != _digest(seed=8)


def test_outcomes_are_a_switch() -> None:
    assert not any(b"departure_deferred" in line.text for line in told(plan(scale=0.01)))
    assert large().of("departure_deferred")


def test_lines_stand_in_the_order_of_arrival_and_history_before_the_first_day() -> None:
    arrivals = small().arrivals
    assert list(arrivals) == sorted(arrivals)
    recorded = [second_of(datetime.fromisoformat(event["recorded_at"])) for event in small().events]
    assert list(arrivals) == recorded
    assert arrivals[-1] <= FIRST + 2 * DAY


def test_the_truth_of_a_day_comes_before_its_events() -> None:
    day = -1
    for line in told(plan(days=2, scale=0.01)):
        if line.truth:
            day = max(day, (line.at - FIRST) // DAY)
        elif line.at >= FIRST + 5 * 60:
            assert (line.at - FIRST) // DAY <= day + (line.at % DAY == 0)


def test_the_disk_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _digest()
    monkeypatch.setattr(calendar, "SPILL", 50_000)
    assert _digest() == before


def test_moments_are_written_as_the_contract_has_them() -> None:
    for second in (0, 951_782_399, 1_772_409_599, FIRST):
        assert iso(second) == datetime.fromtimestamp(second, UTC).isoformat()
    assert day_text(day_of(BEGIN)) == "2026-03-02"


def test_every_system_says_every_five_minutes_that_it_is_up_to_date() -> None:
    beats = [event for event in small().events if event["type"] == "feed_heartbeat" and event["source"] == "polri"]
    assert [event["data"]["complete_up_to"] for event in beats] == [iso(FIRST + 300 * n) for n in range(2 * 288 + 1)]


def test_a_switch_that_is_off_changes_no_byte() -> None:
    quiet = Faults(doubled=0.0, late=0.0, lost=0.0, clock_skew=1e-12)
    one = [line.text for line in told(plan(scale=0.005, faults=quiet))]
    assert one == [line.text for line in told(plan(scale=0.005))]
