"""Route: who is told about an assessment, and how much of an alert each role may see."""

from collections.abc import Iterable
from datetime import datetime

from agents.assess import Assessment, Spoken
from agents.case import Trigger
from agents.rules import RULES
from schemas.alerts import Alert, Recipient, Role, Text
from schemas.policy import Policy

AT_THE_GATE = frozenset({Role.COUNTER, Role.SUPERVISOR})
QUESTIONS_AT_THE_COUNTER = 2
NEUTRAL = (
    Text(id="Ke mana tujuan akhir perjalanan Anda?", en="Where are you going finally?"),
    Text(id="Apa rencana Anda pada tiga hari pertama?", en="What will you do the first three days?"),
)
"""For a counter that may not know why: the traveller is met by a supervisor (SOP B, domain 5.4)."""
_HIDDEN_FROM_COUNTER = (
    "indications",
    "evidence",
    "innocent",
    "grounds",
    "freshness",
    "subject",
    "recipients",
    "trace_id",
)
_HIDDEN = {
    Role.COUNTER: _HIDDEN_FROM_COUNTER,
    Role.SUPERVISOR: ("recipients",),
    Role.PASSPORT_OFFICE: ("recipients",),
    Role.BP3MI: ("recipients",),
    Role.KP2MI: ("recipients",),
    Role.MISSION: ("recipients",),
    Role.COORDINATOR: (),
}


def known_at(assessment: Assessment, late: datetime | None) -> datetime:
    """When the alert could first have been raised: its last evidence, its owner known, or a silent feed come back."""
    seen = [fact.admitted_at for one in assessment.spoken for fact in one.hit.evidence]
    others = (moment for moment in (late, assessment.bound_at) if moment is not None)
    return max([assessment.trigger.fact.admitted_at, *seen, *others])


def gone(trigger: Trigger, known: datetime, policy: Policy) -> bool:
    """Has the traveller left by the time we know? Then nobody at the gate can help any more."""
    attempt = trigger.attempt
    if attempt is None:
        return False
    leaves = attempt.leaves_at or trigger.at + policy.gate_open(attempt.checkpoint)
    return known > leaves


def recipients(assessment: Assessment, *, left: bool) -> tuple[Recipient, ...]:
    """The roles of every rule that spoke; for those who left, the mission and BP3MI stand in for the gate."""
    told: dict[str, Recipient] = {}
    for one in assessment.spoken:
        for recipient in (*_of_rule(one, assessment.trigger), *one.hit.also):
            for whom in _after_departure(recipient, assessment.trigger) if left else (recipient,):
                told[whom.feed] = whom
    return tuple(told[feed] for feed in sorted(told))


def _of_rule(one: Spoken, trigger: Trigger) -> Iterable[Recipient]:
    local = AT_THE_GATE | {Role.PASSPORT_OFFICE}
    for role in one.rule.recipients:
        yield Recipient(role=role, at=trigger.place if role in local else "*")


def _after_departure(recipient: Recipient, trigger: Trigger) -> tuple[Recipient, ...]:
    if recipient.role not in AT_THE_GATE:
        return (recipient,)
    abroad = trigger.attempt.destination if trigger.attempt else None
    return (Recipient(role=Role.MISSION, at=abroad or "*"), Recipient(role=Role.BP3MI))


def view(alert: Alert, role: Role) -> dict[str, object]:
    """What one role sees: the counter gets severity, two questions and what would clear it; never evidence or history.

    Both come from the rules that may speak at the counter: another rule's question would tell what it knows.
    """
    shown = alert.model_dump(mode="json", exclude=set(_HIDDEN[role]))
    if role is Role.COUNTER:
        told = [rule for rule in RULES if Role.COUNTER in rule.recipients and rule.id in _rules(alert)]
        questions = [text for rule in told for text in rule.questions] or NEUTRAL
        shown["questions"] = [text.model_dump() for text in questions[:QUESTIONS_AT_THE_COUNTER]]
        shown["clears"] = [text.model_dump() for rule in told for text in rule.clears]
    return shown


def _rules(alert: Alert) -> frozenset[str]:
    return frozenset(one.rule for one in alert.indications)
