"""Peduli WNI (Kementerian Luar Negeri): complaints, assessments and returns of citizens abroad."""

from typing import ClassVar

from schemas.codes import ComplaintCategory, Relation, VictimStatus
from schemas.envelope import Checkpoint, Code, Country, Event, Ref, System
from schemas.identity import CompanyRef, Nik, PassportNo, PeduliCaseNo, PersonName, Phone, RecruiterName


class PeduliwniEvent(Event):
    """An event of PEDULIWNI."""

    system: ClassVar[System] = System.PEDULIWNI


class Cost(Code):
    """Who paid for a return."""

    STATE = "STATE"
    SELF = "SELF"
    EMPLOYER = "EMPLOYER"
    UNKNOWN = "UNKNOWN"


class HandedTo(Code):
    """Who received a returnee."""

    RPTC = "RPTC"
    BP3MI = "BP3MI"
    POLRI = "POLRI"
    FAMILY = "FAMILY"
    UNKNOWN = "UNKNOWN"


class SelfReported(PeduliwniEvent):
    """Lapor diri (UU 23/2006 Art. 18). Four in five never do: silence is almost no evidence."""

    type: ClassVar[str] = "self_reported"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik", "passport_no")

    nik: Nik | None = None
    passport_no: PassportNo | None = None
    country: Country
    employer_ref: CompanyRef | None = None
    phone: Phone | None = None


class ComplaintFiled(PeduliwniEvent):
    """The person, the family or another complains. A complainant is not automatically a victim."""

    type: ClassVar[str] = "complaint_filed"
    addressed_to: ClassVar[tuple[str, ...]] = ("case_no", "nik", "passport_no")

    case_no: PeduliCaseNo
    channel: Ref | None = None
    nik: Nik | None = None
    passport_no: PassportNo | None = None
    name: PersonName | None = None
    country: Country
    category: ComplaintCategory
    recruiter_name: RecruiterName | None = None
    recruiter_phone: Phone | None = None
    company_ref: CompanyRef | None = None
    passport_held: bool | None = None
    reporter_relation: Relation = Relation.UNKNOWN


class CaseAssessed(PeduliwniEvent):
    """A victim status is assessed, explicitly and revisably; it stays in its circle (UU 21/2007 Art. 44)."""

    type: ClassVar[str] = "case_assessed"
    addressed_to: ClassVar[tuple[str, ...]] = ("case_no", "nik", "passport_no")

    case_no: PeduliCaseNo
    nik: Nik | None = None
    passport_no: PassportNo | None = None
    victim_status: VictimStatus
    country: Country | None = None
    screening_ref: Ref | None = None


class SplpIssued(PeduliwniEvent):
    """A mission issues an SPLP, a travel document in lieu of a passport: how somebody comes home without one."""

    type: ClassVar[str] = "splp_issued"
    addressed_to: ClassVar[tuple[str, ...]] = ("splp_no", "nik")

    splp_no: PassportNo
    nik: Nik | None = None
    case_no: PeduliCaseNo | None = None
    country: Country


class RepatriationScheduled(PeduliwniEvent):
    """A mission plans a return; the checkpoint of arrival can prepare."""

    type: ClassVar[str] = "repatriation_scheduled"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik", "passport_no")

    case_no: PeduliCaseNo
    nik: Nik | None = None
    passport_no: PassportNo | None = None
    country: Country
    arrival_checkpoint: Checkpoint | None = None


class RepatriationCompleted(PeduliwniEvent):
    """Somebody was brought home and handed over to those who help (UU 21/2007 Art. 54)."""

    type: ClassVar[str] = "repatriation_completed"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik", "passport_no")

    case_no: PeduliCaseNo
    nik: Nik | None = None
    passport_no: PassportNo | None = None
    country: Country
    cost: Cost = Cost.UNKNOWN
    arrival_checkpoint: Checkpoint | None = None
    handed_to: HandedTo = HandedTo.UNKNOWN


class CaseClosed(PeduliwniEvent):
    """A mission closes a case: assisted, returned, or assistance refused."""

    type: ClassVar[str] = "case_closed"
    addressed_to: ClassVar[tuple[str, ...]] = ("case_no", "nik", "passport_no")

    case_no: PeduliCaseNo
    nik: Nik | None = None
    passport_no: PassportNo | None = None
