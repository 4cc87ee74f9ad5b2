"""Deliver: puts alerts and screenings on the feeds of those they are for, once a revision, each as its role may see it."""

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from aiokafka import ConsumerRecord
from prometheus_client import Counter as Counted
from pydantic import ValidationError

from agents.route import view
from schemas.alerts import OPEN_STATES, Alert, Recipient, Role, Screening, State
from schemas.topics import ALERTS, SCREENINGS
from streams import metrics, traces
from streams.budget import Budgets
from streams.feed_keys import Keys
from streams.lanes import Fold, Folded, Records, breath
from streams.settings import Settings
from streams.store import Batch, NotSaved
from streams.teller import Argument, Command, Script, Teller

SCREENING_TTL: Final = timedelta(days=2)
ALERT_TTL: Final = timedelta(days=30)
_SCREENINGS: Final = metrics.DELIVERED.labels("CHECKPOINT", "screening")

PAST: Final = 200
"""Revisions of one alert that its history keeps, the newest."""

# What both scripts share: a revision that is there already, or newer, stays; an emptied Redis is not written to before
# its rebuild begins, so that entries keep the order of the log. `upto` says what a feed got of each partition.
_HEAD = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
local old = redis.call('HGET', KEYS[2], 'revision')
if old and tonumber(old) >= tonumber(ARGV[2]) then return 0 end
local function add(stream, known, entry)
  redis.call('HSET', known, ARGV[6], ARGV[7])
  local places, upto = redis.call('HGETALL', known), {}
  for i = 1, #places, 2 do upto[#upto + 1] = '"' .. places[i] .. '":' .. places[i + 1] end
  redis.call('XADD', stream, 'MAXLEN', '~', ARGV[5], '*', 'entry', entry, 'place', ARGV[6] .. ':' .. ARGV[7],
    'upto', '{' .. table.concat(upto, ',') .. '}')
end
"""
# KEYS: epoch, alert, past, then stream, open index and upto of each recipient.
# ARGV: epoch, revision, whole, seconds to live, feed length, place, offset, appended, this revision in short, most of
# those, score, id, '1' when it is over already; then field, view and '1' (open), '0' (closed) or '' (nobody hears) for each recipient.
_PUT = Script(
    _HEAD
    + """
