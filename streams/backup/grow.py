"""An installation that outgrew its partitions: everything that is keyed goes from a backup into new topics with a multiple of them.

What agencies wrote stays where it is, and gets empty partitions beside it: the order between two events of an agency decides nothing.
What is kept for good is deleted only when a backup of exactly this is at hand, put back, and counted again record by record. An attempt
that broke off goes on where it is run again: a file in the folder says that the old topics may be gone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiokafka.errors import KafkaError

from schemas.topics import AGENCY_TOPICS, BY_NAME, FACTS, IDENTITIES, TOPICS
from streams.admin import Admin, AdminError
from streams.backup.files import BackupError, Manifest, read_manifest, unlike
from streams.backup.put import knows_facts, put
from streams.backup.spread import Spread, Tally, rehearse
from streams.backup.take import Progress, bounds, group, remembered, unheard
from streams.cluster import forget
from streams.partitions import partitions_of
from streams.reading import everything
from streams.settings import Settings

UNDER_WAY: Final = "growing"
"""A file in the folder of the backup, from before the first topic is deleted until all is counted."""
WITHIN: Final = 120.0
"""Seconds until the broker has deleted, or made, what it was asked to."""


@dataclass(frozen=True)
class Grown:
    """Partitions before and after; by topic, records of the backup and those that were counted on the broker."""

    old: int
    new: int
    before: dict[str, int]
    after: dict[str, int]


async def grow(config: Settings, folder: Path, *, progress: Progress = unheard) -> Grown:
    """Makes the keyed topics anew with SUAR_PARTITIONS partitions. Nothing may run meanwhile.

    Raises BackupError, AdminError, redis-py's and aiokafka's errors, each before anything is deleted or so that it can be run again.
    """
    manifest = _fit(folder)
    old, new = len(manifest.of(FACTS.name)), partitions_of(FACTS)
    under_way = folder / UNDER_WAY
    async with Admin(config.kafka) as admin:
        if members := await admin.members(group(config)):
            raise BackupError(f"{members} workers run: stop workers, gateways, pagers and the sealer first")
        await (_refuse_lived_in if under_way.exists() else _refuse_other)(config, admin, manifest)
        replication = (await admin.laid_out(AGENCY_TOPICS))[AGENCY_TOPICS[0].name][1]
        under_way.touch()
        await _anew(config, admin, manifest.topics, replication)
    tallies = (await put(config, folder, progress=progress)).tallies
    await _recount(config.kafka, tallies, progress)
    under_way.unlink()
    before = {name: sum(part.records for part in manifest.of(name)) for name in tallies}
    return Grown(old, new, before, {name: tally.records for name, tally in tallies.items()})


def _fit(folder: Path) -> Manifest:
    """The manifest of a backup that holds all that must move."""
    manifest = read_manifest(folder)
    if missing := {FACTS.name, IDENTITIES.name} - set(manifest.topics):
        raise BackupError(f"{folder} is without {min(missing)}: take one with --facts --identities")
    if len(manifest.of(FACTS.name)) == partitions_of(FACTS):
        raise BackupError(f"{folder} has {partitions_of(FACTS)} partitions: set SUAR_PARTITIONS to a multiple of that")
    if (wrong := next(unlike(folder, manifest), None)) is not None:
        raise BackupError(f"{folder}: {wrong}: nothing was deleted")
    for name in manifest.topics:
        rehearse(folder, Spread(BY_NAME[name], manifest.of(name), partitions_of(BY_NAME[name])))
    return manifest


async def _refuse_other(config: Settings, admin: Admin, manifest: Manifest) -> None:
    """The backup must be of this log, and the log must not have gone on since."""
    there = await admin.laid_out([BY_NAME[name] for name in manifest.topics])
    for name in manifest.topics:
        parts = manifest.of(name)
        if name not in there or there[name][0] != len(parts):
            has = f"has {there[name][0]} partitions" if name in there else "is not on the broker"
            raise BackupError(f"{name} {has}, {len(parts)} in the backup: this is a backup of something else")
        ends = [end for _, end in await bounds(config.kafka, BY_NAME[name], len(parts))]
        if ends != [part.end for part in parts]:
            raise BackupError(f"{name} went on since the backup was taken: stop everything and take another one")


async def _refuse_lived_in(config: Settings, admin: Admin, manifest: Manifest) -> None:
    """After an attempt that broke off: what lies there must be the old log, or no more than this backup puts there."""
    there = await admin.laid_out([BY_NAME[name] for name in manifest.topics])
    for name, (count, _) in there.items():
        parts, limits = manifest.of(name), await bounds(config.kafka, BY_NAME[name], count)
        if [end for _, end in limits] == [part.end for part in parts]:
            continue
        copies = (
            (count // len(parts)) ** 2 if name == FACTS.name else 1
        )  # of a mark, which are most there are of one record
        anew = count > len(parts) or BY_NAME[name].partitions == 1
        most = sum(part.records for part in parts) * copies if anew else 0
        if sum(end - begin for begin, end in limits) > most:
            raise BackupError(f"{name} went on since an attempt broke off: nothing was deleted, take another backup")
    if there.get(FACTS.name, (0, 0))[0] > len(manifest.of(FACTS.name)) and await knows_facts(config):
        raise BackupError(f"workers have run since {FACTS.name} was filled: it has grown, and nothing was deleted")


async def _anew(config: Settings, admin: Admin, names: Sequence[str], replication: int) -> None:
    """Topics of the backup empty, the others with more partitions, and nothing remembered of the old log."""
    await admin.delete(names)
    await _until(lambda: _gone(admin, names), "the old topics are still there")
    await _until(lambda: _forgotten(config), f"consumer group {group(config)} still remembers the old {FACTS.name}")
    await forget(config)
    await admin.widen([topic for topic in TOPICS if topic.name not in names])
    await _until(lambda: _made(config, admin, replication), "the new topics are not there")


async def _gone(admin: Admin, names: Sequence[str]) -> bool:
    return not await admin.laid_out([BY_NAME[name] for name in names])


async def _forgotten(config: Settings) -> bool:
    return not await remembered(config)


async def _made(config: Settings, admin: Admin, replication: int) -> bool:
    """Made with leaders: the broker takes them one by one."""
    try:
        await admin.create(replication=replication)
        if await admin.check():
            return False
        for topic in TOPICS:
            await bounds(config.kafka, topic)
    except (KafkaError, AdminError):
        return False
    return True


async def _until(done: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    try:
        async with asyncio.timeout(WITHIN):
            while not await done():  # noqa: ASYNC110 - the broker tells nobody
                await asyncio.sleep(0.3)
    except TimeoutError:
        raise BackupError(f"{otherwise} after {WITHIN:.0f} s: run this again") from None


async def _recount(kafka: str, wanted: dict[str, Tally], progress: Progress) -> None:
    """What lies on the broker now is what was sent there, record by record and partition by partition."""
    found: defaultdict[str, Tally] = defaultdict(Tally)
    total = sum(tally.records for tally in wanted.values())
    done = 0
    for name, tally in wanted.items():
        async for record in everything(kafka, name):
            found[name].take(record.partition, record.key, record.value)
            done += 1
            if not done % 1000:
                progress("counted again", done, total)
        if found[name] != tally:
            raise BackupError(
                f"{name}: {found[name].records:,} records counted, {tally.records:,} sent, or not the same: run this again"
            )
    progress("counted again", total, total)
