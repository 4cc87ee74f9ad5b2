"""The alert budget: how many alerts a checkpoint raises in one of its days, against how many people leave there (domain 3.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from agents.decide import Why
from agents.rules.rule import local_time
from schemas.alerts import Screening, Severity, Verdict
from schemas.policy import Budget, Policy

DEPARTURES: Final = "departures"
MEASURED: Final = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
"""LOW is never shown at a checkpoint."""
_PER = 1000


@dataclass(frozen=True, slots=True)
class Share:
    """What one answer adds to its checkpoint's day; a later revision of the answer takes its place."""

    departed: bool
    """False for an attempt that was taken back: nobody stood there."""
    severity: str
    """Name of the alert's severity; empty: no alert."""
    alert: str
    """The people of one group share one alert, and it is counted once."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Alerts of one severity at one checkpoint on one of its days."""

    checkpoint: str
    day: date
    """On the clock of the checkpoint."""
    severity: Severity
    alerts: int
    departures: int
    budget: float
    """Alerts per 1,000 departures that the policy allows."""

    @property
    def per_thousand(self) -> float:
        """Alerts per 1,000 departures; 0 where nobody left."""
        return self.alerts * _PER / self.departures if self.departures else 0.0

    @property
    def allowed(self) -> float:
        """Alerts that the budget allows for so many departures. One a day is always within it: a small port has few."""
        return max(1.0, self.budget * self.departures / _PER)

    @property
    def exceeded(self) -> bool:
        """More alerts than the budget allows."""
        return self.alerts > self.allowed


def day_of(screening: Screening, policy: Policy) -> date:
    """The day of an attempt on the clock of its checkpoint."""
    return local_time(screening.at, screening.checkpoint, policy).date()


def share(screening: Screening) -> Share:
    """What the answer counts for. One that could not be told yet is a departure without an alert."""
    departed, severity = screening.reason != Why.TRIGGER_TAKEN_BACK.value, screening.severity
    if screening.verdict is not Verdict.ALERT or severity is None or severity not in MEASURED or not departed:
        return Share(departed, "", "")
    return Share(departed, severity.name, screening.alert_id or screening.crossing_id)


def spent(checkpoint: str, day: date, counts: Mapping[str, int], budget: Budget) -> tuple[Spent, ...]:
    """One line for each severity, the gravest first. `counts` holds DEPARTURES and the names of severities."""
    allowed = {Severity.CRITICAL: budget.critical, Severity.HIGH: budget.high, Severity.MEDIUM: budget.medium}
    departures = counts.get(DEPARTURES, 0)
    return tuple(
        Spent(checkpoint, day, severity, counts.get(severity.name, 0), departures, allowed[severity])
        for severity in MEASURED
    )
