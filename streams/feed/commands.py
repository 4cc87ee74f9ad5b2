"""Commands: what somebody does with an alert becomes a fact on the log, and the answer is the revision that it makes.

Two commands on one revision cannot both pass: the revision is reserved in Redis before the fact is sent. A command that is
sent again is the same command: its event has the same id.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec

from schemas.envelope import System
from schemas.facts import digest
from streams import metrics
from streams.feed.callers import Caller
from streams.feed.installation import Installation
from streams.feed.problems import Problem
from streams.feed.saying import event_name, say
from streams.feed.store import Held
from streams.publish import envelope
from streams.teller import Argument, Script

WAIT_SECONDS: Final = 3.0
"""How long a command waits for the revision that it makes."""
PENDING_MS: Final = 30_000
"""How long a revision stays reserved when nothing comes of it; longer than the broker may take to answer."""
ASKED_SECONDS: Final = 86_400
"""How long a key of a client is remembered."""

# KEYS: alert, asked   ARGV: revision seen, event id, reserved for ms, fingerprint, kept for seconds
_RESERVE: Final = Script("""
local revision = redis.call('HGET', KEYS[1], 'revision')
if revision ~= ARGV[1] then return 'stale' end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local pending = redis.call('HGET', KEYS[1], 'pending')
if pending then
  local seen, event, ends = string.match(pending, '^(%d+) (%S+) (%d+)$')
  if seen == ARGV[1] and event ~= ARGV[2] and tonumber(ends) > now then return 'taken' end
end
redis.call('HSET', KEYS[1], 'pending', ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. string.format('%.0f', now + ARGV[3]))
redis.call('SET', KEYS[2], ARGV[4], 'EX', ARGV[5])
return 'ok'
""")


class _Done(msgspec.Struct, frozen=True):
    event_id: str


class _Alert(msgspec.Struct, frozen=True):
    """What a command needs of the whole alert, whatever its caller may see."""

    subject: str
    trigger_id: str
    handling: tuple[_Done, ...] = ()


_ALERT: Final = msgspec.json.Decoder(_Alert)


@dataclass(frozen=True, slots=True)
class Order:
    """One command. `kind` is the type of its event, `seen` the revision on the caller's screen, `key` the caller's own."""

    alert_id: str
    command: str
    kind: str
    seen: int
    data: Mapping[str, object] = field(default_factory=dict)
    sealed: str | None = None
    """Text that is sealed before it is sent."""
    key: str | None = None
    via: str | None = None

    @property
    def fingerprint(self) -> str:
        """Tells orders apart that share a key."""
        return digest(self.alert_id, self.command, self.seen, msgspec.json.encode(dict(self.data)), self.sealed or "")

    def event_id(self, who: Caller) -> str:
        """The same order of the same caller is the same event, with a key or without."""
        return event_name("command", who.name, self.key or self.fingerprint)


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert as a caller may see it."""

    alert_id: str
    held: Held
    feed: str

    @property
    def view(self) -> dict[str, object]:
        """What that feed's role sees."""
        found: dict[str, object] = msgspec.json.decode(self.held.views[self.feed])
        return found

    @property
    def whole(self) -> _Alert:
        """For the gateway alone."""
        return _ALERT.decode(self.held.whole)

    def holds(self, event_id: str) -> bool:
        """Has the core folded this event into the alert?"""
        return any(one.event_id.rpartition("/")[2] == event_id for one in self.whole.handling)


async def look(suar: Installation, who: Caller, alert_id: str) -> Seen:
    """The alert on the feed that shows this caller most. Raises Problem 404, whether it is another's or nobody's."""
    held = await suar.boards.store.alert(alert_id)
    mine = {feed: view for feed, view in held.views.items() if who.may_read(feed)} if held else {}
    if held is None or not mine:
        raise Problem(404, "no_such_alert", "there is no such alert for you")
    return Seen(alert_id, held, max(mine, key=lambda feed: (len(mine[feed]), feed)))


async def carry_out(suar: Installation, who: Caller, order: Order) -> Seen | None:
    """The alert with the command in it; None when it was accepted and its revision is still on its way.

    Raises Problem: 403, 404, 409 in flight, 412 stale (with the newer view), 422 another order under the same key.
    """
    try:
        done = await _carry_out(suar, who, order)
    except Problem as problem:
        metrics.COMMANDS.labels(order.command, problem.code).inc()
        raise
    metrics.COMMANDS.labels(order.command, "done" if done else "accepted").inc()
    return done


