"""The rules' measured worth, on the sample week: the same history and policy give the same figures, and none may get worse unseen."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from streams.settings import ROOT

pytestmark = pytest.mark.timeout(1600)
SAMPLE = ROOT / "seeds" / "nation"
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> "subprocess.CompletedProcess[str]":
    """`suar evaluate` as an operator runs it, against what the rules hold today; politely, since other tests measure time."""
    words = [
        "nice",
        "-n",
        "5",
        sys.executable,
        "-m",
        "streams",
        "evaluate",
        str(SAMPLE),
        "--gate",
        str(HERE / "held.toml"),
        "--json",
    ]
    words += ["--out", str(tmp_path_factory.mktemp("replay"))]
    return subprocess.run(words, capture_output=True, text=True, timeout=1500, check=False)


def test_no_rule_is_worse_than_it_was(evaluated: "subprocess.CompletedProcess[str]") -> None:
    assert evaluated.returncode == 0, evaluated.stderr


def test_the_readme_s_figures_are_those_of_this_code(evaluated: "subprocess.CompletedProcess[str]") -> None:
    """Whoever changes a rule measures it: `suar evaluate seeds/nation --json > tests/evaluation/sample.json`."""
    assert json.loads(evaluated.stdout) == json.loads((HERE / "sample.json").read_text())
