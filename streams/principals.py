"""Who may do what on the broker: one principal for each program and each agency, with grants that follow from the table of topics.

An agency writes its own topics and reads none. What was refused of it stands in `suar.rejected` among the refusals of others,
so it is shown through the gateway (`GET /v1/agencies/{system}/rejects`), which knows whose is whose; in the same way a
checkpoint system reads what is addressed to it from the gateway's streams.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from schemas.envelope import System
from schemas.topics import (
    AGENCY_TOPICS,
    ALERTS,
    AREAS,
    AUDIT,
    CORRECTIONS,
    DESK,
    FACTS,
    IDENTITIES,
    PAGES,
    POLICY,
    REJECTED,
    SCREENINGS,
    SEALS,
    SHADOW,
    STATISTICS,
    TOPICS,
    Topic,
)

OPERATOR: Final = "suar-operator"
"""The broker's `super.users` name it: it makes topics, principals and policies, and sends refusals again. It has a certificate
and no password.
"""
AGENCY_BYTES: Final = 8 * 1024 * 1024
"""Bytes a second that an agency may write to one broker: twice what drains a national outage of 60 hours (2,000 events/s)."""
READER_BYTES: Final = 32 * 1024 * 1024
"""Bytes a second that a reader beside the worker may fetch from one broker."""
BUSY_PERCENT: Final = 50.0
"""Share of one of the broker's request threads that a principal may keep busy, in percent."""


class Kind(IntEnum):
    """What a grant is about, with the protocol's number."""

    TOPIC = 2
    GROUP = 3


class Pattern(IntEnum):
    """Whether a grant names one thing or all whose names begin so, with the protocol's number."""

    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    """What may be done, with the protocol's number. Reading and writing include describing."""

    READ = 3
    WRITE = 4
    DELETE = 6
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10


@dataclass(frozen=True, order=True)
class Grant:
    """One line of the broker's access list."""

    kind: Kind
    name: str
    pattern: Pattern
    operation: Operation


@dataclass(frozen=True)
class Quota:
    """What a principal may ask of one broker; None is no bound."""

    written: int | None = None
    read: int | None = None
    busy_percent: float | None = None

    def entries(self) -> dict[str, float | None]:
        """As Kafka names them; None takes a bound away."""
        return {
            "producer_byte_rate": self.written,
            "consumer_byte_rate": self.read,
            "request_percentage": self.busy_percent,
        }


@dataclass(frozen=True)
class Principal:
    """Somebody who connects. Groups that end with `-` are all that begin so; `{namespace}` is the installation's."""

    name: str
    purpose: str
    writes: tuple[Topic, ...] = ()
    reads: tuple[Topic, ...] = ()
    deletes: tuple[Topic, ...] = ()
    """Topics whose records it deletes when their time has come. Kafka has no grant for old records alone."""
    compares: tuple[Topic, ...] = ()
    """Topics whose settings it compares with the table before it starts; that shows nothing of what they hold."""
    groups: tuple[str, ...] = ()
    quota: Quota = Quota()

    def grants(self, namespace: str) -> frozenset[Grant]:
        """Everything it may do, and nothing else."""
        return frozenset(
            (
                *_on(self.writes, Operation.WRITE),
                *_on(self.reads, Operation.READ),
                *_on(self.deletes, Operation.DELETE, Operation.DESCRIBE),
                *_on(self.compares, Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS),
                *(_group(f"{namespace}-{name}") for name in self.groups),
            )
        )


def _on(topics: Iterable[Topic], *operations: Operation) -> Iterator[Grant]:
    for topic in topics:
        for operation in operations:
            yield Grant(Kind.TOPIC, topic.name, Pattern.LITERAL, operation)


def _group(name: str) -> Grant:
    pattern = Pattern.PREFIXED if name.endswith("-") else Pattern.LITERAL
    return Grant(Kind.GROUP, name, pattern, Operation.READ)


WORKER: Final = Principal(
    "suar-worker",
    "admits, reacts and delivers",
    writes=(FACTS, ALERTS, SCREENINGS, REJECTED, SHADOW, AREAS, IDENTITIES),
    reads=(*AGENCY_TOPICS, FACTS, ALERTS, SCREENINGS, POLICY, IDENTITIES),
    compares=TOPICS,
    groups=("admit-", "react-", "deliver-", "keep-", "worker"),
)
FEED: Final = Principal(
    "suar-feed",
    "the gateway: takes events and commands, shows alerts, arrivals and refusals",
    writes=(*AGENCY_TOPICS, REJECTED, DESK, AUDIT),
    reads=(*AGENCY_TOPICS, ALERTS, REJECTED, AREAS, DESK),
    groups=("times",),
    quota=Quota(read=READER_BYTES),
)
PAGER: Final = Principal(
    "suar-pager",
    "calls who is on duty",
    writes=(PAGES,),
    reads=(ALERTS, PAGES, DESK),
    compares=(ALERTS, PAGES, DESK),
    groups=("pager",),
    quota=Quota(read=READER_BYTES),
)
SEALER: Final = Principal(
    "suar-sealer",
    "seals the audit log",
    writes=(SEALS,),
    reads=(AUDIT, SEALS),
    compares=(AUDIT, SEALS),
    groups=("sealer",),
    quota=Quota(read=READER_BYTES),
)
RETENTION: Final = Principal(
    "suar-retention",
    "counts the months that ended and deletes what is older than its topic keeps (UU 27/2022 Art. 42 to 44)",
    writes=(STATISTICS, AUDIT),
    reads=(FACTS, ALERTS, SCREENINGS, AREAS, STATISTICS, AUDIT, SEALS, PAGES),
    deletes=tuple(topic for topic in TOPICS if topic.retention is not None),
    compares=TOPICS,
    quota=Quota(read=READER_BYTES),
)
AUDITOR: Final = Principal(
    "suar-auditor",
    "reads who read what about whom, and keeps the register of corrections (UU 27/2022 Art. 30, 31)",
    writes=(CORRECTIONS,),
    reads=(AUDIT, SEALS, ALERTS, CORRECTIONS, STATISTICS),
    quota=Quota(read=READER_BYTES, busy_percent=BUSY_PERCENT),
)


def agency(system: System) -> Principal:
    """The principal of a publishing system."""
    return Principal(
        f"agency-{system.value}",
        "publishes what checkpoints did" if system is System.CHECKPOINT else f"publishes for {system.value.upper()}",
        writes=tuple(topic for topic in AGENCY_TOPICS if topic.system is system),
        quota=Quota(AGENCY_BYTES, busy_percent=BUSY_PERCENT),
    )


AGENCIES: Final = tuple(agency(system) for system in System)
PRINCIPALS: Final = (WORKER, FEED, PAGER, SEALER, RETENTION, AUDITOR, *AGENCIES)
BY_NAME: Final = {one.name: one for one in PRINCIPALS}
