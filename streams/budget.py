"""The alert budget in Redis: each answer counts once in its checkpoint's day, however often it is delivered or revised.

The counts stand in the slot of the feeds and of deliver's offsets: what a fail-over forgets of one, it forgets of all.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from agents.budget import DEPARTURES, MEASURED, Spent, day_of, share, spent
from schemas.alerts import Screening
from schemas.policy import Policy
from schemas.topics import AGENCY_DAYS
from streams import metrics
from streams.feed_keys import FEEDS
from streams.settings import Settings
from streams.teller import Argument, Command, Script, Teller

CLOSED_AFTER: Final = AGENCY_DAYS + timedelta(days=1)
"""Answers are kept so long on their topic; a day that is older is not counted in any more."""
KEPT: Final = timedelta(days=400)
_FIELDS = (DEPARTURES, *(severity.name for severity in MEASURED))

# KEYS: who was counted, counts.   ARGV: crossing, revision, departed, severity, alert, until, kept until, then the fields to answer.
# Of each crossing: `revision|departed|severity|alert`. Of each alert, under `@severity/alert`: how many crossings share it.
# One without the other was left behind by a rebuild, which tells everything again.
_COUNT = Script("""
local seen, counts = KEYS[1], KEYS[2]
if redis.call('EXISTS', seen) ~= redis.call('EXISTS', counts) then redis.call('DEL', seen, counts) end
local function shift(by, departed, severity, alert)
  redis.call('HINCRBY', counts, 'departures', departed == '1' and by or 0)
  if severity == '' then return end
  local name = '@' .. severity .. '/' .. alert
  local sharing = redis.call('HINCRBY', seen, name, by)
  if sharing == 0 then redis.call('HDEL', seen, name) end
  if sharing == 0 or (by == 1 and sharing == 1) then redis.call('HINCRBY', counts, severity, by) end
end
local old = redis.call('HGET', seen, ARGV[1])
local revision, departed, severity, alert
if old then revision, departed, severity, alert = string.match(old, '^(%d+)|(%d)|(%u*)|(.*)$') end
if not revision or tonumber(revision) < tonumber(ARGV[2]) then
  if revision then shift(-1, departed, severity, alert) end
  shift(1, ARGV[3], ARGV[4], ARGV[5])
  redis.call('HSET', seen, ARGV[1], table.concat({ARGV[2], ARGV[3], ARGV[4], ARGV[5]}, '|'))
  redis.call('EXPIREAT', seen, ARGV[6])
  redis.call('EXPIREAT', counts, ARGV[7])
end
return redis.call('HMGET', counts, unpack(ARGV, 8))
""")


class Budgets:
    """Counts of every checkpoint and day. The zones and limits are those of the policy that this program began with."""

    def __init__(self, teller: Teller, settings: Settings, policy: Policy) -> None:
        self._teller, self._namespace, self._policy = teller, settings.namespace, policy
        self._newest: dict[str, date] = {}

    async def count(self, screenings: Iterable[Screening], now: datetime) -> None:
        """Takes answers in, each once. The measures show the newest day of each checkpoint."""
        young = [one for one in screenings if now - one.at <= CLOSED_AFTER]
        days = [day_of(one, self._policy) for one in young]
        found = await self._teller.all([self._counting(one, day) for one, day in zip(young, days, strict=True)])
        newest: dict[str, Sequence[bytes | None]] = {}
        for one, day, counts in zip(young, days, found, strict=True):
            if day >= self._newest.get(one.checkpoint, day):
                self._newest[one.checkpoint] = day
                newest[one.checkpoint] = counts
        for checkpoint, counts in newest.items():
            _show(self._lines(checkpoint, self._newest[checkpoint], counts))

    def _counting(self, screening: Screening, day: date) -> Command:
        one = share(screening)
        args: list[Argument] = [screening.crossing_id, screening.revision, int(one.departed), one.severity, one.alert]
        args += [_end(day, CLOSED_AFTER), _end(day, KEPT), *_FIELDS]
        return _COUNT.on(self._keys(screening.checkpoint, day), args)

    async def days(self, checkpoints: Iterable[str], days: Sequence[date]) -> list[Spent]:
        """What was spent, by checkpoint and day; days on which nobody was seen are left out."""
        lines: list[Spent] = []
        for checkpoint in checkpoints:
            for day in days:
                found = await self._teller.call("HMGET", self._keys(checkpoint, day)[1], *_FIELDS)
                if any(found):
                    lines += self._lines(checkpoint, day, found)
        return lines

    def _lines(self, checkpoint: str, day: date, found: Sequence[bytes | None]) -> tuple[Spent, ...]:
        counts = {name: int(value or 0) for name, value in zip(_FIELDS, found, strict=True)}
        return spent(checkpoint, day, counts, self._policy.budget)

    def _keys(self, checkpoint: str, day: date) -> list[str]:
        prefix = f"{self._namespace}:{{{FEEDS}}}:budget:{checkpoint}:"
        return [f"{prefix}seen:{day}", f"{prefix}counts:{day}"]


def _end(day: date, after: timedelta) -> int:
    """Two days on, so that no zone's day is over before its last answer may be counted."""
    return int((datetime.combine(day, time(), UTC) + after + timedelta(days=2)).timestamp())


def _show(lines: Iterable[Spent]) -> None:
    for line in lines:
        labels = line.checkpoint, line.severity.name
        metrics.BUDGET.labels(*labels).set(line.per_thousand)
        metrics.BUDGET_EXCEEDED.labels(*labels).set(line.exceeded)
