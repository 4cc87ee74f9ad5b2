"""The report: precision, recall, lead time, budget and false stops, by severity, by rule and composed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from schemas.alerts import Severity, State, Verdict
from schemas.policy import Policy
from schemas.truth import Departure, Traveller
from streams.evaluation.attempts import Judged, Words
from streams.evaluation.bias import Group, groups
from streams.evaluation.shares import Share, Span, share, span

COMPOSED = "HIGH+CRITICAL"
MEASURED = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)


class Row(msgspec.Struct, frozen=True):
    """Departures that one severity, one rule, or both stopping severities together spoke of when the gate closed."""

    name: str
    precision: Share
    """Of those departures: trafficked."""
    wide: Share
    """Of those departures: trafficked, or to work without papers."""
    recall: Share
    """Of the trafficked who pass a checkpoint: those among these departures."""
    alerts: int
    """The alert of a group counts once."""
    per_thousand: float
    """Alerts for 1,000 departures through checkpoints."""
    budget: float | None
    """What the policy allows of that."""
    lead: Span
    """From the first word to the gate's closing, of the trafficked who are stopped."""
    withdrawn: Span
    """From raising to withdrawing, of all alerts of that severity or rule that were withdrawn."""
    alone: int = 0
    """Of a rule: departures that no other rule spoke of."""


class Named(msgspec.Struct, frozen=True):
    """A share by a name of the simulation."""

    name: str
    share: Share


class Report(msgspec.Struct, frozen=True):
    """Unit: one departure attempt through a checkpoint, with the answer as it stood when its gate closed."""

    policy: str
    departures: int
    elsewhere: int
    """Departures that pass no checkpoint; nothing can be said of them."""
    trafficked: int
    trafficked_elsewhere: int
    without_papers: int
    severities: tuple[Row, ...]
    composed: Row
    rules: tuple[Row, ...]
    prompted: Share
    """Recall when a prompt at the counter (MEDIUM) counts as well."""
    undetermined: Share
    """Departures whose answer was still undetermined when the gate closed."""
    undetermined_by: tuple[Named, ...]
    """By what was waited for, as a share of the undetermined."""
    unanswered: int
    aside: int
    """Departures with an alert about the hajj or paperwork alone; they count as not alerted."""
    modi: tuple[Named, ...]
    """By how people were trafficked: the share of them that is stopped."""
    false_stops: tuple[Named, ...]
    """By the innocent explanation that would have cleared it: its share of all stops of procedural departures."""
    bias: tuple[Group, ...]
    leads: tuple[float, ...]
    """Minutes from the first word to the gate's closing, of every trafficked departure that is stopped."""


def report(departures: Sequence[Departure], attempts: Sequence[Judged], words: Words, policy: Policy) -> Report:
    """All figures of one evaluation."""
    tally = _Tally(attempts, words, policy)
    elsewhere = [one for one in departures if one.crossing_id is None]
    rules = Counter(rule for one in attempts for rule in one.rules)
    undetermined = [one for one in attempts if one.answer and one.answer.verdict is Verdict.UNDETERMINED]
    waits = Counter(name for one in undetermined for name in _waits(one))
    stops = [one for one in attempts if one.stopped and one.departure.procedural]
    innocent = Counter(one.departure.innocent or "none" for one in stops)
    leads = [one.lead for one in attempts if one.lead is not None and one.departure.at_risk]
    return Report(
        policy=policy.version,
        departures=len(attempts),
        elsewhere=len(elsewhere),
        trafficked=tally.trafficked,
        trafficked_elsewhere=sum(one.at_risk for one in elsewhere),
        without_papers=sum(one.departure.traveller is Traveller.WORKER_WITHOUT_PAPERS for one in attempts),
        severities=tuple(tally.severity(one) for one in MEASURED),
        composed=tally.composed(),
        rules=tuple(tally.rule(rule) for rule, _ in sorted(rules.items(), key=lambda one: (-one[1], one[0]))),
        prompted=share(sum(one.departure.at_risk and one.severity is not None for one in attempts), tally.trafficked),
        undetermined=share(len(undetermined), len(attempts)),
        undetermined_by=tuple(Named(name, share(count, len(undetermined))) for name, count in waits.most_common()),
        unanswered=sum(one.answer is None for one in attempts),
        aside=sum(one.aside for one in attempts),
        modi=_modi(attempts),
        false_stops=tuple(Named(name, share(count, len(stops))) for name, count in innocent.most_common()),
        bias=groups(attempts),
        leads=tuple(sorted(round(one.total_seconds() / 60, 1) for one in leads)),
    )


