"""`make audit`: every check, and one table. It runs in the audit's own environment; Suar and its tests run in `.venv`."""

import json
import os
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from secrets import randbelow

from rich.console import Console

from tests.supply import advisories, bill, leaks, locks, wheel
from tests.supply.report import OUT, PYTHON, ROOT, Row, State, judged, ran, shown

INPUTS = {"wire": 200_000, "jose": 200_000, "zone": 300_000, "policy": 4_000}
"""What the doors of `tests.supply.fuzz` are given."""
GUIDED = {"wire": 1_000_000, "zone": 1_000_000}
"""The same of `tests.supply.guided`, where inputs are led by what they reach."""
EXAMPLES = "100"
"""Schemathesis: for each operation of the gateway and each phase."""


def style() -> Row:
    """The security rules of ruff (flake8-bandit), with the exceptions that pyproject.toml gives reasons for."""
    rules = ("--select", "S", "--extend-ignore", "S603,S607", "--output-format", "concise")
    done = ran(PYTHON.parent / "ruff", "check", "--no-cache", *rules, "schemas", "agents", "streams")
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


def guided(door: str, inputs: int, seed: int) -> Row:
    """Atheris has wheels for few systems: where it is not installed nobody was asked."""
    what = f"guided fuzz: {door}"
    if find_spec("atheris") is None:
        return Row(what, State.NOT_ASKED, "Atheris has no wheel for this system")
    done = ran(sys.executable, "-m", "tests.supply.guided", door, str(inputs), str(seed))
    reached = re.findall(r"^#(\d+)\s+DONE\s+cov: (\d+)", done.stderr, re.MULTILINE)
    if done.returncode or not reached:
        words = [line for line in done.stderr.splitlines() if re.match(r"\w+(Error|Exception)\b", line)]
        return Row(what, State.FAILED, f"seed {seed}: {(words or ['it ended early'])[0].partition(':')[0]}")
    count, branches = reached[-1]
    return Row(what, State.WELL, f"{int(count):,} inputs of seed {seed}, {branches} branches reached")


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
        *((f"guided fuzz {door}", lambda door=door, of=of: guided(door, of, seed)) for door, of in GUIDED.items()),
        ("fuzz gateway", gateway),
    ]
    rows: list[Row] = []
    console = Console()
    for title, check in checks:
        console.print(f"• {title} …")
        found = check()
        new = found if isinstance(found, list) else [found]
        for row in new:
            console.print(f"  {row.state.value} {row.what}: {row.found}", soft_wrap=True, highlight=False)
        rows += new
    code = shown(rows)
    console.print(f"made: {OUT.relative_to(ROOT)}/sbom.json, licences.txt, the wheel")
    return code


if __name__ == "__main__":
    sys.exit(main())
