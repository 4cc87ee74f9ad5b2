"""Rules about identity, age and return that a story cannot show under the shipped policy, or that lie on a boundary."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.case import Case
from agents.dossier import A_HOP, counts, rank
from agents.rules import RULES
from agents.things import Trigger
from schemas.alerts import Severity, TriggerKind
from schemas.facts import Fact, Value
from schemas.identity import Subject
from schemas.policy import Policy
from tests.stories.play import POLICY

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
NIK = "a" * 32
BY_ID = {rule.id: rule for rule in RULES}


def fact(kind: str, days: float, **data: Value) -> Fact:
    at = NOW - timedelta(days=days)
    return Fact(f"x/{kind}/{days}", kind, "dukcapil", at, at, {"nik": NIK, **data})


def severity(rule: str, trigger: Fact, *facts: Fact, policy: Policy = POLICY) -> Severity | None:
    case = Case(Subject(f"person:{NIK}"), sorted((trigger, *facts), key=lambda f: (f.at, f.id)))
    hit = BY_ID[rule].judge(case, Trigger(TriggerKind.APPLICATION, "APP-1", trigger), policy)
    return hit.severity if hit else None


def application(**data: Value) -> Fact:
    told = {"application_no": "APP-1", "office_code": "KANIM-1", "purpose": "WORK", "birth_date": "1990-05-14"}
    return fact("passport_application_submitted", 0, **told, **data)


@pytest.mark.parametrize(
    ("home", "served", "expected"),
    [
        ("9901012001", frozenset({"9901"}), None),
        ("9907012001", frozenset({"9901"}), Severity.MEDIUM),
        (None, frozenset({"9901"}), None),
        ("9907012001", None, None),
    ],
    ids=["at home", "far from home", "home unknown", "office not in the table"],
)
def test_a_returnee_at_another_office(
    home: str | None, served: frozenset[str] | None, expected: Severity | None
) -> None:
    areas = {} if served is None else {"KANIM-1": served}
    policy = POLICY.model_copy(update={"office_areas": areas})
    asked = application(**({"desa_code": home} if home else {}))
    back = fact("repatriation_completed", 40, case_no="CASE-1", country="KHM")
    assert severity("passport_soon_after_repatriation", asked, back, policy=policy) is expected


@pytest.mark.parametrize(("days", "expected"), [(90, Severity.HIGH), (90.01, None)])
def test_a_change_of_birthday_ninety_days_before(days: float, expected: Severity | None) -> None:
    registered = fact("resident_registered", 3000, birth_date="1995-05-14")
    changed = fact("biodata_changed", days, field="BIRTH_DATE", new_birth_date="1990-05-14")
    assert severity("biodata_changed_before_passport", application(), registered, changed) is expected


@pytest.mark.parametrize(
    ("registered", "expected"),
    [("1991-05-14", Severity.HIGH), ("1991-05-13", None), ("1989-05-14", Severity.HIGH)],
    ids=["a year", "a year less a day", "a year the other way"],
)
def test_a_year_between_two_birthdays(registered: str, expected: Severity | None) -> None:
    assert (
        severity("age_manipulation", application(), fact("resident_registered", 3000, birth_date=registered))
        is expected
    )


def test_a_correction_mends_only_what_it_speaks_of() -> None:
    """A death taken back does not switch on a number that was removed as a duplicate."""
    removed = fact("nik_deactivated", 30, reason_code="DUPLICATE")
    facts = (removed, fact("death_registered", 20), fact("death_corrected", 10))
    assert Case(Subject(f"person:{NIK}"), facts).switched_off() == removed
    assert Case(Subject(f"person:{NIK}"), (*facts, fact("nik_reactivated", 5))).switched_off() is None


def test_whoever_came_first_on_a_road_decides_most() -> None:
    """A document's new owner outranks whatever a chain of numbers said under the one before."""
    first = 1
    by_temporary = A_HOP + first
    by_two = A_HOP * A_HOP + by_temporary
    assert [counts(one) for one in (first, by_temporary, by_two)] == [(1,), (1, 1), (1, 1, 1)]
    ranked = [rank(one, 0, document=False) for one in (first, by_temporary, by_two)]
    assert ranked == sorted(ranked)
    assert ranked[-1] < rank(first, 2, document=False) < rank(0, 2, document=True)
