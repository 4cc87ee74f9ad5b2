"""Decide: raise, update, withdraw, close or stay quiet about one trigger, each with a named reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from agents import route
from agents.assess import Assessment, Context
from agents.case import Case, Trigger
from agents.dossier import Said
from schemas.alerts import (
    OPEN_STATES,
    Alert,
    Confidence,
    Evidence,
    Indication,
    Role,
    Screening,
    Severity,
    State,
    Text,
    TriggerKind,
    Verdict,
)
from schemas.envelope import System
from schemas.facts import Fact, digest
from schemas.outcomes import GroundCode

EPOCH = 1000
"""Revisions of a document's n-th owner begin at n * EPOCH + 1, so that the newer owner's word always wins."""
RIGHTS_NOTICE = "rights/secondary-inspection@1"


class Why(StrEnum):
    """Why an alert has this revision, or why nothing was said."""

    RAISED = "raised"
    UPDATED = "updated"
    NO_LONGER_SUPPORTED = "no_longer_supported"
    TRIGGER_TAKEN_BACK = "trigger_taken_back"
    MERGED = "merged"
    OUTCOME = "outcome"
    EXPIRED = "expired"
    FIRST_ANSWER = "first_answer"
    ANSWER_CHANGED = "answer_changed"
    ALREADY_SAID = "already_said"
    NOT_A_TRIGGER_ANY_MORE = "not_a_trigger_any_more"


@dataclass(frozen=True)
class Decision:
    """What to say about one trigger, and what to remember of it."""

    said: Said
    why: Why
    alert: Alert | None = None
    screening: Screening | None = None


def decide(case: Case, assessment: Assessment, before: Said | None, context: Context, now: datetime) -> Decision:
    """Compares an assessment with what was said. `now` is the admission time of the fact that brought it up."""
    trigger = assessment.trigger
    floor = _floor(case, trigger)
    said = before or Said(about=trigger.fact.id, revision=floor, alert_revision=floor)
    if said.revision < floor or said.alert_revision < floor:
        said = msgspec.structs.replace(said, revision=floor, alert_revision=floor, spoken="", alerted="")
    returned = any(context.live(System(source), trigger.at) for source in said.awaits)
    waited = returned and assessment.verdict is Verdict.ALERT and not _stands(said)
    late = said.late or (now if waited else None)
    said = msgspec.structs.replace(
        said,
        about=trigger.fact.id,
        late=late,
        awaits=dict(assessment.awaits),
        links=assessment.mentions,
    )
    said, alert, why = _alert(case, assessment, said, context, now)
    said, screening = _screening(assessment, said, context)
    if why is Why.ALREADY_SAID and screening is not None:
        why = Why.FIRST_ANSWER if before is None else Why.ANSWER_CHANGED
    return Decision(said, why, alert, screening)


def _stands(said: Said) -> bool:
    """Has an alert been said, and not taken back since?"""
    return said.alert is not None and Alert.model_validate_json(said.alert).state is not State.WITHDRAWN


def _floor(case: Case, trigger: Trigger) -> int:
    """Below the first revision. A person whom an agency named itself outranks a document of nobody, and yields to its owner."""
    epoch = max(trigger.fact.epoch, case.epoch)
    return EPOCH // 2 if epoch == 0 and case.identified else epoch * EPOCH


def _alert(
    case: Case, assessment: Assessment, said: Said, context: Context, now: datetime
) -> tuple[Said, Alert | None, Why]:
    last = Alert.model_validate_json(said.alert) if said.alert else None
    if assessment.verdict is not Verdict.ALERT:
        if last is None or not _takes_back(last.state):
            return said, None, Why.ALREADY_SAID
        return _revised(said, last, State.WITHDRAWN, Why.NO_LONGER_SUPPORTED)
    seen = max(now, said.seen or now)
    said = msgspec.structs.replace(said, seen=seen)
    state, why = _state(case, assessment.trigger, expired=seen >= expiry(assessment, said, context))
    fresh = _compose(case, assessment, said, context, now)
    content = _content(fresh, state)
    if content == said.alerted:
        return _until(said, fresh, state), None, Why.ALREADY_SAID
    if why is Why.RAISED and last is not None and last.state is not State.WITHDRAWN:
        why = Why.UPDATED
    alert = fresh.model_copy(
        update={
            "revision": said.alert_revision + 1,
            "state": state,
            "reason": why.value,
            "created_at": last.created_at if last else fresh.created_at,
        }
    )
    return _remembered(said, alert, content), alert, why


def _takes_back(state: State) -> bool:
    """Late truth corrects an open, expired or deferring alert; an officer's clearance stands as it is."""
    return state in OPEN_STATES | {State.EXPIRED, State.DEFERRED}


