"""Which policy a partition judges by: a function of the announcements it was told, whatever their order and number."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from agents.versions import Announced, Use, Versions, announced, announcement
from schemas.facts import MARK, decode, encode

T0 = datetime(2026, 12, 1, 2, 0, 0, 123_000, tzinfo=UTC)
FIRST = Announced("2026-12", "a" * 64, T0, 4)
SECOND = Announced("2027-01", "b" * 64, T0, 6)
BACK = Announced("2026-12", "a" * 64, T0 + timedelta(days=1), 1)
"""Put in force again, on a topic that was made anew: its offsets began again."""
OFF = Announced("", "", T0 + timedelta(days=2), 9)


def test_the_newest_announcement_counts_in_any_order() -> None:
    for order in permutations((FIRST, SECOND, BACK, BACK)):
        held = Versions()
        for one in order:
            held = held.after(announcement(Use.LIVE, one))
        assert held == Versions(live=BACK)


def test_the_shadow_is_apart_and_ends() -> None:
    held = Versions().after(announcement(Use.LIVE, FIRST)).after(announcement(Use.SHADOW, SECOND))
    assert held == Versions(FIRST, SECOND)
    assert held.after(announcement(Use.SHADOW, OFF)) == Versions(FIRST, OFF)


def test_what_is_heard_again_changes_nothing() -> None:
    held = Versions().after(announcement(Use.LIVE, FIRST))
    assert held.after(announcement(Use.LIVE, FIRST)) is held


@pytest.mark.parametrize("use", Use)
def test_an_announcement_survives_the_log(use: Use) -> None:
    fact = decode(encode(announcement(use, FIRST)))
    assert announced(fact) == (use, FIRST)
    assert fact == announcement(use, FIRST)


def test_what_names_no_policy() -> None:
    fact = announcement(Use.LIVE, FIRST)
    for changes in ({"kind": MARK}, {"data": {}}, {"data": {**fact.data, "role": "queen"}}):
        kept = {name: getattr(fact, name) for name in ("id", "kind", "source", "at", "admitted_at", "data")}
        with pytest.raises((KeyError, TypeError, ValueError)):
            announced(type(fact)(**{**kept, **changes}))
