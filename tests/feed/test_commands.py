"""Commands and crossings on the whole path: a gateway, a worker, the log; and back as a newer revision."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from schemas.mrz import check_digit
from schemas.topics import ALERTS, AUDIT, BY_NAME
from streams.publish import heartbeats, record_of
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.drills.workers import Worker, until
from tests.feed.gateways import Body, Gateway, Terminal

OUTCOMES, CROSSINGS = BY_NAME["checkpoint.outcomes"], BY_NAME["simkim.crossings"]


@pytest.fixture(scope="module", autouse=True)
def worker(suar: Installation) -> Worker:
    """One that hears of every agency."""
    suar.publish(heartbeats(datetime.now(UTC)))
    return suar.ready_worker()


@pytest.fixture
async def boss(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway.client("supervisor") as client:
        yield client


@pytest.fixture
async def desk(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway.client("counter") as client:
        yield client


async def say(suar: Installation, *events: Body) -> None:
    """Events and signs of life, folded when it returns."""

    def work() -> None:
        suar.publish([*map(record_of, events), *heartbeats(datetime.now(UTC))])
        suar.settle()

    await asyncio.to_thread(work)


async def known(suar: Installation) -> Traveller:
    """Somebody whose documents are known, on the way to work without a permit."""
    who = Traveller()
    await say(suar, who.applied(), who.issued())
    return who


def data(who: Traveller, **more: object) -> Body:
    return {**who.attempted(**more)["data"]}


async def alerted(suar: Installation, desk: httpx.AsyncClient, who: Traveller | None = None) -> Traveller:
    """Somebody about whom there is an alert at A-CGK."""
    who = who or await known(suar)
    answer = await desk.post("/v1/crossings", params={"wait": 10}, json=data(who))
    assert answer.status_code == 200, answer.text
    assert answer.json()["verdict"] == "ALERT"
    async with asyncio.timeout(20):
        while (await desk.get(f"/v1/alerts/{who.alert_id}")).status_code != 200:  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.02)
    return who


async def sent(suar: Installation, who: Traveller) -> list[Body]:
    """What was said on the log about somebody's alert."""
    found = [json.loads(one.value or b"") for one in await asyncio.to_thread(suar.read, OUTCOMES)]
    return [one for one in found if one["data"].get("alert_id") == who.alert_id]


async def seen(client: httpx.AsyncClient, who: Traveller) -> str:
    return (await client.get(f"/v1/alerts/{who.alert_id}")).headers["etag"]


async def test_a_crossing_is_answered_and_the_same_again_is_the_same(
    suar: Installation, desk: httpx.AsyncClient
) -> None:
    """BR121."""
    who = await known(suar)
    first = await desk.post("/v1/crossings", params={"wait": 10}, json=data(who))
    assert first.status_code == 200
    body = first.json()
    assert body["verdict"] == "ALERT"
    assert body["lane_advice"] is None
    assert len(body["questions"]) == 2
    assert body["clears"]
    assert {one["source"] for one in body["freshness"]}
    before = suar.ends((CROSSINGS,))
    again = await desk.post("/v1/crossings", params={"wait": 10}, json=data(who))
    assert again.json() == body
    assert (await desk.get(f"/v1/crossings/{who.crossing}")).json() == body
    assert suar.ends((CROSSINGS,)) == before
    other = await desk.post("/v1/crossings", json=data(who, destination="SAU"))
    assert other.status_code == 409
    assert suar.ends((CROSSINGS,)) == before
    assert who.passport_no not in again.text + other.text


async def test_a_gate_is_told_quietly_to_let_a_person_take_over(suar: Installation, desk: httpx.AsyncClient) -> None:
    who = await known(suar)
    body = (await desk.post("/v1/crossings", params={"wait": 10}, json=data(who, lane="AUTOGATE"))).json()
    assert body["severity"] >= 3
    assert body["lane_advice"] == "route_to_counter"


async def test_without_waiting_the_answer_is_where_it_will_be(suar: Installation, desk: httpx.AsyncClient) -> None:
    who = await known(suar)
    later = await desk.post("/v1/crossings", json=data(who))
    assert later.status_code in {200, 202}
    where = f"/v1/crossings/{who.crossing}"
    assert later.status_code == 200 or later.headers["location"] == where
    async with asyncio.timeout(20):
        while (answer := await desk.get(where)).status_code != 200:  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.02)
    assert answer.json()["verdict"] == "ALERT"


