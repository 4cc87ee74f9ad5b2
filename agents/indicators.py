"""Indicators of a month, for the national action plan: counts and times of what was said and done, nothing about anybody."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final

import msgspec

from agents.dossier import struck_out
from schemas.alerts import Alert, Screening, Severity, State, Verdict
from schemas.areas import FEWEST
from schemas.facts import Fact
from schemas.identity import SubjectKind

Cell = str | int | float | None
"""None: fewer than `FEWEST` people, or nothing to say."""

STEPS: Final = (
    "cpmi_registered",
    "document_verified",
    "medical_result",
    "social_security_registered",
    "opp_completed",
    "epmi_issued",
)
"""The procedural route from registration to e-PMI, in its order (domain 2.3)."""
COUNTED: Final = frozenset({*STEPS, "crossing_attempted", "departure_deferred", "outcome_recorded", "case_assessed"})
"""Kinds of facts that indicators are made of."""
_COMPLAINTS: Final = frozenset({"complaint_filed", "complaint_received"})
_PIPELINE: Final = "complaint_recruiter_in_pipeline"
_WITHOUT_EPMI: Final = "declared_visit_but_cpmi_in_process"
OUTCOME_WITHIN: Final = timedelta(hours=2)
"""Service level of a recorded outcome (SOP C: 95 % within two hours)."""
_OUTCOMES: Final = frozenset(
    {
        State.CLEARED,
        State.CLEARED_WITH_ADVICE,
        State.DEFERRED,
        State.REFERRED_BP3MI,
        State.REFERRED_POLICE,
        State.REFERRED_CHILD,
        State.LEFT_VOLUNTARILY,
    }
)


class Table(msgspec.Struct, frozen=True):
    """One indicator. `code` names its file and its headings; columns are codes too."""

    code: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Month(msgspec.Struct, frozen=True):
    """A calendar month, UTC: from `since` up to and without `until`."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, text: str) -> "Month":
        """`2026-11`. Raises ValueError."""
        since = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
        return cls(since, (since + timedelta(days=32)).replace(day=1))

    @property
    def name(self) -> str:
        """`2026-11`."""
        return f"{self.since:%Y-%m}"

    def holds(self, at: datetime) -> bool:
        """Is the moment in it?"""
        return self.since <= at < self.until


class Closed(msgspec.Struct, frozen=True):
    """A month that ended, as it is kept when what it was counted from is gone. `at` (UTC) is when it was counted."""

    month: str
    at: datetime
    whole: bool
    """Was everything of the month still there? Otherwise it tells of less than there was."""
    tables: tuple[Table, ...]


CLOSES: Final = timedelta(days=20)
"""After a month ended it waits so long for late outcomes; answers to attempts, kept for 62 days, are all there by then."""


def closing(now: datetime, since: datetime, closed: Iterable[str]) -> list[Month]:
    """Months that ended long enough ago, are not closed yet, and of which something may be left since that moment, oldest first."""
    known, month, found = set(closed), Month.of(f"{since:%Y-%m}"), list[Month]()
    while month.until + CLOSES <= now:
        if month.name not in known:
            found.append(month)
        month = Month.of(f"{month.until:%Y-%m}")
    return found


