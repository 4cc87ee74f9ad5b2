"""What agencies seal: read as other people's libraries write it, by key id, and refused by name when it cannot be."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import OKPKey
from pydantic import SecretStr

from schemas.topics import BY_NAME, HEARTBEAT
from schemas.wire import MAX_EVENT_BYTES, SEALED, Admitted, BadRecord, Heartbeat, Reason, admit, is_sealed
from streams.jose import EventOpener, EventSealer, event_pair, key_id, public_jwk
from streams.publish import records_of, sealed
from streams.settings import SettingsError

KEY = b"only for tests: thirty-two bytes"
NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
TOPIC = BY_NAME["simkim.passports"]
PRIVATE, PUBLIC = event_pair()
NIK, PASSPORT = "9901014501900001", "X1234567"
ISSUED = {"passport_no": PASSPORT, "nik": NIK, "issued_on": "2026-01-01", "office_code": "KANIM-1"}
EVENT = {
    "id": "p1",
    "source": "simkim",
    "type": "passport_issued",
    "time": NOW.isoformat(),
    "recorded_at": NOW.isoformat(),
    "data": ISSUED,
}
OPENER = EventOpener(SecretStr(PRIVATE))
THEIRS = jwe.JWERegistry(algorithms=["ECDH-ES", "A256GCM", "A128GCM", "DEF"])


def _admit(event: dict[str, Any] | bytes, opener: EventOpener = OPENER) -> Any:
    value = event if isinstance(event, bytes) else json.dumps(event).encode()
    return admit(value, topic=TOPIC, at=NOW, now=NOW, key=KEY, unseal=opener.open)


def _refused(event: dict[str, Any] | bytes, opener: EventOpener = OPENER) -> tuple[Reason, str]:
    with pytest.raises(BadRecord) as refused:
        _admit(event, opener)
    assert not {NIK, PASSPORT} & set(str(refused.value).split())
    return refused.value.reason, refused.value.where


def _with(jose: str) -> dict[str, Any]:
    return {**EVENT, "datacontenttype": SEALED, "data": jose}


def _theirs(header: dict[str, Any], data: object = ISSUED) -> str:
    key = OKPKey.import_key(json.loads(public_jwk(PUBLIC)))
    whole = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": key_id(bytes.fromhex(PUBLIC)), **header}
    return jwe.encrypt_compact(whole, json.dumps(data).encode(), key, registry=THEIRS)


def test_sealed_and_in_clear_are_the_same_facts() -> None:
    clear = json.dumps(EVENT).encode()
    box = sealed(clear, EventSealer(PUBLIC))
    assert not any(text.encode() in box for text in (NIK, PASSPORT))
    assert isinstance(_admit(clear), Admitted)
    assert _admit(box) == _admit(clear)


def test_what_another_library_seals_is_read() -> None:
    assert _admit(_with(_theirs({}))) == _admit(EVENT)
    parties = {"apu": "U0lNS0lN", "apv": "U1VBUg"}
    assert _admit(_with(_theirs(parties))) == _admit(EVENT)


def test_another_library_reads_what_we_seal() -> None:
    raw = bytes.fromhex(PRIVATE)
    jwk = {**json.loads(public_jwk(PUBLIC)), "d": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}
    found = jwe.decrypt_compact(EventSealer(PUBLIC).seal(b"{}"), OKPKey.import_key(jwk), registry=THEIRS)
    assert found.plaintext == b"{}"
    assert found.protected["kid"] == jwk["kid"]


def test_keys_turn_without_loss() -> None:
    private, public = event_pair()
    old, new = (_with(EventSealer(one).seal(json.dumps(ISSUED).encode())) for one in (PUBLIC, public))
    both = EventOpener(SecretStr(f"{private}, {PRIVATE}"))
    assert _admit(old, both) == _admit(new, both) == _admit(EVENT)
    assert _refused(new) == (Reason.CANNOT_BE_OPENED, "kid")
    assert _refused(old, EventOpener(None)) == (Reason.CANNOT_BE_OPENED, "kid")
    assert not EventOpener(None).able


@pytest.mark.parametrize(
    ("header", "where"), [({"enc": "A128GCM"}, "header"), ({"zip": "DEF"}, "header"), ({"kid": "00000000"}, "kid")]
)
def test_nothing_else_is_read(header: dict[str, Any], where: str) -> None:
    assert _refused(_with(_theirs(header))) == (Reason.CANNOT_BE_OPENED, where)


def test_a_change_on_the_way_is_noticed() -> None:
    box = EventSealer(PUBLIC).seal(b"{}")
    header, _, nonce, text, tag = box.split(".")
    for spoilt in (
        "",
        header,
        f"{header}.AAAA.{nonce}.{text}.{tag}",
        f"{header}..{nonce}.{text}A.{tag}",
        f"{header}..{nonce}.{text}.{tag[::-1]}",
        f"{header}..{nonce[:-4]}.{text}.{tag}",
        f"{header}..{nonce}.{text}.{tag[:8]}",
        f"{header}..{nonce}.é.{tag}",
        f"{header}==..{nonce}.{text}.{tag}",
        f"e30..{nonce}.{text}.{tag}",
        f"{'A' * 5000}..{nonce}.{text}.{tag}",
    ):
        assert _refused(_with(spoilt))[0] is Reason.CANNOT_BE_OPENED


def test_zeros_are_nobodys_key() -> None:
    zeros = {"kty": "OKP", "crv": "X25519", "x": "A" * 43}
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": key_id(bytes.fromhex(PUBLIC)), "epk": zeros}
    text = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    assert _refused(_with(f"{text}..{'A' * 16}.AAAA.{'A' * 22}")) == (Reason.CANNOT_BE_OPENED, "")
    with pytest.raises(SettingsError, match="SUAR_EVENT_SEAL: no public key"):
        EventSealer("00" * 32)


def test_what_is_inside_is_judged_as_in_clear() -> None:
    sealer = EventSealer(PUBLIC)
    for data in (b"", b"[]", b'{"nik": 1}', b"\xff", b'{"nik":"1"},"source":"polri"', b'{"a":1}'):
        in_clear = {**EVENT, "data": "?"}
        raw = json.dumps(in_clear).encode().replace(b'"?"', data)
        assert _refused(_with(sealer.seal(data)))[0] in {Reason.NOT_UTF8, Reason.NOT_JSON, *_reasons(raw)}


def _reasons(raw: bytes) -> set[Reason]:
    try:
        _admit(raw)
    except BadRecord as bad:
        return {bad.reason}
    return set()


def test_no_text_is_no_jwe() -> None:
    assert _refused({**EVENT, "datacontenttype": SEALED}) == (Reason.WRONG_VALUE, "data")


def test_a_heartbeat_is_read_as_it_is() -> None:
    beat = {**EVENT, "type": HEARTBEAT, "data": {"complete_up_to": NOW.isoformat()}}
    assert isinstance(_admit({**beat, "datacontenttype": SEALED}), Heartbeat)
    assert all(b"complete_up_to" in (one.value or b"") for one in records_of(beat, EventSealer(PUBLIC)))


def test_without_a_key_the_envelope_is_judged() -> None:
    def told(**changes: object) -> bool:
        value = sealed(json.dumps({**EVENT, **changes}).encode(), EventSealer(PUBLIC))
        return is_sealed(value, topic=TOPIC, now=NOW)

    assert told()
    assert not is_sealed(json.dumps(EVENT).encode(), topic=TOPIC, now=NOW)
    for changes in ({"type": "nothing"}, {"time": "yesterday"}, {"source": "polri"}, {"id": NIK}):
        with pytest.raises(BadRecord):
            told(**changes)


def test_a_manifest_may_be_as_large_as_in_clear() -> None:
    text = "x" * (MAX_EVENT_BYTES - 200)
    event = sealed(json.dumps({**EVENT, "data": {**ISSUED, "office_code": text}}).encode(), EventSealer(PUBLIC))
    assert len(event) > MAX_EVENT_BYTES
    assert _refused(event)[0] is not Reason.TOO_LARGE
    more = sealed(json.dumps({**EVENT, "data": {**ISSUED, "office_code": text * 2}}).encode(), EventSealer(PUBLIC))
    assert _refused(more) == (Reason.TOO_LARGE, "")


def test_what_is_sealed_already_stays_as_it_is() -> None:
    sealer = EventSealer(PUBLIC)
    once = records_of(EVENT, sealer)[0]
    assert json.loads(records_of(json.loads(once.value or b""), sealer)[0].value or b"") == json.loads(
        once.value or b""
    )


def test_a_sealer_takes_another_passing_key_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.jose.TEXTS_OF_A_KEY", 2)
    sealer = EventSealer(PUBLIC)
    boxes = [sealer.seal(b"{}") for _ in range(5)]
    assert len({box.partition(".")[0] for box in boxes}) == 3
    assert [OPENER.open(box) for box in boxes] == [b"{}"] * 5


@given(st.text(max_size=300))
def test_any_text_opens_or_is_refused(text: str) -> None:
    with pytest.raises(BadRecord):
        OPENER.open(text)


@pytest.mark.parametrize("text", ["5a", "zz" * 32, "5a" * 31])
def test_a_key_that_is_none_is_told_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match="SUAR_EVENT_SEAL"):
        EventSealer(text)
    with pytest.raises(SettingsError, match="SUAR_EVENT_KEY"):
        EventOpener(SecretStr(text))
