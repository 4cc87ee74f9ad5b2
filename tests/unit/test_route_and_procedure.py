"""What the ROUTE and PROCEDURE rules lean on that no story can show: windows to the day, dated tables, offices that move."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from agents.assess import Context, Spoken, assess, compose, raised
from agents.case import Case
from agents.rules import RULES
from agents.rules.rule import Hit, Rule, far_from_home, passport_days
from agents.things import Trigger
from schemas.alerts import Confidence, Family, Severity, TriggerKind, Verdict
from schemas.envelope import System
from schemas.facts import Fact, Value
from schemas.identity import Subject
from schemas.policy import CountryRule, Policy
from tests.stories.play import POLICY

T0 = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
PERSON = Subject("person:" + "1" * 32)
BY_ID = {rule.id: rule for rule in RULES}
LIVE = {system.value: T0 + timedelta(days=1) for system in System}


def _fact(name: str, kind: str, *, days: float = 0, source: str = "simkim", **data: Value) -> Fact:
    at = T0 + timedelta(days=days)
    return Fact(id=name, kind=kind, source=source, at=at, admitted_at=at, data=data)


def _with(fact: Fact, data: dict[str, Value]) -> Fact:
    return msgspec.structs.replace(fact, data={**fact.data, **data})


def _attempt(**data: Value) -> Fact:
    told: dict[str, Value] = {"crossing_id": "CR-1", "checkpoint": "A-CGK", "lane": "COUNTER", "direction": "OUT"}
    return _with(_fact("c1", "crossing_attempted"), {**told, "passport_no": "P1", "destination": "MYS", **data})


def _case(*facts: Fact) -> Case:
    return Case(PERSON, sorted(facts, key=lambda fact: (fact.at, fact.id)))


def _trigger(case: Case, kind: TriggerKind = TriggerKind.ATTEMPT) -> Trigger:
    return next(one for one in case.triggers if one.kind is kind)


def _issued(days: int, application_no: str | None = None) -> Fact:
    day = (T0 + timedelta(days=days)).date().isoformat()
    issued = _fact("p1", "passport_issued", days=days, passport_no="P1", issued_on=day)
    return _with(issued, {"application_no": application_no} if application_no else {})


def _hit(rule: str, case: Case, kind: TriggerKind = TriggerKind.ATTEMPT, policy: Policy = POLICY) -> Hit | None:
    return BY_ID[rule].judge(case, _trigger(case, kind), policy)


@pytest.mark.parametrize(
    ("moving", "verdict"),
    [
        ({}, Verdict.ALERT),
        ({"MYS": date(2026, 3, 10)}, Verdict.UNDETERMINED),
        ({"9901": date(2026, 3, 10)}, Verdict.UNDETERMINED),
        ({"MYS": date(2026, 3, 9)}, Verdict.ALERT),
        ({"SGP": date(2026, 3, 10), "9902": date(2026, 3, 10)}, Verdict.ALERT),
    ],
    ids=["nobody moves", "the country", "the labour office at home", "until yesterday", "somebody else"],
)
def test_nothing_is_missing_from_an_office_in_migration(moving: dict[str, date], verdict: Verdict) -> None:
    """Rule 1: the cut-over of 2023 lost 48,000 records for a while; an e-PMI that is not seen then means nothing."""
    home = _fact("r1", "resident_registered", days=-400, source="dukcapil", desa_code="9901012001")
    case = _case(home, _issued(-200), _attempt(visa_class="WORK"))
    policy = POLICY.model_copy(update={"offices_in_migration": moving})
    found = assess(case, _trigger(case), Context(policy, LIVE))
    assert found.verdict is verdict
    if verdict is Verdict.UNDETERMINED:
        assert [(one.rule, one.source) for one in found.undetermined] == [("work_visa_without_epmi", None)]
        assert not found.awaits


def test_an_office_in_migration_excuses_its_own_cards_and_no_late_stamp() -> None:
    """Rule 24: what is missing may be elsewhere; what is stamped after the e-PMI is there to be seen."""
    told: dict[str, Value] = {"epmi_no": "E1", "scheme": "G_TO_G", "country": "KOR", "office_code": "BP3MI-9"}
    card = _with(_fact("e1", "epmi_issued", source="siskop2mi"), told)
    insured = _fact("s1", "social_security_registered", days=-9, source="siskop2mi")
    late = _fact("o1", "opp_completed", days=0.1, source="siskop2mi")
    context = Context(POLICY.model_copy(update={"offices_in_migration": {"BP3MI-9": date(2026, 4, 1)}}), LIVE)
    missing, stamped = _case(card, insured), _case(card, insured, late)
    assert assess(missing, _trigger(missing, TriggerKind.PLACEMENT), context).verdict is Verdict.UNDETERMINED
    assert assess(stamped, _trigger(stamped, TriggerKind.PLACEMENT), context).verdict is Verdict.ALERT


def _spoken(rule: Rule, severity: Severity) -> Spoken:
    fact = _fact("x", "crossing_attempted")
    hit = Hit(severity, (fact,), raised_beside=Family.NETWORK if rule.number == 4 else None)
    return Spoken(rule, hit, severity, Confidence.FULL)


@pytest.mark.parametrize(
    ("beside", "severity", "expected"),
    [
        ("shares_a_handler", Severity.MEDIUM, Severity.HIGH),
        ("complaint_recruiter_in_pipeline", Severity.LOW, Severity.MEDIUM),
        ("epmi_route_mismatch", Severity.MEDIUM, Severity.MEDIUM),
    ],
)
def test_rule_4_is_graver_beside_a_network_hit(beside: str, severity: Severity, expected: Severity) -> None:
    """Any NETWORK indication but one that is for review alone; no other family."""
    both = [_spoken(BY_ID["gulf_visit_visa_household_pattern"], Severity.MEDIUM), _spoken(BY_ID[beside], severity)]
    assert compose(raised(both)) is expected


def test_a_matter_of_the_hajj_makes_no_weak_indication_of_trafficking_count() -> None:
    """Rule 34 is another category: beside it, a weak NETWORK indication still has no second family."""
    hajj = _spoken(BY_ID["hajj_without_hajj_visa"], Severity.MEDIUM)
    weak = _spoken(BY_ID["shares_a_handler"], Severity.HIGH)
    assert compose([hajj, weak]) is Severity.MEDIUM
    assert compose([hajj]) is Severity.MEDIUM


@pytest.mark.parametrize(("days", "speaks"), [(0, True), (90, True), (91, False)])
def test_rule_3_looks_at_the_first_ninety_days(days: int, speaks: bool) -> None:
    asked = _fact(
        "a1", "passport_application_submitted", days=-days, application_no="A-1", purpose="UMRAH", office_code="K"
    )
    case = _case(asked, _issued(-days, application_no="A-1"), _attempt())
    assert (_hit("passport_purpose_conflict", case) is not None) is speaks


@pytest.mark.parametrize(("days", "speaks"), [(60, True), (61, False)])
def test_rule_5_counts_a_passport_of_sixty_days(days: int, speaks: bool) -> None:
    case = _case(_issued(-days), _attempt(destination="KHM", return_booked=False))
    assert (_hit("scam_corridor_composite", case) is not None) is speaks


@pytest.mark.parametrize(("hours", "speaks"), [(72, True), (73, False), (-1, False)])
def test_rule_5_counts_a_ticket_of_seventy_two_hours(hours: int, speaks: bool) -> None:
    leaves, booked = T0 + timedelta(hours=1), T0 + timedelta(hours=1 - hours)
    entry = _fact(
        "m1",
        "manifest_entry",
        checkpoint="A-CGK",
        passport_no="P1",
        destination="KHM",
        return_booked=False,
        scheduled_at=leaves.isoformat(),
        booked_at=booked.isoformat(),
    )
    assert (_hit("scam_corridor_composite", _case(entry), TriggerKind.MANIFEST) is not None) is speaks


def test_rule_5_says_nothing_of_a_destination_alone() -> None:
    """Nor of one sign beside it: 123,000 citizens went to Cambodia in 2024, most as visitors."""
    assert _hit("scam_corridor_composite", _case(_attempt(destination="KHM"))) is None
    assert _hit("scam_corridor_composite", _case(_attempt(destination="KHM", return_booked=False))) is None


@pytest.mark.parametrize(("days", "speaks"), [(45, False), (46, True)])
def test_rule_4_begins_after_forty_five_days(days: int, speaks: bool) -> None:
    back = (T0 + timedelta(days=days)).isoformat()
    case = _case(_attempt(destination="SAU", visa_class="UMRAH", return_booked=True, return_at=back))
    assert (_hit("gulf_visit_visa_household_pattern", case) is not None) is speaks


@pytest.mark.parametrize(("hours", "speaks"), [(48, False), (49, True)])
def test_rule_23_lets_a_transit_of_forty_eight_hours_be(hours: int, speaks: bool) -> None:
    card = _fact("e1", "epmi_issued", days=-9, source="siskop2mi", epmi_no="E1", scheme="INDEPENDENT", country="SAU")
    on = (T0 + timedelta(hours=hours)).isoformat()
    told: dict[str, Value] = {"passport_no": "P1", "checkpoint": "A-CGK", "scheduled_at": on, "destination": "SAU"}
    case = _case(card, _with(_fact("m1", "manifest_entry", days=-1), told), _attempt())
    assert (_hit("epmi_route_mismatch", case) is not None) is speaks


@pytest.mark.parametrize(
    ("home", "checkpoint", "far"),
    [
        ("5299012001", "S-BTC", True),
        ("2171012001", "S-BTC", False),
        ("1101012001", "S-BTC", True),
        ("5299012001", "A-CGK", False),
        ("9901012001", "S-BTC", False),
        (None, "S-BTC", False),
    ],
    ids=[
        "another island group",
        "at the port",
        "far on one island",
        "no corridor",
        "unknown province",
        "no home known",
    ],
)
def test_rule_35_reads_a_distance(home: str | None, checkpoint: str, far: bool) -> None:
    """The same province is near one port and far from another; what is not known is not far."""
    registered = [_fact("r1", "resident_registered", days=-400, desa_code=home)] if home else []
    case = _case(*registered, _attempt(checkpoint=checkpoint))
    journey = _trigger(case).journey
    assert journey is not None
    assert far_from_home(case, journey, POLICY) is far


def test_homes_of_the_last_year() -> None:
    """A home counts until the next one begins; what is told later never counts."""
    moves = [(-900, "1"), (-400, "2"), (-100, "3"), (5, "4")]
    facts = [_fact(f"h{code}", "residence_moved", days=days, desa_code=code * 10) for days, code in moves]
    case = _case(*facts)
    assert [fact.text("desa_code")[0] for fact in case.domiciles(T0, 365)] == ["2", "3"]
    assert [fact.text("desa_code")[0] for fact in case.domiciles(T0, 450)] == ["1", "2", "3"]
    assert case.home(T0) == "3" * 10
    assert case.home(T0 - timedelta(days=1000)) is None


def test_a_ring_of_replacements_comes_to_an_end() -> None:
    swaps = [("P1", "P2"), ("P2", "P3"), ("P3", "P1")]
    case = _case(
        *(_fact(f"w{old}", "passport_replaced", old_passport_no=old, new_passport_no=new) for old, new in swaps)
    )
    assert case.replaces("P3", "P1", T0)
    assert not case.replaces("P9", "P1", T0)
    assert not case.replaces("P3", "P1", T0 - timedelta(days=1))


def test_the_age_of_a_passport_is_counted_on_the_checkpoints_calendar() -> None:
    """At 15:00 UTC it is the next day in Jayapura already."""
    late = _attempt(checkpoint="A-DJJ")
    case = Case(PERSON, [_issued(0), Fact(late.id, late.kind, late.source, T0.replace(hour=15), T0, late.data)])
    journey = _trigger(case).journey
    assert journey is not None
    assert passport_days(case, journey, POLICY) == 1


@pytest.mark.parametrize(
    ("country", "on", "rule"),
    [
        ("SAU", date(2015, 5, 25), CountryRule.OPEN),
        ("SAU", date(2015, 5, 26), CountryRule.CLOSED_HOUSEHOLD),
        ("KHM", date(2026, 3, 10), CountryRule.NO_AGREEMENT),
        ("THA", date(2025, 3, 31), CountryRule.OPEN),
        ("MYS", date(2026, 3, 10), CountryRule.OPEN),
    ],
)
def test_the_country_table_is_dated(country: str, on: date, rule: CountryRule) -> None:
    assert POLICY.country_rule(country, on) is rule


def test_every_checkpoint_names_its_province() -> None:
    """Rule 35 and the maps need it; a corridor port without one would never be far from anywhere."""
    known = {province for members in POLICY.regions.values() for province in members}
    assert {row.province for row in POLICY.checkpoints.values()} <= known
    assert {code for code, row in POLICY.checkpoints.items() if row.exit_corridor} >= {
        "S-BTC",
        "S-DUM",
        "S-NNK",
        "L-ENT",
    }
