"""Agencies are late in every order: the same facts end in the same answers as in the pure core."""

import json
import random
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.assess import Context
from schemas.alerts import OPEN_STATES, Alert, Screening
from schemas.envelope import System
from schemas.topics import ALERTS, BY_NAME, SCREENINGS
from schemas.wire import Admitted, admit
from streams import policy as policies
from streams.local import Local
from streams.produce import Record
from streams.publish import heartbeats, record_of
from tests.broker.installation import Installation
from tests.broker.people import Event, Traveller, taken_back
from tests.drills.workers import until
from tests.stories.play import World

Answer = tuple[object, ...]
Chunks = Sequence[Sequence[Record]]


def _events(now: datetime) -> list[Event]:
    """Twelve people, each with a history in which every event counts."""
    events: list[Event] = []
    for number in range(12):
        who = Traveller(now=now)
        attempt = who.attempted(**({} if number % 3 else {"visa_class": "VISIT", "purpose": "TOURISM"}))
        events += [who.applied(), who.issued(), attempt]
        if number % 2:
            events.append(who.permitted())
        if number % 4 == 3:
            events.append(taken_back(who.permitted()))
        if number == 5:
            events.append(taken_back(attempt))
        if number % 3 == 0:
            events += [_registered(who), _deferred_before(who)]
    return events


def _registered(who: Traveller) -> Event:
    data = {"nik": who.nik, "country": "MYS", "scheme": "P_TO_P"}
    return who.says(System.SISKOP2MI, "cpmi_registered", timedelta(days=30), data)


def _deferred_before(who: Traveller) -> Event:
    data = {
        "crossing_id": f"EARLIER-{who.number}",
        "passport_no": who.passport_no,
        "checkpoint": "S-BTC",
        "destination": "MYS",
        "reason_code": "CPMI_NP",
    }
    return who.says(System.SIMKIM, "departure_deferred", timedelta(days=5), data)


def _crossings_first(records: Sequence[Record], marks: Sequence[Record]) -> Chunks:
    crossings = [one for one in records if one.topic == "simkim.crossings"]
    return (crossings, [one for one in records if one not in crossings], marks)


def _reverse(records: Sequence[Record], marks: Sequence[Record]) -> Chunks:
    topics = list(dict.fromkeys(one.topic for one in records))
    return (marks, *([one for one in reversed(records) if one.topic == topic] for topic in reversed(topics)))


def _interleaved(records: Sequence[Record], marks: Sequence[Record]) -> Chunks:
    shuffled = random.Random(7).sample(records, len(records))
    return (shuffled[::2], marks, shuffled[1::2])


@pytest.mark.parametrize("order", [_crossings_first, _reverse, _interleaved])
def test_br064_order_does_not_matter(
    order: Callable[[Sequence[Record], Sequence[Record]], Chunks], local: Local, server_folder: Path
) -> None:
    suar = Installation(local, server_folder / f"order{order.__name__}")
    suar.reset()
    now = datetime.now(UTC).replace(microsecond=0)
    events = _events(now)
    records, marks = [record_of(event) for event in events], heartbeats(now)
    # An attempt that was taken back before it was heard of is not answered; one that was heard of keeps an answer.
    void = {event["data"].get("crossing_id") for event in events if "retracts" in event}
    core = _core(suar, records, now)
    expected = _answers(core.screenings, void), _standing(core.alerts)
    assert (len(expected[0]), len(expected[1]) > 5) == (11, True)
    worker = suar.ready_worker()
    try:
        for chunk in order(records, marks):
            suar.publish(chunk)
            suar.settle()
        # What waited for a feed is looked at again within a second of its mark.
        with suppress(AssertionError):
            until(lambda: _said(suar, void) == expected, "all is said", limit=20)
        suar.settle()
        assert _said(suar, void) == expected
    finally:
        worker.stop()
        suar.close()


def _said(suar: Installation, void: Collection[str]) -> tuple[dict[str, Answer], dict[str, Answer]]:
    alerts = [Alert.model_validate_json(one.value) for one in suar.read(ALERTS)]
    screenings = [Screening.model_validate_json(one.value) for one in suar.read(SCREENINGS)]
    return _answers(screenings, void), _standing(alerts)


def _core(suar: Installation, records: Iterable[Record], now: datetime) -> World:
    """The pure core on the same records, in the order in which they happened, with all feeds live."""
    context = Context(policies.load(suar.settings.policy), {system.value: now for system in System})
    world = World()
    for record in sorted(records, key=lambda one: json.loads(one.value or b"")["time"]):
        found = admit(record.value, topic=BY_NAME[record.topic], at=now, now=now, key=suar.settings.key)
        assert isinstance(found, Admitted)
        world.settle(found.notes, context)
    return world


def _answers(screenings: Iterable[Screening], void: Collection[str]) -> dict[str, Answer]:
    """The last word on each crossing that stands."""
    last: dict[str, Screening] = {}
    for one in screenings:
        if one.crossing_id not in last or one.revision > last[one.crossing_id].revision:
            last[one.crossing_id] = one
    return {
        name: (one.verdict, one.severity, one.reason, one.alert_id) for name, one in last.items() if name not in void
    }


def _standing(alerts: Iterable[Alert]) -> dict[str, Answer]:
    """What is open at the end, with all that is said about it; not when and in how many revisions."""
    last: dict[str, Alert] = {}
    for one in alerts:
        if one.alert_id not in last or one.revision > last[one.alert_id].revision:
            last[one.alert_id] = one
    return {
        name: (
            one.severity,
            one.confidence,
            one.subject,
            sorted(said.rule for said in one.indications),
            sorted(fact.event_id for fact in one.evidence),
            sorted(whom.feed for whom in one.recipients),
        )
        for name, one in last.items()
        if one.state in OPEN_STATES
    }
