"""Assess: every rule on one trigger, guarded against stale feeds and unknown identity, composed into one answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from agents.case import Case
from agents.handling import snooze
from agents.rules import RULES
from agents.rules.rule import Hit, Rule, local_time, says
from agents.things import Trigger
from schemas.alerts import Confidence, FeedAge, Severity, Strength, TriggerKind, Undetermined, Verdict, age_seconds
from schemas.envelope import System
from schemas.facts import Fact
from schemas.policy import Policy


@dataclass(frozen=True)
class Context:
    """What a decision may know besides the facts: the policy in force, and how complete each feed is."""

    policy: Policy
    marks: Mapping[str, datetime] = field(default_factory=dict)
    """By source: the moment up to which everything has been received, UTC. A source never heard is absent."""
    shadow: "Context | None" = None
    """The same under a policy that is only compared with this one; it alters nothing that is said."""
    live_until: Mapping[str, datetime] = field(init=False)
    """By source: the last moment at which absence in it is worth anything."""

    def __post_init__(self) -> None:
        until = {name: mark + self.policy.feed_limit(System(name)) for name, mark in self.marks.items()}
        object.__setattr__(self, "live_until", until)

    def live(self, source: System, at: datetime) -> bool:
        """Is absence in this source, at that moment, worth anything? Exactly at the limit it still is."""
        until = self.live_until.get(source)
        return until is not None and at <= until

    def age(self, source: System, at: datetime) -> FeedAge:
        """The feed's stamp for an alert or a screening."""
        mark = self.marks.get(source)
        if mark is None:
            return FeedAge(source, None, None, live=False)
        return FeedAge(source, mark, age_seconds(at, mark), at <= self.live_until[source])


class Spoken(msgspec.Struct, frozen=True):
    """A rule that hit, after the guard."""

    rule: Rule
    hit: Hit
    severity: Severity
    confidence: Confidence


class Assessment(msgspec.Struct, frozen=True):
    """The answer to one trigger and everything it rests on."""

    trigger: Trigger
    verdict: Verdict
    severity: Severity | None
    spoken: tuple[Spoken, ...]
    undetermined: tuple[Undetermined, ...]
    leaned_on: tuple[System, ...]
    awaits: Mapping[str, datetime] = {}
    bound_at: datetime | None = None
    """When it was first known whose document was presented; None when it was not learned from an issuance."""
    mentions: tuple[str, ...] = ()
    cleared_lately: bool = False
    snoozed: tuple[Fact, ...] = ()
    """What keeps quiet a rule that would have spoken."""
    wake: datetime | None = None
    """When a rule about silence wants to look again, by the wall clock."""

    @property
    def group_alert(self) -> str | None:
        """The one alert of the group, when nothing else spoke: its members get no alert of their own."""
        groups = [one.hit.group for one in self.spoken]
        return groups[0] if groups and all(groups) else None

    @property
    def begins(self) -> datetime:
        """Event time of the first thing that a rule leans on, UTC; of the trigger when none does."""
        return min((fact.at for one in self.spoken for fact in one.hit.evidence), default=self.trigger.at)

    @property
    def grounds_of_it(self) -> frozenset[str]:
        """Rules and evidence, less the trigger itself: what makes two alerts the same in substance."""
        rules = {one.rule.id for one in self.spoken}
        facts = {fact.id for one in self.spoken for fact in one.hit.evidence} - {self.trigger.fact.id}
        return frozenset(rules | facts)


def assess(case: Case, trigger: Trigger, context: Context, rules: tuple[Rule, ...] = RULES) -> Assessment:
    """Judges a trigger, and keeps quiet about what an officer cleared on the same rules and evidence in the last days."""
    found = judge(case, trigger, context, rules)
    if found.verdict is not Verdict.ALERT:
        return found
    for other in _cleared_before(case, trigger, context):
        if found.grounds_of_it <= judge(case, other, context, rules).grounds_of_it:
            return msgspec.structs.replace(
                found, verdict=Verdict.NOTHING_FOUND, severity=None, spoken=(), mentions=(), cleared_lately=True
            )
    return found


def _cleared_before(case: Case, trigger: Trigger, context: Context) -> list[Trigger]:
    earliest = trigger.at - timedelta(days=context.policy.windows.cleared_suppression)
    cleared = {
        fact.text("trigger_id")
        for fact in case.of("outcome_recorded")
        if earliest <= fact.at <= trigger.at and fact.text("outcome") in _CLEARED
    }
    return [
        other for other in case.triggers if other.id in cleared and other.id != trigger.id and other.at <= trigger.at
    ]


_CLEARED = frozenset({"CLEARED", "CLEARED_WITH_ADVICE"})


