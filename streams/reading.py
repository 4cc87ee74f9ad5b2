"""Reading a whole topic once, or following it: for commands that look and never commit."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas.topics import BY_NAME
from streams import security
from streams.connection import begin
from streams.partitions import partitions_of


async def _assigned(bootstrap: str, topics: tuple[str, ...]) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, **security.kafka(), enable_auto_commit=False, fetch_max_wait_ms=100
    )
    try:
        await begin(consumer)
    except BaseException:
        await _stopped(consumer)
        raise
    partitions = [TopicPartition(topic, number) for topic in topics for number in range(partitions_of(BY_NAME[topic]))]
    consumer.assign(partitions)
    return consumer


async def everything(bootstrap: str, *topics: str) -> AsyncIterator["ConsumerRecord[bytes, bytes]"]:
    """Every record from the beginning to where the log ended when the reading began."""
    consumer = await _assigned(bootstrap, topics)
    try:
        partitions = list(consumer.assignment())
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        left = {tp: end for tp, end in ends.items() if end > (await consumer.position(tp))}
        while left:
            for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    if record.offset < ends[tp]:
                        yield record
                if tp in left and await consumer.position(tp) >= ends[tp]:
                    del left[tp]
    finally:
        await _stopped(consumer)


async def following(
    bootstrap: str, *topics: str, since_seconds: float = 0.0
) -> AsyncIterator["ConsumerRecord[bytes, bytes]"]:
    """Records as they come, beginning so many seconds back; it ends when it is cancelled."""
    consumer = await _assigned(bootstrap, topics)
    try:
        partitions = list(consumer.assignment())
        await consumer.seek_to_end(*partitions)
        if since_seconds:
            moment = int((time.time() - since_seconds) * 1000)
            for tp, place in (await consumer.offsets_for_times(dict.fromkeys(partitions, moment))).items():
                if place is not None:
                    consumer.seek(tp, place.offset)
        await asyncio.gather(*(consumer.position(tp) for tp in partitions))
        async for record in consumer:
            yield record
    finally:
        await _stopped(consumer)


async def log_sizes(bootstrap: str, *topics: str) -> dict[str, int]:
    """How many records each topic holds, by its offsets."""
    consumer = await _assigned(bootstrap, topics)
    try:
        partitions = list(consumer.assignment())
        ends, begins = await consumer.end_offsets(partitions), await consumer.beginning_offsets(partitions)
    finally:
        await _stopped(consumer)
    return {topic: sum(ends[tp] - begins[tp] for tp in partitions if tp.topic == topic) for topic in topics}


async def _stopped(consumer: AIOKafkaConsumer) -> None:
    """aiokafka cancels a task of its own and lets that cancellation out when the task had not yet begun."""
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise


@asynccontextmanager
async def looking(bootstrap: str, *topics: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of all partitions of some topics, in no group; where it reads is for the caller to say."""
    consumer = await _assigned(bootstrap, topics)
    try:
        yield consumer
    finally:
        await _stopped(consumer)
