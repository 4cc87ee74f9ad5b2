"""When it happened and what is missing: the pure core under the clocks, gaps and silences that have misled others."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from rich.console import Console

from agents.assess import Context
from agents.decide import Why
from agents.freshness import complete, marked
from schemas.alerts import FeedAge, State, Verdict
from schemas.envelope import System
from schemas.facts import MARK, Fact
from schemas.topics import AGENCY_TOPICS, BY_NAME
from schemas.wire import BadRecord, Reason, admit
from streams.commands.alerts import Language, explanation, headline
from tests.stories.play import KEY, POLICY, ROOT, T0, World, admitted, play, record, retold

ALERT, NOTHING, UNDETERMINED = Verdict.ALERT, Verdict.NOTHING_FOUND, Verdict.UNDETERMINED
LIMIT = POLICY.feed_limit(System.SISKOP2MI)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
SOURCE = System.SISKOP2MI.value
PLACEMENTS = BY_NAME["siskop2mi.placements"]

Told = dict[str, Any]


def _nik(number: int) -> str:
    return f"990101450190{number:04}"


def _person(number: int = 1) -> list[Told]:
    """Holds a passport, and has taken every step that comes before a permit."""
    nik = _nik(number)
    passport = {"passport_no": f"X{1000000 + number}", "nik": nik, "issued_on": "-200d", "office_code": "KANIM-1"}
    agreement = {"nik": nik, "p3mi_ref": "P3MI-1", "job_order_no": "JO-1", "country": "MYS"}
    return [
        {"system": system, "type": kind, "id": f"{kind}-{number}", "at": at, "data": data}
        for system, kind, at, data in (
            ("simkim", "passport_issued", "-200d", passport),
            ("sipmi", "placement_agreement_signed", "-40d", agreement),
            ("siskop2mi", "opp_completed", "-11d", {"nik": nik, "country": "MYS"}),
            ("siskop2mi", "social_security_registered", "-11d", {"nik": nik, "country": "MYS"}),
        )
    ]


def _attempted(number: int = 1, *, checkpoint: str = "A-CGK", **more: str) -> Told:
    """On a work visa, without a word about a permit."""
    data = {
        "crossing_id": f"CR-{number}",
        "checkpoint": checkpoint,
        "lane": "COUNTER",
        "direction": "OUT",
        "passport_no": f"X{1000000 + number}",
        "destination": "MYS",
        "visa_class": "WORK",
        "purpose": "WORK",
    }
    return {"system": "simkim", "type": "crossing_attempted", "id": f"c{number}", "at": "0", "data": data, **more}


def _permitted(number: int = 1, *, valid_to: str | None = None, **more: str) -> Told:
    data = {"epmi_no": f"EPMI-{number}", "nik": _nik(number), "scheme": "P_TO_P", "country": "MYS"}
    data |= {"valid_to": valid_to} if valid_to else {}
    return {"system": "siskop2mi", "type": "epmi_issued", "id": f"e{number}", "at": "-5m", "data": data, **more}


def _played(*events: Told, **more: Any) -> World:
    return play(retold("case", {"rules": [], "events": list(events), "expect": {}, **more})).world


def _tell(world: World, told: Told, context: Context, zero: datetime = T0) -> None:
    world.settle(admitted(record(told, zero)), context)


def _tick(world: World, now: datetime, context: Context) -> int:
    """One look at what is due; how many dossiers were."""
    due = world.due(now, context)
    world.settle(due, context)
    return len(due)


def _marks(**other: datetime) -> dict[str, datetime]:
    """All sources far ahead, but those that are named."""
    return {system.value: T0 + timedelta(days=30) for system in System} | other


def _without(source: System) -> dict[str, datetime]:
    return {name: mark for name, mark in _marks().items() if name != source.value}


def _verdicts(world: World) -> list[Verdict]:
    return [one.verdict for one in world.screenings]


def _states(world: World) -> list[State]:
    return [one.state for one in world.alerts]


# Clocks and calendars


@pytest.mark.parametrize(
    ("checkpoint", "shown"),
    [("A-CGK", "10 Mar 21:30:00 WIB"), ("A-DPS", "10 Mar 22:30:00 WITA"), ("A-DJJ", "10 Mar 23:30:00 WIT")],
)
def test_br037_br038_an_instant_is_kept_in_utc_and_shown_on_the_port_s_clock(checkpoint: str, shown: str) -> None:
    """Sent at 23:30 WIT, wherever it happened: one moment, and each port's own hour with the zone's name."""
    world = _played(*_person(), _attempted(checkpoint=checkpoint), t0="2026-03-10T23:30:00+09:00")
    [alert] = world.alerts
    assert json.loads(alert.model_dump_json())["at"] == "2026-03-10T14:30:00Z"
    assert [one.at for one in world.screenings] == [alert.at]
    assert headline(alert, POLICY, Language.EN).plain.startswith(shown)
    page = Console(width=200)
    with page.capture() as caught:
        page.print(explanation(alert, POLICY, Language.EN))
    zone = shown.rpartition(" ")[2]
    assert caught.get().count(f":00 {zone} ") >= 1 + len(alert.evidence) + 1, "headline, evidence and expiry"


@pytest.mark.parametrize("written", ["069", "69", "365", "26069", "2026069", "2026-069", "0", "1773111600"])
def test_br040_no_day_of_the_year_is_ever_a_departure_time(written: str) -> None:
    """A boarding pass writes 10 March as 069. Such a number says neither the year nor the zone: it is refused, as text too."""
    sent = record(_attempted(), T0)
    event = json.loads(sent.value)
    event["data"]["scheduled_at"] = written
    value = json.dumps(event).encode()
    with pytest.raises(BadRecord) as refused:
        admit(value, topic=sent.topic, at=T0, now=T0, key=KEY)
    assert (refused.value.reason, refused.value.where) == (Reason.WRONG_VALUE, "scheduled_at")


@pytest.mark.parametrize(
    ("checkpoint", "at", "verdict"),
    [
        ("A-DJJ", "2026-12-31T23:30:00+09:00", NOTHING),
        ("A-DJJ", "2027-01-01T00:30:00+09:00", ALERT),
        ("A-CGK", "2026-12-31T23:30:00+07:00", NOTHING),
        ("A-CGK", "2027-01-01T00:30:00+07:00", ALERT),
        ("A-CGK", "2027-01-01T01:30:00+09:00", NOTHING),
        ("A-DJJ", "2026-12-31T22:30:00+07:00", ALERT),
    ],
)
def test_br040_a_day_ends_at_midnight_of_the_departure_port(checkpoint: str, at: str, verdict: Verdict) -> None:
    """Good until 31 December: by the port's calendar, whatever zone the sender writes, and over the turn of the year."""
    world = _played(*_person(), _permitted(valid_to="2026-12-31"), _attempted(checkpoint=checkpoint), t0=at)
    assert _verdicts(world) == [verdict]


