"""The export by HTCDS 2.0: the published names and values, there and back again, and nobody to be recognised."""

import tomllib
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from agents.htcds import CONTROLS, FIELDS, LABOUR, Case, Cases
from schemas.facts import Fact, Value
from streams.reports.htcds import reread, written

PUBLISHED = tomllib.loads((Path(__file__).parents[1] / "data" / "htcds-2.0.toml").read_text())
START = datetime(2026, 11, 3, 4, tzinfo=UTC)


def fact(kind: str, case: str, days: float = 0, **data: Value) -> Fact:
    at = START + timedelta(days=days)
    return Fact(f"peduliwni/{kind}-{case}", kind, "peduliwni", at, at, {"case_no": case, **data})


def victims(count: int, first: int = 0, **complaint: Value) -> Cases:
    """So many alike."""
    cases = Cases()
    for number in range(first, first + count):
        add(cases, f"c{number}", **complaint)
    return cases


def add(cases: Cases, name: str, status: str = "CONFIRMED", **complaint: Value) -> None:
    cases.fact(fact("complaint_filed", name, **{"country": "KHM", "category": "ONLINE_SCAM", **complaint}))
    cases.fact(fact("case_assessed", name, 2, victim_status=status))


def conforms(case: Case) -> bool:
    return all(
        not PUBLISHED[field] or not value or set(value.split(";")) <= set(PUBLISHED[field])
        for field in FIELDS
        if (value := getattr(case, field)) is not None
    )


def test_fields_and_values_are_the_published_ones() -> None:
    assert set(FIELDS) == set(PUBLISHED)
    assert set(CONTROLS.values()) <= set(PUBLISHED["vic_MethodsOfControl"])
    assert set(LABOUR.values()) <= set(PUBLISHED["vic_TypeOfLabourExploitation"])
    for category, to, closed in product(CONTROLS, ("RPTC", "POLRI", "FAMILY", ""), (False, True)):
        cases = victims(3, category=category.value)
        for number in range(3):
            if to:
                cases.fact(fact("repatriation_completed", f"c{number}", 9, handed_to=to))
            if closed:
                cases.fact(fact("case_closed", f"c{number}", 10))
        assert len(cases.told()) == 3
        assert all(conforms(one) for one in cases.told())


def test_there_and_back_again() -> None:
    found = victims(4, passport_held=True).told()
    assert reread(written(found)) == found
    assert found[0] == Case(
        hte_Country="KH",
        hte_Date="2026-11-01",
        vic_MethodsOfControl="WithholdsDocuments",
        vic_TypeOfLabourExploitation="IllicitActivities",
    )
    with pytest.raises(ValueError, match="columns must be"):
        reread("name,number\n")


@pytest.mark.parametrize("status", ["NOT_VICTIM", "NOT_ASSESSED", "PERPETRATOR_SUSPECT"])
def test_a_complainant_is_not_automatically_a_victim(status: str) -> None:
    cases = Cases()
    for number in range(5):
        add(cases, f"c{number}", status)
    assert cases.told() == []


def test_a_later_assessment_and_a_retraction_count() -> None:
    cases = victims(3)
    cases.fact(fact("case_assessed", "c0", 5, victim_status="NOT_VICTIM"))
    assert len(cases.told(1)) == 3, "the same fact id: told once"
    later = fact("case_assessed", "c0", 5, victim_status="NOT_VICTIM")
    cases.fact(Fact("peduliwni/second", later.kind, later.source, later.at, later.at, later.data))
    assert len(cases.told(1)) == 2
    cases.fact(
        Fact("peduliwni/third", "retraction", "peduliwni", later.at, later.at, retracts="peduliwni/case_assessed-c1")
    )
    assert len(cases.told(1)) == 1


def test_what_few_share_is_told_coarsely_or_not_at_all() -> None:
    cases = victims(3)
    for number, country in enumerate(("MMR", "LAO", "PHL")):
        add(cases, f"d{number}", country=country)
    add(cases, "alone", country="MMR", category="DEBT_BONDAGE")
    told = cases.told()
    assert [one.hte_Country for one in told] == ["", "", "", "KH", "KH", "KH"]
    assert [one.hte_Date for one in told[:3]] == ["", "", ""]
    assert not any("DebtBondage" in one.vic_MethodsOfControl for one in told)
