"""The register: who a pseudonym is, as the agencies told it. It leaves admission sealed, apart from everything that is judged,
and is opened at the gateway alone, for somebody who must meet that person (UU 27/2022 Art. 16, 39).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from schemas.facts import Fact, Value
from schemas.identity import Subject, SubjectKind, kind_of


class Part(StrEnum):
    """What is known of somebody: how they are called, and the number of the document in their hand."""

    NAME = "name"
    DOCUMENT = "document"


TELL: Final[Mapping[str, Mapping[str, Part]]] = {
    "passport_application_submitted": {"name": Part.NAME},
    "passport_issued": {"passport_no": Part.DOCUMENT},
    "splp_issued": {"splp_no": Part.DOCUMENT},
    "manifest_entry": {"name": Part.NAME, "passport_no": Part.DOCUMENT},
    "resident_registered": {"name": Part.NAME},
}
"""Kinds of facts that tell who somebody is, with the fields that do. An attempt at a counter is not among them: nothing is
sealed while somebody waits there, and whoever stands there holds the document.
"""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing in clear, between admission and its seal; its text form leaves the value out."""

    subject: Subject
    part: Part
    at: datetime
    """When it was so, UTC."""
    value: str = field(repr=False)

    @property
    def key(self) -> str:
        """Its key on `suar.identities`; a seal is bound to it."""
        return key_of(self.subject, self.part)


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands on `suar.identities` under a key: a sealed value and when it was so, UTC."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    sealed: bytes
    """Empty: what was so up to then is forgotten."""

    def outranks(self, other: "Entry") -> bool:
        """Does it stay when the other one comes? What is newer does, and what is forgotten does not come back."""
        return other.at < self.at or (other.at == self.at and not self.sealed and bool(other.sealed))


_ENTRY: Final = msgspec.json.Decoder(Entry)


def key_of(subject: str, part: Part) -> str:
    """The key of a part of somebody's identity."""
    return f"{subject}|{part}"


def keys_of(subject: str) -> tuple[str, ...]:
    """The keys of all its parts."""
    return tuple(key_of(subject, part) for part in Part)


def told(fact: Fact, clear: Mapping[str, Value]) -> Iterator[Told]:
    """What an event in clear tells of those to whom its fact goes; one that takes another back says what is not so."""
    if fact.retracts is not None:
        return
    for name, part in TELL.get(fact.kind, {}).items():
        value = clear.get(name)
        if isinstance(value, str):
            for one in map(Subject, fact.to):
                if kind_of(one) is not SubjectKind.UNKEYED:
                    yield Told(one, part, fact.at, value)


def forgotten(at: datetime) -> Entry:
    """What takes the place of everything that was so up to a moment, UTC."""
    return Entry(at, b"")


def encode(entry: Entry) -> bytes:
    """The bytes that stand on `suar.identities`."""
    return msgspec.json.encode(entry)


def decode(value: bytes) -> Entry:
    """Reads what `encode` wrote. Raises msgspec's errors."""
    return _ENTRY.decode(value)
