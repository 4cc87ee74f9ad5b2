"""Deliver: puts alerts and screenings on the feeds of those they are for, once a revision, each as its role may see it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from aiokafka import ConsumerRecord
from prometheus_client import Counter as Counted
from pydantic import ValidationError

from agents.route import view
from schemas.alerts import OPEN_STATES, Alert, Recipient, Screening, State
from schemas.topics import ALERTS
from streams import metrics
from streams.budget import Budgets
from streams.lanes import Fold, Folded, Records, breath
from streams.settings import Settings
from streams.store import Batch
from streams.teller import Argument, Command, Script, Teller

SCREENING_TTL: Final = timedelta(days=2)
ALERT_TTL: Final = timedelta(days=30)
_SCREENINGS: Final = metrics.DELIVERED.labels("CHECKPOINT", "screening")

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


@dataclass(frozen=True, slots=True)
class _Put:
    """How something is put on its feeds, and what to count when it was."""

    command: Command
    counts: Sequence[Counted]


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
        return _alert(await self._teller.call(*self._newest(alert_id)))

    def _newest(self, alert_id: str) -> Command:
        return ("HGET", self.thing("alert", alert_id), "whole")

    async def put(self, said: Sequence[Alert | Screening], now: datetime) -> None:
        """Things of different names, each once: what is there already, as this revision or a newer one, stays as it is."""
        alerts = [one for one in said if isinstance(one, Alert)]
        wholes = await self._teller.together([self._newest(one.alert_id) for one in alerts])
        puts: list[_Put] = []
        for one, whole in zip(alerts, wholes, strict=True):
            await breath()
            puts.append(self._alert(one, _alert(whole), now))
        answers = [one for one in said if isinstance(one, Screening) and now - one.at <= SCREENING_TTL]
        puts += map(self._screening, answers)
        for put, done in zip(puts, await self._teller.together([put.command for put in puts]), strict=True):
            if isinstance(done, Exception):
                raise done
            for count in put.counts if done else ():
                count.inc()

    def _alert(self, alert: Alert, before: Alert | None, now: datetime) -> _Put:
        stale = alert.expires_at < now and before is None
        mine = {one.feed: one for one in alert.recipients}
        gone = {one.feed: one for one in before.recipients if one.feed not in mine} if before else {}
        entries = [
            (one, self._entry(alert, one, before, stale=stale), alert.state in OPEN_STATES and not stale)
            for one in mine.values()
        ]
        if gone:
            rerouted = alert.model_copy(update={"state": State.WITHDRAWN, "reason": "rerouted"})
            entries += [(one, self._entry(rerouted, one, before, stale=stale), False) for one in gone.values()]
        keys = [self.thing("alert", alert.alert_id)]
        args: list[Argument] = [alert.revision, alert.model_dump_json(), int(ALERT_TTL.total_seconds())]
        args += [self._length, alert.at.timestamp(), alert.alert_id]
        for recipient, entry, is_open in entries:
            keys += [self.stream(recipient.feed), self.open(recipient.feed)]
            args += [entry, "1" if is_open else "0"]
        counts = [metrics.DELIVERED.labels(recipient.role.value, "alert") for recipient, entry, _ in entries if entry]
        return _Put(_PUT.on(keys, args), counts)

    def _entry(self, alert: Alert, recipient: Recipient, before: Alert | None, *, stale: bool) -> bytes:
        """Empty when nobody should hear: what is long over, or the end of something this feed never saw."""
        never_seen = before is None or recipient.feed not in {one.feed for one in before.recipients}
        if stale or (never_seen and alert.state not in OPEN_STATES):
            return b""
        return msgspec.json.encode({"what": "alert", **view(alert, recipient.role)})

    def _screening(self, answer: Screening) -> _Put:
        """The answer to an attempt, for its checkpoint."""
        feed = f"SCREENING:{answer.checkpoint}"
        keys = [self.thing("screening", answer.crossing_id), self.stream(feed), self.open(feed)]
        whole = answer.model_dump_json()
        args: list[Argument] = [answer.revision, whole, int(SCREENING_TTL.total_seconds()), self._length]
        args += [answer.at.timestamp(), answer.crossing_id, whole, "0"]
        return _Put(_PUT.on(keys, args), [_SCREENINGS])


def _alert(whole: bytes | Exception | None) -> Alert | None:
    if isinstance(whole, Exception):
        raise whole
    return Alert.model_validate_json(whole) if whole else None


class DeliverFold(Fold):
    """One partition of `suar.alerts` or `suar.screenings`."""

    stage = "deliver"
    lazy = True  # the feeds know what they hold

    def __init__(self, feeds: Feeds, budgets: Budgets) -> None:
        self._feeds, self._budgets = feeds, budgets

    @property
    def waits(self) -> bool:
        """For the feeds."""
        return True

    async def begin(self, quiet_below: int) -> None:
        """The feeds hold the revisions: delivering again is refused there."""

    async def fold(self, records: Records, blobs: Sequence[bytes | None]) -> Folded:
        """Things of different names together; revisions of one thing in order, so that none overtakes another."""
        now = datetime.now(UTC)
        rounds: list[list[Alert | Screening]] = []
        revisions: Counter[bytes | None] = Counter()
        for record in records:
            await breath()
            said = _read(record)
            if said is not None:
                if revisions[record.key] == len(rounds):
                    rounds.append([])
                rounds[revisions[record.key]].append(said)
                revisions[record.key] += 1
        for one in rounds:
            answers = [said for said in one if isinstance(said, Screening)]
            await asyncio.gather(self._feeds.put(one, now), *(self._budgets.count(said, now) for said in answers))
        return Folded(Batch(next=records[-1].offset + 1))


def _read(record: "ConsumerRecord[bytes, bytes]") -> Alert | Screening | None:
    """What stands there; what somebody else wrote is counted and passed over."""
    if record.value is None:
        return None
    try:
        return (Alert if record.topic == ALERTS.name else Screening).model_validate_json(record.value)
    except ValidationError:
        metrics.UNREADABLE_SAID.labels(record.topic).inc()
        return None
