"""A typed publisher for agencies that speak Python: events as models, keys, heartbeats, compression, and a file for outages.

```python
import asyncio
from datetime import UTC, datetime
from schemas.envelope import System
from schemas.siskop2mi import EpmiIssued
from streams.publisher import Publisher

async def main() -> None:
    async with Publisher("127.0.0.1:19292", System.SISKOP2MI, outage_file="outage.ndjson") as out:
        issued = EpmiIssued(epmi_no="EPMI-000123", nik="9901014101900001", scheme="P_TO_P", country="MYS")
        await out.send(issued, name="e-2026-000123", time=datetime.now(UTC))

asyncio.run(main())
```
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.envelope import Event, System
from schemas.topics import MAX_RECORD_BYTES
from streams import security
from streams.jose import EventSealer
from streams.produce import Record
from streams.publish import envelope, heartbeats, sealed, topic_of, topics_of

BEAT_EVERY: Final = 5.0
"""Seconds between two heartbeats of a partition."""
ACKNOWLEDGED_WITHIN: Final = 20.0
"""Seconds until an event without an acknowledgement goes to the outage file, or raises."""
LINGER_MS: Final = 5
"""How long an event waits for others of its batch; compression needs some."""
OUTAGE_BYTES: Final = 256 * 1024 * 1024
"""Bound of the outage file: some 300,000 events."""
AT_ONCE: Final = 500


class OutageFullError(Exception):
    """Kafka is away and the outage file is full: the event was not taken, and its sender must keep it."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Sent:
    """What became of an event: on its topic, or in the file that is sent when Kafka is back."""

    kept_for_later: bool


@dataclass
class Publisher:
    """Use with `async with`. `complete` says up to when everything was handed to `send`; by default, up to now: right for
    whoever publishes events as they happen. A heartbeat never runs ahead of an event that is not acknowledged.

    With an `outage_file` an event that Kafka does not take goes there and is sent, in order, when Kafka is back, also by
    the next process; without one `send` raises aiokafka's error. The file holds identities, unless they are sealed: it is
    readable by its owner alone and gone when it is empty.
    """

    bootstrap: str
    system: System
    complete: Callable[[], datetime] = _now
    outage_file: str | Path | None = None
    outage_bytes: int = OUTAGE_BYTES
    seal: str | None = None
    """Public key of whoever admits, hex: the data of events are sealed for it, on the topic and in the file."""
    acknowledged: Counter[str] = field(default_factory=Counter, init=False)
    """Events by topic that the broker has."""

    def __post_init__(self) -> None:
        self._producer: AIOKafkaProducer | None = None
        self._pending: dict[object, datetime] = {}
        self._kept = _Outage(Path(self.outage_file), self.outage_bytes) if self.outage_file is not None else None
        self._sealer = EventSealer(self.seal) if self.seal is not None else None
        self._starting, self._sending_kept = asyncio.Lock(), asyncio.Lock()
        self._beats: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begins the heartbeats. Raises aiokafka's errors when Kafka is away and there is no outage file."""
        if self._kept is None:
            await self._started()
        self._beats = asyncio.create_task(self._beating(), name="heartbeats")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the heartbeats, and flushes. Raises what `complete` raised: then the heartbeats had ended before."""
        ended: object = None
        if self._beats is not None:
            self._beats.cancel()
            [ended] = await asyncio.gather(self._beats, return_exceptions=True)
        await self._drop()
        if isinstance(ended, Exception) and error is None:
            raise ended

    async def send(self, event: Event, *, name: str, time: datetime, **more: Any) -> Sent:
        """Publishes one event and returns when the broker has it, or the outage file.

        `name` is its id: the same name again is the same event, and changes nothing. `time` is when it happened, with its
        zone. `more` may hold `recorded_at`, and `retracts` or `supersedes` with the name of an earlier event.
        Raises ValueError for another system's event or a time without a zone, OutageFullError, and without an outage file
        aiokafka's errors: the event may then be sent again.
        """
        if event.system is not self.system:
            raise ValueError(f"{event.type} is an event of {event.system}, not of {self.system}")
        if time.tzinfo is None:
            raise ValueError("the time of an event needs its zone")
        topic = topic_of(self.system.value, event.type)
        data = event.model_dump(mode="json", exclude_none=True)
        whole = envelope(self.system, event.type, name=name, time=time, data=data, **more)
        mine = object()
        self._pending[mine] = time.astimezone(UTC)
        try:
            return await self._out(
                Record(topic.name, name.encode(), sealed(msgspec.json.encode(whole), self._sealer)), self._pending[mine]
            )
        finally:
            del self._pending[mine]

    async def beat(self) -> datetime:
        """Tells every partition up to when it has everything, and that moment: no later than the oldest event under way.

        Raises aiokafka's errors; also sent every few seconds by itself.
        """
        upto = self.complete().astimezone(UTC)
        oldest = self._oldest()
        if oldest is not None:
            upto = min(upto, oldest - timedelta(milliseconds=1))
        await self._post(heartbeats(upto, topics_of(self.system)))
        return upto

    def _oldest(self) -> datetime | None:
        kept = self._kept.oldest if self._kept is not None else None
        return min((*self._pending.values(), *([kept] if kept else [])), default=None)

    async def _out(self, record: Record, time: datetime) -> Sent:
        if self._kept is not None and self._kept.oldest is not None:
            self._kept.append(record, time)  # behind those that wait already
            return Sent(kept_for_later=True)
        try:
            await self._post([record])
        except (KafkaError, OSError):
            if self._kept is None:
                raise
            self._kept.append(record, time)
            return Sent(kept_for_later=True)
        self.acknowledged[record.topic] += 1
        return Sent(kept_for_later=False)

    async def _post(self, records: list[Record]) -> None:
        """Returns when the broker has acknowledged all. Raises aiokafka's errors."""
        producer = await self._started()
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN):
                waiting: list[Awaitable[object]] = [
                    await producer.send(one.topic, one.value, one.key, one.partition) for one in records
                ]
                for answer in await asyncio.gather(*waiting, return_exceptions=True):
                    if isinstance(answer, BaseException):
                        raise answer
        except (KafkaError, OSError, TimeoutError) as error:
            await self._drop()  # its sequence numbers are no longer certain
            raise KafkaError("no acknowledgement") if isinstance(error, TimeoutError) else error from None

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self.bootstrap,
                    **security.kafka(),
                    acks="all",
                    enable_idempotence=True,
                    compression_type="zstd",
                    linger_ms=LINGER_MS,
                    max_request_size=MAX_RECORD_BYTES,
                    request_timeout_ms=int(ACKNOWLEDGED_WITHIN * 1000),
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(producer.stop(), 5)

    async def _beating(self) -> None:
        while True:
            with suppress(KafkaError, OSError):
                await self.send_kept()
                await self.beat()
            await asyncio.sleep(BEAT_EVERY)

    async def send_kept(self) -> int:
        """Sends what an outage left in the file, in order; how many. Raises aiokafka's errors: the rest stays there."""
        done = 0
        if self._kept is None:
            return done
        async with self._sending_kept:
            while records := self._kept.first(AT_ONCE):
                await self._post(records)
                self._kept.forget(len(records))
                self.acknowledged.update(one.topic for one in records)
                done += len(records)
        return done


