"""The store on a real Redis: fenced saves, looks, the teller's merging, and a memory that was emptied while nobody worked."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
import uvloop
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from schemas.topics import ALERTS, FACTS, SCREENINGS
from streams.app import connect
from streams.local import Local
from streams.publish import heartbeats, record_of
from streams.store import Batch, Look, NotSaved, Store
from streams.teller import OneTeller, Script, Teller
from tests.broker.installation import Installation, metric
from tests.broker.people import Traveller
from tests.drills.workers import until

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture
async def redis(local: Local) -> AsyncIterator[Redis]:
    client = Redis.from_url(local.redis.address)
    yield client
    await client.aclose()


@pytest.fixture
async def teller(local: Local) -> AsyncIterator[Teller]:
    one = OneTeller(connect(local.redis.address))
    yield one
    await one.close()


Owner = Callable[[], Store]


@pytest.fixture
def owner(teller: Teller) -> Owner:
    """Makes owners of one partition, in a namespace of its own; each one that claims takes it from the one before."""
    namespace = f"t{uuid4().hex}"
    return lambda: Store(teller, namespace, FACTS.name, 3)


@pytest.fixture
def store(owner: Owner) -> Store:
    """The only owner."""
    return owner()


async def _refused(work: Awaitable[object]) -> str:
    with pytest.raises(NotSaved) as refusal:
        await work
    return str(refusal.value)


async def _whole(owner: Owner, *names: str) -> list[bytes | None]:
    """What a new owner finds."""
    one = owner()
    await one.claim()
    return await one.read(names)


async def test_a_first_claim_knows_nothing(store: Store) -> None:
    claim = await store.claim()
    assert claim.next is None
    assert await store.read(["d:a", "d:b"]) == [None, None]


async def test_somebody_is_remembered_as_long_as_the_log(store: Store, redis: Redis) -> None:
    """Progress and what a partition knows of feeds stay; dossiers and identities go when nothing more is heard of them."""
    claim = await store.claim()
    await store.save(claim.fence, None, Batch(1, {"d:a": b"1", "i:a": b"2", "marks": b"3"}))
    assert FACTS.retention is not None
    kept = int(FACTS.retention.total_seconds())
    prefix = store.reading([])[1].removesuffix("fence")
    lives = {name: await redis.ttl(f"{prefix}{name}") for name in ("d:a", "i:a", "marks", "next", "fence")}
    assert kept - 60 <= lives.pop("d:a") <= kept
    assert kept - 60 <= lives.pop("i:a") <= kept
    assert lives == {"marks": -1, "next": -1, "fence": -1}


async def test_state_and_offset_move_together(owner: Owner) -> None:
    mine, theirs = owner(), owner()
    first = await mine.claim()
    await mine.save(first.fence, None, Batch(7, {"d:a": b"\x00\xff", "d:b": b"gone soon"}))
    await mine.save(first.fence, 7, Batch(9, {"d:a": b"more", "d:b": b""}))
    assert await mine.read(["d:a"]) == [b"more"]
    second = await theirs.claim()
    assert second.next == 9
    assert second.fence != first.fence
    assert await theirs.read(["d:b", "d:a", "d:c"]) == [None, b"more", None], "an empty blob is taken away"


async def test_lost_when_somebody_else_claimed(owner: Owner) -> None:
    mine, theirs = owner(), owner()
    first = await mine.claim()
    await mine.save(first.fence, None, Batch(5, {"d:a": b"mine"}))
    second = await theirs.claim()
    late = Batch(6, {"d:a": b"late"}, [Look("clock", NOW, "a")])
    assert await _refused(mine.save(first.fence, 5, late)) == "lost"
    assert await _refused(mine.check(first.fence)) == "lost"
    assert await _refused(mine.read(["d:a"])) == "lost"
    assert await theirs.read(["d:a"]) == [b"mine"]
    assert await theirs.due("clock", NOW, 10) == []
    await theirs.check(second.fence)
    await theirs.save(second.fence, second.next, Batch(6, {"d:a": b"theirs"}))
    assert await theirs.read(["d:a"]) == [b"theirs"]


async def test_gone_when_the_memory_is_lost(owner: Owner, redis: Redis) -> None:
    mine = owner()
    claim = await mine.claim()
    await mine.save(claim.fence, None, Batch(5, {"d:a": b"mine"}))
    await redis.flushall()
    assert await _refused(mine.save(claim.fence, 5, Batch(6, {"d:a": b"late"}))) == "gone"
    assert await _refused(mine.check(claim.fence)) == "gone"
    assert await _refused(mine.read(["d:a"])) == "gone"
    assert await _whole(owner, "d:a") == [None]


async def test_a_fence_from_before_the_loss_never_opens_again(owner: Owner, redis: Redis) -> None:
    """Counters begin anew with an emptied Redis: a sleeper's number must not be given out a second time."""
    sleeper = owner()
    claim = await sleeper.claim()
    await redis.flushall()
    await owner().claim()
    assert await _refused(sleeper.save(claim.fence, None, Batch(6))) == "lost"


