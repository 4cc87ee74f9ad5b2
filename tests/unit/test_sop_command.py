"""`suar sop`: the procedure on the screen and on paper."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemas.sop import sentences
from streams.cli import whole
from streams.sop import load
from tests.stories.play import ROOT
from tests.unit.test_sop import without_block

SHIPPED = ROOT / "deploy" / "sop" / "2026-11.toml"
TEXT = SHIPPED.read_text()
SOP = load(SHIPPED)
RUNNER = CliRunner()


def _run(*words: str) -> tuple[int, str]:
    result = RUNNER.invoke(whole(), ["sop", *words])
    return result.exit_code, result.output


def test_list_shows_every_part() -> None:
    code, out = _run("list", "--lang", "en")
    assert code == 0
    assert all(f"{part.kind}/{part.name}" in out for part in SOP.parts)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("part", SOP.parts, ids=SOP.reference)
def test_every_part_can_be_printed(part: object, language: str) -> None:
    """Plain: all its sentences, one a line, nothing of a terminal."""
    code, out = _run("show", SOP.reference(part), "--lang", language, "--plain")  # type: ignore[arg-type]  # a Part
    assert code == 0
    assert "\x1b" not in out
    assert "│" not in out
    assert all(getattr(text, language) in out for _, text in sentences(part))


def test_a_part_on_screen() -> None:
    code, out = _run("show", "rights/secondary-inspection")
    assert code == 0
    assert "Hak Anda di tempat pemeriksaan" in out
    assert "rights/secondary-inspection@2026-11" in out


def test_a_part_that_is_not_there() -> None:
    code, out = _run("show", "rights/nothing")
    assert (code, out.count("\n")) == (5, 1)
    assert "suar sop list" in out


def test_check(tmp_path: Path) -> None:
    """Silent work for whoever writes the next version: well, or one line."""
    code, out = _run("check", str(SHIPPED))
    assert code == 0
    assert f"{len(SOP.parts)} parts" in out
    bad = tmp_path / "2026-12.toml"
    bad.write_text(without_block(TEXT, 'code = "HAJJ"').replace('version = "2026-11"', 'version = "2026-12"'))
    code, out = _run("check", str(bad))
    assert (code, out.count("\n")) == (2, 1)
    assert "grounds lacks HAJJ" in out
