"""Facts: admitted events and notes as they stand on `suar.facts`, pseudonymous, small and quick to read."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Final

import msgspec

from schemas.identity import Subject

Value = str | int | float | bool | None | list[str | int]
"""What a field of a fact can hold."""

TICK: Final = "tick"
"""A moment at which a dossier asked to be looked at again."""
MARK: Final = "feed_mark"
"""How far one partition of one agency topic is complete; read by every partition of `suar.facts`."""
POLICY_IN_FORCE: Final = "policy_in_force"
"""Which version of the policy a partition judges by from here on, live or in the shadow; read by every partition."""
TO_ALL: Final = frozenset({MARK, POLICY_IN_FORCE})
"""Facts for the partition itself; every other one is about the subject in its key."""
UNLINKED: Final = "unlinked"
"""A document takes back what it forwarded: it belonged to somebody else."""
GATHERED: Final = "gathered"
"""A link subject tells a member how many people its cluster now counts."""
MENTIONED: Final = "mentioned"
"""A person or document tells a link subject that it used it."""

ERASED: Final = "erased"
"""What happened to a subject up to that moment is to be forgotten (UU 27/2022 Art. 43)."""
COMPLAINED: Final = "complained_of"
"""A case tells a recruiter, a contact or a company that it complains of it."""
COUNTED: Final = "counted"
"""A desa tells its kabupaten how many people it counts."""


class Fact(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One thing that an agency said, or that one subject said to another.

    `id` is `source/id` of the event (or a digest for notes); `at` is the event's own time and `admitted_at` the
    broker's append time of the agency record, both UTC. `via` names the document that forwarded it, `epoch` that
    document's count of owners.
    """

    id: str
    kind: str
    source: str
    at: datetime
    admitted_at: datetime
    data: dict[str, Value] = {}
    to: tuple[str, ...] = ()
    retracts: str | None = None
    supersedes: str | None = None
    via: str | None = None
    epoch: int = 0

    def text(self, field: str) -> str:
        """A field that the contract requires. KeyError or TypeError is a mistake in the reader, not in the data."""
        value = self.data[field]
        if not isinstance(value, str):
            raise TypeError(f"{self.kind}.{field} is not text")
        return value

    def text_or_none(self, field: str) -> str | None:
        """An optional text field; the admitted fact leaves out what was not stated."""
        value = self.data.get(field)
        return value if isinstance(value, str) else None

    def number(self, field: str) -> int:
        """A whole number that the contract requires."""
        value = self.data[field]
        if not isinstance(value, int):
            raise TypeError(f"{self.kind}.{field} is not a number")
        return value

    def flag(self, field: str) -> bool | None:
        """True, False, or None for *not stated*."""
        value = self.data.get(field)
        return value if isinstance(value, bool) else None

    def day(self, field: str) -> date | None:
        """An optional calendar date."""
        value = self.text_or_none(field)
        return date.fromisoformat(value) if value else None

    def moment(self, field: str) -> datetime | None:
        """An optional instant, UTC."""
        value = self.text_or_none(field)
        return _instant(value) if value else None


@lru_cache(maxsize=16_384)
def _instant(value: str) -> datetime:
    """A link reads the times of all its uses with each that is new."""
    return datetime.fromisoformat(value).astimezone(UTC)


in_order: Final = attrgetter("at", "id")
"""The order of facts: by event time, and by id within a moment."""


class Note(msgspec.Struct, frozen=True):
    """A fact on its way to a subject."""

    subject: Subject
    fact: Fact


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Fact)


def encode(fact: Fact) -> bytes:
    """The bytes that stand on `suar.facts`."""
    return _ENCODER.encode(fact)


def decode(value: bytes) -> Fact:
    """Reads what `encode` wrote."""
    return _DECODER.decode(value)


def digest(*parts: object) -> str:
    """A fixed-length name (16 bytes, hex) for a thing made of parts; the one key function of notes, alerts and screenings."""
    text = "\x1f".join(_spelled(part) for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _spelled(part: object) -> str:
    """Times in whole-second UTC, so that a key made twice is the same key."""
    if isinstance(part, datetime):
        return part.astimezone(UTC).replace(microsecond=0).isoformat()
    return str(part)


def note(kind: str, *, about: Fact, data: Mapping[str, Value], parts: tuple[object, ...]) -> Fact:
    """A note born of a fact: it carries that fact's times, and an id that is the same however often it is written."""
    return Fact(
        id=f"suar/{digest(kind, *parts)}",
        kind=kind,
        source="suar",
        at=about.at,
        admitted_at=about.admitted_at,
        data=dict(data),
    )


def erasure(of: Subject, at: datetime) -> Fact:
    """The fact that makes a subject forget what happened up to a moment, UTC; the same however often it is written."""
    return Fact(id=f"suar/{digest(ERASED, of, at)}", kind=ERASED, source="suar", at=at, admitted_at=at)
