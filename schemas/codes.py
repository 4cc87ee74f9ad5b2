"""Code lists and counts that several systems share; published as data so that ministries say the same words (finding D4)."""

from typing import Annotated

from pydantic import Field

from schemas.envelope import Code

Count = Annotated[int, Field(strict=True, ge=0, le=99_999)]
"""A number of people, minutes or places: too small for an identifier to travel in it."""


class Purpose(Code):
    """Declared purpose of travel."""

    TOURISM = "TOURISM"
    WORK = "WORK"
    UMRAH = "UMRAH"
    HAJJ = "HAJJ"
    STUDY = "STUDY"
    MEDICAL = "MEDICAL"
    FAMILY_VISIT = "FAMILY_VISIT"
    BUSINESS = "BUSINESS"
    OFFICIAL = "OFFICIAL"
    INTERNSHIP = "INTERNSHIP"
    CREW_JOINING = "CREW_JOINING"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class VisaClass(Code):
    """Class of the visa or permission to enter the destination."""

    VISA_FREE = "VISA_FREE"
    VISIT = "VISIT"
    TOURIST = "TOURIST"
    WORK = "WORK"
    UMRAH = "UMRAH"
    HAJJ = "HAJJ"
    ZIARAH = "ZIARAH"
    STUDY = "STUDY"
    CREW = "CREW"
    RESIDENCE = "RESIDENCE"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class Direction(Code):
    """Which way a crossing goes."""

    OUT = "OUT"
    IN = "IN"
    UNKNOWN = "UNKNOWN"


class DocumentType(Code):
    """Kind of travel document presented."""

    ORDINARY = "ORDINARY"
    DIPLOMATIC = "DIPLOMATIC"
    SERVICE = "SERVICE"
    SPLP = "SPLP"
    BORDER_PASS = "BORDER_PASS"  # noqa: S105 - a document, not a password
    UNKNOWN = "UNKNOWN"


class Exemption(Code):
    """Why a traveller says the placement route does not apply (UU 18/2017 Art. 4(2)); claimed, verified by the officer."""

    OFFICIAL_DUTY = "OFFICIAL_DUTY"
    STUDENT = "STUDENT"
    INVESTOR = "INVESTOR"
    MISSION_STAFF = "MISSION_STAFF"
    STATE_FUNDED = "STATE_FUNDED"
    PERMANENT_RESIDENT = "PERMANENT_RESIDENT"
    SPOUSE = "SPOUSE"
    FAMILY_SETTLED = "FAMILY_SETTLED"
    BORDER_RESIDENT = "BORDER_RESIDENT"
    CREW = "CREW"
    PILGRIM = "PILGRIM"
    MEDICAL = "MEDICAL"
    UNKNOWN = "UNKNOWN"


class GroupKind(Code):
    """Why people travel together, as a licensed organiser or the carrier states it."""

    TOUR = "TOUR"
    PPIU = "PPIU"
    COMPANY = "COMPANY"
    SCHOOL = "SCHOOL"
    SPORTS = "SPORTS"
    CREW = "CREW"
    UNKNOWN = "UNKNOWN"


class DeferralReason(Code):
    """Ground of a deferred departure. HAJJ and DOCUMENT are classes of their own, never trafficking statistics."""

    CPMI_NP = "CPMI_NP"
    TPPO = "TPPO"
    HAJJ = "HAJJ"
    DOCUMENT = "DOCUMENT"
    UNTRUE_STATEMENT = "UNTRUE_STATEMENT"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class RefusalReason(Code):
    """Ground of a refused or deferred passport."""

    CPMI_NP = "CPMI_NP"
    UNTRUE_STATEMENT = "UNTRUE_STATEMENT"
    DUPLICATE = "DUPLICATE"
    INCOMPLETE = "INCOMPLETE"
    SYSTEM = "SYSTEM"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class Scheme(Code):
    """Placement schemes of UU 18/2017 and PP 22/2022."""

    P_TO_P = "P_TO_P"
    INDEPENDENT = "INDEPENDENT"
    EXTENSION = "EXTENSION"
    G_TO_G = "G_TO_G"
    OWN_COMPANY = "OWN_COMPANY"
    SSW = "SSW"
    PTM = "PTM"
    SEA_MERCHANT = "SEA_MERCHANT"
    SEA_FISHING = "SEA_FISHING"
    UNKNOWN = "UNKNOWN"


class WorkDocument(Code):
    """Documents of UU 18/2017 Art. 13 and those asked in practice."""

    DOC_MARITAL = "DOC_MARITAL"
    DOC_FAMILY_PERMIT = "DOC_FAMILY_PERMIT"
    DOC_COMPETENCE = "DOC_COMPETENCE"
    DOC_HEALTH = "DOC_HEALTH"
    DOC_PASSPORT = "DOC_PASSPORT"
    DOC_WORK_VISA = "DOC_WORK_VISA"
    DOC_PLACEMENT_AGREEMENT = "DOC_PLACEMENT_AGREEMENT"
    DOC_EMPLOYMENT_CONTRACT = "DOC_EMPLOYMENT_CONTRACT"
    DOC_CPMI_ID = "DOC_CPMI_ID"
    DOC_JKN = "DOC_JKN"
    DOC_BPJS_TK = "DOC_BPJS_TK"
    DOC_OPP = "DOC_OPP"
    DOC_EPMI = "DOC_EPMI"
    UNKNOWN = "UNKNOWN"


class VictimStatus(Code):
    """Explicit and revisable: a complainant is not automatically a victim."""

    NOT_ASSESSED = "NOT_ASSESSED"
    NOT_VICTIM = "NOT_VICTIM"
    INDICATED = "INDICATED"
    CONFIRMED = "CONFIRMED"
    PERPETRATOR_SUSPECT = "PERPETRATOR_SUSPECT"
    UNKNOWN = "UNKNOWN"


class ComplaintCategory(Code):
    """What a complaint is about: the eleven ILO forced-labour indicators and the classes that agencies count."""

    ABUSE_OF_VULNERABILITY = "ABUSE_OF_VULNERABILITY"
    DECEPTION = "DECEPTION"
    RESTRICTION_OF_MOVEMENT = "RESTRICTION_OF_MOVEMENT"
    ISOLATION = "ISOLATION"
    VIOLENCE = "VIOLENCE"
    INTIMIDATION = "INTIMIDATION"
    DOCUMENT_RETENTION = "DOCUMENT_RETENTION"
    WITHHELD_WAGES = "WITHHELD_WAGES"
    DEBT_BONDAGE = "DEBT_BONDAGE"
    ABUSIVE_CONDITIONS = "ABUSIVE_CONDITIONS"
    EXCESSIVE_OVERTIME = "EXCESSIVE_OVERTIME"
    FAILED_DEPARTURE = "FAILED_DEPARTURE"
    ONLINE_SCAM = "ONLINE_SCAM"
    MISSING_CONTACT = "MISSING_CONTACT"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class Relation(Code):
    """Who files a complaint."""

    SELF = "SELF"
    FAMILY = "FAMILY"
    EMPLOYER = "EMPLOYER"
    OFFICIAL = "OFFICIAL"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class LicenceStatus(Code):
    """State of a company's licence (SIP3MI)."""

    ISSUED = "ISSUED"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"


class Sex(Code):
    """As in the MRZ. Never an input of a rule."""

    F = "F"
    M = "M"
    X = "X"
    UNKNOWN = "UNKNOWN"
