"""The guides name tests, commands and files: all of them exist."""

import re
from itertools import chain
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import whole
from streams.settings import ROOT

GUIDES = [*sorted((ROOT / "deploy" / "docs").glob("*.md")), ROOT / "deploy/README.md", ROOT / "deploy/RUNBOOK.md"]
_DEFINED = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
_NAMED = re.compile(r"`(test_\w+)`")
_COMMAND = re.compile(r"`(?:[A-Z_]+=\S+ )*suar ([a-z-]+(?: [a-z-]+)?)[^`]*`")
_FILE = re.compile(r"`((?:deploy|schemas|seeds|streams|agents|tests)/[\w./-]+)`")


@pytest.fixture(scope="module")
def defined() -> set[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return set(chain.from_iterable(_DEFINED.findall(file.read_text()) for file in files))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_control_s_test_exists(guide: Path, defined: set[str]) -> None:
    """A control without a test that shows it is a wish."""
    named = set(_NAMED.findall(guide.read_text()))
    assert named <= defined, sorted(named - defined)


def test_the_threat_model_names_a_test_in_every_row() -> None:
    rows = [
        line
        for line in (ROOT / "deploy/docs/THREATS.md").read_text().splitlines()
        if re.match(r"\| [STRIDE, ]+ \|", line)
    ]
    assert len(rows) > 20
    assert all(_NAMED.search(row) for row in rows)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_command_and_file_exists(guide: Path) -> None:
    text = guide.read_text()
    for words in set(_COMMAND.findall(text)):
        assert any(_known(words.split()[:count]) for count in (2, 1)), f"suar {words}"
    for file in set(_FILE.findall(text)):
        assert (ROOT / file).exists(), file


def _known(words: list[str]) -> bool:
    return CliRunner().invoke(whole(), [*words, "--help"]).exit_code == 0
