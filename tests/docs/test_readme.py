"""Documentation that fails the build: tables are the code's, commands exist, paths are there, examples stand in every help."""

import re
from pathlib import Path

import pytest

from tests.docs.tables import README, leaves, rendered

ROOT = README.parent


LEAVES = leaves()


def test_the_tables_are_the_codes() -> None:
    text = README.read_text()
    assert rendered(text) == text, "run `python -m tests.docs`"


@pytest.mark.parametrize(("path", "text"), LEAVES, ids=[path for path, _ in LEAVES])
def test_every_help_has_an_example(path: str, text: str) -> None:
    assert path in text.partition("Example:")[2]


def test_paths_named_in_the_readme_exist() -> None:
    named = re.findall(r"`((?:schemas|agents|streams|deploy|seeds|tests)/[\w./-]*)`", README.read_text())
    assert named
    missing = [path for path in named if not (ROOT / path).exists()]
    assert missing == []


def test_make_targets_named_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`make (\w+)", README.read_text())):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("word", ["blacklist", "illegal worker", "DENY", "BLOCK_TRAVELLER"])
def test_words_we_do_not_use(word: str) -> None:
    for folder in ("schemas", "agents", "streams"):
        for file in (ROOT / folder).rglob("*.py"):
            assert word not in file.read_text(), f"{word} in {file.relative_to(ROOT)}"


def test_no_file_is_too_long() -> None:
    """Files under 400 lines: past that, a file is about two things."""
    long = [f for folder in ("schemas", "agents", "streams") for f in (ROOT / folder).rglob("*.py") if _lines(f) > 400]
    assert long == []


def _lines(file: Path) -> int:
    return len(file.read_text().splitlines())
