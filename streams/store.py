"""Dossiers in Redis, fenced, with the offset beside them: state and progress move together or not at all."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from schemas.topics import ALERTS, FACT_DAYS, SCREENINGS
from streams.feed_keys import FEEDS
from streams.teller import Argument, Command, Script, Teller, another_life

REMEMBERED: Final = int(FACT_DAYS.total_seconds())
"""Seconds; what a worker would rebuild from the log goes with the log (UU 27/2022 Art. 42 to 44)."""
_ON_FEEDS: Final = {ALERTS.name, SCREENINGS.name}

_CLAIM = Script("""
local fence = redis.call('INCR', KEYS[3]) .. ':' .. ARGV[1]
redis.call('SET', KEYS[1], fence)
return {fence, redis.call('GET', KEYS[2])}
""")
# KEYS: fence, next, due clocks…, blobs…
# ARGV: fence, next expected, next, clocks, looks, seconds that somebody is remembered, (clock no, time, member)…, blobs…
# What is kept of somebody (d: dossiers, i: who it is) goes when nothing was heard of them for as long as the log remembers.
_SAVE = Script("""
local fence = redis.call('GET', KEYS[1])
if not fence then return 'gone' end
if fence ~= ARGV[1] then return 'lost' end
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[2] then return 'moved' end
local clocks, looks = tonumber(ARGV[4]), tonumber(ARGV[5])
local at = 7
for i = 1, looks do
  local due = KEYS[2 + tonumber(ARGV[at])]
  if ARGV[at + 1] == '' then redis.call('ZREM', due, ARGV[at + 2])
  else redis.call('ZADD', due, ARGV[at + 1], ARGV[at + 2]) end
  at = at + 3
end
for i = 3 + clocks, #KEYS do
  if ARGV[at] == '' then redis.call('DEL', KEYS[i])
  elseif string.find(KEYS[i], '}:[di]:') then redis.call('SET', KEYS[i], ARGV[at], 'EX', ARGV[6])
  else redis.call('SET', KEYS[i], ARGV[at]) end
  at = at + 1
end
redis.call('SET', KEYS[2], ARGV[3])
return 'saved'
""")


@dataclass(frozen=True)
class Claim:
    """Ownership of one partition: the fence that proves it, and the next offset to fold (None: nothing was folded yet)."""

    fence: bytes
    next: int | None


@dataclass(frozen=True)
class Look:
    """A dossier's wish to be looked at when a clock reaches a moment; None takes the wish back."""

    clock: str
    at: datetime | None
    subject: str


@dataclass(frozen=True)
class Batch:
    """What one fold writes: blobs by name (an empty one is taken away), looks, and the offset that comes after it."""

    next: int
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    looks: Sequence[Look] = ()


class NotSaved(Exception):  # noqa: N818 - it names what happened
    """The store refused: `lost` (a newer owner), `gone` (Redis lost its memory) or `moved` (progress is not where we left it)."""


def place(namespace: str, topic: str, partition: int) -> str:
    """What the names of a partition's keys begin with; in braces what Redis Cluster takes the slot from: a slot for each
    partition, or that of the feeds for those that deliver puts there.
    """
    if topic in _ON_FEEDS:
        return f"{namespace}:{{{FEEDS}}}:{topic}:{partition}:"
    return f"{namespace}:{{{topic}:{partition}}}:"


