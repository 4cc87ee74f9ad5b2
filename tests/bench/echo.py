"""The yardstick of latency: two hops of bare aiokafka, no store, no thought. `python -m tests.bench.echo BOOTSTRAP IN MID OUT`."""

import asyncio
import sys

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def _hop(bootstrap: str, source: str, target: str, producer: AIOKafkaProducer) -> None:
    consumer = AIOKafkaConsumer(
        source, bootstrap_servers=bootstrap, group_id=f"echo-{source}", auto_offset_reset="earliest"
    )
    await consumer.start()
    while True:
        for partition, records in (await consumer.getmany(timeout_ms=1000)).items():
            batch = producer.create_batch()
            for record in records:
                batch.append(key=record.key, value=record.value, timestamp=None)
            batch.close()
            await (await producer.send_batch(batch, target, partition=partition.partition))


async def main(bootstrap: str, first: str, middle: str, last: str) -> None:
    """Until it is ended."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    await asyncio.gather(
        _hop(bootstrap, first, middle, producer),
        _hop(bootstrap, middle, last, producer),
    )


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
