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
from schemas.register import Entry, Part, decode, encode, forgotten, key_of
from schemas.topics import BY_NAME, IDENTITIES
from streams.keep import KeepFold, blob_of
from streams.lanes import Folded
from streams.sealing import BOXES_OF_A_KEY, Opener, Sealer, pair
from streams.settings import SettingsError

KEY = b"only for tests: thirty-two bytes"
NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
NAME, PASSPORT, NIK = "CONTOH REKAAN", "X1234567", "9901014501900001"
PRIVATE, PUBLIC = pair()


def _admitted(topic: str, source: str, kind: str, data: dict[str, Any], **more: str) -> wire.Admitted:
    event = {
        "id": "e1",
        "source": source,
        "type": kind,
        "time": NOW.isoformat(),
        "recorded_at": NOW.isoformat(),
        "data": data,
        **more,
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


ISSUED = {"passport_no": PASSPORT, "nik": NIK, "issued_on": "2026-01-01", "office_code": "KANIM-1"}


def test_what_takes_an_event_back_tells_nothing() -> None:
    assert _admitted("simkim.passports", "simkim", "passport_issued", ISSUED, supersedes="e0").told
    assert _admitted("simkim.passports", "simkim", "passport_issued", ISSUED, retracts="e0").told == ()


def test_who_has_no_usable_number_is_kept_under_no_name() -> None:
    data = {"application_no": "A1", "nik": "0" * 16, "name": NAME, "birth_date": "1990-01-05", "purpose": "TOURISM"}
    applied = _admitted(
        "simkim.passports", "simkim", "passport_application_submitted", {**data, "office_code": "KANIM-1"}
    )
    assert [note.subject for note in applied.notes] == ["unkeyed:simkim"]
    assert applied.told == ()


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


def test_a_seal_that_nobody_can_open_is_refused_before_anything_is_sealed() -> None:
    with pytest.raises(SettingsError, match="SUAR_IDENTITY_SEAL: no public key"):
        Sealer("00" * 32)


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_for_its_purposes_and_no_other(role: Role) -> None:
    stands = purposes([role], State.RAISED.value)
    assert set(stands) == PURPOSES.get(role, frozenset())
    over = purposes([role], State.EXPIRED.value)
    assert set(over) == set(stands) - {Purpose.MEET, Purpose.INTERVIEW}
    assert State.EXPIRED not in OPEN_STATES
    assert purposes([role], State.WITHDRAWN.value) == (), "it is nobody's any more"


def test_counters_coordinators_and_unknown_roles_open_nothing() -> None:
    assert purposes(["COUNTER", "COORDINATOR", "INSPECTORATE", "AGENCY", "VILLAGE"], State.RAISED.value) == ()


def _record(offset: int, key: str, value: bytes | None) -> Any:
    return SimpleNamespace(offset=offset, key=key.encode(), value=value)


async def _folded(before: dict[str, bytes], *records: Any, quiet_below: int = 0) -> Folded:
    fold = KeepFold()
    await fold.begin(quiet_below)
    names = fold.reads(records)
    return await fold.fold(records, [before.get(name) for name in names])


async def _kept(before: dict[str, bytes], *records: Any) -> tuple[dict[str, bytes], int]:
    done = await _folded(before, *records)
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


async def test_what_is_forgotten_comes_back_by_no_older_word() -> None:
    key = key_of("person:1", Part.NAME)
    name, gone = blob_of(key), encode(forgotten(NOW))
    for late in (_entry(-1), _entry(0)):
        done = await _folded({name: gone}, _record(7, key, late))
        assert done.batch.blobs == {}
        assert [(one.key, one.value) for one in done.out] == [(key.encode(), gone)], "compaction keeps the last word"
    assert (await _kept({name: _entry(0)}, _record(7, key, gone)))[0] == {name: gone}
    assert (await _kept({name: gone}, _record(7, key, _entry(1))))[0] == {name: _entry(1)}
    assert (await _kept({name: _entry(1)}, _record(7, key, gone)))[0] == {}, "what is new stays"
    assert not (await _folded({name: gone}, _record(8, key, gone))).out, "an answer is not answered"


async def test_a_rebuild_answers_what_came_late_no_second_time() -> None:
    key = key_of("person:1", Part.NAME)
    records = [_record(3, key, _entry(2)), _record(4, key, _entry(1))]
    done = await _folded({}, *records)
    assert [(one.topic, one.value) for one in done.out] == [(IDENTITIES.name, _entry(2))]
    assert not (await _folded({}, *records, quiet_below=5)).out


@pytest.mark.parametrize(
    "value",
    [
        b'{"at":"2026-03-10T03:00:00","sealed":"AA=="}',
        b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b',"at":"2026-03-10T03:00:00Z","sealed":"AA=="}',
        b'{"at":"2026-03-10T03:00:00Z","sealed":"A"}',
        b'{"at":"\xff","sealed":"AA=="}',
        b"[" * 10_000,
        b"\xff",
        b"",
    ],
    ids=["no zone", "deep", "no base64", "no UTF-8", "deeper", "a byte", "nothing"],
)
async def test_what_somebody_else_wrote_stops_nobody(value: bytes) -> None:
    key = key_of("person:1", Part.NAME)
    before = {blob_of(key): _entry(1)}
    good = key_of("person:2", Part.NAME)
    assert await _kept(before, _record(1, key, value), _record(2, good, _entry(1))) == ({blob_of(good): _entry(1)}, 3)
