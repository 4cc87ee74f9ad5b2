"""What Suar says: a screening for every departure attempt, and alerts that explain themselves and can be taken back."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated

from pydantic import Field

from schemas.envelope import Contract, Instant, System
from schemas.outcomes import AlertTaken, GroundCode


class Severity(IntEnum):
    """LOW is never shown at a checkpoint; MEDIUM prompts; HIGH means secondary; CRITICAL pages the coordinator too."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Family(StrEnum):
    """Kinds of evidence. Weak indications count only when two families agree."""

    PROCEDURE = "PROCEDURE"
    ROUTE = "ROUTE"
    NETWORK = "NETWORK"
    HISTORY = "HISTORY"
    IDENTITY = "IDENTITY"
    AGE = "AGE"
    INTEGRITY = "INTEGRITY"
    """Officers' decisions; never mixed with what is said of travellers."""


class Strength(StrEnum):
    """A strong indication may stand alone."""

    STRONG = "STRONG"
    WEAK = "WEAK"


class Confidence(StrEnum):
    """DEGRADED: a feed that the rule reads was stale, so the severity was lowered by one (rule 36)."""

    FULL = "FULL"
    DEGRADED = "DEGRADED"


class Verdict(StrEnum):
    """The answer to an attempt. Silence is never a verdict."""

    NOTHING_FOUND = "NOTHING_FOUND"
    ALERT = "ALERT"
    UNDETERMINED = "UNDETERMINED"


class State(StrEnum):
    """Life of an alert."""

    RAISED = "RAISED"
    DELIVERED = "DELIVERED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    IN_SECONDARY = "IN_SECONDARY"
    CLEARED = "CLEARED"
    CLEARED_WITH_ADVICE = "CLEARED_WITH_ADVICE"
    DEFERRED = "DEFERRED"
    REFERRED_BP3MI = "REFERRED_BP3MI"
    REFERRED_POLICE = "REFERRED_POLICE"
    REFERRED_CHILD = "REFERRED_CHILD"
    LEFT_VOLUNTARILY = "LEFT_VOLUNTARILY"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


OPEN_STATES = frozenset({State.RAISED, State.DELIVERED, State.ACKNOWLEDGED, State.IN_SECONDARY})


class TriggerKind(StrEnum):
    """What an alert is about. One alert per trigger."""

    ATTEMPT = "ATTEMPT"
    APPLICATION = "APPLICATION"
    LOSS_REPORT = "LOSS_REPORT"
    MANIFEST = "MANIFEST"
    """A passenger announced by a carrier; the attempt itself takes its place."""
    PLACEMENT = "PLACEMENT"
    """An e-PMI, or a registration for work in a country."""
    REGISTRY = "REGISTRY"
    """What the registries say of one number contradicts itself."""
    CLUSTER = "CLUSTER"
    """People who share a booking, a payer, a contact, a sponsor, an address or a letter: one alert for the group."""
    COHORT = "COHORT"
    """Linked people who left and fell silent."""
    OFFICER = "OFFICER"
    """A pattern of one officer's decisions; for internal compliance alone."""


class Role(StrEnum):
    """Who is told; what each may see is decided in `agents.route`."""

    COUNTER = "COUNTER"
    SUPERVISOR = "SUPERVISOR"
    PASSPORT_OFFICE = "PASSPORT_OFFICE"
    COORDINATOR = "COORDINATOR"
    BP3MI = "BP3MI"
    KP2MI = "KP2MI"
    MISSION = "MISSION"
    POLRI = "POLRI"
    DUKCAPIL = "DUKCAPIL"
    CHILD_PROTECTION = "CHILD_PROTECTION"
    """PPA and Kemensos."""
    SHELTER = "SHELTER"
    """RPTC."""
    DISNAKER = "DISNAKER"
    COMPLIANCE = "COMPLIANCE"
    """Kepatuhan Internal: sees officers, never travellers' networks."""
    INSPECTORATE = "INSPECTORATE"


class Text(Contract):
    """One sentence for people, Indonesian first."""

    id: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Recipient(Contract):
    """A role at a place: a TPI, an office or a country; `*` for national roles."""

    role: Role
    at: str = "*"

    @property
    def feed(self) -> str:
        """The name of the recipient's feed, such as `SUPERVISOR:A-CGK`."""
        return f"{self.role}:{self.at}"


@dataclass(frozen=True, slots=True)
class FeedAge:
    """How complete a source was when the decision was made. `complete_up_to` None: it has never been heard.

    `age_seconds` is the trigger's event time less `complete_up_to`, zero when the feed is ahead of the trigger. A plain
    dataclass: every answer carries several, and as models they took half of its time.
    """

    source: System
    complete_up_to: Instant | None
    age_seconds: float | None
    live: bool