class Indicators:
    """Takes screenings, alerts and facts in any order, each as often as it comes, and gives the month's tables."""

    def __init__(self, month: Month) -> None:
        self._month = month
        self._screenings: dict[str, Screening] = {}
        self._first: dict[str, Alert] = {}
        self._alerts: dict[str, Alert] = {}
        self._facts: dict[str, Fact] = {}
        self._steps: dict[str, tuple[str, str, datetime]] = {}
        self._strikers: dict[str, Fact] = {}

    def screening(self, one: Screening) -> None:
        """The answer of the highest revision counts."""
        held = self._screenings.get(one.crossing_id)
        if self._month.holds(one.at) and (held is None or held.revision < one.revision):
            self._screenings[one.crossing_id] = one

    def alert(self, one: Alert) -> None:
        """As it was raised, and as it stands last."""
        if not self._month.holds(one.created_at):
            return
        first, last = self._first.get(one.alert_id), self._alerts.get(one.alert_id)
        if first is None or one.revision < first.revision:
            self._first[one.alert_id] = one
        if last is None or one.revision > last.revision:
            self._alerts[one.alert_id] = one

    def fact(self, subject: str, one: Fact) -> None:
        """The same fact stands under several subjects, and counts once. What was taken back or replaced does not count."""
        if one.retracts is not None or one.supersedes is not None:
            self._strikers[one.id] = one
        if one.retracts is not None or one.kind not in COUNTED:
            return
        if one.kind in STEPS and subject.startswith(SubjectKind.PERSON.value) and one.at < self._month.until:
            self._steps[one.id] = (subject, one.kind, one.at)
        if self._month.holds(one.at):
            self._facts[one.id] = one

    @property
    def empty(self) -> bool:
        """Nothing was asked and nothing said in that month."""
        return not self._screenings and not self._alerts

    def tables(self) -> tuple[Table, ...]:
        """Every indicator, in the order of the pack."""
        return (
            self._screened(),
            self._raised(),
            self._deferrals(),
            self._lead(),
            self._pipeline(),
            self._freshness(),
            self._service(),
            self._corridors(),
            self._funnel(),
        )

    def _screened(self) -> Table:
        """Departure attempts by checkpoint, and what they were answered."""
        counts: defaultdict[str, Counter[Verdict]] = defaultdict(Counter)
        for one in self._screenings.values():
            counts[one.checkpoint][one.verdict] += 1
        columns = ("checkpoint", "screened", *(verdict.value for verdict in Verdict))
        rows = [
            (place, told(found.total()), *(told(found[one]) for one in Verdict))
            for place, found in sorted(counts.items())
        ]
        whole = sum(counts.values(), Counter[Verdict]())
        rows.append(("ALL", told(whole.total()), *(told(whole[one]) for one in Verdict)))
        return Table("departures_screened", columns, tuple(rows))

    def _raised(self) -> Table:
        """Alerts by severity: how many, of a thousand departures, withdrawn, and how they ended."""
        departures = len(self._screenings)
        rows: list[tuple[Cell, ...]] = []
        for severity in sorted(Severity, reverse=True):
            mine = [one for one in self._alerts.values() if one.severity is severity]
            ended = Counter(one.state for one in mine)
            per = len(mine) * 1000 / departures if departures and told(len(mine)) is not None else None
            ends = (State.WITHDRAWN, State.EXPIRED, State.CLEARED, State.DEFERRED)
            rows.append((severity.name, told(len(mine)), per, *(told(ended[state]) for state in ends)))
        columns = ("severity", "alerts", "per_thousand", "WITHDRAWN", "EXPIRED", "CLEARED", "DEFERRED")
        return Table("alerts", columns, tuple(rows))

    def _deferrals(self) -> Table:
        """By ground: what SIMKIM recorded, and what officers recorded with an alert. HAJJ and DOCUMENT are classes of their own."""
        simkim = Counter(_text(one, "reason_code") for one in self._of("departure_deferred"))
        officers = Counter(
            _text(one, "ground_code")
            for one in self._of("outcome_recorded")
            if one.text_or_none("outcome") == "DEFERRED"
        )
        rows = [
            (ground, told(simkim[ground]), told(officers[ground])) for ground in sorted(simkim.keys() | officers.keys())
        ]
        return Table("deferrals_by_ground", ("ground", "by_simkim", "with_an_alert"), tuple(rows))

    def _lead(self) -> Table:
        """How long before the traveller stood there the alert was known, by what it is about."""
        rows: list[tuple[Cell, ...]] = []
        for kind in sorted({one.trigger for one in self._first.values()}):
            mine = [one for one in self._first.values() if one.trigger is kind]
            ahead = [_seconds(one.at - one.created_at) / 3600 for one in mine if one.at > one.created_at]
            rows.append((kind.value, told(len(mine)), told(len(ahead)), _median(ahead)))
        return Table("lead_time", ("trigger", "alerts", "known_before", "median_hours"), tuple(rows))

    def _pipeline(self) -> Table:
        """From somebody's complaint to the first warning of another in the same recruiter's pipeline."""
        hours: list[float] = []
        for one in self._first.values():
            complained = [each.at for each in one.evidence if each.type in _COMPLAINTS]
            if complained and any(each.rule == _PIPELINE for each in one.indications):
                hours.append(_seconds(one.created_at - min(complained)) / 3600)
        row = (told(len(hours)), _median(hours))
        return Table("complaint_to_pipeline_alert", ("alerts", "median_hours"), (row,))

    def _freshness(self) -> Table:
        """Of each source: how often it was live when an answer leaned on it, and how old."""
        leaned: defaultdict[str, list[tuple[bool, float | None]]] = defaultdict(list)
        for one in self._screenings.values():
            for age in one.freshness:
                leaned[age.source.value].append((age.live, age.age_seconds))
        rows: list[tuple[Cell, ...]] = []
        for source, found in sorted(leaned.items()):
            ages = sorted(age for _, age in found if age is not None)
            live = sum(live for live, _ in found) / len(found)
            old = ages[min(len(ages) - 1, int(len(ages) * 0.95))] if ages else None
            rows.append((source, len(found), live, _median(ages), old))
        return Table(
            "feed_freshness", ("source", "answers", "live_share", "median_seconds", "p95_seconds"), tuple(rows)
        )

    def _service(self) -> Table:
        """Acknowledged in time, and an outcome within two hours, of alerts that somebody had to answer."""
        outcomes = {
            alert: one.at for one in self._of("outcome_recorded") if (alert := one.text_or_none("alert_id")) is not None
        }
        rows: list[tuple[Cell, ...]] = []
        for severity in sorted(Severity, reverse=True):
            mine = [one for one in self._alerts.values() if one.severity is severity and one.acknowledge_by is not None]
            if not mine:
                continue
            minutes = [_seconds(at - one.created_at) / 60 for one in mine if (at := _acknowledged(one)) is not None]
            timely = sum(
                (at := _acknowledged(one)) is not None and one.acknowledge_by is not None and at <= one.acknowledge_by
                for one in mine
            )
            ended = [one for one in mine if one.alert_id in outcomes or one.state in _OUTCOMES]
            soon = sum(
                outcomes[one.alert_id] - one.created_at <= OUTCOME_WITHIN for one in ended if one.alert_id in outcomes
            )
            rows.append(
                (severity.name, told(len(mine)), _share(timely, len(mine)), _median(minutes), _share(soon, len(ended)))
            )
        columns = ("severity", "alerts", "acknowledged_in_time", "median_minutes", "outcome_within_2h")
        return Table("service_levels", columns, tuple(rows))

    def _corridors(self) -> Table:
        """From a checkpoint to a country: who left, and how many grave alerts; none with fewer people than `FEWEST`."""
        grave = {
            one.trigger_id
            for one in self._alerts.values()
            if one.severity >= Severity.HIGH and one.state is not State.WITHDRAWN
        }
        left: Counter[tuple[str, str]] = Counter()
        alerted: Counter[tuple[str, str]] = Counter()
        for one in self._of("crossing_attempted"):
            if one.text_or_none("direction") not in {None, "OUT"}:
                continue
            way = (_text(one, "checkpoint"), _text(one, "destination"))
            left[way] += 1
            alerted[way] += one.text_or_none("crossing_id") in grave
        shown = [way for way in sorted(left, key=lambda way: (-alerted[way], -left[way], way)) if told(left[way])]
        rows = [(*way, told(left[way]), told(alerted[way])) for way in shown]
        return Table("corridors", ("checkpoint", "destination", "departures", "high_alerts"), tuple(rows))

    def _funnel(self) -> Table:
        """Where applicants stall: of those registered in the last year, how many reached each step, and after how many days;
        and how many left as visitors instead.
        """
        since = self._month.until - timedelta(days=365)
        begun = {
            name: steps for name, steps in self._reached().items() if STEPS[0] in steps and steps[STEPS[0]] > since
        }
        rows: list[tuple[Cell, ...]] = []
        for step in STEPS:
            days = [
                _seconds(steps[step] - steps[STEPS[0]]) / 86400
                for steps in begun.values()
                if step in steps and steps[step] >= steps[STEPS[0]]
            ]
            rows.append((step, told(len(days)), _share(len(days), len(begun)), _median(days)))
        gone = {
            one.subject
            for one in self._alerts.values()
            if one.state is not State.WITHDRAWN and any(each.rule == _WITHOUT_EPMI for each in one.indications)
        }
        rows.append(("left_without_epmi", told(len(gone)), None, None))
        return Table("funnel", ("step", "people", "share", "median_days"), tuple(rows))

    def _reached(self) -> dict[str, dict[str, datetime]]:
        """When each person first reached each step."""
        dead, found = struck_out(self._strikers), dict[str, dict[str, datetime]]()
        for name, (subject, step, at) in self._steps.items():
            if name not in dead:
                mine = found.setdefault(subject, {})
                mine[step] = min(at, mine.get(step, at))
        return found

    def _of(self, kind: str) -> Iterable[Fact]:
        dead = struck_out(self._strikers)
        return (one for name, one in self._facts.items() if one.kind == kind and name not in dead)


