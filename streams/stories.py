"""Stories from their files to the agency topics: the same data that the tests judge, with times around now and new names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from agents.things import alert_of
from schemas.envelope import System
from schemas.identity import Identifier, Subject, SubjectKind, pseudonym, subject
from streams.produce import Record
from streams.publish import envelope, record_of
from streams.settings import ROOT

FOLDER = ROOT / "seeds" / "stories"
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_NIK = re.compile(r"^99[0-9]{14}$")
_DOCUMENT = re.compile(r"^[A-Z][0-9]{7}$")
_PHONE = re.compile(r"^\+6284[0-9]{6,9}$")
MOMENTS = frozenset({"scheduled_at", "complete_up_to", "return_at", "booked_at", "until"})
DAYS = frozenset({"issued_on", "expires_on", "valid_to", "contract_from", "contract_to", "review_until"})
_NAMES = frozenset(
    {
        "crossing_id",
        "application_no",
        "case_no",
        "trigger_id",
        "group_ref",
        "epmi_no",
        "cpmi_id",
        "booking_ref",
        "payer_ref",
        "sponsor",
        "recruiter_name",
        "p3mi_ref",
        "employer_ref",
        "company_ref",
        "job_order_no",
        "village_letter_no",
        "officer_ref",
        "by",
        "to",
        "verifier_ref",
        "temporary_address",
        "booking",
        "payer",
        "recruiter",
        "company",
        "letter",
        "officer",
        "address",
    }
)
"""Fields whose values are made new for each telling, so that two tellings share nobody and nothing."""


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
        data["trigger_id"] = trigger_of(data["trigger_id"], key)
        data["alert_id"] = alert_of(data["alert_id"], data["trigger_id"])
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
    """An alert names its subject by pseudonym; a story by the NIK or the passport number, or as `contact/+6284…`."""
    kind, _, value = number.partition("/")
    if kind in _ISSUERS:
        issuer, name = _ISSUERS[kind]
        return subject(SubjectKind(kind), pseudonym(key, Identifier(issuer, name, value)))
    return subject_of(f"person/{number}" if number.isdigit() else f"document/{number}", key)


_ISSUERS = {
    "person": ("dukcapil", "nik"),
    "document": ("IDN", "travel_document"),
    "contact": ("itu", "e164"),
    "payer": ("payment", "account"),
    "booking": ("iata", "locator"),
    "recruiter": ("self", "recruiter"),
    "company": ("kp2mi", "company"),
    "address": ("self", "address"),
    "letter": ("desa", "letter"),
    "officer": ("imigrasi", "officer"),
}


def trigger_of(written: str, key: bytes) -> str:
    """The trigger of a group is its link, which a story writes as `contact/+6284…`; others are named as agencies name them."""
    return subject_of(written, key) if written.partition("/")[0] in _ISSUERS else written


def _renamed(name: str, value: Any, zero: datetime, salt: str) -> Any:
    if _is_offset(value) and name in MOMENTS:
        return (zero + offset(value)).isoformat()
    if _is_offset(value) and name in DAYS:
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
    if _PHONE.match(value):
        return f"+6284{digits % 999_999_999:09d}"
    if name == "subject" or (name == "trigger_id" and value.partition("/")[0] in _ISSUERS):
        kind, _, inner = value.partition("/")
        return f"{kind}/{_renamed(kind, inner, zero, salt)}" if kind in _ISSUERS else value
    if _DOCUMENT.match(value):
        return f"{value[0]}{digits % 9_999_999 + 1:07d}"
    return f"{value}-{salt}" if name in _NAMES else value
