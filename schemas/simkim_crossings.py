"""SIMKIM (Ditjen Imigrasi): passengers announced, and every crossing."""

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from schemas.codes import (
    Count,
    DeferralReason,
    Direction,
    DocumentType,
    Exemption,
    GroupKind,
    Purpose,
    VisaClass,
)
from schemas.envelope import Checkpoint, Code, Contract, Country, Day, Event, Instant, OfficeCode, Ref, System
from schemas.identity import BookingRef, OfficerRef, PassportNo, PayerRef, PersonName, Phone

Port = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}([A-Z0-9]{2})?$")]
"""A place on a route: IATA (3) or UN/LOCODE (5), such as `SIN`, `SGSIN`."""


class Lane(Code):
    """Where at the checkpoint the traveller was met."""

    COUNTER = "COUNTER"
    AUTOGATE = "AUTOGATE"
    PRIORITY = "PRIORITY"
    PMI_LANE = "PMI_LANE"
    UNKNOWN = "UNKNOWN"


class VesselKind(Code):
    """What a crew member joins."""

    MERCHANT = "MERCHANT"
    FISHING = "FISHING"
    UNKNOWN = "UNKNOWN"


class PriorityGround(Code):
    """Why somebody may use a priority lane."""

    AGE = "AGE"
    CHILD = "CHILD"
    DISABILITY = "DISABILITY"
    PREGNANCY = "PREGNANCY"
    ESCORT = "ESCORT"
    OFFICIAL = "OFFICIAL"
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
    group_kind: GroupKind | None = None
    return_booked: bool | None = None
    return_at: Instant | None = None
    exemption_claimed: Exemption | None = None
    priority_ground: PriorityGround | None = None
    companion_passport_no: PassportNo | None = None
    """The adult with whom a minor presents (rule 16)."""
    guardian_consent: bool | None = None
    """A notarised consent of the parents was shown."""
    seafarer_book: bool | None = None
    sea_contract_no: Ref | None = None
    """PKL, validated by the syahbandar (PP 22/2022)."""
    vessel_kind: VesselKind | None = None
    stated_purpose: Purpose | None = None
    """As answered in secondary (rule 33)."""
    stated_country: Country | None = None
    stated_companions: Count | None = None
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
    birth_date: Day | None = None
    booking_ref: BookingRef | None = None
    payer_ref: PayerRef | None = None
    destination: Country | None = None
    onward: Country | None = None
    return_booked: bool | None = None
    return_at: Instant | None = None
    booked_at: Instant | None = None
    visa_class: VisaClass = VisaClass.UNKNOWN
    phone: Phone | None = None
    group_size: Count | None = None
    group_kind: GroupKind | None = None


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
