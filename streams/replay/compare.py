"""Two policies on one history: which alerts one raises and the other does not, which differ, and what each costs."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from schemas.alerts import Severity, Verdict
from schemas.shadow import Change
from streams.replay import outcome
from streams.replay.outcome import Alert, Screening
from streams.replay.run import ALERTS, SAID

MEASURED = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
_TAKEN_BACK = "trigger_taken_back"


@dataclass(frozen=True)
class Difference:
    """One alert that is not the same under both policies."""

    change: Change
    before: Alert | None
    after: Alert | None

    @property
    def alert(self) -> Alert:
        """The alert as the candidate has it, or else as the policy in force has it."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a difference of nothing")
        return found


@dataclass(frozen=True)
class Cost:
    """What a policy asks of checkpoints: departures, and alerts at their end. The alert of a group counts once."""

    departures: int
    alerts: Counter[Severity]

    def per_thousand(self, severity: Severity) -> float:
        """Alerts of a severity for 1,000 departures; 0 where nobody left."""
        return self.alerts[severity] * 1000 / self.departures if self.departures else 0.0


@dataclass(frozen=True)
class Comparison:
    """Differences, the gravest first, and both costs."""

    differences: tuple[Difference, ...]
    live: Cost
    candidate: Cost

    @property
    def changes(self) -> Counter[Change]:
        """How many alerts came, went or changed."""
        return Counter(one.change for one in self.differences)

    @property
    def rules(self) -> Counter[tuple[str, Change]]:
        """By rule: in how many alerts it came, went or has another severity."""
        return Counter((rule, change) for one in self.differences for rule, change in _rules(one))


def compare(live: Path, candidate: Path) -> Comparison:
    """The folders of two replays of one history. Raises ReplayError."""
    before, after = _standing(live), _standing(candidate)
    found = [_difference(before.get(name), after.get(name)) for name in before.keys() | after.keys()]
    differences = [one for one in found if one is not None]
    differences.sort(key=lambda one: (-one.alert.severity, one.alert.at, one.alert.alert_id))
    return Comparison(tuple(differences), _cost(live), _cost(candidate))


def _standing(folder: Path) -> dict[str, Alert]:
    said = (one.alert for one in outcome.read(folder / ALERTS))
    return {alert.alert_id: alert for alert in said if alert is not None and alert.stands}


def _difference(before: Alert | None, after: Alert | None) -> Difference | None:
    if before is None or after is None:
        return Difference(Change.LOST if after is None else Change.ADDED, before, after)
    alike = _levels(before) == _levels(after) and before.severity is after.severity
    return None if alike else Difference(Change.CHANGED, before, after)


def _levels(alert: Alert | None) -> dict[str, Severity]:
    return {one.rule: one.severity for one in alert.indications} if alert else {}


def _rules(one: Difference) -> list[tuple[str, Change]]:
    before, after = _levels(one.before), _levels(one.after)
    found = [(rule, Change.ADDED) for rule in after.keys() - before.keys()]
    found += [(rule, Change.LOST) for rule in before.keys() - after.keys()]
    return found + [(rule, Change.CHANGED) for rule in before.keys() & after.keys() if before[rule] != after[rule]]


def _cost(folder: Path) -> Cost:
    last: dict[str, Screening] = {}
    for said in outcome.read(folder / SAID):
        one = said.screening
        if one is not None and (one.crossing_id not in last or one.revision > last[one.crossing_id].revision):
            last[one.crossing_id] = one
    there = [one for one in last.values() if one.reason != _TAKEN_BACK]
    alerts = {one.alert_id: one.severity for one in there if one.verdict is Verdict.ALERT and one.severity is not None}
    return Cost(len(there), Counter(alerts.values()))
