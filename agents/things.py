"""Things: what a rule judges and what it finds, read out of facts. Field names of facts are spelled here and beside."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from agents.lazy import lazy
from schemas.alerts import TriggerKind
from schemas.facts import Fact, digest

AT_THE_GATE = timedelta(hours=12)
"""How far from its departure a traveller still comes to the gate for it."""
_IN_AN_OFFICE = timedelta(days=30)


class Attempt(msgspec.Struct, frozen=True):
    """A departure that a traveller tries at a checkpoint."""

    fact: Fact
    crossing: str
    checkpoint: str
    lane: str
    document: str
    border_pass: bool
    destination: str | None
    """The final country that is ticketed: where the onward journey ends, if there is one."""
    visa: str
    purpose: str
    exemption: str | None
    leaves_at: datetime | None
    first_stop: str | None = None
    return_booked: bool | None = None
    return_at: datetime | None = None
    group: str | None = None
    """Why people travel together, as a licensed organiser or the carrier states it."""
    booking: str | None = None


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


class Trigger(msgspec.Struct, frozen=True, dict=True):
    """What a judgement is about. Its particulars are read only when it is judged."""

    kind: TriggerKind
    id: str
    fact: Fact

    @lazy
    def key(self) -> str:
        """Its name within a dossier: two agencies may use one number."""
        return f"{self.kind}/{self.id}"

    @lazy
    def alert_id(self) -> str:
        """The one alert about it."""
        return alert_of(self.kind.value, self.id)

    @property
    def at(self) -> datetime:
        """Event time, UTC."""
        return self.fact.at

    @property
    def closes(self) -> datetime:
        """Until when what is found out about people bears on it: half a day at a gate, 30 days in an office (domain 5.4), UTC."""
        return self.at + (AT_THE_GATE if self.journey is not None else _IN_AN_OFFICE)

    @property
    def place(self) -> str:
        """Checkpoint or passport office; `*` when the office was not stated."""
        return self.fact.text_or_none("checkpoint") or self.fact.text_or_none("office_code") or "*"

    @lazy
    def attempt(self) -> Attempt | None:
        """The departure, when it is one."""
        return attempt_of(self.fact) if self.kind is TriggerKind.ATTEMPT else None

    @lazy
    def journey(self) -> Attempt | None:
        """The departure that is tried or announced, when it is one."""
        return attempt_of(self.fact) if self.kind is TriggerKind.MANIFEST else self.attempt

    @lazy
    def application(self) -> Application | None:
        """The passport application, when it is one."""
        return application_of(self.fact) if self.kind is TriggerKind.APPLICATION else None

    @lazy
    def lost_document(self) -> str | None:
        """The document said to be lost, when it is a loss report."""
        if self.kind is not TriggerKind.LOSS_REPORT:
            return None
        return self.fact.text_or_none("passport_no") or self.fact.text("old_passport_no")


def alert_of(kind: str, name: str) -> str:
    """The id of the one alert of a trigger, by its kind and id."""
    return digest("alert", kind, name)


def years(born: date, on: date) -> int:
    """Whole years of life on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def attempt_of(fact: Fact) -> Attempt:
    first = fact.text_or_none("destination")
    return Attempt(
        fact=fact,
        crossing=fact.text_or_none("crossing_id") or fact.id,
        checkpoint=fact.text("checkpoint"),
        lane=fact.text_or_none("lane") or "UNKNOWN",
        document=fact.text("passport_no"),
        border_pass=fact.text_or_none("document_type") == "BORDER_PASS",
        destination=fact.text_or_none("onward") or first,
        first_stop=first,
        return_booked=fact.flag("return_booked"),
        return_at=fact.moment("return_at"),
        group=fact.text_or_none("group_kind"),
        booking=fact.text_or_none("booking_ref"),
        visa=fact.text_or_none("visa_class") or "UNKNOWN",
        purpose=fact.text_or_none("purpose") or "UNKNOWN",
        exemption=fact.text_or_none("exemption_claimed"),
        leaves_at=fact.moment("scheduled_at"),
    )


def application_of(fact: Fact) -> Application:
    contacts = (fact.text_or_none("phone"), fact.text_or_none("helper_phone"))
    return Application(
        fact=fact,
        number=fact.text("application_no"),
        office=fact.text("office_code"),
        purpose=fact.text("purpose"),
        contacts=frozenset(one for one in contacts if one),
        sponsor=fact.text_or_none("sponsor"),
    )
