"""The examples that agencies copy, run as they stand."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from schemas.envelope import System
from schemas.topics import BY_NAME
from streams import publisher
from streams.feed import ingest
from streams.publish import envelope
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.feed.speaking import gateway, keys_of
from tests.issuer import serving

PLACEMENTS = BY_NAME["siskop2mi.placements"]


def example(module: ModuleType) -> str:
    """The Python in a module's docstring."""
    [found] = re.findall(r"```python\n(.*?)```", module.__doc__ or "", re.DOTALL)
    return str(found)


def issued(name: str, **more: Any) -> dict[str, Any]:
    data = {"epmi_no": f"EPMI-{name}", "nik": Traveller().nik, "scheme": "P_TO_P", "country": "MYS", **more}
    return envelope(
        System.SISKOP2MI, "epmi_issued", name=name, time=datetime.now(UTC) - timedelta(minutes=5), data=data
    )


async def test_over_http(suar: Installation, tmp_path: Path) -> None:
    [headers] = keys_of(tmp_path, siskop2mi=("AGENCY:siskop2mi",)).values()
    names: dict[str, Any] = {}
    exec(example(ingest), names)
    key = headers["authorization"].removeprefix("Bearer ")
    events = [issued("http-1"), issued("http-2", surprise=1)]
    async with gateway(suar, tmp_path / "keys.toml") as app, serving(app) as address:
        refused = await asyncio.to_thread(names["send"], events, key, address)
    assert [(one["id"], one["reason"], one["where"]) for one in refused] == [("http-2", "unknown_field", "surprise")]
    assert [one.key for one in await asyncio.to_thread(suar.read, PLACEMENTS) if one.key == b"http-1"] == [b"http-1"]


async def test_over_kafka(suar: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = example(publisher).replace("127.0.0.1:19292", suar.local.kafka.address)
    await asyncio.to_thread(exec, text, {})
    records = await asyncio.to_thread(suar.read, PLACEMENTS)
    assert b"e-2026-000123" in {one.key for one in records}
