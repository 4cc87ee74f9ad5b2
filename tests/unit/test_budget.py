"""The alert budget: the day is the port's, a group counts once, and a small port may raise one alert."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from agents.budget import DEPARTURES, MEASURED, Spent, day_of, share, spent
from schemas.alerts import Screening, Severity, Verdict
from schemas.policy import Budget
from streams.commands.budget import BAR, back, table
from tests.stories.play import POLICY

AT = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
"""23:30 WIB, and 00:30 of the next day WITA."""


def answer(
    crossing: str = "CR-1",
    *,
    checkpoint: str = "A-CGK",
    severity: Severity | None = None,
    alert: str | None = None,
    revision: int = 1,
    at: datetime = AT,
    reason: str = "no_rule_spoke",
) -> Screening:
    return Screening(
        crossing_id=crossing,
        revision=revision,
        verdict=Verdict.ALERT if severity else Verdict.NOTHING_FOUND,
        reason=reason,
        checkpoint=checkpoint,
        lane="COUNTER",
        at=at,
        admitted_at=at,
        severity=severity,
        alert_id=alert,
        freshness=(),
        policy_version="t",
    )


@pytest.mark.parametrize(
    ("checkpoint", "day"),
    [("A-CGK", date(2026, 11, 24)), ("A-DPS", date(2026, 11, 25)), ("S-XXX", date(2026, 11, 24))],
)
def test_the_day_is_the_ports_own(checkpoint: str, day: date) -> None:
    assert day_of(answer(checkpoint=checkpoint), POLICY) == day


@pytest.mark.parametrize(
    ("said", "departed", "severity", "alert"),
    [
        (answer(), True, "", ""),
        (answer(severity=Severity.HIGH, alert="a"), True, "HIGH", "a"),
        (answer(severity=Severity.MEDIUM), True, "MEDIUM", "CR-1"),
        (answer(severity=Severity.LOW, alert="a"), True, "", ""),
        (answer(reason="trigger_taken_back"), False, "", ""),
        (answer(reason="merged"), True, "", ""),
    ],
)
def test_what_an_answer_counts_for(said: Screening, departed: bool, severity: str, alert: str) -> None:
    one = share(said)
    assert (one.departed, one.severity, one.alert) == (departed, severity, alert)


@pytest.mark.parametrize(
    ("alerts", "departures", "exceeded"),
    [
        (1, 10, False),
        (2, 10, True),
        (3, 1000, False),
        (4, 1000, True),
        (30, 10_000, False),
        (31, 10_000, True),
        (0, 0, False),
    ],
)
def test_the_budget_is_exceeded_one_beyond_it_and_one_alert_never_does(
    alerts: int, departures: int, exceeded: bool
) -> None:
    """HIGH ≤ 3 in 1,000 (domain 3.4)."""
    counts = {DEPARTURES: departures, "HIGH": alerts}
    high = next(one for one in spent("A-CGK", AT.date(), counts, Budget()) if one.severity is Severity.HIGH)
    assert (high.exceeded, high.budget) == (exceeded, 3.0)
    assert high.per_thousand == pytest.approx(alerts * 1000 / departures if departures else 0)


def test_one_line_for_each_severity_the_gravest_first() -> None:
    lines = spent("A-CGK", AT.date(), {DEPARTURES: 2000, "CRITICAL": 1, "MEDIUM": 31}, Budget())
    assert [line.severity for line in lines] == list(MEASURED)
    assert [(line.alerts, line.exceeded) for line in lines] == [(1, False), (0, False), (31, True)]


def test_the_table_has_a_row_for_each_day_and_marks_what_is_beyond() -> None:
    days = back(AT.date(), 2)
    assert days == [AT.date(), AT.date() - timedelta(days=1)]
    lines: list[Spent] = []
    for day, high in zip(days, (3, 9), strict=True):
        lines += spent("A-CGK", day, {DEPARTURES: 1000, "HIGH": high}, Budget())
    page = Console(file=StringIO(), width=160, color_system=None)
    page.print(table(lines))
    shown = page.file.getvalue().splitlines()  # type: ignore[attr-defined]  # a StringIO
    assert "▇" * BAR + " 3 (3.0)" in shown[1]
    assert "!" not in shown[1]
    assert "▇" * (2 * BAR) + " 9 (9.0) !" in shown[2]