def zone(number: str, misread: str = "") -> list[str]:
    """Both lines of somebody's document, as a reader gives them."""
    fields = [(misread or number).ljust(9, "<"), "900605", "341231", "<" * 14]
    digits = [check_digit(number.ljust(9, "<")), *map(check_digit, fields[1:3]), "<"]
    covered = number.ljust(9, "<") + digits[0] + "".join(map("".join, zip(fields[1:], digits[1:], strict=True)))
    second = f"{fields[0]}{digits[0]}IDN{fields[1]}{digits[1]}F{fields[2]}{digits[2]}{fields[3]}{digits[3]}"
    return ["P<IDN" + "CONTOH<<SRI".ljust(39, "<"), second + check_digit(covered)]


async def test_a_zone_stands_for_the_number(suar: Installation, desk: httpx.AsyncClient) -> None:
    """ICAO 9303: read as it was, with a zero that the reader took for an O, and when its check digits do not hold."""
    who, other = await known(suar), await known(suar)
    body = {**data(who), "mrz": zone(who.passport_no)}
    del body["passport_no"]
    answer = (await desk.post("/v1/crossings", params={"wait": 10}, json=body)).json()
    assert (answer["verdict"], answer["mrz_read"]) == ("ALERT", "READ")
    keyed = (await desk.post("/v1/crossings", params={"wait": 10}, json=data(who))).json()
    assert keyed == {name: value for name, value in answer.items() if name != "mrz_read"}
    assert "mrz_read" not in keyed

    repaired = {**data(other), "mrz": zone(other.passport_no, other.passport_no.replace("0", "O"))}
    del repaired["passport_no"]
    answer = (await desk.post("/v1/crossings", params={"wait": 10}, json=repaired)).json()
    assert (answer["verdict"], answer["mrz_read"]) == ("ALERT", "REPAIRED")

    lines = zone(who.passport_no)
    wrong = {**body, "mrz": [lines[0], lines[1][:9] + str((int(lines[1][9]) + 1) % 10) + lines[1][10:]]}
    two = {**data(other), "mrz": lines}
    for refused in (await desk.post("/v1/crossings", json=wrong), await desk.post("/v1/crossings", json=two)):
        assert refused.status_code == 422
        assert who.passport_no not in refused.text
    assert all(lines[1].encode() not in (one.value or b"") for one in await asyncio.to_thread(suar.read, CROSSINGS))


