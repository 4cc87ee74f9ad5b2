"""Every topic by name, with who writes it, how long it is kept and what it is for. Names are spelled here and nowhere else."""

from dataclasses import dataclass, field
from datetime import timedelta

from schemas.envelope import System

PARTITIONS = 12
"""One count for all keyed topics, so that a subject's facts meet; workers refuse to start on unequal ones. An installation that
outgrew it has a multiple (`suar topics grow`).
"""
MOST_PARTITIONS = 100 * PARTITIONS
MAX_RECORD_BYTES = 6 * 1024 * 1024
"""What the broker lets in, so that a record too large for us (`wire.MAX_EVENT_BYTES`) is refused with a reason, not lost at the door."""
AGENCY_DAYS = timedelta(days=30)
FACT_DAYS = timedelta(days=1096)
"""The longest rule window: 36 months of earlier exits (rule 1)."""
ALERT_DAYS = timedelta(days=365)
SCREENING_DAYS = timedelta(days=62)
"""A month's indicators are made within the month that follows."""
FORGOTTEN_WITHIN = timedelta(days=1)
"""Until the broker has taken what was replaced or forgotten off its disks (UU 27/2022 Art. 43)."""
AUDIT_DAYS = timedelta(days=1827)
"""Five years of who read what about whom (UU 27/2022 Art. 31)."""


@dataclass(frozen=True)
class Topic:
    """A row of the topics table. `retention` None means compacted: the newest value of each key is kept."""

    name: str
    purpose: str
    retention: timedelta | None
    system: System | None = None
    events: tuple[str, ...] = ()
    partitions: int = PARTITIONS
    """In an installation that has not grown; any other number than the usual one stays."""
    urgent: bool = False
    """Somebody stands at a counter: readers fetch from it without pause. The others may wait a quarter of a second."""
    config: dict[str, str] = field(default_factory=dict)

    @property
    def agreement(self) -> str | None:
        """Id of the data-sharing agreement under which an agency's records come (UU 27/2022 Art. 51 to 53)."""
        return f"suar-dsa-{self.system.value}" if self.system else None

    def settings(self) -> dict[str, str]:
        """The topic's settings as Kafka spells them; start-up compares them with the broker's."""
        kept = (
            {"cleanup.policy": "compact"}
            if self.retention is None
            else {"cleanup.policy": "delete", "retention.ms": str(int(self.retention.total_seconds() * 1000))}
        )
        return {
            **kept,
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": str(MAX_RECORD_BYTES),
            "compression.type": "producer",
            **self.config,
        }


def _agency(name: str, system: System, purpose: str, *events: str, urgent: bool = False) -> Topic:
    return Topic(name, purpose, AGENCY_DAYS, system, events, urgent=urgent)


FACTS = Topic(
    "suar.facts", "every admitted fact and note, keyed by subject: the one log of truth", FACT_DAYS, urgent=True
)
ALERTS = Topic("suar.alerts", "alerts, keyed by alert id; a revision replaces the one before", ALERT_DAYS, urgent=True)
SCREENINGS = Topic(
    "suar.screenings", "the answer to each departure attempt, keyed by crossing", SCREENING_DAYS, urgent=True
)
REJECTED = Topic(
    "suar.rejected",
    "what was refused: original bytes, reason, origin",
    AGENCY_DAYS,
    config={"max.message.bytes": str(MAX_RECORD_BYTES + 1024 * 1024)},
)
POLICY = Topic("suar.policy", "the dated tables that a task force signed", None, partitions=1)
SHADOW = Topic(
    "suar.shadow", "what a policy in the shadow would have said otherwise, keyed by alert id; no identity", AGENCY_DAYS
)
AREAS = Topic("suar.areas", "how many people of a desa or kabupaten, never fewer than three; no identity", None)
DESK = Topic(
    "suar.desk", "silences that coordinators set, keyed by silence id, until somebody lifts them; no identity", None
)
PAGES = Topic("suar.pages", "who was paged about which alert or group, when, and how it ended; no identity", ALERT_DAYS)
AUDIT = Topic("suar.audit", "who read which alert, when and from where, keyed by alert id", AUDIT_DAYS)
SEALS = Topic(
    "suar.seals", "signed seals of the audit log, keyed by its partition; no identity", AUDIT_DAYS, partitions=1
)
CORRECTIONS = Topic(
    "suar.corrections", "requests for correction and their answers, keyed by request; no identity", None, partitions=1
)
STATISTICS = Topic(
    "suar.statistics",
    "the indicators of each month that ended, keyed by month, never of fewer than three people; no identity",
    None,
    partitions=1,
)
"""What is left of alerts and answers when their time has come (UU 27/2022 Art. 42 to 44)."""
IDENTITIES = Topic(
    "suar.identities",
    "who a pseudonym is, sealed for the gateway: the newest name and document, keyed by subject and part",
    None,
    config={
        "cleanup.policy": "compact,delete",
        "retention.ms": str(int(FACT_DAYS.total_seconds() * 1000)),
        "max.compaction.lag.ms": str(int(FORGOTTEN_WITHIN.total_seconds() * 1000)),
    },
)

