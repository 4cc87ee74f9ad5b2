"""The month's indicators, against histories small enough to count by hand."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest

from agents.indicators import CLOSES, Indicators, Month, Table, closing, told
from schemas.alerts import Evidence, FeedAge, Handled, Screening, Severity, State, Verdict
from schemas.envelope import System
from schemas.facts import Fact, Value
from schemas.topics import SCREENING_DAYS
from streams.reports.monthly import as_csv, write
from streams.reports.page import words
from tests.feed.pager_alerts import alert, later

MONTH = Month.of("2026-11")
AT = datetime(2026, 11, 12, 3, tzinfo=UTC)


def fact(kind: str, name: str, at: datetime = AT, *, retracts: str | None = None, **data: Value) -> Fact:
    return Fact(f"{kind}/{name}", kind, "simkim", at, at, data, retracts=retracts)


def screening(name: str, verdict: Verdict, revision: int = 1, at: datetime = AT, **more: object) -> Screening:
    usual: dict[str, object] = {
        "crossing_id": name,
        "revision": revision,
        "verdict": verdict,
        "reason": "x",
        "checkpoint": "A-CGK",
        "lane": "COUNTER",
        "at": at,
        "admitted_at": at,
        "freshness": (FeedAge(System.SISKOP2MI, at, 40.0, live=verdict is not Verdict.UNDETERMINED),),
        "policy_version": "test",
    }
    return Screening.model_validate({**usual, **more})


def table(found: Indicators, code: str) -> Table:
    [one] = [each for each in found.tables() if each.code == code]
    return one


def test_a_month_is_a_calendar_month_in_utc() -> None:
    december = Month.of("2026-12")
    assert (december.since, december.until) == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert not december.holds(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    with pytest.raises(ValueError, match="does not match"):
        Month.of("November")


@pytest.mark.parametrize(
    ("now", "since", "closed", "due"),
    [
        (MONTH.until + CLOSES - timedelta(seconds=1), MONTH.since, [], []),
        (MONTH.until + CLOSES, MONTH.since, [], ["2026-11"]),
        (MONTH.until + CLOSES, MONTH.until - timedelta(seconds=1), [], ["2026-11"]),
        (MONTH.until + CLOSES, MONTH.until, [], []),
        (MONTH.until + CLOSES, MONTH.since - timedelta(days=40), [], ["2026-09", "2026-10", "2026-11"]),
        (MONTH.until + CLOSES, MONTH.since - timedelta(days=40), ["2026-10"], ["2026-09", "2026-11"]),
        (MONTH.until + CLOSES, MONTH.since, ["2026-11"], []),
    ],
)
def test_a_month_is_closed_once_and_late(now: datetime, since: datetime, closed: list[str], due: list[str]) -> None:
    assert [month.name for month in closing(now, since, closed)] == due


def test_answers_are_all_there_when_their_month_is_closed() -> None:
    """However long the month: the first answer of it is younger than what its topic keeps."""
    months = [Month.of(f"2026-{number:02}") for number in range(1, 13)]
    assert all(month.until + CLOSES - month.since < SCREENING_DAYS for month in months)


def test_nothing_happened_in_a_month() -> None:
    found = Indicators(MONTH)
    assert found.empty
    found.screening(screening("c", Verdict.NOTHING_FOUND))
    assert not found.empty


def test_the_last_answer_counts_and_few_are_not_told() -> None:
    found = Indicators(MONTH)
    for number in range(5):
        found.screening(screening(f"c{number}", Verdict.UNDETERMINED))
    for number in range(4):
        found.screening(screening(f"c{number}", Verdict.NOTHING_FOUND, 2))
    found.screening(screening("c0", Verdict.ALERT, 1))
    found.screening(screening("before", Verdict.ALERT, at=AT - timedelta(days=20)))
    columns, [row, whole] = table(found, "departures_screened").columns, table(found, "departures_screened").rows
    assert dict(zip(columns, row, strict=True)) == {
        "checkpoint": "A-CGK",
        "screened": 5,
        "NOTHING_FOUND": 4,
        "ALERT": 0,
        "UNDETERMINED": None,
    }
    assert whole == ("ALL", *row[1:])
    [fresh] = table(found, "feed_freshness").rows
    assert fresh == ("siskop2mi", 5, 0.8, 40.0, 40.0)


def test_alerts_lead_time_and_service_levels() -> None:
    found = Indicators(MONTH)
    for number in range(4):
        one = alert(f"c{number}", at=AT, severity=Severity.HIGH, acknowledge_by=AT + timedelta(minutes=30))
        early = one.model_copy(update={"created_at": AT - timedelta(hours=3)})
        found.alert(early)
        seen = Handled(event_id="e", what="alert_acknowledged", at=AT + timedelta(minutes=10 + 30 * (number == 3)))
        done = later(early, State.CLEARED if number else State.WITHDRAWN, handling=(seen,))
        found.alert(done)
        found.alert(early)
        found.fact("person:1", fact("outcome_recorded", str(number), AT - timedelta(hours=2), alert_id=one.alert_id))
        found.screening(screening(f"c{number}", Verdict.ALERT))
    raised = {row[0]: row for row in table(found, "alerts").rows}
    assert raised["HIGH"] == ("HIGH", 4, 1000.0, None, 0, 3, 0)
    assert raised["CRITICAL"][:3] == ("CRITICAL", 0, 0.0)
    assert table(found, "lead_time").rows == (("ATTEMPT", 4, 4, 3.0),)
    assert table(found, "service_levels").rows == (("HIGH", 4, 0.75, 190.0, 1.0),)


def test_deferrals_by_ground_and_what_was_taken_back() -> None:
    found = Indicators(MONTH)
    for number in range(4):
        found.fact("document:1", fact("departure_deferred", f"h{number}", reason_code="HAJJ"))
        found.fact("person:1", fact("departure_deferred", f"h{number}", reason_code="HAJJ"))
        found.fact(
            "person:1", fact("outcome_recorded", f"o{number}", outcome="DEFERRED", ground_code="CPMI_NON_PROCEDURAL")
        )
    found.fact("document:1", fact("retraction", "r", retracts="departure_deferred/h0"))
    assert table(found, "deferrals_by_ground").rows == (("CPMI_NON_PROCEDURAL", 0, 4), ("HAJJ", 3, 0))


def test_from_a_complaint_to_the_first_warning() -> None:
    found = Indicators(MONTH)
    for number in range(3):
        heard = Evidence(event_id="e", system="peduliwni", type="complaint_filed", at=AT - timedelta(hours=2 + number))
        found.alert(alert(f"c{number}", at=AT, rule="complaint_recruiter_in_pipeline", evidence=(heard,)))
    assert table(found, "complaint_to_pipeline_alert").rows == ((3, 3.0),)


def test_corridors_name_no_way_of_fewer_than_three() -> None:
    found = Indicators(MONTH)
    for number in range(4):
        way = {"checkpoint": "A-CGK", "destination": "KHM", "direction": "OUT", "crossing_id": f"c{number}"}
        found.fact("document:1", fact("crossing_attempted", str(number), **way))
        found.alert(alert(f"c{number}", at=AT))
    found.fact("document:2", fact("crossing_attempted", "x", checkpoint="A-SUB", destination="MYS", crossing_id="x"))
    assert table(found, "corridors").rows == (("A-CGK", "KHM", 4, 4),)


def test_the_funnel_tells_where_people_stall() -> None:
    found = Indicators(MONTH)
    for number in range(4):
        begun = AT - timedelta(days=100)
        found.fact(f"person:{number}", fact("cpmi_registered", f"r{number}", begun))
        found.fact(f"person:{number}", fact("medical_result", f"m{number}", begun + timedelta(days=10 + number)))
    for number in range(3):
        found.alert(alert(f"c{number}", at=AT, rule="declared_visit_but_cpmi_in_process"))
    rows = {row[0]: row[1:] for row in table(found, "funnel").rows}
    assert rows["cpmi_registered"] == (4, 1.0, 0.0)
    assert rows["medical_result"] == (4, 1.0, 11.5)
    assert rows["epmi_issued"] == (0, 0.0, None)
    assert rows["left_without_epmi"] == (3, None, None)


def test_every_table_and_column_has_its_words_in_both_languages(tmp_path: Path) -> None:
    found = Indicators(MONTH)
    found.screening(screening("c0", Verdict.ALERT))
    tables = found.tables()
    for one in tables:
        assert {"id", "en"} == set(words()["table"][one.code]) == set(words()["about"][one.code])
        assert all(column in words()["column"] for column in one.columns)
    page, *files = write(tmp_path, MONTH, tables)
    assert page.name == "indicators-2026-11.html"
    assert len(files) == len(tables)
    text = page.read_text()
    assert "Keberangkatan yang disaring" in text
    assert "http" not in text, "it stands by itself"
    [head, *rows] = csv.reader(StringIO(as_csv(tables[0])))
    assert head[0] == "checkpoint"
    assert rows[-1] == ["ALL", "<3", "0", "<3", "0"]


@pytest.mark.parametrize(("people", "as_told"), [(0, 0), (1, None), (2, None), (3, 3)])
def test_k_is_three(people: int, as_told: int | None) -> None:
    assert told(people) == as_told
