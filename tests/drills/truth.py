"""The oracle: what every dossier, screening and alert must be, from the set of records alone, by the pure core in memory."""

import gc
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agents.assess import Context
from agents.dossier import Dossier
from agents.freshness import complete, marked
from agents.react import react
from schemas import wire
from schemas.alerts import OPEN_STATES, Alert, Screening
from schemas.facts import MARK, MENTIONED, Fact, Note, Value
from schemas.identity import Subject
from schemas.policy import Policy
from schemas.topics import AGENCY_TOPICS, BY_NAME
from streams.produce import Record

Held = dict[str, dict[str, object]]
Answer = tuple[str, int, str | None]
Standing = tuple[int, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]


@dataclass
class Truth:
    """Everything that must come out, whatever happened on the way."""

    outcomes: dict[bytes, wire.Admitted | wire.Heartbeat | wire.Reason] = field(default_factory=dict)
    """By bytes of the record: what admission must make of it."""
    notes: int = 0
    """Facts and notes on the log when nothing is written twice, less marks."""
    held: dict[str, Held] = field(default_factory=dict)
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    standing: dict[str, Standing] = field(default_factory=dict)


def truth_of(records: Iterable[Record], policy: Policy, key: bytes) -> Truth:
    """Admits every record once and folds until no note is left."""
    truth, now = Truth(), datetime.now(UTC)
    notes: deque[Note] = deque()
    for record in records:
        if record.value is None or record.value in truth.outcomes:
            continue
        outcome = _admitted(record, now, key)
        truth.outcomes[record.value] = outcome
        if isinstance(outcome, wire.Admitted):
            notes += outcome.notes
    _fold(truth, notes, Context(policy, complete(_marks(truth))))
    gc.freeze()  # hundreds of thousands of records that stay: no collection need look at them again
    return truth


def _admitted(record: Record, now: datetime, key: bytes) -> wire.Admitted | wire.Heartbeat | wire.Reason:
    try:
        outcome = wire.admit(record.value, topic=BY_NAME[record.topic], at=now, now=now, key=key)
    except wire.BadRecord as bad:
        return bad.reason
    assert not isinstance(outcome, wire.Tombstone)
    return outcome


def _marks(truth: Truth) -> dict[str, datetime]:
    """All feeds live: the drills publish a mark for every partition first."""
    beats = [outcome for outcome in truth.outcomes.values() if isinstance(outcome, wire.Heartbeat)]
    seen: dict[str, datetime] = {}
    for beat in beats:
        for topic in AGENCY_TOPICS:
            if topic.system is beat.source:
                for partition in range(topic.partitions):
                    seen = marked(seen, _mark(topic.name, partition, beat))
    return seen


def _mark(topic: str, partition: int, beat: wire.Heartbeat) -> Fact:
    at = beat.complete_up_to
    data: dict[str, Value] = {"topic": topic, "partition": partition, "complete_up_to": at.isoformat()}
    return Fact(id="mark", kind=MARK, source=beat.source.value, at=at, admitted_at=at, data=data)


def _fold(truth: Truth, notes: deque[Note], context: Context) -> None:
    dossiers: dict[str, Dossier] = {}
    screenings: dict[str, Screening] = {}
    alerts: dict[str, Alert] = {}
    while notes:
        note = notes.popleft()
        truth.notes += 1
        reaction = react(dossiers.get(note.subject) or Dossier(Subject(note.subject)), note.fact, context)
        dossiers[note.subject] = reaction.dossier
        notes += reaction.notes
        for screening in reaction.screenings:
            newest(screenings, screening.crossing_id, screening)
        for alert in reaction.alerts:
            newest(alerts, alert.alert_id, alert)
    truth.held = {name: held for name, dossier in dossiers.items() if (held := facts_of(dossier))}
    truth.members = {name: who for name, dossier in dossiers.items() if (who := members_of(dossier))}
    truth.answers = {name: answer_of(screening) for name, screening in screenings.items()}
    truth.standing = standing_of(alerts)


def newest(known: "dict[str, Screening] | dict[str, Alert]", name: str, thing: "Screening | Alert") -> None:
    """Keeps the highest revision."""
    before = known.get(name)
    if before is None or thing.revision >= before.revision:
        known[name] = thing  # type: ignore[assignment]  # one dict holds one kind


def facts_of(dossier: Dossier) -> Held:
    """Agencies' facts by id. What subjects told each other depends on who spoke first, and is judged by its effects."""
    return {name: dict(fact.data) for name, fact in dossier.held.items() if fact.source != "suar"}


def members_of(dossier: Dossier) -> frozenset[str]:
    """Of a link: who stands behind it."""
    return frozenset(
        fact.text("member") for fact in dossier.held.values() if fact.kind == MENTIONED and fact.flag("stands")
    )


def answer_of(screening: Screening) -> Answer:
    """What a checkpoint is told."""
    return screening.verdict.value, int(screening.severity or 0), screening.alert_id


def standing_of(alerts: dict[str, Alert]) -> dict[str, Standing]:
    """Open alerts in substance: times of admission differ from run to run and are left out."""
    return {name: _substance(alert) for name, alert in alerts.items() if alert.state in OPEN_STATES}


def _substance(alert: Alert) -> Standing:
    return (
        int(alert.severity),
        alert.subject,
        tuple(one.rule for one in alert.indications),
        tuple(one.event_id for one in alert.evidence),
        tuple(one.feed for one in alert.recipients),
    )