def judge(case: Case, trigger: Trigger, context: Context, rules: tuple[Rule, ...]) -> Assessment:
    """Every rule on one trigger. The same case, policy and marks always give the same assessment."""
    spoken: list[Spoken] = []
    unknown: list[Undetermined] = []
    awaits: dict[str, datetime] = {}
    wakes: list[datetime] = []
    snoozed: dict[str, Fact] = {}
    held = frozenset(case.by_kind)
    for rule in _of_the_book(trigger.kind, held) if rules is RULES else _asked(rules, trigger.kind, held):
        if rule.wakes is not None and (wake := rule.wakes(case, trigger, context.policy)) is not None:
            wakes.append(wake)
        hit = rule.judge(case, trigger, context.policy)
        if hit is None:
            continue
        needs = rule.needs if hit.rests_on is None else hit.rests_on
        absence = rule.absence if hit.absence is None else hit.absence
        stale = [source for source in needs if not context.live(source, trigger.at)]
        awaits |= {source.value: trigger.at - context.policy.feed_limit(source) for source in stale}
        if stale and (absence or hit.severity <= Severity.MEDIUM):
            unknown += [_silent(rule, source) for source in stale]
        elif absence and not case.identified:
            unknown.append(_nobody(rule.id))
        elif absence and in_migration(case, trigger, context.policy):
            unknown.append(_moving(rule))
        elif (quiet := snooze(case, trigger, rule.id)) is not None:
            snoozed[quiet.id] = quiet
        else:
            spoken.append(_spoken(rule, hit, degraded=bool(stale)))
    if not case.identified and trigger.kind is TriggerKind.ATTEMPT and not unknown:
        unknown.append(_nobody("identity"))
    spoken = raised(spoken)
    severity = compose(spoken)
    return Assessment(
        trigger=trigger,
        verdict=_verdict(severity, unknown),
        severity=severity,
        spoken=tuple(spoken) if severity is not None else (),
        undetermined=tuple(unknown),
        leaned_on=_LEANED[trigger.kind] if rules is RULES else _leaned(rules, trigger.kind),
        awaits=awaits,
        bound_at=case.bound_at(trigger.attempt.document) if trigger.attempt else None,
        wake=min(wakes, default=None),
        mentions=tuple(one.hit.mention for one in spoken if one.hit.mention),
        snoozed=tuple(snoozed.values()),
    )


def _asked(rules: tuple[Rule, ...], kind: TriggerKind, held: frozenset[str]) -> tuple[Rule, ...]:
    """The rules that may have something to say of a kind of trigger in a case that holds facts of these kinds."""
    return tuple(
        rule for rule in rules if kind in rule.triggers and (not rule.only_with or not rule.only_with.isdisjoint(held))
    )


@lru_cache(maxsize=16_384)
def _of_the_book(kind: TriggerKind, held: frozenset[str]) -> tuple[Rule, ...]:
    return _asked(RULES, kind, held)


def _leaned(rules: tuple[Rule, ...], kind: TriggerKind) -> tuple[System, ...]:
    """The sources that the rules of a kind of trigger lean on, whatever a case holds."""
    return tuple(dict.fromkeys(source for rule in rules if kind in rule.triggers for source in rule.needs))


_LEANED = {kind: _leaned(RULES, kind) for kind in TriggerKind}


def _verdict(severity: Severity | None, unknown: list[Undetermined]) -> Verdict:
    if severity is not None and severity > Severity.LOW:
        return Verdict.ALERT
    return Verdict.UNDETERMINED if unknown else Verdict.NOTHING_FOUND


def _spoken(rule: Rule, hit: Hit, *, degraded: bool) -> Spoken:
    if not degraded:
        return Spoken(rule, hit, hit.severity, Confidence.FULL)
    return Spoken(rule, hit, Severity(max(Severity.LOW, hit.severity - 1)), Confidence.DEGRADED)


def _silent(rule: Rule, source: System) -> Undetermined:
    name = source.value.upper()
    return Undetermined(
        rule=rule.id,
        source=source,
        why=says(
            f"Belum dapat dipastikan: data {name} belum mutakhir.", f"Cannot be told yet: {name} is not up to date."
        ),
    )


def _nobody(rule: str) -> Undetermined:
    return Undetermined(
        rule=rule,
        source=System.SIMKIM,
        why=says(
            "Belum dapat dipastikan: pemilik dokumen belum diketahui.",
            "Cannot be told yet: whose document it is, is unknown.",
        ),
    )


def in_migration(case: Case, trigger: Trigger, policy: Policy) -> bool:
    """May records of the offices and the country concerned be missing without meaning anything, by the policy's table?

    The office of a placement, the labour office at home (by its kabupaten), and the country of work.
    """
    if not policy.offices_in_migration:
        return False
    journey, home = trigger.journey, case.home(trigger.at)
    country = journey.destination if journey else trigger.fact.text_or_none("country")
    office = trigger.fact.text_or_none("office_code") if trigger.kind is TriggerKind.PLACEMENT else None
    on = local_time(trigger.at, trigger.place, policy).date()
    return policy.in_migration((office, home[:4] if home else None, country), on)


def _moving(rule: Rule) -> Undetermined:
    return Undetermined(
        rule=rule.id,
        source=None,
        why=says(
            "Belum dapat dipastikan: catatan kantor atau negara ini sedang dipindahkan ke sistem lain dan mungkin belum lengkap.",
            "Cannot be told yet: records of this office or country are moving to another system and may be incomplete.",
        ),
    )


def raised(spoken: Sequence[Spoken]) -> list[Spoken]:
    """Indications that another family makes graver, one level up; what is only for review makes nothing graver."""
    families = {one.rule.family for one in spoken if one.severity > Severity.LOW}
    return [
        msgspec.structs.replace(one, severity=Severity(min(Severity.CRITICAL, one.severity + 1)))
        if one.hit.raised_beside in families
        else one
        for one in spoken
    ]


ENOUGH_FAMILIES = 2
ENOUGH_WEAK = 3


def compose(spoken: Sequence[Spoken]) -> Severity | None:
    """One severity out of many indications, after the ILO Delphi logic: a strong one stands alone, weak ones need company.

    Weak indications alert in two families; three in one family are MEDIUM at most; fewer are nothing.
    """
    strong = [one.severity for one in spoken if one.rule.strength is Strength.STRONG]
    weak = [one for one in spoken if one.rule.strength is Strength.WEAK]
    categories = {one.rule.category for one in weak}
    families = {one.rule.family for one in spoken if one.rule.category in categories}
    found = list(strong)
    if weak and len(families) >= ENOUGH_FAMILIES:
        found += [one.severity for one in weak]
    elif len(weak) >= ENOUGH_WEAK:
        found.append(min(Severity.MEDIUM, max(one.severity for one in weak)))
    return max(found, default=None)
