"""SIMKIM (Ditjen Imigrasi): passports from application to withdrawal."""

from typing import ClassVar

from schemas.codes import Count, Purpose, RefusalReason, Sex
from schemas.envelope import Code, Country, Day, DesaCode, Event, Kabupaten, OfficeCode, Ref, System
from schemas.identity import (
    Email,
    KkNo,
    LetterNo,
    Nik,
    OfficerRef,
    PassportNo,
    PayerRef,
    PersonName,
    Phone,
    PrivateText,
    RecruiterName,
    TemporaryAddress,
)


class Channel(Code):
    """How an application came in."""

    M_PASPOR = "M_PASPOR"
    WALK_IN = "WALK_IN"
    EAZY = "EAZY"
    COLLECTIVE = "COLLECTIVE"
    LTSA = "LTSA"
    MISSION = "MISSION"
    UNKNOWN = "UNKNOWN"


class EmployerKind(Code):
    """For whom somebody will work abroad, as declared."""

    LEGAL_ENTITY = "LEGAL_ENTITY"
    HOUSEHOLD = "HOUSEHOLD"
    UNKNOWN = "UNKNOWN"


class InterviewOutcome(Code):
    """Outcome of a passport interview (SOP A)."""

    ISSUE = "ISSUE"
    ASK_DOCUMENTS = "ASK_DOCUMENTS"
    REFER_TO_BP3MI = "REFER_TO_BP3MI"
    REFER_TO_INTELDAKIM = "REFER_TO_INTELDAKIM"
    REFUSE = "REFUSE"
    UNKNOWN = "UNKNOWN"


class PassportType(Code):
    """Kind of passport booklet."""

    ORDINARY = "ORDINARY"
    ELECTRONIC = "ELECTRONIC"
    ORDINARY_24 = "ORDINARY_24"
    ORDINARY_48 = "ORDINARY_48"
    DIPLOMATIC = "DIPLOMATIC"
    SERVICE = "SERVICE"
    SPLP = "SPLP"
    UNKNOWN = "UNKNOWN"


class ReplacementCause(Code):
    """Why a passport was replaced."""

    EXPIRED = "EXPIRED"
    FULL = "FULL"
    DAMAGED = "DAMAGED"
    LOST = "LOST"
    DATA_CHANGE = "DATA_CHANGE"
    UNKNOWN = "UNKNOWN"


class Authority(Code):
    """Who holds or ended a document."""

    IMIGRASI = "IMIGRASI"
    POLRI = "POLRI"
    MISSION = "MISSION"
    COURT = "COURT"
    UNKNOWN = "UNKNOWN"


class SimkimEvent(Event):
    """An event about passports."""

    system: ClassVar[System] = System.SIMKIM


class PassportApplicationSubmitted(SimkimEvent):
    """Somebody asks for a passport; the purpose is self-declared."""

    type: ClassVar[str] = "passport_application_submitted"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    application_no: Ref
    nik: Nik
    kk_no: KkNo | None = None
    name: PersonName
    birth_date: Day
    birth_place: PrivateText | None = None
    sex: Sex | None = None
    mother_name: PersonName | None = None
    phone: Phone | None = None
    helper_phone: Phone | None = None
    emergency_phone: Phone | None = None
    email: Email | None = None
    address: PrivateText | None = None
    desa_code: DesaCode | None = None
    temporary_address: TemporaryAddress | None = None
    temporary_kabupaten: Kabupaten | None = None
    purpose: Purpose
    destination: Country | None = None
    office_code: OfficeCode
    sponsor: RecruiterName | None = None
    channel: Channel = Channel.WALK_IN
    payer_ref: PayerRef | None = None
    previous_passport_no: PassportNo | None = None
    recommendation_no: Ref | None = None
    village_letter_no: LetterNo | None = None
    """The family permit, known to the village head (DOC_FAMILY_PERMIT)."""
    village_letter_desa: DesaCode | None = None
    employer_kind: EmployerKind | None = None


class PassportInterviewCompleted(SimkimEvent):
    """An officer talked with the applicant (SOP A). Codes only: no free text leaves SIMKIM (finding A5)."""

    type: ClassVar[str] = "passport_interview_completed"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    application_no: Ref
    nik: Nik
    officer_ref: OfficerRef | None = None
    outcome: InterviewOutcome
    stated_purpose: Purpose | None = None
    stated_country: Country | None = None
    stated_companions: Count | None = None
    reason_code: RefusalReason | None = None


