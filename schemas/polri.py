"""Polri, executive chair of the task force: seized documents, listed recruiters, cases."""

from typing import ClassVar

from schemas.envelope import Event, Ref, System
from schemas.identity import CompanyRef, Nik, PassportNo, Phone, RecruiterName


class PolriEvent(Event):
    """An event of POLRI."""

    system: ClassVar[System] = System.POLRI


class PassportSeizedAsEvidence(PolriEvent):
    """Police keep a passport as evidence; the holder may be its victim."""

    type: ClassVar[str] = "passport_seized"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no", "nik")

    passport_no: PassportNo
    nik: Nik | None = None
    case_ref: Ref | None = None


class PassportReturned(PolriEvent):
    """Police hand a seized passport back."""

    type: ClassVar[str] = "passport_released"
    addressed_to: ClassVar[tuple[str, ...]] = ("passport_no", "nik")

    passport_no: PassportNo
    nik: Nik | None = None
    case_ref: Ref | None = None


class RecruiterListed(PolriEvent):
    """A recruiter is under suspicion: handled as criminal-record data (UU 27/2022 Art. 4)."""

    type: ClassVar[str] = "recruiter_listed"
    addressed_to: ClassVar[tuple[str, ...]] = ("recruiter_name", "recruiter_phone", "company_ref")

    case_ref: Ref
    recruiter_name: RecruiterName | None = None
    recruiter_phone: Phone | None = None
    company_ref: CompanyRef | None = None


class TppoCaseOpened(PolriEvent):
    """Police open a trafficking case (TPPO, UU 21/2007)."""

    type: ClassVar[str] = "tppo_case_opened"
    addressed_to: ClassVar[tuple[str, ...]] = ("company_ref",)

    case_ref: Ref
    company_ref: CompanyRef | None = None


class TppoCaseClosed(PolriEvent):
    """A trafficking case (TPPO) ends."""

    type: ClassVar[str] = "tppo_case_closed"
    addressed_to: ClassVar[tuple[str, ...]] = ("company_ref",)

    case_ref: Ref
    company_ref: CompanyRef | None = None
