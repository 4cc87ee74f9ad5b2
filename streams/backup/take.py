"""Taking a backup: each topic from its first record to where it ended when its turn came, into a folder that is whole or not there."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from msgspec.structs import replace

from schemas.topics import (
    ALERTS,
    AREAS,
    AUDIT,
    CORRECTIONS,
    DESK,
    FACTS,
    IDENTITIES,
    PAGES,
    POLICY,
    SCREENINGS,
    SEALS,
    STATISTICS,
    Topic,
)
from streams import security
from streams.admin import Admin, AdminError
from streams.backup.files import FORMAT, BackupError, Kept, Manifest, Part, Writer, write_manifest
from streams.partitions import partitions_of
from streams.reading import everything, looking
from streams.settings import Settings

SAID: tuple[Topic, ...] = (ALERTS, SCREENINGS)
"""What workers said about facts. With it beside them they need not say it again, and pagers see how every alert ended."""
TOPICS: tuple[Topic, ...] = (*SAID, AREAS, FACTS, SEALS, AUDIT, POLICY, PAGES, DESK, CORRECTIONS, STATISTICS)
"""The order in which they are read, so that no record of a backup speaks of one that is not in it: what was said comes before the
facts that it was said about, the seals before the audit log; facts before the policies that they name and the pages about them.
"""

Progress = Callable[[str, int, int], None]
"""Hears the topic, records done, and how many there are."""


@dataclass(frozen=True)
class Taken:
    """A backup that stands; `digest` is the SHA-256 of its manifest."""

    manifest: Manifest
    digest: str


def unheard(_topic: str, _done: int, _of: int) -> None:
    """Progress that nobody wants to know."""


async def take(
    config: Settings, folder: Path, *, facts: bool, identities: bool = False, progress: Progress = unheard
) -> Taken:
    """Writes the backup into a folder that must not exist yet. Raises BackupError, AdminError and aiokafka's errors; then nothing stands."""
    at, kafka = datetime.now(UTC), config.kafka
    wanted = [topic for topic in TOPICS if facts or topic not in (*SAID, FACTS)] + [IDENTITIES] * identities
    await refuse_wrong(kafka, wanted)
    said = await remembered(config) if facts else {}
    with growing(folder) as partial:
        parts: list[Part] = []
        for topic in wanted:
            found = await _topic(kafka, topic, partial, progress)
            parts += [replace(one, said=said.get(one.partition, 0)) for one in found] if topic is FACTS else found
        manifest = Manifest(FORMAT, at, tuple(parts))
        digest = write_manifest(partial, manifest)
    return Taken(manifest, digest)


async def refuse_wrong(kafka: str, topics: Iterable[Topic]) -> None:
    """Raises AdminError when a topic is missing or is not as in the table."""
    async with Admin(kafka) as admin:
        differences = await admin.check(topics)
    if differences:
        raise AdminError(f"{differences[0]}: run `suar topics check`, then `suar topics create`")


async def remembered(config: Settings) -> dict[int, int]:
    """By partition of the facts: the offset below which workers have said everything, as Kafka keeps it for them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=config.kafka, **security.kafka())
    await admin.start()
    try:
        committed = await admin.list_consumer_group_offsets(group(config))
    finally:
        await admin.close()
    return {
        place.partition: one.offset for place, one in committed.items() if place.topic == FACTS.name and one.offset > 0
    }


def group(config: Settings) -> str:
    """Of the workers, as readers of the facts."""
    return f"{config.namespace}-react-{FACTS.name}"


@contextmanager
def growing(folder: Path) -> Iterator[Path]:
    """A folder beside the wanted one that takes its name when all is written, and is removed when anything fails."""
    folder = folder.absolute()
    try:
        if folder.exists():
            raise BackupError(f"{folder} exists: name a folder that does not")
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise BackupError(f"{folder}: {error.strerror}") from None
    try:
        yield partial
        partial.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        raise BackupError(f"{folder}: {error.strerror}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


async def bounds(kafka: str, topic: Topic, partitions: int | None = None) -> list[tuple[int, int]]:
    """The first offset of each partition, and the one behind its last record; of so many partitions, or those it should have."""
    places = [TopicPartition(topic.name, number) for number in range(partitions or partitions_of(topic))]
    async with looking(kafka) as consumer:
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    return [(begins[place], ends[place]) for place in places]


async def _topic(kafka: str, topic: Topic, folder: Path, progress: Progress) -> list[Part]:
    limits = await bounds(kafka, topic)
    done, total = 0, sum(end - begin for begin, end in limits)
    with ExitStack() as stack:
        writers = [stack.enter_context(Writer(folder, topic.name, number)) for number in range(partitions_of(topic))]
        async for record in everything(kafka, topic.name):
            if record.offset < limits[record.partition][1]:
                kept = Kept(record.offset, record.timestamp, record.key, record.value, tuple(record.headers))
                writers[record.partition].write(kept)
                done += 1
                if not done % 1000:
                    progress(topic.name, done, total)
    progress(topic.name, total, total)
    return [writer.part(*limit) for writer, limit in zip(writers, limits, strict=True)]