_EVERY_STORY = """
import time
from hashlib import sha256
from streams.commands.alerts import Language, headline
from tests.stories.play import POLICY, every, play, read
sums = sha256()
for path in every():
    world = play(read(path)).world
    for one in (*world.alerts, *world.screenings, *world.areas):
        sums.update(one.model_dump_json().encode())
    for one in world.alerts:
        sums.update(headline(one, POLICY, Language.ID).plain.encode())
print(time.strftime("%z", time.localtime(1767225600)), sums.hexdigest())
"""


def test_br041_every_story_ends_alike_whatever_the_server_s_zone() -> None:
    """All that is said and shown, to the last byte, on servers in four zones."""
    zones = {"UTC": "+0000", "Asia/Jakarta": "+0700", "Asia/Jayapura": "+0900", "America/New_York": "-0500"}
    running = {
        zone: subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _EVERY_STORY],
            cwd=ROOT,
            env={**os.environ, "TZ": zone, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for zone in zones
    }
    said = {zone: one.communicate(timeout=100)[0].split() for zone, one in running.items()}
    assert [one.returncode for one in running.values()] == [0] * len(zones)
    assert {zone: offset for zone, (offset, _) in said.items()} == zones, "the zones took effect"
    assert len({sums for _, sums in said.values()}) == 1


# One verdict, then its revisions


def test_br044_no_verdict_about_absence_while_the_permit_may_still_be_on_its_way() -> None:
    """It comes within the grace that a silent feed gives: whoever waits hears the match, and the non-match never."""
    feeds = {SOURCE: {"upto": "-2h", "returns": "1h"}}
    world = _played(*_person(), _attempted(), _permitted(arrives="35m"), feeds=feeds)
    assert _verdicts(world) == [UNDETERMINED, NOTHING]
    assert world.alerts == []
    world = _played(*_person(), _attempted(), feeds=feeds)
    assert _verdicts(world) == [UNDETERMINED, ALERT]
    assert _states(world) == [State.RAISED]


