"""Stories from their files to the agency topics: the same data that the tests judge, with times around now and new names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from schemas.envelope import System
from schemas.facts import digest
from schemas.identity import Identifier, Subject, SubjectKind, pseudonym, subject
from streams.produce import Record
from streams.publish import envelope, record_of
from streams.settings import ROOT

FOLDER = ROOT / "seeds" / "stories"
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_NIK = re.compile(r"^99[0-9]{14}$")
_DOCUMENT = re.compile(r"^[A-Z][0-9]{7}$")
_MOMENTS = frozenset({"scheduled_at", "complete_up_to"})
_DAYS = frozenset({"issued_on", "expires_on", "valid_to", "contract_from", "contract_to", "review_until"})
_NAMES = frozenset({"crossing_id", "application_no", "case_no", "trigger_id", "group_ref", "epmi_no", "cpmi_id"})


class StoryError(Exception):
    """A story cannot be read; names the file and what is wrong."""


@dataclass(frozen=True)
class Story:
    """A story file. `events` and `expect` are as written there; times are offsets from the story's own now."""

    name: str
    title: str
    events: tuple[dict[str, Any], ...]
    expect: dict[str, Any]


def load(name: str) -> Story:
    """A story by name or path. Raises StoryError."""
    path = Path(name) if name.endswith(".yaml") else FOLDER / f"{name}.yaml"
    try:
        told = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        near = ", ".join(sorted(one.stem for one in FOLDER.glob(f"*{name[:6]}*.yaml"))[:5])
        raise StoryError(f"no story {name}; there are {near or 'those in seeds/stories'}") from None
    except yaml.YAMLError as error:
        raise StoryError(f"{path.name}: {str(error).splitlines()[0]}") from None
    title = told["title"]["en"] if isinstance(told["title"], dict) else str(told["title"])
    return Story(path.stem, title, tuple(told["events"]), told.get("expect", {}))


def every() -> Iterator[Story]:
    """All stories, by name."""
    for path in sorted(FOLDER.glob("*.yaml")):
        yield load(str(path))


def offset(text: object) -> timedelta:
    """`-100d`, `-90m`, `30s` or `0` as a length of time. Several parts may follow one another: `-1d2h`."""
    written = str(text)
    sign = -1 if written.startswith("-") else 1
    parts = re.findall(r"([0-9]+)([dhms])", written)
    return sign * timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))


def _is_offset(value: object) -> bool:
    return re.fullmatch(r"[+-]?(?:[0-9]+[dhms])+|0", str(value)) is not None


def records(story: Story, now: datetime, salt: str, key: bytes) -> list[Record]:
    """The story's events as agencies would send them now, in the order in which they arrive.

    `salt` makes its people and numbers new, so that it can be told again; `key` is the installation's pseudonym key.
    """
    return [record_of(event) for event in events(story, now, salt, key)]


def events(story: Story, now: datetime, salt: str, key: bytes) -> list[dict[str, Any]]:
    """The story's events as envelopes, times around `now`."""
    latest = max((offset(one["at"]) for one in story.events), default=timedelta(0))
    zero = now - max(latest, timedelta(0))
    told = sorted(
        story.events, key=lambda one: offset(one.get("recorded", one["at"])) + offset(one.get("arrives", "0"))
    )
    return [_event(one, zero, salt, key) for one in told]


def _event(one: dict[str, Any], zero: datetime, salt: str, key: bytes) -> dict[str, Any]:
    references = {name: f"{one[name]}-{salt}" for name in ("retracts", "supersedes") if one.get(name)}
    data = {name: _renamed(name, value, zero, salt) for name, value in one["data"].items()}
    if "trigger_id" in data:
        data["alert_id"] = digest("alert", data["alert_id"], data["trigger_id"])
        data["subject"] = subject_of(data["subject"], key)
    return envelope(
        System(one["system"]),
        one["type"],
        name=f"{one['id']}-{salt}",
        time=zero + offset(one["at"]),
        data=data,
        **references,
    )


def subject_of(number: str, key: bytes) -> Subject:
    """An alert names its subject by pseudonym; a story by the NIK or the passport number."""
    kind, issuer, name = (
        (SubjectKind.PERSON, "dukcapil", "nik")
        if number.isdigit()
        else (SubjectKind.DOCUMENT, "IDN", "travel_document")
    )
    return subject(kind, pseudonym(key, Identifier(issuer, name, number)))


def _renamed(name: str, value: Any, zero: datetime, salt: str) -> Any:
    if _is_offset(value) and name in _MOMENTS:
        return (zero + offset(value)).isoformat()
    if _is_offset(value) and name in _DAYS:
        return (zero + offset(value)).date().isoformat()
    if isinstance(value, list):
        return [
            {n: _renamed(n, v, zero, salt) for n, v in one.items()} if isinstance(one, dict) else one for one in value
        ]
    if not isinstance(value, str):
        return value
    digits = int.from_bytes(f"{value}{salt}".encode(), "big")
    if _NIK.match(value):
        return f"{value[:12]}{digits % 9998 + 1:04d}"
    if _DOCUMENT.match(value):
        return f"{value[0]}{digits % 9_999_999 + 1:07d}"
    return f"{value}-{salt}" if name in _NAMES else value
