"""The table of texts: both languages, nothing missing, nothing left over."""

import re
import string

import pytest

from agents.decide import Why
from agents.disclosure import Purpose
from schemas.alerts import Family, Role, Severity, State, Strength, TriggerKind
from schemas.areas import AreaLevel, Indicator
from schemas.envelope import System
from schemas.events import EVENTS
from streams.feed.times import Step
from streams.web.alert import COMMANDS
from streams.web.page import HERE
from streams.web.words import LANGUAGES, Words, table

SOURCES = [*HERE.glob("*.py"), *(HERE / "templates").glob("*.html"), *(HERE / "static").glob("*.js")]
CALLED = re.compile(r"""\b(?:t|words|page\.words|self\.words)\(\s*f?["']([a-z_]+\.[A-Za-z0-9_-]+)["']""")
SCRIPTED = re.compile(r"\bknown\.words\.([a-z_]+)")
BY_CODE = {
    "severity": {one.name for one in Severity},
    "state": {one.value for one in State},
    "trigger": {one.value for one in TriggerKind},
    "family": {one.value for one in Family},
    "strength": {one.value for one in Strength},
    "role": {one.value for one in Role},
    "system": {one.value for one in System},
    "times": {one.value for one in Step},
    "done": set(COMMANDS),
    "reason": {one.value for one in Why} - {"first_answer", "answer_changed", "already_said"},
    "step": {one.type for one in EVENTS if one.system is System.CHECKPOINT and "alert_id" in one.model_fields},
    "event": {one.type for one in EVENTS},
    "level": {one.value for one in AreaLevel},
    "indicator": {one.value for one in Indicator},
    "indicator_text": {one.value for one in Indicator},
    "purpose": {one.value for one in Purpose},
}


def _used() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in SOURCES]
    called = {key for text in texts for key in CALLED.findall(text)}
    return called | {f"script.{key}" for text in texts for key in SCRIPTED.findall(text)}


def test_every_text_that_a_page_asks_for_is_there() -> None:
    assert len(_used()) > 100, "the pattern still finds the calls"
    assert _used() - table().keys() == set()


@pytest.mark.parametrize("kind", BY_CODE)
def test_every_code_has_words(kind: str) -> None:
    assert {f"{kind}.{code}" for code in BY_CODE[kind]} - table().keys() == set()


def test_every_text_stands_in_both_languages_with_the_same_blanks() -> None:
    for key, texts in table().items():
        assert tuple(sorted(texts)) == tuple(sorted(LANGUAGES)), key
        assert all(text.strip() for text in texts.values()), key
        blanks = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts.values()]
        assert blanks[0] == blanks[1], key


def test_no_text_is_left_over() -> None:
    """Parts that are looked up by a code, or handed to the scripts as a whole, are used as a whole."""
    whole = {*BY_CODE, "age", "script", "problem", "step", "reason", "link", "part", "help", "nav"}
    left = {key for key in table() if key.partition(".")[0] not in whole} - _used()
    assert left == set()


def test_texts_turn_nobody_away() -> None:
    unkind = re.compile(
        r"\b(ilegal|illegal|blokir|block(?:ed)?|tolak keberangkatan|deny|denied|blacklist)\b", re.IGNORECASE
    )
    assert [key for key, texts in table().items() if any(unkind.search(text) for text in texts.values())] == []


def test_an_unknown_language_is_indonesian_and_an_unknown_key_is_an_error() -> None:
    assert Words("xx")("nav.live") == "Langsung"
    with pytest.raises(KeyError):
        Words("id")("nav.nowhere")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 detik"), (59, "59 detik"), (2400, "40 menit"), (7300, "2 jam"), (90_000, "1 hari")]
)
def test_ages_are_said_in_one_unit(seconds: float, said: str) -> None:
    assert Words("id").age(seconds) == said
