"""A case: one dossier's standing facts read as the things of the field. Field names of facts are spelled only here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from agents.lazy import lazy
from schemas.alerts import TriggerKind
from schemas.facts import GATHERED, Fact
from schemas.identity import Subject, SubjectKind


@dataclass(frozen=True, slots=True)
class Attempt:
    """A departure that a traveller tries at a checkpoint."""

    fact: Fact
    crossing: str
    checkpoint: str
    lane: str
    document: str
    border_pass: bool
    destination: str | None
    visa: str
    purpose: str
    exemption: str | None
    leaves_at: datetime | None


@dataclass(frozen=True, slots=True)
class Permit:
    """An e-PMI, or a contract extension that stands for one."""

    fact: Fact
    number: str | None
    country: str | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Deferral:
    """A departure that was put off, with its ground."""

    fact: Fact
    crossing: str
    checkpoint: str
    lane: str
    reason: str
    group: str | None


@dataclass(frozen=True, slots=True)
class Application:
    """A passport application."""

    fact: Fact
    number: str
    office: str
    purpose: str
    contacts: frozenset[str]
    sponsor: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A passport refused or deferred, with its ground."""

    fact: Fact
    number: str
    office: str
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentState:
    """What a document became, and when: LOST, RECOVERED, SEIZED, RELEASED, REVOKED, WITHDRAWN or REPLACED."""

    fact: Fact
    document: str
    state: str


@dataclass(frozen=True, slots=True)
class Return:
    """A return with a case behind it: a repatriation, or an entry as deportee."""

    fact: Fact
    country: str | None
    case: str | None


@dataclass(frozen=True)
class Trigger:
    """What a judgement is about. Its particulars are read only when it is judged."""

    kind: TriggerKind
    id: str
    fact: Fact

    @lazy
    def key(self) -> str:
        """Its name within a dossier: two agencies may use one number."""
        return f"{self.kind.value}/{self.id}"

    @property
    def at(self) -> datetime:
        """Event time, UTC."""
        return self.fact.at

    @property
    def place(self) -> str:
        """Checkpoint or passport office; `*` when the office was not stated."""
        return self.fact.text_or_none("checkpoint") or self.fact.text_or_none("office_code") or "*"

    @lazy
    def attempt(self) -> Attempt | None:
        """The departure, when it is one."""
        return _attempt(self.fact) if self.kind is TriggerKind.ATTEMPT else None

    @lazy
    def application(self) -> Application | None:
        """The passport application, when it is one."""
        return _application(self.fact) if self.kind is TriggerKind.APPLICATION else None

    @lazy
    def lost_document(self) -> str | None:
        """The document said to be lost, when it is a loss report."""
        if self.kind is not TriggerKind.LOSS_REPORT:
            return None
        return self.fact.text_or_none("passport_no") or self.fact.text("old_passport_no")


_STATES = {
    "passport_reported_lost": "LOST",
    "passport_recovered": "RECOVERED",
    "passport_seized": "SEIZED",
    "passport_released": "RELEASED",
    "passport_revoked": "REVOKED",
    "passport_withdrawn": "WITHDRAWN",
}
_PROCESS = frozenset(
    {
        "jobseeker_account_created",
        "cpmi_id_issued",
        "cpmi_registered",
        "placement_agreement_signed",
        "passport_recommendation_issued",
        "document_verified",
        "medical_result",
        "social_security_registered",
        "opp_completed",
        "biometric_captured",
    }
)


