"""Shown: an alert as the caller's own feed gave it. What a role may not see is not there, and the page leaves it out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

SEVERITIES: Final = ("", "LOW", "MEDIUM", "HIGH", "CRITICAL")
OPEN: Final = frozenset({"RAISED", "DELIVERED", "ACKNOWLEDGED", "IN_SECONDARY"})
UNSEEN: Final = frozenset({"RAISED", "DELIVERED"})
GROUPS: Final = frozenset({"CLUSTER", "COHORT"})


class Said(msgspec.Struct, frozen=True):
    """One sentence in both languages."""

    id: str
    en: str


class Indicated(msgspec.Struct, frozen=True):
    """A rule that spoke."""

    rule: str
    family: str = ""
    strength: str = ""
    severity: int = 0
    confidence: str = "FULL"
    why: Said = Said("", "")
    version: int = 1


class Seen(msgspec.Struct, frozen=True):
    """One event behind an alert."""

    event_id: str
    system: str
    type: str
    at: datetime
    rules: tuple[str, ...] = ()


class Age(msgspec.Struct, frozen=True):
    """How complete a source was."""

    source: str
    complete_up_to: datetime | None = None
    age_seconds: float | None = None
    live: bool = False


class Told(msgspec.Struct, frozen=True):
    """Somebody to whom an alert goes."""

    role: str
    at: str = "*"


class Step(msgspec.Struct, frozen=True):
    """What somebody did with an alert."""

    what: str
    at: datetime
    event_id: str = ""
    by: str | None = None
    to: str | None = None
    via: str | None = None
    rule: str | None = None
    until: datetime | None = None
    outcome: str | None = None
    ground_code: str | None = None
    text: str | None = None
    """Of a note or a comment, opened by the gateway for those who may read it."""


class Past(msgspec.Struct, frozen=True):
    """An earlier revision, in short."""

    revision: int
    state: str
    reason: str
    at: datetime
    severity: int | str = 0


class Shown(msgspec.Struct, frozen=True):
    """One revision of one alert, as far as it may be seen. Times are aware UTC."""

    alert_id: str
    revision: int
    state: str
    at: datetime
    severity: int
    place: str
    reason: str = ""
    trigger: str = ""
    trigger_id: str = ""
    confidence: str = "FULL"
    subject: str = ""
    members: tuple[str, ...] = ()
    indications: tuple[Indicated, ...] = ()
    evidence: tuple[Seen, ...] = ()
    innocent: tuple[Said, ...] = ()
    clears: tuple[Said, ...] = ()
    questions: tuple[Said, ...] = ()
    grounds: tuple[str, ...] = ()
    rights_notice: str = ""
    sop: tuple[str, ...] = ()
    referrals: tuple[str, ...] = ()
    recipients: tuple[Told, ...] = ()
    decide_by: datetime | None = None
    acknowledge_by: datetime | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None
    freshness: tuple[Age, ...] = ()
    policy_version: str = ""
    handling: tuple[Step, ...] = ()

    @property
    def grave(self) -> str:
        """The severity's name."""
        return SEVERITIES[self.severity]

    @property
    def open(self) -> bool:
        """Does somebody still have to do something?"""
        return self.state in OPEN

    @property
    def unseen(self) -> bool:
        """Has nobody answered for it yet?"""
        return self.state in UNSEEN

    @property
    def group(self) -> bool:
        """Is it about people who share something?"""
        return self.trigger in GROUPS

    @property
    def why(self) -> Said | None:
        """The gravest rule's sentence; None for those who may not know why."""
        return max(self.indications, key=lambda one: one.severity).why if self.indications else None

    @property
    def families(self) -> tuple[str, ...]:
        """Kinds of evidence, each once."""
        return tuple(dict.fromkeys(one.family for one in self.indications))

    @property
    def taken_by(self) -> str | None:
        """The last to take it, or to whom it was handed."""
        takers = [step for step in self.handling if step.what == "alert_taken"]
        return (takers[-1].to or takers[-1].by) if takers else None


def shown(view: Mapping[str, object]) -> Shown:
    """A view as it came from the gateway. Raises msgspec.ValidationError when it is none."""
    return msgspec.convert(view, Shown, strict=False)


def past(history: object) -> tuple[Past, ...]:
    """Earlier revisions, the newest first."""
    read = msgspec.convert(history or [], tuple[Past, ...], strict=False)
    return tuple(sorted(read, key=lambda one: (one.at, one.revision), reverse=True))


def opened(one: Shown, notes: object) -> Shown:
    """The alert with the texts that the gateway opened beside what they belong to."""
    texts = {note["event_id"]: note.get("text") for note in notes} if isinstance(notes, list) else {}
    steps = tuple(msgspec.structs.replace(step, text=texts.get(step.event_id)) for step in one.handling)
    return msgspec.structs.replace(one, handling=steps)