def _revised(said: Said, last: Alert, state: State, why: Why) -> tuple[Said, Alert, Why]:
    alert = last.model_copy(update={"revision": said.alert_revision + 1, "state": state, "reason": why.value})
    return _remembered(said, alert, _content(alert, state)), alert, why


def _remembered(said: Said, alert: Alert, content: str) -> Said:
    said = msgspec.structs.replace(said, alert_revision=alert.revision, alerted=content, alert=alert.model_dump_json())
    return _until(said, alert, alert.state)


def _until(said: Said, alert: Alert, state: State) -> Said:
    """When to look whether the alert ends by itself; evidence that says nothing new may still move it."""
    return msgspec.structs.replace(said, expires=alert.expires_at if state in OPEN_STATES else None)


def take_back(said: Said, fact: Fact | None, why: Why, context: Context) -> Decision:
    """The trigger is gone from this dossier (retracted, or it moved to its owner): take back what was said of it, once.

    `fact` is what the trigger was; its answer becomes undetermined, never an all-clear: its owner may yet say more.
    """
    answered, screening = _answer_taken_back(said, fact, why, context)
    last = Alert.model_validate_json(said.alert) if said.alert else None
    if last is None or not _takes_back(last.state):
        return Decision(answered, why if screening else Why.ALREADY_SAID, screening=screening)
    remembered, alert, why = _revised(answered, last, State.WITHDRAWN, why)
    return Decision(remembered, why, alert, screening)


def _answer_taken_back(said: Said, fact: Fact | None, why: Why, context: Context) -> tuple[Said, Screening | None]:
    silent = msgspec.structs.replace(said, awaits={}, links=())
    attempt = Trigger(TriggerKind.ATTEMPT, "", fact).attempt if fact and fact.kind == "crossing_attempted" else None
    if attempt is None or not said.spoken:
        return silent, None
    revision = said.revision + 1
    silent = msgspec.structs.replace(silent, revision=revision, verdict=Verdict.UNDETERMINED.value, spoken="")
    return silent, Screening(
        crossing_id=attempt.crossing,
        revision=revision,
        verdict=Verdict.UNDETERMINED,
        reason=why.value,
        checkpoint=attempt.checkpoint,
        lane=attempt.lane,
        at=attempt.fact.at,
        admitted_at=attempt.fact.admitted_at,
        freshness=(),
        policy_version=context.policy.version,
    )


_OUTCOMES = {
    "alert_acknowledged": State.ACKNOWLEDGED,
    "secondary_started": State.IN_SECONDARY,
}


def _state(case: Case, trigger: Trigger, *, expired: bool) -> tuple[State, Why]:
    """Where the alert stands by what officers recorded; without a word from them it expires."""
    state, why = State.RAISED, Why.RAISED
    for fact in sorted(case.of(*_OUTCOMES, "outcome_recorded"), key=lambda one: (one.at, one.id)):
        if fact.text("trigger_id") != trigger.id:
            continue
        value = _OUTCOMES.get(fact.kind) or State(fact.text("outcome"))
        state, why = (value, Why.OUTCOME) if value is not State.WITHDRAWN else (state, why)
    if state in OPEN_STATES and expired:
        return State.EXPIRED, Why.EXPIRED
    return state, why


def expiry(assessment: Assessment, said: Said, context: Context) -> datetime:
    """When an alert that nobody closed ends by itself: so long after it could first be known."""
    return route.known_at(assessment, said.late) + timedelta(days=context.policy.alert_days)