async def test_moved_when_progress_is_elsewhere(owner: Owner) -> None:
    mine = owner()
    claim = await mine.claim()
    await mine.save(claim.fence, None, Batch(5))
    assert await _refused(mine.save(claim.fence, 4, Batch(6, {"d:a": b"skipped"}))) == "moved"
    assert await _refused(mine.save(claim.fence, None, Batch(6, {"d:a": b"from the start"}))) == "moved"
    assert await _whole(owner, "d:a") == [None]
    assert (await mine.claim()).next == 5


async def test_partitions_do_not_mix(teller: Teller) -> None:
    namespace = f"t{uuid4().hex}"
    one, other = Store(teller, namespace, FACTS.name, 1), Store(teller, namespace, FACTS.name, 11)
    claims = await asyncio.gather(one.claim(), other.claim())
    await one.save(claims[0].fence, None, Batch(5, {"d:a": b"one"}, [Look("clock", NOW, "a")]))
    assert (await other.claim()).next is None
    assert await other.read(["d:a"]) == [None]
    assert await other.due("clock", NOW, 10) == []


async def test_due_index(store: Store) -> None:
    fence = (await store.claim()).fence
    looks = [Look("clock", NOW + timedelta(seconds=n), f"person:{n}") for n in range(5)]
    await store.save(fence, None, Batch(1, {"d:person:0": b"blob"}, [*looks, Look("siskop2mi", NOW, "person:9")]))
    assert await store.due("clock", NOW + timedelta(seconds=2), 10) == [
        (f"person:{n}", NOW + timedelta(seconds=n)) for n in range(3)
    ]
    assert [name for name, _ in await store.due("clock", NOW + timedelta(hours=1), 2)] == ["person:0", "person:1"]
    assert await store.due("siskop2mi", NOW, 10) == [("person:9", NOW)]
    assert await store.due("siskop2mi", NOW - timedelta(seconds=1), 10) == []
    later = NOW + timedelta(hours=2)
    await store.save(fence, 1, Batch(2, looks=[Look("clock", None, "person:0"), Look("clock", later, "person:1")]))
    assert [name for name, _ in await store.due("clock", later, 10)] == ["person:2", "person:3", "person:4", "person:1"]
    assert await store.read(["d:person:0"]) == [b"blob"]


async def test_due_keeps_microseconds(store: Store) -> None:
    """A tick made for one moment must be recognised as made when that moment is read again."""
    fence = (await store.claim()).fence
    at = NOW.replace(microsecond=123_457)
    await store.save(fence, None, Batch(1, looks=[Look("clock", at, "person:1")]))
    assert await store.due("clock", at, 10) == [("person:1", at)]


async def test_teller_merges_what_many_ask(teller: Teller, redis: Redis) -> None:
    """A thousand questions at once are few round trips, and each gets its own answer."""
    key = f"t{uuid4().hex}"
    await teller.call("PING")
    before = (await redis.info("stats"))["total_reads_processed"]
    answers = await asyncio.gather(*(teller.call("INCR", key) for _ in range(1000)))
    assert answers == list(range(1, 1001))
    assert (await redis.info("stats"))["total_reads_processed"] - before < 100


async def test_teller_survives_flushed_scripts(store: Store, redis: Redis) -> None:
    claim = await store.claim()
    await redis.script_flush()
    await store.save(claim.fence, None, Batch(5))
    await redis.script_flush()
    claims = await asyncio.gather(*(store.claim() for _ in range(50)))
    assert {one.next for one in claims} == {5}
    assert len({one.fence for one in claims}) == 50


async def test_teller_gives_an_error_only_to_who_erred(teller: Teller) -> None:
    key = f"t{uuid4().hex}"
    wrong = Script("return redis.call('NO_SUCH_COMMAND')")
    answers = await asyncio.gather(
        teller.call("SET", key, "text"),
        teller.call("INCR", key),
        teller.run(wrong, [], []),
        teller.call("GET", key),
        return_exceptions=True,
    )
    assert [isinstance(one, ResponseError) for one in answers] == [False, True, True, False]
    assert answers[3] == b"text"


