"""Silences over HTTP: who may, what is refused, and that they outlive the program that took them."""

import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from schemas.topics import AUDIT, DESK
from streams.feed import problems, silences
from streams.feed.audit import Audit
from streams.feed.callers import Caller, Grant, caller
from streams.local import free_port
from streams.produce import Outbox
from tests.broker.installation import Installation
from tests.drills.workers import until
from tests.feed.pager_alerts import alert
from tests.feed.pagers import desk

COORDINATOR = Caller("officer-1", "person", frozenset({Grant("COORDINATOR")}))
OPERATOR = Caller("operator-1", "person", frozenset({Grant("OPERATOR")}))
SUPERVISOR = Caller("officer-2", "person", frozenset({Grant("SUPERVISOR", "A-CGK")}))


@contextmanager
def gateway(suar: Installation, who: Caller = COORDINATOR) -> Iterator[httpx.Client]:
    """The router alone, in an app as the gateway builds it."""

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        outbox = Outbox(suar.settings.kafka)
        audit = Audit(outbox)
        await audit.start()
        app.state.suar = SimpleNamespace(settings=suar.settings, outbox=outbox, audit=audit)
        yield
        await audit.stop()
        await outbox.stop()

    app = FastAPI(lifespan=opened)
    problems.install(app)
    app.include_router(silences.router)
    app.dependency_overrides[caller] = lambda: who
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started, "the gateway answers")
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)


def wish(**more: Any) -> dict[str, Any]:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    return {"matchers": {"checkpoint": "A-CGK"}, "comment": "a drill at the port", "until": until, **more}


def test_a_silence_is_set_shown_lifted_and_known_to_the_next_gateway(suar: Installation) -> None:
    with gateway(suar) as client:
        made = client.post("/v1/silences", json=wish())
        assert made.status_code == 201, made.text
        name = made.json()["id"]
        assert made.headers["location"] == f"/v1/silences/{name}"
        assert (made.json()["by"], made.json()["holds"]) == ("officer-1", True)
    with gateway(suar) as client:
        assert [one["id"] for one in client.get("/v1/silences").json()["silences"]] == [name]
        lifted = client.delete(f"/v1/silences/{name}").json()
        assert (lifted["holds"], lifted["lifted_by"]) == (False, "officer-1")
        assert client.delete(f"/v1/silences/{name}").json() == lifted, "it stays as it ended"
        assert client.get("/v1/silences").json()["silences"] == []
        assert [one["id"] for one in client.get("/v1/silences?past=true").json()["silences"]] == [name]
        assert client.delete("/v1/silences/nobody").status_code == 404


def test_the_same_request_twice_is_one_silence(suar: Installation) -> None:
    with gateway(suar) as client:
        before = len(suar.read(DESK))
        key = {"Idempotency-Key": "again"}
        first = client.post("/v1/silences", json=wish(), headers=key).json()
        assert client.post("/v1/silences", json=wish(), headers=key).json() == first
        assert len(suar.read(DESK)) == before + 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"matchers": {}},
        {"matchers": {"checkpoint": "A-CGK", "person": "x"}},
        {"comment": ""},
        {"comment": "it is 9901014506900001"},
        {"until": "2026-11-25T03:00:00+00:00"},
        {"until": "2036-11-25T03:00:00+00:00"},
        {"until": "2036-11-25T03:00:00"},
        {"until": None},
    ],
)
def test_what_cannot_be_is_refused_and_not_repeated(suar: Installation, wrong: dict[str, Any]) -> None:
    with gateway(suar) as client:
        answer = client.post("/v1/silences", json=wish(**wrong))
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert "9901014506900001" not in answer.text


def test_who_set_and_who_lifted_a_silence_is_on_the_record(suar: Installation) -> None:
    with gateway(suar) as client:
        name = client.post("/v1/silences", json=wish(comment="only on the desk")).json()["id"]
        client.get("/v1/silences")
        client.post("/v1/silences", json=wish(comment=""))
        client.delete("/v1/silences/nobody")
    with gateway(suar, OPERATOR) as client:
        for _ in range(2):
            assert client.delete(f"/v1/silences/{name}").status_code == 200
    looks = [one.value for one in suar.read(AUDIT) if one.key == name.encode()]
    told = [json.loads(one) for one in looks]
    assert [(one["what"], one["who"], one["roles"], one["ids"]) for one in told] == [
        ("silence", "officer-1", ["COORDINATOR"], [name]),
        ("lift", "operator-1", ["OPERATOR"], [name]),
    ], "what was over is not ended again, and reading leaves nothing"
    assert b"only on the desk" not in b"".join(looks)
    assert b"nobody" not in {one.key for one in suar.read(AUDIT)}


def test_only_coordinators_and_operators_come_near(suar: Installation) -> None:
    with gateway(suar, SUPERVISOR) as client:
        answers = [
            client.get("/v1/silences"),
            client.post("/v1/silences", json=wish()),
            client.delete("/v1/silences/x"),
        ]
        assert {answer.status_code for answer in answers} == {403}
    assert "officer-2" not in {json.loads(one.value)["who"] for one in suar.read(AUDIT)}


def test_what_the_gateway_took_the_pager_keeps_to(suar: Installation) -> None:
    with desk(suar, waits={"CRITICAL": 60}) as one, gateway(suar) as client:
        assert client.post("/v1/silences", json=wish()).status_code == 201
        one.pager()
        muted, other = alert(at=datetime.now(UTC)), alert(at=datetime.now(UTC), place="S-BTC")
        one.raise_(muted, other)
        until(lambda: one.receiver.about(other.alert_id), "the other is paged")
        assert one.receiver.about(muted.alert_id) == []
        [name] = [one["id"] for one in client.get("/v1/silences").json()["silences"]]
        client.delete(f"/v1/silences/{name}")
        until(lambda: one.receiver.about(muted.alert_id), "a lifted silence mutes nothing")
