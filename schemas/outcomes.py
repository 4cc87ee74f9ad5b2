"""Outcomes: what officers and coordinators did with an alert; facts like any other."""

from typing import Annotated, ClassVar, Self

from pydantic import StringConstraints, model_validator

from schemas.codes import Count
from schemas.envelope import Code, Event, Instant, Ref, System
from schemas.identity import OfficerRef, SubjectKind


class Outcome(Code):
    """How a meeting with a traveller ended."""

    CLEARED = "CLEARED"
    CLEARED_WITH_ADVICE = "CLEARED_WITH_ADVICE"
    DEFERRED = "DEFERRED"
    REFERRED_BP3MI = "REFERRED_BP3MI"
    REFERRED_POLICE = "REFERRED_POLICE"
    REFERRED_CHILD = "REFERRED_CHILD"
    LEFT_VOLUNTARILY = "LEFT_VOLUNTARILY"
    UNKNOWN = "UNKNOWN"


class GroundCode(Code):
    """Legal ground that an officer must choose for a deferral. Suar only lists those that may fit."""

    NO_VALID_DOCUMENT = "NO_VALID_DOCUMENT"
    """UU 6/2011 Art. 16(1)(a)."""
    UNDER_INVESTIGATION = "UNDER_INVESTIGATION"
    """UU 6/2011 Art. 16(1)(b), at the request of the competent officer."""
    ON_PREVENTION_LIST = "ON_PREVENTION_LIST"
    """UU 6/2011 Art. 16(1)(c)."""
    CPMI_NON_PROCEDURAL = "CPMI_NON_PROCEDURAL"
    """SE IMI-0277.GR.02.06/2017; Permenkumham 9/2024."""
    UNTRUE_STATEMENT = "UNTRUE_STATEMENT"
    """Permenkumham 8/2014, passport applications."""
    CHILD_PROTECTION = "CHILD_PROTECTION"
    """UU 35/2014."""
    HAJJ = "HAJJ"
    """A class of its own, never trafficking statistics."""
    UNKNOWN = "UNKNOWN"


SubjectKey = Annotated[
    str,
    StringConstraints(
        strict=True,
        pattern=r"^(person|document|contact|payer|booking|recruiter|company|desa|officer|address|letter|case):[0-9a-f]{32}$",
    ),
]
"""The pseudonymous subject that an alert names; outcomes find their way back by it."""


Sealed = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9+/]{1,5600}={0,2}$")]
"""Free text, sealed with AES-GCM by the program that took it down: base64 of nonce and box, up to 4 KiB. Nothing here opens it."""


class OutcomeEvent(Event):
    """What people did with an alert: which one, who, from where, and what they had in front of them."""

    system: ClassVar[System] = System.CHECKPOINT
    addressed_to: ClassVar[tuple[str, ...]] = ("subject",)

    alert_id: Ref
    subject: SubjectKey
    trigger_id: Ref
    revision_seen: Count | None = None
    """The revision that was on the screen."""
    by: OfficerRef | None = None
    via: Ref | None = None
    """The place or terminal that it was done from, by code: `web`, `A-CGK`."""


class AlertAcknowledged(OutcomeEvent):
    """Somebody has seen the alert and answers for it."""

    type: ClassVar[str] = "alert_acknowledged"


class AlertTaken(OutcomeEvent):
    """Somebody takes the alert over, or hands it to another: from then on that one answers for it."""

    type: ClassVar[str] = "alert_taken"

    to: OfficerRef | None = None
    """Whom it is handed to; None: whoever did it takes it."""


class NoteAdded(OutcomeEvent):
    """A note for those who answer for the alert."""

    type: ClassVar[str] = "note_added"

    sealed: Sealed


class RuleSnoozed(OutcomeEvent):
    """One rule stays quiet about this person until a moment, with the reason: what it would say is known and looked into."""

    type: ClassVar[str] = "rule_snoozed"

    rule: Ref
    until: Instant
    sealed: Sealed

    @model_validator(mode="after")
    def _about_somebody(self) -> Self:
        if not self.subject.startswith(_PEOPLE):
            raise ValueError("a rule is snoozed for a person or a document; a group is silenced")
        return self


_PEOPLE = (f"{SubjectKind.PERSON.value}:", f"{SubjectKind.DOCUMENT.value}:")


class SecondaryStarted(OutcomeEvent):
    """The private talk in secondary inspection began (SOP B: within 5 minutes)."""

    type: ClassVar[str] = "secondary_started"

    officer_ref: OfficerRef | None = None


class OutcomeRecorded(OutcomeEvent):
    """How it ended. A deferral needs its legal ground."""

    type: ClassVar[str] = "outcome_recorded"

    outcome: Outcome
    ground_code: GroundCode | None = None
    reason_code: Ref | None = None
    officer_ref: OfficerRef | None = None
    minutes_in_secondary: Count | None = None

    @model_validator(mode="after")
    def _deferral_has_a_ground(self) -> Self:
        if self.outcome is Outcome.DEFERRED and self.ground_code in {None, GroundCode.UNKNOWN}:
            raise ValueError("a deferral needs a ground_code")
        return self
