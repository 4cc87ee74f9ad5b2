"""Deliver: puts alerts and screenings on the feeds of those they are for, once a revision, each as its role may see it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from aiokafka import ConsumerRecord
from pydantic import ValidationError

from agents.route import view
from schemas.alerts import OPEN_STATES, Alert, Recipient, Screening, State
from schemas.topics import ALERTS
from streams import metrics
from streams.lanes import Fold, Records
from streams.settings import Settings
from streams.store import Batch
from streams.teller import Argument, Script, Teller

SCREENING_TTL: Final = timedelta(days=2)
ALERT_TTL: Final = timedelta(days=30)

# KEYS: state, then stream and open index of each recipient.
# ARGV: revision, whole, seconds to live, feed length, score, id, then entry and '1' (open) or '0' for each recipient.
_PUT = Script("""
local old = redis.call('HGET', KEYS[1], 'revision')
if old and tonumber(old) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'whole', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
for i = 1, (#KEYS - 1) / 2 do
  local entry, open = ARGV[5 + 2 * i], ARGV[6 + 2 * i]
  if entry ~= '' then redis.call('XADD', KEYS[2 * i], 'MAXLEN', '~', ARGV[4], '*', 'entry', entry) end
  if open == '1' then redis.call('ZADD', KEYS[2 * i + 1], ARGV[5], ARGV[6])
  else redis.call('ZREM', KEYS[2 * i + 1], ARGV[6]) end
end
return 1
""")


class Feeds:
    """The feeds in Redis: a bounded stream and an index of what is open for each recipient, and the newest of each thing."""

    def __init__(self, teller: Teller, settings: Settings) -> None:
        self._teller = teller
        self._prefix = f"{settings.namespace}:{{feed}}:"
        self._length = settings.feed_length

    def stream(self, feed: str) -> str:
        """Key of a recipient's stream."""
        return f"{self._prefix}stream:{feed}"

    def open(self, feed: str) -> str:
        """Key of a recipient's index of open alerts, scored by the trigger's time."""
        return f"{self._prefix}open:{feed}"

    def thing(self, kind: str, name: str) -> str:
        """Key of the newest revision of an alert or a screening."""
        return f"{self._prefix}{kind}:{name}"

    async def alert(self, alert_id: str) -> Alert | None:
        """The newest revision of an alert, or None."""
        whole = await self._teller.call("HGET", self.thing("alert", alert_id), "whole")
        return Alert.model_validate_json(whole) if whole else None

    async def put_alert(self, alert: Alert, now: datetime) -> bool:
        """False when this revision, or a newer one, is there already."""
        before = await self.alert(alert.alert_id)
        stale = alert.expires_at < now and before is None
        mine = {one.feed: one for one in alert.recipients}
        gone = {one.feed: one for one in before.recipients if one.feed not in mine} if before else {}
        entries = [
            (one, self._entry(alert, one, before, stale=stale), alert.state in OPEN_STATES and not stale)
            for one in mine.values()
        ]
        rerouted = alert.model_copy(update={"state": State.WITHDRAWN, "reason": "rerouted"})
        entries += [(one, self._entry(rerouted, one, before, stale=stale), False) for one in gone.values()]
        keys = [self.thing("alert", alert.alert_id)]
        args: list[Argument] = [alert.revision, alert.model_dump_json(), int(ALERT_TTL.total_seconds())]
        args += [self._length, alert.at.timestamp(), alert.alert_id]
        for recipient, entry, is_open in entries:
            keys += [self.stream(recipient.feed), self.open(recipient.feed)]
            args += [entry, "1" if is_open else "0"]
        done = bool(await self._teller.run(_PUT, keys, args))
        if done:
            for recipient, entry, _ in entries:
                metrics.DELIVERED.labels(recipient.role.value, "alert").inc(bool(entry))
        return done

    def _entry(self, alert: Alert, recipient: Recipient, before: Alert | None, *, stale: bool) -> bytes:
        """Empty when nobody should hear: what is long over, or the end of something this feed never saw."""
        never_seen = before is None or recipient.feed not in {one.feed for one in before.recipients}
        if stale or (never_seen and alert.state not in OPEN_STATES):
            return b""
        return msgspec.json.encode({"what": "alert", **view(alert, recipient.role)})

    async def put_screening(self, screening: Screening, now: datetime) -> bool:
        """The answer to an attempt, for its checkpoint."""
        if now - screening.at > SCREENING_TTL:
            return False
        feed = f"SCREENING:{screening.checkpoint}"
        whole = screening.model_dump_json()
        done = await self._teller.run(
            _PUT,
            [self.thing("screening", screening.crossing_id), self.stream(feed), self.open(feed)],
            [
                screening.revision,
                whole,
                int(SCREENING_TTL.total_seconds()),
                self._length,
                screening.at.timestamp(),
                screening.crossing_id,
                whole,
                "0",
            ],
        )
        metrics.DELIVERED.labels("CHECKPOINT", "screening").inc(bool(done))
        return bool(done)


class DeliverFold(Fold):
    """One partition of `suar.alerts` or `suar.screenings`."""

    stage = "deliver"

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds

    async def begin(self, quiet_below: int) -> None:
        """The feeds hold the revisions: delivering again is refused there."""

    @property
    def lazy(self) -> bool:
        """The feeds know what they hold."""
        return True

    async def fold(self, records: Records) -> Batch:
        """Things of different names side by side; revisions of one thing in order, so that none overtakes another."""
        now = datetime.now(UTC)
        things: dict[bytes | None, list[ConsumerRecord[bytes, bytes]]] = {}
        for record in records:
            things.setdefault(record.key, []).append(record)
        await asyncio.gather(*(self._revisions(some, now) for some in things.values()))
        return Batch(next=records[-1].offset + 1)

    async def _revisions(self, records: Records, now: datetime) -> None:
        for record in records:
            await self._one(record, now)

    async def _one(self, record: "ConsumerRecord[bytes, bytes]", now: datetime) -> None:
        if record.value is None:
            return
        try:
            said = (Alert if record.topic == ALERTS.name else Screening).model_validate_json(record.value)
        except ValidationError:
            metrics.UNREADABLE_SAID.labels(record.topic).inc()
            return
        if isinstance(said, Alert):
            await self._feeds.put_alert(said, now)
        else:
            await self._feeds.put_screening(said, now)
