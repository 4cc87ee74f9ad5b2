"""Schemathesis at a real gateway: no answer of 5xx, and no answer that its own description does not know.

Not collected by the gate, since Schemathesis lives with the audit: `.venv/bin/pytest -s tests/supply/fuzz_gateway.py`.
"""

import json
import os
import re
import subprocess

import pytest

from tests.broker.installation import Installation
from tests.supply.report import OUT, PROGRAMS, ROOT
from tests.supply.speaking import Speaker, speaking

pytestmark = [pytest.mark.broker, pytest.mark.timeout(1800)]

EXAMPLES = os.environ.get("SUAR_FUZZ_EXAMPLES", "100")
"""For each operation and phase."""
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def schemathesis(speaker: Speaker, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [
        str(PROGRAMS / "schemathesis"),
        *("run", f"{speaker.address}/openapi.json", "--checks", CHECKS, "--max-examples", EXAMPLES),
        *("--header", f"Authorization: {speaker.headers['Authorization']}", "--exclude-path-regex", r"/stream$|/ws$"),
        *("--phases", "examples,coverage,fuzzing", "--generation-database", "none", "--request-timeout", "15"),
        *("--no-color", "--continue-on-failure", *more),
    ]
    return subprocess.run(command, cwd=OUT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_the_gateway_answers_as_it_says(suar: Installation) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with speaking(suar) as speaker:
        done = schemathesis(speaker)
        (OUT / "gateway.txt").write_text(done.stdout + done.stderr)
        assert speaker.gateway.running, "the gateway ended"
    cases = re.search(r"([\d,]+) generated", done.stdout)
    told = {"requests": int(cases[1].replace(",", "")) if cases else 0, "code": done.returncode}
    (OUT / "gateway.json").write_text(json.dumps(told))
    assert done.returncode == 0, f"see {(OUT / 'gateway.txt').relative_to(ROOT)}"
    assert told["requests"] > 0