async def test_a_wrong_attempt_is_refused_without_what_stood_in_it(desk: httpx.AsyncClient) -> None:
    who = Traveller()
    answer = await desk.post("/v1/crossings", json={**data(who), "passport_no": f"{who.passport_no}/{who.nik}"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "wrong_fields"
    assert who.passport_no not in answer.text
    assert who.nik not in answer.text


async def test_an_acknowledgement_is_a_fact_and_its_answer_the_new_revision(
    suar: Installation, desk: httpx.AsyncClient
) -> None:
    who = await alerted(suar, desk)
    tag = await seen(desk, who)
    answer = await desk.post(f"/v1/alerts/{who.alert_id}/acknowledge", json={}, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    assert answer.json()["alert"]["state"] == "ACKNOWLEDGED"
    assert int(answer.headers["etag"].strip('"')) > int(tag.strip('"'))
    [event] = await sent(suar, who)
    assert event["type"] == "alert_acknowledged"
    assert event["data"]["by"] == "counter"
    assert event["data"]["via"] == "A-CGK"
    assert str(event["data"]["revision_seen"]) == tag.strip('"')


async def test_a_stale_command_is_refused_with_the_newer_view(
    suar: Installation, desk: httpx.AsyncClient, boss: httpx.AsyncClient
) -> None:
    """BR109: acknowledged on a screen that had not yet heard that it was closed; it is not opened again."""
    who = await alerted(suar, desk)
    tag, path = await seen(boss, who), f"/v1/alerts/{who.alert_id}"
    closed = await boss.post(f"{path}/outcome", json={"outcome": "CLEARED"}, headers={"If-Match": tag})
    assert closed.json()["alert"]["state"] == "CLEARED"
    stale = await desk.post(f"{path}/acknowledge", json={}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert stale.headers["content-type"] == "application/problem+json"
    assert stale.headers["etag"] == closed.headers["etag"]
    assert stale.json()["alert"]["state"] == "CLEARED"
    assert "subject" not in stale.json()["alert"]
    assert [one["type"] for one in await sent(suar, who)] == ["outcome_recorded"]
    assert (await desk.get(path)).json()["alert"]["state"] == "CLEARED"


async def test_of_two_commands_on_one_revision_one_passes_whichever_gateway(
    suar: Installation, gateway: Gateway, other_gateway: Gateway, desk: httpx.AsyncClient
) -> None:
    who = await alerted(suar, desk)
    tag = await seen(desk, who)
    async with gateway.client("supervisor") as here, other_gateway.client("counter") as there:
        answers = await asyncio.gather(
            *(
                client.post(f"/v1/alerts/{who.alert_id}/{command}", json={}, headers={"If-Match": tag})
                for client, command in (
                    (here, "take"),
                    (there, "acknowledge"),
                    (here, "secondary"),
                    (there, "secondary"),
                )
            )
        )
    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]
    assert len(await sent(suar, who)) == 1
    for one in answers:
        assert one.json()["alert"]["revision"] == int(tag.strip('"')) + 1


async def test_the_same_key_answers_the_same_and_says_it_once(
    suar: Installation, boss: httpx.AsyncClient, desk: httpx.AsyncClient
) -> None:
    who = await alerted(suar, desk)
    headers = {"If-Match": await seen(boss, who), "Idempotency-Key": uuid4().hex}
    path = f"/v1/alerts/{who.alert_id}"
    answers = [await boss.post(f"{path}/note", json={"text": "Menunggu adiknya."}, headers=headers) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 200]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert len(await sent(suar, who)) == 1
    other = await boss.post(f"{path}/note", json={"text": "Sesuatu yang lain."}, headers=headers)
    assert other.status_code == 422
    assert other.json()["code"] == "key_used"
    assert len(await sent(suar, who)) == 1
    suar.redis.delete(*suar.redis.keys(f"{suar.namespace}:*:asked:*"))  # as a flush does: the alert itself remembers
    after = await boss.post(f"{path}/note", json={"text": "Menunggu adiknya."}, headers=headers)
    assert after.json() == answers[0].json()
    assert len(await sent(suar, who)) == 1


async def test_a_note_is_sealed_on_the_log_and_open_for_those_who_answer(
    suar: Installation, boss: httpx.AsyncClient, desk: httpx.AsyncClient
) -> None:
    who, text = await alerted(suar, desk), "Keluarganya menunggu di luar."
    path = f"/v1/alerts/{who.alert_id}"
    noted = await boss.post(f"{path}/note", json={"text": text}, headers={"If-Match": await seen(boss, who)})
    assert [one["text"] for one in noted.json()["notes"]] == [text]
    assert [one["text"] for one in (await boss.get(path)).json()["notes"]] == [text]
    assert (await desk.get(path)).json()["notes"] == []
    log = await asyncio.to_thread(suar.read, OUTCOMES, ALERTS)
    assert all(text.encode() not in (one.value or b"") for one in log)
    number = await boss.post(
        f"{path}/note", json={"text": f"Telepon {who.phone}"}, headers={"If-Match": await seen(boss, who)}
    )
    assert number.status_code == 422
    assert number.json()["code"] == "note_holds_a_number"
    assert who.phone[3:] not in number.text
    assert len(await sent(suar, who)) == 1


async def test_what_a_command_needs(
    suar: Installation, gateway: Gateway, desk: httpx.AsyncClient, boss: httpx.AsyncClient
) -> None:
    who = await alerted(suar, desk)
    path, tag = f"/v1/alerts/{who.alert_id}", {"If-Match": await seen(desk, who)}
    async with gateway.client("elsewhere") as other:
        cases = (
            (desk, "acknowledge", {}, {}, 428),
            (desk, "acknowledge", {}, {"If-Match": "*"}, 400),
            (desk, "take", {}, tag, 403),
            (boss, "outcome", {"outcome": "DEFERRED"}, tag, 422),
            (boss, "outcome", {"outcome": "LOCKED_UP"}, tag, 422),
            (boss, "hand-over", {}, tag, 422),
            (other, "acknowledge", {}, tag, 404),
        )
        for client, command, body, headers, status in cases:
            answer = await client.post(f"{path}/{command}", json=body, headers=headers)
            assert answer.status_code == status, (command, answer.text)
        assert (await other.get(path)).status_code == 404
    assert await sent(suar, who) == []


async def test_what_was_read_and_done_is_on_the_audit_log(suar: Installation, desk: httpx.AsyncClient) -> None:
    who = await alerted(suar, desk)
    headers = {"If-Match": await seen(desk, who)}
    await desk.post(f"/v1/alerts/{who.alert_id}/acknowledge", json={}, headers=headers)

    def noted() -> set[str]:
        looks = [json.loads(one.value or b"") for one in suar.read(AUDIT)]
        return {one["what"] for one in looks if who.alert_id in one["ids"] and one["who"] == "counter"}

    await asyncio.to_thread(until, lambda: {"alert", "acknowledge"} <= noted(), "both looks are on the log")


async def test_an_advisory_tells_of_the_manifest_before_the_attempt(
    suar: Installation, boss: httpx.AsyncClient
) -> None:
    who = await known(suar)
    path = f"/v1/travellers/IDN-{who.passport_no}/advisory"
    assert (await boss.get(path)).json()["advice"] == "NOTHING_KNOWN"
    await say(suar, _manifest(who))
    body = (await boss.get(path)).json()
    assert body["advice"] == "TALK"
    [one] = body["alerts"]
    assert one["trigger"] == "MANIFEST"
    assert who.passport_no not in json.dumps(body)
    assert (await boss.get("/v1/travellers/IDN-!!/advisory")).status_code == 422


def _manifest(who: Traveller) -> Body:
    passenger = {
        "entry_ref": f"ENTRY-{who.number}",
        "passport_no": who.passport_no,
        "destination": "MYS",
        "visa_class": "WORK",
    }
    return {
        **who.attempted(),
        "id": f"manifest-{who.number}",
        "type": "manifest_received",
        "data": {
            "carrier": "XX",
            "service_no": "XX123",
            "checkpoint": "A-CGK",
            "scheduled_at": (who.now + timedelta(hours=3)).isoformat(),
            "passengers": [passenger],
        },
    }


async def test_times_to_the_officer_are_counted_once_an_alert(
    suar: Installation, gateway: Gateway, desk: httpx.AsyncClient
) -> None:
    who = await alerted(suar, desk)
    at = datetime.now(UTC).isoformat()
    for _ in range(2):
        assert (
            await desk.post(f"/v1/alerts/{who.alert_id}/shown", json={"revision": 1, "shown_at": at})
        ).status_code == 204
    assert (await desk.post("/v1/shown", json=[{"alert_id": who.alert_id, "shown_at": at}])).status_code == 204
    headers = {"If-Match": await seen(desk, who)}
    await desk.post(f"/v1/alerts/{who.alert_id}/acknowledge", json={}, headers=headers)
    async with asyncio.timeout(30):
        while "topic_to_acknowledged" not in (steps := (await desk.get("/v1/times")).json()["places"].get("A-CGK", {})):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert steps["topic_to_screen"]["alerts"] == 1
    assert 0 <= steps["topic_to_screen"]["p50"] < 30


async def test_health_of_the_agencies_feeds(suar: Installation, desk: httpx.AsyncClient) -> None:
    await say(suar)
    body = (await desk.get("/v1/feeds/health")).json()
    assert {one["source"] for one in body["sources"]} >= {"simkim", "siskop2mi"}
    assert all(one["live"] and one["said"] == "quiet" for one in body["sources"])


async def test_after_a_flush_the_whole_path_goes_on_and_nobody_is_told_twice(
    suar: Installation, gateway: Gateway, boss: httpx.AsyncClient, desk: httpx.AsyncClient
) -> None:
    """A consumed event is consumed once, also after everything but the log was lost (BR125)."""
    terminal = Terminal(boss, "/v1/checkpoints/A-CGK/stream")
    await terminal.read(1)
    first, second = await alerted(suar, desk), await known(suar)
    await heard(terminal, first)
    suar.redis.flushall()
    await alerted(suar, desk, second)
    await heard(terminal, second)
    assert not terminal.twice
    assert not terminal.gaps
    assert {name for name, _ in terminal.said} == {first.alert_id, second.alert_id}


async def heard(terminal: Terminal, who: Traveller) -> None:
    """Reads, one frame a line, until the terminal was told of somebody's alert."""
    async with asyncio.timeout(60):
        while who.alert_id not in {name for name, _ in terminal.said}:
            await terminal.read(1)
