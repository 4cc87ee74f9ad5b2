"""The whole path on real servers: agency topics, screenings and alerts, feeds; who learns what, and how long it takes."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from schemas.alerts import Alert, Screening, State, Verdict
from schemas.topics import ALERTS, FACTS, IDENTITIES, SCREENINGS
from streams.produce import Record
from streams.publish import heartbeats, record_of
from tests.broker.installation import Got, Installation, metric
from tests.broker.people import Event, Traveller, taken_back
from tests.drills.workers import Worker, until

AWAY = 3.0
FEED_AGE = timedelta(seconds=120)
COUNTER, SUPERVISOR = "COUNTER:A-CGK", "SUPERVISOR:A-CGK"


@dataclass(frozen=True)
class Delay:
    """An attempt that was published while no worker ran: seconds known from outside, and what the histogram says."""

    at_least: float
    at_most: float
    answers: float
    seconds: float
    quick: float


@dataclass
class Told:
    """Five stories, told to one worker."""

    suar: Installation
    worker: Worker
    delay: Delay
    beaten_at: float
    plain: Traveller
    late_permit: Traveller
    passport_later: Traveller
    retraction_first: Traveller
    procedural: Traveller

    @property
    def people(self) -> tuple[Traveller, ...]:
        return (self.plain, self.late_permit, self.passport_later, self.retraction_first, self.procedural)

    def alerts(self, who: Traveller) -> list[Alert]:
        """Every revision, in the order of the log."""
        return [Alert.model_validate_json(one.value) for one in _of(self.suar.read(ALERTS), who.alert_id)]

    def screenings(self, who: Traveller) -> list[Screening]:
        """Every revision, the newest last: a document's and a person's last words may cross on the log."""
        found = [Screening.model_validate_json(one.value) for one in _of(self.suar.read(SCREENINGS), who.crossing)]
        return sorted(found, key=lambda one: one.revision)

    def entries(self, feed: str, who: Traveller) -> list[dict[str, object]]:
        """What a feed was told about somebody's alert."""
        found = [msgspec.json.decode(entry) for entry in self.suar.entries(feed)]
        return [one for one in found if one.get("alert_id") == who.alert_id]


def _of(records: list[Got], key: str) -> list[Got]:
    return [one for one in records if one.key == key.encode()]


def _publish(suar: Installation, *events: Event) -> None:
    suar.publish([record_of(event) for event in events])
    suar.settle()


@pytest.fixture(scope="module")
def told(suar: Installation) -> Told:
    people = [Traveller() for _ in range(5)]
    plain, late_permit, passport_later, retraction_first, procedural = people
    beaten_at = time.time()
    suar.publish(heartbeats(datetime.now(UTC) - FEED_AGE))
    suar.publish([record_of(plain.issued()), record_of(plain.applied())])

    appended = time.time()
    suar.publish([record_of(plain.attempted())])
    published = time.time()
    until(lambda: time.time() - published >= AWAY, "the worker was away")
    at_least = time.time() - published
    worker = suar.ready_worker()
    suar.settle()
    until(lambda: metric(worker, "suar_end_to_end_seconds_count") > 0, "the attempt is answered")
    delay = Delay(
        at_least,
        time.time() - appended,
        answers=metric(worker, "suar_end_to_end_seconds_count"),
        seconds=metric(worker, "suar_end_to_end_seconds_sum"),
        quick=metric(worker, "suar_end_to_end_seconds_bucket", le="2.0"),
    )
    told = Told(suar, worker, delay, beaten_at, *people)

    # What is published together may cross, as topics do; what is in the next line comes after it.
    _publish(suar, *(who.issued() for who in (late_permit, retraction_first, procedural)))
    _publish(suar, taken_back(retraction_first.permitted()), procedural.permitted())
    _publish(suar, late_permit.attempted(), passport_later.attempted(), retraction_first.permitted())
    _publish(suar, late_permit.permitted(), passport_later.issued())
    _publish(suar, retraction_first.attempted(), procedural.attempted())
    return told


def test_work_visa_without_permit_alerts(told: Told) -> None:
    [alert] = told.alerts(told.plain)
    assert (alert.state, alert.severity.name) == (State.RAISED, "HIGH")
    assert [one.rule for one in alert.indications] == ["work_visa_without_epmi"]
    *_, screening = told.screenings(told.plain)  # its passport, on another topic, may come after it
    assert (screening.verdict, screening.alert_id) == (Verdict.ALERT, told.plain.alert_id)


def test_procedural_worker_passes(told: Told) -> None:
    assert told.alerts(told.procedural) == []
    assert [one.verdict for one in told.screenings(told.procedural)] == [Verdict.NOTHING_FOUND]


def test_late_permit_withdraws(told: Told) -> None:
    raised, withdrawn = told.alerts(told.late_permit)
    assert (raised.state, withdrawn.state) == (State.RAISED, State.WITHDRAWN)
    assert withdrawn.revision > raised.revision
    first, last = told.screenings(told.late_permit)
    assert (first.verdict, last.verdict) == (Verdict.ALERT, Verdict.NOTHING_FOUND)
    assert last.revision > first.revision


def test_crossing_before_its_passport(told: Told) -> None:
    first, *_, last = told.screenings(told.passport_later)
    assert (first.verdict, first.reason) == (Verdict.UNDETERMINED, "identity_unknown")
    assert last.verdict is Verdict.ALERT
    assert last.revision > first.revision
    assert [one.state for one in told.alerts(told.passport_later)] == [State.RAISED]


