"""The policy table: read whole, or refused with the name of the file and the place in it."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemas.envelope import System
from schemas.policy import CountryRule, Policy
from streams.cli import whole
from streams.policy import PolicyError, content, digest, load, read
from tests.stories.play import POLICY, ROOT

GOOD = """
version = "test"
sop = "2026-11"
[gate_minutes]
A = 180
S = 60
L = 30
[checkpoints.A-CGK]
name = "Soekarno-Hatta"
zone = "Asia/Jakarta"
"""

COUNTRY = """
[[countries]]
country = "SAU"
rule = "CLOSED_HOUSEHOLD"
legal_ref = "Kepmenaker 260/2015"
valid_from = 2015-05-26
"""
LATER = COUNTRY.replace("CLOSED_HOUSEHOLD", "OPEN").replace("2015-05-26", "2026-12-01")
ALLOW = f"""
[[allow]]
subject = "contact:{"0" * 32}"
reason = "Switchboard of a training centre"
until = 2027-06-30
"""

BAD: list[tuple[str, str, str]] = [
    ("no version", GOOD.replace('version = "test"', ""), "version"),
    ("a word for a number", GOOD.replace("180", '"long"'), "gate_minutes.A"),
    ("a kind of gate is missing", GOOD.replace("L = 30", ""), "gate_minutes: lacks L"),
    ("a checkpoint without a zone", GOOD.replace('zone = "Asia/Jakarta"', ""), "checkpoints.A-CGK.zone"),
    ("a checkpoint that is none", GOOD.replace("A-CGK", "CGK"), "checkpoints.CGK"),
    ("an unknown table", GOOD + "[tariffs]\n", "tariffs"),
    ("an unknown window", GOOD + "[windows]\nlunch = 1\n", "windows.lunch"),
    ("an unknown system", GOOD + "[feed_limit_minutes]\nradio = 1\n", "feed_limit_minutes.radio"),
    ("a country in small letters", GOOD + '[corridors]\nx = ["idn"]\n', "corridors.x"),
    ("no procedure", GOOD.replace('sop = "2026-11"', ""), "sop: names no version of the procedure"),
    ("a procedure that is not there", GOOD.replace("2026-11", "2031-01"), "sop/2031-01.toml: No such file"),
    ("no TOML at all", "version = \n", "2026-12.toml:1: Invalid value"),
    ("a list that does not end", "version = 'x'\nhajj = [", "2026-12.toml:2: "),
    ("a name with a slash", GOOD.replace('"test"', '"2026/12"'), ":2: version: "),
    ("the line of a field", GOOD.replace("180", '"long"'), ":5: gate_minutes.A: Input should be a valid integer"),
    ("the line of a table that lacks one", GOOD.replace('zone = "Asia/Jakarta"', ""), ":8: checkpoints.A-CGK.zone: "),
    (
        "a zone that is none",
        GOOD.replace("Jakarta", "Jakart"),
        ":10: checkpoints.A-CGK.zone: this machine knows no zone",
    ),
    (
        "a zone elsewhere",
        GOOD.replace("Jakarta", "Tokyo"),
        ":10: checkpoints.A-CGK.zone: no checkpoint of Indonesia is in",
    ),
    (
        "two checkpoints of one name",
        GOOD + '[checkpoints.A-HLP]\nname = "Soekarno-Hatta"\nzone = "Asia/Jakarta"\n',
        ":12: checkpoints.A-HLP.name: Soekarno-Hatta is A-CGK already",
    ),
    ("a corridor of nowhere", GOOD + '[corridors]\nx = ["KHM", "XMR"]\n', ":12: corridors.x: XMR is no country"),
    ("an age for nowhere", GOOD + "[minimum_ages]\nXAA = 21\n", ":12: minimum_ages.XAA: XAA is no country"),
    ("a row on nowhere", GOOD + COUNTRY.replace("SAU", "SAX"), ":13: countries.0.country: SAX is no country"),
    (
        "a row that ends before it begins",
        GOOD + COUNTRY + "valid_to = 2014-01-01\n",
        ":17: countries.0.valid_to: ends before it begins (2015-05-26)",
    ),
    ("rows that contradict each other", GOOD + COUNTRY + LATER, ":18: countries.1: SAU is OPEN from 2026-12-01, while"),
    ("a link let pass for ever", GOOD + ALLOW.replace("until", "#until"), ":12: allow.0.until: Field required"),
    ("a person let pass", GOOD + ALLOW.replace("contact", "person"), ":13: allow.0.subject: person is no link"),
    ("a link let pass twice", GOOD + ALLOW + ALLOW, ":18: allow.1.subject: stands in an earlier row already"),
    ("a season that ends first", GOOD + "[[hajj]]\nbegins = 2027-06-01\nends = 2027-05-01\n", ":13: hajj.0.ends: "),
    ("a topic that keeps longer", GOOD + '[retention_days]\n"suar.alerts" = 30\n', ":12: retention_days.suar.alerts: "),
    ("less than nothing", GOOD + "[windows]\ndeferral = -1\n", ":12: windows.deferral: is below zero"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where policies lie, the procedures beside it, as in `deploy/`."""
    (tmp_path / "sop").symlink_to(ROOT / "deploy" / "sop")
    (tmp_path / "policy").mkdir()
    return tmp_path / "policy"


