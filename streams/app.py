"""The whole worker on one screen: every topic, every agent, and the one guard for what nobody expected."""

import asyncio
import logging
import math
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import faust
import mode
from aiokafka import TopicPartition
from prometheus_client import generate_latest
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from schemas.envelope import System
from schemas.policy import Policy
from schemas.topics import AGENCY_TOPICS, ALERTS, FACTS, IDENTITIES, POLICY, SCREENINGS, Topic
from streams import metrics, security
from streams.admit import AdmitFold, Limits
from streams.budget import Budgets
from streams.cluster import teller_of
from streams.conductor import Conductor
from streams.deliver import DeliverFold, Feeds
from streams.health import EXIT_STALLED, Health, give_up, stop_in_time
from streams.jose import EventOpener
from streams.keep import KeepFold
from streams.lanes import KAFKA_AWAY, REDIS_AWAY, Deps, Fold, Lane
from streams.login import credentials
from streams.produce import Outbox
from streams.react import ReactFold, wake_all
from streams.sealing import Sealer
from streams.settings import Settings
from streams.shelf import Shelf
from streams.source import Source
from streams.store import Store
from streams.teller import Teller

log = logging.getLogger("suar")

MakeFold = Callable[[TopicPartition, Store], Fold]
Lanes = dict[TopicPartition, Lane]
MakeLane = Callable[[TopicPartition, Source, Conductor], Lane]
STAGES = ("admit", "react", "deliver", "keep")
"""Each has a connection to Redis of its own, so that none waits for another's answers; and what is admitted does not wait
for the acknowledgement of what is said.
"""
GATHER = frozenset({"deliver", "keep"})
"""Nobody waits at a counter for what these do."""
CHANNEL = 8
"""Fetches between source and agent."""
CONNECTIONS = 4
"""Connections to Redis of one teller at most; it keeps one."""


class Stage:
    """Sources, the channel behind them, a lane for each partition that this worker owns, and who folds them together."""

    def __init__(
        self, name: str, sources: tuple[Source, ...], make: MakeLane, conduct: Callable[[Lanes], Conductor]
    ) -> None:
        self.name = name
        self.lanes: Lanes = {}
        self._ended: Lanes = {}
        self._sources = {source.topic: source for source in sources}
        self._conductor = conduct(self.lanes)
        self._make = make
        for source in sources:
            source.on_assigned, source.on_revoked, source.offsets = self._assigned, self._revoked, self._offsets

    def _assigned(self, partitions: Iterable[TopicPartition]) -> None:
        self._conductor.start()
        for partition in partitions:
            self.lanes[partition] = self._make(partition, self._sources[partition.topic], self._conductor)

    async def _revoked(self, partitions: Iterable[TopicPartition]) -> None:
        lanes = [lane for partition in partitions if (lane := self.lanes.pop(partition, None)) is not None]
        await asyncio.gather(*(lane.close() for lane in lanes))

    def _offsets(self, topic: str) -> dict[TopicPartition, int]:
        lanes = self._ended or self.lanes
        return {tp: lane.next for tp, lane in lanes.items() if tp.topic == topic and lane.next is not None}

    async def hand_over(self, stream: Any) -> None:
        """An agent's whole work: what a fetch brought, to the lanes of its partitions."""
        async for brought in stream:
            for partition, fetched in brought.items():
                lane = self.lanes.get(partition)
                if lane is not None:
                    lane.offer(fetched)
            self._conductor.go()

    def lag(self) -> dict[Lane, int]:
        """Records not yet folded, by lane."""
        return {
            lane: max(lane.backlog, self._sources[partition.topic].lag(partition, lane.next))
            for partition, lane in self.lanes.items()
            if lane.next is not None
        }

    @property
    def joined(self) -> bool:
        """Every source is in its group."""
        return all(source.joined for source in self._sources.values())

    async def close(self) -> None:
        """Lets every lane go; where they ended is what their sources commit last."""
        self._ended = dict(self.lanes)
        await self._revoked(list(self.lanes))
        self._conductor.stop()

    async def leave(self) -> None:
        """Leaves every group, side by side."""
        await asyncio.gather(*(source.leave() for source in self._sources.values()))


def build(settings: Settings, policy: Policy) -> faust.App:
    """The Faust app of one worker. Building it connects to nothing."""
    app = _faust(settings)
    admitting, talking = Outbox(settings.kafka), Outbox(settings.kafka)
    tellers = {name: teller_of(settings, connect) for name in STAGES}
    health, limits, feeds = Health(), Limits(settings), Feeds(tellers["deliver"], settings)
    sealer = Sealer(settings.identity_seal) if settings.identity_seal else None
    opener = EventOpener(settings.event_key)
    shelf, budgets = Shelf(settings.kafka, policy, health), Budgets(tellers["deliver"], settings, policy)

    services: list[Any] = []  # Faust takes instances where its types say classes

    def stage(name: str, topics: Iterable[Topic], make: MakeFold) -> Stage:
        channel = app.channel(maxsize=CHANNEL)
        outbox, teller = admitting if name == "admit" else talking, tellers[name]
        sources = tuple(
            Source(stage=name, topic=topic.name, channel=channel, settings=settings, gathers=name in GATHER)
            for topic in topics
        )

        def lane(partition: TopicPartition, source: Source, conductor: Conductor) -> Lane:
            store = Store(teller, settings.namespace, partition.topic, partition.partition)
            return Lane(partition, make(partition, store), store, Deps(settings, health, source, conductor.ready))

        made = Stage(name, sources, lane, lambda lanes: Conductor(name, lanes, teller, outbox, settings))
        app.agent(channel, name=name)(made.hand_over)
        services.extend(sources)
        return made

    stages: tuple[Stage, ...] = (
        stage("admit", AGENCY_TOPICS, lambda tp, store: AdmitFold(tp.topic, settings, limits, opener, sealer)),
        stage("react", (FACTS,), lambda tp, store: ReactFold(tp.partition, store, talking, shelf)),
        stage("deliver", (ALERTS, SCREENINGS), lambda tp, store: DeliverFold(feeds, budgets)),
        stage("keep", (IDENTITIES,), lambda tp, store: KeepFold()),  # without a sealer, too: somebody may be forgotten
    )

    @app.agent(app.topic(POLICY.name, value_serializer="raw", key_type=bytes, value_type=bytes), name="policy")
    async def policies(stream: Any) -> None:
        async for _ in stream:
            log.debug("suar.policy was written; what a fact names is read from there")

    @app.on_before_shutdown.connect
    async def stopping(*_: Any, **__: Any) -> None:
        stop_in_time(begun=any(stage.lanes for stage in stages))

    services += [Clockwork(stages, settings, health), Closing(stages, (admitting, talking), tuple(tellers.values()))]
    for service in services:
        app.service(service)
    _pages(app, health)
    return app