async def test_teller_forgets_who_stopped_waiting(teller: Teller) -> None:
    """A lane that was cancelled leaves no answer behind for the next one."""
    key = f"t{uuid4().hex}"
    tasks = [asyncio.create_task(teller.call("INCR", key)) for _ in range(10)]
    await asyncio.sleep(0)
    for one in tasks[::2]:
        one.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [one for one in answers if isinstance(one, int)] == [2, 4, 6, 8, 10]
    assert await teller.call("GET", key) == b"10"


async def test_teller_goes_on_after_its_connection_was_cut(teller: Teller, redis: Redis) -> None:
    key = f"t{uuid4().hex}"
    await teller.call("SET", key, "kept")
    mine = int(await teller.call("CLIENT", "ID"))
    await redis.client_kill_filter(_id=str(mine))
    first = await asyncio.gather(teller.call("GET", key), return_exceptions=True)
    assert isinstance(first[0], Exception) or first == [b"kept"]
    assert await teller.call("GET", key) == b"kept"


def test_flushall_is_noticed_and_rebuilt_quietly(suar: Installation) -> None:
    """Nobody publishes, so no save can fail: idle lanes must look by themselves. The rebuild says nothing a second time."""
    people = [Traveller() for _ in range(30)]
    worker = suar.ready_worker(SUAR_COMMIT_INTERVAL="0.3")
    suar.publish(heartbeats(datetime.now(UTC)))
    suar.publish(record_of(event) for who in people for event in (who.applied(), who.issued(), who.attempted()))
    suar.settle()
    until(lambda: _committed(suar), "Kafka knows what was said")
    said, facts = suar.ends([ALERTS, SCREENINGS]), suar.ends([FACTS])
    before = _view(suar)
    assert sum(suar.ends([ALERTS]).values()) == len(people)

    suar.redis.flushall()
    flushed = time.monotonic()
    fences = [f"{suar.namespace}:{{{FACTS.name}:{number}}}:fence" for number in range(FACTS.partitions)]
    until(lambda: suar.redis.exists(*fences) == len(fences), "every lane of suar.facts claimed again", limit=10)
    assert time.monotonic() - flushed < 3.0
    suar.settle([FACTS, ALERTS, SCREENINGS])  # admission goes on from Kafka's commit, and Redis hears of it later
    until(lambda: _view(suar) == before, "the view is what it was")
    assert suar.ends([ALERTS, SCREENINGS]) == said
    assert suar.ends([FACTS]) == facts
    assert metric(worker, "suar_fence_lost_total", answer="gone") >= len(fences)
    until(lambda: worker.ready, "every lane goes on", limit=10)


def _committed(suar: Installation) -> bool:
    ends = {place: end for place, end in suar.ends([FACTS]).items() if end}
    return ends.items() <= suar.committed("react", FACTS).items()


def _view(suar: Installation) -> tuple[object, ...]:
    """What people and the next fold can see of it: dossiers, open alerts, the newest of everything on the feeds."""
    dossiers = {name: suar.redis.get(name) for name in suar.redis.scan_iter(f"{suar.namespace}:*:d:*")}
    feeds = ("COUNTER:A-CGK", "SUPERVISOR:A-CGK", "BP3MI:*", "SCREENING:A-CGK")
    entries = {
        feed: sorted((one.get("alert_id") or one["crossing_id"], one["revision"]) for one in decoded)
        for feed in feeds
        if (decoded := [msgspec.json.decode(entry) for entry in suar.entries(feed)]) is not None
    }
    return dossiers, {feed: suar.open(feed) for feed in feeds}, entries


def test_a_connection_cut_under_a_question_is_an_outage(local: Local) -> None:
    """uvloop raises RuntimeError of a write on it; nobody may wait for ever for the answer, and the next question is asked anew."""

    async def cut_and_ask() -> tuple[Exception, object]:
        teller = OneTeller(connect(local.redis.address))
        await teller.call("PING")
        teller._connection._writer.transport.abort()
        try:
            async with asyncio.timeout(5):
                await teller.call("PING")
        except RedisError as error:
            return error, await teller.call("PING")
        finally:
            await teller.close()
        raise AssertionError("the cut was not noticed")

    error, answer = uvloop.run(cut_and_ask())
    assert isinstance(error, RedisConnectionError), repr(error)
    assert answer in (b"PONG", "PONG")


async def test_whoever_asks_hears_of_any_failure(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    teller = OneTeller(connect(local.redis.address))

    async def broken(_: object) -> list[object]:
        raise KeyError("a bug")

    monkeypatch.setattr(teller, "_ask", broken)
    async with asyncio.timeout(5):
        with pytest.raises(KeyError):
            await teller.call("PING")
    await teller.close()
