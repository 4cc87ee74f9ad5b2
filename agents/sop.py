"""Attach: which parts of the procedure go with an alert, and by when people must have answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from schemas.alerts import OPEN_STATES, Alert, Role, Severity, TriggerKind
from schemas.codes import Purpose
from schemas.sop import Sop
from schemas.sop_parts import Level, QuestionSet, Situation

AT_THE_GATE = frozenset({Role.COUNTER, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an alert is about, as far as the procedure asks. `leaves_at` is when the door closes, if it is known."""

    kind: TriggerKind
    severity: Severity
    roles: frozenset[Role]
    created_at: datetime
    leaves_at: datetime | None = None
    child: bool = False
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """References such as `checklist/secondary-inspection@2026-11`, and deadlines in UTC; None where nobody waits."""

    rights_notice: str
    sop: tuple[str, ...]
    decide_by: datetime | None
    acknowledge_by: datetime | None
    referrals: tuple[str, ...]


def attach(sop: Sop, occasion: Occasion) -> Attached:
    """The procedure for an occasion. Total: a `Sop` serves every situation, or it is none."""
    place = situation(occasion)
    held = frozenset({place, Situation.CHILD}) if occasion.child else frozenset({place})
    checklists = [sop.reference(one) for one in sop.checklists if one.situations & held]
    questions = [sop.reference(one) for one in sop.questions if one.situations & held and _asked(one, occasion)]
    return Attached(
        rights_notice=next(sop.reference(one) for one in sop.rights if place in one.situations),
        sop=(*checklists, *questions),
        decide_by=_decide_by(sop, occasion, place),
        acknowledge_by=_acknowledge_by(sop, occasion),
        referrals=tuple(sop.reference(one) for one in sop.referrals if one.situations & held),
    )


def situation(occasion: Occasion) -> Situation:
    """Where people meet, if they meet."""
    match occasion.kind:
        case TriggerKind.ATTEMPT | TriggerKind.MANIFEST | TriggerKind.CLUSTER:
            return _on_the_way(occasion)
        case TriggerKind.APPLICATION:
            return Situation.INTERVIEW
        case TriggerKind.LOSS_REPORT:
            return Situation.LOSS_REPORT
        case TriggerKind.PLACEMENT | TriggerKind.REGISTRY:
            return Situation.DESK
        case TriggerKind.COHORT:
            return Situation.DEPARTED
        case TriggerKind.OFFICER:
            return Situation.OVERSIGHT
        case _:
            assert_never(occasion.kind)


def _on_the_way(occasion: Occasion) -> Situation:
    """At the gate while somebody there is told; MEDIUM prompts and HIGH means secondary. Else abroad, or on a desk."""
    if occasion.roles & AT_THE_GATE:
        return Situation.SECONDARY if occasion.severity >= Severity.HIGH else Situation.COUNTER
    return Situation.DEPARTED if Role.MISSION in occasion.roles else Situation.DESK


def _asked(questions: QuestionSet, occasion: Occasion) -> bool:
    """Sets of a purpose are for those who declared it; who declared none is asked the set of UNKNOWN."""
    return not questions.purposes or (occasion.purpose or Purpose.UNKNOWN) in questions.purposes


def _decide_by(sop: Sop, occasion: Occasion, place: Situation) -> datetime | None:
    """45 minutes after the alert for those who stand there, and 20 before the door closes; at once when that is past."""
    if place is not Situation.SECONDARY:
        return None
    until = []
    if occasion.kind is TriggerKind.ATTEMPT:
        until.append(occasion.created_at + sop.level(Level.DECISION).length)
    if occasion.leaves_at is not None:
        until.append(occasion.leaves_at - sop.level(Level.DECISION_BEFORE_DOOR).length)
    return max(occasion.created_at, min(until)) if until else None


def _acknowledge_by(sop: Sop, occasion: Occasion) -> datetime | None:
    """By severity; a child's case is called in at once whatever the severity (domain 5.4 C)."""
    within = [sop.acknowledged_within(occasion.severity)]
    if occasion.child:
        within.append(sop.level(Level.CHILD_SERVICE_CALLED).length)
    lengths = [length for length in within if length is not None]
    return occasion.created_at + min(lengths) if lengths else None


def deadlines(last: Alert | None, fresh: Alert) -> dict[str, datetime | None]:
    """Those of a revision: more evidence gives nobody more time, so while an alert is open its deadlines only come nearer."""
    if last is None or last.state not in OPEN_STATES:
        return {"decide_by": fresh.decide_by, "acknowledge_by": fresh.acknowledge_by}
    return {
        "decide_by": _nearer(last.decide_by, fresh.decide_by),
        "acknowledge_by": _nearer(last.acknowledge_by, fresh.acknowledge_by),
    }


def _nearer(before: datetime | None, now: datetime | None) -> datetime | None:
    return now if now is None or before is None else min(before, now)
