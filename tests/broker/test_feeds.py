"""What deliver writes into Redis: views, history, places and the epoch; each revision once, whoever puts it and however often."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from redis import Redis

from agents.route import view
from schemas.alerts import Alert, Recipient, Role, Screening, Severity, State
from streams import settings as settings_of
from streams.app import connect
from streams.deliver import PAST, Feeds, Heard
from streams.local import Local
from streams.store import NotSaved
from streams.teller import OneTeller
from tests.drills.workers import KEY
from tests.stories.play import FOLDER, play, read

COUNTER, SUPERVISOR, BP3MI = "COUNTER:A-CGK", "SUPERVISOR:A-CGK", "BP3MI:*"
NOW = datetime.now(UTC).replace(microsecond=0)
FIRST = 1_760_000_000_000
"""When the first record was appended, ms."""


def _story() -> tuple[Alert, Screening]:
    world = play(read(FOLDER / "handled_taken.yaml")).world
    [alert], [answer] = world.standing().values(), world.answers().values()
    return (
        alert.model_copy(update={"state": State.RAISED, "at": NOW, "expires_at": NOW + timedelta(days=2)}),
        answer.model_copy(update={"at": NOW}),
    )


RAISED, ANSWER = _story()


@dataclass
class Hands:
    """Two workers' hands on one Redis, and what stands there."""

    redis: Any  # its own types fit every way of decoding, and so none
    namespace: str
    feeds: Sequence[Feeds]
    epoch: bytes
    offset: int = 0
    alert_id: str = field(default_factory=lambda: uuid4().hex)

    def alert(self, revision: int = 1, **changes: object) -> Alert:
        return RAISED.model_copy(update={"alert_id": self.alert_id, "revision": revision, **changes})

    def heard(self, said: Alert | Screening, partition: int = 3) -> Heard:
        self.offset += 1
        place = f"{'a' if isinstance(said, Alert) else 's'}{partition}"
        return Heard(said, said.model_dump_json().encode(), place, self.offset, FIRST + self.offset)

    async def put(self, *said: Alert | Screening, partition: int = 3) -> None:
        for one in said:
            await self.feeds[0].put([self.heard(one, partition)], NOW, self.epoch)

    def key(self, name: str) -> str:
        return f"{self.namespace}:{{feed}}:{name}"

    def entries(self, feed: str) -> list[dict[bytes, bytes]]:
        return [fields for _, fields in self.redis.xrange(self.key(f"stream:{feed}"))]

    def shown(self, feed: str) -> list[dict[str, Any]]:
        return [msgspec.json.decode(fields[b"entry"]) for fields in self.entries(feed)]

    def held(self) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = self.redis.hgetall(self.key(f"alert:{self.alert_id}"))
        return found

    def past(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(one) for one in self.redis.lrange(self.key(f"past:{self.alert_id}"), 0, -1)]

    def open(self, feed: str) -> list[bytes]:
        found: list[bytes] = self.redis.zrange(self.key(f"open:{feed}"), 0, -1)
        return found


@asynccontextmanager
async def _hands(local: Local) -> AsyncIterator[Hands]:
    namespace = f"t{uuid4().hex[:8]}"
    config = settings_of.load(
        kafka="none:1", redis=local.redis.address, namespace=namespace, pseudonym_key=KEY, feed_length=1000
    )
    tellers = [OneTeller(connect(local.redis.address)) for _ in range(2)]
    feeds = [Feeds(teller, config) for teller in tellers]
    redis = Redis.from_url(local.redis.address)
    yield Hands(redis, namespace, feeds, await feeds[0].epoch())
    redis.close()
    for teller in tellers:
        await teller.close()


@pytest.fixture
async def hands(local: Local) -> AsyncIterator[Hands]:
    async with _hands(local) as one:
        yield one


async def test_each_feed_has_the_view_of_its_role_and_no_other(hands: Hands) -> None:
    alert = hands.alert()
    await hands.put(alert)
    held = hands.held()
    assert held[b"revision"] == b"1"
    assert Alert.model_validate_json(held[b"whole"]) == alert
    for feed, role in ((COUNTER, Role.COUNTER), (SUPERVISOR, Role.SUPERVISOR), (BP3MI, Role.BP3MI)):
        [entry] = hands.entries(feed)
        expected = {"what": "alert", **view(alert, role)}
        assert msgspec.json.decode(held[f"view:{feed}".encode()]) == msgspec.json.decode(msgspec.json.encode(expected))
        assert held[f"view:{feed}".encode()] == entry[b"entry"]
        assert hands.open(feed) == [hands.alert_id.encode()]
    assert {name for name in held if name.startswith(b"view:")} == {
        f"view:{one.feed}".encode() for one in alert.recipients
    }