def _compose(case: Case, assessment: Assessment, said: Said, context: Context, now: datetime) -> Alert:
    trigger = assessment.trigger
    left = route.gone(trigger, route.known_at(assessment, said.late), context.policy)
    rules = [one.rule for one in assessment.spoken]
    return Alert(
        alert_id=digest("alert", trigger.kind.value, trigger.id),
        revision=1,
        state=State.RAISED,
        reason=Why.RAISED.value,
        trigger=trigger.kind,
        trigger_id=trigger.id,
        subject=case.subject,
        place=trigger.place,
        at=trigger.at,
        severity=assessment.severity or Severity.MEDIUM,
        confidence=_confidence(assessment),
        indications=tuple(
            Indication(
                rule=one.rule.id,
                version=one.rule.version,
                family=one.rule.family,
                strength=one.rule.strength,
                severity=one.severity,
                confidence=one.confidence,
                why=one.rule.why,
            )
            for one in assessment.spoken
        ),
        evidence=_evidence(assessment),
        innocent=_texts([rule.innocent for rule in rules]),
        clears=_texts([rule.clears for rule in rules]),
        questions=_texts([rule.questions for rule in rules]),
        grounds=_grounds([rule.grounds for rule in rules]),
        rights_notice=RIGHTS_NOTICE,
        recipients=route.recipients(assessment, left=left),
        created_at=now,
        expires_at=expiry(assessment, said, context),
        freshness=tuple(context.age(source, trigger.at) for source in assessment.leaned_on),
        policy_version=context.policy.version,
        trace_id=trigger.fact.id,
    )


def _confidence(assessment: Assessment) -> Confidence:
    full = any(one.confidence is Confidence.FULL and one.severity == assessment.severity for one in assessment.spoken)
    return Confidence.FULL if full else Confidence.DEGRADED


def _evidence(assessment: Assessment) -> tuple[Evidence, ...]:
    facts: dict[str, Fact] = {fact.id: fact for one in assessment.spoken for fact in one.hit.evidence}
    ordered = sorted(facts.values(), key=lambda fact: (fact.at, fact.id))
    return tuple(Evidence(event_id=f.id, system=f.source, type=f.kind, at=f.at) for f in ordered)


def _texts(groups: list[tuple[Text, ...]]) -> tuple[Text, ...]:
    return tuple({text.en: text for group in groups for text in group}.values())


def _grounds(groups: list[tuple[GroundCode, ...]]) -> tuple[GroundCode, ...]:
    return tuple(dict.fromkeys(ground for group in groups for ground in group))


def _content(alert: Alert, state: State) -> str:
    """What makes a revision worth sending: state, severity, rules, evidence and whom it is for; not the clock."""
    return digest(
        state.value,
        alert.severity.value,
        alert.confidence.value,
        *(f"{i.rule}@{i.version}:{i.severity.value}" for i in alert.indications),
        *(one.event_id for one in alert.evidence),
        *(recipient.feed for recipient in alert.recipients),
    )


def _screening(assessment: Assessment, said: Said, context: Context) -> tuple[Said, Screening | None]:
    trigger, attempt = assessment.trigger, assessment.trigger.attempt
    if trigger.kind is not TriggerKind.ATTEMPT or attempt is None:
        return said, None
    spoken = digest(
        assessment.verdict.value,
        assessment.severity or 0,
        *(f"{one.rule}:{one.source}" for one in assessment.undetermined),
    )
    if spoken == said.spoken:
        return said, None
    rules = [one.rule for one in assessment.spoken if Role.COUNTER in one.rule.recipients]
    alerting = assessment.verdict is Verdict.ALERT
    questions = _texts([rule.questions for rule in rules]) or (route.NEUTRAL if alerting else ())
    said = msgspec.structs.replace(said, revision=said.revision + 1, verdict=assessment.verdict.value, spoken=spoken)
    return said, Screening(
        crossing_id=attempt.crossing,
        revision=said.revision,
        verdict=assessment.verdict,
        reason=_reason(assessment),
        checkpoint=attempt.checkpoint,
        lane=attempt.lane,
        at=trigger.at,
        admitted_at=trigger.fact.admitted_at,
        severity=assessment.severity if alerting else None,
        alert_id=digest("alert", trigger.kind.value, trigger.id) if alerting else None,
        undetermined=assessment.undetermined,
        questions=questions[: route.QUESTIONS_AT_THE_COUNTER],
        clears=_texts([rule.clears for rule in rules]),
        freshness=tuple(context.age(source, trigger.at) for source in assessment.leaned_on),
        policy_version=context.policy.version,
    )


def _reason(assessment: Assessment) -> str:
    """A code for checkpoint systems. It names no rule: some would tell the counter what only a supervisor may know."""
    if assessment.verdict is Verdict.ALERT:
        return "indications_found"
    if assessment.verdict is Verdict.UNDETERMINED:
        silent = any(
            one.source is not None and one.source.value in assessment.awaits for one in assessment.undetermined
        )
        return "feed_not_live" if silent else "identity_unknown"
    return "cleared_lately" if assessment.cleared_lately else "no_rule_spoke"
