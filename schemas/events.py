"""Every event of every system, in one tuple."""

from collections.abc import Iterable, Mapping

from schemas import dukcapil, outcomes, peduliwni, polri, simkim_crossings, simkim_passports, sipmi, siskop2mi
from schemas.envelope import Event, System

EVENTS: tuple[type[Event], ...] = (
    simkim_passports.PassportApplicationSubmitted,
    simkim_passports.PassportInterviewCompleted,
    simkim_passports.PassportApplicationDeferred,
    simkim_passports.PassportApplicationRefused,
    simkim_passports.PassportIssued,
    simkim_passports.PassportReplaced,
    simkim_passports.PassportReportedLost,
    simkim_passports.PassportRecovered,
    simkim_passports.PassportWithdrawn,
    simkim_passports.PassportRevoked,
    simkim_passports.PassportSeized,
    simkim_passports.PassportReleased,
    simkim_passports.TravelBanListed,
    simkim_passports.TravelBanLifted,
    simkim_crossings.CrossingAttempted,
    simkim_crossings.CrossingCleared,
    simkim_crossings.DepartureDeferred,
    simkim_crossings.EntryCleared,
    simkim_crossings.ManifestReceived,
    siskop2mi.CpmiRegistered,
    siskop2mi.DocumentVerified,
    siskop2mi.MedicalResult,
    siskop2mi.SocialSecurityRegistered,
    siskop2mi.OppCompleted,
    siskop2mi.BiometricCaptured,
    siskop2mi.EpmiIssued,
    siskop2mi.EpmiRevoked,
    siskop2mi.PlacementCancelled,
    siskop2mi.ContractExtended,
    siskop2mi.ReturnRecorded,
    siskop2mi.ComplaintReceived,
    siskop2mi.PreventedDepartureRecorded,
    siskop2mi.P3miSanctioned,
    sipmi.JobseekerAccountCreated,
    sipmi.CpmiIdIssued,
    sipmi.JobOrderApproved,
    sipmi.RecruitPermitIssued,
    sipmi.PlacementAgreementSigned,
    sipmi.PassportRecommendationIssued,
    sipmi.P3miLicenceChanged,
    dukcapil.ResidentRegistered,
    dukcapil.BiodataChanged,
    dukcapil.NikDeactivated,
    dukcapil.NikReactivated,
    dukcapil.DeathRegistered,
    dukcapil.DeathCorrected,
    dukcapil.HouseholdChanged,
    dukcapil.ResidenceMoved,
    dukcapil.NikVerificationResult,
    dukcapil.BiometricMatchResult,
    dukcapil.HolderVerified,
    peduliwni.SelfReported,
    peduliwni.ComplaintFiled,
    peduliwni.CaseAssessed,
    peduliwni.SplpIssued,
    peduliwni.RepatriationScheduled,
    peduliwni.RepatriationCompleted,
    peduliwni.CaseClosed,
    polri.PassportSeizedAsEvidence,
    polri.PassportReturned,
    polri.RecruiterListed,
    polri.TppoCaseOpened,
    polri.TppoCaseClosed,
    outcomes.AlertAcknowledged,
    outcomes.AlertTaken,
    outcomes.NoteAdded,
    outcomes.RuleSnoozed,
    outcomes.SecondaryStarted,
    outcomes.OutcomeRecorded,
)


def by_name(events: Iterable[type[Event]]) -> dict[tuple[System, str], type[Event]]:
    """The models by system and type. TypeError when two claim the same name: one of them would never be read."""
    models: dict[tuple[System, str], type[Event]] = {}
    for event in events:
        if models.setdefault((event.system, event.type), event) is not event:
            raise TypeError(f"{event.system}/{event.type} is defined twice")
    return models


MODELS: Mapping[tuple[System, str], type[Event]] = by_name(EVENTS)
"""The model of an event by system and type. `feed_heartbeat` is not here: it belongs to every system (`schemas.heartbeat`)."""