class Case:
    """What a dossier tells, by kind and in event-time order."""

    def __init__(self, subject: Subject, facts: Sequence[Fact], epoch: int = 0) -> None:
        self.subject = subject
        self.epoch = epoch
        """Of a document: how often its owner changed."""
        self.facts = facts
        self.by_kind: dict[str, list[Fact]] = {}
        for fact in facts:
            self.by_kind.setdefault(fact.kind, []).append(fact)

    @property
    def identified(self) -> bool:
        """False for a document whose owner is not known."""
        return self.subject.startswith(f"{SubjectKind.PERSON.value}:")

    def bound_at(self, document: str) -> datetime | None:
        """When it was first known that a document is this person's: admission of its earliest standing issuance, UTC."""
        issued = [fact for fact in self.of("passport_issued") if fact.text("passport_no") == document]
        return min((fact.admitted_at for fact in issued), default=None)

    def of(self, *kinds: str) -> Iterator[Fact]:
        """Facts of these kinds, each kind in event-time order."""
        for kind in kinds:
            yield from self.by_kind.get(kind, ())

    @lazy
    def triggers(self) -> tuple[Trigger, ...]:
        """Everything in this case that is judged. What was recorded twice under one number is the later record."""
        attempts = {f.text("crossing_id"): f for f in self.of("crossing_attempted") if f.data["direction"] == "OUT"}
        applications = {f.text("application_no"): f for f in self.of("passport_application_submitted")}
        losses = [*self.of("passport_reported_lost"), *self.of("passport_replaced")]
        return (
            *(Trigger(TriggerKind.ATTEMPT, name, fact) for name, fact in attempts.items()),
            *(Trigger(TriggerKind.APPLICATION, name, fact) for name, fact in applications.items()),
            *(Trigger(TriggerKind.LOSS_REPORT, f.id, f) for f in losses if f.data.get("cause", "LOST") == "LOST"),
        )

    @lazy
    def permits(self) -> tuple[Permit, ...]:
        """e-PMI cards and contract extensions, less those revoked (`ended` says when)."""
        return tuple(
            Permit(fact, fact.text_or_none("epmi_no"), fact.text_or_none("country"), fact.day("valid_to"))
            for fact in self.of("epmi_issued", "contract_extended")
        )

    @lazy
    def deferrals(self) -> tuple[Deferral, ...]:
        """Departures put off."""
        return tuple(
            Deferral(
                fact,
                fact.text("crossing_id"),
                fact.text("checkpoint"),
                fact.text("lane"),
                fact.text("reason_code"),
                fact.text_or_none("group_ref"),
            )
            for fact in self.of("departure_deferred")
        )

    @property
    def applications(self) -> tuple[Application, ...]:
        """Passport applications."""
        return tuple(trigger.application for trigger in self.triggers if trigger.application is not None)

    @lazy
    def refusals(self) -> tuple[Refusal, ...]:
        """Passports refused or deferred."""
        return tuple(
            Refusal(fact, fact.text("application_no"), fact.text("office_code"), fact.text("reason_code"))
            for fact in self.of("passport_application_refused", "passport_application_deferred")
        )

    @lazy
    def document_states(self) -> tuple[DocumentState, ...]:
        """Changes of documents, in event-time order."""
        found = [DocumentState(fact, fact.text("passport_no"), _STATES[fact.kind]) for fact in self.of(*_STATES)]
        found += [
            DocumentState(fact, fact.text("old_passport_no"), "REPLACED") for fact in self.of("passport_replaced")
        ]
        return tuple(sorted(found, key=lambda state: (state.fact.at, state.fact.id)))

    @lazy
    def process(self) -> tuple[Fact, ...]:
        """Steps of a prospective worker before the e-PMI, in event-time order."""
        return tuple(sorted(self.of(*_PROCESS), key=lambda fact: (fact.at, fact.id)))

    @lazy
    def repatriations(self) -> tuple[Return, ...]:
        """Repatriations completed."""
        return tuple(
            Return(fact, fact.text_or_none("country"), fact.text_or_none("case_no"))
            for fact in self.of("repatriation_completed")
        )

    @lazy
    def deportations(self) -> tuple[Return, ...]:
        """Entries as deportee."""
        return tuple(
            Return(fact, fact.text_or_none("from_country"), None)
            for fact in self.of("entry_cleared")
            if fact.flag("deportee")
        )

    def victim_status(self, case_no: str | None, upto: datetime) -> str:
        """The last assessment of a case up to a moment; NOT_ASSESSED when there is none."""
        status = "NOT_ASSESSED"
        for fact in self.of("case_assessed"):
            if fact.at <= upto and fact.text("case_no") == case_no:
                status = fact.text("victim_status")
        return status

    def gathered(self, link: str) -> int:
        """How many people a cluster counts, as its link subject last said."""
        return max((fact.number("count") for fact in self.of(GATHERED) if fact.text("link") == link), default=0)


def _attempt(fact: Fact) -> Attempt:
    return Attempt(
        fact=fact,
        crossing=fact.text("crossing_id"),
        checkpoint=fact.text("checkpoint"),
        lane=fact.text("lane"),
        document=fact.text("passport_no"),
        border_pass=fact.text_or_none("document_type") == "BORDER_PASS",
        destination=fact.text_or_none("destination"),
        visa=fact.text_or_none("visa_class") or "UNKNOWN",
        purpose=fact.text_or_none("purpose") or "UNKNOWN",
        exemption=fact.text_or_none("exemption_claimed"),
        leaves_at=fact.moment("scheduled_at"),
    )


def _application(fact: Fact) -> Application:
    contacts = (fact.text_or_none("phone"), fact.text_or_none("helper_phone"))
    return Application(
        fact=fact,
        number=fact.text("application_no"),
        office=fact.text("office_code"),
        purpose=fact.text("purpose"),
        contacts=frozenset(one for one in contacts if one),
        sponsor=fact.text_or_none("sponsor"),
    )
