"""Applied: when each rule last spoke on a feed, from the feed's own newest entries, whatever became of the alert since."""

from datetime import datetime
from typing import Any, Final

import msgspec

from streams.feed.installation import Installation
from streams.feed.store import paired
from streams.feed_keys import Keys

NEWEST: Final = 2000
"""Entries looked at: enough for days at a port, few enough for one page."""


class _Spoke(msgspec.Struct, frozen=True):
    rule: str


class _Entry(msgspec.Struct, frozen=True):
    at: datetime | None = None
    indications: tuple[_Spoke, ...] = ()


_ENTRY = msgspec.json.Decoder(_Entry)


async def last_applied(suar: Installation, feed: str | None) -> dict[str, datetime]:
    """By rule, the newest trigger on which it spoke. Empty without a feed. Raises redis-py's errors."""
    if feed is None:
        return {}
    stream = Keys(suar.settings).stream(feed)
    entries: Any = await suar.teller.call("XREVRANGE", stream, "+", "-", "COUNT", NEWEST)
    found: dict[str, datetime] = {}
    for _, fields in entries:
        entry = _ENTRY.decode(paired(fields)[b"entry"])
        for one in entry.indications:
            if entry.at is not None and entry.at > found.get(one.rule, _EVER):
                found[one.rule] = entry.at
    return found


_EVER: Final = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
