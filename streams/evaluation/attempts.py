"""Attempts: each departure through a checkpoint with the answer as it stood when its gate closed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from agents.rules import RULES
from schemas.alerts import Severity, Verdict
from schemas.policy import CheckpointKind, Policy
from schemas.truth import Departure
from streams.replay.outcome import Alert, Said, Screening, opened
from streams.replay.team import ReplayError

STOPPING = Severity.HIGH
"""From this severity on a traveller is asked into secondary inspection."""
_ASIDE = frozenset(rule.id for rule in RULES if rule.category != "TPPO")
"""Rules about the hajj and about paperwork are in no statistics of trafficking (domain 7)."""


class _Data(msgspec.Struct, frozen=True):
    crossing_id: str = ""
    checkpoint: str = ""
    direction: str = ""
    scheduled_at: datetime | None = None


class _Event(msgspec.Struct, frozen=True):
    type: str
    time: datetime
    data: _Data


_EVENT = msgspec.json.Decoder(_Event)


@dataclass(frozen=True)
class Judged:
    """One departure attempt: what is true of it, and what was said before its gate closed."""

    departure: Departure
    gate: datetime
    """When the gate closed: the service's own time, or the policy's minutes after the attempt where that is unknown, UTC."""
    answer: Screening | None = None
    """None: there was no answer in time."""
    alert: Alert | None = None
    """The alert that the answer names, its own or a group's, as it stood."""
    stopped_since: datetime | None = None
    """When HIGH or more was first said, whatever became of it; None: never before the gate closed."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Rules about trafficking that spoke."""
        return tuple(rule for rule in self.alert.rules if rule not in _ASIDE) if self.alert and self.severity else ()

    @property
    def severity(self) -> Severity | None:
        """Of the alert in that moment; None when there was none, and when only the hajj or paperwork was spoken of."""
        answer = self.answer
        if answer is None or answer.verdict is not Verdict.ALERT or answer.severity is None:
            return None
        return None if self.aside else answer.severity

    @property
    def aside(self) -> bool:
        """Is the alert about the hajj or about paperwork alone?"""
        return self.alert is not None and bool(self.alert.rules) and set(self.alert.rules) <= _ASIDE

    @property
    def stopped(self) -> bool:
        """Was the traveller asked into secondary inspection?"""
        return self.severity is not None and self.severity >= STOPPING

    @property
    def lead(self) -> timedelta | None:
        """From the first word to the gate's closing, of those who were stopped."""
        return self.gate - self.stopped_since if self.stopped and self.stopped_since else None


@dataclass
class Words:
    """Everything that was said, by attempt and by alert, in the order in which it was said."""

    answers: dict[str, list[tuple[datetime, Screening]]] = field(default_factory=dict)
    alerts: dict[str, list[tuple[datetime, Alert]]] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Iterable[Said]) -> "Words":
        """A revision that came behind a higher one is left out, as any reader of the topics does."""
        words = cls()
        for one in said:
            if one.screening is not None:
                _add(words.answers.setdefault(one.screening.crossing_id, []), one.said_at, one.screening)
            if one.alert is not None:
                _add(words.alerts.setdefault(one.alert.alert_id, []), one.said_at, one.alert)
        return words

    def judged(self, departure: Departure, gate: datetime) -> Judged:
        """The departure with what stood when the gate closed."""
        answers = [(at, one) for at, one in self.answers.get(departure.crossing_id or "", []) if at <= gate]
        if not answers:
            return Judged(departure, gate)
        answer = answers[-1][1]
        stops = [at for at, one in answers if one.severity is not None and one.severity >= STOPPING]
        alert = self._standing(answer.alert_id, gate) if answer.alert_id else None
        return Judged(departure, gate, answer, alert, min(stops, default=None))

    def _standing(self, alert_id: str, gate: datetime) -> Alert | None:
        told = self.alerts.get(alert_id, [])
        return next((one for at, one in reversed(told) if at <= gate), None)


Revised = TypeVar("Revised", Alert, Screening)


def _add(told: list[tuple[datetime, Revised]], at: datetime, one: Revised) -> None:
    if not told or one.revision > told[-1][1].revision:
        told.append((at, one))


def truth(folder: Path) -> list[Departure]:
    """What is true of every departure. Raises ReplayError."""
    path = _found(folder, "truth.ndjson")
    decode = msgspec.json.Decoder(Departure).decode
    departures: list[Departure] = []
    try:
        with opened(path) as lines:
            for line in lines:
                departures.append(decode(line))
    except (OSError, msgspec.MsgspecError) as error:
        raise ReplayError(f"{path}: line {len(departures) + 1}: {error}") from None
    return departures


def events_of(folder: Path) -> Path:
    """The events beside the truth, in clear or packed. Raises ReplayError."""
    return _found(folder, "events.ndjson")


def _found(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz", folder / f"{name}.xz"):
        if path.exists():
            return path
    raise ReplayError(f"{folder} holds no {name}, nor {name}.gz or .xz: `suar simulate --out {folder}` makes them")


def gates(path: Path, policy: Policy) -> dict[str, datetime]:
    """By crossing: when its gate closes, UTC. Lines that are no attempts to leave are passed over. Raises ReplayError."""
    found: dict[str, datetime] = {}
    try:
        with opened(path) as lines:
            for line in lines:
                if b'"crossing_attempted"' in line and (event := _attempt(line)) is not None:
                    found[event.data.crossing_id] = gate(
                        event.time, event.data.checkpoint, event.data.scheduled_at, policy
                    )
    except OSError as error:
        raise ReplayError(f"{path}: {error.strerror or error}") from None
    return found


def _attempt(line: bytes) -> _Event | None:
    try:
        event = _EVENT.decode(line)
    except msgspec.MsgspecError:
        return None
    return event if event.type == "crossing_attempted" and event.data.direction == "OUT" else None


def gate(at: datetime, checkpoint: str, scheduled: datetime | None, policy: Policy) -> datetime:
    """When the gate of an attempt closes, UTC: at the service's own time, else some minutes after the attempt."""
    if scheduled is not None:
        return scheduled.astimezone(UTC)
    kind = next((kind for kind in CheckpointKind if checkpoint.startswith(kind.value)), CheckpointKind.LAND)
    return at.astimezone(UTC) + timedelta(minutes=policy.gate_minutes[kind])


def judged(departures: Iterable[Departure], words: Words, closing: Mapping[str, datetime]) -> Iterator[Judged]:
    """Every departure that was attempted at a checkpoint and stands among the events."""
    for departure in departures:
        if departure.crossing_id is not None and departure.crossing_id in closing:
            yield words.judged(departure, closing[departure.crossing_id])