async def test_an_entry_says_its_place_and_how_far_its_feed_is(hands: Hands) -> None:
    """Of each partition the last offset that the feed got, this entry's own included."""
    await hands.put(hands.alert(1), hands.alert(2), partition=3)
    other = hands.alert().model_copy(update={"alert_id": uuid4().hex})
    await hands.put(other, partition=11)
    for feed in (COUNTER, SUPERVISOR):
        entries = hands.entries(feed)
        assert [one[b"place"] for one in entries] == [b"a3:1", b"a3:2", b"a11:3"]
        assert [msgspec.json.decode(one[b"upto"]) for one in entries] == [{"a3": 1}, {"a3": 2}, {"a3": 2, "a11": 3}]


async def test_an_answer_says_its_place_too(hands: Hands) -> None:
    answers = [ANSWER.model_copy(update={"crossing_id": f"CR-{number}"}) for number in range(2)]
    await hands.put(answers[0], partition=0)
    await hands.put(answers[1], answers[1], partition=7)
    entries = hands.entries("SCREENING:A-CGK")
    assert [one[b"place"] for one in entries] == [b"s0:1", b"s7:2"]
    assert msgspec.json.decode(entries[-1][b"upto"]) == {"s0": 1, "s7": 2}
    shown = hands.shown("SCREENING:A-CGK")
    assert {one.pop("what") for one in shown} == {"screening"}
    assert [Screening.model_validate_json(msgspec.json.encode(one)) for one in shown] == answers


async def test_br106_a_repeat_moves_the_last_time_and_the_count_and_not_the_first(hands: Hands) -> None:
    """keephq/keep#2316: "last received" stood still."""
    await hands.put(hands.alert(1), hands.alert(2, reason="updated"), hands.alert(2, reason="updated"))
    await hands.put(hands.alert(3, state=State.ACKNOWLEDGED, reason="handled", severity=Severity.CRITICAL))
    assert hands.held()[b"at"] == str(FIRST + 1).encode()
    assert [(one["revision"], one["state"], one["reason"], one["severity"]) for one in hands.past()] == [
        (1, "RAISED", RAISED.reason, 3),
        (2, "RAISED", "updated", 3),
        (3, "ACKNOWLEDGED", "handled", 4),
    ]
    moments = [datetime.fromisoformat(one["at"]) for one in hands.past()]
    assert [moment.timestamp() * 1000 for moment in moments] == [FIRST + 1, FIRST + 2, FIRST + 4]


async def test_a_history_has_an_end(hands: Hands) -> None:
    await hands.put(*(hands.alert(revision) for revision in range(1, PAST + 6)))
    assert [one["revision"] for one in hands.past()] == list(range(6, PAST + 6))


async def test_br101_br112_one_alert_put_by_two_workers_at_once_stands_once(hands: Hands) -> None:
    """prometheus/alertmanager#4008, TheHive#1302: the storage refuses the second, not the screen."""
    one, two = hands.heard(hands.alert(1)), hands.heard(hands.alert(1))
    await asyncio.gather(*(feeds.put([heard], NOW, hands.epoch) for feeds in hands.feeds for heard in (one, two) * 5))
    assert [shown["revision"] for shown in hands.shown(COUNTER)] == [1]
    assert len(hands.past()) == 1
    assert len(hands.open(COUNTER)) == 1


async def test_an_older_revision_changes_nothing(hands: Hands) -> None:
    await hands.put(hands.alert(4, state=State.CLEARED))
    before = hands.held(), hands.past()
    await hands.put(hands.alert(3), hands.alert(4))
    assert (hands.held(), hands.past()) == before
    assert hands.open(COUNTER) == []


async def test_br100_no_feed_hears_of_the_end_of_what_it_never_saw(hands: Hands) -> None:
    """prometheus/alertmanager#891. Who looks it up by its id finds it."""
    await hands.put(hands.alert(2, state=State.WITHDRAWN, reason="no_longer_supported"))
    assert hands.entries(SUPERVISOR) == []
    assert msgspec.json.decode(hands.held()[f"view:{SUPERVISOR}".encode()])["state"] == "WITHDRAWN"