def test_retraction_before_what_it_takes_back(told: Told) -> None:
    [alert] = told.alerts(told.retraction_first)
    assert alert.state is State.RAISED
    assert [one.verdict for one in told.screenings(told.retraction_first)] == [Verdict.ALERT]


def test_feed_holds_each_revision_once(told: Told) -> None:
    for feed in (COUNTER, SUPERVISOR):
        assert [one["state"] for one in told.entries(feed, told.plain)] == ["RAISED"]
        assert [one["state"] for one in told.entries(feed, told.late_permit)] == ["RAISED", "WITHDRAWN"]
        assert told.entries(feed, told.procedural) == []
    answers = [msgspec.json.decode(entry) for entry in told.suar.entries("SCREENING:A-CGK")]
    by_crossing = [(one["crossing_id"], one["revision"]) for one in answers]
    assert len(by_crossing) == len(set(by_crossing))
    newest = {who.crossing: told.screenings(who)[-1].revision for who in told.people}
    assert {crossing: revision for crossing, revision in sorted(by_crossing) if crossing in newest} == newest


def test_open_index_holds_what_stands(told: Told) -> None:
    standing = {who.alert_id for who in (told.plain, told.passport_later, told.retraction_first)}
    for feed in (COUNTER, SUPERVISOR):
        assert told.suar.open(feed) == standing
    assert told.suar.open("SCREENING:A-CGK") == set()


def test_counter_sees_no_rule_and_no_evidence(told: Told) -> None:
    entries = told.suar.entries(COUNTER)
    assert entries
    alert = told.alerts(told.plain)[0]
    hidden = [alert.indications[0].rule, alert.indications[0].why.en, alert.subject, alert.evidence[-1].event_id]
    for entry in entries:
        assert not {"indications", "evidence", "subject", "trace_id"} & set(msgspec.json.decode(entry))
        assert [text for text in hidden if text.encode() in entry] == []
    [shown] = told.entries(SUPERVISOR, told.plain)
    assert shown["indications"]
    assert shown["evidence"]


def _standing_twice(told: Told) -> Record:
    [alert] = _of(told.suar.read(ALERTS), told.plain.alert_id)
    return Record(ALERTS.name, alert.key or b"", alert.value)


def test_br101_same_alert_twice_shows_once(told: Told) -> None:
    before = told.suar.entries(SUPERVISOR)
    told.suar.publish([_standing_twice(told)])
    told.suar.settle()
    assert told.suar.entries(SUPERVISOR) == before
    assert told.plain.alert_id in told.suar.open(SUPERVISOR)


def test_br100_no_withdrawal_of_what_was_never_delivered(told: Told) -> None:
    stranger = Traveller()
    withdrawn = told.alerts(told.late_permit)[-1].model_copy(update={"alert_id": stranger.alert_id})
    before = told.suar.entries(SUPERVISOR)
    told.suar.publish([Record(ALERTS.name, stranger.alert_id.encode(), withdrawn.model_dump_json().encode())])
    told.suar.settle()
    assert told.suar.entries(SUPERVISOR) == before
    assert stranger.alert_id not in told.suar.open(SUPERVISOR)


def test_no_identifier_behind_admission(told: Told) -> None:
    secrets = [secret for who in told.people for secret in who.secrets]
    places = {
        f"{one.topic} {part}": text
        for number, one in enumerate(told.suar.read(FACTS, ALERTS, SCREENINGS, IDENTITIES))
        for part, text in (
            (f"key {number}", one.key),
            (f"value {number}", one.value),
            (f"headers {number}", _headers(one)),
        )
    }
    places |= {f"redis {name!r}": told.suar.redis.dump(name) for name in told.suar.redis.scan_iter()}
    places |= {f"redis key {name!r}": name for name in told.suar.redis.scan_iter()}
    places["log"] = told.worker.log.read_bytes()
    assert len(places) > 100
    found = [place for place, text in places.items() if any(secret in (text or b"") for secret in secrets)]
    assert [place.split()[0] for place in found] == []


def _headers(record: Got) -> bytes:
    return b" ".join(name.encode() + b"=" + (value or b"") for name, value in record.headers)


def test_end_to_end_says_the_known_delay(told: Told) -> None:
    """One answer, or two when the attempt overtook the passport on its own topic."""
    delay = told.delay
    assert delay.answers in {1, 2}
    assert delay.quick == 0
    assert AWAY <= delay.at_least <= delay.seconds / delay.answers <= delay.at_most


def test_lag_is_nothing_when_all_is_folded(told: Told) -> None:
    until(lambda: metric(told.worker, "suar_lag_records") == 0, "the gauge says what settled")
    assert b'suar_lag_records{partition="11",topic="suar.facts"}' in (told.worker.ask("/metrics") or b"")


def test_feed_age_is_that_of_the_heartbeats_and_grows(told: Told) -> None:
    """A silent feed is what the gauge is for: it must not stand still when nobody speaks any more."""

    def age() -> float:
        return metric(told.worker, "suar_feed_age_seconds", source="siskop2mi")

    first = age()
    assert FEED_AGE.total_seconds() <= first <= FEED_AGE.total_seconds() + time.time() - told.beaten_at
    until(lambda: age() > first, "the age of a silent feed grows", limit=10)


def test_rejections_are_counted_by_reason(told: Told) -> None:
    naive = Traveller().attempted() | {"time": "2026-11-20T10:00:00"}
    _publish(told.suar, naive)
    count = metric(told.worker, "suar_rejected_total", topic="simkim.crossings", reason="naive_time")
    assert count == 1
    assert metric(told.worker, "suar_records_total", topic="simkim.crossings", outcome="rejected") == 1
