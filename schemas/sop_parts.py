"""Parts of the procedure that an alert can refer to: question sets, checklists, notices, endings, grounds, levels, referrals."""

from abc import ABC, abstractmethod
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from schemas.alerts import Family, Text
from schemas.codes import Purpose
from schemas.envelope import Contract
from schemas.outcomes import GroundCode, Outcome
from schemas.simkim_passports import InterviewOutcome

Slug = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
"""The name of a part or of a line in it."""
Law = Annotated[str, Field(min_length=4)]
"""Law and article, such as `UU 6/2011 Art. 16(1)(a)`."""


class Situation(StrEnum):
    """Where a part of the procedure belongs."""

    COUNTER = "COUNTER"
    """A prompt at the counter: one or two questions, no secondary inspection."""
    SECONDARY = "SECONDARY"
    INTERVIEW = "INTERVIEW"
    LOSS_REPORT = "LOSS_REPORT"
    DEPARTED = "DEPARTED"
    """The traveller has left: mission and BP3MI reach out."""
    DESK = "DESK"
    """Nobody is stopped: a file, a registry entry or a shared number is looked at first."""
    OVERSIGHT = "OVERSIGHT"
    """A pattern of an officer's decisions, for internal compliance."""
    CHILD = "CHILD"
    """Beside one of the others: the traveller is under 18 (UU 35/2014 Art. 1)."""


PLACES = frozenset(Situation) - {Situation.CHILD}
"""Exactly one of them holds for an alert."""


class Line(Contract):
    """One numbered sentence: a question, a step or a right."""

    id: Slug
    text: Text
    law: Law | None = None


class Part(Contract, ABC):
    """Something in the procedure with a name that an alert can refer to."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name among its kind."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its numbered sentences, if it has such."""
        return ()


class Named(Part):
    """A part with a slug and a title."""

    id: Slug
    title: Text

    @property
    def name(self) -> str:
        """Its slug."""
        return self.id


Situations = Annotated[frozenset[Situation], Field(min_length=1)]


class QuestionSet(Named):
    """Open questions in order. With `purposes`, only for applicants who declare one of them."""

    kind: ClassVar[str] = "questions"

    situations: Situations
    purposes: frozenset[Purpose] = frozenset()
    ask: Annotated[tuple[Line, ...], Field(min_length=2)]

    @property
    def lines(self) -> tuple[Line, ...]:
        """In order."""
        return self.ask


class Checklist(Named):
    """Steps of an officer, in order."""

    kind: ClassVar[str] = "checklist"

    situations: Situations
    steps: Annotated[tuple[Line, ...], Field(min_length=3)]

    @property
    def lines(self) -> tuple[Line, ...]:
        """In order."""
        return self.steps


class RightsNotice(Named):
    """What a person gets in the hand. Every part is there, or the notice is none."""

    kind: ClassVar[str] = "rights"

    situations: Situations
    why: Text
    rights: Annotated[tuple[Line, ...], Field(min_length=3)]
    how_long: Text
    call: Text
    complain: Text
    fee: Text

    @property
    def lines(self) -> tuple[Line, ...]:
        """In order."""
        return self.rights


class Ending(Part):
    """How a meeting or an interview ended: what it means, what happens next, on which law."""

    text: Text
    next: Text
    law: Law | None = None


class InterviewEnding(Ending):
    """Of a passport interview."""

    kind: ClassVar[str] = "interview-outcome"

    code: InterviewOutcome

    @property
    def name(self) -> str:
        """Its code."""
        return self.code.value


class MeetingEnding(Ending):
    """Of a meeting at a checkpoint."""

    kind: ClassVar[str] = "outcome"

    code: Outcome

    @property
    def name(self) -> str:
        """Its code."""
        return self.code.value


class Ground(Part):
    """A legal ground in words that go on a notice, the law it stands on, and what cures it."""

    kind: ClassVar[str] = "ground"

    code: GroundCode
    text: Text
    cure: Text
    law: Law

    @property
    def name(self) -> str:
        """Its code."""
        return self.code.value


class EvidenceClass(Part):
    """What kind of indication there was, as a notice may say it: never the source."""

    kind: ClassVar[str] = "evidence-class"

    code: Family
    text: Text

    @property
    def name(self) -> str:
        """Its code."""
        return self.code.value


class Level(StrEnum):
    """The promises of time (domain 5.4 C)."""

    ALERT_SHOWN = "alert-shown"
    SECONDARY_STARTS = "secondary-starts"
    DECISION = "decision"
    DECISION_BEFORE_DOOR = "decision-before-door"
    ACKNOWLEDGE_CRITICAL = "acknowledge-critical"
    ACKNOWLEDGE_HIGH = "acknowledge-high"
    OUTCOME_RECORDED = "outcome-recorded"
    CORRECTION = "correction"
    CHILD_SERVICE_CALLED = "child-service-called"
    DOCUMENTS = "documents"


class Unit(StrEnum):
    """Unit of a service level."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"


class Bound(StrEnum):
    """Which way a service level reaches from its moment."""

    WITHIN = "within"
    BEFORE = "before"
    """At least so long before it."""


class ServiceLevel(Part):
    """A number of time that people may count on: from which moment it is counted, and what happens when it has passed."""

    kind: ClassVar[str] = "level"

    id: Level
    text: Text
    amount: Annotated[int, Field(gt=0, le=1000)]
    unit: Unit
    bound: Bound = Bound.WITHIN
    share: Annotated[int, Field(gt=0, le=100)] = 100
    """Percent of cases in which it must hold."""
    clock: Text
    past: Text
    law: Law | None = None

    @property
    def name(self) -> str:
        """Its slug."""
        return self.id.value

    @property
    def length(self) -> timedelta:
        """The number as a length of time."""
        return timedelta(**{self.unit.value: self.amount})


class Referral(Named):
    """Who can help, when, and how to reach them. Local numbers are the task force's to fill in."""

    kind: ClassVar[str] = "referral"

    situations: Situations
    role: Text
    when: Text
    how: Text
    hours: Text


class DeferralNotice(Named):
    """The phrases of a written notice, in order; the grounds and evidence classes are put between them."""

    kind: ClassVar[str] = "notice"

    opening: Text
    ground: Text
    evidence: Text
    cure: Text
    passport: Text
    ticket: Text
    contact: Text
    object: Text
    complain: Text
