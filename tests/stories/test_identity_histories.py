"""Promise 1 for identities: numbers that replace each other, passports that change hands, faces compared, children and adults."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given

from agents.assess import Context
from schemas.facts import Note
from schemas.identity import SubjectKind, kind_of
from streams.stories import subject_of
from tests.stories.play import KEY, T0, Story, World, every, play, read, record
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
NIKS = ("9901014505900001", "9901014505900002", "9901010506100003")
PASSPORTS = ("X1000001", "X1000002", "X1000003")
CARDS = ("9901010101230001", "9901010101230002")
NAMES = ("Rahmawati Contoh", "Bambang Sutrisno")
BIRTHS = ("1990-05-14", "1985-03-20", "2012-06-05")


def _particulars(chance: Random) -> Event:
    named = {"name": chance.choice(NAMES), "mother_name": "Sulastri Contoh", "birth_date": chance.choice(BIRTHS)}
    return named | ({"kk_no": chance.choice(CARDS)} if chance.random() < 0.7 else {})


def _event(chance: Random, number: int) -> tuple[str, str, Event]:
    """What one registry, one office or one gate may say next."""
    nik, other = chance.sample(NIKS, 2)
    passport, companion = chance.choice(PASSPORTS), chance.choice(PASSPORTS)
    person: Event = {"nik": nik}
    crossing = {
        "checkpoint": "A-CGK",
        "lane": "COUNTER",
        "direction": "OUT",
        "destination": "MYS",
        "visa_class": "WORK",
    }
    company = {"companion_passport_no": companion} if chance.random() < 0.5 else {"booking_ref": "QZ/ONE"}
    office = {"application_no": f"APP-{nik[-1]}{chance.randrange(2)}", "purpose": "WORK", "office_code": "KANIM-1"}
    issued = {"passport_no": passport, "issued_on": "2026-01-01", "office_code": "KANIM-1"}
    kinds: list[tuple[str, str, Event]] = [
        ("dukcapil", "resident_registered", person | _particulars(chance)),
        ("dukcapil", "resident_registered", person | {"replaces_nik": other}),
        ("dukcapil", "biometric_match_result", person | {"other_nik": other, "result": "SAME"}),
        ("dukcapil", "nik_deactivated", person | {"reason_code": "DUPLICATE"}),
        ("dukcapil", "nik_reactivated", person),
        ("dukcapil", "death_registered", person),
        ("dukcapil", "holder_verified", person | {"result": chance.choice(["SAME", "DIFFERENT"])}),
        ("dukcapil", "household_changed", person | {"kk_no": chance.choice(CARDS)}),
        ("simkim", "passport_application_submitted", person | _particulars(chance) | office),
        ("simkim", "passport_issued", person | issued | {"application_no": office["application_no"]}),
        ("simkim", "passport_issued", person | issued | {"birth_date": chance.choice(BIRTHS)}),
        ("siskop2mi", "epmi_issued", person | {"epmi_no": f"EPMI-{number}", "country": "MYS", "scheme": "P_TO_P"}),
        ("simkim", "crossing_attempted", {"crossing_id": f"CR-{number}", "passport_no": passport} | crossing | company),
        ("simkim", "crossing_attempted", {"crossing_id": f"CR-{number}", "passport_no": passport} | crossing | company),
    ]
    return chance.choice(kinds)


def _history(chance: Random) -> Story:
    events: list[Event] = []
    for number in range(chance.randint(4, 16)):
        system, kind, data = _event(chance, number)
        event: Event = {"id": f"e{number}", "system": system, "type": kind, "at": f"{chance.randint(-960, 24)}h"}
        event |= {"arrives": chance.choice(["0", "1m", "5h", "50h"]), "data": data}
        if events and chance.random() < 0.15:
            first = chance.choice(events)
            event |= {name: first[name] for name in ("system", "type", "at", "data")} | {"retracts": first["id"]}
        events.append(event)
    return Story("a history", (), tuple(record(one, T0) for one in events), {}, (T0 + timedelta(hours=200),), {})


@bounded(300)
@given(drawn=chances)
def test_any_history_of_identities_ends_alike(drawn: Random) -> None:
    """Told three ways more, with notes late and doubled, it leaves the same alerts and answers standing."""
    story, first = _history(drawn), drawn.random() < 0.5
    expected = told(story, one_by_one, marks_first=first)

    for in_order in (True, False, False):

        def deliver(world: World, notes: list[Note], context: Context, in_order: bool = in_order) -> None:
            shuffled(world, notes, context, drawn, in_order=in_order)

        found = told(story, deliver, marks_first=first)
        assert standing(found) == standing(expected)
        assert answers(found) == answers(expected)
        assert_revisions_grow(found.alerts, found.screenings)


def _played(name: str) -> World:
    return play(read(next(path for path in every() if path.stem == name))).world


@pytest.mark.parametrize("name", ["temporary_nik_becomes_real", "temporary_nik_alert_follows"])
def test_br003_both_numbers_stay_searchable(name: str) -> None:
    """The temporary number keeps its facts and says whose they are; the alerts stand at the real one."""
    world = _played(name)
    temporary, real = (subject_of(nik, KEY) for nik in ("9901014505900091", "9901014505900092"))
    assert world.dossiers[temporary].owner == real
    told = {name for name, fact in world.dossiers[temporary].held.items() if fact.source != "suar"}
    assert told <= world.dossiers[real].held.keys()
    assert all(
        alert.subject in {temporary, real} or kind_of(alert.subject) is SubjectKind.DOCUMENT for alert in world.alerts
    )
    assert all(alert.subject == real for alert in world.standing().values())


def test_br035_a_merge_is_taken_back() -> None:
    """The temporary number is a person again, and the real one keeps nothing that was not its own."""
    world = _played("temporary_nik_merge_taken_back")
    temporary, real = (subject_of(nik, KEY) for nik in ("9901014505900091", "9901014505900092"))
    assert world.dossiers[temporary].owner is None
    assert all(fact.via != temporary for fact in world.dossiers[real].held.values())
