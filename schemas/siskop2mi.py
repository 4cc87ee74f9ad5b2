"""SISKOP2MI (KP2MI/BP2MI): placement of migrant workers, from registration to return."""

from typing import ClassVar

from schemas.codes import ComplaintCategory, DeferralReason, LicenceStatus, Scheme, WorkDocument
from schemas.envelope import Checkpoint, Code, Country, Day, DesaCode, Event, OfficeCode, Ref, System
from schemas.identity import CompanyRef, EpmiNo, KkNo, Kp2miCaseNo, Nik, OfficerRef, PassportNo, Phone, RecruiterName


class Siskop2miEvent(Event):
    """An event of SISKOP2MI."""

    system: ClassVar[System] = System.SISKOP2MI


class Fitness(Code):
    """Result of the medical check, as a code only (specific data, UU 27/2022 Art. 4)."""

    FIT = "FIT"
    UNFIT = "UNFIT"
    UNKNOWN = "UNKNOWN"


class RevocationReason(Code):
    """Why an e-PMI ended early."""

    CANCELLED = "CANCELLED"
    DOCUMENT_INVALID = "DOCUMENT_INVALID"
    COMPANY_SANCTIONED = "COMPANY_SANCTIONED"
    DATA_ERROR = "DATA_ERROR"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class ExtensionPlace(Code):
    """Where a contract was extended."""

    HOME = "HOME"
    MISSION = "MISSION"
    UNKNOWN = "UNKNOWN"


class CpmiRegistered(Siskop2miEvent):
    """A prospective worker (CPMI) is registered; here the independent scheme (UU 18/2017 Art. 63)."""

    type: ClassVar[str] = "cpmi_registered"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    scheme: Scheme = Scheme.INDEPENDENT
    country: Country | None = None
    phone: Phone | None = None
    kk_no: KkNo | None = None
    desa_code: DesaCode | None = None


class DocumentVerified(Siskop2miEvent):
    """An officer checked one of the documents of UU 18/2017 Art. 13."""

    type: ClassVar[str] = "document_verified"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    country: Country | None = None
    document: WorkDocument
    valid: bool
    verifier_ref: OfficerRef | None = None


class MedicalResult(Siskop2miEvent):
    """A health facility found the worker fit or unfit (UU 18/2017 Art. 5); nothing else leaves it."""

    type: ClassVar[str] = "medical_result"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    country: Country | None = None
    result: Fitness


class SocialSecurityRegistered(Siskop2miEvent):
    """The worker is enrolled with BPJS Ketenagakerjaan (UU 18/2017 Art. 5)."""

    type: ClassVar[str] = "social_security_registered"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    country: Country | None = None


class OppCompleted(Siskop2miEvent):
    """The worker completed pre-departure orientation (OPP): on or before the e-PMI, never after."""

    type: ClassVar[str] = "opp_completed"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    country: Country | None = None


class BiometricCaptured(Siskop2miEvent):
    """Fingerprint taken at BP3MI; the template stays there."""

    type: ClassVar[str] = "biometric_captured"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    country: Country | None = None


class EpmiIssued(Siskop2miEvent):
    """The worker's electronic identity is issued: the end of the pre-work process."""

    type: ClassVar[str] = "epmi_issued"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik", "passport_no")

    epmi_no: EpmiNo
    nik: Nik
    passport_no: PassportNo | None = None
    scheme: Scheme
    country: Country
    position: Ref | None = None
    office_code: OfficeCode | None = None
    verifier_ref: OfficerRef | None = None
    employer_ref: CompanyRef | None = None
    p3mi_ref: CompanyRef | None = None
    job_order_no: Ref | None = None
    contract_from: Day | None = None
    contract_to: Day | None = None
    valid_to: Day | None = None


class EpmiRevoked(Siskop2miEvent):
    """An e-PMI ends early: from then on it clears nobody."""

    type: ClassVar[str] = "epmi_revoked"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    epmi_no: EpmiNo
    nik: Nik
    reason_code: RevocationReason


class PlacementCancelled(Siskop2miEvent):
    """A placement is called off before departure; without a country, every one that is open."""

    type: ClassVar[str] = "placement_cancelled"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    country: Country | None = None


class ContractExtended(Siskop2miEvent):
    """A contract is extended, at home or at a mission: OPP and medical check are rightly missing (EXTENSION)."""

    type: ClassVar[str] = "contract_extended"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik", "passport_no")

    nik: Nik
    passport_no: PassportNo | None = None
    country: Country
    valid_to: Day | None = None
    place: ExtensionPlace = ExtensionPlace.MISSION


class ReturnRecorded(Siskop2miEvent):
    """A worker is back (purna)."""

    type: ClassVar[str] = "return_recorded"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    country: Country | None = None


class ComplaintReceived(Siskop2miEvent):
    """Somebody complains in KP2MI's channel (PP 59/2021 Art. 35 e)."""

    type: ClassVar[str] = "complaint_received"
    addressed_to: ClassVar[tuple[str, ...]] = ("case_no", "nik")

    case_no: Kp2miCaseNo
    nik: Nik | None = None
    country: Country | None = None
    category: ComplaintCategory
    recruiter_name: RecruiterName | None = None
    recruiter_phone: Phone | None = None
    company_ref: CompanyRef | None = None


class PreventedDepartureRecorded(Siskop2miEvent):
    """BP3MI took part in putting a departure off; SIMKIM may tell the same story (finding A4)."""

    type: ClassVar[str] = "prevented_departure_recorded"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik", "passport_no")

    nik: Nik | None = None
    passport_no: PassportNo | None = None
    checkpoint: Checkpoint | None = None
    reason_code: DeferralReason


class P3miSanctioned(Siskop2miEvent):
    """A placement company (P3MI) is sanctioned. Its workers did nothing wrong."""

    type: ClassVar[str] = "p3mi_sanctioned"
    addressed_to: ClassVar[tuple[str, ...]] = ("p3mi_ref",)

    p3mi_ref: CompanyRef
    status: LicenceStatus