@pytest.mark.parametrize("late", ["0", "1h"], ids=["in time", "an hour late"])
@pytest.mark.parametrize(("seconds", "last"), [(-1, NOTHING), (0, NOTHING), (1, ALERT)])
def test_br047_a_permit_of_the_very_second_wins(seconds: int, last: Verdict, late: str) -> None:
    """Also when the verdict about its absence was said before it came; one second later it is a permit for another day."""
    world = _played(*_person(), _permitted(at=f"{seconds}s", arrives=late), _attempted(at="0", arrives="2s"))
    assert world.answers()["CR-1"].verdict is last
    assert len({one.alert_id for one in world.alerts}) == int(bool(world.alerts))
    assert [one.state for one in world.standing().values()] in (
        [],
        [State.WITHDRAWN if last is NOTHING else State.RAISED],
    )


def test_br049_br050_a_correction_is_the_next_revision_of_the_same_alert() -> None:
    """Raised, then withdrawn: a reader who keeps the highest revision never sees two."""
    world = _played(*_person(), _attempted(), _permitted(arrives="1h"))
    raised, withdrawn = world.alerts
    assert (raised.state, withdrawn.state) == (State.RAISED, State.WITHDRAWN)
    assert withdrawn.alert_id == raised.alert_id
    assert withdrawn.revision == raised.revision + 1
    assert withdrawn.reason == Why.NO_LONGER_SUPPORTED.value
    first, last = world.screenings
    assert (first.verdict, last.verdict, last.revision) == (ALERT, NOTHING, first.revision + 1)
    assert first.alert_id == raised.alert_id
    assert list(world.standing()) == ["CR-1"]
    assert _verdicts(_played(*_person(), _permitted(), _attempted())) == [NOTHING], (
        "in order, there is nothing to correct"
    )


def test_br053_absence_is_each_person_s_own() -> None:
    """Eight people, their events interleaved at random: those who hold a permit pass, those who do not are told apart."""
    holders = {number for number in range(1, 9) if number % 3}
    for seed in range(12):
        events = [_attempted(number) for number in range(1, 9)] + [_permitted(number) for number in sorted(holders)]
        Random(seed).shuffle(events)
        world, context = World(), Context(POLICY, _without(System.SISKOP2MI))
        for told in (*(one for number in range(1, 9) for one in _person(number)), *events):
            _tell(world, told, context)
        assert world.alerts == []
        back = Context(POLICY, _marks())
        _tick(world, T0 + HOUR, back)
        wanted = {f"CR-{number}": NOTHING if number in holders else ALERT for number in range(1, 9)}
        assert {name: one.verdict for name, one in world.answers().items()} == wanted
        assert sorted(one.trigger_id for one in world.alerts) == [f"CR-{number}" for number in (3, 6)]


# How far a feed is complete


def _seen(upto: datetime) -> dict[str, datetime]:
    return {f"{topic.name}/{number}": upto for topic in AGENCY_TOPICS for number in range(topic.partitions)}


def _marked(seen: dict[str, datetime], partition: int, upto: datetime) -> dict[str, datetime]:
    data: dict[str, Any] = {"topic": PLACEMENTS.name, "partition": partition, "complete_up_to": upto.isoformat()}
    return marked(seen, Fact(id=f"suar/{upto}", kind=MARK, source=SOURCE, at=upto, admitted_at=upto, data=data))


def test_br046_a_feed_is_as_complete_as_its_slowest_partition() -> None:
    """However far the busy ones are, and whichever topic of the source it is."""
    slow = T0 - HOUR
    for topic in AGENCY_TOPICS:
        for number in (0, 7, 11):
            found = complete({**_seen(T0), f"{topic.name}/{number}": slow})
            assert found == {system.value: slow if system is topic.system else T0 for system in System}
            silent = _seen(T0)
            del silent[f"{topic.name}/{number}"]
            assert complete(silent).keys() == {system.value for system in System if system is not topic.system}


def test_br046_one_slow_partition_holds_the_verdict_back_and_no_longer() -> None:
    """Eleven partitions run hours ahead; the verdict comes when the twelfth has come so far, and it does come."""
    world, seen = World(), _marked(_seen(T0 - 2 * HOUR), 7, T0 - 3 * HOUR)
    for told in (*_person(), _attempted()):
        _tell(world, told, Context(POLICY, {**_marks(), SOURCE: complete(seen)[SOURCE]}))
    for hours in range(6):
        for busy in (number for number in range(PLACEMENTS.partitions) if number != 7):
            seen = _marked(seen, busy, T0 + hours * HOUR)
        assert _tick(world, T0, Context(POLICY, {**_marks(), SOURCE: complete(seen)[SOURCE]})) == 0
    assert _verdicts(world) == [UNDETERMINED]
    seen = _marked(seen, 7, T0 - LIMIT)
    assert _tick(world, T0, Context(POLICY, {**_marks(), SOURCE: complete(seen)[SOURCE]})) == 1
    assert _verdicts(world) == [UNDETERMINED, ALERT]