@pytest.mark.parametrize(("text", "place"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_table_names_file_and_place(folder: Path, text: str, place: str) -> None:
    """Whoever signs tables reads this message, not a trace."""
    path = folder / "2026-12.toml"
    path.write_text(text)
    with pytest.raises(PolicyError) as refused:
        load(path)
    assert "2026-12.toml" in str(refused.value)
    assert place in str(refused.value)


def test_the_command_tells_it_in_one_line(folder: Path) -> None:
    """Exit code 2 for a file that Suar would refuse, 0 for one that it would take."""
    path = folder / "2026-12.toml"
    path.write_text(GOOD + COUNTRY + LATER)
    done = CliRunner().invoke(whole(), ["policy", "check", str(path)])
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert f"{path}:18: countries.1: SAU is OPEN" in done.output
    path.write_text(GOOD + COUNTRY + ALLOW)
    done = CliRunner().invoke(whole(), ["policy", "check", str(path)])
    assert done.exit_code == 0
    assert "policy test: 1 checkpoints, 1 rows on countries, 1 links let pass, SOP 2026-11" in done.output


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    """The name of the file is in the message."""
    with pytest.raises(PolicyError, match=r"missing\.toml"):
        load(tmp_path / "missing.toml")


def test_a_small_table_has_the_defaults_of_the_rule_book(folder: Path) -> None:
    """What a table does not state is what the rules say."""
    path = folder / "small.toml"
    path.write_text(GOOD)
    assert load(path).windows == Policy.model_fields["windows"].default
    assert load(path).feed_limit(System.SISKOP2MI).total_seconds() == 15 * 60


def test_rows_that_follow_each_other(folder: Path) -> None:
    """A country opens: the earlier row ends the day before the later one begins."""
    path = folder / "opened.toml"
    path.write_text(GOOD + COUNTRY + "valid_to = 2026-11-30\n" + LATER + ALLOW)
    held = load(path)
    assert [held.country_rule("SAU", date(2026, 11, 30)), held.country_rule("SAU", date(2026, 12, 1))] == [
        CountryRule.CLOSED_HOUSEHOLD,
        CountryRule.OPEN,
    ]


def test_a_published_policy_is_the_same_policy(folder: Path) -> None:
    """Its bytes hold everything, its procedure too, and are the same whatever order sets have in this process."""
    path = folder / "whole.toml"
    path.write_text(GOOD + COUNTRY + ALLOW + '[corridors]\nmekong = ["KHM", "MMR", "LAO"]\n')
    held = load(path)
    assert read(content(held), "test") == held
    assert content(read(content(held), "test")) == content(held)
    assert b'"mekong":["KHM","LAO","MMR"]' in content(held)
    assert digest(content(held)) != digest(content(held.model_copy(update={"group_size": 9})))


def test_a_published_policy_of_a_newer_program() -> None:
    """An older program cannot read what it has no field for, and says so instead of leaving it out."""
    newer = content(POLICY).replace(b'"group_size"', b'"size_of_groups"')
    with pytest.raises(PolicyError, match=r"policy 2027-01 as published: size_of_groups: "):
        read(newer, "2027-01")


def test_the_shipped_table() -> None:
    """Every kind of gate is open for a while, deportees are handed over somewhere, corridors join."""
    assert POLICY.gate_open("A-CGK") > POLICY.gate_open("S-BTC") > POLICY.gate_open("L-ENT")
    assert POLICY.checkpoints["S-NNK"].deportation_corridor
    assert POLICY.corridor("KHM") >= {"KHM", "LAO", "MMR"}
    assert POLICY.corridor("JPN") == {"JPN"}
