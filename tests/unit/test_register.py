"""Who a pseudonym is: told apart at admission, sealed at once, kept newest, and opened by few for a purpose."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from agents.disclosure import PURPOSES, Purpose, purposes
from schemas import wire
from schemas.alerts import OPEN_STATES, Role, State
from schemas.register import Entry, Part, decode, encode, key_of
from schemas.topics import BY_NAME
from streams.keep import KeepFold, blob_of
from streams.sealing import BOXES_OF_A_KEY, Opener, Sealer, pair
from streams.settings import SettingsError

KEY = b"only for tests: thirty-two bytes"
NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
NAME, PASSPORT, NIK = "CONTOH REKAAN", "X1234567", "9901014501900001"
PRIVATE, PUBLIC = pair()


def _admitted(topic: str, source: str, kind: str, data: dict[str, Any]) -> wire.Admitted:
    event = {
        "id": "e1",
        "source": source,
        "type": kind,
        "time": NOW.isoformat(),
        "recorded_at": NOW.isoformat(),
        "data": data,
    }
    found = wire.admit(json.dumps(event).encode(), topic=BY_NAME[topic], at=NOW, now=NOW, key=KEY)
    assert isinstance(found, wire.Admitted)
    return found


def test_an_application_tells_a_name_and_a_manifest_a_name_and_a_document() -> None:
    data = {"application_no": "A1", "nik": NIK, "name": NAME, "birth_date": "1990-01-05", "purpose": "TOURISM"}
    applied = _admitted(
        "simkim.passports", "simkim", "passport_application_submitted", {**data, "office_code": "KANIM-1"}
    )
    assert [(one.part, one.value, one.at) for one in applied.told] == [(Part.NAME, NAME, NOW)]
    assert applied.told[0].subject == applied.notes[0].subject
    manifest = _admitted(
        "simkim.manifests",
        "simkim",
        "manifest_received",
        {
            "service_no": "QZ200",
            "carrier": "QZ",
            "checkpoint": "A-CGK",
            "scheduled_at": NOW.isoformat(),
            "passengers": [
                {"entry_ref": "1", "passport_no": PASSPORT, "name": NAME, "destination": "MYS"},
                {"entry_ref": "2", "passport_no": "X7654321", "destination": "MYS"},
            ],
        },
    )
    assert sorted((one.part.value, one.value) for one in manifest.told) == [
        ("document", "X1234567"),
        ("document", "X7654321"),
        ("name", NAME),
    ]
    assert len({one.subject for one in manifest.told}) == 2


def test_nothing_is_told_on_the_way_of_an_answer_and_no_text_form_says_a_value() -> None:
    attempt = {"crossing_id": "CR-1", "checkpoint": "A-CGK", "lane": "COUNTER", "direction": "OUT"}
    crossing = _admitted(
        "simkim.crossings", "simkim", "crossing_attempted", {**attempt, "passport_no": PASSPORT, "destination": "MYS"}
    )
    assert crossing.told == ()
    issued = _admitted(
        "simkim.passports",
        "simkim",
        "passport_issued",
        {"passport_no": PASSPORT, "nik": NIK, "issued_on": "2026-01-01", "office_code": "KANIM-1"},
    )
    assert {one.part for one in issued.told} == {Part.DOCUMENT}
    assert len(issued.told) == 2, "the person and the document"
    assert PASSPORT not in repr(issued)


def test_a_seal_opens_for_its_key_and_its_owner_alone() -> None:
    sealer, opener = Sealer(PUBLIC), Opener(SecretStr(PRIVATE))
    box = sealer.seal(NAME, "person:1|name")
    assert NAME.encode() not in box
    assert opener.open(box, "person:1|name") == NAME
    assert sealer.seal(NAME, "person:1|name") != box
    assert opener.open(box, "person:2|name") is None
    assert Opener(SecretStr(pair()[0])).open(box, "person:1|name") is None
    for spoilt in (b"", box[:40], box[:-1], box[:-1] + bytes([box[-1] ^ 1]), bytes(len(box))):
        assert opener.open(spoilt, "person:1|name") is None


def test_keys_turn_without_loss() -> None:
    private, public = pair()
    boxes = [Sealer(one).seal(NAME, "k") for one in (PUBLIC, public)]
    both = Opener(SecretStr(f"{private}, {PRIVATE}"))
    assert [both.open(box, "k") for box in boxes] == [NAME, NAME]
    assert [Opener(SecretStr(private)).open(box, "k") for box in boxes] == [None, NAME]
    assert not Opener(None).able
    assert not Opener(SecretStr("")).able


def test_a_sealer_takes_another_passing_key_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.sealing.BOXES_OF_A_KEY", 2)
    sealer, opener = Sealer(PUBLIC), Opener(SecretStr(PRIVATE))
    boxes = [sealer.seal(NAME, "k") for _ in range(5)]
    assert len({box[:36] for box in boxes}) == 3
    assert [opener.open(box, "k") for box in boxes] == [NAME] * 5
    assert BOXES_OF_A_KEY < 2**32


@pytest.mark.parametrize("text", ["5a", "zz" * 32, "5a" * 31])
def test_a_key_that_is_none_is_told_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match="SUAR_IDENTITY_SEAL"):
        Sealer(text)
    with pytest.raises(SettingsError, match="SUAR_IDENTITY_KEY"):
        Opener(SecretStr(text))


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_for_its_purposes_and_no_other(role: Role) -> None:
    stands = purposes([role], State.RAISED.value)
    assert set(stands) == PURPOSES.get(role, frozenset())
    over = purposes([role], State.EXPIRED.value)
    assert set(over) == set(stands) - {Purpose.MEET, Purpose.INTERVIEW}
    assert State.EXPIRED not in OPEN_STATES


def test_counters_coordinators_and_unknown_roles_open_nothing() -> None:
    assert purposes(["COUNTER", "COORDINATOR", "INSPECTORATE", "AGENCY", "VILLAGE"], State.RAISED.value) == ()


def _record(offset: int, key: str, value: bytes | None) -> Any:
    return SimpleNamespace(offset=offset, key=key.encode(), value=value)


async def _kept(before: dict[str, bytes], *records: Any) -> tuple[dict[str, bytes], int]:
    fold = KeepFold()
    names = fold.reads(records)
    done = await fold.fold(records, [before.get(name) for name in names])
    return dict(done.batch.blobs), done.batch.next


def _entry(hours: int) -> bytes:
    return encode(Entry(NOW + timedelta(hours=hours), b"box"))


async def test_the_newest_stays_whatever_order_they_come_in() -> None:
    key = key_of("person:1", Part.NAME)
    name = blob_of(key)
    assert await _kept({}, _record(4, key, _entry(1))) == ({name: _entry(1)}, 5)
    assert await _kept({name: _entry(2)}, _record(5, key, _entry(1))) == ({}, 6)
    assert (await _kept({}, _record(1, key, _entry(2)), _record(2, key, _entry(1))))[0] == {name: _entry(2)}
    assert decode(_entry(2)).sealed == b"box"


async def test_a_tombstone_takes_it_away_and_what_is_no_entry_changes_nothing() -> None:
    key = key_of("document:1", Part.DOCUMENT)
    name = blob_of(key)
    assert (await _kept({name: _entry(2)}, _record(1, key, None)))[0] == {name: b""}
    assert (await _kept({name: _entry(2)}, _record(1, key, None), _record(2, key, _entry(1))))[0] == {name: _entry(1)}
    assert await _kept({}, _record(1, key, b"{"), _record(2, "", None)) == ({"i:": b""}, 3)
