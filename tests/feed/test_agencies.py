"""What an agency sees of its own: arrivals, refusals, lag, freshness; and it sends its own refusals again, nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.envelope import System
from schemas.topics import BY_NAME
from streams.feed import arrivals
from streams.produce import Record
from streams.publish import envelope, heartbeats, record_of, topics_of
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.feed.speaking import client, gateway, keys_of

PLACEMENTS, CROSSINGS = BY_NAME["siskop2mi.placements"], BY_NAME["simkim.crossings"]
SECRET = "9901014101900001"


def issued(name: str, **more: Any) -> dict[str, Any]:
    data = {"epmi_no": f"EPMI-{name}", "nik": Traveller().nik, "scheme": "P_TO_P", "country": "MYS", **more}
    return envelope(
        System.SISKOP2MI, "epmi_issued", name=name, time=datetime.now(UTC) - timedelta(minutes=5), data=data
    )


@pytest.fixture(scope="module")
def history(suar: Installation) -> Installation:
    """Five e-PMIs, two with a field that nobody knows, one that is no JSON, an attempt that is broken, and heartbeats."""
    worker = suar.ready_worker()
    events = [issued(f"good-{number}") for number in range(5)] + [
        issued(f"bad-{number}", surprise=SECRET) for number in (1, 2)
    ]
    attempt = {**Traveller().attempted(), "time": "2026-11-25T08:00:00"}
    suar.publish([*map(record_of, [*events, attempt]), Record(PLACEMENTS.name, b"torn", b"{" + SECRET.encode())])
    suar.publish(heartbeats(datetime.now(UTC), topics_of(System.SISKOP2MI)))
    suar.settle()
    worker.close()
    return suar


@pytest.fixture
async def speaks(
    history: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    monkeypatch.setattr(arrivals, "LOOKED_AT_EVERY", timedelta(0))
    known = keys_of(
        tmp_path,
        placements=("AGENCY:siskop2mi",),
        border=("AGENCY:simkim",),
        operator=("OPERATOR",),
        counter=("COUNTER:A-CGK",),
    )
    async with gateway(history, tmp_path / "keys.toml") as app:
        yield {name: client(app, headers) for name, headers in known.items()}


async def test_it_sees_what_arrived_and_what_was_refused(speaks: dict[str, httpx.AsyncClient]) -> None:
    answer = await speaks["placements"].get("/v1/agencies/siskop2mi")
    state = answer.json()
    assert (answer.status_code, state["complete"]) == (200, True)
    arrived = {
        kind: sum(hour["events"].get(kind, 0) for hour in state["arrived"]["hours"])
        for kind in ("epmi_issued", "feed_heartbeat", "unreadable")
    }
    assert arrived == {"epmi_issued": 7, "feed_heartbeat": 12, "unreadable": 1}
    reasons = {(one["reason"], one["where"]): one["records"] for one in state["rejected"]["by_reason"]}
    assert reasons == {("unknown_field", "surprise"): 2, ("not_json", ""): 1}
    assert state["lag"] == [{"topic": PLACEMENTS.name, "records": 0}]
    assert state["freshness"]["source"] == "siskop2mi"
    assert state["freshness"]["complete_up_to"] is not None
    assert SECRET not in answer.text


async def test_lag_is_what_admission_has_not_taken(history: Installation, speaks: dict[str, httpx.AsyncClient]) -> None:
    await asyncio.to_thread(history.publish, [record_of(issued(f"late-{number}")) for number in range(4)])
    state = (await speaks["placements"].get("/v1/agencies/siskop2mi")).json()
    assert state["lag"] == [{"topic": PLACEMENTS.name, "records": 4}]


async def test_refusals_are_listed_without_their_bytes(speaks: dict[str, httpx.AsyncClient]) -> None:
    answer = await speaks["placements"].get("/v1/agencies/siskop2mi/rejects", params={"reason": "unknown_field"})
    rejects = answer.json()["rejects"]
    assert (answer.json()["total"], len(rejects)) == (2, 2)
    assert {one["topic"] for one in rejects} == {PLACEMENTS.name}
    assert all(one["position"].startswith(f"{PLACEMENTS.name}/") for one in rejects)
    assert SECRET not in answer.text
    limited = await speaks["placements"].get("/v1/agencies/siskop2mi/rejects", params={"limit": 1})
    assert (limited.json()["total"], len(limited.json()["rejects"])) == (3, 1)


@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        ("border", "GET", "siskop2mi", 403),
        ("border", "GET", "siskop2mi/rejects", 403),
        ("border", "POST", "siskop2mi/rejects/redrive", 403),
        ("counter", "GET", "siskop2mi", 403),
        ("operator", "GET", "siskop2mi", 200),
        ("operator", "GET", "siskop2mi/rejects", 200),
        ("operator", "POST", "siskop2mi/rejects/redrive", 403),
        ("placements", "GET", "nobody", 404),
    ],
)
async def test_everybody_sees_their_own(
    speaks: dict[str, httpx.AsyncClient], who: str, method: str, path: str, status: int
) -> None:
    body = {"json": {}} if method == "POST" else {}
    answer = await speaks[who].request(method, f"/v1/agencies/{path}", **body)
    assert answer.status_code == status


async def test_a_redrive_sends_ones_own_again_once(history: Installation, speaks: dict[str, httpx.AsyncClient]) -> None:
    before = await asyncio.to_thread(history.ends, (PLACEMENTS, CROSSINGS))
    other = await speaks["placements"].post("/v1/agencies/siskop2mi/rejects/redrive", json={"topic": CROSSINGS.name})
    assert other.status_code == 404
    wanted = {"reason": "unknown_field"}
    first = await speaks["placements"].post("/v1/agencies/siskop2mi/rejects/redrive", json=wanted)
    assert first.json() == {"sent": 2, "held": 0, "done": 0}
    again = await speaks["placements"].post("/v1/agencies/siskop2mi/rejects/redrive", json=wanted)
    assert again.json() == {"sent": 0, "held": 0, "done": 2}
    after = await asyncio.to_thread(history.ends, (PLACEMENTS, CROSSINGS))
    sent = {topic: sum(after[place] - before[place] for place in after if place[0] == topic) for topic, _ in after}
    assert sent == {PLACEMENTS.name: 2, CROSSINGS.name: 0}
    listed = (await speaks["placements"].get("/v1/agencies/siskop2mi/rejects", params=wanted)).json()["rejects"]
    assert [one["sent_again"] for one in listed] == [True, True]


async def test_a_long_history_is_counted_from_a_moment_that_is_told(
    speaks: dict[str, httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "MOST_AT_FIRST", 1)
    arrived = (await speaks["placements"].get("/v1/agencies/siskop2mi")).json()["arrived"]
    assert sum(count for hour in arrived["hours"] for count in hour["events"].values()) == 12
    assert datetime.fromisoformat(arrived["since"]) > datetime.now(UTC) - timedelta(hours=1)
