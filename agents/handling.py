"""Handling: what people did with one alert, as a function of the set of their facts, and the rules that they put to rest."""

from datetime import datetime

from agents.case import Case
from agents.things import Trigger
from schemas.alerts import Handled, State, TriggerKind
from schemas.facts import Fact, in_order
from schemas.outcomes import (
    AlertAcknowledged,
    AlertTaken,
    NoteAdded,
    Outcome,
    OutcomeRecorded,
    RuleSnoozed,
    SecondaryStarted,
)

GROUPS = frozenset({TriggerKind.CLUSTER, TriggerKind.COHORT, TriggerKind.OFFICER})
_ONE_SUBJECT = GROUPS | {TriggerKind.REGISTRY}
"""Their trigger is the subject itself, so two alerts may share it: what was done says with its alert id which one it means."""
_WHAT = (
    AlertAcknowledged.type,
    AlertTaken.type,
    NoteAdded.type,
    RuleSnoozed.type,
    SecondaryStarted.type,
    OutcomeRecorded.type,
)
_ENDS = frozenset(Outcome) - {Outcome.UNKNOWN}


def handled(case: Case, trigger: Trigger, earliest: datetime, snoozed: tuple[Fact, ...] = ()) -> tuple[Handled, ...]:
    """Everything that people did with the alert of a trigger, by moment and event, and the snoozes that keep a rule out of it.

    What was done about a group before anybody of this one came (`earliest`, UTC) is about another group.
    """
    found = {fact.id: fact for fact in snoozed}
    for fact in case.of(*_WHAT):
        if _names(fact, trigger) and not (trigger.kind in GROUPS and fact.at < earliest):
            found[fact.id] = fact
    return tuple(_handled(fact) for fact in sorted(found.values(), key=in_order))


def _names(fact: Fact, trigger: Trigger) -> bool:
    if fact.text("trigger_id") != trigger.id:
        return False
    return trigger.kind not in _ONE_SUBJECT or fact.text("alert_id") == trigger.alert_id


def _handled(fact: Fact) -> Handled:
    return Handled(
        event_id=fact.id,
        what=fact.kind,
        at=fact.at,
        by=fact.text_or_none("by") or fact.text_or_none("officer_ref"),
        to=fact.text_or_none("to"),
        via=fact.text_or_none("via"),
        sealed=fact.text_or_none("sealed"),
        rule=fact.text_or_none("rule"),
        until=fact.moment("until"),
        outcome=fact.text_or_none("outcome"),
        ground_code=fact.text_or_none("ground_code"),
    )


def state(handling: tuple[Handled, ...], *, expired: bool) -> State:
    """Where an alert stands by what people did; without an outcome it expires.

    The last outcome stands: nothing that is heard or done later opens it again.
    """
    ends = [State(one.outcome) for one in handling if one.outcome in _ENDS]
    if ends:
        return ends[-1]
    if expired:
        return State.EXPIRED
    done = {one.what for one in handling}
    if SecondaryStarted.type in done:
        return State.IN_SECONDARY
    return State.ACKNOWLEDGED if done & {AlertAcknowledged.type, AlertTaken.type} else State.RAISED


def snooze(case: Case, trigger: Trigger, rule: str) -> Fact | None:
    """What keeps a rule quiet about a trigger: a snooze that began before the trigger's moment and ends after it.

    It never takes back the alert that it was given from, and it ends by itself: a trigger at or after its end is judged as ever.
    """
    found = [
        fact
        for fact in case.by_kind.get(RuleSnoozed.type, ())
        if fact.text("rule") == rule and fact.at <= trigger.at < _until(fact) and not _names(fact, trigger)
    ]
    return max(found, key=lambda fact: (_until(fact), fact.id), default=None)


def _until(fact: Fact) -> datetime:
    return fact.moment("until") or fact.at