class Indication(Contract):
    """A rule that spoke, with its sentence."""

    rule: str
    version: int
    family: Family
    strength: Strength
    severity: Severity
    confidence: Confidence
    why: Text


class Evidence(Contract):
    """One event that a rule leaned on: which system said what, and when. No names, no numbers of persons."""

    event_id: str
    system: str
    type: str
    at: Instant
    rules: tuple[str, ...] = ()
    """Ids of the rules that leaned on it."""


class Undetermined(Contract):
    """A rule that could not be judged, and what it waits for."""

    rule: str
    source: System | None
    why: Text


class Handled(Contract):
    """One thing that somebody did with an alert. Officers stand here as pseudonyms, and what they wrote is sealed."""

    event_id: str
    what: str
    """Type of the event on `checkpoint.outcomes`, such as `alert_taken`."""
    at: Instant
    by: str | None = None
    to: str | None = None
    """Of `alert_taken`: whom it was handed to; None: whoever did it took it."""
    via: str | None = None
    """The place or terminal that it was done from."""
    sealed: str | None = None
    rule: str | None = None
    until: Instant | None = None
    """Of `rule_snoozed`: the rule, and the moment from which it speaks again."""
    outcome: str | None = None
    ground_code: str | None = None
    """Of `outcome_recorded`."""


Several = Annotated[tuple[Text, ...], Field(min_length=1)]


class Alert(Contract):
    """One revision of one alert: what it rests on, what would clear it, what to ask, and whom it is for.

    It advises. It cannot be built without questions, an innocent explanation, a way to clear it, grounds, a rights
    notice, a procedure, recipients and an expiry (Ombudsman finding F4; UU 27/2022 Art. 10).
    """

    alert_id: str
    revision: Annotated[int, Field(ge=1)]
    state: State
    reason: str
    """Why this revision exists: a code of `agents.decide.Why`."""
    trigger: TriggerKind
    trigger_id: str
    subject: str
    members: tuple[str, ...] = ()
    """Of a group: the subjects that belong to it."""
    place: str
    """Checkpoint or passport office of the trigger."""
    at: Instant
    severity: Severity
    confidence: Confidence
    indications: Annotated[tuple[Indication, ...], Field(min_length=1)]
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1)]
    innocent: Several
    clears: Several
    questions: Annotated[tuple[Text, ...], Field(min_length=2)]
    grounds: Annotated[tuple[GroundCode, ...], Field(min_length=1)]
    rights_notice: Annotated[str, Field(min_length=1)]
    sop: Annotated[tuple[str, ...], Field(min_length=1)]
    """Checklists and question sets by reference and version, such as `checklist/secondary-inspection@2026-11`."""
    decide_by: Instant | None
    """When the traveller must have an answer (domain 5.4 C); None where nobody waits."""
    acknowledge_by: Instant | None
    """When somebody must have answered for the alert; None where nobody is called."""
    referrals: tuple[str, ...]
    """Who can help, by reference."""
    recipients: Annotated[tuple[Recipient, ...], Field(min_length=1)]
    created_at: Instant
    expires_at: Instant
    freshness: tuple[FeedAge, ...]
    policy_version: str
    trace_id: str
    handling: tuple[Handled, ...] = ()
    """What people did with it, by moment and event id; the same whatever order they were heard in."""

    @property
    def taken_by(self) -> str | None:
        """Who answers for it: the last one who took it or was handed it, as a pseudonym; None: nobody yet."""
        takers = [one.to or one.by for one in self.handling if one.what == AlertTaken.type]
        return takers[-1] if takers else None


class Screening(Contract):
    """The answer to one departure attempt; a higher revision replaces the one before."""

    crossing_id: str
    revision: Annotated[int, Field(ge=1)]
    verdict: Verdict
    reason: str
    checkpoint: str
    lane: str
    at: Instant
    admitted_at: Instant
    severity: Severity | None = None
    alert_id: str | None = None
    undetermined: tuple[Undetermined, ...] = ()
    questions: tuple[Text, ...] = ()
    clears: tuple[Text, ...] = ()
    freshness: tuple[FeedAge, ...]
    policy_version: str


def age_seconds(at: datetime, complete_up_to: datetime | None) -> float | None:
    """How far a feed lags behind a moment, in seconds, never negative; None when it was never heard."""
    return None if complete_up_to is None else max(0.0, (at - complete_up_to).total_seconds())
