"""A claim lasts as long as its connection: behind a cut there may be a replica that never heard what was confirmed."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from schemas.topics import ALERTS
from streams.app import connect
from streams.local import Local
from streams.store import Batch, Store
from streams.teller import OneTeller, Teller


@pytest.fixture
async def teller(local: Local) -> AsyncIterator[Teller]:
    one = OneTeller(connect(local.redis.address))
    yield one
    await one.close()


async def _cut(local: Local, teller: Teller) -> None:
    """Somebody else's question meets the cut, and the next one a new connection."""
    number = await teller.call("CLIENT", "ID")
    operator = Redis.from_url(local.redis.address)
    await operator.client_kill_filter(_id=str(number))
    await operator.aclose()
    with pytest.raises(RedisConnectionError):
        await teller.call("PING")
    assert await teller.call("PING") == b"PONG"


async def test_a_save_is_sent_on_the_connection_of_its_claim_or_never(local: Local, teller: Teller) -> None:
    """Otherwise the offset would be kept, and what was put on the feeds before the cut might not be."""
    store = Store(teller, f"t{uuid4().hex}", ALERTS.name, 3)
    claim = await store.claim()
    await store.save(claim.fence, None, Batch(next=5))
    await _cut(local, teller)
    assert not store.lasts
    with pytest.raises(RedisConnectionError):
        await store.save(claim.fence, 5, Batch(next=9))
    again = await store.claim()
    assert again.next == 5, "nothing was saved behind the cut"
    assert store.lasts
    await store.save(again.fence, 5, Batch(next=9))


async def test_what_is_asked_of_one_life_is_not_asked_of_the_next(local: Local, teller: Teller) -> None:
    """Also of a question that waited in the queue while the connection was cut."""
    life, key = teller.life, f"t{uuid4().hex}"
    await _cut(local, teller)
    assert teller.life > life
    with pytest.raises(RedisConnectionError):
        await teller.together([("SET", key, "1")], life)
    assert await teller.call("GET", key) is None
