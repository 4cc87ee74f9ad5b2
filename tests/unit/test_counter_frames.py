"""The stream's text, cut into frames wherever the line cuts it."""

import pytest

from streams.counter.frames import Frame, Frames

LF = ": hello\n\nid: c1\nevent: alert\ndata: {}\n\nid:c2\ndata: a\ndata: é\nretry: 5\n\nevent: here\ndata: {}\n\nid: c9\nevent: alert\ndata: {"
WANTED = [Frame("c1", "alert", "{}"), Frame("c2", "message", "a\né"), Frame(None, "here", "{}")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_cut_gives_the_same_frames(ending: str) -> None:
    text = LF.replace("\n", ending).encode()
    for first in range(len(text) + 1):
        for second in {first, (first + len(text)) // 2, len(text)}:
            frames = Frames()
            got = [one for part in (text[:first], text[first:second], text[second:]) for one in frames.feed(part)]
            assert got == WANTED, (first, second)


def test_one_byte_at_a_time() -> None:
    frames = Frames()
    text = LF.replace("\n", "\r\n").encode()
    assert [one for at in range(len(text)) for one in frames.feed(text[at : at + 1])] == WANTED


def test_an_id_is_of_its_frame_only() -> None:
    """A frame without an id moves no cursor, whatever came before."""
    assert Frames().feed(b"id: c1\ndata: a\n\ndata: b\n\n")[1].cursor is None


def test_a_frame_without_data_says_nothing() -> None:
    assert Frames().feed(b"id: c1\nevent: alert\n\n") == []
