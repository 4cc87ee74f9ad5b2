"""Duty: which rotas this pager answers for. A consumer group shares the partitions of `suar.pages`; nothing is fetched by it."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from schemas.topics import PAGES
from streams import security
from streams.paging.desk import AGAIN_AFTER
from streams.paging.settings import PagerSettings
from streams.partitions import partitions_of
from streams.produce import partition_of

log = logging.getLogger("suar.pager")

BEAT_MS = 500


class Duty:
    """The member of the group. Two that both think they answer for a rota are kept apart by the log, not by this."""

    def __init__(self, settings: PagerSettings, rotas: Iterable[str]) -> None:
        self._settings = settings
        self._of = {name: partition_of(name.encode(), partitions_of(PAGES)) for name in ("", *rotas)}
        self._mine: frozenset[int] = frozenset()
        self.joined = False
        self.changed = asyncio.Event()

    @property
    def rotas(self) -> frozenset[str]:
        """Names of rotas that are ours now. The empty name stands for alerts that call nobody: one pager counts them."""
        return frozenset(name for name, number in self._of.items() if number in self._mine)

    def take(self, partitions: Iterable[int]) -> None:
        """From now on these are ours, and no others."""
        self._mine = frozenset(partitions)
        self.changed.set()

    async def run(self) -> None:
        """A member until it is cancelled; then it leaves, so that others take over at once."""
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._settings.kafka,
                **security.kafka(),
                group_id=f"{self._settings.namespace}-pager",
                enable_auto_commit=False,
                auto_offset_reset="latest",
                session_timeout_ms=int(self._settings.session_timeout * 1000),
                heartbeat_interval_ms=int(self._settings.session_timeout * 1000 / 5),
            )
            consumer.subscribe([PAGES.name], listener=_Listener(self, consumer))
            try:
                await consumer.start()
                while True:
                    await consumer.getmany(timeout_ms=BEAT_MS)
            except KafkaError as error:
                log.warning("the pager waits for its group (%s)", type(error).__name__)
            finally:
                self.joined = False
                self.take(())
                with suppress(KafkaError):
                    await consumer.stop()
            await asyncio.sleep(AGAIN_AFTER)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    def __init__(self, duty: Duty, consumer: AIOKafkaConsumer) -> None:
        self._duty, self._consumer = duty, consumer

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing is ours until the group has shared anew."""
        self._duty.take(())

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Ours from now on; what there is to read is read elsewhere."""
        mine = list(assigned)
        self._consumer.pause(*mine)
        self._duty.take(tp.partition for tp in mine)
        self._duty.joined = True
