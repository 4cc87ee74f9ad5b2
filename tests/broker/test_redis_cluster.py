"""A Redis Cluster of three shards: every stage keeps to one slot a partition, and what moves is asked for where it went."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisAway
from typer.testing import CliRunner

from schemas.topics import ALERTS, FACTS, SCREENINGS
from streams.app import connect
from streams.cli import whole
from streams.cluster import ClusterTeller, read_slots, servers, slot_of, teller_of
from streams.feed.installation import connect as gateway_connects
from streams.feed.store import FeedStore
from streams.feed_keys import Keys
from streams.local_redis_cluster import RedisCluster, RedisNode
from streams.settings import Settings
from streams.store import Batch, NotSaved, Store
from streams.teller import Script
from tests.drills.workers import until

pytestmark = pytest.mark.broker

_ECHO = Script("return ARGV[1]")


@pytest.fixture(scope="module")
def shards(server_folder: Path) -> Iterator[RedisCluster]:
    """Three, each with its replica."""
    cluster = RedisCluster.on(server_folder / "cluster")
    with ExitStack() as stops:
        for node in cluster.nodes:
            stops.callback(node.stop)
            node.start()
        cluster.form()
        yield cluster


@pytest.fixture
async def teller(shards: RedisCluster) -> AsyncIterator[ClusterTeller]:
    one = ClusterTeller(shards.nodes[0].address, connect)
    yield one
    await one.close()


def _stores(teller: ClusterTeller, namespace: str) -> list[Store]:
    return [Store(teller, namespace, FACTS.name, partition) for partition in range(24)]


async def test_one_wait_for_all_nodes(teller: ClusterTeller, shards: RedisCluster) -> None:
    keys = [f"t:{{{FACTS.name}:{partition}}}:thing" for partition in range(24)]
    await teller.together([("SET", key, key) for key in keys])
    assert await teller.together([("GET", key) for key in keys]) == [key.encode() for key in keys]
    assert {await teller.run(_ECHO, [key], [key]) for key in keys} == {key.encode() for key in keys}
    held = [int(_size(primary)) for primary, _ in shards.shards]
    assert all(held), "a shard holds nothing"


def _size(node: RedisNode) -> int:
    with node.client() as client:
        return int(client.dbsize())


async def test_a_partition_is_in_one_slot_and_deliver_in_that_of_the_feeds(teller: ClusterTeller) -> None:
    """All that one command names, and all that one worker must remember or forget together."""
    settings = Settings(pseudonym_key="p" * 32, namespace="n")  # type: ignore[arg-type]  # pydantic makes a secret of it
    keys = Keys(settings)
    beside = {slot_of(("GET", key)) for key in (keys.epoch, keys.stream("X"), keys.alert("a"), keys.signed_out("s"))}
    for topic in (ALERTS.name, SCREENINGS.name):
        store = Store(teller, "n", topic, 3)
        beside |= {slot_of(store.checking()), slot_of(store.reading(["a"])), slot_of(store.saving(b"", 0, Batch(1)))}
    assert len(beside) == 1
    others = {slot_of(Store(teller, "n", FACTS.name, number).checking()) for number in range(24)}
    assert len(others) == 24


async def test_a_slot_that_moved_is_an_outage_and_then_found(shards: RedisCluster, teller: ClusterTeller) -> None:
    """A replica takes over in order: whoever claimed before the move claims again, and nothing is saved on a claim of before."""
    stores = _stores(teller, "moves")
    claims = [await store.claim() for store in stores]
    primary, replica = shards.shards[0]
    if not primary.leads():
        primary, replica = replica, primary
    with replica.client() as client:
        client.execute_command("CLUSTER FAILOVER")
    until(replica.leads, "the replica leads")
    until(shards.whole, "the cluster is whole")
    await asyncio.sleep(0.5)

    async def saved(number: int) -> bool:
        try:
            await stores[number].save(claims[number].fence, claims[number].next, Batch(7))
        except (RedisAway, NotSaved):
            return False
        return True

    first = [await saved(number) for number in range(len(stores))]
    assert not all(first), "no partition was on the shard that moved"
    await teller.look()
    refused = [number for number, well in enumerate(first) if not well]
    for number in refused:
        claims[number] = await stores[number].claim()
        assert claims[number].next is None, "a save that was refused was made"
        await stores[number].save(claims[number].fence, claims[number].next, Batch(7))
    for store in stores:
        assert (await store.claim()).next == 7


async def test_a_node_that_is_away_takes_only_its_own_slots_along(shards: RedisCluster, teller: ClusterTeller) -> None:
    keys = [f"t:{{{FACTS.name}:{partition}}}:away" for partition in range(24)]
    await teller.together([("SET", key, key) for key in keys])
    slots = await read_slots(shards.nodes[0].address, connect)
    away = next(node for node in shards.nodes if node.leads())
    away.pause()
    try:
        found = await teller.together([("GET", key) for key in keys])
        gone = [key for key, one in zip(keys, found, strict=True) if isinstance(one, Exception)]
        assert gone == [key for key in keys if slots[slot_of(("GET", key))] == f"127.0.0.1:{away.port}"]
        assert 0 < len(gone) < len(keys)
    finally:
        away.resume()
    until(shards.whole, "the cluster is whole again")


async def test_the_gateway_reads_feeds_of_a_cluster(shards: RedisCluster) -> None:
    """Waiting for what is new, too, which is a command of another form."""
    settings = Settings(pseudonym_key="p" * 32, namespace="g", redis=shards.nodes[0].address, redis_cluster=True)  # type: ignore[arg-type]
    waiting, teller = teller_of(settings, gateway_connects), teller_of(settings, gateway_connects)
    store = FeedStore(waiting, teller, settings)
    assert (await store.open("X")).views == []
    news = asyncio.create_task(store.newer({"X": "0-0", "Y": "0-0"}, 5, 3000))
    await asyncio.sleep(0.1)
    await teller.call("XADD", Keys(settings).stream("X"), "*", "entry", "told")
    found = await news
    assert [fields for _, fields in found["X"]] == [{b"entry": b"told"}]
    assert await store.newer({"Y": "0-0"}, 5, 10) == {}
    await waiting.close()
    await teller.close()


async def test_one_node_is_enough_to_find_the_others(shards: RedisCluster) -> None:
    """Also one that holds no slot."""
    replica = next(node for node in shards.nodes if not node.leads())
    settings = Settings(pseudonym_key="p" * 32, redis=replica.address, redis_cluster=True)  # type: ignore[arg-type]
    found = await servers(settings)
    assert len(found) == len(shards.shards)
    for client in found:
        assert (await client.info("replication"))["role"] == "master"
        await client.aclose()


def test_doctor_tells_a_cluster_from_one_server(shards: RedisCluster) -> None:
    node = next(node for node in shards.nodes if node.leads())
    settings = {"SUAR_REDIS": node.address, "SUAR_KAFKA": "127.0.0.1:1", "SUAR_PSEUDONYM_KEY": "p" * 32}
    alone = CliRunner().invoke(whole(), ["doctor"], env=settings | {"COLUMNS": "200"})
    assert "SUAR_REDIS_CLUSTER=true" in alone.output
    all_of_it = CliRunner().invoke(whole(), ["doctor"], env=settings | {"COLUMNS": "200", "SUAR_REDIS_CLUSTER": "true"})
    assert "SUAR_REDIS_CLUSTER" not in all_of_it.output
    assert all(f"127.0.0.1:{primary.port}" in all_of_it.output for primary in shards.nodes if primary.leads())


async def test_no_node_at_all_is_an_outage(server_folder: Path) -> None:
    teller = ClusterTeller("redis://127.0.0.1:1/0", connect)
    with pytest.raises(RedisAway):
        await teller.call("GET", "thing")
    await teller.close()
