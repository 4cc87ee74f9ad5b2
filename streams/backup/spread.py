"""Where the records of a backup go: to where they were, or among more partitions when the installation has grown since.

With a multiple of the partitions there were, whoever shared one is in one of its descendants (p, p + old, p + 2 x old, ...), so that
each of these is the old log without the others: what workers rebuild from it is what they had. Facts for everybody go to all
descendants; a mark, which says how far one partition of an agency is complete, holds for the descendants of that partition.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec.structs import replace

from agents.freshness import marked
from schemas.facts import MARK, TO_ALL, Fact, decode, encode
from schemas.topics import FACTS, Topic
from streams.backup.files import BackupError, Kept, Part, read
from streams.produce import partition_of


@dataclass
class Tally:
    """Records, and a sum over what each is and where it lies: equal sums are equal records in equal partitions, in any order."""

    records: int = 0
    sum: int = 0

    def take(self, partition: int, key: bytes | None, value: bytes | None) -> None:
        """One more."""
        digest = hashlib.blake2b(digest_size=8)
        for text in (partition.to_bytes(4, "big"), key, value):
            digest.update(b"-" if text is None else len(text).to_bytes(5, "big") + text)
        self.records += 1
        self.sum = (self.sum + int.from_bytes(digest.digest(), "big")) % (1 << 64)


@dataclass
class Spread:
    """One topic on its way. Raises BackupError when the new partitions are no multiple of the old."""

    topic: Topic
    parts: Sequence[Part]
    partitions: int
    tally: Tally = field(default_factory=Tally)
    said: Counter[int] = field(default_factory=Counter)
    """By new partition: how many of its records workers had said everything about."""
    _laid: Counter[int] = field(default_factory=Counter)
    _seen: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if not self.parts or self.partitions % len(self.parts):
            raise BackupError(
                f"the backup has {len(self.parts)} partitions of {self.topic.name}, this installation {self.partitions}: "
                "set SUAR_PARTITIONS to as many, or to a multiple"
            )

    def of(self, part: Part, one: Kept) -> Iterator[tuple[int, Kept]]:
        """The partitions of one record, with what goes there."""
        before = self._seen[part.partition] < part.said - part.begin
        self._seen[part.partition] += 1
        for partition, kept in self._of(part.partition, one):
            self.tally.take(partition, kept.key, kept.value)
            self._laid[partition] += 1
            if before:
                self.said[partition] = self._laid[partition]
            yield partition, kept

    def _of(self, partition: int, one: Kept) -> Iterator[tuple[int, Kept]]:
        descendants = self._descendants(partition)
        if len(descendants) == 1:
            yield partition, one
            return
        fact = _fact_to_all(one) if self.topic is FACTS else None
        if fact is None:
            by_key = partition_of(one.key or b"", self.partitions)
            yield (by_key if by_key in descendants else partition), one
            return
        for told in self._told(fact, one):
            for each in descendants:
                yield each, told

    def _told(self, fact: Fact, one: Kept) -> Iterator[Kept]:
        if fact.kind != MARK:
            yield one
            return
        topic = fact.text("topic")
        for number in self._descendants(fact.number("partition")):
            about = {**fact.data, "partition": number}
            yield replace(one, key=f"feed:{topic}:{number}".encode(), value=encode(replace(fact, data=about)))

    def _descendants(self, partition: int) -> range:
        return range(partition, self.partitions, len(self.parts))


def rehearse(folder: Path, spread: Spread) -> None:
    """Goes through every record as when it is put. Raises BackupError when one cannot be read."""
    for part in spread.parts:
        for one in read(folder, part):
            for _ in spread.of(part, one):
                pass


def _fact_to_all(one: Kept) -> Fact | None:
    """What is none, or a mark of nothing, was written by somebody else and stays in its partition."""
    try:
        fact = decode(one.value or b"")
        if fact.kind == MARK:
            marked({}, fact)
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return fact if fact.kind in TO_ALL else None
