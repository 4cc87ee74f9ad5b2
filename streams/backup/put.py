"""Putting a backup on a broker: first every file is checked, then every topic must be empty, then the records go where they were.

The broker gives its own time to what is appended, so the time that a record had travels as header `suar-at` (ms since 1970, UTC).
Facts carry the moment of their admission themselves and lose nothing. What workers had said about them is restored with them, and so
is how far they had said it: they rebuild as after an empty Redis, and say nothing twice. Seals are about offsets and times of another log: they stay
in the backup, where `suar audit verify --backup` compares them, and the sealer begins a new chain behind the restored records.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import BY_NAME, FACTS, SEALS, Topic
from streams import security
from streams.backup.files import BackupError, Kept, read, read_manifest, unlike
from streams.backup.spread import Spread, Tally
from streams.backup.take import Progress, bounds, group, refuse_wrong, remembered, unheard
from streams.cluster import plain, teller_of
from streams.connection import begin
from streams.partitions import partitions_of
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

    tallies: dict[str, Tally]
    left: tuple[str, ...]

    @property
    def records(self) -> dict[str, int]:
        """How many, by topic."""
        return {topic: tally.records for topic, tally in self.tallies.items()}


async def put(config: Settings, folder: Path, *, progress: Progress = unheard) -> Restored:
    """Restores every topic of the backup but the seals, among as many partitions as this installation has.

    Raises BackupError before anything is written when a file is not the one that was written, a topic is not empty, or something
    remembers the facts of another log; AdminError when topics are not as in the table; aiokafka's errors when the broker goes away:
    what was written by then must be deleted before the next attempt.
    """
    manifest = read_manifest(folder)
    if (wrong := next(unlike(folder, manifest), None)) is not None:
        raise BackupError(f"{folder}: {wrong}: nothing was restored")
    topics = [BY_NAME[name] for name in manifest.topics if name != SEALS.name]
    spreads = [Spread(topic, manifest.of(topic.name), partitions_of(topic)) for topic in topics]
    await refuse_wrong(config.kafka, topics)
    for topic in topics:
        await _refuse_full(config.kafka, topic)
    if FACTS in topics:
        await _refuse_remembered(config)
    outbox = Outbox(config.kafka)
    try:
        for spread in spreads:
            await _topic(outbox, folder, spread, progress)
    finally:
        await outbox.stop()
    for spread in spreads:
        if spread.topic is FACTS:
            await _remember(config, spread.said)
        found, restored = (
            sum(end - begin for begin, end in await bounds(config.kafka, spread.topic)),
            spread.tally.records,
        )
        if found != restored:
            raise BackupError(
                f"{spread.topic.name} holds {found:,} records, {restored:,} were restored: who else writes to it?"
            )
    tallies = {spread.topic.name: spread.tally for spread in spreads}
    return Restored(tallies, tuple(name for name in manifest.topics if name not in tallies))


async def _refuse_full(kafka: str, topic: Topic) -> None:
    full = [number for number, (begin, end) in enumerate(await bounds(kafka, topic)) if end > begin]
    if full:
        raise BackupError(f"{topic.name} is not empty (partition {full[0]}): delete it and run `suar topics create`")


async def knows_facts(config: Settings) -> bool:
    """Has Redis any progress of workers in the facts?"""
    teller = teller_of(config, plain)
    try:
        keys = [f"{place(config.namespace, FACTS.name, number)}next" for number in range(partitions_of(FACTS))]
        known = await teller.all([("GET", key) for key in keys])
    finally:
        await teller.close()
    return any(one is not None for one in known)


async def _refuse_remembered(config: Settings) -> None:
    """Progress in the log that is gone would make workers pass over restored facts, or say nothing about them."""
    if await knows_facts(config):
        raise BackupError("Redis still holds dossiers: stop the workers and run `suar rebuild --yes`, then restore")
    if await remembered(config):
        raise BackupError(
            f"consumer group {group(config)} remembers another {FACTS.name}: delete the group, then restore"
        )


async def _remember(config: Settings, said: Mapping[int, int]) -> None:
    """Below these offsets workers rebuild and say nothing: what they said is restored, too."""
    places = {TopicPartition(FACTS.name, partition): upto for partition, upto in said.items()}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=config.kafka, **security.kafka(), group_id=group(config), enable_auto_commit=False
    )
    await begin(consumer)
    try:
        consumer.assign(list(places))
        if places:
            await consumer.commit(places)
    finally:
        await consumer.stop()


async def _topic(outbox: Outbox, folder: Path, spread: Spread, progress: Progress) -> None:
    done, total = 0, sum(part.records for part in spread.parts)
    for part in spread.parts:
        for some in _by(AT_ONCE, read(folder, part)):
            await outbox.send(_again(part.topic, *laid) for one in some for laid in spread.of(part, one))
            done += len(some)
            progress(part.topic, done, total)


def _by(count: int, records: Iterator[Kept]) -> Iterator[list[Kept]]:
    while some := list(islice(records, count)):
        yield some


def _again(topic: str, partition: int, one: Kept) -> Record:
    headers = one.headers
    if all(name != AT for name, _ in headers):
        headers = (*headers, (AT, str(one.timestamp).encode()))
    # Kafka knows records without a key and headers without a value; we write none, and put them back as they were.
    return Record(topic, one.key, one.value, partition, headers)  # type: ignore[arg-type]