class Store:
    """One partition's place in Redis. All its keys share a hash tag, and so one slot of a cluster: a slot of its own, or that
    of what its folds write beside it, so that both are remembered or forgotten together.
    """

    def __init__(self, teller: Teller, namespace: str, topic: str, partition: int) -> None:
        self._teller = teller
        self._prefix = place(namespace, topic, partition)
        self._standing = Claim(b"", None)
        """Where Redis must still be: our claim, moved on by our saves."""
        self._life = teller.life_at(self._prefix)

    def _key(self, name: str) -> str:
        return self._prefix + name

    async def claim(self) -> Claim:
        """Takes the partition from whoever had it."""
        names = [self._key("fence"), self._key("next"), self._key("claims")]
        fence, following = await self._teller.run(_CLAIM, names, [uuid.uuid4().hex])
        self._standing = Claim(fence, None if following is None else int(following))
        self._life = self._teller.life_at(self._prefix)
        return self._standing

    @property
    def lasts(self) -> bool:
        """A claim is of one connection: what a fold wrote beside the store must not be forgotten while its offset is kept."""
        return self._life == self._teller.life_at(self._prefix)

    async def read(self, names: Sequence[str]) -> list[bytes | None]:
        """Blobs by name, one call for all. Raises NotSaved when Redis is not where this claim left it: what it lacks
        then was forgotten, and whoever folded on would tell untruths before the save is refused.
        """
        if not names:
            return []
        return self.found(await self._teller.call(*self.reading(names)))

    def reading(self, names: Sequence[str]) -> Command:
        """The command that reads them; its answer is for `found`."""
        return ("MGET", *(self._key(name) for name in ("fence", "next", *names)))

    def found(self, answer: list[bytes | None] | Exception) -> list[bytes | None]:
        """The blobs. Raises NotSaved as `read` does."""
        if isinstance(answer, Exception):
            raise answer
        fence, following = answer[:2]
        if fence != self._standing.fence:
            raise NotSaved("gone" if fence is None else "lost")
        if (None if following is None else int(following)) != self._standing.next:
            raise NotSaved("moved")
        return answer[2:]

    async def save(self, fence: bytes, expected: int | None, batch: Batch) -> None:
        """Writes everything of a fold, or nothing. Raises NotSaved."""
        if not self.lasts:
            raise another_life()
        [answer] = await self._teller.together([self.saving(fence, expected, batch)], self._teller.life)
        self.saved(answer)

    def saving(self, fence: bytes, expected: int | None, batch: Batch) -> Command:
        """The command that writes everything of a fold, or nothing; its answer is for `saved`. A read that follows it on
        the same connection tells whether it did: it finds Redis where the save leaves it, or is refused.
        """
        self._standing = Claim(fence, batch.next)
        clocks = sorted({look.clock for look in batch.looks})
        number = {clock: index + 1 for index, clock in enumerate(clocks)}
        keys = [self._key("fence"), self._key("next"), *(self._key(f"due:{clock}") for clock in clocks)]
        keys += [self._key(name) for name in batch.blobs]
        args: list[Argument] = [fence, "" if expected is None else expected, batch.next]
        args += [len(clocks), len(batch.looks), REMEMBERED]
        for look in batch.looks:
            args += [number[look.clock], "" if look.at is None else look.at.timestamp(), look.subject]
        args += batch.blobs.values()
        return _SAVE.on(keys, args)

    @staticmethod
    def saved(answer: bytes | Exception) -> None:
        """Raises NotSaved when nothing was written."""
        if isinstance(answer, Exception):
            raise answer
        if answer != b"saved":
            raise NotSaved(answer.decode())

    async def check(self, fence: bytes) -> None:
        """Is the partition still ours? An idle lane would not notice an emptied Redis otherwise. Raises NotSaved."""
        self.checked(await self._teller.call(*self.checking()), fence)

    def checking(self) -> Command:
        """The command that asks for the fence; its answer is for `checked`."""
        return ("GET", self._key("fence"))

    def checked(self, answer: bytes | Exception | None, fence: bytes) -> None:
        """Raises NotSaved as `check` does."""
        if isinstance(answer, Exception):
            raise answer
        if answer != fence:
            raise NotSaved("gone" if answer is None else "lost")

    async def due(self, clock: str, upto: datetime, most: int) -> list[tuple[str, datetime]]:
        """Subjects whose look on that clock is due, oldest first."""
        key = self._key(f"due:{clock}")
        flat = await self._teller.call("ZRANGEBYSCORE", key, "-inf", upto.timestamp(), "WITHSCORES", "LIMIT", 0, most)
        return [(name.decode(), datetime.fromtimestamp(float(score), UTC)) for name, score in _pairs(flat)]


def _pairs(flat: Sequence[bytes | Sequence[bytes]]) -> list[tuple[bytes, bytes]]:
    """Members and scores, however the protocol version lays them out."""
    if flat and not isinstance(flat[0], bytes):
        return [(pair[0], pair[1]) for pair in flat]  # type: ignore[misc]  # RESP3: a list of pairs
    return list(zip(flat[::2], flat[1::2], strict=True))  # type: ignore[arg-type]  # RESP2: one flat list
