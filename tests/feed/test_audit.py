"""Every look is on the record, and no outage of the record keeps anybody waiting."""

import asyncio
import json
import time
from types import SimpleNamespace
from typing import Any

from aiokafka.errors import KafkaConnectionError

from schemas.topics import AUDIT
from streams import metrics
from streams.feed.audit import Audit
from streams.feed.callers import Caller, Grant
from streams.produce import Outbox, Record
from tests.broker.installation import Installation

WHO = Caller("petugas-77", "person", frozenset({Grant("SUPERVISOR", "A-CGK"), Grant("COUNTER", "A-CGK")}))
REQUEST: Any = SimpleNamespace(client=SimpleNamespace(host="10.9.8.7"), scope={"state": {"request_id": "r" * 32}})


class Box:
    """Kafka as it suits a test."""

    def __init__(self, *, away: bool = False) -> None:
        self.away, self.sent = away, []

    async def send(self, records: list[Record]) -> None:
        if self.away:
            raise KafkaConnectionError
        self.sent += records


def lost() -> float:
    return metrics.AUDIT_LOST._value.get()


async def test_a_look_says_who_saw_what_when_and_from_where(suar: Installation) -> None:
    outbox = Outbox(suar.local.kafka.address)
    audit = Audit(outbox)
    await audit.start()
    audit.saw(WHO, "alert", ["a" * 32], REQUEST)
    audit.saw(WHO, "alerts", [f"{number:032x}" for number in range(450)], REQUEST)
    audit.saw(WHO, "alerts", [], REQUEST)
    await audit.stop()
    await outbox.stop()
    found = [(one.key, json.loads(one.value)) for one in await asyncio.to_thread(suar.read, AUDIT)]
    looks = sorted((len(look["ids"]) for _, look in found))
    assert looks == [1, 50, 200, 200]
    [key, look] = next(one for one in found if one[1]["what"] == "alert")
    assert key == b"a" * 32
    assert look.pop("at").endswith("Z")
    assert look == {
        "who": "petugas-77",
        "kind": "person",
        "roles": ["COUNTER", "SUPERVISOR"],
        "what": "alert",
        "ids": ["a" * 32],
        "address": "10.9.8.7",
        "request_id": "r" * 32,
    }


async def test_an_outage_delays_nobody_and_loses_nothing_within_the_bound() -> None:
    """A time-stamping service that was away stopped the messages (BR128): what is not yet on the log is counted, and delays nobody."""
    box = Box(away=True)
    audit = Audit(box, most=1000)  # type: ignore[arg-type]  # it speaks like one
    await audit.start()
    began = time.perf_counter()
    for number in range(1000):
        audit.saw(WHO, "alert", [str(number)], REQUEST)
        await asyncio.sleep(0)
    assert time.perf_counter() - began < 1
    assert (audit.unsent, metrics.AUDIT_UNSENT._value.get()) == (1000, 1000)
    box.away = False
    await audit.stop()
    assert [one.key for one in box.sent] == [str(number).encode() for number in range(1000)]
    assert (audit.unsent, metrics.AUDIT_UNSENT._value.get()) == (0, 0)


async def test_beyond_the_bound_the_oldest_are_given_up_and_counted() -> None:
    before = lost()
    audit = Audit(Box(away=True), most=10)  # type: ignore[arg-type]  # it speaks like one
    for number in range(25):
        audit.saw(WHO, "alert", [str(number)], REQUEST)
    assert (audit.unsent, lost() - before) == (10, 15)
    assert [one.key for one in audit._waiting] == [str(number).encode() for number in range(15, 25)]
