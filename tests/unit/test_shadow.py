"""A policy in the shadow: what it would add, lose or change is told, what is said stays exactly the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from agents.assess import Context
from agents.dossier import Dossier
from agents.react import Reaction, react
from schemas.alerts import Severity, TriggerKind
from schemas.envelope import System
from schemas.facts import Fact, digest
from schemas.identity import Subject
from schemas.policy import Policy
from schemas.shadow import Change, Shadowed
from tests.stories.play import POLICY

T0 = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
PERSON = Subject("person:" + "1" * 32)
DOCUMENT = Subject("document:" + "2" * 32)
MARKS = {system.value: T0 for system in System}
ALERT = digest("alert", "ATTEMPT", "CR-1")
WORK, VISIT = {"visa_class": "WORK", "purpose": "WORK"}, {"visa_class": "TOURISM", "purpose": "TOURISM"}
NO_PERMIT, IN_PROCESS = "work_visa_without_epmi", "declared_visit_but_cpmi_in_process"


def _fact(name: str, kind: str, *, ago: timedelta = timedelta(0), **data: Any) -> Fact:
    return Fact(id=f"simkim/{name}", kind=kind, source="simkim", at=T0 - ago, admitted_at=T0, data=data)


def _attempt(**data: str) -> Fact:
    told = {
        "crossing_id": "CR-1",
        "checkpoint": "A-CGK",
        "lane": "COUNTER",
        "direction": "OUT",
        "passport_no": "2" * 32,
    }
    return _fact("c1", "crossing_attempted", **{**told, "destination": "MYS", **data})


def _registered(days: int) -> Fact:
    return _fact("r1", "cpmi_registered", ago=timedelta(days=days), country="MYS", cpmi_id="c")


def _context(changes: dict[str, Any] | None) -> Context:
    if changes is None:
        return Context(POLICY, MARKS)
    return Context(POLICY, MARKS, shadow=Context(_policy(**changes), MARKS))


def _policy(**changes: Any) -> Policy:
    nested = {
        name: getattr(POLICY, name).model_copy(update=value)
        for name, value in changes.items()
        if isinstance(value, dict) and name == "windows"
    }
    return POLICY.model_copy(update={"version": "2026-12", **changes, **nested})


def _told(*facts: Fact, context: Context, subject: Subject = PERSON) -> list[Reaction]:
    dossier, told = Dossier(subject), []
    for fact in facts:
        reaction = react(dossier, fact, context)
        dossier = reaction.dossier
        told.append(reaction)
    return told


def _shadows(*facts: Fact, **changes: Any) -> list[Shadowed]:
    """About the attempt."""
    told = _told(*facts, context=_context(changes))
    return [one for reaction in told for one in reaction.shadows if one.alert_id == ALERT]


def test_added() -> None:
    """A longer window sees a registration that the policy in force has forgotten."""
    [one] = _shadows(_registered(150), _attempt(**VISIT), windows={"cpmi_in_process": 200})
    assert (one.change, one.alert_id, one.trigger) == (Change.ADDED, ALERT, TriggerKind.ATTEMPT)
    assert (one.live_severity, one.shadow_severity) == (None, Severity.HIGH)
    assert (one.rules_added, one.rules_lost, one.rules) == ((IN_PROCESS,), (), (IN_PROCESS,))
    assert one.told_added == ("COUNTER:A-CGK", "KP2MI:*", "SUPERVISOR:A-CGK")
    assert (one.live_version, one.shadow_version) == (POLICY.version, "2026-12")


def test_lost() -> None:
    """A stricter limit on feeds makes an absence undetermined."""
    late = msgspec.structs.replace(_attempt(**WORK), at=T0 + timedelta(minutes=5))
    [one] = _shadows(late, feed_limit_minutes={System.SISKOP2MI: 0})
    assert (one.change, one.live_severity, one.shadow_severity) == (Change.LOST, Severity.HIGH, None)
    assert (one.rules_lost, one.rules_added) == ((NO_PERMIT,), ())
    assert "SUPERVISOR:A-CGK" in one.told_lost


def test_changed_severity() -> None:
    """Nobody needs earlier exits to be known: the same rule speaks lower."""
    [one] = _shadows(_attempt(**WORK), earlier_exits_needed=0)
    assert (one.change, one.live_severity, one.shadow_severity) == (Change.CHANGED, Severity.HIGH, Severity.MEDIUM)
    assert (one.rules_changed, one.rules_added, one.rules_lost) == ((NO_PERMIT,), (), ())


def test_changed_recipients() -> None:
    """The gate closes at once: the same alert goes to the mission instead."""
    early = msgspec.structs.replace(_attempt(**WORK), at=T0 - timedelta(minutes=10))
    [one] = _shadows(early, gate_minutes={**POLICY.gate_minutes, "A": 1})
    assert (one.change, one.rules, one.live_severity) == (Change.CHANGED, (NO_PERMIT,), one.shadow_severity)
    assert ("SUPERVISOR:A-CGK" in one.told_lost, "MISSION:MYS" in one.told_added) == (True, True)


def test_the_same_answer_is_no_news() -> None:
    assert _shadows(_attempt(**WORK), windows={"cpmi_in_process": 200}) == []
    assert _shadows(_attempt(**VISIT), windows={"cpmi_in_process": 200}) == []


def test_a_difference_that_ends_is_told() -> None:
    """The permit comes late: neither version alerts any more."""
    permit = _fact("e1", "epmi_issued", ago=timedelta(days=1), country="MYS", epmi_no="E")
    added, same = _shadows(_registered(150), _attempt(**VISIT), permit, windows={"cpmi_in_process": 200})
    assert (added.change, same.change, same.alert_id) == (Change.ADDED, Change.SAME, ALERT)
    assert same.revision >= added.revision


def test_a_document_that_finds_its_owner_takes_its_differences_back() -> None:
    """Its owner judges from there on; the owner's word has the higher revision."""
    issued = _fact("p1", "passport_issued", ago=timedelta(days=9), passport_no="2" * 32, nik="1" * 32)
    lost = _fact("l1", "passport_reported_lost", ago=timedelta(days=3), passport_no="2" * 32)
    context = _context({"gate_minutes": {**POLICY.gate_minutes, "A": 0}})
    early = msgspec.structs.replace(_attempt(**VISIT), at=T0 - timedelta(minutes=10))
    *_, judged, taken = _told(lost, early, issued, context=context, subject=DOCUMENT)
    assert [one.change for one in judged.shadows if one.alert_id == ALERT] == [Change.CHANGED]
    assert [one.change for one in taken.shadows if one.alert_id == ALERT] == [Change.SAME]


@pytest.mark.parametrize("changes", [{"earlier_exits_needed": 0}, {"windows": {"cpmi_in_process": 1}}], ids=str)
def test_what_is_said_stays_the_same(changes: dict[str, Any]) -> None:
    """Dossiers, notes, alerts and screenings are what they are without a shadow, byte for byte."""
    facts = (
        _registered(50),
        _attempt(**VISIT),
        _attempt(**WORK),
        _fact("e1", "epmi_issued", country="SAU", epmi_no="E"),
    )
    alone, beside = _told(*facts, context=_context(None)), _told(*facts, context=_context(changes))
    assert [one.shadows for one in alone] == [()] * len(facts)
    for before, after in zip(alone, beside, strict=True):
        assert (before.dossier, before.notes, before.whys) == (after.dossier, after.notes, after.whys)
        assert (before.alerts, before.screenings) == (after.alerts, after.screenings)


def test_no_identity_is_told() -> None:
    [one] = _shadows(_registered(150), _attempt(**VISIT), windows={"cpmi_in_process": 200})
    told = one.model_dump_json()
    assert [word for word in (PERSON, DOCUMENT, "1" * 32, "2" * 32, "CR-1", "simkim/") if word in told] == []