class PassportApplicationDeferred(SimkimEvent):
    """An office puts a passport application off. Most grounds are paperwork: the reason is what matters, not the number."""

    type: ClassVar[str] = "passport_application_deferred"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    application_no: Ref
    nik: Nik
    reason_code: RefusalReason
    legal_ref: Ref | None = None
    review_until: Day | None = None
    office_code: OfficeCode


class PassportApplicationRefused(SimkimEvent):
    """An office refuses a passport application; the applicant may stay a subject of interest for 6 to 24 months."""

    type: ClassVar[str] = "passport_application_refused"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    application_no: Ref
    nik: Nik
    reason_code: RefusalReason
    legal_ref: Ref | None = None
    review_until: Day | None = None
    office_code: OfficeCode


class PassportIssued(SimkimEvent):
    """A passport is issued: SIMKIM's word that this document belongs to this NIK, which the MRZ does not carry (ICAO 9303)."""

    type: ClassVar[str] = "passport_issued"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik", "passport_no")

    passport_no: PassportNo
    nik: Nik
    application_no: Ref | None = None
    passport_type: PassportType = PassportType.ELECTRONIC
    issued_on: Day
    expires_on: Day | None = None
    office_code: OfficeCode
    birth_date: Day | None = None


class PassportReplaced(SimkimEvent):
    """A document gives way to another; LOST for one that is held as evidence is a real case (rule 8)."""

    type: ClassVar[str] = "passport_replaced"
    addressed_to: ClassVar[tuple[str, ...]] = ("old_passport_no", "nik")

    old_passport_no: PassportNo
    new_passport_no: PassportNo
    nik: Nik | None = None
    cause: ReplacementCause
    office_code: OfficeCode | None = None


class PassportReportedLost(SimkimEvent):
    """A loss report; a BAP is required and a suspension of 6 to 24 months possible (Permenkumham 8/2014 Art. 41)."""

    type: ClassVar[str] = "passport_reported_lost"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no", "nik")

    passport_no: PassportNo
    nik: Nik | None = None
    police_report_no: Ref | None = None
    bap_no: Ref | None = None
    country: Country | None = None
    office_code: OfficeCode | None = None


class PassportRecovered(SimkimEvent):
    """A document that was reported lost is found again: the loss report no longer counts."""

    type: ClassVar[str] = "passport_recovered"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no", "nik")

    passport_no: PassportNo
    nik: Nik | None = None
    office_code: OfficeCode | None = None


class PassportWithdrawn(SimkimEvent):
    """Ditarik: an office takes the document in under a withdrawal rule, with receipt (SOP B)."""

    type: ClassVar[str] = "passport_withdrawn"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no", "nik")

    passport_no: PassportNo
    nik: Nik | None = None
    authority: Authority = Authority.IMIGRASI
    case_ref: Ref | None = None


class PassportRevoked(SimkimEvent):
    """Dibatalkan or dicabut: no longer valid, such as one obtained on a false statement (Permenkumham 8/2014 Art. 30)."""

    type: ClassVar[str] = "passport_revoked"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no", "nik")

    passport_no: PassportNo
    nik: Nik | None = None
    authority: Authority = Authority.IMIGRASI
    case_ref: Ref | None = None


class PassportSeized(SimkimEvent):
    """Disita: held as evidence, as SIMKIM records it."""

    type: ClassVar[str] = "passport_seized"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no", "nik")

    passport_no: PassportNo
    nik: Nik | None = None
    authority: Authority = Authority.IMIGRASI
    case_ref: Ref | None = None


class PassportReleased(SimkimEvent):
    """A seized document is handed back."""

    type: ClassVar[str] = "passport_released"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no", "nik")

    passport_no: PassportNo
    nik: Nik | None = None
    authority: Authority = Authority.IMIGRASI
    case_ref: Ref | None = None


class TravelBanListed(SimkimEvent):
    """Cegah: a prevention order. Not ours to decide on (UU 6/2011 Art. 16)."""

    type: ClassVar[str] = "travel_ban_listed"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    basis: Ref | None = None


class TravelBanLifted(SimkimEvent):
    """A prevention order ends."""

    type: ClassVar[str] = "travel_ban_lifted"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    basis: Ref | None = None