async def test_who_is_told_no_more_sees_it_withdrawn(hands: Hands) -> None:
    mission = (Recipient(role=Role.MISSION, at="MYS"), Recipient(role=Role.BP3MI))
    await hands.put(hands.alert(1), hands.alert(2, recipients=mission))
    assert [one["reason"] for one in hands.shown(COUNTER)] == [RAISED.reason, "rerouted"]
    assert [one["state"] for one in hands.shown("MISSION:MYS")] == ["RAISED"]
    assert msgspec.json.decode(hands.held()[f"view:{COUNTER}".encode()])["state"] == "WITHDRAWN"
    assert (hands.open(COUNTER), hands.open("MISSION:MYS")) == ([], [hands.alert_id.encode()])


async def test_nobody_hears_of_what_is_long_over_whatever_was_done_with_it(hands: Hands) -> None:
    """A rebuild tells it all again: an alert that ended last week is no news, in none of its revisions."""
    over = {"expires_at": NOW - timedelta(days=5)}
    last = hands.alert(3, state=State.EXPIRED, **over)
    await hands.put(hands.alert(1, **over), hands.alert(2, state=State.ACKNOWLEDGED, **over), last)
    assert hands.entries(SUPERVISOR) == []
    assert hands.open(SUPERVISOR) == []
    assert [one["revision"] for one in hands.past()] == [1, 2, 3]


async def test_who_heard_of_it_hears_that_it_expired(hands: Hands) -> None:
    await hands.put(hands.alert(1))
    await hands.put(hands.alert(2, state=State.EXPIRED, expires_at=NOW - timedelta(seconds=1)))
    assert [one["state"] for one in hands.shown(SUPERVISOR)] == ["RAISED", "EXPIRED"]
    assert hands.open(SUPERVISOR) == []


@pytest.mark.parametrize("emptied", [True, False], ids=["emptied", "emptied and another came first"])
@pytest.mark.parametrize("of", [Hands.alert, lambda _: ANSWER], ids=["alert", "screening"])
async def test_an_emptied_redis_is_not_written_to_before_its_rebuild(
    hands: Hands, of: Callable[[Hands], Alert | Screening], *, emptied: bool
) -> None:
    """Otherwise a late entry would stand before those of the rebuild, and a cursor would skip what nobody saw."""
    hands.redis.delete(hands.key("epoch"))
    another = hands.epoch if emptied else await hands.feeds[1].epoch()
    with pytest.raises(NotSaved, match="gone"):
        await hands.put(of(hands))
    assert not hands.redis.keys(hands.key("stream:*"))
    hands.epoch = await hands.feeds[0].epoch()
    assert (hands.epoch == another) is not emptied
    await hands.put(of(hands))
    assert hands.redis.keys(hands.key("stream:*"))


async def test_an_epoch_lasts_as_long_as_redis_remembers(hands: Hands) -> None:
    assert {await feeds.epoch() for feeds in hands.feeds} == {hands.epoch}
    hands.redis.delete(hands.key("epoch"))
    assert await hands.feeds[1].epoch() != hands.epoch


def _log(hands: Hands, chance: random.Random) -> list[Heard]:
    """Thirty words on four alerts and four attempts: again and again, out of order, for others, ended, long over."""
    recipients = [
        Recipient(role=Role.COUNTER, at="A-CGK"),
        Recipient(role=Role.SUPERVISOR, at="A-CGK"),
        Recipient(role=Role.BP3MI),
    ]
    log: list[Heard] = []
    for _ in range(30):
        name, revision = f"{chance.randrange(4):032x}", chance.randint(1, 6)
        if chance.random() < 0.4:
            log.append(hands.heard(ANSWER.model_copy(update={"crossing_id": f"CR-{name}", "revision": revision})))
            continue
        changes = {
            "alert_id": name,
            "state": chance.choice([State.RAISED, State.ACKNOWLEDGED, State.WITHDRAWN, State.CLEARED]),
            "recipients": tuple(chance.sample(recipients, chance.randint(1, 3))),
            "expires_at": NOW + timedelta(days=chance.choice([2, -1])),
        }
        log.append(hands.heard(hands.alert(revision, **changes)))
    return log


@pytest.mark.parametrize("seed", range(25))
async def test_put_together_is_put_one_after_the_other(local: Local, seed: int) -> None:
    """However a log is cut into batches, feeds say the same in the same order: a cursor tells how far a partition was read."""
    stood: list[object] = []
    for cut in (1, 7, 30):
        async with _hands(local) as hands:
            log = _log(hands, random.Random(seed))
            for begin in range(0, len(log), cut):
                await hands.feeds[0].put(log[begin : begin + cut], NOW, hands.epoch)
            feeds = (COUNTER, SUPERVISOR, BP3MI, "SCREENING:A-CGK")
            stood.append([(hands.entries(feed), sorted(hands.open(feed))) for feed in feeds])
    assert stood[0] == stood[1] == stood[2]