def _faust(settings: Settings) -> faust.App:
    """Faust with everything off that it would do by itself."""
    return faust.App(
        f"{settings.namespace}-worker",
        broker=f"kafka://{settings.kafka}".replace(",", ";"),
        broker_credentials=credentials(settings),
        topic_disable_leader=True,
        topic_allow_declare=False,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=settings.session_timeout / 5,
        web_host=settings.web_host,
        web_bind=settings.web_host,
        web_port=settings.web_port,
        autodiscover=False,
        datadir=str(
            Path(tempfile.gettempdir()) / f"{settings.namespace}-faust"
        ),  # it wants one and keeps nothing there
    )


def connect(url: str) -> Redis:
    """A client whose lanes wait their turn for a connection instead of opening hundreds."""
    pool = BlockingConnectionPool.from_url(
        url,
        **security.redis(url),
        max_connections=CONNECTIONS,
        timeout=None,
        socket_timeout=5,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 0),  # lanes retry by claiming again
    )
    return Redis(connection_pool=pool)


class Clockwork(mode.Service):
    """What happens by the wall clock: ticks, lag, and the watch over lanes that stand still."""

    def __init__(self, stages: tuple[Stage, ...], settings: Settings, health: Health) -> None:
        super().__init__()
        self._stages, self._settings, self._health = stages, settings, health

    @mode.Service.task
    async def ticks(self) -> None:
        """Due looks become facts; an outage is the lanes' to report."""
        while not self.should_stop:
            await self.sleep(self._settings.tick_interval)
            folds = [lane.fold for stage in self._stages for lane in stage.lanes.values()]
            try:
                await wake_all(fold for fold in folds if isinstance(fold, ReactFold))
            except (*REDIS_AWAY, *KAFKA_AWAY) as error:
                log.info("ticks wait: %s", type(error).__name__)

    @mode.Service.task
    async def watch(self) -> None:
        """Work waiting and no progress for too long, although nothing is away: better to die and be started again."""
        while not self.should_stop:
            await self.sleep(1.0)
            self._ages()
            self._health.joined = all(stage.joined for stage in self._stages)
            for stage in self._stages:
                waits = self._health.waits(stage.name)  # lanes fold together, so one that waits holds its neighbours
                for lane, lag in stage.lag().items():
                    metrics.LAG.labels(lane.partition.topic, str(lane.partition.partition)).set(lag)
                    if not lag:
                        self._health.idle(lane.name)
                    elif not waits and self._health.stalled(lane.name, self._settings.stall_seconds):
                        seconds = self._settings.stall_seconds
                        what = f"{lane.name}: {lag} records wait and none moved for {seconds:.0f} s; {lane.doing}"
                        give_up(EXIT_STALLED, what)

    def _ages(self) -> None:
        """Every second, so that a silent feed is seen to age, and a policy to be taken up."""
        now = time.time()
        metrics.POLICY.clear()
        metrics.FEED_AGE.clear()
        folds = [
            fold for stage in self._stages for lane in stage.lanes.values() if isinstance(fold := lane.fold, ReactFold)
        ]
        for fold in folds:
            for use, version in fold.judges_by:
                metrics.POLICY.labels(version, use.value).inc()
        for source in System if folds else ():
            marks = [fold.context.marks.get(source.value) for fold in folds]
            age = max(math.inf if mark is None else now - mark.timestamp() for mark in marks)
            metrics.FEED_AGE.labels(source.value).set(age)


class Closing(mode.Service):
    """Started last and so stopped first: lanes let go before their sources leave the group."""

    def __init__(self, stages: tuple[Stage, ...], outboxes: tuple[Outbox, ...], tellers: tuple[Teller, ...]) -> None:
        super().__init__()
        self._stages, self._outboxes, self._tellers = stages, outboxes, tellers

    async def on_stop(self) -> None:
        """Within three seconds, whatever is away."""
        await asyncio.gather(*(stage.close() for stage in self._stages))
        await asyncio.gather(*(stage.leave() for stage in self._stages))
        await asyncio.gather(*(outbox.stop() for outbox in self._outboxes))
        await asyncio.gather(*(teller.close() for teller in self._tellers))


Handler = Callable[[Any, Any], Awaitable[Any]]


def _pages(app: faust.App, health: Health) -> None:
    @app.page("/live")
    async def live(self: Any, request: Any) -> Any:
        return self.json({"live": True})

    @app.page("/ready")
    async def ready(self: Any, request: Any) -> Any:
        return self.json(health.summary(), status=200 if health.ready else 503)

    @app.page("/metrics")
    async def exposition(self: Any, request: Any) -> Any:
        return self.bytes(generate_latest(metrics.REGISTRY), content_type="text/plain")
