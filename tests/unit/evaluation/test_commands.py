"""`suar replay` and `suar evaluate` as they are typed, on a small nation whose truth is known."""

import json
import os
import re
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from schemas.truth import Departure, Traveller
from streams.cli import whole
from tests.bench import agency
from tests.stories.play import ROOT
from tests.unit.replay import histories

POLICY = ROOT / "deploy" / "policy" / "2026-11.toml"
TRAVELLERS = 60


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whoever leaves to work without papers is said to be trafficked."""
    folder = tmp_path_factory.mktemp("nation")
    histories.nation(folder / "events.ndjson", TRAVELLERS)
    lines = [msgspec.json.encode(_truth(number)) for number in range(TRAVELLERS)]
    (folder / "truth.ndjson").write_bytes(b"\n".join(lines))
    return folder


def _truth(number: int) -> Departure:
    kind = {"without": Traveller.TRAFFICKED, "placed": Traveller.PLACED_WORKER, "visitor": Traveller.HOLIDAY}
    traveller = kind[histories.MIX.of(number)]
    return Departure(str(number), histories.BEGIN, traveller, crossing_id=agency.crossing_id("n", number))


def _suar(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(whole(), [str(word) for word in words], env={**os.environ, "COLUMNS": "160"})
    return done.exit_code, done.output


def test_evaluate_as_json_and_as_a_page(nation: Path, tmp_path: Path) -> None:
    html, kept = tmp_path / "report.html", tmp_path / "kept"
    words = ("evaluate", nation, "--json", "--html", html, "--out", kept, "--processes", 1)
    code, told = _suar(*words)
    assert code == 0
    found = json.loads(told[told.index("{") :])
    trafficked = sum(histories.MIX.of(number) == "without" for number in range(TRAVELLERS))
    assert (found["departures"], found["trafficked"]) == (TRAVELLERS, trafficked)
    assert found["composed"]["recall"]["of"] == trafficked
    assert html.read_text().startswith("<!doctype html>")
    again = _suar("evaluate", nation, "--json", "--alerts", kept / "said.ndjson")
    assert json.loads(again[1]) == found


def test_a_gate_that_is_missed_exits_with_1_and_names_it(nation: Path, tmp_path: Path) -> None:
    targets = tmp_path / "targets.toml"
    targets.write_text("[composed]\nper_thousand = 0.001\n")
    code, told = _suar("evaluate", nation, "--gate", targets, "--processes", 1)
    assert code == 1
    assert re.search(r"HIGH\+CRITICAL: alerts per 1,000 departures is \S+, the target is 0.001", told)


def test_a_real_history(nation: Path) -> None:
    code, told = _suar("evaluate", "--history", nation / "events.ndjson", "--processes", 1)
    assert code == 0
    assert f"Counted: {TRAVELLERS} departure attempts" in told
    assert "nothing became known of any departure" in told


def test_a_policy_against_itself_and_against_another(nation: Path, tmp_path: Path) -> None:
    other = tmp_path / "policy" / "milder.toml"
    other.parent.mkdir()
    (tmp_path / "sop").symlink_to(ROOT / "deploy" / "sop")
    text = POLICY.read_text().replace('version = "2026-11"', 'version = "milder"')
    other.write_text(f"{text}\n[offices_in_migration]\nMYS = 2027-12-31\n")
    events = nation / "events.ndjson"
    code, told = _suar("replay", events, "--compare", POLICY, other, "--json", "--out", tmp_path, "--processes", 1)
    assert code == 0
    found = json.loads(told)
    assert found["changes"]["ADDED"] == 0
    assert found["changes"]["LOST"] + found["changes"]["CHANGED"] == len(found["differences"]) > 0
    assert found["cost"]["live"]["departures"] == TRAVELLERS
    assert sum(found["cost"]["live"].values()) > sum(found["cost"]["candidate"].values())
    same = tmp_path / "same"
    code, told = _suar("replay", events, "--compare", POLICY, POLICY, "--out", same, "--processes", 1)
    assert code == 0
    assert "0 added, 0 lost, 0 changed" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("replay",), "name a file of events"),
        (("replay", "no-such.ndjson", "--out", "{}"), "No such file"),
        (("evaluate",), "name the folder of a simulation"),
        (("evaluate", "{}"), "holds no truth.ndjson"),
    ],
)
def test_errors_are_one_line(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    code, output = _suar(*(word.replace("{}", str(tmp_path)) for word in words), "--processes", 1)
    assert code == 2
    assert told in " ".join(output.split())
    assert "Traceback" not in output
