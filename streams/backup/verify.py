"""The audit log of a backup against the seals of the same backup: no broker is asked, and nobody who kept the files is believed."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from agents.seals import Fault, Finding, Partition
from schemas.audit import Seal
from schemas.topics import AUDIT, AUDIT_DAYS, SEALS
from streams.audit.check import Checked
from streams.audit.signing import Trust
from streams.backup.files import BackupError, Part, read, read_manifest

_SEAL = msgspec.json.Decoder(Seal)


def verify(folder: Path, trust: Trust, progress: Callable[[int, int], None] = lambda _done, _of: None) -> list[Checked]:
    """Every partition; `progress` hears of records met, and of how many there are. Raises BackupError when files cannot be read.

    Hashes in the manifest are not asked: whoever changes a file can change them, too, and cannot sign a seal.
    """
    manifest = read_manifest(folder)
    parts = manifest.of(AUDIT.name)
    if not parts or not manifest.of(SEALS.name):
        raise BackupError(f"{folder} holds no audit log with its seals")
    seals = _seals(folder, manifest.of(SEALS.name))
    trusted = [seal for seal in seals if trust.holds(seal)]
    done, total = 0, sum(part.records for part in parts)
    found: list[Checked] = []
    for part in parts:
        good = [one for one in trusted if one.partition == part.partition]
        end = _end(folder, part)
        chain = Partition((one for one in seals if one.partition == part.partition), good, part.begin, end)
        for record in read(folder, part):
            chain.meet(record.offset, record.timestamp, record.key, record.value)
            done += 1
            progress(done, total)
        findings = [*chain.findings(), *_cut(good, part.begin)]
        found.append(Checked(part.partition, chain.records, chain.sealed, end, tuple(findings)))
    return found


def _end(folder: Path, part: Part) -> int:
    """Behind the last record that is there: what the manifest says of more is nobody's proof."""
    last = part.begin - 1
    for record in read(folder, part):
        last = record.offset
    return last + 1


def _seals(folder: Path, parts: Sequence[Part]) -> list[Seal]:
    try:
        return [_SEAL.decode(one.value) for part in parts for one in read(folder, part) if one.value is not None]
    except msgspec.DecodeError:
        raise BackupError(f"{folder} holds a record among its seals that is none") from None


def _cut(seals: Sequence[Seal], begin: int) -> list[Finding]:
    """Only retention takes the beginning of the log, and it takes nothing that was sealed within the years it is kept for."""
    if not seals:
        return []
    kept_since = max(seal.at for seal in seals) - AUDIT_DAYS
    return [
        Finding(Fault.MISSING, seal.first, min(seal.next, begin))
        for seal in seals
        if seal.first < begin and seal.at > kept_since
    ]
