"""A cursor: where a reader of a feed stands, kept by the reader and handed back when it comes again."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

START: Final = "0-0"
"""Before the first entry of a stream."""
LONGEST: Final = 4096
"""Characters; a cursor that names every partition takes some 400."""


class BadCursor(ValueError):  # noqa: N818 - it is the cursor that is bad
    """The text is no cursor of ours."""


class AnotherFeed(BadCursor):
    """A cursor of ours, of a feed that is not this one."""


class _Written(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    feed: int
    epoch: str
    entry: str
    upto: dict[str, int]


_DECODER = msgspec.json.Decoder(_Written)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a feed. `entry` is the id of the last entry seen, comparable within one `epoch` (one life of Redis);
    `upto` is the last offset seen of each partition behind the feed, which outlives Redis. `feed` is the feed's name.
    """

    epoch: str
    entry: str = START
    upto: Mapping[str, int] = field(default_factory=dict)
    feed: str = ""

    def encode(self) -> str:
        """Opaque text for URLs and `Last-Event-ID`. It opens nothing: what its bearer may read is asked anew each time."""
        written = msgspec.json.encode(_Written(_mark(self.feed), self.epoch, self.entry, dict(self.upto)))
        return base64.urlsafe_b64encode(written).rstrip(b"=").decode()

    @classmethod
    def parse(cls, text: str, feed: str = "") -> "Cursor":
        """What `encode` wrote for that feed. Raises BadCursor, and AnotherFeed for one of another feed."""
        written = _read(text)
        if written.feed != _mark(feed):
            raise AnotherFeed("of another feed")
        return cls(written.epoch, written.entry, written.upto, feed)

    def saw(self, place: str) -> bool:
        """Has the reader seen what stood at that place, such as `a3:17`?"""
        partition, offset = split(place)
        return offset <= self.upto.get(partition, -1)

    def after(self, entry: str, place: str) -> "Cursor":
        """Where a reader stands that saw one entry more. Offsets only grow: after a flush a feed says things again."""
        partition, offset = split(place)
        upto = {**self.upto, partition: max(offset, self.upto.get(partition, -1))}
        return Cursor(self.epoch, entry, upto, self.feed)


def split(place: str) -> tuple[str, int]:
    """The partition and offset of a place. Raises ValueError when it is none."""
    partition, _, offset = place.partition(":")
    return partition, int(offset)


def order(entry: str) -> tuple[int, int]:
    """An entry's id as it compares. Raises ValueError when it is none."""
    milliseconds, _, number = entry.partition("-")
    return int(milliseconds), int(number or 0)


def _mark(feed: str) -> int:
    """Tells feeds apart without naming them."""
    return zlib.crc32(feed.encode())


def _read(text: str) -> _Written:
    if not text or len(text) > LONGEST:
        raise BadCursor("empty or too long")
    try:
        written = _DECODER.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        order(written.entry)
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise BadCursor("unreadable") from None
    return written
