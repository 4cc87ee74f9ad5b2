"""Plays a story file on the pure core: every event through admission, every note to its subject, marks and ticks by the story's clock."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from agents.assess import Context
from agents.dossier import CLOCK, Dossier
from agents.react import Reaction, react
from schemas.alerts import Alert, Screening, TriggerKind
from schemas.areas import AreaCount
from schemas.envelope import System
from schemas.facts import TICK, Fact, Note, digest
from schemas.identity import Subject
from schemas.policy import Policy
from schemas.topics import AGENCY_TOPICS, Topic
from schemas.wire import Admitted, BadRecord, Reason, admit
from streams.policy import load
from streams.stories import DAYS, MOMENTS, subject_of, trigger_of

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "seeds" / "stories"
KEY = b"only for tests: thirty-two bytes"
T0 = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
POLICY: Policy = load(ROOT / "deploy" / "policy" / "2026-11.toml")

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_OFFSET = re.compile(r"[+-]?(?:\d+[dhms])+|0")


def offset(written: object) -> timedelta:
    """`-100d`, `1d2h`, `30s` or `0` as a length of time; the sign holds for all parts."""
    text = str(written)
    if not _OFFSET.fullmatch(text):
        raise ValueError(f"{text} is not a length of time")
    sign = -1 if text.startswith("-") else 1
    return sign * timedelta(
        seconds=sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([dhms])", text))
    )


@dataclass(frozen=True)
class Feed:
    """How complete a source is: up to `upto` (None: never heard) until `returns`, and from then on up to date."""

    upto: datetime | None
    returns: datetime | None


@dataclass(frozen=True)
class Record:
    """One event as an agency sends it."""

    topic: Topic
    arrives: datetime
    value: bytes = field(repr=False)


@dataclass(frozen=True, repr=False)
class Story:
    """A story file, with its offsets turned into moments."""

    name: str
    rules: tuple[str, ...]
    records: tuple[Record, ...]
    feeds: Mapping[str, Feed]
    ticks: tuple[datetime, ...]
    expect: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Story({self.name})"

    @property
    def ends(self) -> datetime:
        """When everything that the story tells has happened."""
        returns = [feed.returns for feed in self.feeds.values() if feed.returns]
        return max([*(one.arrives for one in self.records), *self.ticks, *returns])

    def context(self, now: datetime) -> Context:
        """The policy, and the marks as they stand at a moment. A source that the story does not name is up to date."""
        beyond = self.ends + timedelta(days=1)
        marks = {system.value: beyond for system in System}
        for source, feed in self.feeds.items():
            if feed.returns is not None and feed.returns <= now:
                continue
            del marks[source]
            if feed.upto is not None:
                marks[source] = feed.upto
        return Context(POLICY, marks)


def every() -> list[Path]:
    """The story files, by name."""
    return sorted(FOLDER.glob("*.yaml"))


def read(path: Path) -> Story:
    """One story. KeyError, TypeError or ValueError when the file does not have the shape that the README gives."""
    return retold(path.stem, yaml.safe_load(path.read_text()))


def retold(name: str, told: dict[str, Any]) -> Story:
    """A story from what its file holds."""
    unknown = told.keys() - {"title", "finding", "scenario", "rules", "t0", "events", "feeds", "ticks", "expect"}
    if unknown:
        raise ValueError(f"{name}: unknown {sorted(unknown)}")
    zero = datetime.fromisoformat(told["t0"]) if "t0" in told else T0
    return Story(
        name=name,
        rules=tuple(told["rules"]),
        records=tuple(record(event, zero) for event in told["events"]),
        feeds={source: _feed(feed, zero) for source, feed in told.get("feeds", {}).items()},
        ticks=tuple(zero + offset(one) for one in told.get("ticks", ())),
        expect=told["expect"],
    )


def _feed(told: Any, zero: datetime) -> Feed:
    """`silent`, an offset, or a mapping of `upto` and `returns`."""
    upto, returns = (told["upto"], told.get("returns")) if isinstance(told, dict) else (told, None)
    return Feed(
        None if upto == "silent" else zero + offset(upto),
        None if returns is None else zero + offset(returns),
    )


def record(event: dict[str, Any], zero: datetime) -> Record:
    """An event as a story writes it, as its agency sends it."""
    at = zero + offset(event["at"])
    recorded = zero + offset(event["recorded"]) if "recorded" in event else at
    envelope: dict[str, Any] = {
        "id": event["id"],
        "source": event["system"],
        "type": event["type"],
        "time": at.isoformat(),
        "recorded_at": recorded.isoformat(),
        "data": _data(event["data"], zero),
        **{name: event[name] for name in ("retracts", "supersedes") if name in event},
    }
    arrives = recorded + offset(event.get("arrives", "0"))
    return Record(_topic(event), arrives, json.dumps(envelope).encode())


def _topic(event: dict[str, Any]) -> Topic:
    return next(one for one in AGENCY_TOPICS if one.system == event["system"] and event["type"] in one.events)


def _data(told: dict[str, Any], zero: datetime) -> dict[str, Any]:
    data = {name: _value(name, value, zero) for name, value in told.items()}
    if "trigger_id" in data:
        data["trigger_id"] = trigger_of(data["trigger_id"], KEY)
        data["alert_id"] = digest("alert", data["alert_id"], data["trigger_id"])
        data["subject"] = subject_of(data["subject"], KEY)
    return data


def _value(name: str, value: Any, zero: datetime) -> Any:
    if isinstance(value, list):
        return [_data(one, zero) if isinstance(one, dict) else one for one in value]
    if isinstance(value, str) and _OFFSET.fullmatch(value) and name in MOMENTS | DAYS:
        moment = zero + offset(value)
        return moment.isoformat() if name in MOMENTS else moment.date().isoformat()
    return value


def _named(alert: Alert) -> str:
    """One link may have two alerts: the cluster's, and that of those who left."""
    return f"{alert.trigger_id} {alert.trigger.value}" if alert.trigger in _GROUPS else alert.trigger_id


