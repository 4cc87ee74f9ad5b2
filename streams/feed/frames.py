"""Frames: what a stream says, each with the cursor to come back with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

import msgspec

from streams.feed.cursor import Cursor

ALERT: Final = "alert"
SCREENING: Final = "screening"
GAP: Final = "gap"
SNAPSHOT: Final = "snapshot"
HERE: Final = "here"


class _About(msgspec.Struct):
    """What of a frame's body says whom it is about."""

    alert_id: str = ""
    crossing_id: str = ""
    alerts: "tuple[_About, ...]" = ()


_ABOUT = msgspec.json.Decoder(_About)


@dataclass(frozen=True)
class Frame:
    """One thing said. `body` is JSON on one line; `place` is where on the log it stands, empty for what does not."""

    cursor: Cursor
    event: str
    body: bytes
    place: str = ""

    @cached_property
    def name(self) -> str:
        """The cursor as text; made once, however many read it."""
        return self.cursor.encode()

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Alerts and crossings that it tells of, for the audit log."""
        if self.event not in {ALERT, SCREENING, SNAPSHOT}:
            return ()
        about = _ABOUT.decode(self.body)
        return tuple(name for one in about.alerts or (about,) if (name := one.alert_id or one.crossing_id))

    @cached_property
    def sse(self) -> bytes:
        """As a server-sent event."""
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (self.name.encode(), self.event.encode(), self.body)

    @cached_property
    def text(self) -> str:
        """As one WebSocket message."""
        return '{"id":"%s","event":"%s","data":%s}' % (self.name, self.event, self.body.decode())  # noqa: UP031


def listed(cursor: Cursor, raws: Iterable[bytes]) -> bytes:
    """Views and the cursor that continues them."""
    return b'{"cursor":"%b","alerts":[%b]}' % (cursor.encode().encode(), b",".join(raws))


def gap(cursor: Cursor, since: str | None, until: str, reason: str) -> Frame:
    """What stood between two moments is not to be had any more."""
    return Frame(cursor, GAP, msgspec.json.encode({"from": since, "to": until, "reason": reason}))


def now() -> str:
    """The moment as frames tell it: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat()
