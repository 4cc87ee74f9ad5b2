"""The book of policies: what stands on `suar.policy`. Contents by version, and which of them were put to use, in order."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiokafka import ConsumerRecord

from agents.versions import Announced, Use
from schemas.policy import Policy
from schemas.topics import POLICY
from streams.policy import content, digest
from streams.produce import Record
from streams.reading import everything

IN_FORCE = "in-force"
"""Keys of announcements begin with it; a version's name holds no slash."""


@dataclass(frozen=True)
class Published:
    """One version as it was published."""

    version: str
    digest: str
    content: bytes = field(repr=False)
    at: datetime


@dataclass
class Book:
    """Everything that the topic still holds, oldest first."""

    contents: list[Published] = field(default_factory=list)
    announcements: dict[Use, list[Announced]] = field(default_factory=lambda: {use: [] for use in Use})

    def version(self, name: str) -> Published | None:
        """The first content under that name: a version never changes, so what came later is none."""
        return next((one for one in self.contents if one.version == name), None)

    def newest(self, use: Use) -> Announced | None:
        """What was last put to that use; its version is empty when the use ended."""
        return self.announcements[use][-1] if self.announcements[use] else None

    def add(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """One more record; what is neither was written by somebody else."""
        key, at = (record.key or b"").decode(), datetime.fromtimestamp(record.timestamp / 1000, UTC)
        first, *rest = key.split("/")
        if record.value is None:
            return
        if not rest:
            self.contents.append(Published(key, digest(record.value), record.value, at))
        elif first == IN_FORCE and len(rest) == 2 and rest[0] in set(Use):
            told = Announced(rest[1], json.loads(record.value)["digest"], at, record.offset)
            self.announcements[Use(rest[0])].append(told)


async def read(kafka: str) -> Book:
    """The whole book as it is now."""
    book = Book()
    async for record in everything(kafka, POLICY.name):
        book.add(record)
    return book


def content_record(policy: Policy) -> Record:
    """A version as it is published: keyed by its name, its digest beside it."""
    published = content(policy)
    return Record(POLICY.name, policy.version.encode(), published, 0, (("suar-digest", digest(published).encode()),))


def use_record(use: Use, version: str, named: str) -> Record:
    """A version put to use. Its place on the one partition orders it among all others."""
    key = f"{IN_FORCE}/{use.value}/{version}"
    return Record(POLICY.name, key.encode(), json.dumps({"version": version, "digest": named}).encode(), 0)
