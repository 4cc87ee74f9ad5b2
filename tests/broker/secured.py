"""A secured installation as an operator sets one up: certificates, principals, passwords in files, and who acts as whom."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from typer.testing import CliRunner, Result

from schemas.topics import Topic
from streams import security
from streams.cli import whole
from streams.local_secured import OPERATOR, Secured
from streams.produce import Record, partition_of
from tests.drills.workers import KEY, Worker

REDIS_USERS = ("suar-worker", "suar-feed", "suar-replica", OPERATOR)
NAMESPACE = "suar"


@dataclass
class Guarded:
    """The servers, and the settings of everybody who may connect."""

    servers: Secured
    folder: Path
    redis_passwords: dict[str, str] = field(repr=False)
    programs: list[Worker] = field(default_factory=list)

    @property
    def common(self) -> dict[str, str]:
        """What all programs are told."""
        return {
            "SUAR_NAMESPACE": NAMESPACE,
            "SUAR_KAFKA_CA": str(self.servers.certificates.authority),
            "SUAR_REDIS": self.servers.redis.address,
            "SUAR_REDIS_CA": str(self.servers.certificates.authority),
        }

    def certified(self, name: str) -> dict[str, str]:
        """Settings of a principal with a certificate."""
        certificate, key = self.servers.certificates.client(name)
        return {
            **self.common,
            "SUAR_KAFKA": self.servers.kafka.address,
            "SUAR_KAFKA_PROTOCOL": "SSL",
            "SUAR_KAFKA_CERTIFICATE": str(certificate),
            "SUAR_KAFKA_KEY": str(key),
            **self._redis(name),
        }

    def named(self, name: str) -> dict[str, str]:
        """Settings of a principal with a password in a file."""
        return {
            **self.common,
            "SUAR_KAFKA": self.servers.kafka.sasl_address,
            "SUAR_KAFKA_PROTOCOL": "SASL_SSL",
            "SUAR_KAFKA_USER": name,
            "SUAR_KAFKA_PASSWORD_FILE": str(self.passwords / f"{name}.password"),
            **self._redis(name),
        }

    def _redis(self, name: str) -> dict[str, str]:
        if name not in self.redis_passwords:
            return {}
        file = self.folder / f"{name}.redis"
        file.write_text(self.redis_passwords[name])
        return {"SUAR_REDIS_USER": name, "SUAR_REDIS_PASSWORD_FILE": str(file)}

    @property
    def passwords(self) -> Path:
        """Where `suar principals` keeps them."""
        return self.folder / "principals"

    @property
    def key_file(self) -> str:
        """The key of pseudonyms, in a file."""
        file = self.folder / "pseudonym_key"
        file.write_text(KEY)
        return str(file)

    def cli(self, environment: dict[str, str], *words: str) -> Result:
        """A command of `suar` as somebody, in this process."""
        with acting(environment) as patch:
            patch.setattr("streams.commands.terminal.console.width", 200)
            return CliRunner().invoke(whole(), list(words))

    def program(self, command: str, environment: dict[str, str], **more: str) -> Worker:
        """A program, started."""
        one = Worker(f"{command}-{len(self.programs)}", self.folder, {**environment, **more}, command=command)
        self.programs.append(one)
        one.start()
        return one

    def send(self, environment: dict[str, str], records: Iterable[Record]) -> set[str]:
        """Sends, and gives back the names of the broker's errors; none when it acknowledged all."""
        errors: set[str] = set()

        def heard(error: KafkaError | None, _: object) -> None:
            if error is not None:
                errors.add(error.name())

        producer = Producer({**_told(environment), "delivery.timeout.ms": 20_000})
        for one in records:
            place = partition_of(one.key) if one.partition is None else one.partition
            try:
                producer.produce(one.topic, one.value, one.key, place, on_delivery=heard)
            except KafkaException as error:  # known before it is sent, once the topic's description was refused
                errors.add(error.args[0].name())
        producer.flush(30)
        return errors

    def read(self, environment: dict[str, str], topic: Topic) -> list[bytes]:
        """The values of a topic. Raises PermissionError with the broker's word for it."""
        more = {"group.id": "suar-times", "enable.partition.eof": True, "auto.offset.reset": "earliest"}
        consumer = Consumer({**_told(environment), **more, "enable.auto.commit": False})
        if (refused := consumer.list_topics(topic.name, timeout=20).topics[topic.name].error) is not None:
            consumer.close()
            raise PermissionError(refused.name())
        consumer.assign([TopicPartition(topic.name, number, OFFSET_BEGINNING) for number in range(topic.partitions)])
        found: list[bytes] = []
        left = topic.partitions
        try:
            while left:
                record = consumer.poll(20)
                assert record is not None, "the broker answers"
                error = record.error()
                if error is None:
                    found.append(record.value() or b"")
                elif error.code() == KafkaError._PARTITION_EOF:
                    left -= 1
                elif (
                    error.name() != "GROUP_AUTHORIZATION_FAILED"
                ):  # asked for by librdkafka, although nothing is committed
                    raise PermissionError(error.name())
        finally:
            consumer.close()
        return found


def _told(environment: dict[str, str]) -> dict[str, Any]:
    with acting(environment):
        return {"bootstrap.servers": environment["SUAR_KAFKA"], "log_level": 0, **security.librdkafka()}


@contextmanager
def acting(environment: dict[str, str]) -> Iterator[pytest.MonkeyPatch]:
    """As somebody: with these settings and no others."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield patch


def new_passwords() -> dict[str, str]:
    """Of the users of Redis."""
    return {name: secrets.token_urlsafe(32) for name in REDIS_USERS}