def _waits(one: Judged) -> set[str]:
    """Sources that were waited for; `migration` where records are moving between systems."""
    return {missing.source or "migration" for missing in one.answer.undetermined} if one.answer else set()


def _modi(attempts: Iterable[Judged]) -> tuple[Named, ...]:
    all_of, stopped = Counter[str](), Counter[str]()
    for one in attempts:
        if one.departure.at_risk:
            name = one.departure.modus or "unnamed"
            all_of[name] += 1
            stopped[name] += one.stopped
    return tuple(Named(name, share(stopped[name], count)) for name, count in all_of.most_common())


class _Tally:
    """Counts rows of one evaluation."""

    def __init__(self, attempts: Sequence[Judged], words: Words, policy: Policy) -> None:
        self._attempts = attempts
        self._budget = {
            Severity.CRITICAL: policy.budget.critical,
            Severity.HIGH: policy.budget.high,
            Severity.MEDIUM: policy.budget.medium,
        }
        self._withdrawn = _withdrawn(words)
        self.trafficked = sum(one.departure.at_risk for one in attempts)

    def severity(self, severity: Severity) -> Row:
        """One severity."""
        withdrawn = [length for length, was, _ in self._withdrawn if was is severity]
        return self._row(severity.name, lambda one: one.severity is severity, self._budget[severity], withdrawn)

    def composed(self) -> Row:
        """Both severities that stop people."""
        budget = self._budget[Severity.CRITICAL] + self._budget[Severity.HIGH]
        withdrawn = [length for length, was, _ in self._withdrawn if was >= Severity.HIGH]
        return self._row(COMPOSED, lambda one: one.stopped, budget, withdrawn)

    def rule(self, rule: str) -> Row:
        """One rule, in alerts of any severity."""
        withdrawn = [length for length, _, rules in self._withdrawn if rule in rules]
        row = self._row(rule, lambda one: rule in one.rules, None, withdrawn)
        return msgspec.structs.replace(row, alone=sum(one.rules == (rule,) for one in self._attempts))

    def _row(
        self, name: str, of: Callable[[Judged], bool], budget: float | None, withdrawn: Sequence[timedelta]
    ) -> Row:
        spoken = [one for one in self._attempts if of(one)]
        hits = sum(one.departure.at_risk for one in spoken)
        alerts = len({one.answer.alert_id for one in spoken if one.answer})
        return Row(
            name=name,
            precision=share(hits, len(spoken)),
            wide=share(sum(not one.departure.procedural for one in spoken), len(spoken)),
            recall=share(hits, self.trafficked),
            alerts=alerts,
            per_thousand=alerts * 1000 / len(self._attempts) if self._attempts else 0.0,
            budget=budget,
            lead=span([one.lead for one in spoken if one.lead is not None and one.departure.at_risk]),
            withdrawn=span(withdrawn),
        )


def _withdrawn(words: Words) -> list[tuple[timedelta, Severity, frozenset[str]]]:
    """Of every withdrawal: how long the alert had stood, its severity, and its rules."""
    found: list[tuple[timedelta, Severity, frozenset[str]]] = []
    for told in words.alerts.values():
        raised: datetime | None = None
        for at, alert in told:
            if alert.state is not State.WITHDRAWN:
                raised = raised or at
            elif raised is not None:
                found.append((at - raised, alert.severity, frozenset(alert.rules)))
                raised = None
    return found


def plain(found: Report) -> Mapping[str, object]:
    """The report as plain values, for JSON."""
    told: Mapping[str, object] = msgspec.to_builtins(found)
    return told
