"""Shadow: what another policy would have said about a trigger, compared with what was said. It alters nothing."""

from dataclasses import dataclass
from datetime import datetime

from agents import route
from agents.assess import Assessment, Context, assess
from agents.case import Case
from agents.dossier import Said
from agents.things import alert_of
from schemas.alerts import Severity, TriggerKind, Verdict
from schemas.shadow import Change, Shadowed


@dataclass(frozen=True)
class _Answer:
    """What one policy makes of a trigger. `severity` None: no alert of its own, whoever spoke."""

    severity: Severity | None
    rules: dict[str, Severity]
    told: frozenset[str]


def compare(case: Case, live: Assessment, said: Said, context: Context, *, first: bool) -> Shadowed | None:
    """The trigger judged once more, under the policy in the shadow. None when no policy is there, or when the `first`
    answer is the same under both; a later one may end a difference.

    `said` is what is remembered of the answer that was given: both versions come too late for the gate alike.
    """
    if context.shadow is None:
        return None
    ours = _answer(live, said, context)
    theirs = _answer(assess(case, live.trigger, context.shadow), said, context.shadow)
    if first and ours == theirs:
        return None
    both = ours.rules.keys() & theirs.rules.keys()
    trigger = live.trigger
    return Shadowed(
        alert_id=trigger.alert_id,
        revision=max(said.revision, said.alert_revision),
        change=_change(ours, theirs),
        trigger=trigger.kind,
        place=trigger.place,
        at=trigger.at,
        live_version=context.policy.version,
        shadow_version=context.shadow.policy.version,
        live_severity=ours.severity,
        shadow_severity=theirs.severity,
        rules_added=tuple(sorted(theirs.rules.keys() - both)),
        rules_lost=tuple(sorted(ours.rules.keys() - both)),
        rules_changed=tuple(sorted(rule for rule in both if ours.rules[rule] is not theirs.rules[rule])),
        rules_kept=tuple(sorted(rule for rule in both if ours.rules[rule] is theirs.rules[rule])),
        told_added=tuple(sorted(theirs.told - ours.told)),
        told_lost=tuple(sorted(ours.told - theirs.told)),
    )


def gone(key: str, said: Said, context: Context, now: datetime) -> Shadowed | None:
    """The trigger is not this dossier's any more: whatever differed about it, differs no more."""
    if context.shadow is None:
        return None
    kind, _, name = key.partition("/")
    return Shadowed(
        alert_id=alert_of(kind, name),
        revision=max(said.revision, said.alert_revision),
        change=Change.SAME,
        trigger=TriggerKind(kind),
        place="*",
        at=now,
        live_version=context.policy.version,
        shadow_version=context.shadow.policy.version,
    )


def _answer(found: Assessment, said: Said, context: Context) -> _Answer:
    """A member of a group that has an alert together, and whoever is not alerted, has none of his own."""
    if found.verdict is not Verdict.ALERT or found.group_alert is not None:
        return _Answer(None, {}, frozenset())
    left = route.gone(found.trigger, route.known_at(found, said.late), context.policy)
    told = frozenset(one.feed for one in route.recipients(found, left=left))
    return _Answer(found.severity, {one.rule.id: one.severity for one in found.spoken}, told)


def _change(ours: _Answer, theirs: _Answer) -> Change:
    if ours == theirs:
        return Change.SAME
    if ours.severity is None:
        return Change.ADDED
    return Change.LOST if theirs.severity is None else Change.CHANGED
