"""Promise 1 on histories that nobody thought of: two people, two passports that change hands, facts taken back and late."""

from collections.abc import Mapping
from datetime import timedelta
from random import Random

from hypothesis import given

from agents.assess import Context
from schemas.facts import Note
from tests.stories.play import T0, Feed, Story, World, record
from tests.stories.test_order import (
    answers,
    assert_revisions_grow,
    bounded,
    chances,
    one_by_one,
    shuffled,
    standing,
    told,
)

Event = dict[str, object]
NIKS = ("9901014501900001", "9901010501900002")
PASSPORTS = ("X1000001", "X1000002")
COUNTRIES = ("MYS", "KHM", "LAO")
ARRIVALS = ("0", "0", "1m", "5h", "50h", "100h")


def _kinds(chance: Random, number: int) -> dict[str, tuple[str, Mapping[str, object]]]:
    """What may happen next, with its particulars drawn. A crossing has a number of its own."""
    nik, passport, country = chance.choice(NIKS), chance.choice(PASSPORTS), chance.choice(COUNTRIES)
    person, document, there = {"nik": nik}, {"passport_no": passport}, {"country": country}
    known = f"CR-{chance.randrange(12)}"
    application = {"application_no": f"APP-{nik[-1]}{chance.randrange(2)}", **person}
    place = {"checkpoint": chance.choice(["A-CGK", "S-NNK"])}
    visa = {"visa_class": chance.choice(["WORK", "TOURIST"])}
    attempt = {"crossing_id": f"CR-{number}", "lane": "COUNTER", "direction": "OUT", "destination": country, **visa}
    deferral = {"crossing_id": known, "checkpoint": "A-DPS", "reason_code": "TPPO", "group_ref": "G-1"}
    deported = {"crossing_id": "EN-1", "deportee": True, "from_country": country, "checkpoint": "S-NNK"}
    status = {"victim_status": chance.choice(["CONFIRMED", "NOT_VICTIM"])}
    case, permit = {"case_no": "CASE-1", **person}, {"epmi_no": f"EPMI-{chance.randrange(2)}", **person}
    return {
        "passport_issued": ("simkim", {**document, **person, "issued_on": "2026-01-01", "office_code": "KANIM-1"}),
        "crossing_attempted": ("simkim", {**document, **attempt, **place}),
        "crossing_cleared": (
            "simkim",
            {**document, **place, "crossing_id": known, "direction": "OUT", "destination": country},
        ),
        "departure_deferred": ("simkim", {**document, **deferral}),
        "entry_cleared": ("simkim", {**document, **deported}),
        "passport_reported_lost": ("simkim", document),
        "passport_recovered": ("simkim", document),
        "passport_seized": ("polri", document),
        "passport_released": ("polri", document),
        "passport_application_submitted": (
            "simkim",
            {**application, "name": "Contoh", "birth_date": "1990-01-05", "purpose": "WORK", "office_code": "KANIM-2"},
        ),
        "passport_application_refused": ("simkim", {**application, "reason_code": "CPMI_NP", "office_code": "KANIM-1"}),
        "epmi_issued": ("siskop2mi", {**permit, **there, "scheme": "P_TO_P"}),
        "epmi_revoked": ("siskop2mi", {**permit, "reason_code": "OTHER"}),
        "placement_cancelled": ("siskop2mi", {**person, **there}),
        "placement_agreement_signed": ("sipmi", {**person, **there, "p3mi_ref": "P3MI-1", "job_order_no": "JO-1"}),
        "complaint_filed": ("peduliwni", {**case, **there, "category": "OTHER", "passport_held": True}),
        "case_assessed": ("peduliwni", {**case, **status}),
        "repatriation_completed": ("peduliwni", {**case, **there}),
    }


def _event(chance: Random, number: int, before: list[Event]) -> Event:
    """One more event; now and then it takes an earlier one back or stands in its place."""
    kinds = _kinds(chance, number)
    often = ["passport_issued", *["crossing_attempted"] * 3]
    kind = chance.choice([*kinds, *often])
    event: Event = {
        "id": f"e{number}",
        "system": kinds[kind][0],
        "type": kind,
        "at": f"{chance.randint(-40 * 24, 48)}h",
        "arrives": chance.choice(ARRIVALS),
        "data": kinds[kind][1],
    }
    if before and chance.random() < 0.15:
        other = chance.choice(before)
        strikes = {chance.choice(["retracts", "supersedes"]): other["id"]}
        event |= {name: other[name] for name in ("system", "type", "at", "data")} | strikes
    return event


def _history(chance: Random) -> Story:
    events: list[Event] = []
    for number in range(chance.randint(3, 14)):
        events.append(_event(chance, number, events))
    silent = Feed(T0 - timedelta(hours=chance.randint(1, 600)), T0 + timedelta(hours=chance.choice([1, 50, 200])))
    return Story(
        name="a history",
        rules=(),
        records=tuple(record(event, T0) for event in events),
        feeds={"siskop2mi": silent} if chance.random() < 0.4 else {},
        ticks=(T0 + timedelta(hours=chance.choice([60, 100, 400])),),
        expect={},
    )


def _told_again(story: Story, chance: Random, *, marks_first: bool, in_order: bool) -> World:
    def deliver(world: World, notes: list[Note], context: Context) -> None:
        shuffled(world, notes, context, chance, in_order=in_order)

    return told(story, deliver, marks_first=marks_first)


@bounded(200)
@given(drawn=chances)
def test_any_history_in_any_order_ends_in_the_same_alerts(drawn: Random) -> None:
    """Drawn at random and told three ways more, it leaves the same alerts and answers standing."""
    story, marks_first = _history(drawn), drawn.random() < 0.5
    expected = told(story, one_by_one, marks_first=marks_first)
    for in_order in (True, False, False):
        found = _told_again(story, drawn, marks_first=marks_first, in_order=in_order)
        assert standing(found) == standing(expected)
        assert answers(found) == answers(expected)
        assert_revisions_grow(found.alerts, found.screenings)
