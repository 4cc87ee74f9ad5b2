"""A stream ends soon after the key or the session that opened it."""

import asyncio

from streams.feed.apikeys import load, save
from tests.broker.installation import Installation
from tests.feed.gateways import Gateway, frames

SOON = 40.0
"""Seconds: two keep-alives and a look."""


async def test_a_stream_ends_when_its_key_is_taken_back(suar: Installation, gateway: Gateway) -> None:
    file = suar.folder / "keys.toml"
    known = load(file)
    async with gateway.client("elsewhere") as client, gateway.client("counter") as stays:
        path = "/v1/checkpoints/A-DPS/stream"
        going, staying = frames(client, path), frames(stays, path)
        assert (await anext(going)).event == (await anext(staying)).event == "snapshot"
        save(file, {**known, "elsewhere": known["elsewhere"].model_copy(update={"revoked": True})})
        try:
            async with asyncio.timeout(SOON):
                heard = [frame.event async for frame in going]
            assert set(heard) <= {"here"}
            assert (await client.get("/v1/checkpoints/A-DPS/alerts")).status_code == 401
            async with asyncio.timeout(SOON):
                assert (await anext(staying)).event == "here"
        finally:
            save(file, known)
            await staying.aclose()  # type: ignore[attr-defined]  # it is a generator
