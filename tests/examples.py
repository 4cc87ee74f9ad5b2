"""Valid, fictional data for any event: one plain example, or everything that the contract allows.

Nobody here exists: NIKs lie in province 99, telephone numbers under a prefix that no operator holds.
"""

import types
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Final, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from schemas.codes import Count
from schemas.envelope import (
    Checkpoint,
    Code,
    Contract,
    Country,
    Day,
    DesaCode,
    Event,
    Instant,
    Kabupaten,
    OfficeCode,
    Ref,
)
from schemas.identity import (
    BookingRef,
    CompanyRef,
    CpmiId,
    Email,
    EpmiNo,
    KkNo,
    Kp2miCaseNo,
    LetterNo,
    Nik,
    OfficerRef,
    PassportNo,
    PayerRef,
    PeduliCaseNo,
    PersonName,
    Phone,
    PrivateText,
    RecruiterName,
    TemporaryAddress,
)
from schemas.outcomes import OutcomeRecorded, RuleSnoozed, Sealed, SubjectKey
from schemas.simkim_crossings import Port

Data = dict[str, object]

_PLAIN: Final[Mapping[object, object]] = {
    Nik: "9901014506900001",
    KkNo: "9901011203150001",
    PassportNo: "X9900001",
    Phone: "+6284000000001",
    Email: "contoh@example.org",
    PayerRef: "PAYER-1",
    BookingRef: "XX/ABC123",
    OfficerRef: "OFFICER-1",
    RecruiterName: "agen contoh",
    CompanyRef: "P3MI-CONTOH-1",
    CpmiId: "CPMI-0001",
    EpmiNo: "EPMI-0001",
    PeduliCaseNo: "PWNI-0001",
    Kp2miCaseNo: "KP2MI-0001",
    LetterNo: "470/contoh/2026",
    TemporaryAddress: "contoh 7 dekat pelabuhan",
    Kabupaten: "9901",
    PersonName: "CONTOH",
    PrivateText: "Desa Contoh",
    SubjectKey: f"person:{'0' * 32}",
    Sealed: "Y29udG9oIGNhdGF0YW4=",
    Country: "MYS",
    Checkpoint: "A-CGK",
    OfficeCode: "KANIM-CONTOH",
    DesaCode: "9901012001",
    Port: "SIN",
    Instant: "2026-11-20T03:00:00Z",
    Day: "2026-11-20",
    bool: False,
    Count: 1,
}
_SECOND: Final[Mapping[str, object]] = {
    "new_passport_no": "X9900002",
    "previous_kk_no": "9901011203100002",
    "replaces_nik": "9901014506900002",
    "birth_date": "1990-06-05",
}
"""Fields that would make no sense with the same value as their sibling."""


def example(model: type[Contract], **overrides: object) -> Data:
    """JSON-like data with the required fields of `model`, the same on every call, and `overrides` put over them."""
    required = {name: hint for name, hint in hints(model).items() if model.model_fields[name].is_required()}
    return {**{name: _plain(name, hint) for name, hint in required.items()}, **overrides}


def everything(model: type[Contract]) -> SearchStrategy[Data]:
    """Any JSON-like data that the contract allows for `model`, each optional field present, null or left out."""
    fields = {name: _any(hint) for name, hint in hints(model).items()}
    required = {name: fields.pop(name) for name in hints(model) if model.model_fields[name].is_required()}
    data = st.fixed_dictionaries(required, optional=fields)
    return data.map(_MENDED[model]) if model in _MENDED else data


def message(event: type[Event], data: Mapping[str, object], **attributes: object) -> Data:
    """The event in its envelope, as an agency would send it; `attributes` replace those of the envelope."""
    envelope: Data = {
        "specversion": "1.0",
        "id": f"{event.type}-1",
        "source": event.system.value,
        "type": event.type,
        "time": "2026-11-20T10:00:00+07:00",
        "recorded_at": "2026-11-20T10:00:05+07:00",
        "schema_version": 1,
        "data": dict(data),
    }
    return {**envelope, **attributes}


def hints(model: type[Contract]) -> dict[str, object]:
    """The fields of a model with their full types, identifier marks included."""
    found = get_type_hints(model, include_extras=True)
    return {name: found[name] for name in model.model_fields}


def kinds(hint: object) -> tuple[object, ...]:
    """What a field may hold, without `None` and without the tuple around it."""
    if get_origin(hint) in {Union, types.UnionType}:
        return tuple(kind for part in get_args(hint) if part is not type(None) for kind in kinds(part))
    if get_origin(hint) is tuple:
        return kinds(get_args(hint)[0])
    return (hint,)


