"""Cursors: what a reader hands back is what it was given, and nothing else passes for one."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from streams.feed.cursor import START, AnotherFeed, BadCursor, Cursor, order

FEED = "SUPERVISOR:A-CGK"
PLACES = some.dictionaries(
    some.sampled_from([f"{kind}{n}" for kind in "as" for n in range(12)]), some.integers(0, 2**40)
)


@given(some.text("0123456789abcdef", min_size=1, max_size=32), some.integers(0, 2**45), some.integers(0, 99), PLACES)
def test_a_cursor_comes_back_as_it_was_given(epoch: str, moment: int, number: int, upto: dict[str, int]) -> None:
    cursor = Cursor(epoch, f"{moment}-{number}", upto, FEED)
    text = cursor.encode()
    assert Cursor.parse(text, FEED) == cursor
    assert text.isascii()
    assert not set(text) & set("=+/ \n")


def test_the_cursor_of_another_feed_is_told_apart() -> None:
    text = Cursor("e", "5-0", {"a3": 17}, FEED).encode()
    with pytest.raises(AnotherFeed):
        Cursor.parse(text, "COUNTER:A-CGK")


def _made(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "no cursor at all",
        "%00",
        "é",
        "A" * 5000,
        _made(),
        _made(1, "e", "5-0"),
        _made(1, "e", "five", {}),
        _made(1, "e", "5-x", {}),
        _made(1, "e", "5-0", {"a3": "17"}),
        _made(1, "e", "5-0", {}, "more"),
    ],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursor) as refused:
        Cursor.parse(text, FEED)
    assert text not in str(refused.value) or not text


def test_a_cursor_knows_what_it_saw() -> None:
    cursor = Cursor("e", "5-0", {"a3": 17}, FEED)
    assert cursor.saw("a3:17")
    assert cursor.saw("a3:2")
    assert not cursor.saw("a3:18")
    assert not cursor.saw("a4:0")


def test_going_on_never_goes_back() -> None:
    """A rebuilt feed says old things again."""
    cursor = Cursor("e", "5-0", {"a3": 17}, FEED).after("6-0", "a3:4")
    assert cursor.entry == "6-0"
    assert cursor.upto == {"a3": 17}
    assert cursor.after("7-0", "a4:1").upto == {"a3": 17, "a4": 1}


def test_entries_are_ordered_as_numbers() -> None:
    assert order("9-5") < order("10-0") < order("10-1")
    assert order(START) < order("1-0")
