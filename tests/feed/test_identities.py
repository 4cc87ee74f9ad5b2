"""Whom an alert is about: sealed on the whole path, opened for a purpose, in the audit log before the answer, and erased."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from schemas.register import decode
from schemas.topics import AUDIT, IDENTITIES
from streams.feed.audit import Audit
from streams.feed.callers import Caller, Grant
from streams.publish import heartbeats, record_of
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.drills.workers import until
from tests.feed.gateways import Body, Gateway

FEED = "SUPERVISOR:A-CGK"


@dataclass(frozen=True)
class Scene:
    """Two travellers with an alert each, and a gateway."""

    suar: Installation
    gateway: Gateway
    who: Traveller
    other: Traveller

    async def ask(self, role: str, purpose: str, alert_id: str) -> tuple[int, Body]:
        """Somebody wants to know who it is."""
        async with self.gateway.client(role) as client:
            answer = await client.post(f"/v1/alerts/{alert_id}/identity", json={"purpose": purpose})
        return answer.status_code, answer.json()

    def sealed(self) -> int:
        """Names and documents in Redis."""
        blobs = [self.suar.redis.get(name) or b"" for name in self.suar.redis.scan_iter() if b":i:" in name]
        return sum(bool(decode(blob).sealed) for blob in blobs)

    def looks(self) -> list[Body]:
        """Looks at identities, as the audit log has them."""
        found = [json.loads(one.value or b"") for one in self.suar.read(AUDIT)]
        return [one for one in found if one["what"].startswith("identity")]


@pytest.fixture(scope="module")
def scene(suar: Installation, gateway: Gateway) -> Scene:
    suar.publish(heartbeats(datetime.now(UTC)))
    suar.ready_worker()
    who, other = Traveller(), Traveller()
    for one in (who, other):
        suar.publish([record_of(one.applied()), record_of(one.issued()), record_of(one.attempted())])
    suar.publish(heartbeats(datetime.now(UTC)))
    suar.settle()
    until(lambda: suar.open(FEED) >= {who.alert_id, other.alert_id}, "both alerts stand", limit=20)
    return Scene(suar, gateway, who, other)


async def test_who_must_meet_somebody_learns_who_it_is(scene: Scene) -> None:
    status, body = await scene.ask("supervisor", "meet", scene.who.alert_id)
    assert status == 200, body
    [person] = body["people"]
    assert (person["name"], person["document"]) == (scene.who.name, scene.who.passport_no)
    async with scene.gateway.client("supervisor") as client:
        assert (await client.get(f"/v1/alerts/{scene.who.alert_id}")).json()["purposes"] == ["meet"]
    async with scene.gateway.client("counter") as client:
        assert (await client.get(f"/v1/alerts/{scene.who.alert_id}")).json()["purposes"] == []
    [look] = await asyncio.to_thread(scene.looks)
    assert look["what"] == "identity:meet"
    assert look["ids"][:2] == [scene.who.alert_id, person["subject"]]
    assert [one.partition(":")[0] for one in look["ids"][2:]] == ["document"], "the passport told of her, too"
    assert scene.who.name not in json.dumps(look)


@pytest.mark.parametrize(
    ("role", "purpose", "status", "code"),
    [
        ("supervisor", "protect", 403, "not_your_purpose"),
        ("supervisor", "curiosity", 422, "wrong_fields"),
        ("counter", "meet", 403, "not_your_purpose"),
        ("coordinator", "meet", 404, "no_such_alert"),
        ("elsewhere", "meet", 404, "no_such_alert"),
        ("simkim", "meet", 404, "no_such_alert"),
    ],
)
async def test_nobody_else_does(scene: Scene, role: str, purpose: str, status: int, code: str) -> None:
    before = await asyncio.to_thread(scene.looks)
    refused, body = await scene.ask(role, purpose, scene.other.alert_id)
    assert (refused, body["code"]) == (status, code)
    assert await asyncio.to_thread(scene.looks) == before


async def test_a_gateway_without_the_key_says_so(scene: Scene) -> None:
    with Gateway.of(scene.suar, SUAR_IDENTITY_KEY="") as bare:
        status, body = await Scene(scene.suar, bare, scene.who, scene.other).ask(
            "supervisor", "meet", scene.who.alert_id
        )
    assert (status, body["code"]) == (503, "no_identity_key")


def test_what_is_sealed_stands_nowhere_in_clear(scene: Scene) -> None:
    secrets = [secret for one in (scene.who, scene.other) for secret in one.secrets]
    sealed = scene.suar.read(IDENTITIES)
    assert len(sealed) == 6, "name and document of two people, and the document of two documents"
    texts = [text for one in sealed for text in (one.key, one.value)]
    names = list(scene.suar.redis.scan_iter())
    texts += [*names, *(scene.suar.redis.dump(name) for name in names)]
    assert sum(b":i:" in name for name in names) == 6
    assert not [text for text in texts if any(secret in (text or b"") for secret in secrets)]


async def test_a_look_that_cannot_be_noted_is_refused() -> None:
    class Away:
        async def send(self, _: object) -> None:
            raise KafkaConnectionError

    audit = Audit(Away())  # type: ignore[arg-type]  # it speaks like an outbox
    who = Caller("petugas-77", "person", frozenset({Grant("SUPERVISOR", "A-CGK")}))
    request: Any = SimpleNamespace(client=None, scope={})
    with pytest.raises(KafkaConnectionError):
        await audit.certainly(who, "identity:meet", ["a"], request)
    assert audit.unsent == 0


async def test_an_emptied_redis_learns_it_again(scene: Scene) -> None:
    scene.suar.redis.flushall()
    await asyncio.to_thread(
        until, lambda: scene.suar.open(FEED) >= {scene.who.alert_id, scene.other.alert_id}, "it is back", limit=40
    )
    await asyncio.to_thread(scene.suar.settle)
    status, body = await scene.ask("supervisor", "meet", scene.other.alert_id)
    assert (status, body["people"][0]["name"]) == (200, scene.other.name)


async def test_erasure_takes_the_seals_away_and_an_old_event_brings_none_back(scene: Scene) -> None:
    words = ("erase", "--by", "dpo-1", "--ground", "request 2026-118")
    done = await asyncio.to_thread(lambda: scene.suar.cli(*words, typed=f"{scene.who.nik}\ny\n"))
    assert done.exit_code == 0, done.output
    await asyncio.to_thread(scene.suar.settle)
    assert scene.sealed() == 3, "the other traveller's"
    again = scene.who.attempted(timedelta(0), crossing_id=f"{scene.who.crossing}-AGAIN")
    await asyncio.to_thread(scene.suar.publish, [record_of(scene.who.applied()), record_of(again)])
    await asyncio.to_thread(scene.suar.settle)
    assert scene.sealed() == 3, "an old event seals nothing again"
    on_topic = await asyncio.to_thread(scene.suar.read, IDENTITIES)
    newest = {one.key: decode(one.value or b"") for one in on_topic}
    assert sum(bool(one.sealed) for one in newest.values()) == 3, "and its seal goes with the next compaction"
    for alert_id in await asyncio.to_thread(scene.suar.open, FEED):
        _, body = await scene.ask("supervisor", "meet", alert_id)
        assert scene.who.name not in json.dumps(body)
