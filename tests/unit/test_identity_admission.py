"""What admission does with numbers and names of people: keyed, comparable, and never in clear."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.facts import Fact, decode, encode
from schemas.identity import Identifier, SubjectKind, kind_of, pseudonym
from schemas.names import Verdict, compare_sketches, sketch, stored_sketch
from schemas.topics import BY_NAME
from schemas.wire import Admitted, BadRecord, Reason, admit

KEY = b"only for tests: thirty-two bytes"
NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
APPLICATION = {
    "application_no": "APP-1",
    "nik": "9901014501900001",
    "name": "Siti Fiktif Wulandari",
    "mother_name": "Ibu Fiktif",
    "birth_date": "1990-01-05",
    "birth_place": "Kota Fiktif",
    "purpose": "WORK",
    "office_code": "KANIM-1",
}


def _facts(topic: str, kind: str, data: dict[str, Any]) -> list[Fact]:
    source = BY_NAME[topic].system
    assert source is not None
    event = {
        "id": "e1",
        "source": source.value,
        "type": kind,
        "time": NOW.isoformat(),
        "recorded_at": NOW.isoformat(),
        "data": data,
    }
    outcome = admit(json.dumps(event).encode(), topic=BY_NAME[topic], at=NOW, now=NOW, key=KEY)
    assert isinstance(outcome, Admitted)
    return [note.fact for note in outcome.notes]


def _application(**more: object) -> Fact:
    return _facts("simkim.passports", "passport_application_submitted", {**APPLICATION, **more})[0]


def _manifest(*names: str) -> list[Fact]:
    passengers = [{"entry_ref": str(n), "passport_no": f"X100000{n}", "name": name} for n, name in enumerate(names)]
    flight = {
        "carrier": "XX",
        "service_no": "XX-100",
        "checkpoint": "A-CGK",
        "scheduled_at": "2026-03-10T06:00:00+00:00",
        "route": ["CGK", "SIN"],
        "passengers": passengers,
    }
    return _facts("simkim.manifests", "manifest_received", flight)


def test_names_leave_as_sketches_under_their_own_field() -> None:
    fact = _application()
    assert fact.data["name"] == sketch(KEY, "SITI FIKTIF WULANDARI")
    assert fact.data["mother_name"] == sketch(KEY, "IBU FIKTIF")
    assert "birth_place" not in fact.data


def test_no_name_stands_in_clear_in_the_bytes_of_a_fact() -> None:
    for fact in (_application(), *_manifest("FIKTIF/SITI MS", "WULANDARI")):
        text = encode(fact).decode().upper()
        assert not any(word in text for word in ("SITI", "FIKTIF", "WULANDARI", "IBU"))
        assert decode(encode(fact)) == fact


def test_names_of_two_agencies_compare_after_admission() -> None:
    passenger, other = _manifest("WULANDARI<<SITI<FIKTIF", "ANI FIKTIF")
    registered = _facts(
        "dukcapil.registry", "resident_registered", {"nik": "9901014501900001", "name": "ST FIKTIF WOELANDARI"}
    )[0]
    name = stored_sketch(registered.data.get("name"))
    for said in (passenger, _application()):
        assert compare_sketches(stored_sketch(said.data.get("name")), name).verdict is Verdict.SAME
    assert compare_sketches(stored_sketch(other.data.get("name")), name).verdict is Verdict.DIFFERENT


def test_br026_a_stand_in_for_a_name_is_left_out() -> None:
    fact = _application(name="FNU LNU", mother_name="-")
    assert "name" not in fact.data
    assert compare_sketches(stored_sketch(fact.data.get("name")), []).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("name", ["Suharto", "Sukarno", "Ani"])
def test_br019_a_single_name_is_admitted(name: str) -> None:
    assert len(stored_sketch(_application(name=name).data["name"])) == 1


def test_br001_a_placeholder_is_kept_marked_and_keyed_by_nobody() -> None:
    fact = _application(nik="0000000000000000", kk_no="1111111111111111")
    assert fact.data["nik_unusable"] is fact.data["kk_no_unusable"] is True
    assert {kind_of(one) for one in fact.to} == {SubjectKind.UNKEYED}  # type: ignore[arg-type]  # subjects are strings on the wire


def test_br005_a_rounded_nik_goes_to_quarantine_by_name() -> None:
    with pytest.raises(BadRecord) as refused:
        _application(nik="9901014501900000")
    assert (refused.value.reason, refused.value.where) == (Reason.NIK_ROUNDED, "nik")


def test_br031_the_same_digits_as_nik_and_as_family_card_are_two_keys() -> None:
    fact = _application(kk_no=APPLICATION["nik"])
    assert fact.data["nik"] != fact.data["kk_no"]
    assert fact.data["nik"] == pseudonym(KEY, Identifier("dukcapil", "nik", str(APPLICATION["nik"])))


def test_br032_two_travellers_with_one_name_are_two() -> None:
    one, other = _manifest("SITI FIKTIF", "SITI FIKTIF")
    assert one.data["name"] == other.data["name"]
    assert not set(one.to) & set(other.to)


def test_br034_siblings_stay_two_whatever_they_share() -> None:
    one = _application(name="RIZKI FIKTIF", kk_no="9901010101150001")
    other = _application(name="RATNA FIKTIF", kk_no="9901010101150001", nik="9901014501920001")
    assert one.data["kk_no"] == other.data["kk_no"]
    assert not set(one.to) & set(other.to)
    assert (
        compare_sketches(stored_sketch(one.data["name"]), stored_sketch(other.data["name"])).verdict
        is Verdict.DIFFERENT
    )
