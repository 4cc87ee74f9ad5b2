"""The past as a judge: complaints, assessments, repatriations and officers' outcomes, joined back to earlier departures.

Nobody knows the truth of a real history. A departure that nobody complained of is unlabelled, not harmless: precision
against labels is a lower bound. What officers found is known only of those whom an alert brought to them, so it
is counted apart and in no recall.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from schemas import wire
from schemas.facts import Fact
from schemas.identity import SubjectKind, subject
from schemas.policy import Policy
from schemas.truth import Departure, Traveller
from streams.evaluation.attempts import Judged, Words, gate
from streams.evaluation.shares import Share, percentile, share
from streams.replay.history import History
from streams.replay.share import facts_of
from streams.replay.words import Line

REACH = timedelta(days=730)
"""A label says something of departures so long before it: the window in which rules look back to victims (domain 7, rule 6)."""


class Kind(StrEnum):
    """Where a label comes from."""

    COMPLAINT = "COMPLAINT"
    """A complaint names the person as the one who needs help. A complainant is not automatically a victim."""
    VICTIM = "VICTIM"
    """An assessment: INDICATED or CONFIRMED."""
    NO_VICTIM = "NO_VICTIM"
    """An assessment: NOT_VICTIM. It takes back what a complaint of the same person said of the same departure."""
    REPATRIATED = "REPATRIATED"
    FOUND = "FOUND"
    """An officer referred the person, or deferred the departure on a ground that fits."""
    CLEARED = "CLEARED"
    """An officer cleared the person."""


AFTERWARDS = (Kind.COMPLAINT, Kind.VICTIM, Kind.REPATRIATED)
"""What comes from abroad, whether or not anybody was alerted."""
_FITTING = frozenset({"CPMI_NON_PROCEDURAL", "CHILD_PROTECTION", "UNTRUE_STATEMENT"})


class Label(msgspec.Struct, frozen=True):
    """What became known of a person, or (an officer's outcome) of one attempt."""

    kind: Kind
    at: datetime
    who: str
    country: str | None = None
    crossing: str | None = None


class Left(msgspec.Struct, frozen=True):
    """One departure of the history."""

    crossing: str
    at: datetime
    who: str
    country: str | None
    gate: datetime


@dataclass
class Past:
    """What is read of a history."""

    left: dict[str, Left] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    ends: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    """The clock behind the last line, UTC."""


def read(history: History, key: bytes, policy: Policy) -> Past:
    """Departures and labels of a history, each under the person as far as passports tell. Raises ReplayError."""
    facts: dict[str, tuple[str, Fact]] = {}
    owners: dict[str, tuple[datetime, str]] = {}
    past = Past()
    for entry in history.entries():
        past.ends = entry.clock
        for name, fact in _wanted(entry, key) if isinstance(entry, Line) else ():
            if fact.kind == "passport_issued":
                _owned(fact, owners)
            elif fact.id not in facts or name.startswith(SubjectKind.PERSON.value):
                facts[fact.id] = (name, fact)
    for name, fact in facts.values():
        who = owners[name][1] if name in owners else name
        if fact.kind == "crossing_attempted":
            one = _left(fact, who, policy)
            past.left[one.crossing] = one
        else:
            past.labels += _label(fact, who)
    past.labels.sort(key=lambda one: (one.at, one.kind, one.who))
    return past


_KINDS = (
    b"crossing_attempted",
    b"passport_issued",
    b"complaint_filed",
    b"case_assessed",
    b"repatriation_completed",
    b"outcome_recorded",
)
_PEOPLE = (f"{SubjectKind.PERSON.value}:", f"{SubjectKind.DOCUMENT.value}:")


def _wanted(line: Line, key: bytes) -> Iterator[tuple[str, Fact]]:
    if not any(kind in line.raw for kind in _KINDS):
        return
    try:
        told = facts_of(line, key)
    except wire.BadRecord:
        return
    for name, fact in told:
        leaves = fact.kind != "crossing_attempted" or fact.text("direction") == "OUT"
        if fact.kind.encode() in _KINDS and name.startswith(_PEOPLE) and leaves:
            yield name, fact


def _owned(fact: Fact, owners: dict[str, tuple[datetime, str]]) -> None:
    document, nik = fact.text_or_none("passport_no"), fact.text_or_none("nik")
    if document and nik:
        name = subject(SubjectKind.DOCUMENT, document)
        owners[name] = max(owners.get(name, (fact.at, "")), (fact.at, subject(SubjectKind.PERSON, nik)))


def _left(fact: Fact, who: str, policy: Policy) -> Left:
    closes = gate(fact.at, fact.text("checkpoint"), fact.moment("scheduled_at"), policy)
    country = fact.text_or_none("onward") or fact.text_or_none("destination")
    return Left(fact.text("crossing_id"), fact.at, who, country, closes)


def _label(fact: Fact, who: str) -> Iterator[Label]:
    country = fact.text_or_none("country")
    match fact.kind:
        case "complaint_filed":
            yield Label(Kind.COMPLAINT, fact.at, who, country)
        case "repatriation_completed":
            yield Label(Kind.REPATRIATED, fact.at, who, country)
        case "case_assessed":
            status = fact.text("victim_status")
            if status in {"INDICATED", "CONFIRMED", "NOT_VICTIM"}:
                yield Label(Kind.NO_VICTIM if status == "NOT_VICTIM" else Kind.VICTIM, fact.at, who, country)
        case _:
            kind = _found(fact.text("outcome"), fact.text_or_none("ground_code"))
            if kind is not None:
                yield Label(kind, fact.at, who, crossing=fact.text("trigger_id"))


def _found(outcome: str, ground: str | None) -> Kind | None:
    if outcome.startswith("REFERRED") or (outcome == "DEFERRED" and ground in _FITTING):
        return Kind.FOUND
    return Kind.CLEARED if outcome.startswith("CLEARED") else None


class Delay(msgspec.Struct, frozen=True):
    """Labels of one kind: how many, how many have a departure before them, and how long after it they came, in days."""

    kind: Kind
    labels: int
    joined: int
    p50: float | None
    p90: float | None


class Against(msgspec.Struct, frozen=True):
    """One severity or rule against what became known."""

    name: str
    precision: Share
    """Labelled, of the departures that it spoke of and that are labelled or old enough."""
    recall: Share
    """Of the labelled departures: those that it spoke of."""
    young: int
    """Departures that it spoke of and that are too young to count as harmless."""
    officers: Share
    """Found by an officer, of those whom an officer found or cleared; in no other figure."""


class PastReport(msgspec.Struct, frozen=True):
    """Unit: one departure attempt, with the answer as it stood when its gate closed. Severities are HIGH and more, or a rule."""

    policy: str
    departures: int
    labelled: int
    horizon_days: float | None
    """The 90th percentile of the delay from a departure to the first word of it. Delays longer than the history cannot be
    seen: the true percentile is no shorter."""
    young: int
    """Departures younger than that when the history ends, and unlabelled: they count as nothing."""
    quiet: int
    """Departures old enough and unlabelled: they count as negatives, which some of them are not."""
    delays: tuple[Delay, ...]
    rows: tuple[Against, ...]


def report(past: Past, words: Words, policy: Policy) -> PastReport:
    """Joins, delays, and what the alerts are worth against them."""
    joined = join(past)
    delays = sorted((min(ats) - past.left[name].at).total_seconds() / 86400 for name, ats in joined.items())
    horizon = percentile(delays, 0.9) if delays else None
    old = past.ends - timedelta(days=horizon) if horizon is not None else datetime.min.replace(tzinfo=UTC)
    counted = [
        _Counted(words.judged(_truthless(one), one.gate), one.crossing in joined, one.at <= old)
        for one in past.left.values()
    ]
    officers = {one.crossing: one.kind for one in past.labels if one.crossing is not None}
    rules = sorted({rule for one in counted for rule in one.judged.rules})
    views: dict[str, Callable[[Judged], bool]] = {"HIGH+CRITICAL": lambda one: one.stopped}
    views["MEDIUM and more"] = lambda one: one.severity is not None
    views |= {rule: _of_rule(rule) for rule in rules}
    return PastReport(
        policy=policy.version,
        departures=len(counted),
        labelled=len(joined),
        horizon_days=horizon,
        young=sum(one.young for one in counted),
        quiet=sum(not one.labelled and one.old for one in counted),
        delays=_delays(past),
        rows=tuple(_against(name, of, counted, officers) for name, of in views.items()),
    )


def _of_rule(rule: str) -> Callable[[Judged], bool]:
    return lambda one: rule in one.rules


@dataclass(frozen=True)
class _Counted:
    judged: Judged
    labelled: bool
    old: bool

    @property
    def young(self) -> bool:
        return not self.labelled and not self.old


def _truthless(one: Left) -> Departure:
    """Nothing is known of it: the traveller's kind is read by nobody here."""
    return Departure(person="", at=one.at, traveller=Traveller.HOLIDAY, crossing_id=one.crossing)


def join(past: Past) -> dict[str, list[datetime]]:
    """By crossing: when something from abroad became known of it that was not taken back."""
    found: dict[str, list[datetime]] = {}
    refuted: set[str] = set()
    for label, left in _pairs(past):
        if label.kind in AFTERWARDS:
            found.setdefault(left.crossing, []).append(label.at)
        elif label.kind is Kind.NO_VICTIM:
            refuted.add(left.crossing)
        if label.kind is Kind.VICTIM:
            refuted.discard(left.crossing)
    return {name: ats for name, ats in found.items() if name not in refuted}


def _pairs(past: Past) -> Iterator[tuple[Label, Left]]:
    """Every label with the departure that it is about: the person's last one before it to that country, or else to any."""
    by_person: dict[str, list[Left]] = {}
    for left in sorted(past.left.values(), key=lambda one: (one.at, one.crossing)):
        by_person.setdefault(left.who, []).append(left)
    for label in past.labels:
        before = [one for one in by_person.get(label.who, []) if one.at <= label.at <= one.at + REACH]
        if label.crossing is not None:
            before = [one for one in before if one.crossing == label.crossing]
        there = [one for one in before if one.country == label.country]
        if before:
            yield label, (there or before)[-1]


def _delays(past: Past) -> tuple[Delay, ...]:
    counts = Counter(label.kind for label in past.labels)
    days: Mapping[Kind, list[float]] = {kind: [] for kind in Kind}
    for label, left in _pairs(past):
        days[label.kind].append((label.at - left.at).total_seconds() / 86400)
    return tuple(_delay(kind, counts[kind], sorted(days[kind])) for kind in Kind if counts[kind])


def _delay(kind: Kind, labels: int, days: list[float]) -> Delay:
    if not days:
        return Delay(kind, labels, 0, None, None)
    return Delay(kind, labels, len(days), percentile(days, 0.5), percentile(days, 0.9))


def _against(
    name: str, of: Callable[[Judged], bool], counted: Sequence[_Counted], officers: Mapping[str, Kind]
) -> Against:
    spoken = [one for one in counted if of(one.judged)]
    hits = sum(one.labelled for one in spoken)
    names = [one.judged.departure.crossing_id or "" for one in spoken]
    seen = [officers[name] for name in names if name in officers]
    return Against(
        name=name,
        precision=share(hits, sum(not one.young for one in spoken)),
        recall=share(hits, sum(one.labelled for one in counted)),
        young=sum(one.young for one in spoken),
        officers=share(seen.count(Kind.FOUND), len(seen)),
    )
