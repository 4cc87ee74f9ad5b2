"""Time to the officer: when an alert happened, was on the topic, on a screen, acknowledged and ended; each step once an alert.

The steps after the topic are seen on `suar.alerts` by one gateway of the installation's, whoever did them and from where.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from schemas.outcomes import AlertAcknowledged, OutcomeRecorded
from schemas.topics import ALERTS
from streams import metrics, security
from streams.connection import begin
from streams.feed_keys import Keys
from streams.settings import Settings
from streams.teller import Argument, Script, Teller

log = logging.getLogger("suar")

KEPT: Final = 1000
"""Newest durations of a step and place, from which the percentiles are taken."""
KEPT_SECONDS: Final = 30 * 86_400
AGAIN_SECONDS: Final = 5.0
PERCENTILES: Final = (50, 90, 99)


class Step(StrEnum):
    """What is measured. All but the first count from the append of the alert's first revision."""

    TOPIC = "event_to_topic"
    SCREEN = "topic_to_screen"
    ACKNOWLEDGED = "topic_to_acknowledged"
    OUTCOME = "topic_to_outcome"


@dataclass(frozen=True, slots=True)
class Took:
    """How long a step took for one alert, seconds."""

    alert_id: str
    place: str
    step: Step
    seconds: float


class _Done(msgspec.Struct, frozen=True):
    what: str
    at: datetime


class _Revision(msgspec.Struct, frozen=True):
    """What times need of an alert."""

    alert_id: str
    revision: int
    place: str
    at: datetime
    handling: tuple[_Done, ...] = ()


_REVISION: Final = msgspec.json.Decoder(_Revision)

# Each step counts once an alert. KEYS: steps of the alert, durations, places   ARGV: step, seconds, kept, seconds to live, place
_ONCE: Final = Script("""
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('LPUSH', KEYS[2], ARGV[2])
redis.call('LTRIM', KEYS[2], 0, ARGV[3] - 1)
redis.call('SADD', KEYS[3], ARGV[5])
return 1
""")


class Times:
    """Counts steps, in Prometheus for this gateway and in Redis for all of them."""

    def __init__(self, teller: Teller, settings: Settings) -> None:
        self._teller, self._keys, self._settings = teller, Keys(settings), settings

    async def count(self, took: Took) -> None:
        """Once for each alert and step; the second time it says nothing. Raises redis-py's errors."""
        keys = [self._keys.steps(took.alert_id), self._keys.times(took.place, took.step), self._keys.places]
        args: list[Argument] = [took.step.value, f"{took.seconds:.3f}", KEPT, KEPT_SECONDS, took.place]
        if await self._teller.run(_ONCE, keys, args):
            metrics.STEP.labels(took.step.value, took.place).observe(took.seconds)

    async def percentiles(self) -> dict[str, dict[str, dict[str, float]]]:
        """By place and step: how many alerts, and the percentiles of their durations in seconds."""
        found: dict[str, dict[str, dict[str, float]]] = {}
        for name in sorted(await self._teller.call("SMEMBERS", self._keys.places)):
            place = name.decode()
            steps = {step: await self._durations(place, step) for step in Step}
            found[place] = {step.value: _percentiles(values) for step, values in steps.items() if values}
        return found

    async def _durations(self, place: str, step: Step) -> list[float]:
        return sorted(float(one) for one in await self._teller.call("LRANGE", self._keys.times(place, step), 0, -1))

    async def follow(self) -> None:
        """Reads what becomes of alerts until it is cancelled; gateways share the partitions. An outage is waited for."""
        while True:
            try:
                await self._follow()
            except (KafkaError, RedisError, OSError) as error:
                log.info("times wait: %s", type(error).__name__)
                await asyncio.sleep(AGAIN_SECONDS)

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            ALERTS.name,
            bootstrap_servers=self._settings.kafka,
            **security.kafka(),
            group_id=f"{self._settings.namespace}-times",
            auto_offset_reset="latest",
            enable_auto_commit=False,
            fetch_max_wait_ms=500,
        )
        try:
            await begin(consumer)
            while True:
                brought = await consumer.getmany(timeout_ms=1000, max_records=500)
                for records in brought.values():
                    for record in records:
                        await self._seen(record)
                if brought:
                    await consumer.commit()
        finally:
            await consumer.stop()

    async def _seen(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        try:
            alert = _REVISION.decode(record.value or b"")
        except msgspec.MsgspecError:
            return
        for took in steps(alert, datetime.fromtimestamp(record.timestamp / 1000, UTC), await self._began(alert)):
            await self.count(took)

    async def _began(self, alert: _Revision) -> datetime | None:
        """When the first revision was appended, as deliver keeps it."""
        at: bytes | None = await self._teller.call("HGET", self._keys.alert(alert.alert_id), "at")
        return datetime.fromtimestamp(float(at) / 1000, UTC) if at else None


def steps(alert: _Revision, appended: datetime, began: datetime | None) -> list[Took]:
    """What a revision tells of its alert."""

    def took(step: Step, seconds: float) -> Took:
        return Took(alert.alert_id, alert.place, step, max(0.0, seconds))

    if alert.revision == 1:
        return [took(Step.TOPIC, (appended - alert.at).total_seconds())]
    if began is None:
        return []
    firsts = ((Step.ACKNOWLEDGED, AlertAcknowledged.type), (Step.OUTCOME, OutcomeRecorded.type))
    found = ((step, next((one for one in alert.handling if one.what == what), None)) for step, what in firsts)
    return [took(step, (done.at - began).total_seconds()) for step, done in found if done is not None]


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    """Nearest rank."""
    ranks = {f"p{one}": values[max(0, -(-len(values) * one // 100) - 1)] for one in PERCENTILES}
    return {"alerts": float(len(values)), **ranks}