class _Kept(msgspec.Struct, frozen=True):
    """A line of the outage file."""

    topic: str
    key: str
    value: msgspec.Raw


class _Outage:
    """Events on disk, oldest first. `oldest` is the time behind which no heartbeat may go while they wait there."""

    def __init__(self, path: Path, most: int) -> None:
        self._path, self._most = path, most
        self.oldest: datetime | None = None
        self._begin = 0
        """Where in the file the first event stands that was not sent."""
        self._mend()
        for _, record in self._lines():
            at = msgspec.json.decode(record.value or b"", type=_Timed).time.astimezone(UTC)
            self.oldest = min(at, self.oldest or at)

    def append(self, record: Record, time: datetime) -> None:
        """Keeps one more, of that time. Raises OutageFullError."""
        kept = _Kept(record.topic, record.key.decode(), msgspec.Raw(record.value or b"null"))
        line = msgspec.json.encode(kept) + b"\n"
        size = self._path.stat().st_size if self._path.exists() else 0
        if size + len(line) > self._most:
            raise OutageFullError(f"{self._path} holds {size} bytes, its bound is {self._most}")
        with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self.oldest = min(time, self.oldest or time)

    def first(self, most: int) -> list[Record]:
        """The oldest ones."""
        return [record for _, record in islice(self._lines(), most)]

    def forget(self, count: int) -> None:
        """The oldest ones were sent. A process that ends before the file is empty sends some twice, which changes nothing."""
        for length, _ in list(islice(self._lines(), count)):
            self._begin += length
        if self._path.exists() and self._path.stat().st_size <= self._begin:
            self._path.unlink()
            self._begin, self.oldest = 0, None

    def _mend(self) -> None:
        """A line that a crash cut short was never acknowledged to its sender: it goes."""
        if self._path.exists():
            whole = self._path.read_bytes()
            os.truncate(self._path, whole.rfind(b"\n") + 1)

    def _lines(self) -> Iterator[tuple[int, Record]]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._begin)
            for line in file:
                kept = msgspec.json.decode(line, type=_Kept)
                yield len(line), Record(kept.topic, kept.key.encode(), bytes(kept.value))


class _Timed(msgspec.Struct, frozen=True):
    time: datetime
