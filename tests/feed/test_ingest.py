"""Events over HTTP: each is answered, as admission would have answered it, and lies where a Kafka client would have put it."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from schemas.envelope import System
from schemas.topics import BY_NAME, REJECTED
from schemas.wire import SEALED
from streams.feed.settings import FeedSettings
from streams.jose import EventOpener, EventSealer, event_pair
from streams.produce import Outbox, partition_of
from streams.publish import envelope, record_of, sealed
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.feed.speaking import client, gateway, keys_of

PLACEMENTS = BY_NAME["siskop2mi.placements"]
CROSSINGS = BY_NAME["simkim.crossings"]
BEFORE = timedelta(minutes=5)
NDJSON = {"content-type": "application/x-ndjson"}


def issued(name: str, **more: Any) -> dict[str, Any]:
    """An e-PMI of a fictional traveller."""
    nik = Traveller().nik
    data = {"epmi_no": f"EPMI-{name}", "nik": nik, "scheme": "P_TO_P", "country": "MYS", **more}
    return envelope(System.SISKOP2MI, "epmi_issued", name=name, time=datetime.now(UTC) - BEFORE, data=data)


@pytest.fixture
async def speaks(suar: Installation, tmp_path: Path) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """A gateway, and three who speak to it."""
    known = keys_of(tmp_path, placements=("AGENCY:siskop2mi",), border=("AGENCY:simkim",), counter=("COUNTER:A-CGK",))
    async with gateway(suar, tmp_path / "keys.toml") as app:
        yield {name: client(app, headers) for name, headers in known.items()}


def found(suar: Installation, names: set[str]) -> list[tuple[str, int, Any]]:
    """Records of these events: topic, partition, value."""
    return [
        (one.topic, one.partition, json.loads(one.value))
        for one in suar.read(PLACEMENTS, CROSSINGS)
        if one.key.decode() in names
    ]


async def read(suar: Installation, *names: str) -> list[tuple[str, int, Any]]:
    return await asyncio.to_thread(found, suar, set(names))


async def test_one_event_lies_where_a_kafka_client_would_have_put_it(
    suar: Installation, speaks: dict[str, httpx.AsyncClient]
) -> None:
    event = issued("one-1")
    answer = await speaks["placements"].post("/v1/events", json=event)
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 1,
        "rejected": 0,
        "results": [{"index": 0, "id": "one-1", "status": "accepted"}],
    }
    assert await read(suar, "one-1") == [(PLACEMENTS.name, partition_of(record_of(event).key), event)]


async def test_a_batch_is_answered_one_by_one(suar: Installation, speaks: dict[str, httpx.AsyncClient]) -> None:
    secret = "9901014101900001"
    events = [
        issued("batch-1"),
        issued("batch-2", surprise=secret),
        {**issued("batch-3"), "time": "2026-11-25T08:00:00"},
        {**issued("batch-4"), "type": "never_heard"},
        {**issued("batch-5"), "source": "simkim"},
        {**issued("batch-6"), "source": "nobody"},
        {**issued(f"x-{secret}")},
        {"id": "batch-8"},
        7,
        issued("batch-10"),
    ]
    answer = await speaks["placements"].post("/v1/events", json=events)
    assert answer.status_code == 207
    told = [(one["id"], one["status"], one.get("reason"), one.get("where")) for one in answer.json()["results"]]
    assert told == [
        ("batch-1", "accepted", None, None),
        ("batch-2", "rejected", "unknown_field", "surprise"),
        ("batch-3", "rejected", "naive_time", "time"),
        ("batch-4", "rejected", "unknown_type", None),
        ("batch-5", "rejected", "not_granted", "source"),
        ("batch-6", "rejected", "unknown_source", None),
        (None, "rejected", "identifier_in_reference", "id"),
        ("batch-8", "rejected", "missing_field", "source"),
        (None, "rejected", "not_an_event", None),
        ("batch-10", "accepted", None, None),
    ]
    assert secret not in answer.text
    names = [f"batch-{number}" for number in range(1, 11)]
    assert {event["id"] for _, _, event in await read(suar, *names)} == {"batch-1", "batch-10"}


async def test_it_is_refused_here_exactly_as_there(suar: Installation, speaks: dict[str, httpx.AsyncClient]) -> None:
    """What the gateway says of a bad event is what `suar.rejected` says of the same bytes."""
    bad = [
        issued("twin-1", surprise=1),
        issued("twin-2", country="Malaysia"),
        {**issued("twin-3"), "specversion": "2.0"},
        issued("twin-4", nik=9901014101900001),
        {**issued("twin-5"), "time": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
    ]
    answer = await speaks["placements"].post("/v1/events", json=bad)
    assert answer.status_code == 422
    told = {one["id"]: (one["reason"], one.get("where", "")) for one in answer.json()["results"]}

    def there() -> dict[str, tuple[str, str]]:
        worker = suar.ready_worker()
        suar.publish(record_of(event) for event in bad)
        suar.settle()
        worker.close()
        said = {}
        for record in suar.read(REJECTED):
            headers = {name: value.decode() for name, value in record.headers}
            said[json.loads(record.value)["id"]] = (headers["suar-reason"], headers["suar-where"])
        return said

    assert await asyncio.to_thread(there) == told


async def test_what_its_agency_sealed_passes_as_it_is(suar: Installation, speaks: dict[str, httpx.AsyncClient]) -> None:
    """This program has no key: what is inside is judged by whoever admits it."""
    box = EventSealer(event_pair()[1])
    event = json.loads(sealed(json.dumps(issued("sealed-1")).encode(), box))
    answer = await speaks["placements"].post("/v1/events", json=[event, {**event, "id": "sealed-2", "time": "noon"}])
    told = [(one["status"], one.get("where")) for one in answer.json()["results"]]
    assert told == [("accepted", None), ("rejected", "time")]
    assert [one[2] for one in await read(suar, "sealed-1", "sealed-2")] == [event]


async def test_what_came_in_clear_is_sealed_here(suar: Installation, tmp_path: Path) -> None:
    known, (private, public) = keys_of(tmp_path, placements=("AGENCY:siskop2mi",)), event_pair()
    event = issued("clear-1")
    async with gateway(suar, tmp_path / "keys.toml", event_seal=public) as app:
        assert (await client(app, known["placements"]).post("/v1/events", json=event)).status_code == 200
    [(_, _, lies)] = await read(suar, "clear-1")
    assert lies["datacontenttype"] == SEALED
    assert json.loads(EventOpener(SecretStr(private)).open(lies["data"])) == event["data"]


async def test_ndjson_keeps_its_order_and_a_bad_line_stops_nothing(
    suar: Installation, speaks: dict[str, httpx.AsyncClient]
) -> None:
    lines = [json.dumps(issued(f"line-{number}")) for number in range(300)]
    lines[7] = "{not json"
    answer = await speaks["placements"].post("/v1/events", content="\n".join(lines) + "\n\n", headers=NDJSON)
    results = answer.json()["results"]
    assert (answer.status_code, answer.json()["accepted"]) == (207, 299)
    assert [one["index"] for one in results] == list(range(300))
    assert (results[7]["id"], results[7]["reason"]) == (None, "not_json")
    assert len(await read(suar, *(f"line-{number}" for number in range(300)))) == 299


async def test_a_heartbeat_goes_to_every_partition_behind_the_events(
    suar: Installation, speaks: dict[str, httpx.AsyncClient]
) -> None:
    upto = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    beat = envelope(
        System.SIMKIM, "feed_heartbeat", name="beat-http", time=datetime.now(UTC), data={"complete_up_to": upto}
    )
    assert (await speaks["border"].post("/v1/events", json=beat)).status_code == 200
    assert (await speaks["placements"].post("/v1/events", json=beat)).json()["results"][0]["reason"] == "not_granted"
    records = await asyncio.to_thread(
        suar.read, *(topic for topic in BY_NAME.values() if topic.system is System.SIMKIM)
    )
    beats = {(one.topic, one.partition) for one in records if b"feed_heartbeat" in one.value}
    assert len(beats) == 3 * 12


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[1,", "application/json", 400),
        (b"\n\n", "application/x-ndjson", 400),
        (b"{}", "text/plain", 415),
        (b"[" + b",".join([b"{}"] * 10_001) + b"]", "application/json", 413),
    ],
)
async def test_what_holds_no_events_is_told(
    speaks: dict[str, httpx.AsyncClient], content: bytes, media: str, status: int
) -> None:
    answer = await speaks["placements"].post("/v1/events", content=content, headers={"content-type": media})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_who_speaks_for_no_agency_is_refused(speaks: dict[str, httpx.AsyncClient]) -> None:
    assert (await speaks["counter"].post("/v1/events", json=issued("never"))).status_code == 403


async def test_too_much_under_way_must_wait(suar: Installation, tmp_path: Path) -> None:
    known = keys_of(tmp_path, placements=("AGENCY:siskop2mi",))
    async with gateway(suar, tmp_path / "keys.toml", in_flight_bytes=5000) as app:
        web = client(app, known["placements"])
        lines = "\n".join(json.dumps(issued(f"wide-{number}")) for number in range(50))
        full = await web.post("/v1/events", content=lines, headers=NDJSON)
        assert (full.status_code, full.headers["retry-after"]) == (429, "1")
        assert (await web.post("/v1/events", json=issued("small-1"))).status_code == 200, "what was held is let go"


async def test_too_many_events_must_wait_until_paid(suar: Installation, tmp_path: Path) -> None:
    known = keys_of(tmp_path, placements=("AGENCY:siskop2mi",))
    async with gateway(suar, tmp_path / "keys.toml", events_per_second=2) as app:
        web = client(app, known["placements"])
        lines = "\n".join(json.dumps(issued(f"paid-{number}")) for number in range(50))
        assert (await web.post("/v1/events", content=lines, headers=NDJSON)).status_code == 200
        later = await web.post("/v1/events", json=issued("paid-51"))
        assert (later.status_code, int(later.headers["retry-after"])) == (429, pytest.approx(15, abs=1))


async def test_kafka_away_says_when_to_come_again(suar: Installation, tmp_path: Path) -> None:
    known = keys_of(tmp_path, placements=("AGENCY:siskop2mi",))
    async with gateway(suar, tmp_path / "keys.toml") as app:
        app.state.suar.intake._outbox = Outbox("127.0.0.1:1")
        answer = await client(app, known["placements"]).post("/v1/events", json=issued("away-1"))
        assert (answer.status_code, answer.json()["code"]) == (503, "kafka_away")
        assert answer.headers["retry-after"]


def test_the_settings_name_what_bounds_it() -> None:
    assert {"in_flight_bytes", "batch_bytes", "events_per_second"} <= set(FeedSettings.model_fields)
