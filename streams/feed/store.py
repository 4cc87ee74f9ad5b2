"""What the gateway reads of the feeds in Redis; it never writes into a feed."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from streams.feed.cursor import Cursor, order
from streams.feed_keys import Keys
from streams.settings import Settings
from streams.teller import Argument, Script, Teller

Fields = Mapping[bytes, bytes]
Entry = tuple[str, Fields]

# KEYS: epoch, stream, open   ARGV: a new epoch, prefix of alerts, field of the view
_OPEN: Final = Script("""
redis.call('SET', KEYS[1], ARGV[1], 'NX')
local views = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  local view = redis.call('HGET', ARGV[2] .. id, ARGV[3])
  if view then views[#views + 1] = view end
end
return {redis.call('GET', KEYS[1]), redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1), views}
""")
# Trimming at the head leaves no mark but this: more entries were added than there are.
# KEYS: epoch, stream   ARGV: after, count
_PAGE: Final = Script("""
local first, trimmed = '0-0', 0
if redis.call('EXISTS', KEYS[2]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[2])
  local known = {}
  for i = 1, #info, 2 do known[info[i]] = info[i + 1] end
  if known['first-entry'] then first = known['first-entry'][1] end
  if known['entries-added'] > known['length'] then trimmed = 1 end
end
local entries = redis.call('XRANGE', KEYS[2], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
return {redis.call('GET', KEYS[1]), first, trimmed, entries}
""")


@dataclass(frozen=True, slots=True)
class Opened:
    """A feed as it stands: the views of what is open, and the cursor of that very moment."""

    cursor: Cursor
    views: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Page:
    """Entries after some id. `lost` when entries after that id were trimmed away (or may have been)."""

    epoch: str
    lost: bool
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Held:
    """The newest revision of an alert. `views` are by feed; `appended_at` is when the first revision was appended, ms."""

    revision: int
    whole: bytes
    views: Mapping[str, bytes]
    appended_at: int | None


class FeedStore:
    """The feeds of one installation. Its methods raise redis-py's errors. What waits for news has a connection of its own."""

    def __init__(self, waiting: Teller, teller: Teller, settings: Settings) -> None:
        self.teller, self.keys = teller, Keys(settings)
        self._waiting = waiting

    async def open(self, feed: str) -> Opened:
        """Everything that is open in a feed, with its cursor: one script, so that nothing comes between them."""
        names = [self.keys.epoch, self.keys.stream(feed), self.keys.open(feed)]
        args: list[Argument] = [secrets.token_hex(8), self.keys.alert(""), f"view:{feed}"]
        epoch, last, views = await self.teller.run(_OPEN, names, args)
        cursor = Cursor(epoch.decode(), feed=feed)
        if last:
            [(entry, fields)] = last
            cursor = Cursor(epoch.decode(), entry.decode(), upto_of(paired(fields)), feed)
        return Opened(cursor, views)

    async def page(self, feed: str, after: str, count: int) -> Page:
        """Entries after an id, at most `count`."""
        answer = await self.teller.run(_PAGE, [self.keys.epoch, self.keys.stream(feed)], [after, count])
        epoch, first, trimmed, entries = answer
        lost = bool(trimmed) and order(after) < order(first.decode())
        return Page((epoch or b"").decode(), lost, [(entry.decode(), paired(fields)) for entry, fields in entries])

    async def newer(self, after: Mapping[str, str], count: int, wait_ms: int) -> dict[str, Sequence[Entry]]:
        """Entries of several feeds after an id of each; waits a little for the first of them."""
        names = {self.keys.stream(feed): feed for feed in after}
        wanted = {self.keys.stream(feed): entry for feed, entry in after.items()}
        answer = await self._waiting.call(
            "XREAD", "COUNT", count, "BLOCK", wait_ms, "STREAMS", *wanted, *wanted.values()
        )
        return {
            names[name.decode()]: [(entry.decode(), paired(fields)) for entry, fields in entries]
            for name, entries in answer or ()
        }

    async def epoch(self) -> str | None:
        """Of this life of Redis; None when it was emptied and nobody wrote since."""
        found: bytes | None = await self.teller.call("GET", self.keys.epoch)
        return found.decode() if found else None

    async def alert(self, alert_id: str) -> Held | None:
        """The newest revision of an alert."""
        found = paired(await self.teller.call("HGETALL", self.keys.alert(alert_id)))
        if b"whole" not in found:
            return None
        views = {name.decode().removeprefix("view:"): view for name, view in found.items() if name.startswith(b"view:")}
        at = found.get(b"at")
        return Held(int(found[b"revision"]), found[b"whole"], views, int(float(at)) if at else None)

    async def past(self, alert_id: str) -> list[dict[str, object]]:
        """What its revisions were, oldest first."""
        lines: list[bytes] = await self.teller.call("LRANGE", self.keys.past(alert_id), 0, -1)
        return [msgspec.json.decode(line, type=dict[str, object]) for line in lines]

    async def screening(self, crossing_id: str) -> bytes | None:
        """The newest answer to an attempt, JSON."""
        found: bytes | None = await self.teller.call("HGET", self.keys.screening(crossing_id), "whole")
        return found


def upto_of(fields: Fields) -> dict[str, int]:
    """How far each partition behind a feed had come with an entry."""
    return msgspec.json.decode(fields.get(b"upto", b"{}"), type=dict[str, int])


def paired(flat: Sequence[bytes]) -> Fields:
    """Redis answers with fields and values in one list."""
    return dict(zip(flat[::2], flat[1::2], strict=True))
