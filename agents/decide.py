"""Decide: raise, update, withdraw, close or stay quiet about one trigger, each with a named reason."""

from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

import msgspec

from agents import handling as handlings
from agents import route, sop
from agents.assess import Assessment, Context
from agents.case import Case
from agents.dossier import Said, owners_of, passed, rank
from agents.evidence import event_of, evidence, sentences
from agents.rules.rule import Rule
from agents.things import Trigger
from schemas.alerts import (
    OPEN_STATES,
    Alert,
    Confidence,
    Handled,
    Indication,
    Recipient,
    Role,
    Screening,
    Severity,
    State,
    TriggerKind,
    Verdict,
)
from schemas.codes import Purpose
from schemas.envelope import System
from schemas.facts import Fact, digest
from schemas.outcomes import GroundCode

EPOCH = 1000
"""Revisions of a document's n-th owner begin at n * EPOCH + 1, so that the newer owner's word always wins."""
_NUMBERS = (100, 10, 1)
"""By how much each temporary number on the way lifts the first revision."""


class Why(StrEnum):
    """Why an alert has this revision, or why nothing was said."""

    RAISED = "raised"
    UPDATED = "updated"
    NO_LONGER_SUPPORTED = "no_longer_supported"
    TRIGGER_TAKEN_BACK = "trigger_taken_back"
    MERGED = "merged"
    OUTCOME = "outcome"
    HANDLED = "handled"
    """Somebody acknowledged it, took it, added a note, or did anything else with it."""
    EXPIRED = "expired"
    FIRST_ANSWER = "first_answer"
    ANSWER_CHANGED = "answer_changed"
    ALREADY_SAID = "already_said"
    ERASED = "erased"
    GAVE_WAY = "gave_way"
    """A later step of the same journey is answered in its place: the attempt for the announcement, the e-PMI for the agreement."""


class Decision(msgspec.Struct, frozen=True):
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
        wake=assessment.wake,
    )
    said, alert, why = _alert(case, assessment, said, context, now)
    said, screening = _screening(assessment, said, context)
    if why is Why.ALREADY_SAID and screening is not None:
        why = Why.FIRST_ANSWER if before is None else Why.ANSWER_CHANGED
    return Decision(said, why, alert, screening)


def _stands(said: Said) -> bool:
    """Has an alert been said, and not taken back since?"""
    return said.state not in {"", State.WITHDRAWN.value}


def _floor(case: Case, trigger: Trigger) -> int:
    """Below the first revision. A person whom an agency named itself outranks a document of nobody, and yields to its owner.

    What a document says of itself outranks what any chain of numbers said under an earlier owner.
    """
    return _lifted(owners_of(trigger.fact), case.epoch, identified=case.identified)


@lru_cache(maxsize=4096)
def _lifted(owners: int, epoch: int, *, identified: bool) -> int:
    document, *numbers = passed(rank(owners, epoch, document=not identified))
    unnamed = EPOCH // 2 if document == 0 and identified else 0
    return document * EPOCH + unnamed + sum(count * lift for count, lift in zip(numbers, _NUMBERS, strict=True))


def _alert(
    case: Case, assessment: Assessment, said: Said, context: Context, now: datetime
) -> tuple[Said, Alert | None, Why]:
    if assessment.verdict is not Verdict.ALERT or assessment.group_alert is not None:
        handling = _handled(case, assessment) if said.alert is not None else None
        return _withdrawn(said, Why.NO_LONGER_SUPPORTED, context, handling)
    seen = max(now, said.seen or now)
    said = msgspec.structs.replace(said, seen=seen)
    reach = _reach(assessment, said, context)
    handling = _handled(case, assessment)
    state = handlings.state(handling, expired=seen >= reach.ends)
    content = _substance(assessment, reach, state, handling)
    if content == said.alerted:
        return _until(said, reach.ends, state), None, Why.ALREADY_SAID
    fresh = _compose(case, assessment, reach, context, now)
    last = Alert.model_validate_json(said.alert) if said.alert else None
    why = _why(last, state, handling)
    alert = fresh.model_copy(
        update={
            "revision": said.alert_revision + 1,
            "state": state,
            "reason": why.value,
            "handling": handling,
            "created_at": last.created_at if last else fresh.created_at,
            **sop.deadlines(last, fresh),
        }
    )
    return _remembered(said, alert, content), alert, why


def _handled(case: Case, assessment: Assessment) -> tuple[Handled, ...]:
    return handlings.handled(case, assessment.trigger, assessment.begins, assessment.snoozed)


