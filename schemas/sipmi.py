"""SIPMI/SIAPkerja: recruitment, from the first account to the passport recommendation."""

from typing import ClassVar

from schemas.codes import Count, LicenceStatus
from schemas.envelope import Country, DesaCode, Event, Ref, System
from schemas.identity import CompanyRef, CpmiId, Email, Nik, Phone


class SipmiEvent(Event):
    """An event of SIPMI."""

    system: ClassVar[System] = System.SIPMI


class JobseekerAccountCreated(SipmiEvent):
    """Somebody opened a SIAPkerja account: the first step of the placement route."""

    type: ClassVar[str] = "jobseeker_account_created"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    phone: Phone | None = None
    email: Email | None = None


class CpmiIdIssued(SipmiEvent):
    """The labour office verified a prospective worker (SE Menaker B-3/01/PK.02.01/II/2023)."""

    type: ClassVar[str] = "cpmi_id_issued"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    cpmi_id: CpmiId
    country: Country | None = None
    desa_code: DesaCode | None = None


class JobOrderApproved(SipmiEvent):
    """A job order of a placement company (P3MI) is approved, with employer, country and quota."""

    type: ClassVar[str] = "job_order_approved"
    addressed_to: ClassVar[tuple[str, ...]] = ("p3mi_ref",)

    p3mi_ref: CompanyRef
    job_order_no: Ref
    employer_ref: CompanyRef | None = None
    country: Country
    position: Ref | None = None
    quota: Count


class RecruitPermitIssued(SipmiEvent):
    """SIP2MI: a placement company may recruit for a job order (PP 59/2021 Art. 35 k-l)."""

    type: ClassVar[str] = "recruit_permit_issued"
    addressed_to: ClassVar[tuple[str, ...]] = ("p3mi_ref",)

    p3mi_ref: CompanyRef
    job_order_no: Ref
    country: Country


class PlacementAgreementSigned(SipmiEvent):
    """Perjanjian penempatan between company and prospective worker (UU 18/2017 Art. 13); P-to-P only."""

    type: ClassVar[str] = "placement_agreement_signed"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    p3mi_ref: CompanyRef
    job_order_no: Ref
    country: Country


class PassportRecommendationIssued(SipmiEvent):
    """Disnaker recommends a passport (SE IMI-0277.GR.02.06/2017)."""

    type: ClassVar[str] = "passport_recommendation_issued"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    recommendation_no: Ref
    country: Country | None = None


class P3miLicenceChanged(SipmiEvent):
    """The licence of a placement company (SIP3MI) changes state (PP 59/2021 Art. 35 k-l)."""

    type: ClassVar[str] = "p3mi_licence_changed"
    addressed_to: ClassVar[tuple[str, ...]] = ("p3mi_ref",)

    p3mi_ref: CompanyRef
    status: LicenceStatus
