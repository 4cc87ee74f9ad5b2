"""What stands before every answer: headers, bounds on bodies, and buckets."""

from collections.abc import AsyncIterator

import pytest

from streams.feed.guard import Rates
from streams.feed.problems import Problem
from tests.gate import browser, gate


async def test_every_answer_carries_the_headers() -> None:
    async with gate() as app, browser(app) as web:
        for path in ("/v1/me", "/nowhere"):
            headers = (await web.get(path)).headers
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cache-control"] == "no-store"
            assert "strict-transport-security" not in headers
            assert len(headers["x-request-id"]) == 32


async def test_https_stays_https() -> None:
    async with gate() as app, browser(app, "https://suar.test") as web:
        assert "max-age=31536000" in (await web.get("/v1/me")).headers["strict-transport-security"]


async def test_a_callers_own_number_is_kept_when_it_is_one() -> None:
    async with gate() as app, browser(app) as web:
        given = "3f2a-9b1c-77aa"
        assert (await web.get("/v1/me", headers={"x-request-id": given})).headers["x-request-id"] == given
        for odd in ("9901014101900001; x", "a b c d e f g h", "x"):
            assert (await web.get("/v1/me", headers={"x-request-id": odd})).headers["x-request-id"] != odd


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_is_bounded_whatever_it_announces(announced: bool) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    async with gate(sign_in="development", body_bytes=1000, requests_per_minute=600) as app, browser(app) as web:
        await web.post("/signin", data={"user": "contoh-polri"})
        token = {"x-csrf-token": web.cookies["suar_csrf"]}
        fits = await web.post("/thing", content=b"x" * 1000, headers=token)
        assert fits.json()["bytes"] == 1000
        large = await web.post("/thing", content=b"x" * 1001 if announced else parts(), headers=token)
        assert large.status_code == 413
        assert large.headers["content-type"] == "application/problem+json"
        assert "content-security-policy" in large.headers


def test_a_bucket_fills_again_with_time() -> None:
    rates = Rates(per_second=2, burst=4)
    for _ in range(4):
        rates.take("cgk", now=100.0)
    with pytest.raises(Problem) as told:
        rates.take("cgk", now=100.0)
    assert told.value.status == 429
    assert told.value.headers["Retry-After"] == "1"
    rates.take("dps", now=100.0)
    rates.take("cgk", now=100.5)
    with pytest.raises(Problem):
        rates.take("cgk", now=100.5)
    for _ in range(4):
        rates.take("cgk", now=1000.0)
    with pytest.raises(Problem):
        rates.take("cgk", now=1000.0)


def test_a_batch_goes_into_debt_once_and_is_paid() -> None:
    rates = Rates(per_second=100, burst=1000)
    rates.take("siskop2mi", 5000, now=0.0)
    with pytest.raises(Problem) as told:
        rates.take("siskop2mi", 1, now=0.0)
    assert told.value.headers["Retry-After"] == "41"
    rates.take("siskop2mi", 1, now=41.0)


def test_buckets_of_strangers_do_not_pile_up() -> None:
    rates = Rates(per_second=1, burst=1)
    for number in range(25_000):
        rates.take(str(number), now=number / 10)
    assert len(rates._buckets) <= 10_000
