"""Bytes ⇄ contract: reads an agency's record or says by name why it cannot, and turns it into pseudonymous facts."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar, cast

import msgspec
from pydantic import ValidationError

from schemas.envelope import Code, Contract, Event, System
from schemas.events import MODELS
from schemas.facts import Fact, Note
from schemas.heartbeat import FeedHeartbeat
from schemas.identity import Identifies, Subject, SubjectKind, subject
from schemas.marks import Data, markers, pseudonymous
from schemas.register import Told, told
from schemas.topics import HEARTBEAT, Topic

MAX_EVENT_BYTES = 1024 * 1024
"""A manifest of the largest aircraft is under 300 kB."""
MAX_SEALED_BYTES = MAX_EVENT_BYTES * 4 // 3 + 8192
"""What such an event grows to when its data are sealed: base64, and a header."""
MAX_AHEAD = timedelta(minutes=5)
"""How far a publisher's clock may run ahead of ours."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""No system of ours recorded anything before; a year such as 0001 is a missing date, and rule windows would leave the calendar."""
SCHEMA_VERSION = 1


class Reason(StrEnum):
    """Why a record stands in `suar.rejected`."""

    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_EVENT = "not_an_event"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    WRONG_VALUE = "wrong_value"
    NIK_NOT_TEXT = "nik_not_text"
    NIK_ROUNDED = "nik_rounded"
    NAIVE_TIME = "naive_time"
    FUTURE_TIME = "future_time"
    UNKNOWN_SOURCE = "unknown_source"
    UNKNOWN_TYPE = "unknown_type"
    WRONG_TOPIC = "wrong_topic"
    UNSUPPORTED_VERSION = "unsupported_version"
    IDENTIFIER_IN_REFERENCE = "identifier_in_reference"
    CANNOT_BE_OPENED = "cannot_be_opened"
    """Sealed data (`SEALED`) for a key that is not known here (`kid`), or changed on its way."""


class BadRecord(Exception):  # noqa: N818 - it is the record that is bad
    """The record cannot be admitted. `where` names a field of the contract, never a value."""

    def __init__(self, reason: Reason, where: str = "") -> None:
        super().__init__(f"{reason.value}{f' at {where}' if where else ''}")
        self.reason = reason
        self.where = where


SEALED: Final = "application/jose"
"""`datacontenttype` of an event whose `data` is the compact JWE of what it would otherwise be."""
Unseal = Callable[[str], bytes]
"""Opens such data, or raises BadRecord."""


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """CloudEvents 1.0 attributes, structured JSON mode, plus ours."""

    id: str
    source: str
    type: str
    time: datetime
    recorded_at: datetime
    data: msgspec.Raw
    specversion: str = "1.0"
    schema_version: int = SCHEMA_VERSION
    datacontenttype: str = "application/json"
    retracts: str | None = None
    supersedes: str | None = None


@dataclass(frozen=True)
class Admitted:
    """Facts on their way to subjects, and how many codes this version did not know."""

    notes: tuple[Note, ...]
    unknown_codes: int = 0
    told: tuple[Told, ...] = ()
    """In clear, to be sealed at once: who those are that the event is about."""


@dataclass(frozen=True)
class Heartbeat:
    """The publisher has nothing older than `complete_up_to` left to send on this partition."""

    source: System
    complete_up_to: datetime


@dataclass(frozen=True)
class Tombstone:
    """A null value: a valid message that says nothing."""


Outcome = Admitted | Heartbeat | Tombstone
Model = TypeVar("Model", bound=Contract)

_ENVELOPE = msgspec.json.Decoder(Envelope)
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
_LOOKS_LIKE_NIK = re.compile(r"(?<!\d)\d{16}(?!\d)")
_FIELD = re.compile(r"(?!.*[0-9]{6})[a-z][a-z0-9_]{0,39}")
"""What may be shown as the name of a field. A name can hold a number, too, when somebody puts it there."""
_SYSTEMS = {system.value: system for system in System}


def _never(_: str) -> bytes:
    raise BadRecord(Reason.CANNOT_BE_OPENED, "kid")


