"""Topics of the benchmarks' own; the product's are created by the product."""

from collections.abc import Iterable

from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # its stub forgets NewTopic


def create(bootstrap: str, names: Iterable[str], partitions: int, **config: str) -> None:
    """Creates them, and returns when the broker knows them. Raises KafkaException."""
    new = [NewTopic(name, partitions, 1, config=config) for name in names]
    admin = AdminClient(
        {"bootstrap.servers": bootstrap, "log_level": 0}
    )  # dropped too early it would take its futures along
    for future in admin.create_topics(new).values():
        future.result(30)
