"""Every metric, in one list that is also its manual. No label ever holds a person, a document or a free text."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)  # start, memory and open files of the program, under their usual names
SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60, 600, 3600)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Line:
    """One metric as the manual shows it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


_MANUAL: list[Line] = []


def _counter(name: str, text: str, *labels: str) -> Counter:
    _MANUAL.append(Line(name, "counter", labels, text))
    return Counter(name, text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    _MANUAL.append(Line(name, "gauge", labels, text))
    return Gauge(name, text, labels, registry=REGISTRY)


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...] = SECONDS) -> Histogram:
    _MANUAL.append(Line(name, "histogram", labels, text))
    return Histogram(name, text, labels, registry=REGISTRY, buckets=buckets)


RECORDS = _counter("suar_records_total", "Records of agency topics, by what became of them", "topic", "outcome")
REJECTED = _counter("suar_rejected_total", "Records refused, by reason", "topic", "reason")
UNKNOWN_CODES = _counter("suar_unknown_codes_total", "Codes that this version does not know, kept as UNKNOWN", "topic")
FACTS = _counter("suar_facts_total", "Facts folded into dossiers, by kind", "kind")
UNREADABLE = _counter(
    "suar_unreadable_facts_total", "Records on suar.facts that are no facts: somebody else wrote there"
)
UNREADABLE_SAID = _counter(
    "suar_unreadable_said_total",
    "Records on suar.alerts and suar.screenings that are neither: somebody else wrote there",
    "topic",
)
NOTES = _counter("suar_notes_total", "Notes from one subject to another, by kind", "kind")
SCREENINGS = _counter("suar_screenings_total", "Answers to departure attempts, by verdict", "verdict")
ALERTS = _counter("suar_alerts_total", "Alert revisions, by severity and state", "severity", "state")
WHYS = _counter("suar_decisions_total", "Decisions to speak or stay quiet, by reason", "why")
DELIVERED = _counter("suar_delivered_total", "Entries put on feeds, by role and what they are", "role", "what")
BUDGET = _gauge(
    "suar_alert_budget_per_thousand",
    "Alerts per 1,000 departures on the checkpoint's newest day, by its own clock",
    "checkpoint",
    "severity",
)
BUDGET_EXCEEDED = _gauge(
    "suar_alert_budget_exceeded", "1 on a day with more alerts than the policy allows", "checkpoint", "severity"
)
POLICY = _gauge("suar_policy_partitions", "Partitions that judge by a policy, by version and use", "version", "use")
SHADOWED = _counter(
    "suar_shadowed_total",
    "Judgements that a policy in the shadow would have made otherwise, by what changes and the rule that makes it",
    "change",
    "rule",
)
AREAS = _counter(
    "suar_areas_total", "Counts published of a desa or kabupaten, by what is counted", "level", "indicator"
)
END_TO_END = _histogram(
    "suar_end_to_end_seconds", "From the broker's append of an attempt to its acknowledged screening"
)
STAGE = _histogram("suar_stage_seconds", "Time of one batch in one stage", "stage", "step")
BATCH = _histogram("suar_batch_records", "Records folded at once", "stage", buckets=SIZES)
DOSSIERS = _counter("suar_dossiers_touched_total", "Dossiers read and written")
LAG = _gauge("suar_lag_records", "Records not yet folded, by topic and partition", "topic", "partition")
FEED_AGE = _gauge(
    "suar_feed_age_seconds",
    "Age of the moment up to which a source is complete; +Inf when it was never heard, so that any limit is passed",
    "source",
)
FENCE_LOST = _counter("suar_fence_lost_total", "Saves that the store refused, by answer", "answer")
GAPS = _counter("suar_gaps_total", "Batches that did not begin where the last ended, and were read again", "stage")
SKIPPED = _counter("suar_retention_skipped_total", "Records that retention removed before they were folded", "topic")
WAITING = _gauge("suar_waiting", "1 while a lane waits for Redis, Kafka or a published policy", "on")
OUTAGES = _counter("suar_outages_total", "Times that a lane began to wait, by what for", "on")
PAUSED = _counter("suar_paused_total", "Times that a full lane paused its partition", "stage")
COMMITS = _counter("suar_commits_total", "Commits to Kafka, by outcome", "outcome")
COMMIT_AGE = _gauge("suar_commit_age_seconds", "Seconds since the last commit to Kafka that went through", "topic")
TICKS = _counter("suar_ticks_total", "Due looks turned into facts, by clock", "clock")
AUDIT_UNSENT = _gauge("suar_audit_unsent_records", "Audit records that wait in this gateway for Kafka")
SEALED = _counter("suar_audit_sealed_total", "Audit records that this sealer sealed")
RETENTION_AT = _gauge(
    "suar_retention_timestamp_seconds", "When it was last made sure that nothing is kept too long, seconds since 1970"
)
DELETED = _counter("suar_retention_deleted_total", "Records deleted when their time had come", "topic")
SEAL_AGE = _gauge("suar_audit_unsealed_seconds", "How long the oldest audit record waits for its seal")
AUDIT_LOST = _counter("suar_audit_lost_total", "Audit records given up because too many waited for Kafka")
INGESTED = _counter(
    "suar_ingested_total", "Events that agencies sent over HTTP, by what became of them", "system", "outcome"
)
SIGN_INS = _counter("suar_sign_ins_total", "Callers that were recognised or not, by how they came", "way", "outcome")
REQUESTS = _counter("suar_feed_requests_total", "Requests that the gateway answered, by route", "route", "status")
REQUEST_SECONDS = _histogram("suar_feed_request_seconds", "Time of a request that is no stream", "route")
STREAMS = _gauge("suar_feed_streams", "Streams that are being read, by role", "role")
LET_GO = _counter("suar_feed_let_go_total", "Streams that were ended because their reader was too slow")
UNREADABLE_ENTRIES = _counter("suar_feed_unreadable_total", "Entries of feeds that are none: somebody else wrote there")
UNOPENED = _counter(
    "suar_feed_unopened_total",
    "Sealed names and documents that no key of this gateway opens, though somebody may see them",
)
COMMANDS = _counter("suar_feed_commands_total", "Commands, by what became of them", "command", "outcome")
CROSSINGS_SENT = _counter("suar_feed_crossings_total", "Attempts handed in, by what became of them", "outcome")
STEP = _histogram(
    "suar_step_seconds",
    "Time to the officer, each step once an alert: event to topic, topic to screen, to acknowledged, to outcome",
    "step",
    "checkpoint",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400),
)
PAGES = _counter(
    "suar_pages_total", "Pages by why they were made, channel and what became of them", "kind", "channel", "result"
)
PAGES_NOT_MADE = _counter(
    "suar_pages_not_made_total", "Alerts that call nobody now, by the reason they came to", "reason"
)
PAGE_SECONDS = _histogram(
    "suar_page_seconds", "From the append of an alert to the first page about it being sent", "severity"
)
UNACKNOWLEDGED = _gauge(
    "suar_unacknowledged_overdue_alerts", "Open alerts that nobody answered for in time, by severity", "severity"
)


def manual() -> Iterator[Line]:
    """Every metric with its labels and meaning, in the order of the path."""
    yield from _MANUAL
