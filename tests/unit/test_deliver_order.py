"""Feeds follow the log: a cursor says how far a partition was read, so nothing may stand behind what came after it."""

from datetime import UTC, datetime

import pytest

from schemas.alerts import State
from streams.deliver import Heard, in_turns
from tests.feed.pager_alerts import alert, later

FIRST, SECOND = alert(), alert()
AGAIN = later(FIRST, State.ACKNOWLEDGED)


@pytest.mark.parametrize(
    ("said", "turns"),
    [
        ((), []),
        ((FIRST, SECOND), [2]),
        ((FIRST, AGAIN, SECOND), [1, 2]),
        ((FIRST, SECOND, AGAIN), [2, 1]),
    ],
)
def test_nothing_overtakes_and_no_turn_has_two_revisions(said: tuple[object, ...], turns: list[int]) -> None:
    log = [
        Heard(one, b"", "a0", offset, int(datetime.now(UTC).timestamp()))  # type: ignore[arg-type]  # alerts
        for offset, one in enumerate(said)
    ]
    found = in_turns(log)
    assert [one for turn in found for one in turn] == log
    assert [len(turn) for turn in found] == turns