def _plain(name: str, hint: object) -> object:
    if name in _SECOND:
        return _SECOND[name]
    (kind,) = kinds(hint)
    if kind == Ref:
        value: object = f"{name.replace('_', '-').upper()}-1"
    elif isinstance(kind, type) and issubclass(kind, Code):
        value = next(iter(kind)).value
    elif isinstance(kind, type) and issubclass(kind, Contract):
        value = example(kind)
    else:
        value = _PLAIN[kind]
    return [value] if get_origin(hint) is tuple else value


def _with_ground(data: Data) -> Data:
    """A deferral needs its legal ground."""
    return {**data, "ground_code": "CPMI_NON_PROCEDURAL"} if data["outcome"] == "DEFERRED" else data


def _about_somebody(data: Data) -> Data:
    """A rule is snoozed for a person or a document."""
    return {**data, "subject": f"person:{str(data['subject']).partition(':')[2]}"}


_MENDED: Final[Mapping[type[Contract], Callable[[Data], Data]]] = {
    OutcomeRecorded: _with_ground,
    RuleSnoozed: _about_somebody,
}


def _any(hint: object) -> SearchStrategy[object]:
    (kind,) = kinds(hint)
    one = _one(kind)
    if get_origin(hint) is tuple:
        return st.lists(one, max_size=3)
    return st.none() | one if type(None) in get_args(hint) else one


def _one(kind: object) -> SearchStrategy[object]:
    if isinstance(kind, type) and issubclass(kind, Code):
        return st.sampled_from([code.value for code in kind])
    if isinstance(kind, type) and issubclass(kind, Contract):
        return everything(kind)
    return _ANY[kind]


def _shaped(pattern: str) -> SearchStrategy[object]:
    return st.from_regex(pattern, fullmatch=True)


def _nik(born: date, woman: bool, place: int, serial: int) -> str:
    """PP KK CC DDMMYY SSSS, the day raised by 40 for a woman."""
    return f"99{place:04}{born.day + 40 * woman:02}{born:%m%y}{serial:04}"


_DATES = st.dates(date(1930, 1, 1), date(2060, 12, 31))
_ZONES = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
_ANY: Final[Mapping[object, SearchStrategy[object]]] = {
    Nik: st.builds(_nik, _DATES, st.booleans(), st.integers(101, 9999), st.integers(1, 9999)),
    KkNo: st.builds(_nik, _DATES, st.just(value=False), st.integers(101, 9999), st.integers(1, 9999)),
    PassportNo: _shaped(r"X99[0-9]{5}|[A-Z0-9]{6,9}"),
    Phone: _shaped(r"(\+62|0)840[0-9]{8}"),
    Email: _shaped(r"[a-zA-Z][a-zA-Z0-9.]{0,20}@example\.(org|com)"),
    PayerRef: _shaped(r"[A-Z0-9-]{1,64}"),
    BookingRef: _shaped(r"[A-Z0-9]{2}/[A-Z0-9]{6}"),
    OfficerRef: _shaped(r"[A-Z0-9-]{1,64}"),
    RecruiterName: _shaped(r"[A-Za-z][A-Za-z ']{0,60}"),
    CompanyRef: _shaped(r"[A-Z0-9][A-Z0-9/ .]{0,63}"),
    CpmiId: _shaped(r"[A-Z0-9]{4,40}"),
    EpmiNo: _shaped(r"[A-Z0-9]{4,40}"),
    PeduliCaseNo: _shaped(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}"),
    Kp2miCaseNo: _shaped(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}"),
    LetterNo: _shaped(r"[A-Za-z0-9][A-Za-z0-9./-]{0,60}"),
    TemporaryAddress: _shaped(r"[A-Z][a-z]{6,40} [0-9]{1,3}"),
    Kabupaten: _shaped(r"99[0-9]{2}"),
    PersonName: _shaped(r"[A-Z][A-Z ']{0,60}"),
    PrivateText: st.text(st.characters(codec="utf-8"), max_size=60),
    SubjectKey: _shaped(r"(person|document|contact|booking):[0-9a-f]{32}"),
    Sealed: _shaped(r"[A-Za-z0-9+/]{4,40}={0,2}"),
    Ref: _shaped(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}"),
    Country: _shaped(r"[A-Z]{3}"),
    Checkpoint: _shaped(r"[ASL]-[A-Z]{3}"),
    OfficeCode: _shaped(r"[A-Z0-9][A-Z0-9-]{1,31}"),
    DesaCode: _shaped(r"99[0-9]{8}"),
    Port: _shaped(r"[A-Z]{3}([A-Z0-9]{2})?"),
    Instant: st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=_ZONES).map(datetime.isoformat),  # noqa: DTZ001 - bounds take their zone from `timezones`
    Day: _DATES.map(date.isoformat),
    bool: st.booleans(),
    Count: st.integers(0, 99_999),
}
