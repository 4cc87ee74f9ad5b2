"""The examples that agencies copy from the README, run as they stand there; only the broker's address is the tests' own."""

import ast
import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from schemas.envelope import System
from schemas.topics import BY_NAME
from schemas.wire import Admitted, admit
from streams import publisher
from streams.feed import ingest
from streams.publish import envelope
from streams.settings import Settings
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.feed.speaking import gateway, keys_of
from tests.issuer import serving

README = Path(__file__).parents[2] / "README.md"
PLACEMENTS = BY_NAME["siskop2mi.placements"]


def shown() -> list[str]:
    """The Python that the README shows agencies: over HTTP, over Kafka."""
    _, _, rest = README.read_text().partition("\n## Agencies\n")
    return python(rest.partition("\n## ")[0])


def python(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def issued(name: str, **more: Any) -> dict[str, Any]:
    data = {"epmi_no": f"EPMI-{name}", "nik": Traveller().nik, "scheme": "P_TO_P", "country": "MYS", **more}
    return envelope(
        System.SISKOP2MI, "epmi_issued", name=name, time=datetime.now(UTC) - timedelta(minutes=5), data=data
    )


async def test_over_http(suar: Installation, tmp_path: Path) -> None:
    [headers] = keys_of(tmp_path, siskop2mi=("AGENCY:siskop2mi",)).values()
    names: dict[str, Any] = {}
    exec(shown()[0], names)
    key = headers["authorization"].removeprefix("Bearer ")
    events = [issued("http-1"), issued("http-2", surprise=1)]
    async with gateway(suar, tmp_path / "keys.toml") as app, serving(app) as address:
        refused = await asyncio.to_thread(names["send"], events, key, address)
    assert [(one["id"], one["reason"], one["where"]) for one in refused] == [("http-2", "unknown_field", "surprise")]
    assert [one.key for one in await asyncio.to_thread(suar.read, PLACEMENTS) if one.key == b"http-1"] == [b"http-1"]


async def test_over_kafka(suar: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before, default, after = shown()[1].partition(str(Settings.model_fields["kafka"].default))
    assert default, "it speaks to the broker that `suar up` starts"
    await asyncio.to_thread(exec, before + suar.local.kafka.address + after, {})
    records = await asyncio.to_thread(suar.read, PLACEMENTS)
    [value] = [one.value for one in records if one.key == b"e-2026-000123"]
    now = datetime.now(UTC)
    assert isinstance(admit(value, topic=PLACEMENTS, at=now, now=now, key=suar.settings.key), Admitted)
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == [], "nothing waits in the outage file"


@pytest.mark.parametrize(("module", "number"), [(ingest, 0), (publisher, 1)], ids=["http", "kafka"])
def test_the_code_shows_the_same_as_the_readme(module: ModuleType, number: int) -> None:
    [here] = python(module.__doc__ or "")
    assert ast.dump(ast.parse(here)) == ast.dump(ast.parse(shown()[number]))
