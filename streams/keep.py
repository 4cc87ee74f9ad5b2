"""Keep: what is sealed of somebody's identity, the newest of each part, in Redis for the gateway to look up."""

from collections.abc import Sequence

import msgspec

from schemas.register import Entry, decode
from schemas.topics import IDENTITIES
from streams import metrics
from streams.lanes import Fold, Folded, Records
from streams.produce import Record
from streams.store import Batch

GONE = b""
"""A blob that is taken away."""


def blob_of(key: str) -> str:
    """The name of the blob under which a part is kept."""
    return f"i:{key}"


class KeepFold(Fold):
    """One partition of `suar.identities`."""

    stage = "keep"

    def __init__(self) -> None:
        self._quiet_below = 0

    async def begin(self, quiet_below: int) -> None:
        """What came late below that offset was answered before."""
        self._quiet_below = quiet_below

    def reads(self, records: Records) -> Sequence[str]:
        """What is kept now of those the batch is about."""
        return _names(records)

    async def fold(self, records: Records, blobs: Sequence[bytes | None]) -> Folded:
        """The newest of each part stays, whatever order they come in; what is forgotten stays so.

        Compaction leaves the last record of a key, not the newest: what came late is answered with what is kept, so that
        an emptied Redis learns that, too.
        """
        kept = dict(zip(_names(records), (blob or GONE for blob in blobs), strict=True))
        changed: dict[str, bytes] = {}
        late: dict[str, bytes] = {}
        for record in records:
            name = blob_of(_key(record.key))
            try:
                if record.value is not None and _late(decode(record.value), kept[name]):
                    if record.offset >= self._quiet_below:
                        late[name] = record.key or b""
                    continue
            except msgspec.MsgspecError:
                metrics.UNREADABLE.inc()
                continue
            kept[name] = changed[name] = record.value or GONE
        again = [Record(IDENTITIES.name, key, kept[name]) for name, key in late.items() if kept[name] != GONE]
        return Folded(Batch(records[-1].offset + 1, changed), again)


def _late(told: Entry, kept: bytes) -> bool:
    """Is what is kept the later word?"""
    standing = _standing(kept)
    return standing is not None and standing.outranks(told)


def _standing(kept: bytes) -> Entry | None:
    """What no version of this program can read any more gives way."""
    try:
        return decode(kept) if kept else None
    except msgspec.MsgspecError:
        return None


def _names(records: Records) -> list[str]:
    return sorted({blob_of(_key(record.key)) for record in records})


def _key(key: bytes | None) -> str:
    return (key or b"").decode(errors="replace")