AGENCY_TOPICS: tuple[Topic, ...] = (
    _agency(
        "simkim.passports",
        System.SIMKIM,
        "passports from application to withdrawal",
        "passport_application_submitted",
        "passport_interview_completed",
        "passport_application_deferred",
        "passport_application_refused",
        "passport_issued",
        "passport_replaced",
        "passport_reported_lost",
        "passport_recovered",
        "passport_withdrawn",
        "passport_revoked",
        "passport_seized",
        "passport_released",
        "travel_ban_listed",
        "travel_ban_lifted",
    ),
    _agency("simkim.manifests", System.SIMKIM, "passengers announced by carriers", "manifest_received"),
    _agency(
        "simkim.crossings",
        System.SIMKIM,
        "attempts, clearances, deferrals and entries at checkpoints",
        "crossing_attempted",
        "crossing_cleared",
        "departure_deferred",
        "entry_cleared",
        urgent=True,
    ),
    _agency(
        "siskop2mi.placements",
        System.SISKOP2MI,
        "placement of migrant workers, from registration to return",
        "cpmi_registered",
        "document_verified",
        "medical_result",
        "social_security_registered",
        "opp_completed",
        "biometric_captured",
        "epmi_issued",
        "epmi_revoked",
        "placement_cancelled",
        "contract_extended",
        "return_recorded",
        "complaint_received",
        "prevented_departure_recorded",
        "p3mi_sanctioned",
    ),
    _agency(
        "sipmi.recruitment",
        System.SIPMI,
        "recruitment: accounts, ids, job orders, agreements, licences",
        "jobseeker_account_created",
        "cpmi_id_issued",
        "job_order_approved",
        "recruit_permit_issued",
        "placement_agreement_signed",
        "passport_recommendation_issued",
        "p3mi_licence_changed",
    ),
    _agency(
        "dukcapil.registry",
        System.DUKCAPIL,
        "changes of the population registry for the numbers under watch",
        "resident_registered",
        "biodata_changed",
        "nik_deactivated",
        "nik_reactivated",
        "death_registered",
        "death_corrected",
        "household_changed",
        "residence_moved",
        "nik_verification_result",
        "biometric_match_result",
        "holder_verified",
    ),
    _agency(
        "peduliwni.cases",
        System.PEDULIWNI,
        "complaints, assessments and repatriations of citizens abroad",
        "self_reported",
        "complaint_filed",
        "case_assessed",
        "splp_issued",
        "repatriation_scheduled",
        "repatriation_completed",
        "case_closed",
    ),
    _agency(
        "polri.cases",
        System.POLRI,
        "seized documents, listed recruiters, open cases",
        "passport_seized",
        "passport_released",
        "recruiter_listed",
        "tppo_case_opened",
        "tppo_case_closed",
    ),
    _agency(
        "checkpoint.outcomes",
        System.CHECKPOINT,
        "what officers and coordinators did with an alert",
        "alert_acknowledged",
        "alert_taken",
        "note_added",
        "rule_snoozed",
        "secondary_started",
        "outcome_recorded",
    ),
)
HEARTBEAT = "feed_heartbeat"
"""Allowed on every agency topic; an agency sends it to each partition."""

TOPICS: tuple[Topic, ...] = (
    *AGENCY_TOPICS,
    FACTS,
    ALERTS,
    SCREENINGS,
    REJECTED,
    POLICY,
    SHADOW,
    AREAS,
    DESK,
    PAGES,
    AUDIT,
    SEALS,
    CORRECTIONS,
    STATISTICS,
    IDENTITIES,
)
BY_NAME = {topic.name: topic for topic in TOPICS}
