"""The edge: every record is admitted whole or refused by name, and a refusal repeats nothing of the record."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.facts import Note
from schemas.identity import Identifier, SubjectKind, kind_of, pseudonym
from schemas.topics import BY_NAME
from schemas.wire import MAX_EVENT_BYTES, Admitted, BadRecord, Heartbeat, Outcome, Reason, Tombstone, admit

KEY = b"only for tests: thirty-two bytes"
NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
NIK = "9901014501900001"
PASSPORT = "X1234567"
ISSUED = {"passport_no": PASSPORT, "nik": NIK, "issued_on": "2026-01-01", "office_code": "KANIM-1"}
ATTEMPT = {
    "crossing_id": "CR-1",
    "checkpoint": "A-CGK",
    "lane": "COUNTER",
    "direction": "OUT",
    "passport_no": PASSPORT,
}


def _event(data: object = ISSUED, **more: object) -> dict[str, Any]:
    return {
        "id": "p1",
        "source": "simkim",
        "type": "passport_issued",
        "time": NOW.isoformat(),
        "recorded_at": NOW.isoformat(),
        "data": data,
        **more,
    }


def _bytes(event: object) -> bytes:
    return json.dumps(event).encode()


def _admit(value: bytes | None, topic: str = "simkim.passports") -> Outcome:
    return admit(value, topic=BY_NAME[topic], at=NOW, now=NOW, key=KEY)


def _notes(event: dict[str, Any], topic: str = "simkim.passports") -> tuple[Note, ...]:
    found = _admit(_bytes(event), topic)
    assert isinstance(found, Admitted)
    return found.notes


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in _event().items() if key != name}


def _later(seconds: int) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat()


REFUSED: list[tuple[str, object, Reason, str]] = [
    ("five megabytes", b" " * (5 * 1024 * 1024), Reason.TOO_LARGE, ""),
    ("one byte too many", b" " * (MAX_EVENT_BYTES + 1), Reason.TOO_LARGE, ""),
    ("UTF-16", json.dumps(_event()).encode("utf-16"), Reason.NOT_UTF8, ""),
    ("Latin-1", b'{"id": "caf\xe9"}', Reason.NOT_UTF8, ""),
    ("bytes of nothing", b"\xff\xfe\xfd", Reason.NOT_UTF8, ""),
    ("an empty value", b"", Reason.NOT_JSON, ""),
    ("cut off in the middle", _bytes(_event())[:-40], Reason.NOT_JSON, ""),
    ("two records in one", _bytes(_event()) * 2, Reason.NOT_JSON, ""),
    ("a deep nest", b'{"data": ' + b"[" * 100_000, Reason.NOT_JSON, "too deep"),
    ("a list", b"[]", Reason.NOT_AN_EVENT, ""),
    ("a number", b"9901014501900001", Reason.NOT_AN_EVENT, ""),
    ("an unknown field", _event(remark="x"), Reason.UNKNOWN_FIELD, "remark"),
    ("a NIK as a field", _event(**{NIK: "x"}), Reason.UNKNOWN_FIELD, ""),
    ("an unknown field in data", _event({**ISSUED, "remark": "x"}), Reason.UNKNOWN_FIELD, "remark"),
    ("a NIK as a field in data", _event({**ISSUED, NIK: "x"}), Reason.UNKNOWN_FIELD, ""),
    ("no id", _without("id"), Reason.MISSING_FIELD, "id"),
    ("no data", _without("data"), Reason.MISSING_FIELD, "data"),
    ("no passport", _event({"nik": NIK}), Reason.MISSING_FIELD, "passport_no"),
    ("a number as id", _event(id=1), Reason.WRONG_VALUE, "id"),
    ("a blank id", _event(id=""), Reason.WRONG_VALUE, "id"),
    ("digits that are no date", _event({**ISSUED, "birth_date": "0"}), Reason.WRONG_VALUE, "birth_date"),
    ("a wrong checkpoint date", _event({**ISSUED, "issued_on": "31/12/2026"}), Reason.WRONG_VALUE, "issued_on"),
    ("data that is a list", _event([]), Reason.WRONG_VALUE, ""),
    ("a NIK as a number", _event({**ISSUED, "nik": int(NIK)}), Reason.NIK_NOT_TEXT, "nik"),
    ("a NIK as a float", _event({**ISSUED, "nik": 9.901014501900001e15}), Reason.NIK_NOT_TEXT, "nik"),
    ("a NIK from a spreadsheet", _event({**ISSUED, "nik": "9.90101450190000E+15"}), Reason.NIK_ROUNDED, "nik"),
    ("a naive time", _event(time="2026-03-10T03:00:00"), Reason.NAIVE_TIME, "time"),
    ("a naive recording", _event(recorded_at="2026-03-10T03:00:00"), Reason.NAIVE_TIME, "recorded_at"),
    ("five minutes and a second ahead", _event(time=_later(301)), Reason.FUTURE_TIME, "time"),
    ("recorded tomorrow", _event(recorded_at=_later(86400)), Reason.FUTURE_TIME, "recorded_at"),
    ("a time beyond the calendar", _event(time="9999-12-31T23:59:59-12:00"), Reason.WRONG_VALUE, "time"),
    ("an unknown source", _event(source="another"), Reason.UNKNOWN_SOURCE, ""),
    ("an unknown type", _event(type="passport_dreamt"), Reason.UNKNOWN_TYPE, ""),
    ("another system's source", _event(source="polri"), Reason.WRONG_TOPIC, "source"),
    ("another topic's type", _event(ATTEMPT, type="crossing_attempted"), Reason.WRONG_TOPIC, "type"),
    (
        "sealed, and no key",
        _event("eyJh..a.b.c", datacontenttype="application/jose"),
        Reason.CANNOT_BE_OPENED,
        "kid",
    ),
    ("sealed, and no text", _event(datacontenttype="application/jose"), Reason.WRONG_VALUE, "data"),
    ("a version to come", _event(schema_version=2), Reason.UNSUPPORTED_VERSION, ""),
    ("CloudEvents 0.3", _event(specversion="0.3"), Reason.UNSUPPORTED_VERSION, ""),
    ("a NIK as id", _event(id=f"p-{NIK}"), Reason.IDENTIFIER_IN_REFERENCE, "id"),
    ("a NIK in a retraction", _event(retracts=NIK), Reason.IDENTIFIER_IN_REFERENCE, "retracts"),
    ("the passport number as id", _event(id=f"p-{PASSPORT}"), Reason.IDENTIFIER_IN_REFERENCE, ""),
    (
        "the passport number in a reference",
        _event({**ISSUED, "application_no": f"APP/{PASSPORT}"}),
        Reason.IDENTIFIER_IN_REFERENCE,
        "",
    ),
]


@pytest.mark.parametrize(("value", "reason", "where"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_by_name(value: object, reason: Reason, where: str) -> None:
    """Each broken record has its reason, and the place when it is a field of the contract."""
    with pytest.raises(BadRecord) as refused:
        _admit(value if isinstance(value, bytes) else _bytes(value))
    assert (refused.value.reason, refused.value.where) == (reason, where)


def test_every_reason_has_an_example() -> None:
    """A reason that nothing reaches is a reason that nobody tested."""
    assert {row[2] for row in REFUSED} == set(Reason)


def test_a_naive_time_inside_data() -> None:
    """A departure time without an offset is as useless as an event time without one."""
    with pytest.raises(BadRecord) as refused:
        _admit(
            _bytes(_event({**ATTEMPT, "scheduled_at": "2026-03-10T03:00:00"}, type="crossing_attempted")),
            "simkim.crossings",
        )
    assert (refused.value.reason, refused.value.where) == (Reason.NAIVE_TIME, "scheduled_at")


@pytest.mark.parametrize("seconds", [-86400, 0, 299, 300])
def test_br043_a_clock_may_run_ahead_by_five_minutes(seconds: int) -> None:
    """Up to and including the limit."""
    assert _notes(_event(time=_later(seconds), recorded_at=_later(seconds)))


def test_br077_a_tombstone_is_a_valid_message() -> None:
    """A null value is admitted and says nothing."""
    assert _admit(None) == Tombstone()


def test_a_heartbeat_is_no_fact() -> None:
    """It tells how far the partition is complete, and must not tell the future."""
    beat = _event({"complete_up_to": "2026-03-10T10:00:00+07:00"}, type="feed_heartbeat")
    found = _admit(_bytes(beat))
    assert isinstance(found, Heartbeat)
    assert found.complete_up_to == NOW
    with pytest.raises(BadRecord) as refused:
        _admit(_bytes(_event({"complete_up_to": _later(301)}, type="feed_heartbeat")))
    assert refused.value.reason is Reason.FUTURE_TIME


def test_br097_an_unknown_code_is_kept_and_counted() -> None:
    """A value of a list that we do not know becomes UNKNOWN; the event goes on."""
    found = _admit(_bytes(_event({**ISSUED, "passport_type": "HOLOGRAM"})))
    assert isinstance(found, Admitted)
    assert found.unknown_codes == 1
    assert {note.fact.data["passport_type"] for note in found.notes} == {"UNKNOWN"}


def test_no_identifier_leaves_admission_in_clear() -> None:
    """The fact goes to person and document under pseudonyms, with its times in UTC."""
    notes = _notes(_event(time="2026-03-10T10:00:00+07:00"))
    assert {kind_of(note.subject) for note in notes} == {SubjectKind.PERSON, SubjectKind.DOCUMENT}
    for note in notes:
        assert NIK not in repr(note)
        assert PASSPORT not in repr(note)
        assert note.fact.at == NOW
        assert note.fact.id == "simkim/p1"
    assert notes[0].fact.data["nik"] == pseudonym(KEY, Identifier("dukcapil", "nik", NIK))


def test_names_and_addresses_end_at_admission() -> None:
    """What only describes a person is not put on the log."""
    data = {
        "application_no": "APP-1",
        "nik": NIK,
        "name": "Contoh Satu",
        "birth_date": "1990-01-05",
        "birth_place": "Kota Contoh",
        "address": "Jalan Contoh 1",
        "mother_name": "Ibu Contoh",
        "purpose": "WORK",
        "office_code": "KANIM-1",
    }
    [note] = _notes(_event(data, type="passport_application_submitted"))
    assert not re.search("contoh", repr(note), re.IGNORECASE)


def test_br001_a_placeholder_nik_joins_nobody() -> None:
    """The event is kept, marked, and addressed by what is left: the document, or nobody."""
    notes = _notes(_event({**ISSUED, "nik": "0000000000000000"}))
    assert [kind_of(note.subject) for note in notes] == [SubjectKind.DOCUMENT]
    assert notes[0].fact.data["nik_unusable"] is True
    lonely = _event({"nik": "1111111111111111"}, source="sipmi", type="jobseeker_account_created")
    [note] = _notes(lonely, "sipmi.recruitment")
    assert kind_of(note.subject) is SubjectKind.UNKEYED


def test_a_manifest_becomes_one_fact_for_each_passenger() -> None:
    """Each to its document, with the flight, and with nothing of the neighbours; the same for what it retracts."""
    manifest = _event(
        {
            "carrier": "XX",
            "service_no": "XX-100",
            "checkpoint": "A-CGK",
            "scheduled_at": "2026-03-10T06:00:00+00:00",
            "route": ["CGK", "SIN"],
            "passengers": [
                {"entry_ref": "1", "passport_no": "X1000001", "name": "CONTOH SATU", "destination": "SGP"},
                {"entry_ref": "2", "passport_no": "X1000002", "name": "CONTOH DUA"},
            ],
        },
        id="m2",
        type="manifest_received",
        retracts="m1",
    )
    one, other = _notes(manifest, "simkim.manifests")
    assert (one.fact.id, other.fact.id) == ("simkim/m2#1", "simkim/m2#2")
    assert (one.fact.retracts, other.fact.retracts) == ("simkim/m1#1", "simkim/m1#2")
    assert one.fact.kind == "manifest_entry"
    assert one.subject != other.subject
    assert one.fact.data["carrier"] == other.fact.data["carrier"] == "XX"
    assert "passengers" not in one.fact.data
    assert "destination" not in other.fact.data
    assert "CONTOH" not in repr((one, other))


def _digits(value: bytes) -> set[str]:
    """Every run of six digits that could be part of a number of somebody."""
    runs = re.findall(r"\d{6,}", value.decode("utf-8", "ignore"))
    return {run[start : start + 6] for run in runs for start in range(len(run) - 5)}


def _only_refused(value: bytes, topic: str = "simkim.passports") -> None:
    """Admitted, or refused in words that repeat nothing; no other exception leaves."""
    bad = _refusal(value, topic)
    if bad is not None:
        assert not any(run in f"{bad} {bad.where} {bad!r}" for run in _digits(value))
        assert bad.__cause__ is None
        assert bad.__suppress_context__ or bad.__context__ is None


def _refusal(value: bytes, topic: str) -> BadRecord | None:
    try:
        _admit(value, topic)
    except BadRecord as bad:
        return bad
    return None


@settings(max_examples=300, deadline=None)
@given(value=st.binary(max_size=300))
def test_any_bytes(value: bytes) -> None:
    """Whatever comes, the worker goes on."""
    _only_refused(value)


@settings(max_examples=300, deadline=None)
@given(
    at=st.integers(0, len(_bytes(_event())) - 1),
    length=st.integers(0, 20),
    put=st.binary(max_size=20),
)
def test_mangled_bytes(at: int, length: int, put: bytes) -> None:
    """A good record with a hole, a patch or a cut."""
    good = _bytes(_event())
    _only_refused(good[:at] + put + good[at + length :])


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from([NIK, int(NIK), PASSPORT, "2026-03-10", NOW.isoformat(), "9" * 400, "\x00", "\ud800"])
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(name=st.sampled_from([*_event(), "retracts", "supersedes", "schema_version", NIK]), value=anything)
def test_mutated_envelopes(name: str, value: object) -> None:
    """Any value in any place of the envelope."""
    _only_refused(_bytes({**_event(), name: value}))


@settings(max_examples=400, deadline=None)
@given(name=st.sampled_from([*ISSUED, "application_no", "passport_type", "birth_date", NIK]), value=anything)
def test_mutated_data(name: str, value: object) -> None:
    """Any value in any place of the data."""
    _only_refused(_bytes(_event({**ISSUED, name: value})))
