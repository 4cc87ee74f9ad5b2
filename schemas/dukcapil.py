"""Dukcapil (Kemendagri): changes of the population registry for the numbers under watch."""

from typing import ClassVar

from schemas.envelope import Code, Day, DesaCode, Event, Ref, System
from schemas.identity import KkNo, Nik, PersonName


class DukcapilEvent(Event):
    """An event of DUKCAPIL."""

    system: ClassVar[System] = System.DUKCAPIL


class BiodataField(Code):
    """Which element of the registry changed."""

    NAME = "NAME"
    BIRTH_DATE = "BIRTH_DATE"
    BIRTH_PLACE = "BIRTH_PLACE"
    SEX = "SEX"
    MOTHER_NAME = "MOTHER_NAME"
    FATHER_NAME = "FATHER_NAME"
    UNKNOWN = "UNKNOWN"


class DeactivationReason(Code):
    """Why a NIK was switched off."""

    DUPLICATE = "DUPLICATE"
    DEATH = "DEATH"
    ERROR = "ERROR"
    UNKNOWN = "UNKNOWN"


class MatchResult(Code):
    """Answer of the registry for one field."""

    MATCH = "MATCH"
    MISMATCH = "MISMATCH"
    NOT_STATED = "NOT_STATED"
    UNKNOWN = "UNKNOWN"


class BiometricResult(Code):
    """Whether two biometric records are of one person."""

    SAME = "SAME"
    DIFFERENT = "DIFFERENT"
    BORDERLINE = "BORDERLINE"
    UNKNOWN = "UNKNOWN"


class ResidentRegistered(DukcapilEvent):
    """A new NIK. `replaces_nik` when a temporary number gives way; `temporary` only when the registry says so."""

    type: ClassVar[str] = "resident_registered"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik", "replaces_nik")

    nik: Nik
    kk_no: KkNo | None = None
    name: PersonName | None = None
    birth_date: Day | None = None
    mother_name: PersonName | None = None
    desa_code: DesaCode | None = None
    temporary: bool | None = None
    replaces_nik: Nik | None = None
    late_birth_file: bool | None = None
    returned_from_abroad: bool | None = None


class BiodataChanged(DukcapilEvent):
    """An element changed; values travel as digests, a new birth date as a date. The NIK does not follow a corrected date."""

    type: ClassVar[str] = "biodata_changed"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    field: BiodataField
    old_hash: Ref | None = None
    new_hash: Ref | None = None
    new_birth_date: Day | None = None
    court_order_no: Ref | None = None


class NikDeactivated(DukcapilEvent):
    """A NIK is switched off. The half-yearly clean-up (DKB) sometimes removes the wrong one of two."""

    type: ClassVar[str] = "nik_deactivated"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    reason_code: DeactivationReason


class NikReactivated(DukcapilEvent):
    """A NIK is switched on again: it was inactive by mistake, or no longer is."""

    type: ClassVar[str] = "nik_reactivated"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik


class DeathRegistered(DukcapilEvent):
    """A death is recorded. Wrong records happen: the person may stand before you."""

    type: ClassVar[str] = "death_registered"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    died_on: Day | None = None


class DeathCorrected(DukcapilEvent):
    """A death was recorded wrongly: the person lives (correction within 3x24 hours, UU 27/2022 Art. 30)."""

    type: ClassVar[str] = "death_corrected"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik


class HouseholdChanged(DukcapilEvent):
    """A person moves to another family card, by marriage or by moving home; cards of the past still mean family."""

    type: ClassVar[str] = "household_changed"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    kk_no: KkNo
    previous_kk_no: KkNo | None = None


class ResidenceMoved(DukcapilEvent):
    """A person moves home. The NIK keeps the place of first registration."""

    type: ClassVar[str] = "residence_moved"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    desa_code: DesaCode
    previous_desa_code: DesaCode | None = None


class BiometricMatchResult(DukcapilEvent):
    """Two numbers were compared by face or finger: the result only, never a template (specific data, UU 27/2022 Art. 4)."""

    type: ClassVar[str] = "biometric_match_result"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik", "other_nik")

    nik: Nik
    other_nik: Nik
    result: BiometricResult


class HolderVerified(DukcapilEvent):
    """The registry compared the person who stands there with the number's own biometric record."""

    type: ClassVar[str] = "holder_verified"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    result: BiometricResult


class NikVerificationResult(DukcapilEvent):
    """The registry answers a question field by field; it ships no copy of itself."""

    type: ClassVar[str] = "nik_verification_result"
    addressed_to: ClassVar[tuple[str, ...]] = ("nik",)

    nik: Nik
    found: bool
    name: MatchResult = MatchResult.NOT_STATED
    birth_date: MatchResult = MatchResult.NOT_STATED
    mother_name: MatchResult = MatchResult.NOT_STATED
    sex: MatchResult = MatchResult.NOT_STATED
