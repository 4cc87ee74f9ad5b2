"""Keep: what is sealed of somebody's identity, the newest of each part, in Redis for the gateway to look up."""

from collections.abc import Sequence

import msgspec

from schemas.register import decode
from streams import metrics
from streams.lanes import Fold, Folded, Records
from streams.store import Batch

GONE = b""
"""A blob that is taken away."""


def blob_of(key: str) -> str:
    """The name of the blob under which a part is kept."""
    return f"i:{key}"


class KeepFold(Fold):
    """One partition of `suar.identities`."""

    stage = "keep"

    async def begin(self, quiet_below: int) -> None:
        """It says nothing to anybody."""

    def reads(self, records: Records) -> Sequence[str]:
        """What is kept now of those the batch is about."""
        return _names(records)

    async def fold(self, records: Records, blobs: Sequence[bytes | None]) -> Folded:
        """The newest of each part stays, whatever order they come in; a tombstone takes it away."""
        kept = dict(zip(_names(records), (blob or GONE for blob in blobs), strict=True))
        changed: dict[str, bytes] = {}
        for record in records:
            name = blob_of(_key(record.key))
            try:
                if record.value is not None and _older(record.value, kept[name]):
                    continue
            except msgspec.MsgspecError:
                metrics.UNREADABLE.inc()
                continue
            kept[name] = changed[name] = record.value or GONE
        return Folded(Batch(records[-1].offset + 1, changed))


def _older(value: bytes, than: bytes) -> bool:
    """Raises msgspec's errors when it is no entry."""
    at = decode(value).at
    return than != GONE and at < decode(than).at


def _names(records: Records) -> list[str]:
    return sorted({blob_of(_key(record.key)) for record in records})


def _key(key: bytes | None) -> str:
    return (key or b"").decode(errors="replace")
