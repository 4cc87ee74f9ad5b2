"""Who is told, and how much: the counter never learns why, and nobody at a gate hears of someone who has left."""

import json
from datetime import timedelta

import pytest

from agents.case import Case
from agents.route import gone, view
from agents.things import Trigger
from schemas.alerts import Alert, Role, Screening
from tests.stories.play import FOLDER, POLICY, play, read

VICTIM = "repatriated_victim_redeparture"
RULE_NAMES = ("passport_lost", "invalid_document", "work_visa", "deported", "deferred", "refused", VICTIM)


def _told(story: str, trigger: str = "CR-1") -> tuple[Alert, Screening]:
    world = play(read(FOLDER / f"{story}.yaml")).world
    return world.standing()[trigger], world.answers()[trigger]


ALERTING = [
    "work_visa_without_epmi_fires",
    "repatriated_victim_redeparture_fires",
    "deferred_then_other_checkpoint_fires",
    "invalid_document_presented_fires",
    "deported_then_back_fires",
]


@pytest.mark.parametrize("story", ALERTING)
def test_the_counter_sees_severity_and_two_questions(story: str) -> None:
    """No rule, no evidence, no subject, no other recipient, no innocent explanation that gives the rule away."""
    alert, _ = _told(story)
    shown = view(alert, Role.COUNTER)
    text = json.dumps(shown)
    hidden = {"indications", "evidence", "innocent", "grounds", "freshness", "subject", "recipients", "trace_id"}
    assert not hidden & shown.keys()
    assert shown["severity"] == alert.severity.value
    assert len(alert.questions[:2]) == len(json.loads(text)["questions"]) == 2
    assert not any(name in text for name in RULE_NAMES)
    assert not any(one.event_id in text for one in alert.evidence if one.event_id != alert.trigger_id)


@pytest.mark.parametrize("story", ALERTING)
def test_a_screening_names_no_rule_that_spoke(story: str) -> None:
    """The answer that checkpoint systems show is a verdict, a severity and questions."""
    _, screening = _told(story)
    assert not any(name in screening.model_dump_json() for name in RULE_NAMES)


def test_rule_6_never_reaches_the_counter() -> None:
    """A victim's status is for the supervisor: not the rule's recipients, nor its questions, nor its text on the screen."""
    alert, screening = _told("repatriated_victim_redeparture_fires")
    assert Role.COUNTER not in {one.role for one in alert.recipients}
    [indication] = alert.indications
    said = screening.model_dump_json()
    for sentence in (indication.why, *alert.questions, *alert.innocent, *alert.clears):
        assert sentence.id not in said
        assert sentence.en not in said
    for word in ("korban", "victim", "dipulangkan", "brought home", "debt", "threat"):
        assert word not in said.lower()
    assert len(screening.questions) == 2


def test_the_victim_rule_beside_another_one() -> None:
    """When another rule reaches the counter too, the counter still gets only that one's questions."""
    alert, screening = _told("victim_and_missing_epmi")
    assert {one.rule for one in alert.indications} == {VICTIM, "work_visa_without_epmi"}
    assert Role.COUNTER in {one.role for one in alert.recipients}
    shown = json.dumps([view(alert, Role.COUNTER), screening.model_dump(mode="json")]).lower()
    for word in ("korban", "victim", "dipulangkan", "berutang", "memaksa", "debt", "threat", "forcing"):
        assert word not in shown


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.BP3MI, Role.KP2MI, Role.MISSION, Role.PASSPORT_OFFICE])
def test_others_see_evidence_and_not_who_else_is_told(role: Role) -> None:
    """A supervisor needs the why; the list of recipients is the coordinator's."""
    alert, _ = _told("work_visa_without_epmi_fires")
    shown = view(alert, role)
    assert shown["evidence"]
    assert shown["indications"]
    assert "recipients" not in shown
    assert view(alert, Role.COORDINATOR)["recipients"]


@pytest.mark.parametrize("role", Role)
def test_no_view_shows_a_number_of_a_person(role: Role) -> None:
    """Whatever the role, identifiers are pseudonyms."""
    for story in ALERTING:
        alert, _ = _told(story)
        text = json.dumps(view(alert, role))
        assert "X10000" not in text
        assert "990101" not in text


def test_those_who_left_are_no_matter_for_the_gate() -> None:
    """The mission in the destination and BP3MI stand in for counter and supervisor."""
    alert, _ = _told("stale_feed_returns_with_alert")
    assert {one.feed for one in alert.recipients} == {"MISSION:MYS", "BP3MI:*"}


@pytest.mark.parametrize(("minutes", "left"), [(0, False), (180, False), (181, True)])
def test_an_airport_gate_is_open_for_three_hours(minutes: int, left: bool) -> None:
    """Up to and including the last minute, when the service's own time is unknown."""
    [trigger] = [one for one in _triggers("work_visa_without_epmi_fires") if one.attempt]
    assert gone(trigger, trigger.at + timedelta(minutes=minutes), POLICY) is left


def test_an_application_never_leaves() -> None:
    """There is no gate at a passport office."""
    [*_, trigger] = _triggers("refused_passport_other_office_fires")
    assert not gone(trigger, trigger.at + timedelta(days=900), POLICY)


def _triggers(story: str) -> list[Trigger]:
    world = play(read(FOLDER / f"{story}.yaml")).world
    return [
        one
        for dossier in world.dossiers.values()
        if dossier.said
        for one in Case(dossier.subject, dossier.live()).triggers
    ]
