"""What a terminal reads: frames of the stream and answers to attempts. Fields it does not know are passed over, so that an
older terminal goes on under a newer gateway.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError

from schemas.alerts import OPEN_STATES, Confidence, Severity, TriggerKind, Verdict
from schemas.envelope import Instant
from streams.counter.frames import Frame

_OPEN: Final = frozenset(state.value for state in OPEN_STATES)
CLOSED_BY_SNAPSHOT: Final = "NOT_OPEN"
"""State of an alert that was open here and is absent from a snapshot."""


class UnreadableError(Exception):
    """A frame that this version cannot read."""


class _Seen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Said(_Seen):
    """One sentence, Indonesian first."""

    id: str
    en: str


class Why(_Seen):
    """What an indication says; only roles that may know it get one."""

    why: Said


class Age(_Seen):
    """How far a source was complete when the answer was made; `age_seconds` None: it was never heard."""

    source: str
    age_seconds: float | None = None
    live: bool = True


def _by_name(value: object) -> object:
    return Severity[value] if isinstance(value, str) and value in Severity.__members__ else value


Grave = Annotated[Severity, BeforeValidator(_by_name)]


class SeenAlert(_Seen):
    """One revision of an alert, as the role of this terminal sees it."""

    alert_id: str
    revision: int
    state: str
    trigger: str = TriggerKind.ATTEMPT.value
    trigger_id: str = ""
    place: str = ""
    at: Instant
    severity: Grave
    confidence: str = Confidence.FULL.value
    indications: tuple[Why, ...] = ()
    questions: tuple[Said, ...] = ()
    clears: tuple[Said, ...] = ()
    freshness: tuple[Age, ...] = ()
    decide_by: Instant | None = None
    expires_at: Instant | None = None

    @property
    def open(self) -> bool:
        """Somebody may still be helped by it."""
        return self.state in _OPEN

    @property
    def crossing(self) -> str | None:
        """The attempt that it is about, if it is about one."""
        return self.trigger_id if self.trigger == TriggerKind.ATTEMPT.value else None


class SeenAnswer(_Seen):
    """One revision of the answer to an attempt."""

    crossing_id: str
    revision: int
    verdict: Verdict
    reason: str = ""
    lane: str = "UNKNOWN"
    at: Instant
    severity: Grave | None = None
    alert_id: str | None = None
    questions: tuple[Said, ...] = ()
    clears: tuple[Said, ...] = ()
    freshness: tuple[Age, ...] = ()

    @property
    def alerting(self) -> bool:
        """Something for a checkpoint: LOW is never shown there (schemas.alerts.Severity)."""
        return self.verdict is Verdict.ALERT and (self.severity is None or self.severity > Severity.LOW)


class Gap(_Seen):
    """What the stream no longer holds; a snapshot follows."""

    since: Instant | None = Field(None, alias="from")
    until: Instant | None = Field(None, alias="to")
    reason: str = ""


class Snapshot(_Seen):
    """Everything that is open, at one moment."""

    alerts: tuple[SeenAlert, ...]


class Here(_Seen):
    """A keep-alive: the line stands, and how the sources are. `live` False: the gateway itself waits for its data."""

    live: bool = True
    sources: tuple[Age, ...] = ()


class Passed(_Seen):
    """A frame of a later version."""


What = SeenAlert | SeenAnswer | Gap | Snapshot | Here | Passed
_MODELS: Final[dict[str, type[What]]] = {
    "alert": SeenAlert,
    "screening": SeenAnswer,
    "gap": Gap,
    "snapshot": Snapshot,
    "here": Here,
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What a frame said, and the cursor behind it. A gap moves no cursor: only its snapshot makes the view whole again."""

    cursor: str | None
    what: What


def read(frame: Frame) -> Heard:
    """Raises UnreadableError."""
    try:
        what = _MODELS.get(frame.event, Passed).model_validate_json(frame.data)
    except ValidationError as error:
        raise UnreadableError(frame.event) from error
    return Heard(None if isinstance(what, Gap) else frame.cursor, what)


def read_answer(data: JsonValue) -> SeenAnswer:
    """The body of an answer over HTTP. Raises UnreadableError."""
    try:
        return SeenAnswer.model_validate(data)
    except ValidationError as error:
        raise UnreadableError("screening") from error


def read_alert(data: JsonValue) -> SeenAlert:
    """The body of an alert over HTTP. Raises UnreadableError."""
    try:
        return SeenAlert.model_validate(data)
    except ValidationError as error:
        raise UnreadableError("alert") from error


def moment(seconds: float) -> datetime:
    """Stored seconds since 1970 as UTC."""
    return datetime.fromtimestamp(seconds, UTC)
