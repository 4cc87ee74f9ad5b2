"""Each switch does what it says, to as many events as it says, and to nothing else."""

from collections import Counter
from datetime import datetime

import pytest

from streams.simulator.clock import DAY, HOUR, day_of, second_of
from streams.simulator.faults import FaultError, Faults, Span, span
from tests.unit.simulator.nations import BEGIN, Seen, plan, read, told

FIRST = day_of(BEGIN) * DAY
SCALE = 0.01


def _with(days: int = 1, **switches: object) -> Seen:
    return read(told(plan(days=days, scale=SCALE, faults=Faults(**switches))))  # type: ignore[arg-type]


def _live(seen: Seen) -> list[tuple[int, dict[str, str]]]:
    """Events of the simulated days without heartbeats, with the second at which they arrive."""
    return [
        (at, event)
        for at, event in zip(seen.arrivals, seen.events, strict=True)
        if event["type"] != "feed_heartbeat" and second_of(datetime.fromisoformat(event["recorded_at"])) >= FIRST
    ]


def _waits(seen: Seen) -> list[int]:
    return [at - second_of(datetime.fromisoformat(event["recorded_at"])) for at, event in _live(seen)]


def test_late_events_stand_hours_behind_their_own_time() -> None:
    waits = _waits(_with(late=0.1))
    late = [wait for wait in waits if wait > 0]
    assert 0.05 < len(late) / len(waits) < 0.12  # some would come after the end
    assert sorted(late)[len(late) // 2] > HOUR


def test_out_of_order_events_stand_minutes_behind() -> None:
    waits = _waits(_with(out_of_order=0.2))
    moved = [wait for wait in waits if wait > 0]
    assert 0.15 < len(moved) / len(waits) < 0.25
    assert max(moved) <= 600


def test_lost_events_never_come() -> None:
    whole, less = len(_live(_with())), len(_live(_with(lost=0.1)))
    assert 0.07 < 1 - less / whole < 0.13


def test_doubled_events_come_twice_as_the_same_event() -> None:
    names = Counter((event["source"], event["id"]) for _, event in _live(_with(doubled=0.1)))
    twice = sum(times == 2 for times in names.values())
    assert 0.07 < twice / len(names) < 0.13
    assert max(names.values()) == 2


def test_a_silent_system_sends_no_heartbeat_and_catches_up() -> None:
    seen = _with(days=4, outage=(Span("simkim", FIRST + 12 * HOUR, FIRST + 72 * HOUR),))
    during = [
        event
        for at, event in zip(seen.arrivals, seen.events, strict=True)
        if FIRST + 12 * HOUR < at < FIRST + 72 * HOUR
    ]
    assert "simkim" not in {event["source"] for event in during}
    assert {event["source"] for event in during} >= {"siskop2mi", "dukcapil"}
    after = [
        event
        for at, event in zip(seen.arrivals, seen.events, strict=True)
        if FIRST + 72 * HOUR <= at <= FIRST + 75 * HOUR
    ]
    waited = [event for event in after if event["source"] == "simkim" and event["recorded_at"] < "2026-03-05T00:00:00"]
    assert len(waited) > 100


def test_an_office_that_is_offline_sends_later_and_others_do_not() -> None:
    begin, end = FIRST, FIRST + 20 * HOUR
    seen = _with(office_offline=(Span("A-CGK", begin, end),))
    waits = Counter(
        (event["data"]["checkpoint"] == "A-CGK", at > second_of(datetime.fromisoformat(event["recorded_at"])))
        for at, event in _live(seen)
        if event["type"] == "crossing_attempted"
    )
    assert waits[True, True] > 0
    assert waits[False, True] == 0


def test_a_migration_loses_half_of_an_offices_records() -> None:
    office = "BP3MI-33"
    whole = [
        event for _, event in _live(_with(days=2)) if event["data"].get("office_code") == office or _of(event, office)
    ]
    less = [
        event
        for _, event in _live(_with(days=2, migration=(Span(office, FIRST, FIRST + 48 * HOUR),)))
        if _of(event, office)
    ]
    assert len(less) < 0.7 * len(whole)


def _of(event: dict[str, object], office: str) -> bool:
    data = event["data"]
    assert isinstance(data, dict)
    return str(data.get("verifier_ref", "")).startswith(f"VER-{office[-2:]}")


def test_clocks_of_some_offices_are_wrong_by_at_most_twenty_minutes() -> None:
    right = {event["id"]: event for _, event in _live(_with())}
    wrong = [
        second_of(datetime.fromisoformat(event["time"])) - second_of(datetime.fromisoformat(right[event["id"]]["time"]))
        for _, event in _live(_with(clock_skew=0.5))
        if event["id"] in right and event["type"] == "crossing_attempted"
    ]
    assert 0 < sum(one != 0 for one in wrong) < len(wrong)
    assert -1200 <= min(wrong) <= max(wrong) <= 240


def test_names_and_dates_are_keyed_wrongly_at_their_rates() -> None:
    right = {
        event["id"]: event["data"] for event in _with().events if event["type"] == "passport_application_submitted"
    }
    wrong = _with(name_errors=0.2, date_errors=0.1)
    pairs = [(event["data"], right[event["id"]]) for event in wrong.events if event["id"] in right]
    assert 0.14 < sum(ours["name"] != other["name"] for ours, other in pairs) / len(pairs) < 0.26
    assert 0.06 < sum(ours["birth_date"] != other["birth_date"] for ours, other in pairs) / len(pairs) < 0.14
    assert all(ours["nik"] == other["nik"] for ours, other in pairs)


def test_the_truth_knows_no_fault() -> None:
    assert _with(lost=0.5, late=0.3).departures == _with().departures


@pytest.mark.parametrize("text", ["S-BTC", "S-BTC:", "S-BTC:a-b", "S-BTC:9-9", ":1-2", "S-BTC:5"])
def test_a_span_is_spelled_exactly(text: str) -> None:
    with pytest.raises(FaultError):
        span(text, FIRST)


def test_an_outage_lasts_sixty_hours_unless_said_otherwise() -> None:
    assert span("simkim:24", FIRST, 60) == Span("simkim", FIRST + 24 * HOUR, FIRST + 84 * HOUR)
    assert span("simkim:24-30", FIRST, 60) == Span("simkim", FIRST + 24 * HOUR, FIRST + 30 * HOUR)