def _why(last: Alert | None, state: State, handling: tuple[Handled, ...]) -> Why:
    """What this revision is about: how it ended, or else what somebody did, or else what is known."""
    if state not in OPEN_STATES and (last is None or last.state is not state):
        return Why.EXPIRED if state is State.EXPIRED else Why.OUTCOME
    if last is None or last.state is State.WITHDRAWN:
        return Why.RAISED
    return Why.HANDLED if last.handling != handling else Why.UPDATED


_TAKEN_BACK = OPEN_STATES | {State.EXPIRED, State.DEFERRED}
"""Late truth corrects an open, expired or deferring alert; an officer's clearance stands as it is."""


def _withdrawn(
    said: Said, why: Why, context: Context, handling: tuple[Handled, ...] | None = None
) -> tuple[Said, Alert | None, Why]:
    """The last alert is taken back, once, under the policy and the feeds that say so; nothing when there is none to take.

    What people do with an alert that is closed already (`handling`, None: nothing new) is added to it, and opens nothing.
    """
    open_or_mended = said.state in _TAKEN_BACK
    if said.alert is None or (not open_or_mended and (handling is None or said.alerted == _gone(handling))):
        return said, None, Why.ALREADY_SAID
    last = Alert.model_validate_json(said.alert)
    done = last.handling if handling is None else handling
    revised: dict[str, object] = {"revision": said.alert_revision + 1, "handling": done}
    if open_or_mended:
        freshness = tuple(context.age(one.source, last.at) for one in last.freshness)
        revised |= {"state": State.WITHDRAWN, "freshness": freshness, "policy_version": context.policy.version}
    elif done == last.handling:
        return said, None, Why.ALREADY_SAID
    why = why if open_or_mended else Why.HANDLED
    alert = last.model_copy(update={**revised, "reason": why.value})
    return _remembered(said, alert, _gone(done)), alert, why


def _gone(handling: tuple[Handled, ...]) -> str:
    """The content of an alert that no rule supports: what was done with it."""
    return " ".join((State.WITHDRAWN.value, *(one.event_id for one in handling)))


def _remembered(said: Said, alert: Alert, content: str) -> Said:
    said = msgspec.structs.replace(
        said,
        alert_revision=alert.revision,
        alerted=content,
        alert=alert.model_dump_json(),
        severity=0 if alert.state is State.WITHDRAWN else alert.severity.value,
        state=alert.state.value,
    )
    return _until(said, alert.expires_at, alert.state)


def _until(said: Said, ends: datetime, state: State) -> Said:
    """When to look whether the alert ends by itself; evidence that says nothing new may still move it."""
    return msgspec.structs.replace(said, expires=ends if state in OPEN_STATES else None)


def take_back(said: Said, fact: Fact | None, why: Why, context: Context) -> Decision:
    """The trigger is gone from this dossier (retracted, or it moved to its owner): take back what was said of it, once.

    `fact` is what the trigger was; its answer becomes undetermined, never an all-clear: its owner may yet say more.
    """
    answered, screening = _answer_taken_back(said, fact, why, context)
    remembered, alert, told = _withdrawn(answered, why, context)
    return Decision(remembered, why if screening else told, alert, screening)


def _answer_taken_back(said: Said, fact: Fact | None, why: Why, context: Context) -> tuple[Said, Screening | None]:
    silent = msgspec.structs.replace(said, awaits={}, links=(), wake=None)
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


class _Reach(msgspec.Struct, frozen=True):
    """Whom an alert reaches, and when it ends by itself if nobody closes it: so long after it could first be known."""

    recipients: tuple[Recipient, ...]
    ends: datetime


def _reach(assessment: Assessment, said: Said, context: Context) -> _Reach:
    known = route.known_at(assessment, said.late)
    left = route.gone(assessment.trigger, known, context.policy)
    return _Reach(route.recipients(assessment, left=left), known + timedelta(days=context.policy.alert_days))


