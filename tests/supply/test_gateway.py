"""Requests that no client would send, at the gateway in this process: each is answered, none by a bug."""

import json
import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from tests.broker.installation import Installation
from tests.feed.speaking import client, gateway, keys_of
from tests.supply.mutations import NIK, PLANTED, spoilt
from tests.supply.speaking import GRANTS

pytestmark = pytest.mark.broker

EACH = 30
"""Requests of each operation."""
_WORDS = (
    "A-CGK",
    "simkim",
    "X9900001",
    "0" * 32,
    "SUPERVISOR:A-CGK",
    "9901",
    "1",
    "-1",
    "nan",
    "1e9",
    "%00",
    "..",
    "é",
    "🛂",
    "a" * 2000,
    *PLANTED,
)
_BODIES: tuple[object, ...] = (
    {"crossing_id": "C-1", "checkpoint": "A-CGK", "lane": "COUNTER", "direction": "OUT", "passport_no": "X9900001"},
    {"outcome": "CLEARED", "rule": "work_visa_without_epmi", "until": "2026-11-25T03:00:00Z", "note": "contoh", "to": "COORDINATOR"},
    {"matchers": {"checkpoint": "A-CGK"}, "comment": "contoh", "until": "2099-11-25T03:00:00Z"},
    [{"specversion": "1.0", "id": "e-1", "source": "simkim", "type": "passport_issued", "data": {"nik": NIK}}],
    {"alerts": ["0" * 32]},
)  # fmt: skip


def requests(document: dict[str, Any], roll: Random) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and the rest, for every operation that is no stream."""
    made = []
    for path, operations in document["paths"].items():
        if path.endswith(("/stream", "/ws")):
            continue
        for method, operation in operations.items():
            names = [
                one["name"] for one in operation.get("parameters", []) if one["in"] == "query" and one["name"] != "wait"
            ]
            for _ in range(EACH):
                filled = re.sub(
                    r"\{[^}]+\}", lambda _: httpx.URL(path=f"/{roll.choice(_WORDS)}").raw_path.decode()[1:], path
                )
                query = {name: roll.choice(_WORDS) for name in names if roll.random() < 0.5}
                headers = {"if-match": roll.choice(("1", '"1"', "*", "x", "9" * 30))} if roll.random() < 0.7 else {}
                rest: dict[str, Any] = {"params": query, "headers": headers}
                if method in {"post", "put", "patch"}:
                    rest["content"] = spoilt(roll, roll.choice(_BODIES))
                    headers["content-type"] = roll.choice(
                        ("application/json", "application/x-ndjson", "text/plain", "")
                    )
                made.append((method, filled, rest))
    return made


async def test_every_request_is_answered_and_none_by_a_bug(suar: Installation, tmp_path: Path) -> None:
    known = keys_of(tmp_path, everybody=GRANTS)
    answers: Counter[int] = Counter()
    async with gateway(suar, tmp_path / "keys.toml", requests_per_minute=1_000_000) as app:
        http = client(app, known["everybody"])
        async with http:
            document = (await http.get("/openapi.json")).json()
            made = requests(document, Random(1))
            for number, (method, path, rest) in enumerate(made):
                answer = await http.request(method, path, **rest)
                answers[answer.status_code] += 1
                assert answer.status_code < 500, f"request {number} of seed 1: {method}: {answer.status_code}"
                if answer.status_code >= 400 and answer.headers["content-type"] == "application/problem+json":
                    assert NIK not in answer.text, f"request {number} of seed 1 is told the number that it sent"
                    assert json.loads(answer.content)["status"] == answer.status_code
    assert len(made) > 20 * EACH
    assert {200, 404, 422} <= answers.keys()
