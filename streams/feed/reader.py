"""One reader of a feed: what waits for it, and where it stands."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from streams.feed.cursor import Cursor
from streams.feed.frames import Frame


class Reader:
    """Frames on their way to one stream. A reader too slow for them is let go: it keeps what already waits, ends, and
    comes back with its cursor.
    """

    def __init__(self, cursor: Cursor, waiting: int) -> None:
        self.cursor = cursor
        """After the last frame given."""
        self.apart = True
        """It saw less than the board, or more (a board that was opened during a rebuild): it is offered everything, picks,
        and has cursors of its own.
        """
        self._queue: asyncio.Queue[Frame | None] = asyncio.Queue(waiting + 1)
        self._waiting = waiting
        self._let_go = False

    def offer(self, frame: Frame, *, again: bool = False) -> bool:
        """A new frame; `again` when the board has seen what it says. False when the reader was let go."""
        if self._let_go or (again and not self.apart):
            return not self._let_go
        if self._queue.qsize() >= self._waiting:
            self.let_go()
            return False
        self._queue.put_nowait(frame)
        return True

    def let_go(self) -> None:
        """The stream ends after what waits."""
        if not self._let_go:
            self._let_go = True
            self._queue.put_nowait(None)

    def forget(self) -> None:
        """What waits is part of a snapshot that is given instead."""
        while not self._queue.empty():
            self._queue.get_nowait()
        if self._let_go:
            self._queue.put_nowait(None)

    def compare(self, board: Cursor) -> None:
        """From the moment at which it has seen what the board has, no more and no less, the board's cursors are its own."""
        self.apart = self.cursor.upto != board.upto

    def take(self, frame: Frame) -> Frame | None:
        """The frame as this reader gets it; None when it has seen it."""
        if frame.place and self.cursor.saw(frame.place):
            return None
        mine = self._own(frame) if self.apart else frame
        self.cursor = mine.cursor
        if self.apart:
            self.compare(frame.cursor)
        return mine

    def _own(self, frame: Frame) -> Frame:
        """The board's cursor would claim what this reader has not seen, or forget what it has."""
        mine = replace(self.cursor, epoch=frame.cursor.epoch, entry=frame.cursor.entry)
        return replace(frame, cursor=mine.after(mine.entry, frame.place) if frame.place else mine)

    async def waiting(self) -> AsyncIterator[Frame]:
        """Frames as they come, until it is let go."""
        while (frame := await self._queue.get()) is not None:
            mine = self.take(frame)
            if mine is not None:
                yield mine
