"""Erasure: a person is forgotten by every dossier that knew of her, once, for good, and her alerts name nobody any more."""

import msgspec
import pytest

from agents.dossier import encode
from schemas.alerts import Alert, State
from schemas.facts import ERASED, Note, erasure
from schemas.identity import Subject, SubjectKind, kind_of
from tests.stories.play import World, admitted, every, play, read

STORIES = {path.stem: read(path) for path in every()}
ALONE, GROUP = "work_visa_without_epmi_fires", "strangers_one_booking_fires"


def _person(world: World, *, number: int = 0) -> Subject:
    people = sorted(name for name in world.dossiers if kind_of(name) is SubjectKind.PERSON)
    return people[number]


def _erased(name: str) -> tuple[World, Subject, Note]:
    story = STORIES[name]
    world = play(story).world
    who = _person(world)
    order = Note(who, erasure(who, story.ends))
    world.settle([order], story.context(story.ends))
    return world, who, order


def test_nothing_is_left_of_her_but_that_she_is_forgotten() -> None:
    world, who, _ = _erased(ALONE)
    assert not any(dossier.held for name, dossier in world.dossiers.items() if kind_of(name) in {SubjectKind.PERSON})
    documents = [dossier for name, dossier in world.dossiers.items() if kind_of(name) is SubjectKind.DOCUMENT]
    assert documents
    for dossier in (*documents, world.dossiers[who]):
        assert (dossier.held, dossier.said, dossier.mentions, dossier.owner) == ({}, {}, {}, None)
        blob = encode(dossier)
        assert not any(told in blob for told in (b"crossing", b"X1000001", b"MYS", b"passport_no"))


def test_her_alerts_say_that_there_was_one_and_name_nobody() -> None:
    [before] = play(STORIES[ALONE]).world.standing().values()
    world, who, order = _erased(ALONE)
    [alert] = world.standing().values()
    assert alert.alert_id == before.alert_id
    assert (alert.state, alert.reason) == (State.WITHDRAWN, ERASED)
    assert [one.rule for one in alert.indications] == ["work_visa_without_epmi"]
    text = alert.model_dump_json()
    assert Alert.model_validate_json(text) == alert, "a reader can read it"
    assert not any(told in text for told in (who, "CR-1", "simkim/", before.subject))
    said = len(world.alerts)
    world.settle([order], STORIES[ALONE].context(STORIES[ALONE].ends))
    assert len(world.alerts) == said, "once"


def test_what_comes_late_or_again_stays_forgotten_and_what_is_new_is_taken_in() -> None:
    story = STORIES[ALONE]
    world, who, _ = _erased(ALONE)
    said = len(world.alerts), len(world.screenings)
    again = [note for record in story.records for note in admitted(record)]
    world.settle(again, story.context(story.ends))
    assert (len(world.alerts), len(world.screenings)) == said
    assert not world.dossiers[who].held
    later = [
        Note(one.subject, msgspec.structs.replace(one.fact, id=f"{one.fact.id}-new", at=story.ends.replace(year=2030)))
        for one in again
    ]
    world.settle(later, story.context(story.ends))
    assert world.dossiers[who].held


@pytest.mark.parametrize("first", [True, False], ids=["the order comes first", "the order comes last"])
def test_the_order_may_come_first(first: bool) -> None:
    story = STORIES[ALONE]
    who = _person(play(story).world)
    facts = [note for record in story.records for note in admitted(record)]
    order = [Note(who, erasure(who, story.ends))]
    world = World()
    world.settle([*order, *facts] if first else [*facts, *order], story.context(story.ends))
    assert not world.dossiers[who].held
    assert all(one.state is State.WITHDRAWN for one in world.standing().values())


def test_a_group_goes_on_without_her() -> None:
    world, who, _ = _erased(GROUP)
    [group] = [one for one in world.standing().values() if one.members]
    assert group.state is State.RAISED
    assert len(group.members) == 8
    assert who not in group.members
    told = [dossier for name, dossier in world.dossiers.items() if kind_of(name) is SubjectKind.BOOKING]
    assert all(not one.flag("stands") for dossier in told for one in dossier.held.values() if one.text("member") == who)
