"""Server-sent events, as far as the stream uses them: `id`, `event` and `data` (HTML standard, 9.2.6)."""

from dataclasses import dataclass
from typing import Final

LONGEST: Final = 64 * 1024 * 1024
"""Bytes of one frame. A snapshot of 10,000 open alerts takes about 20 MB."""


class FrameTooLongError(Exception):
    """What arrives is no stream of frames, or one that this terminal cannot hold."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `cursor` is None when the frame brought no id of its own: then it moves no cursor."""

    cursor: str | None
    event: str
    data: str


class Frames:
    """Cuts bytes, as they come, into frames. What is incomplete when the line drops is never given out."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._held = 0
        self._after_return = False
        self._cursor: str | None = None
        self._event = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that these bytes complete. Raises FrameTooLongError."""
        done: list[Frame] = []
        if not chunk:
            return done
        if self._after_return:
            chunk = chunk.removeprefix(b"\n")
        self._after_return = chunk.endswith(b"\r")
        for piece in chunk.splitlines(keepends=True):
            self._pieces.append(piece)
            self._held += len(piece)
            if self._held > LONGEST:
                raise FrameTooLongError
            if piece.endswith((b"\n", b"\r")):
                line = b"".join(self._pieces).rstrip(b"\r\n")
                self._pieces = []
                frame = self._line(line)
                if frame is not None:
                    done.append(frame)
        return done

    def _line(self, line: bytes) -> Frame | None:
        if not line:
            return self._end()
        name, _, value = line.partition(b":")
        text = value.removeprefix(b" ").decode(errors="replace")
        match name:
            case b"id" if "\0" not in text:
                self._cursor = text
            case b"event":
                self._event = text
            case b"data":
                self._data.append(text)
            case _:
                pass  # a comment, `retry`, or a field of a later version
        return None

    def _end(self) -> Frame | None:
        frame = Frame(self._cursor, self._event or "message", "\n".join(self._data)) if self._data else None
        self._reset()
        return frame

    def _reset(self) -> None:
        self._cursor, self._event, self._data, self._held = None, "", [], 0