def told(people: int) -> int | None:
    """A count of people as it may be told: none, or at least `FEWEST`."""
    return people if people == 0 or people >= FEWEST else None


def _acknowledged(alert: Alert) -> datetime | None:
    return min((one.at for one in alert.handling if one.what == "alert_acknowledged"), default=None)


def _text(fact: Fact, field: str) -> str:
    return fact.text_or_none(field) or "UNKNOWN"


def _seconds(span: timedelta) -> float:
    return span.total_seconds()


def _median(values: Sequence[float]) -> float | None:
    """Of at least `FEWEST` people: the median of two is one of them, nearly."""
    return round(median(values), 2) if len(values) >= FEWEST else None


def _share(some: int, of: int) -> float | None:
    return round(some / of, 4) if of >= FEWEST and told(some) is not None else None


def origins(rows: Iterable[tuple[str, Mapping[str, int | None], Mapping[str, float | None]]]) -> Table:
    """Home districts: people by indicator, as already told with k, and per 10,000 passports."""
    listed = sorted(rows, key=lambda one: one[0])
    names = sorted({name for _, people, _ in listed for name in people})
    columns = ("area", *names, *(f"{name}_per_10000" for name in names if name != "PASSPORTS"))
    made = [
        (area, *(people.get(name) for name in names), *(rates.get(name) for name in names if name != "PASSPORTS"))
        for area, people, rates in listed
    ]
    return Table("origins", columns, tuple(made))
