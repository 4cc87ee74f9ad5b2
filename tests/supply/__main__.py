"""`make audit`: every check, and one table. It runs in the audit's own environment; Suar and its tests run in `.venv`."""

import json
import os
import sys
from collections.abc import Callable
from secrets import randbelow

from rich.console import Console

from tests.supply import advisories, bill, leaks, locks, wheel
from tests.supply.report import OUT, PYTHON, ROOT, Row, State, judged, ran, shown

INPUTS = {"wire": 200_000, "zone": 300_000, "policy": 10_000}
"""What the doors of `tests.supply.fuzz` are given."""
EXAMPLES = "100"
"""Schemathesis: for each operation of the gateway and each phase."""


def style() -> Row:
    """The security rules of ruff (flake8-bandit), with the exceptions that pyproject.toml gives reasons for."""
    done = ran(
        PYTHON.parent / "ruff", "check", "--no-cache", "--output-format", "concise", "schemas", "agents", "streams"
    )
    wrong = [line for line in done.stdout.splitlines() if ": " in line] if done.returncode else []
    return judged("security rules of ruff", wrong, "clean in schemas, agents, streams")


def fuzz(door: str, inputs: int, seed: int) -> Row:
    """New inputs each time; the seed is told, and makes the same ones again."""
    done = ran(PYTHON, "-m", "tests.supply.fuzz", door, str(inputs), str(seed))
    try:
        told = json.loads(done.stdout)
    except json.JSONDecodeError:
        return Row(f"fuzz: {door}", State.FAILED, (done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    wrong = [f"number {number} of seed {seed}: {what}" for number, what in told["findings"]]
    wrong += [f"{told['inputs']:,} inputs only"] * (told["inputs"] != inputs and not wrong)
    kinds = f"{told['inputs']:,} inputs of seed {seed}, {len(told['outcomes'])} kinds of answer"
    return judged(f"fuzz: {door}", wrong, kinds)


def gateway() -> Row:
    """Schemathesis by the gateway's own description."""
    what = "fuzz: gateway"
    file = OUT / "gateway.json"
    file.unlink(missing_ok=True)
    done = ran(PYTHON, "-m", "pytest", "-q", "tests/supply/fuzz_gateway.py", SUAR_FUZZ_EXAMPLES=EXAMPLES)
    if done.returncode or not file.exists():
        words = [line for line in done.stdout.splitlines() if line.startswith("E ")] or ["it did not run"]
        return Row(what, State.FAILED, words[0].removeprefix("E").strip())
    count = json.loads(file.read_text())["requests"]
    return Row(what, State.WELL, f"{count:,} requests: no 5xx, every answer as /openapi.json says")


def main() -> int:
    """The exit code: 1 when anything failed."""
    OUT.mkdir(parents=True, exist_ok=True)
    seed = int(os.environ.get("SEED") or randbelow(1_000_000))
    checks: list[tuple[str, Callable[[], Row | list[Row]]]] = [
        ("lock files", locks.check),
        ("bill of materials, licences", bill.check),
        ("known vulnerabilities", advisories.check),
        ("wheel", wheel.check),
        ("secrets", leaks.check),
        ("security rules", style),
        *((f"fuzz {door}", lambda door=door, of=of: fuzz(door, of, seed)) for door, of in INPUTS.items()),
        ("fuzz gateway", gateway),
    ]
    rows: list[Row] = []
    console = Console()
    for title, check in checks:
        console.print(f"• {title} …")
        found = check()
        rows += found if isinstance(found, list) else [found]
    code = shown(rows)
    console.print(f"made: {OUT.relative_to(ROOT)}/sbom.json, licences.txt, the wheel")
    return code


if __name__ == "__main__":
    sys.exit(main())
