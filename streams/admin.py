"""Topics on the broker: created from the table, compared with it, and refused when they differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from schemas.topics import TOPICS, Topic
from streams import security
from streams.partitions import partitions_of


class AdminError(Exception):
    """The broker cannot be asked, or refused; one line that says what to do."""


@dataclass(frozen=True)
class Difference:
    """One way in which the broker's topic is not the table's."""

    topic: str
    what: str
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.what} is {self.found}, must be {self.wanted}"


class Admin:
    """An admin connection; use with `async with`."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **security.kafka(), request_timeout_ms=10_000)

    async def __aenter__(self) -> "Admin":
        try:
            await self._client.start()
        except KafkaError:
            await self._client.close()
            raise AdminError(await security.why(self._bootstrap)) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def create(self, topics: Iterable[Topic] = TOPICS, replication: int = 1) -> list[str]:
        """Creates what is missing and gives back its names. Existing topics are left as they are: `check` judges them."""
        there = set(await self._client.list_topics())
        missing = [topic for topic in topics if topic.name not in there]
        if not missing:
            return []
        new = [
            NewTopic(topic.name, partitions_of(topic), replication, topic_configs=topic.settings()) for topic in missing
        ]
        answer: Any = await self._client.create_topics(new)  # its class is made at run time
        for name, code, *_ in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise AdminError(f"topic {name} could not be created: {error.__name__}")
        return [topic.name for topic in missing]

    async def laid_out(self, topics: Iterable[Topic]) -> dict[str, tuple[int, int]]:
        """Partitions, and copies of each, of those that are there."""
        present = sorted({topic.name for topic in topics} & set(await self._client.list_topics()))
        described = await self._client.describe_topics(present) if present else []
        found = [(one["topic"], one["partitions"]) for one in described if one["partitions"]]
        return {name: (len(partitions), len(partitions[0]["replicas"])) for name, partitions in found}

    async def delete(self, names: Sequence[str]) -> None:
        """Has the broker delete those of the topics that are there. Raises aiokafka's errors."""
        present = sorted(set(names) & set(await self._client.list_topics()))
        answer: Any = await self._client.delete_topics(present) if present else None
        for name, code in answer.topic_error_codes if answer else ():
            if code and (error := for_code(code)) is not UnknownTopicOrPartitionError:
                raise AdminError(f"topic {name} could not be deleted: {error.__name__}")

    async def delete_before(self, name: str, offsets: Mapping[int, int]) -> None:
        """Has the broker delete all records of a topic below an offset of each partition. Raises AdminError."""
        wanted = {TopicPartition(name, number): RecordsToDelete(offset) for number, offset in offsets.items()}
        try:
            await self._client.delete_records(wanted)
        except KafkaError as error:
            raise AdminError(f"{name}: the broker deletes no records ({type(error).__name__})") from None

    async def widen(self, topics: Iterable[Topic]) -> None:
        """Adds empty partitions to topics that have fewer than the table. Raises aiokafka's errors."""
        wanted = {topic.name: partitions_of(topic) for topic in topics}
        there = await self.laid_out(topics)
        more = {name: NewPartitions(wanted[name]) for name, (has, _) in there.items() if has < wanted[name]}
        if more:
            await self._client.create_partitions(more)

    async def members(self, group: str) -> int:
        """How many programs are in a consumer group."""
        [answer] = await self._client.describe_consumer_groups([group])
        described: Any = answer
        return sum(len(one[5]) for one in described.groups)

    async def check(self, topics: Iterable[Topic] = TOPICS) -> list[Difference]:
        """Every difference between the table and the broker: partition counts and settings. Empty when all is well."""
        wanted = {topic.name: topic for topic in topics}
        there = set(await self._client.list_topics())
        found = [Difference(name, "it", "missing", "created") for name in wanted if name not in there]
        present = [name for name in wanted if name in there]
        for described in await self._client.describe_topics(present):
            has, name = len(described["partitions"]), described["topic"]
            if has != (must := partitions_of(wanted[name])):
                found.append(Difference(name, "partitions", str(has), str(must)))
        return found + await self._settings([wanted[name] for name in present])

    async def _settings(self, topics: list[Topic]) -> list[Difference]:
        found: list[Difference] = []
        asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
        answers: Any = await self._client.describe_configs(asked)  # their class is made at run time
        for answer in answers:
            for resource in answer.resources:
                _, _, _, name, entries = resource[:5]
                have = {entry[0]: entry[1] for entry in entries}
                topic = next(one for one in topics if one.name == name)
                found += [
                    Difference(name, setting, str(have.get(setting)), value)
                    for setting, value in topic.settings().items()
                    if have.get(setting) != value
                ]
        return found
