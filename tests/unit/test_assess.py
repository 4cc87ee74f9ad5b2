"""How indications add up, and what a stale feed or an unknown owner does to them (domain rule 36)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import msgspec
import pytest

from agents.assess import Context, Spoken, assess, compose
from agents.case import Case
from agents.rules import RULES
from agents.rules.rule import Hit, Rule, document_state, local_time, permitted, says
from agents.things import Trigger
from schemas.alerts import Confidence, Family, Role, Severity, Strength, TriggerKind, Verdict
from schemas.envelope import System
from schemas.facts import Fact
from schemas.identity import Subject
from schemas.outcomes import GroundCode
from tests.stories.play import POLICY

T0 = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
PERSON = Subject("person:" + "1" * 32)
DOCUMENT = Subject("document:" + "2" * 32)
SECOND = timedelta(seconds=1)
LIMIT = timedelta(minutes=15)
STRONG, WEAK = Strength.STRONG, Strength.WEAK
LOW, MEDIUM, HIGH, CRITICAL = Severity
P, R, N = Family.PROCEDURE, Family.ROUTE, Family.NETWORK

Indicated = tuple[Strength, Family, Severity]


def _fact(name: str, kind: str, *, at: datetime = T0, **data: str | bool) -> Fact:
    return Fact(id=name, kind=kind, source="simkim", at=at, admitted_at=at, data=dict(data))


def _attempt(**data: str) -> Fact:
    told = {
        "crossing_id": "CR-1",
        "checkpoint": "A-CGK",
        "lane": "COUNTER",
        "direction": "OUT",
        "passport_no": "P1",
        "destination": "MYS",
        "visa_class": "WORK",
        "purpose": "WORK",
    }
    return msgspec.structs.replace(_fact("c1", "crossing_attempted"), data={**told, **data})


def _judged(*facts: Fact, subject: Subject = PERSON) -> tuple[Case, Trigger]:
    case = Case(subject, sorted(facts, key=lambda fact: (fact.at, fact.id)))
    return case, next(one for one in case.triggers if one.kind is TriggerKind.ATTEMPT)


def _rule(
    severity: Severity = HIGH,
    *,
    strength: Strength = STRONG,
    family: Family = P,
    absence: bool = False,
    needs: tuple[System, ...] = (System.SISKOP2MI,),
) -> Rule:
    said = (says("kalimat", "a sentence"),)
    return Rule(
        id=f"{family.value}_{strength.value}_{severity.name}".lower(),
        number=0,
        version=1,
        family=family,
        strength=strength,
        triggers=frozenset({TriggerKind.ATTEMPT}),
        needs=needs,
        absence=absence,
        why=said[0],
        innocent=said,
        clears=said,
        questions=said * 2,
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COUNTER,),
        judge=lambda case, trigger, policy: Hit(severity, (trigger.fact,)),
    )


def _live(**marks: datetime) -> Context:
    return Context(POLICY, {system.value: T0 for system in System} | marks)


def _without(source: System) -> Context:
    return Context(POLICY, {system.value: T0 for system in System if system is not source})


COMPOSED: list[tuple[str, list[Indicated], Severity | None]] = [
    ("nothing", [], None),
    ("one strong", [(STRONG, P, HIGH)], HIGH),
    ("the graver of two strong", [(STRONG, P, MEDIUM), (STRONG, P, CRITICAL)], CRITICAL),
    ("one weak", [(WEAK, R, HIGH)], None),
    ("two weak of one family", [(WEAK, R, HIGH), (WEAK, R, HIGH)], None),
    ("three weak of one family", [(WEAK, R, HIGH)] * 3, MEDIUM),
    ("three weak and low of one family", [(WEAK, R, LOW)] * 3, LOW),
    ("two weak of two families", [(WEAK, R, HIGH), (WEAK, N, MEDIUM)], HIGH),
    ("two weak and low of two families", [(WEAK, R, LOW), (WEAK, N, LOW)], LOW),
    ("a strong one and a graver weak one of another family", [(STRONG, P, MEDIUM), (WEAK, R, HIGH)], HIGH),
    ("a strong one and a graver weak one of the same family", [(STRONG, R, MEDIUM), (WEAK, R, HIGH)], MEDIUM),
]


@pytest.mark.parametrize(("indicated", "severity"), [row[1:] for row in COMPOSED], ids=[row[0] for row in COMPOSED])
def test_compose(indicated: list[Indicated], severity: Severity | None) -> None:
    """A strong indication stands alone; weak ones need a second family, or are three and MEDIUM at most."""
    spoken = [
        Spoken(_rule(grave, strength=strength, family=family), Hit(grave, ()), grave, Confidence.FULL)
        for strength, family, grave in indicated
    ]
    assert compose(spoken) == severity
    assert compose(spoken[::-1]) == severity


GUARD: list[tuple[str, Severity, bool, bool, bool, Verdict, Severity | None]] = [
    ("present, live, known", HIGH, False, True, True, Verdict.ALERT, HIGH),
    ("present, live, unknown owner", HIGH, False, True, False, Verdict.ALERT, HIGH),
    ("present, stale", HIGH, False, False, True, Verdict.ALERT, MEDIUM),
    ("present, stale, critical", CRITICAL, False, False, True, Verdict.ALERT, HIGH),
    ("present, stale, medium", MEDIUM, False, False, True, Verdict.UNDETERMINED, None),
    ("absent, live, known", HIGH, True, True, True, Verdict.ALERT, HIGH),
    ("absent, stale", CRITICAL, True, False, True, Verdict.UNDETERMINED, None),
    ("absent, live, unknown owner", HIGH, True, True, False, Verdict.UNDETERMINED, None),
    ("absent, stale, unknown owner", HIGH, True, False, False, Verdict.UNDETERMINED, None),
]


@pytest.mark.parametrize(
    ("grave", "absence", "live", "known", "expected"),
    [(*row[1:5], row[5:]) for row in GUARD],
    ids=[row[0] for row in GUARD],
)
def test_rule_36(
    grave: Severity, absence: bool, live: bool, known: bool, expected: tuple[Verdict, Severity | None]
) -> None:
    """A stale feed lowers a rule by one and silences one that rests on absence; so does an unknown owner."""
    case, trigger = _judged(_attempt(), subject=PERSON if known else DOCUMENT)
    context = _live() if live else _without(System.SISKOP2MI)
    found = assess(case, trigger, context, (_rule(grave, absence=absence),))
    assert (found.verdict, found.severity) == expected
    assert set(found.awaits) == (set() if live else {"siskop2mi"})
    if found.verdict is Verdict.ALERT:
        assert found.spoken[0].confidence is (Confidence.FULL if live else Confidence.DEGRADED)


@pytest.mark.parametrize(
    ("lag", "live"), [(-SECOND, True), (LIMIT - SECOND, True), (LIMIT, True), (LIMIT + SECOND, False)]
)
def test_a_feed_is_live_up_to_and_including_its_limit(lag: timedelta, live: bool) -> None:
    """Fifteen minutes for SISKOP2MI; a mark ahead of the trigger has no age."""
    context = _live(siskop2mi=T0 - lag)
    age = context.age(System.SISKOP2MI, T0)
    assert age.live is context.live(System.SISKOP2MI, T0) is live
    assert age.age_seconds == max(0.0, lag.total_seconds())


def test_a_source_never_heard_is_not_live() -> None:
    """Its age is unknown, which is not zero."""
    age = _without(System.POLRI).age(System.POLRI, T0)
    assert (age.live, age.age_seconds, age.complete_up_to) == (False, None, None)


def test_an_unknown_owner_is_said_even_when_no_rule_speaks() -> None:
    """Silence is never a verdict: nobody looked at a person whom nobody knows."""
    case, trigger = _judged(_attempt(), subject=DOCUMENT)
    assert assess(case, trigger, _live(), ()).verdict is Verdict.UNDETERMINED
    case, trigger = _judged(_attempt())
    assert assess(case, trigger, _live(), ()).verdict is Verdict.NOTHING_FOUND


def test_a_low_severity_is_never_shown() -> None:
    """LOW is for analysts, not for a checkpoint."""
    case, trigger = _judged(_attempt())
    assert assess(case, trigger, _live(), (_rule(LOW),)).verdict is Verdict.NOTHING_FOUND


@pytest.mark.parametrize(("seconds", "valid"), [(-1, True), (0, True), (1, False)])
def test_br047_a_permit_in_the_same_second_counts(seconds: int, valid: bool) -> None:
    """Issued before or in the second of the attempt, not after."""
    permit = _fact("e1", "epmi_issued", at=T0 + seconds * SECOND, epmi_no="E1", country="MYS")
    case, trigger = _judged(_attempt(), permit)
    assert trigger.attempt is not None
    assert permitted(case, trigger.attempt, POLICY) is valid


ENDS: list[tuple[str, str, dict[str, str], int, bool]] = [
    ("revoked before", "epmi_revoked", {"epmi_no": "E1"}, -1, False),
    ("revoked in the same second", "epmi_revoked", {"epmi_no": "E1"}, 0, False),
    ("revoked after", "epmi_revoked", {"epmi_no": "E1"}, 1, True),
    ("another one revoked", "epmi_revoked", {"epmi_no": "E2"}, -1, True),
    ("cancelled for that country", "placement_cancelled", {"country": "MYS"}, -1, False),
    ("cancelled for another", "placement_cancelled", {"country": "SGP"}, -1, True),
    ("cancelled for all", "placement_cancelled", {}, -1, False),
]


@pytest.mark.parametrize(("kind", "data", "seconds", "valid"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_what_ends_a_permit(kind: str, data: dict[str, str], seconds: int, valid: bool) -> None:
    """A revocation ends its own card, a cancellation every card for that country."""
    permit = _fact("e1", "epmi_issued", at=T0 - timedelta(days=9), epmi_no="E1", country="MYS")
    case, trigger = _judged(_attempt(), permit, _fact("x1", kind, at=T0 + seconds * SECOND, **data))
    assert trigger.attempt is not None
    assert permitted(case, trigger.attempt, POLICY) is valid


CHANGES: list[tuple[str, list[str], str]] = [
    ("nothing happened", [], "VALID"),
    ("lost", ["passport_reported_lost"], "LOST"),
    ("found again", ["passport_reported_lost", "passport_recovered"], "VALID"),
    ("found before it was lost", ["passport_recovered", "passport_reported_lost"], "LOST"),
    ("seized", ["passport_seized"], "SEIZED"),
    ("seized and lost", ["passport_seized", "passport_reported_lost"], "SEIZED"),
    ("released, still lost", ["passport_seized", "passport_reported_lost", "passport_released"], "LOST"),
    ("recovery undoes no seizure", ["passport_seized", "passport_recovered"], "SEIZED"),
    ("release undoes no revocation", ["passport_seized", "passport_revoked", "passport_released"], "REVOKED"),
    ("withdrawn", ["passport_withdrawn"], "WITHDRAWN"),
]


@pytest.mark.parametrize(("kinds", "state"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_what_a_document_became(kinds: list[str], state: str) -> None:
    """Recovery undoes a loss and release a seizure, and nothing else; later changes do not count yet."""
    facts = [
        _fact(f"s{hours}", kind, at=T0 + timedelta(hours=hours), passport_no="P1") for hours, kind in enumerate(kinds)
    ]
    other = _fact("o", "passport_revoked", at=T0 - timedelta(days=1), passport_no="P2")
    case = Case(PERSON, [other, *facts])
    assert document_state(case, "P1", T0 + timedelta(hours=len(kinds)))[0] == state
    assert document_state(case, "P1", T0 - SECOND)[0] == "VALID"


@pytest.mark.parametrize(
    ("checkpoint", "shown"),
    [("A-CGK", "10 21:30"), ("A-DPS", "10 22:30"), ("A-DJJ", "10 23:30"), ("A-XXX", "10 21:30")],
)
def test_br038_each_port_has_its_clock(checkpoint: str, shown: str) -> None:
    """WIB, WITA and WIT by port; WIB where the port is not in the table."""
    at = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)
    assert local_time(at, checkpoint, POLICY).strftime("%d %H:%M") == shown


def test_the_rule_book_is_whole() -> None:
    """Ids and numbers are unique, and every rule has the sentences and questions that people read."""
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert {rule.number for rule in RULES} == set(range(1, 37)) - {
        31,
        36,
    }  # counts of areas, and the guard, are no rows
    for rule in RULES:
        assert rule.innocent
        assert rule.clears
        assert len(rule.questions) >= 2
        assert rule.recipients
    assert {1, 9, 22, 24, 26} <= {rule.number for rule in RULES if rule.absence}


def test_the_same_case_gives_the_same_answer() -> None:
    """Pure: asked twice, it says the same, for every rule and every freshness."""
    permit = _fact("e1", "epmi_issued", at=T0 - timedelta(days=9), epmi_no="E1", country="SGP")
    for context, subject in product((_live(), _without(System.SIMKIM)), (PERSON, DOCUMENT)):
        case, trigger = _judged(_attempt(), permit, subject=subject)
        assert assess(case, trigger, context) == assess(case, trigger, context)