def admit(  # noqa: PLR0913 - each but the record is named
    value: bytes | None, *, topic: Topic, at: datetime, now: datetime, key: bytes, unseal: Unseal = _never
) -> Outcome:
    """Reads one record of an agency topic; `at` is its append time, `now` the worker's clock, both UTC.

    Raises BadRecord with the reason. No other exception leaves, whatever the bytes are.
    """
    if value is None:
        return Tombstone()
    envelope, system = _addressed(value, topic, now)
    if envelope.type == HEARTBEAT:
        return _heartbeat(envelope, system, now)
    model = _model(envelope, system, topic)
    event = _validated(model, _opened(envelope, unseal) if _sealed(envelope) else bytes(envelope.data))
    read = list(_facts(envelope, event, at, key))
    notes = tuple(Note(Subject(one), fact) for fact, _ in read for one in fact.to)
    return Admitted(notes, _unknown_codes(event), tuple(each for fact, clear in read for each in told(fact, clear)))


def is_sealed(value: bytes, *, topic: Topic, now: datetime) -> bool:
    """Whether the data of a record are sealed, as whoever has no key can tell. Raises BadRecord for what is wrong about it otherwise."""
    envelope, system = _addressed(value, topic, now)
    if not _sealed(envelope):
        return False
    _model(envelope, system, topic)
    _jwe(envelope)
    return True


def _addressed(value: bytes, topic: Topic, now: datetime) -> tuple[Envelope, System]:
    envelope = _envelope(value)
    system = _system(envelope, topic)
    _check_times(envelope, now)
    return envelope, system


def _sealed(envelope: Envelope) -> bool:
    """A heartbeat names nobody, and is read as it is."""
    return envelope.datacontenttype == SEALED and envelope.type != HEARTBEAT


def _opened(envelope: Envelope, unseal: Unseal) -> bytes:
    data = unseal(_jwe(envelope))
    if len(data) > MAX_EVENT_BYTES:
        raise BadRecord(Reason.TOO_LARGE)
    return data


