"""Known vulnerabilities of the pinned packages: asked of the advisory service, and where it does not answer, of a list of our own."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from packaging.version import Version

from tests.supply.locks import pins
from tests.supply.report import DATA, PROGRAMS, RUNTIME, Row, State, judged, ran

WHAT = "known vulnerabilities"


def check() -> Row:
    """A mirror that knows no advisories answers that nothing is known: only packages that the service knows count as asked."""
    wanted = pins(RUNTIME.read_text())
    asked = ran(
        PROGRAMS / "pip-audit",
        *("-r", RUNTIME, "--require-hashes", "--disable-pip", "--format", "json"),
        *("--progress-spinner", "off", "--timeout", "10"),
    )
    known, wrong = answered(asked.stdout)
    old = older(wanted)
    if known < len(wanted) and not wrong and not old:
        return Row(
            WHAT,
            State.NOT_ASKED,
            f"the advisory service answered for {known} of {len(wanted)} packages; by hand: no pin is older than "
            f"the repair of one of the {len(repaired())} advisories in deploy/audit/advisories.toml",
        )
    return judged(WHAT, [*wrong, *old], f"the advisory service answered for {known} packages: none")


def answered(text: str) -> tuple[int, list[str]]:
    """For how many packages the service really answered, and what it knows of them."""
    try:
        told: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        return 0, []
    asked = [one for one in told["dependencies"] if "skip_reason" not in one]
    wrong = [f"{one['name']} {one['version']}: {vuln['id']}" for one in asked for vuln in one["vulns"]]
    return len(asked), wrong


def repaired() -> list[dict[str, str]]:
    """Advisories that were read by people: package, id, and the first version without it."""
    table = tomllib.loads((DATA / "advisories.toml").read_text())
    return list(table["advisory"])


def older(wanted: Mapping[str, str]) -> list[str]:
    """Pins from before a repair."""
    return [
        f"{one['package']} {wanted[one['package']]}: {one['id']}, repaired in {one['repaired']}"
        for one in repaired()
        if one["package"] in wanted and Version(wanted[one["package"]]) < Version(one["repaired"])
    ]
