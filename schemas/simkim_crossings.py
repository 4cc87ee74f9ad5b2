"""SIMKIM (Ditjen Imigrasi): passengers announced, and every crossing."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from schemas.codes import Count, DeferralReason, Direction, DocumentType, Exemption, Purpose, VisaClass
from schemas.envelope import Checkpoint, Code, Contract, Country, Event, Instant, OfficeCode, Ref, System
from schemas.identity import BookingRef, OfficerRef, PassportNo, PayerRef, PersonName

Port = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}([A-Z0-9]{2})?$")]
"""A place on a route: IATA (3) or UN/LOCODE (5), such as `SIN`, `SGSIN`."""


class Lane(Code):
    """Where at the checkpoint the traveller was met."""

    COUNTER = "COUNTER"
    AUTOGATE = "AUTOGATE"
    PRIORITY = "PRIORITY"
    PMI_LANE = "PMI_LANE"
    UNKNOWN = "UNKNOWN"


class CrossingEvent(Event):
    """An event at a checkpoint, or on the way there."""

    system: ClassVar[System] = System.SIMKIM


class CrossingAttempted(CrossingEvent):
    """A traveller presents a document at a checkpoint (UU 6/2011 Art. 9): the trigger of real-time work."""

    type: ClassVar[str] = "crossing_attempted"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no",)

    crossing_id: Ref
    checkpoint: Checkpoint
    lane: Lane
    direction: Direction
    passport_no: PassportNo
    document_type: DocumentType = DocumentType.ORDINARY
    destination: Country | None = None
    onward: Country | None = None
    visa_class: VisaClass = VisaClass.UNKNOWN
    purpose: Purpose = Purpose.UNKNOWN
    transport_no: Ref | None = None
    scheduled_at: Instant | None = None
    booking_ref: BookingRef | None = None
    group_size: Count | None = None
    return_booked: bool | None = None
    exemption_claimed: Exemption | None = None
    officer_ref: OfficerRef | None = None


class CrossingCleared(CrossingEvent):
    """An officer or a gate let the traveller through."""

    type: ClassVar[str] = "crossing_cleared"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no",)

    crossing_id: Ref
    passport_no: PassportNo
    checkpoint: Checkpoint
    direction: Direction
    destination: Country | None = None


class DepartureDeferred(CrossingEvent):
    """Penundaan keberangkatan: an officer put a departure off, with ground and notice (SE IMI-0277.GR.02.06/2017)."""

    type: ClassVar[str] = "departure_deferred"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no",)

    crossing_id: Ref
    passport_no: PassportNo
    checkpoint: Checkpoint
    lane: Lane = Lane.COUNTER
    destination: Country | None = None
    reason_code: DeferralReason
    legal_ref: Ref | None = None
    notice_no: Ref | None = None
    group_ref: Ref | None = None
    referred_to: OfficeCode | None = None
    minutes_in_secondary: Count | None = None


class EntryCleared(CrossingEvent):
    """Somebody came home; `deportee` when handed over by another state."""

    type: ClassVar[str] = "entry_cleared"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no",)

    crossing_id: Ref
    passport_no: PassportNo
    document_type: DocumentType = DocumentType.ORDINARY
    deportee: bool = False
    from_country: Country | None = None
    checkpoint: Checkpoint


class Passenger(Contract):
    """One passenger of a manifest (API/PAXLST core data)."""

    entry_ref: Ref
    passport_no: PassportNo
    name: PersonName | None = None
    birth_date: date | None = None
    booking_ref: BookingRef | None = None
    payer_ref: PayerRef | None = None
    destination: Country | None = None
    onward: Country | None = None
    return_booked: bool | None = None
    group_size: Count | None = None


class ManifestReceived(CrossingEvent):
    """A carrier announces its passengers, one to three hours before they leave. Admission makes one fact of each passenger."""

    type: ClassVar[str] = "manifest_received"
    addressed_to: ClassVar[tuple[str, ...]] = ()

    carrier: Ref
    service_no: Ref
    checkpoint: Checkpoint
    scheduled_at: Instant
    route: tuple[Port, ...] = ()
    passengers: tuple[Passenger, ...]
