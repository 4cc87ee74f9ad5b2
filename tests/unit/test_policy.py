"""The policy table: read whole, or refused with the name of the file and the place in it."""

from pathlib import Path

import pytest

from schemas.envelope import System
from schemas.policy import Policy
from streams.policy import PolicyError, load
from tests.stories.play import POLICY

GOOD = """
version = "test"
[gate_minutes]
A = 180
S = 60
L = 30
[checkpoints.A-CGK]
name = "Soekarno-Hatta"
zone = "Asia/Jakarta"
"""

BAD: list[tuple[str, str, str]] = [
    ("no version", GOOD.replace('version = "test"', ""), "version"),
    ("a word for a number", GOOD.replace("180", '"long"'), "gate_minutes.A"),
    ("a kind of gate is missing", GOOD.replace("L = 30", ""), "gate_minutes lacks"),
    ("a checkpoint without a zone", GOOD.replace('zone = "Asia/Jakarta"', ""), "checkpoints.A-CGK.zone"),
    ("a checkpoint that is none", GOOD.replace("A-CGK", "CGK"), "checkpoints.CGK"),
    ("an unknown table", GOOD + "[tariffs]\n", "tariffs"),
    ("an unknown window", GOOD + "[windows]\nlunch = 1\n", "windows.lunch"),
    ("an unknown system", GOOD + "[feed_limit_minutes]\nradio = 1\n", "feed_limit_minutes.radio"),
    ("a country in small letters", GOOD + '[corridors]\nx = ["idn"]\n', "corridors.x"),
    ("no TOML at all", "version = \n", "line 1"),
]


@pytest.mark.parametrize(("text", "place"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_table_names_file_and_place(tmp_path: Path, text: str, place: str) -> None:
    """Whoever signs tables reads this message, not a trace."""
    path = tmp_path / "2026-12.toml"
    path.write_text(text)
    with pytest.raises(PolicyError) as refused:
        load(path)
    assert "2026-12.toml" in str(refused.value)
    assert place in str(refused.value)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    """The name of the file is in the message."""
    with pytest.raises(PolicyError, match=r"missing\.toml"):
        load(tmp_path / "missing.toml")


def test_a_small_table_has_the_defaults_of_the_rule_book(tmp_path: Path) -> None:
    """What a table does not state is what the rules say."""
    path = tmp_path / "small.toml"
    path.write_text(GOOD)
    assert load(path).windows == Policy.model_fields["windows"].default
    assert load(path).feed_limit(System.SISKOP2MI).total_seconds() == 15 * 60


def test_the_shipped_table() -> None:
    """Every kind of gate is open for a while, deportees are handed over somewhere, corridors join."""
    assert POLICY.gate_open("A-CGK") > POLICY.gate_open("S-BTC") > POLICY.gate_open("L-ENT")
    assert POLICY.checkpoints["S-NNK"].deportation_corridor
    assert POLICY.corridor("KHM") >= {"KHM", "LAO", "MMR"}
    assert POLICY.corridor("JPN") == {"JPN"}
