"""Bare librdkafka with dossiers in a dict: no durability at all, what the wire and the JSON cost."""

import msgspec
from confluent_kafka import Consumer, Producer

from tests.bench.join import Dossier, step
from tests.bench.peers.brief import Brief


def main() -> None:
    """Reads until everything was seen and every alert acknowledged."""
    brief = Brief()
    consumer = Consumer(
        {
            "bootstrap.servers": brief.kafka,
            "group.id": brief.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": brief.kafka,
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    consumer.subscribe(brief.topics)
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode
    dossiers: dict[bytes, Dossier] = {}
    done = False
    while not done:
        messages = consumer.consume(1000, 0.5)
        if not messages:
            continue
        brief.begin()
        for message in messages:
            alert = step(dossiers.setdefault(message.key(), {}), decode(message.value()))
            if alert is not None:
                producer.produce(brief.alerts, encode(alert), message.key())
        producer.poll(0)
        if brief.seen + len(messages) >= brief.events:
            producer.flush()
        done = brief.count(len(messages))
    brief.answer()


if __name__ == "__main__":
    main()
