"""What all routes of one gateway share, opened once and closed in order."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx
import msgspec
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from schemas.policy import Policy
from streams import policy as policies
from streams import security
from streams.budget import Budgets
from streams.cluster import teller_of
from streams.feed.access import Access
from streams.feed.agencies import Agencies
from streams.feed.audit import Audit
from streams.feed.board import Boards
from streams.feed.freshness import Freshness
from streams.feed.ingest import Intake
from streams.feed.notes import Notes
from streams.feed.settings import FeedSettings
from streams.feed.tasks import begun, ended
from streams.feed.times import Times
from streams.jose import EventSealer
from streams.produce import Outbox
from streams.sealing import Opener
from streams.teller import Teller

log = logging.getLogger("suar")

CONNECTIONS: Final = 32
"""To Redis at most; who finds none free waits."""
ALIVE_SECONDS: Final = 15.0
"""Between two signs of life on a stream; proxies cut what is silent for a minute."""


@dataclass
class Installation:
    """At `app.state.suar`. Nothing here is state: every copy of the gateway reads the same log and the same Redis."""

    settings: FeedSettings
    policy: Policy
    teller: Teller
    outbox: Outbox
    boards: Boards
    notes: Notes
    opener: Opener
    sealer: EventSealer | None
    freshness: Freshness
    times: Times
    budgets: Budgets
    access: Access
    audit: Audit
    intake: Intake
    agencies: Agencies


@asynccontextmanager
async def opened(settings: FeedSettings) -> AsyncIterator[Installation]:
    """An installation, open while the gateway runs. Neither Kafka nor Redis must answer for it to begin.

    Raises SettingsError or PolicyError.
    """
    policy = policies.load(settings.policy)
    waiting, teller = teller_of(settings, connect), teller_of(settings, connect)
    outbox, audit_box = Outbox(settings.kafka), Outbox(settings.kafka)
    freshness = Freshness(teller, settings, policy)
    sealer = EventSealer(settings.event_seal) if settings.event_seal else None
    async with AsyncExitStack() as stack:
        stack.push_async_callback(waiting.close)
        stack.push_async_callback(teller.close)
        stack.push_async_callback(outbox.stop)
        stack.push_async_callback(audit_box.stop)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=5))
        suar = Installation(
            settings=settings,
            policy=policy,
            teller=teller,
            outbox=outbox,
            boards=Boards(waiting, teller, settings),
            notes=Notes(settings.notes_key),
            opener=Opener(settings.identity_key),
            sealer=sealer,
            freshness=freshness,
            times=Times(teller, settings),
            budgets=Budgets(teller, settings, policy),
            access=Access(settings, teller, http),
            audit=Audit(audit_box),
            intake=Intake(outbox, settings, sealer),
            agencies=Agencies(settings, teller, freshness),
        )
        stack.push_async_callback(suar.agencies.stop)
        await suar.audit.start()
        stack.push_async_callback(suar.audit.stop)
        suar.boards.start()
        stack.push_async_callback(suar.boards.stop)
        for name, work in (("times", suar.times.follow()), ("alive", _alive(suar))):
            stack.push_async_callback(ended, begun(work, name))
        yield suar


def connect(url: str) -> Redis:
    """A client that says at once when Redis is away: the caller of an API decides whether to wait."""
    pool = BlockingConnectionPool.from_url(
        url,
        **security.redis(url),
        max_connections=CONNECTIONS,
        timeout=5,
        socket_timeout=5,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    return Redis.from_pool(pool)  # which closes it, too


async def _alive(suar: Installation) -> None:
    """Says on every stream that it is alive, and how the agencies' feeds are."""
    while True:
        await asyncio.sleep(ALIVE_SECONDS / 2)
        try:
            heard = await suar.freshness.heard()
        except (RedisError, OSError):
            heard = []
        body = msgspec.json.encode({"live": suar.boards.well, "sources": [one.told() for one in heard]})
        await suar.boards.here(body, ALIVE_SECONDS / 2)
