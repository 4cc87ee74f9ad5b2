"""The check of the audit log against its seals, and the answer to who saw whom."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

import msgspec
from aiokafka import TopicPartition

from agents.seals import Finding, Partition
from schemas.audit import Look
from schemas.topics import ALERTS, AUDIT
from streams.audit.sealer import all_seals
from streams.audit.signing import Trust
from streams.partitions import partitions_of
from streams.reading import everything, looking

_LOOK = msgspec.json.Decoder(Look)


class _Alert(msgspec.Struct):
    """What of an alert says whom it is about."""

    alert_id: str
    subject: str
    trigger_id: str = ""
    members: tuple[str, ...] = ()


_ALERT = msgspec.json.Decoder(_Alert)


@dataclass(frozen=True)
class Checked:
    """One partition: records met, the offset up to which they are sealed, the log's end, and what is wrong."""

    partition: int
    records: int
    sealed: int
    end: int
    findings: tuple[Finding, ...]


async def check(
    kafka: str, trust: Trust, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> list[Checked]:
    """Every partition of the audit log against every seal; `progress` hears of records met, and of how many there are."""
    seals = await all_seals(kafka)
    trusted = [seal for seal in seals if trust.holds(seal)]
    begins, ends = await _bounds(kafka)
    total = sum(ends[number] - begins[number] for number in ends)
    partitions = {
        number: Partition(
            (one for one in seals if one.partition == number),
            (one for one in trusted if one.partition == number),
            begins[number],
            ends[number],
        )
        for number in ends
    }
    done = 0
    async for record in everything(kafka, AUDIT.name):
        if record.offset < ends[record.partition]:
            partitions[record.partition].meet(record.offset, record.timestamp, record.key, record.value)
            done += 1
            progress(done, total)
    return [
        Checked(number, one.records, one.sealed, ends[number], tuple(one.findings()))
        for number, one in sorted(partitions.items())
    ]


async def _bounds(kafka: str) -> tuple[dict[int, int], dict[int, int]]:
    async with looking(kafka, AUDIT.name) as consumer:
        partitions = [TopicPartition(AUDIT.name, number) for number in range(partitions_of(AUDIT))]
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    return {tp.partition: at for tp, at in begins.items()}, {tp.partition: at for tp, at in ends.items()}


async def names_of(kafka: str, subjects: Iterable[str]) -> set[str]:
    """The subjects, and the ids of every alert and attempt that is about one of them."""
    wanted = set(subjects)
    found = set(wanted)
    raw = [one.encode() for one in wanted]
    async for record in everything(kafka, ALERTS.name):
        if record.value is None or not any(one in record.value for one in raw):
            continue
        alert = _ALERT.decode(record.value)
        if alert.subject in wanted or wanted & set(alert.members):
            found |= {alert.alert_id, alert.trigger_id} - {""}
    return found


async def who_saw(kafka: str, names: Iterable[str]) -> AsyncIterator[Look]:
    """Looks at any of these, in the order of each partition. A record that is no look is passed over."""
    wanted = set(names)
    raw = [one.encode() for one in wanted]
    async for record in everything(kafka, AUDIT.name):
        if record.value is None or not any(one in record.value for one in raw):
            continue
        try:
            look = _LOOK.decode(record.value)
        except msgspec.DecodeError:
            continue
        if wanted & set(look.ids):
            yield look
