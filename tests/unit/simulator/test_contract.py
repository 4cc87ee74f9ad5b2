"""Everything that the simulated agencies say can be admitted, about people who do not exist."""

from collections import Counter
from datetime import datetime
from typing import Any

import msgspec
import pytest

from schemas.envelope import System
from schemas.topics import AGENCY_TOPICS, HEARTBEAT, Topic
from schemas.wire import BadRecord, Reason, admit
from streams.publish import envelope, records_of, topic_of
from streams.simulator.clock import moment
from streams.simulator.faults import Faults
from streams.simulator.scribe import _whole
from tests.unit.simulator.nations import Seen, large, plan, read, small, told

KEY = b"only for tests: thirty-two bytes"
EXPECTED = {
    "passport_application_submitted passport_interview_completed passport_application_deferred passport_application_refused",
    "passport_issued passport_replaced passport_reported_lost manifest_received crossing_attempted crossing_cleared",
    "departure_deferred entry_cleared cpmi_registered document_verified medical_result social_security_registered opp_completed",
    "biometric_captured epmi_issued placement_cancelled contract_extended complaint_received prevented_departure_recorded",
    "jobseeker_account_created cpmi_id_issued job_order_approved recruit_permit_issued placement_agreement_signed",
    "passport_recommendation_issued p3mi_licence_changed resident_registered biodata_changed nik_deactivated death_registered",
    "household_changed residence_moved nik_verification_result self_reported complaint_filed case_assessed splp_issued",
    "repatriation_completed case_closed passport_seized recruiter_listed tppo_case_opened feed_heartbeat",
}


def _topic(event: dict[str, Any]) -> Topic:
    if event["type"] == HEARTBEAT:
        return next(
            topic for topic in AGENCY_TOPICS if topic.system is not None and topic.system.value == event["source"]
        )
    return topic_of(event["source"], event["type"])


def _refused(seen: Seen, each: int = 10_000) -> Counter[str]:
    """Reasons for which admission refuses events, so many of a kind, by the clock of an event file."""
    refused: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    clock = moment(0)
    for event in seen.events:
        if "recorded_at" in event:
            clock = max(clock, datetime.fromisoformat(event["recorded_at"]))
        tried[event["type"]] += 1
        if tried[event["type"]] > each:
            continue
        try:
            admit(msgspec.json.encode(event), topic=_topic(event), at=clock, now=clock, key=KEY)
        except BadRecord as error:
            refused[f"{error} ({event['type']})"] += 1
    return refused


def test_every_event_is_admitted() -> None:
    assert _refused(large(), 400) == Counter()
    assert _refused(small(), 1000) == Counter()


def test_all_kinds_that_matter_occur() -> None:
    expected = {kind for row in EXPECTED for kind in row.split()}
    assert expected <= {event["type"] for event in large().events}


def test_faulty_programs_are_refused_and_no_others() -> None:
    seen = read(told(plan(scale=0.008, faults=Faults(schema_errors=0.05))))
    refused = _refused(seen)
    live = sum(
        event["type"] != HEARTBEAT and event.get("recorded_at", "2026-03-02") >= "2026-03-02" for event in seen.events
    )
    assert 0.03 * live < refused.total() < 0.07 * live
    assert {reason.partition(" ")[0] for reason in refused} >= {
        Reason.UNKNOWN_FIELD.value,
        Reason.MISSING_FIELD.value,
        Reason.NAIVE_TIME.value,
        Reason.NIK_NOT_TEXT.value,
        Reason.WRONG_VALUE.value,
    }


def test_the_envelope_is_the_publishers() -> None:
    data = {"nik": "9901010101900001"}
    mine = _whole("sipmi", "jobseeker_account_created", "j1", (1_772_000_000, 1_772_000_003), data)
    assert mine == envelope(
        System.SIPMI,
        "jobseeker_account_created",
        name="j1",
        time=moment(1_772_000_000),
        recorded_at=moment(1_772_000_003),
        data=data,
    )


def test_an_event_is_told_once() -> None:
    names = Counter((event["source"], event["id"]) for event in large().events)
    assert [name for name, times in names.items() if times > 1] == []


def test_nobody_exists() -> None:
    text = b"\n".join(msgspec.json.encode(event["data"]) for event in large().events)
    people = [data for kind in ("passport_application_submitted", "resident_registered") for data in large().of(kind)]
    wrong = [kind for kind in ("nik", "kk_no") for data in people if not data[kind].startswith("99")]
    assert wrong == []
    assert text.count(b'"+62') == text.count(b'"+6284')
    homes = {data["desa_code"][4:6] for data in people}
    assert homes == {"99"}


def test_no_two_people_share_a_number() -> None:
    passports = {data["passport_no"]: data["nik"] for data in large().of("passport_issued")}
    assert len(passports) == len({data["passport_no"] for data in large().of("passport_issued")})
    owners = Counter((data["passport_no"], data["nik"]) for data in large().of("passport_issued"))
    assert len(owners) == len(passports)


@pytest.mark.parametrize("kind", ["feed_heartbeat"])
def test_a_heartbeat_goes_to_every_partition_of_its_system(kind: str) -> None:
    beat = next(event for event in small().events if event["type"] == kind and event["source"] == "simkim")
    records = records_of(beat)
    assert Counter(record.topic for record in records) == {
        "simkim.passports": 12,
        "simkim.manifests": 12,
        "simkim.crossings": 12,
    }
    assert {record.partition for record in records} == set(range(12))