def _compose(case: Case, assessment: Assessment, reach: _Reach, context: Context, now: datetime) -> Alert:
    trigger, recipients = assessment.trigger, reach.recipients
    rules = [one.rule for one in assessment.spoken]
    grounds = _grounds([(*one.rule.grounds, *one.hit.grounds) for one in assessment.spoken])
    attached = sop.attach(context.policy.sop, _occasion(assessment, recipients, grounds, now))
    return Alert(
        alert_id=trigger.alert_id,
        revision=1,
        state=State.RAISED,
        reason=Why.RAISED.value,
        trigger=trigger.kind,
        trigger_id=trigger.id,
        subject=case.subject,
        members=tuple(sorted({member for one in assessment.spoken for member in one.hit.members})),
        place=trigger.place,
        at=trigger.at,
        severity=assessment.severity or Severity.MEDIUM,
        confidence=_confidence(assessment),
        indications=tuple(_indication(one.rule, one.severity, one.confidence) for one in assessment.spoken),
        evidence=evidence(assessment),
        innocent=sentences([rule.innocent for rule in rules]),
        clears=sentences([rule.clears for rule in rules]),
        questions=sentences([rule.questions for rule in rules]),
        grounds=grounds,
        rights_notice=attached.rights_notice,
        sop=attached.sop,
        decide_by=attached.decide_by,
        acknowledge_by=attached.acknowledge_by,
        referrals=attached.referrals,
        recipients=recipients,
        created_at=now,
        expires_at=reach.ends,
        freshness=tuple(context.age(source, trigger.at) for source in assessment.leaned_on),
        policy_version=context.policy.version,
        trace_id=trigger.fact.id,
    )


@lru_cache(maxsize=1024)
def _indication(rule: Rule, severity: Severity, confidence: Confidence) -> Indication:
    return Indication(
        rule=rule.id,
        version=rule.version,
        family=rule.family,
        strength=rule.strength,
        severity=severity,
        confidence=confidence,
        why=rule.why,
    )


def _occasion(
    assessment: Assessment, recipients: tuple[Recipient, ...], grounds: tuple[GroundCode, ...], now: datetime
) -> sop.Occasion:
    trigger, roles = assessment.trigger, frozenset(one.role for one in recipients)
    journey, application = trigger.journey, trigger.application
    return sop.Occasion(
        kind=trigger.kind,
        severity=assessment.severity or Severity.MEDIUM,
        roles=roles,
        created_at=now,
        leaves_at=journey.leaves_at if journey else None,
        child=Role.CHILD_PROTECTION in roles or GroundCode.CHILD_PROTECTION in grounds,
        purpose=Purpose(application.purpose) if application else None,
    )


def _confidence(assessment: Assessment) -> Confidence:
    full = any(one.confidence is Confidence.FULL and one.severity == assessment.severity for one in assessment.spoken)
    return Confidence.FULL if full else Confidence.DEGRADED


def _grounds(groups: list[tuple[GroundCode, ...]]) -> tuple[GroundCode, ...]:
    return tuple(dict.fromkeys(ground for group in groups for ground in group))


CROWD = 16
"""Beyond so many people an alert is said anew only for every eighth that joins: what a whole town uses pages nobody each time."""


def _substance(assessment: Assessment, reach: _Reach, state: State, handling: tuple[Handled, ...]) -> str:
    """What makes a revision worth sending: state, severity, rules, evidence, handling and whom it is for; not the clock."""
    facts = {fact.id: fact for one in assessment.spoken for fact in one.hit.evidence}
    people = len({member for one in assessment.spoken for member in one.hit.members})
    events = sorted((fact.at, event_of(fact)) for fact in facts.values()) if people <= CROWD else people // 8
    return digest(
        state.value,
        assessment.severity or Severity.MEDIUM,
        _confidence(assessment).value,
        *(f"{one.rule.id}@{one.rule.version}:{one.severity.value}" for one in assessment.spoken),
        events,
        *(recipient.feed for recipient in reach.recipients),
        *(one.event_id for one in handling),
    )


def _screening(assessment: Assessment, said: Said, context: Context) -> tuple[Said, Screening | None]:
    trigger, attempt = assessment.trigger, assessment.trigger.attempt
    if trigger.kind is not TriggerKind.ATTEMPT or attempt is None:
        return said, None
    alerting = assessment.verdict is Verdict.ALERT
    alert_id = (assessment.group_alert or trigger.alert_id) if alerting else None
    spoken = digest(
        assessment.verdict.value,
        assessment.severity or 0,
        alert_id,
        *(f"{one.rule}:{one.source}" for one in assessment.undetermined),
        *(fact.id for fact in assessment.snoozed),
    )
    if spoken == said.spoken:
        return said, None
    rules = [one.rule for one in assessment.spoken if Role.COUNTER in one.rule.recipients]
    questions = sentences([rule.questions for rule in rules]) or (route.NEUTRAL if alerting else ())
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
        alert_id=alert_id,
        undetermined=assessment.undetermined,
        questions=questions[: route.QUESTIONS_AT_THE_COUNTER],
        clears=sentences([rule.clears for rule in rules]),
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
        if silent:
            return "feed_not_live"
        moving = all(one.source is None for one in assessment.undetermined)
        return "records_in_migration" if moving else "identity_unknown"
    if assessment.cleared_lately:
        return "cleared_lately"
    return "snoozed" if assessment.snoozed else "no_rule_spoke"
