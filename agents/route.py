"""Route: who is told about an assessment, and how much of an alert each role may see."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from agents.assess import Assessment, Spoken
from agents.rules import RULES
from agents.things import Trigger
from schemas.alerts import Alert, Recipient, Role, Text, TriggerKind
from schemas.outcomes import AlertTaken
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
    "members",
    "recipients",
    "trace_id",
    "handling",
)
_SEE_LINKS = frozenset({Role.COORDINATOR, Role.POLRI})
"""Who sees which people belong to a group."""
_BY_ID = {rule.id: rule for rule in RULES}


@lru_cache(maxsize=4096)
def recipient(role: Role, at: str = "*") -> Recipient:
    """A recipient, made once: the same few stand on every alert."""
    return Recipient(role=role, at=at)


def known_at(assessment: Assessment, late: datetime | None) -> datetime:
    """When the alert could first have been raised: its last evidence, its owner known, or a silent feed come back."""
    seen = [fact.admitted_at for one in assessment.spoken for fact in one.hit.evidence]
    silences = [one.hit.since for one in assessment.spoken]
    others = (moment for moment in (late, assessment.bound_at, *silences) if moment is not None)
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
        for named in (*_of_rule(one, assessment.trigger), *one.hit.also):
            for whom in _after_departure(named, assessment.trigger) if left else (named,):
                told[whom.feed] = whom
    return tuple(told[feed] for feed in sorted(told))


def _of_rule(one: Spoken, trigger: Trigger) -> Iterable[Recipient]:
    """Roles at their place: the gate only hears of journeys, a passport office of applications and documents."""
    for role in one.rule.recipients:
        if role is Role.PASSPORT_OFFICE:
            if trigger.journey is not None or trigger.kind is TriggerKind.PLACEMENT:
                continue
            yield recipient(role, trigger.fact.text_or_none("office_code") or "*")
        elif role is Role.MISSION:
            yield recipient(role, _abroad(trigger))
        elif role not in AT_THE_GATE:
            yield recipient(role)
        elif trigger.journey is not None:
            yield recipient(role, trigger.place)


def _abroad(trigger: Trigger) -> str:
    journey = trigger.journey
    return (journey.destination if journey else trigger.fact.text_or_none("country")) or "*"


def _after_departure(whom: Recipient, trigger: Trigger) -> tuple[Recipient, ...]:
    if whom.role not in AT_THE_GATE:
        return (whom,)
    return (recipient(Role.MISSION, _abroad(trigger)), recipient(Role.BP3MI))


def view(alert: Alert, role: Role) -> dict[str, object]:
    """What one role sees: the counter gets severity, two questions and what would clear it; never evidence or history.

    Everybody else sees what the rules that speak to them say, and the events behind those. What belongs to a circle, such as
    a victim's past (UU 21/2007 Art. 44), is left out for those outside it, whatever else the alert says. Who did what with
    it is for those who answer for alerts; a counter sees that somebody took it, not who.
    """
    if role is Role.COUNTER:
        return _at_the_counter(alert)
    hidden = set() if role is Role.COORDINATOR else {"recipients"}
    if role not in _SEE_LINKS:
        hidden.add("members")
    known = [one for one in alert.indications if _may_know(role, one.rule)]
    if len(known) < len(alert.indications):
        hidden |= {"indications", "evidence", "innocent", "clears", "questions", "grounds"}
    shown = alert.model_dump(mode="json", exclude=hidden) | {"taken": _taken(alert), "taken_by": alert.taken_by}
    if alert.handling:
        shown["handling"] = _handling(alert, role, whole=len(known) == len(alert.indications))
    if len(known) < len(alert.indications):
        names = {one.rule for one in known}
        rules = [rule for rule in RULES if rule.id in names]
        shown["indications"] = [one.model_dump(mode="json") for one in known]
        shown["evidence"] = [
            {**one.model_dump(mode="json"), "rules": [rule for rule in one.rules if rule in names]}
            for one in alert.evidence
            if names & set(one.rules)
        ]
        shown["questions"] = _dumped(text for rule in rules for text in rule.questions) or _dumped(NEUTRAL)
        shown["clears"] = _dumped(text for rule in rules for text in rule.clears)
        shown["innocent"] = _dumped(text for rule in rules for text in rule.innocent)
        shown["grounds"] = list(dict.fromkeys(ground.value for rule in rules for ground in rule.grounds))
    return shown


def _handling(alert: Alert, role: Role, *, whole: bool) -> list[dict[str, object]]:
    """What people did, less snoozes of rules that the role may not know; notes and grounds are for those who see the whole alert."""
    hidden = set[str]() if whole else {"sealed", "ground_code"}
    done = (one for one in alert.handling if one.rule is None or _may_know(role, one.rule))
    return [one.model_dump(mode="json", exclude=hidden) for one in done]


def _taken(alert: Alert) -> bool:
    """Does somebody answer for it? One who took it without giving a name does, too."""
    return any(one.what == AlertTaken.type for one in alert.handling)


def _may_know(role: Role, rule: str) -> bool:
    """An alert of an older rule book may name a rule that is gone; it is shown to those who saw everything before."""
    found = _BY_ID.get(rule)
    return found is None or not found.circle or role in found.circle


def _dumped(texts: Iterable[Text]) -> list[dict[str, str]]:
    return [text.model_dump() for text in {text.en: text for text in texts}.values()]


def _at_the_counter(alert: Alert) -> dict[str, object]:
    """Questions and cures come from the rules that may speak at the counter: another's would tell what it knows."""
    shown: dict[str, object] = alert.model_dump(mode="json", exclude=set(_HIDDEN_FROM_COUNTER))
    shown["taken"] = _taken(alert)
    names = frozenset(one.rule for one in alert.indications)
    told = [rule for rule in RULES if Role.COUNTER in rule.recipients and rule.id in names]
    questions = [text for rule in told for text in rule.questions] or NEUTRAL
    shown["questions"] = [text.model_dump() for text in questions[:QUESTIONS_AT_THE_COUNTER]]
    shown["clears"] = [text.model_dump() for rule in told for text in rule.clears]
    return shown