def test_br051_br052_before_the_feeds_are_there_nobody_is_judged_by_what_they_lack() -> None:
    """A worker that has just begun knows of no mark: thirty people with permits that it has not read yet, and no alert."""
    world, nothing = World(), Context(POLICY)
    for number in range(1, 31):
        for told in (*_person(number), _attempted(number)):
            _tell(world, told, nothing)
    assert {one.verdict for one in world.answers().values()} == {UNDETERMINED}
    for number in range(1, 31):
        _tell(world, _permitted(number), nothing)
    _tick(world, T0, Context(POLICY, _marks()))
    assert {one.verdict for one in world.answers().values()} == {NOTHING}
    assert world.alerts == []


@pytest.mark.parametrize(
    ("feed", "said", "verdict"),
    [
        ("silent", (None, None, False), UNDETERMINED),
        ("-2h", (T0 - 2 * HOUR, 7200.0, False), UNDETERMINED),
        ("-10m", (T0 - timedelta(minutes=10), 600.0, True), ALERT),
        ("1h", (T0 + HOUR, 0.0, True), ALERT),
    ],
    ids=["never heard", "stalled", "quiet, with heartbeats", "ahead"],
)
def test_br056_br057_no_data_is_a_state_with_an_age(
    feed: str, said: tuple[datetime | None, float | None, bool], verdict: Verdict
) -> None:
    """Of a stalled feed we know since when; of one never heard, nothing; a quiet one that beats is as good as a busy one."""
    world = _played(*_person(), _attempted(), feeds={SOURCE: feed})
    [answer] = world.screenings
    assert answer.verdict is verdict
    assert [one for one in answer.freshness if one.source is System.SISKOP2MI] == [FeedAge(System.SISKOP2MI, *said)]
    silent = {one.source for one in answer.undetermined}
    assert silent == ({System.SISKOP2MI} if verdict is UNDETERMINED else set())
    assert len(world.alerts) == int(verdict is ALERT)


# Nothing comes after it


def test_br048_br062_a_lone_attempt_gets_its_verdict_once_and_ends_once() -> None:
    """Not one more fact comes: the feed's return wakes it, the clock ends it, and any number of looks says nothing twice."""
    world, silent, back = World(), Context(POLICY, _without(System.SISKOP2MI)), Context(POLICY, _marks())
    for told in (*_person(), _attempted()):
        _tell(world, told, silent)
    assert _tick(world, T0 + HOUR, silent) == 0
    assert _verdicts(world) == [UNDETERMINED]
    look = world.due(T0 + HOUR, back)
    for _ in range(3):
        world.settle(look, back)
    assert (_verdicts(world), _states(world)) == ([UNDETERMINED, ALERT], [State.RAISED])
    ends = world.alerts[0].expires_at
    for early in (T0 + 2 * HOUR, ends - SECOND):
        assert _tick(world, early, back) == 0
    look = world.due(ends, back)
    for _ in range(3):
        world.settle(look, back)
    assert (_verdicts(world), _states(world)) == ([UNDETERMINED, ALERT], [State.RAISED, State.EXPIRED])
    assert _tick(world, ends + timedelta(days=30), back) == 0


def test_br055_a_look_is_due_at_its_second_and_not_one_before() -> None:
    """On a feed's clock when it is complete up to the limit before the attempt; on the wall's when the alert ends."""
    world = World()
    for told in (*_person(), _attempted()):
        _tell(world, told, Context(POLICY, _marks(siskop2mi=T0 - HOUR)))
    for upto, due in ((T0 - LIMIT - SECOND, 0), (T0 - LIMIT, 1)):
        assert len(world.due(T0, Context(POLICY, _marks(siskop2mi=upto)))) == due
    _tick(world, T0, Context(POLICY, _marks()))
    [alert] = world.alerts
    assert alert.expires_at - alert.created_at == timedelta(days=POLICY.alert_days)
    for now, due in ((alert.expires_at - SECOND, 0), (alert.expires_at, 1)):
        assert len(world.due(now, Context(POLICY, _marks()))) == due
