"""Inputs that nobody would send on purpose: valid ones, spoilt by structure or by bytes. The same seed makes the same inputs."""

import copy
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

NIK = "9901014506900001"
PLANTED = (NIK, "+6284000000001", "X9900001", "CONTOH RAHASIA")
"""Stands in inputs and must stand in no refusal."""
DEEP: object = json.loads("[" * 90 + "]" * 90)
_ODD: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.1, -0.0, 1e308, 1e-320, int(NIK), float(NIK)),
    *("", " ", "\x00", "\ud800", "\u202e", "é", "e\u0301", "٣٣٣", "9" * 400, "\uff19\uff19\uff10\uff11", "null", "NaN", "true", "UNKNOWN", "🛂"),
    *PLANTED,
    *("2026-13-01", "2026-02-29", "0000-00-00", "0001-01-01", "9999-12-31", "2026-W10-2", "20260310", "1773111600", "10-03-2026"),
    *("2026-03-10T03:00:00", "2026-03-10T03:00:00Z", "2026-03-10t03:00:00z", "2026-03-10 03:00:00+07", "2026-03-10T24:00:00Z"),
    *("2016-12-31T23:59:60Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999999Z"),
    *("2026-03-10T03:00:00+99:99", "2026-03-10T03:00:00-00:00", "+002026-03-10T03:00:00Z", "1969-12-31T23:59:59Z"),
    *([], {}, [[]], [None], {"": ""}, [NIK], {NIK: NIK}, {"nik": NIK}, DEEP),
)  # fmt: skip
_KEYS = (
    "",
    "nik",
    "NIK",
    "data",
    "type",
    "id",
    "$ref",
    "__class__",
    NIK,
    f"nik_{NIK}",
    "kk_no",
    "passport_no",
    "a" * 300,
    "é",
    "\x00",
)


def spoilt(roll: Random, document: object) -> bytes:
    """One document, spoilt once or a few times; now and then left as it is."""
    changed: Any = copy.deepcopy(document)
    for _ in range(roll.choice((0, 1, 1, 1, 1, 2, 2, 3, 6))):
        _spoil(roll, changed)
    text = _written(roll, changed)
    for _ in range(roll.choice((0, 0, 0, 0, 1, 2, 8))):
        text = roll.choice(BYTES)(roll, text)
    return text


def _written(roll: Random, document: object) -> bytes:
    try:
        text = json.dumps(document, ensure_ascii=roll.random() < 0.8)
    except RecursionError:
        return b"["
    return text.encode("utf-8", "surrogatepass")


def _spoil(roll: Random, document: Any) -> None:
    place: Any = document
    while (inner := [one for one in _inside(place) if isinstance(one, dict | list) and one]) and roll.random() < 0.7:
        place = roll.choice(inner)
    if not place:
        return
    key = roll.choice(list(place)) if isinstance(place, dict) else roll.randrange(len(place))
    match roll.randrange(6):
        case 0 | 1 | 2:
            place[key] = copy.deepcopy(roll.choice(_ODD))
        case 3:
            del place[key]
        case 4 if isinstance(place, dict):
            place[roll.choice(_KEYS)] = copy.deepcopy(roll.choice((place[key], *_ODD)))
        case _:
            place[key] = _altered(roll, place[key])


def _inside(place: Any) -> Sequence[Any]:
    return list(place.values()) if isinstance(place, dict) else place if isinstance(place, list) else []


def _altered(roll: Random, value: Any) -> object:
    """Something like it: text with a character more, less or another; anything else, in a list."""
    if not isinstance(value, str) or not value:
        return [value]
    at = roll.randrange(len(value))
    put = roll.choice(("", "0", "9", "<", "Z", "\n", "\u00a0", "é", "\x00", value[at] * 2))
    return value[:at] + put + value[at + roll.randrange(2) :]


def _hole(roll: Random, text: bytes) -> bytes:
    at = roll.randrange(len(text) + 1)
    return text[:at] + text[at + roll.randrange(1, 40) :]


def _patch(roll: Random, text: bytes) -> bytes:
    at = roll.randrange(len(text) + 1)
    return text[:at] + roll.randbytes(roll.randrange(1, 9)) + text[at:]


def _again(roll: Random, text: bytes) -> bytes:
    """A piece twice: a key that stands there two times, two documents, half of one."""
    first, length = roll.randrange(len(text) + 1), roll.randrange(1, 200)
    piece, at = text[first : first + length], roll.randrange(len(text) + 1)
    return text[:at] + piece + text[at:]


def _cut(roll: Random, text: bytes) -> bytes:
    return text[: roll.randrange(len(text) + 1)]


def _flip(roll: Random, text: bytes) -> bytes:
    if not text:
        return text
    at = roll.randrange(len(text))
    return text[:at] + bytes([text[at] ^ 1 << roll.randrange(8)]) + text[at + 1 :]


def _token(roll: Random, text: bytes) -> bytes:
    """A number or word of JSON, or of what looks like JSON, in the place of another."""
    words = (
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"-0",
        b"0123",
        b"\\u0000",
        b"\\ud800",
        b'"',
        b"{",
        b"]",
        b"/**/",
        b"\xef\xbb\xbf",
    )
    at = roll.randrange(len(text) + 1)
    return text[:at] + roll.choice(words) + text[at + roll.randrange(4) :]


def _other(roll: Random, text: bytes) -> bytes:
    """Another encoding of the whole."""
    try:
        return text.decode().encode(roll.choice(("utf-16", "utf-32", "utf-8-sig")))
    except UnicodeError:
        return text[::-1]


BYTES: tuple[Callable[[Random, bytes], bytes], ...] = (_hole, _patch, _again, _cut, _flip, _token, _other)
