"""The checked-in week is what the generator makes: same seed, same switches, same bytes."""

import hashlib
import lzma
import tomllib
from datetime import date
from itertools import islice
from typing import Any

import pytest

from streams.settings import ROOT
from streams.simulator.nation import load
from streams.simulator.run import Line, Plan, lines

FOLDER = ROOT / "seeds" / "nation"
LEADING = 60_000


def _made() -> dict[str, Any]:
    """How it was made, as the folder says."""
    return tomllib.loads((FOLDER / "made.toml").read_text())


def _plan() -> Plan:
    made = _made()
    return Plan(
        load(), date.fromisoformat(made["from"]), made["days"], made["seed"], made["scale"], outcomes=made["outcomes"]
    )


def _digest(found: Any) -> str:
    whole = hashlib.sha256()
    for line in found:
        whole.update(line)
    return whole.hexdigest()


def test_the_sample_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 14_000_000


@pytest.mark.timeout(300)
def test_its_first_lines_are_the_generators() -> None:
    made = lines(_plan())
    events = (line.text + b"\n" for line in made if not line.truth)
    with lzma.open(FOLDER / "events.ndjson.xz") as file:
        assert _digest(islice(file, LEADING)) == _digest(islice(events, LEADING))
    made.close()  # type: ignore[attr-defined]


@pytest.mark.drills
@pytest.mark.timeout(900)
def test_all_of_it_is_the_generators() -> None:
    found: list[Line] = list(lines(_plan()))
    for name, truth in (("events", False), ("truth", True)):
        with lzma.open(FOLDER / f"{name}.ndjson.xz") as file:
            kept = _digest(file)
        assert kept == _made()["sha256"][name]
        assert kept == _digest(line.text + b"\n" for line in found if line.truth is truth)