local fields = {'revision', ARGV[2], 'whole', ARGV[3], 'quiet', ARGV[13]}
if not old then fields[7], fields[8] = 'at', ARGV[8] end
for i = 1, (#KEYS - 3) / 3 do
  fields[#fields + 1], fields[#fields + 2] = ARGV[11 + 3 * i], ARGV[12 + 3 * i]
end
redis.call('HSET', KEYS[2], unpack(fields))
redis.call('EXPIRE', KEYS[2], ARGV[4])
if redis.call('RPUSH', KEYS[3], ARGV[9]) > tonumber(ARGV[10]) then redis.call('LPOP', KEYS[3]) end
redis.call('EXPIRE', KEYS[3], ARGV[4])
for i = 1, (#KEYS - 3) / 3 do
  local state = ARGV[13 + 3 * i]
  if state ~= '' then add(KEYS[1 + 3 * i], KEYS[3 + 3 * i], ARGV[12 + 3 * i]) end
  if state == '1' then redis.call('ZADD', KEYS[2 + 3 * i], ARGV[11], ARGV[12])
  else redis.call('ZREM', KEYS[2 + 3 * i], ARGV[12]) end
end
return 1
"""
)
# KEYS: epoch, screening, stream, upto.   ARGV: epoch, revision, whole, seconds to live, feed length, place, offset, entry.
_ANSWER = Script(
    _HEAD
    + """
redis.call('HSET', KEYS[2], 'revision', ARGV[2], 'whole', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
add(KEYS[3], KEYS[4], ARGV[8])
return 1
"""
)
_EPOCH = Script("""
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
""")
_ANOTHER_EPOCH: Final = -1


@dataclass(frozen=True, slots=True)
class Heard:
    """An alert or an answer, and where it stands in the log: `place` names topic and partition (`a3`, `s3`), `appended` is
    the broker's time, ms.
    """

    said: Alert | Screening
    whole: bytes
    """The same as JSON."""
    place: str
    offset: int
    appended: int
    step: traces.Step | None = None
    """When it is followed."""

    @property
    def traced(self) -> dict[str, str]:
        """What an entry says of its trace, if it has one."""
        return {"trace": self.step.parent} if self.step else {}

    @property
    def at(self) -> datetime:
        """When it was appended, UTC."""
        return datetime.fromtimestamp(self.appended / 1000, UTC)


@dataclass(frozen=True, slots=True)
class _Put:
    """How something is put on its feeds, and what to count when it was."""

    command: Command
    counts: Sequence[Counted]


class Feeds:
    """The feeds in Redis: a bounded stream and an index of what is open for each recipient, and the newest of each thing."""

    def __init__(self, teller: Teller, settings: Settings) -> None:
        self._teller = teller
        self.keys = Keys(settings)
        self._length = settings.feed_length

    async def epoch(self) -> bytes:
        """Of this life of Redis; an emptied one gets another."""
        found: bytes = await self._teller.run(_EPOCH, [self.keys.epoch], [uuid.uuid4().hex])
        return found

    async def alert(self, alert_id: str) -> Alert | None:
        """The newest revision of an alert, or None."""
        whole, _ = await self._teller.call(*self._newest(alert_id))
        return Alert.model_validate_json(whole) if whole else None

    def _newest(self, alert_id: str) -> Command:
        return ("HMGET", self.keys.alert(alert_id), "whole", "quiet")

    async def put(self, heard: Sequence[Heard], now: datetime, epoch: bytes) -> None:
        """In the order of the log: what is there already, as this revision or a newer one, stays as it is.

        Raises NotSaved when Redis was emptied since `epoch`.
        """
        known = await self._known(heard)
        puts: list[_Put] = []
        for one in heard:
            await breath()
            if isinstance(one.said, Screening):
                if now - one.said.at <= SCREENING_TTL:
                    puts.append(self._screening(one, one.said, epoch))
                continue
            before = known.get(one.said.alert_id)
            puts.append(self._alert(one, one.said, before, now, epoch=epoch))
            if before is None or before.revision < one.said.revision:
                known[one.said.alert_id] = _after(one.said, before, now)
        for put, done in zip(puts, await self._teller.together([put.command for put in puts]), strict=True):
            if isinstance(done, Exception):
                raise done
            if done == _ANOTHER_EPOCH:
                raise NotSaved("gone")
            for count in put.counts if done else ():
                count.inc()

    async def _known(self, heard: Sequence[Heard]) -> "dict[str, _Before]":
        """What Redis has of the alerts among these."""
        names = list(dict.fromkeys(one.said.alert_id for one in heard if isinstance(one.said, Alert)))
        found = await self._teller.all([self._newest(name) for name in names])
        pairs = ((name, _before(one)) for name, one in zip(names, found, strict=True))
        return {name: one for name, one in pairs if one is not None}

    def _alert(self, heard: Heard, alert: Alert, before: "_Before | None", now: datetime, *, epoch: bytes) -> _Put:
        """Nobody hears of what is long over, nor a feed of the end of something that it never saw; both can be looked up."""
        over = _over(alert, before, now)
        is_open = alert.state in OPEN_STATES and not over
        knew = (
            {Recipient(role=one.role, at=one.at).feed for one in before.recipients}
            if before and not before.quiet
            else set()
        )
        keys = [self.keys.epoch, self.keys.alert(alert.alert_id), self.keys.past(alert.alert_id)]
        args = self._common(heard, ALERT_TTL, epoch)
        args += [heard.appended, _short(alert, heard.at), PAST, alert.at.timestamp(), alert.alert_id, int(over)]
        counts: list[Counted] = []
        for recipient, shown in _shown(alert, before, heard.traced):
            feed = recipient.feed
            told = not over and (is_open or feed in knew)
            keys += [self.keys.stream(feed), self.keys.open(feed), self.keys.upto(feed)]
            gone = shown.gone or not is_open
            args += [f"view:{feed}", shown.view, ("0" if gone else "1") if told else ""]
            if told:
                counts.append(metrics.DELIVERED.labels(recipient.role.value, "alert"))
        return _Put(_PUT.on(keys, args), counts)

    def _screening(self, heard: Heard, answer: Screening, epoch: bytes) -> _Put:
        """The answer to an attempt, for its checkpoint."""
        feed = f"SCREENING:{answer.checkpoint}"
        keys = [self.keys.epoch, self.keys.screening(answer.crossing_id), self.keys.stream(feed), self.keys.upto(feed)]
        args = self._common(heard, SCREENING_TTL, epoch)
        traced = b"".join(b'"%b":"%b",' % (name.encode(), value.encode()) for name, value in heard.traced.items())
        entry = b'{"what":"screening",' + traced + heard.whole.lstrip()[1:]
        return _Put(_ANSWER.on(keys, [*args, entry]), [_SCREENINGS])

    def _common(self, heard: Heard, lives: timedelta, epoch: bytes) -> list[Argument]:
        """What both scripts begin with."""
        seconds = int(lives.total_seconds())
        return [epoch, heard.said.revision, heard.whole, seconds, self._length, heard.place, heard.offset]


class _To(msgspec.Struct, frozen=True):
    role: Role
    at: str


class _Before(msgspec.Struct, frozen=True):
    """The revision before: whom it was for. `quiet` when it was over when it came, and nobody heard of it."""

    recipients: tuple[_To, ...]
    revision: int
    quiet: bool = False


_WHOM = msgspec.json.Decoder(_Before)


def _before(found: Sequence[bytes | None]) -> _Before | None:
    whole, quiet = found
    return msgspec.structs.replace(_WHOM.decode(whole), quiet=quiet == b"1") if whole else None


def _over(alert: Alert, before: _Before | None, now: datetime) -> bool:
    """Was it long over when it came, and so were all revisions before it?"""
    return alert.expires_at < now and (before is None or before.quiet)


def _after(alert: Alert, before: _Before | None, now: datetime) -> _Before:
    """What will be known of it when it is put."""
    to = tuple(_To(one.role, one.at) for one in alert.recipients)
    return _Before(to, alert.revision, _over(alert, before, now))


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a recipient sees; `gone` when the alert is another's now."""

    view: bytes
    gone: bool


def _shown(alert: Alert, before: _Before | None, traced: dict[str, str]) -> Iterator[tuple[Recipient, _Shown]]:
    """The view of each recipient, made once a role. Those who are recipients no more see it withdrawn."""
    views: dict[Role, bytes] = {}
    mine = {one.feed: one for one in alert.recipients}
    for one in mine.values():
        if one.role not in views:
            views[one.role] = msgspec.json.encode({"what": "alert", **traced, **view(alert, one.role)})
        yield one, _Shown(views[one.role], gone=False)
    known = [Recipient(role=one.role, at=one.at) for one in before.recipients] if before else []
    gone = [one for one in known if one.feed not in mine]
    if gone:
        rerouted = alert.model_copy(update={"state": State.WITHDRAWN, "reason": "rerouted"})
        for one in gone:
            yield one, _Shown(msgspec.json.encode({"what": "alert", **view(rerouted, one.role)}), gone=True)


def _short(alert: Alert, at: datetime) -> bytes:
    """A revision as the history keeps it."""
    words = {"revision": alert.revision, "state": alert.state, "reason": alert.reason, "severity": alert.severity}
    return msgspec.json.encode({**words, "at": at})


class DeliverFold(Fold):
    """One partition of `suar.alerts` or `suar.screenings`."""

    stage = "deliver"
    lazy = True  # the feeds know what they hold

    def __init__(self, feeds: Feeds, budgets: Budgets) -> None:
        self._feeds, self._budgets = feeds, budgets
        self._epoch = b""
        self._quiet_below = 0

    @property
    def waits(self) -> bool:
        """For the feeds."""
        return True

    async def begin(self, quiet_below: int) -> None:
        """The feeds hold the revisions: delivering again is refused there. A rebuild is no step of anybody's trace."""
        self._quiet_below = quiet_below
        self._epoch = await self._feeds.epoch()

    async def fold(self, records: Records, blobs: Sequence[bytes | None]) -> Folded:
        """In the order of the log: a cursor says how far a partition was read."""
        now = datetime.now(UTC)
        heard: list[Heard] = []
        for record in records:
            await breath()
            if (found := _read(record)) is not None:
                heard.append(found)
        answers = [one.said for one in heard if isinstance(one.said, Screening)]
        await asyncio.gather(self._feeds.put(heard, now, self._epoch), self._budgets.count(answers, now))
        for one in heard:
            if one.step is not None and one.offset >= self._quiet_below:
                one.step.done(place=one.place)
        return Folded(Batch(next=records[-1].offset + 1))


_INITIAL: Final = {ALERTS.name: "a", SCREENINGS.name: "s"}


def _read(record: "ConsumerRecord[bytes, bytes]") -> Heard | None:
    """What stands there; what somebody else wrote is counted and passed over."""
    if record.value is None:
        return None
    try:
        said = (Alert if record.topic == ALERTS.name else Screening).model_validate_json(record.value)
    except ValidationError:
        metrics.UNREADABLE_SAID.labels(record.topic).inc()
        return None
    parent = traces.of(record.headers) if record.headers else None
    step = traces.begun(DeliverFold.stage, parent, record.timestamp) if parent else None
    place = f"{_INITIAL[record.topic]}{record.partition}"
    return Heard(said, record.value, place, record.offset, record.timestamp, step)
