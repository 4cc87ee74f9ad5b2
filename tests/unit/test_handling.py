"""What people did with an alert: the same whatever order it was heard in, seen by those who answer for alerts, opening nothing again."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from pydantic import ValidationError

from agents.case import Case
from agents.handling import snooze
from agents.route import view
from agents.things import Trigger
from schemas.alerts import Alert, Handled, Role, State, TriggerKind
from schemas.facts import Fact, Note, Value
from schemas.identity import Subject
from schemas.outcomes import RuleSnoozed
from tests.examples import example
from tests.stories.play import FOLDER, Story, World, admitted, play, read

HANDED_OVER = read(FOLDER / "handled_handed_over.yaml")
CLOSED = read(FOLDER / "handled_after_it_closed.yaml")
SNOOZED = read(FOLDER / "snoozed_beside_another_rule.yaml")
NOTE = "Y2F0YXRhbiBjb250b2g="


def _alert(story: str, trigger: str = "CR-1") -> Alert:
    return play(read(FOLDER / f"{story}.yaml")).world.standing()[trigger]


def _notes(story: Story) -> tuple[list[Note], list[Note]]:
    """What agencies said of the traveller, and what officers did."""
    notes = [note for record in story.records for note in admitted(record)]
    return [n for n in notes if n.fact.source == "simkim"], [n for n in notes if n.fact.source == "checkpoint"]


@pytest.mark.parametrize("story", [HANDED_OVER, CLOSED], ids=lambda story: story.name)
def test_every_order_of_what_people_did_ends_in_the_same_handling(story: Story) -> None:
    """All of them, each thing heard twice."""
    known, done = _notes(story)
    ends = set()
    for order in permutations(done):
        world, context = World(), story.context(story.ends)
        world.settle([*known, *order, *order], context)
        [alert] = world.standing().values()
        ends.add((alert.state, alert.handling, alert.taken_by))
    assert len(ends) == 1


@pytest.mark.parametrize("story", [HANDED_OVER, CLOSED], ids=lambda story: story.name)
def test_each_thing_done_is_a_revision_and_no_thing_twice(story: Story) -> None:
    known, done = _notes(story)
    world, context = World(), story.context(story.ends)
    world.settle(known, context)
    before = next(iter(world.standing().values())).revision
    for count, note in enumerate(done, 1):
        world.settle([note, note], context)
        assert next(iter(world.standing().values())).revision == before + count


def test_br113_what_a_document_and_its_holder_heard_is_one_set() -> None:
    """An officer answers for a document; whose it is, is learned later, and the holder heard the same directly."""
    known, done = _notes(HANDED_OVER)
    passport, crossing = known[:-1], known[-1:]
    world, context = World(), HANDED_OVER.context(HANDED_OVER.ends)
    there = [Note(crossing[0].subject, note.fact) for note in done]
    world.settle([*crossing, *there, *done, *passport], context)
    last = max(world.alerts, key=lambda alert: alert.revision)
    assert last.state is State.ACKNOWLEDGED
    assert [one.event_id for one in last.handling] == ["checkpoint/a1", "checkpoint/t1", "checkpoint/t2"]


def test_br109_nothing_opens_a_closed_alert() -> None:
    world = play(CLOSED).world
    closed = [alert for alert in world.alerts if alert.state is State.CLEARED_WITH_ADVICE]
    assert closed
    assert all(
        alert.state is State.CLEARED_WITH_ADVICE for alert in world.alerts if alert.revision >= closed[0].revision
    )
    assert [alert.reason for alert in closed] == ["outcome", "handled", "handled", "handled"]


def test_a_withdrawn_alert_keeps_what_is_done_with_it_and_stays_withdrawn() -> None:
    story = read(FOLDER / "handled_after_it_was_withdrawn.yaml")
    [*_, last] = play(story).world.alerts
    assert (last.state, last.reason) == (State.WITHDRAWN, "handled")
    assert [one.what for one in last.handling] == ["alert_acknowledged"]


def test_the_last_taker_answers_for_it() -> None:
    alert = _alert("handled_handed_over")
    *_, handed = alert.handling
    assert alert.taken_by == handed.to != handed.by
    assert alert.model_copy(update={"handling": ()}).taken_by is None


def test_officers_are_pseudonyms_wherever_they_stand() -> None:
    text = _alert("handled_handed_over").model_dump_json()
    assert "PENYELIA" not in text
    assert "PETUGAS" not in text


def test_the_counter_sees_that_somebody_took_it_and_not_who() -> None:
    alert = _alert("handled_handed_over")
    shown = view(alert, Role.COUNTER)
    assert shown["taken"] is True
    assert view(_alert("handled_acknowledged"), Role.COUNTER)["taken"] is False
    assert not {"handling", "taken_by"} & shown.keys()
    names = {name for one in alert.handling for name in (one.by, one.to) if name}
    assert len(names) == 3
    assert not any(name in json.dumps(shown) for name in names)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.COORDINATOR, Role.BP3MI])
def test_those_who_answer_for_alerts_see_who_did_what(role: Role) -> None:
    alert = _alert("handled_note")
    shown = view(alert, role)
    assert [one["what"] for one in _done(shown)] == ["note_added", "note_added"]
    assert all(one["sealed"] == NOTE and one["by"] for one in _done(shown))


def _done(shown: dict[str, object]) -> list[dict[str, object]]:
    done = shown["handling"]
    assert isinstance(done, list)
    return done


@pytest.mark.parametrize("trigger", ["CR-1", "CR-2"])
def test_a_snooze_of_what_a_role_may_not_know_is_not_shown_to_it(trigger: str) -> None:
    """UU 21/2007 Art. 44: neither the alert that it was given from, nor the one that it keeps the rule out of, names it."""
    alert = play(SNOOZED).world.standing()[trigger]
    assert [one["rule"] for one in _done(view(alert, Role.COORDINATOR))] == ["repatriated_victim_redeparture"]
    for role in (Role.BP3MI, Role.POLRI, Role.COUNTER):
        assert "repatriated_victim" not in json.dumps(view(alert, role))


def test_notes_about_what_a_role_may_not_know_are_not_shown_to_it() -> None:
    """A note may be about the part of the alert that the role does not see."""
    alert = play(SNOOZED).world.standing()["CR-1"]
    note = Handled(event_id="checkpoint/n1", what="note_added", at=alert.at, by="0" * 32, sealed=NOTE)
    alert = alert.model_copy(update={"handling": (note,)})
    assert NOTE in json.dumps(view(alert, Role.COORDINATOR))
    assert NOTE not in json.dumps(view(alert, Role.DISNAKER))


def test_a_rule_is_snoozed_for_people_only() -> None:
    """Groups are silenced: their pages, not their rules."""
    RuleSnoozed.model_validate_json(json.dumps(example(RuleSnoozed)), strict=True)
    with pytest.raises(ValidationError, match="a group is silenced"):
        RuleSnoozed.model_validate_json(json.dumps(example(RuleSnoozed, subject=f"booking:{'0' * 32}")), strict=True)


def test_a_snooze_takes_nothing_back_that_it_was_given_from() -> None:
    """What the registries say of one number is one alert that goes on: snoozed, it stands; the person's journeys are quiet."""
    person = Subject(f"person:{'1' * 32}")
    start = datetime(2026, 3, 10, tzinfo=UTC)
    registered = Fact("dukcapil/r1", "resident_registered", "dukcapil", start + timedelta(days=1), start)
    registry = Trigger(TriggerKind.REGISTRY, person, registered)
    journey = Trigger(TriggerKind.ATTEMPT, "CR-1", registered)
    data: dict[str, Value] = {
        "alert_id": registry.alert_id,
        "trigger_id": person,
        "rule": "death_or_inactive_nik",
        "until": (start + timedelta(days=2)).isoformat(),
    }
    snoozed = Fact("checkpoint/z1", "rule_snoozed", "checkpoint", start, start, data)
    case = Case(person, [snoozed, registered])
    assert snooze(case, journey, "death_or_inactive_nik") == snoozed
    assert snooze(case, journey, "another_rule") is None
    assert snooze(case, registry, "death_or_inactive_nik") is None