_GROUPS = frozenset({TriggerKind.COHORT, TriggerKind.REGISTRY})


@dataclass
class World:
    """Every dossier, and everything that was said, in the order it was said."""

    dossiers: dict[Subject, Dossier] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    screenings: list[Screening] = field(default_factory=list)
    areas: list[AreaCount] = field(default_factory=list)

    def deliver(self, note: Note, context: Context) -> Reaction:
        """One note to its subject."""
        reaction = react(self.dossiers.get(note.subject) or Dossier(note.subject), note.fact, context)
        self.dossiers[note.subject] = reaction.dossier
        self.alerts += reaction.alerts
        self.screenings += reaction.screenings
        self.areas += reaction.areas
        return reaction

    def settle(self, notes: Iterable[Note], context: Context) -> None:
        """Notes to the fixpoint, first come first served."""
        queue = list(notes)
        while queue:
            queue += self.deliver(queue.pop(0), context).notes

    def due(self, now: datetime, context: Context) -> list[Note]:
        """A tick for every dossier that waits for this moment or for a feed that has come so far."""
        clocks = {CLOCK: now, **context.marks}
        return [
            Note(name, Fact(id=f"suar/{digest(TICK, name, now)}", kind=TICK, source="suar", at=now, admitted_at=now))
            for name, dossier in self.dossiers.items()
            if any(clock in clocks and moment <= clocks[clock] for clock, moment in dossier.looks().items())
        ]

    def standing(self) -> dict[str, Alert]:
        """What a consumer that ignores lower revisions sees, by trigger."""
        last: dict[str, Alert] = {}
        for alert in self.alerts:
            if alert.alert_id not in last or alert.revision > last[alert.alert_id].revision:
                last[alert.alert_id] = alert
        return {_named(alert): alert for alert in last.values()}

    def counts(self) -> dict[str, AreaCount]:
        """What stands on the topic of areas, by key."""
        last: dict[str, AreaCount] = {}
        for one in self.areas:
            if one.key not in last or one.revision > last[one.key].revision:
                last[one.key] = one
        return last

    def answers(self) -> dict[str, Screening]:
        """The last screening of each crossing, by the same rule."""
        last: dict[str, Screening] = {}
        for one in self.screenings:
            if one.crossing_id not in last or one.revision > last[one.crossing_id].revision:
                last[one.crossing_id] = one
        return last


@dataclass(frozen=True)
class Played:
    """The end of a story."""

    world: World
    rejected: tuple[Reason, ...]


def admitted(record: Record) -> tuple[Note, ...]:
    """The record's facts on their way. Raises BadRecord."""
    found = admit(record.value, topic=record.topic, at=record.arrives, now=record.arrives, key=KEY)
    if not isinstance(found, Admitted):
        raise TypeError("a story tells events")
    return found.notes


def play(story: Story) -> Played:
    """The story from beginning to end, in the order of arrival."""
    world, rejected = World(), list[Reason]()
    returns = {feed.returns for feed in story.feeds.values() if feed.returns}
    moments = sorted({one.arrives for one in story.records} | returns | set(story.ticks))
    for now in moments:
        context = story.context(now)
        for record in (one for one in story.records if one.arrives == now):
            try:
                world.settle(admitted(record), context)
            except BadRecord as bad:
                rejected.append(bad.reason)
        if now in returns or now in story.ticks:
            world.settle(world.due(now, context), context)
    return Played(world, tuple(rejected))