def _jwe(envelope: Envelope) -> str:
    try:
        return msgspec.json.decode(envelope.data, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRecord(Reason.WRONG_VALUE, "data") from None


def _envelope(value: bytes) -> Envelope:
    if len(value) > MAX_EVENT_BYTES and (len(value) > MAX_SEALED_BYTES or SEALED.encode() not in value):
        raise BadRecord(Reason.TOO_LARGE)
    try:
        envelope = _ENVELOPE.decode(value)
    except msgspec.ValidationError as error:
        raise _envelope_error(str(error)) from None
    except msgspec.DecodeError:
        raise BadRecord(Reason.NOT_JSON if _is_utf8(value) else Reason.NOT_UTF8) from None
    except UnicodeDecodeError:
        raise BadRecord(Reason.NOT_UTF8) from None
    except RecursionError:
        raise BadRecord(Reason.NOT_JSON, "too deep") from None
    if envelope.schema_version != SCHEMA_VERSION or envelope.specversion != "1.0":
        raise BadRecord(Reason.UNSUPPORTED_VERSION)
    for name, reference in (("id", envelope.id), ("retracts", envelope.retracts), ("supersedes", envelope.supersedes)):
        if reference is not None and not _REFERENCE.fullmatch(reference):
            raise BadRecord(Reason.WRONG_VALUE, name)
        if reference is not None and _LOOKS_LIKE_NIK.search(reference):
            raise BadRecord(Reason.IDENTIFIER_IN_REFERENCE, name)
    return envelope


def is_reference(text: str) -> bool:
    """May this stand as an event's id? One that could hold a person's number may not, and is not repeated to anybody."""
    return _REFERENCE.fullmatch(text) is not None and _LOOKS_LIKE_NIK.search(text) is None


def _envelope_error(text: str) -> BadRecord:
    """msgspec's texts name fields and types, never values; field names are shown only when they look like ours."""
    name = text.rpartition("`$.")[2].rstrip("`") if "`$." in text else text.rpartition(" field `")[2].rstrip("`")
    where = name if _FIELD.fullmatch(name) else ""
    if "unknown field" in text:
        return BadRecord(Reason.UNKNOWN_FIELD, where)
    if "missing required field" in text:
        return BadRecord(Reason.MISSING_FIELD, text.partition("field `")[2].partition("`")[0])
    if where:
        return BadRecord(Reason.WRONG_VALUE, where)
    return BadRecord(Reason.NOT_AN_EVENT)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _system(envelope: Envelope, topic: Topic) -> System:
    system = _SYSTEMS.get(envelope.source)
    if system is None:
        raise BadRecord(Reason.UNKNOWN_SOURCE)
    if system is not topic.system:
        raise BadRecord(Reason.WRONG_TOPIC, "source")
    return system


def _check_times(envelope: Envelope, now: datetime) -> None:
    for name, moment in (("time", envelope.time), ("recorded_at", envelope.recorded_at)):
        if moment.tzinfo is None:
            raise BadRecord(Reason.NAIVE_TIME, name)
        try:
            known = moment.astimezone(UTC) >= EARLIEST
        except OverflowError:
            known = False
        if not known:
            raise BadRecord(Reason.WRONG_VALUE, name)
        if moment > now + MAX_AHEAD:
            raise BadRecord(Reason.FUTURE_TIME, name)


def _heartbeat(envelope: Envelope, system: System, now: datetime) -> Heartbeat:
    beat = _validated(FeedHeartbeat, bytes(envelope.data))
    if beat.complete_up_to > now + MAX_AHEAD:
        raise BadRecord(Reason.FUTURE_TIME, "complete_up_to")
    return Heartbeat(system, beat.complete_up_to)


def _model(envelope: Envelope, system: System, topic: Topic) -> type[Event]:
    model = MODELS.get((system, envelope.type))
    if model is None:
        raise BadRecord(Reason.UNKNOWN_TYPE)
    if envelope.type not in topic.events:
        raise BadRecord(Reason.WRONG_TOPIC, "type")
    return model


def _validated(model: type[Model], data: bytes) -> Model:
    try:
        return model.model_validate_json(data, strict=True)
    except ValidationError as error:
        if not _is_utf8(data):
            raise BadRecord(Reason.NOT_UTF8) from None
        raise _contract_error(error) from None


_KINDS = {
    "missing": Reason.MISSING_FIELD,
    "extra_forbidden": Reason.UNKNOWN_FIELD,
    "timezone_aware": Reason.NAIVE_TIME,
    "json_invalid": Reason.NOT_JSON,
}


def _contract_error(error: ValidationError) -> BadRecord:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    steps = [str(step) for step in first["loc"]]
    where = ".".join(step for step in steps if _FIELD.fullmatch(step))
    if "nik_rounded" in first["msg"]:
        return BadRecord(Reason.NIK_ROUNDED, where)
    if first["type"] == "string_type" and {"nik", "kk_no"} & set(steps):
        return BadRecord(Reason.NIK_NOT_TEXT, where)
    return BadRecord(_KINDS.get(first["type"], Reason.WRONG_VALUE), where)


def _facts(envelope: Envelope, event: Event, at: datetime, key: bytes) -> Iterator[tuple[Fact, Data]]:
    """The event as facts, for each subject that keeps it, beside what it said in clear; a manifest becomes one fact a
    passenger.
    """
    identity = f"{envelope.source}/{envelope.id}"
    for suffix, kind, model, data in _parts(event):
        sealed, subjects = pseudonymous(model, data, key)
        to = subjects or (subject(SubjectKind.UNKEYED, envelope.source),)
        fact = Fact(
            id=identity + suffix,
            kind=kind,
            source=envelope.source,
            at=envelope.time.astimezone(UTC),
            admitted_at=at,
            data=sealed,
            to=to,
            retracts=_sibling(envelope, envelope.retracts, suffix),
            supersedes=_sibling(envelope, envelope.supersedes, suffix),
        )
        _refuse_identifier_in_text(model, data, fact)
        yield fact, data


def _sibling(envelope: Envelope, other: str | None, suffix: str) -> str | None:
    return None if other is None else f"{envelope.source}/{other}{suffix}"


def _parts(event: Event) -> Iterator[tuple[str, str, type[Event], Data]]:
    data = cast("Data", event.model_dump(mode="json", exclude_none=True))
    if event.type != "manifest_received":
        yield "", event.type, type(event), data
        return
    flight = {name: value for name, value in data.items() if name != "passengers"}
    for passenger in cast("list[Data]", data["passengers"]):
        yield f"#{passenger['entry_ref']}", "manifest_entry", type(event), {**flight, **passenger}


def _refuse_identifier_in_text(model: type[Event], data: Data, fact: Fact) -> None:
    """A publisher's reference that contains the traveller's own number would carry it everywhere in clear."""
    clear = [str(data[name]) for name, mark in markers(model).items() if isinstance(mark, Identifies) and name in data]
    clear = [value for value in clear if len(value) >= 6]
    texts = [fact.id, *(v for n, v in fact.data.items() if isinstance(v, str) and n in data and v == data[n])]
    for text in texts:
        if any(value in text for value in clear):
            raise BadRecord(Reason.IDENTIFIER_IN_REFERENCE)


def _unknown_codes(event: Event) -> int:
    return sum(1 for value in event.__dict__.values() if isinstance(value, Code) and value.value == "UNKNOWN")