async def _carry_out(suar: Installation, who: Caller, order: Order) -> Seen | None:
    seen, event_id = await look(suar, who, order.alert_id), order.event_id(who)
    if not any(who.may(order.command, seen.view, feed=feed) for feed in seen.held.views if who.may_read(feed)):
        raise Problem(403, "not_your_command", f"you may not {order.command} this alert")
    asked = await _asked(suar, order, event_id)
    if seen.holds(event_id):
        return seen
    if seen.held.revision != order.seen:
        later = await _awaited(suar, who, seen, event_id) if asked else seen
        if later.holds(event_id):
            return later
        raise stale(later)
    event = _event(suar, who, order, seen)
    match await _reserve(suar, order, event_id):
        case "ok":
            await say(suar.outbox, event, suar.settings.key, suar.sealer)
            later = await _awaited(suar, who, seen, event_id)
            return later if later.holds(event_id) else None
        case "taken":
            raise await _overtaken(suar, who, seen)
        case _:
            raise stale(await look(suar, who, order.alert_id))


def stale(seen: Seen) -> Problem:
    """The newer view comes with the refusal, so that the officer decides on it."""
    text = f"the alert is at revision {seen.held.revision}; look at it and decide again"
    headers = {"ETag": etag(seen)}
    return Problem(412, "stale", text, headers=headers, alert=seen.view, revision=seen.held.revision)


def etag(seen: Seen) -> str:
    """The revision as HTTP compares it."""
    return f'"{seen.held.revision}"'


async def _asked(suar: Installation, order: Order, event_id: str) -> bool:
    """Was this very order sent before? Raises Problem 422 when its key was used for another."""
    found: bytes | None = await suar.teller.call("GET", suar.boards.store.keys.asked(event_id))
    if found is not None and found.decode() != order.fingerprint:
        raise Problem(422, "key_used", "this Idempotency-Key was used for another command")
    return found is not None


async def _reserve(suar: Installation, order: Order, event_id: str) -> str:
    keys = suar.boards.store.keys
    names = [keys.alert(order.alert_id), keys.asked(event_id)]
    args: list[Argument] = [order.seen, event_id, PENDING_MS, order.fingerprint, ASKED_SECONDS]
    answer: bytes = await suar.teller.run(_RESERVE, names, args)
    return answer.decode()


def _event(suar: Installation, who: Caller, order: Order, seen: Seen) -> dict[str, object]:
    """What is said on the log: who, when, from where, and what was on the screen."""
    place = seen.feed.partition(":")[2]
    via = order.via or ("web" if who.kind == "person" else place if place != "*" else "api")
    data: dict[str, object] = {
        "alert_id": order.alert_id,
        "subject": seen.whole.subject,
        "trigger_id": seen.whole.trigger_id,
        "revision_seen": order.seen,
        "by": who.name,
        "via": via,
        **order.data,
    }
    if order.sealed is not None:
        data["sealed"] = suar.notes.seal(order.sealed, order.alert_id)
    now = datetime.now(UTC)
    return envelope(System.CHECKPOINT, order.kind, name=order.event_id(who), time=now, data=data)


async def _awaited(suar: Installation, who: Caller, seen: Seen, event_id: str) -> Seen:
    """The alert as soon as the event is in it, or as it stands when the wait is over."""
    ends = time.monotonic() + WAIT_SECONDS
    while not seen.holds(event_id) and await _moved(suar, seen, ends):
        seen = await look(suar, who, seen.alert_id)
    return seen


async def _overtaken(suar: Installation, who: Caller, seen: Seen) -> Problem:
    """Another command on the same revision was first: its revision is the newer state."""
    if await _moved(suar, seen, time.monotonic() + WAIT_SECONDS):
        return stale(await look(suar, who, seen.alert_id))
    text = "another command on this revision is under way; look again in a moment"
    return Problem(409, "in_flight", text, headers={"Retry-After": "1"})


async def _moved(suar: Installation, seen: Seen, ends: float) -> bool:
    """Waits for a newer revision than was seen. Whoever waits is known to the board before Redis is asked, so that nothing
    comes unseen between the two. False when it did not come in time.
    """
    board = await suar.boards.board(seen.feed)
    coming = board.coming(seen.alert_id, seen.held.revision + 1)
    try:
        held = await suar.boards.store.alert(seen.alert_id)
        if held is not None and held.revision > seen.held.revision:
            return True
        async with asyncio.timeout(max(0.0, ends - time.monotonic())):
            await coming
        return True
    except TimeoutError:
        return False
    finally:
        coming.cancel()
