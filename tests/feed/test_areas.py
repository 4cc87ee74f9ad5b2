"""Home areas over HTTP: the newest counts, each village its own, and one reading for all who ask."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from schemas.areas import AreaCount
from streams.areas import published
from streams.feed import areas
from tests.broker.installation import Installation
from tests.feed.home_areas import DESA, ELSEWHERE, KABUPATEN, NEIGHBOUR, told
from tests.feed.speaking import client, gateway, keys_of

ALL = [KABUPATEN, DESA, NEIGHBOUR, ELSEWHERE]
SEE_ALL = ("COORDINATOR", "KP2MI", "BP3MI", "DISNAKER", "OPERATOR")
SEE_NONE = ("COUNTER:A-CGK", "SUPERVISOR", "POLRI", "MISSION:MYS", "AGENCY:simkim", "VILLAGE", "VILLAGE:99")
VILLAGES = {"desa": f"VILLAGE:{DESA}", "kabupaten": f"VILLAGE:{KABUPATEN}"}


@pytest.fixture(scope="module")
def counts(suar: Installation) -> Installation:
    suar.publish(told())
    return suar


@pytest.fixture
async def app(counts: Installation, tmp_path: Path) -> AsyncIterator[FastAPI]:
    names = {f"caller-{number}": (grant,) for number, grant in enumerate((*SEE_ALL, *SEE_NONE, *VILLAGES.values()))}
    headers = keys_of(tmp_path, **names)
    async with gateway(counts, tmp_path / "keys.toml") as one:
        one.state.headers = {grant: headers[name] for name, (grant,) in names.items()}
        yield one


async def asked(app: FastAPI, grant: str, **query: str | int) -> httpx.Response:
    async with client(app, app.state.headers[grant]) as one:
        return await one.get("/v1/areas", params=query)


async def codes(app: FastAPI, grant: str, **query: str | int) -> list[str]:
    answer = await asked(app, grant, **query)
    assert answer.status_code == 200, answer.text
    return [one["area"] for one in answer.json()["areas"]]


async def test_the_newest_count_of_each_area_and_indicator_with_its_rate(app: FastAPI) -> None:
    answer = (await asked(app, "COORDINATOR")).json()
    assert (answer["per"], answer["total"], answer["next"]) == (10_000, 4, None)
    found: dict[str, Any] = {one["area"]: one for one in answer["areas"]}
    assert list(found) == ALL
    desa = found[DESA]
    assert (desa["level"], desa["since"], set(desa["counts"])) == (
        "DESA",
        "2026-11-04",
        {"HARM", "PASSPORTS", "LETTER_IN_DOUBT"},
    )
    harm = desa["counts"]["HARM"]
    assert (harm["people"], harm["revision"], harm["rate"], harm["as_of"]) == (6, 3, 250.0, "2026-11-03")
    assert [desa["counts"]["LETTER_IN_DOUBT"][name] for name in ("people", "at_least", "rate")] == [None, 3, None]
    assert found[NEIGHBOUR]["counts"]["REGISTERED_WITHOUT_EPMI"]["rate"] is None, "of another window than passports"
    assert found[KABUPATEN]["counts"]["COMPLAINT_TO_PIPELINE"]["within_hours"] == 24
    assert set(found[ELSEWHERE]["counts"]) == {"HARM"}, "what is no count is passed over"


async def test_who_looks_after_the_whole_country_sees_all_and_others_none(app: FastAPI) -> None:
    assert {grant: await codes(app, grant) for grant in SEE_ALL} == dict.fromkeys(SEE_ALL, ALL)
    refused = {grant: await asked(app, grant) for grant in SEE_NONE}
    said = {grant: (one.status_code, one.json().get("code")) for grant, one in refused.items()}
    assert said == dict.fromkeys(SEE_NONE, (403, "not_your_area"))


async def test_a_village_sees_its_own_and_no_neighbour(app: FastAPI) -> None:
    desa, kabupaten = VILLAGES["desa"], VILLAGES["kabupaten"]
    assert await codes(app, desa) == [DESA]
    assert await codes(app, desa, area=KABUPATEN) == [DESA], "nor the row of its kabupaten"
    assert await codes(app, kabupaten) == [KABUPATEN, DESA, NEIGHBOUR]
    assert await codes(app, kabupaten, area=NEIGHBOUR) == [NEIGHBOUR]
    refused = [await asked(app, desa, area=NEIGHBOUR), await asked(app, kabupaten, area=ELSEWHERE)]
    assert [one.status_code for one in refused] == [403, 403]


async def test_filters_and_pages(app: FastAPI) -> None:
    assert await codes(app, "DISNAKER", area="9902") == [ELSEWHERE]
    assert await codes(app, "DISNAKER", level="KABUPATEN") == [KABUPATEN]
    assert await codes(app, "DISNAKER", area="9901", level="DESA") == [DESA, NEIGHBOUR]
    first = (await asked(app, "DISNAKER", limit=3)).json()
    assert ([one["area"] for one in first["areas"]], first["next"], first["total"]) == (ALL[:3], NEIGHBOUR, 4)
    last = (await asked(app, "DISNAKER", limit=3, after=first["next"])).json()
    assert ([one["area"] for one in last["areas"]], last["next"]) == ([ELSEWHERE], None)
    for wrong in ({"area": "desa"}, {"area": "9" * 11}, {"level": "PROVINSI"}, {"limit": 0}, {"name": "x"}):
        assert (await asked(app, "DISNAKER", **wrong)).status_code == 422, wrong


async def test_however_many_ask_the_topic_is_read_once_in_a_while(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []

    async def counted(bootstrap: str) -> list[AreaCount]:
        reads.append(bootstrap)
        return await published(bootstrap)

    monkeypatch.setattr(areas, "published", counted)
    assert await asyncio.gather(*(codes(app, "KP2MI") for _ in range(20))) == [ALL] * 20
    await codes(app, "BP3MI")
    assert len(reads) == 1
    app.state.areas._again_at = 0.0
    await codes(app, "BP3MI")
    assert len(reads) == 2


async def test_an_outage_says_when_to_come_again_and_ends_by_itself(
    app: FastAPI, counts: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(areas, "READ_WITHIN", 1.0)
    counts.local.kafka.pause()
    try:
        async with asyncio.timeout(5):  # all of them wait for one attempt
            answers = await asyncio.gather(*(asked(app, "COORDINATOR") for _ in range(10)))
    finally:
        counts.local.kafka.resume()
    assert {(one.status_code, one.headers["retry-after"], one.json()["code"]) for one in answers} == {
        (503, "2", "kafka_away")
    }
    monkeypatch.setattr(areas, "READ_WITHIN", 20.0)
    answer = answers[0]
    async with asyncio.timeout(30):
        while answer.status_code == 503:
            await asyncio.sleep(float(answer.headers["retry-after"]))  # as a client would
            answer = await asked(app, "COORDINATOR")
    assert answer.json()["total"] == 4
