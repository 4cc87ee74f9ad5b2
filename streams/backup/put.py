"""Putting a backup on a broker: first every file is checked, then every topic must be empty, then the records go where they were.

The broker gives its own time to what is appended, so the time that a record had travels as header `suar-at` (ms since 1970, UTC).
Facts carry the moment of their admission themselves and lose nothing. What workers had said about them is restored with them, and so
is how far they had said it: they rebuild as after an empty Redis, and say nothing twice. Seals are about offsets and times of another log: they stay
in the backup, where `suar audit verify --backup` compares them, and the sealer begins a new chain behind the restored records.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import BY_NAME, FACTS, SEALS, Topic
from streams import security
from streams.backup.files import BackupError, Kept, Part, read, read_manifest, unlike
from streams.backup.take import Progress, bounds, group, refuse_wrong, remembered, unheard
from streams.cluster import plain, teller_of
from streams.connection import begin
from streams.produce import Outbox, Record
from streams.settings import Settings
from streams.store import place

AT: Final = "suar-at"
"""Header: when the record was first appended, ms since 1970 (UTC). A record that was restored twice keeps the first."""
AT_ONCE: Final = 1000
"""Records that one acknowledgement is waited for."""


@dataclass(frozen=True)
class Restored:
    """Records by topic that are on the broker now, and the topics of the backup that were left in it."""

    records: dict[str, int]
    left: tuple[str, ...]


async def put(config: Settings, folder: Path, *, progress: Progress = unheard) -> Restored:
    """Restores every topic of the backup but the seals.

    Raises BackupError before anything is written when a file is not the one that was written, a topic is not empty, or something
    remembers the facts of another log; AdminError when topics are not as in the table; aiokafka's errors when the broker goes away:
    what was written by then must be deleted before the next attempt.
    """
    manifest = read_manifest(folder)
    if (wrong := next(unlike(folder, manifest), None)) is not None:
        raise BackupError(f"{folder}: {wrong}: nothing was restored")
    topics = [BY_NAME[name] for name in manifest.topics if name != SEALS.name]
    await refuse_wrong(config.kafka, topics)
    for topic in topics:
        await _refuse_full(config.kafka, topic)
    if FACTS in topics:
        await _refuse_remembered(config)
    records = {}
    outbox = Outbox(config.kafka)
    try:
        for topic in topics:
            records[topic.name] = await _topic(outbox, folder, manifest.of(topic.name), progress)
    finally:
        await outbox.stop()
    if FACTS in topics:
        await _remember(config, manifest.of(FACTS.name))
    for topic in topics:
        found = sum(end - begin for begin, end in await bounds(config.kafka, topic))
        if found != records[topic.name]:
            raise BackupError(
                f"{topic.name} holds {found:,} records, {records[topic.name]:,} were restored: who else writes to it?"
            )
    return Restored(records, tuple(name for name in manifest.topics if name not in records))


async def _refuse_full(kafka: str, topic: Topic) -> None:
    full = [number for number, (begin, end) in enumerate(await bounds(kafka, topic)) if end > begin]
    if full:
        raise BackupError(f"{topic.name} is not empty (partition {full[0]}): delete it and run `suar topics create`")


async def _refuse_remembered(config: Settings) -> None:
    """Progress in the log that is gone would make workers pass over restored facts, or say nothing about them."""
    teller = teller_of(config, plain)
    try:
        keys = [f"{place(config.namespace, FACTS.name, number)}next" for number in range(FACTS.partitions)]
        known = await teller.all([("GET", key) for key in keys])
    finally:
        await teller.close()
    if any(one is not None for one in known):
        raise BackupError("Redis still holds dossiers: stop the workers and run `suar rebuild --yes`, then restore")
    if await remembered(config):
        raise BackupError(
            f"consumer group {group(config)} remembers another {FACTS.name}: delete the group, then restore"
        )


async def _remember(config: Settings, parts: Sequence[Part]) -> None:
    """Below these offsets workers rebuild and say nothing: what they said is restored, too."""
    said = {
        TopicPartition(part.topic, part.partition): min(max(part.said - part.begin, 0), part.records) for part in parts
    }
    consumer = AIOKafkaConsumer(
        bootstrap_servers=config.kafka, **security.kafka(), group_id=group(config), enable_auto_commit=False
    )
    await begin(consumer)
    try:
        consumer.assign(list(said))
        await consumer.commit({place: upto for place, upto in said.items() if upto})
    finally:
        await consumer.stop()


async def _topic(outbox: Outbox, folder: Path, parts: Sequence[Part], progress: Progress) -> int:
    done, total = 0, sum(part.records for part in parts)
    for part in parts:
        for some in _by(AT_ONCE, read(folder, part)):
            await outbox.send(_again(part, one) for one in some)
            done += len(some)
            progress(part.topic, done, total)
    return done


def _by(count: int, records: Iterator[Kept]) -> Iterator[list[Kept]]:
    while some := list(islice(records, count)):
        yield some


def _again(part: Part, one: Kept) -> Record:
    headers = one.headers
    if all(name != AT for name, _ in headers):
        headers = (*headers, (AT, str(one.timestamp).encode()))
    # Kafka knows records without a key and headers without a value; we write none, and put them back as they were.
    return Record(part.topic, one.key, one.value, part.partition, headers)  # type: ignore[arg-type]
