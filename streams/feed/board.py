"""Boards: one for each feed in use, in memory: what is open, and everybody who watches it."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from redis.exceptions import RedisError

from streams import metrics, traces
from streams.feed import frames as said
from streams.feed.cursor import START, Cursor, order
from streams.feed.frames import Frame
from streams.feed.reader import Reader
from streams.feed.rows import NEVER, Row, row
from streams.feed.settings import FeedSettings
from streams.feed.store import Entry, FeedStore
from streams.feed.tasks import begun, ended
from streams.teller import Teller

__all__ = ["Board", "Boards", "Row", "Snapshot"]

log = logging.getLogger("suar")

PAGE: Final = 500
"""Entries read at once."""
WAIT_MS: Final = 100
"""How long a read waits for news; a board that was just opened waits no longer for its turn."""
OVERDUE: Final = timedelta(minutes=1)
"""How long after its expiry an alert whose end was never heard stays on a board."""
A_FEW: Final = 8
"""Readers that are told at once that the stream is alive."""
AGAIN_SECONDS: Final = 0.5
"""Until Redis is asked again after it was away."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is open, and the cursor that continues it."""

    rows: Sequence[Row]
    cursor: Cursor

    @property
    def frame(self) -> Frame:
        """As a stream says it."""
        return Frame(self.cursor, said.SNAPSHOT, said.listed(self.cursor, (one.raw for one in self.rows)))


class Board:
    """One feed. Only the task of `Boards` writes it, in one step for each entry, so whoever reads it sees no half of one."""

    def __init__(self, feed: str, store: FeedStore, settings: FeedSettings) -> None:
        self.feed = feed
        self.cursor = Cursor("", feed=feed)
        self._rows: dict[str, Row] = {}
        self._expires = NEVER
        self._store, self._settings = store, settings
        self._newest: deque[Frame] = deque(maxlen=settings.frames_kept)
        self._readers: set[Reader] = set()
        self._awaited: dict[str, dict[asyncio.Future[None], int]] = {}

    @property
    def rows(self) -> Mapping[str, Row]:
        """What is open. An alert ends with a revision that says so; where an emptied Redis lost that, it ends by itself."""
        overdue = datetime.now(UTC) - OVERDUE
        if self._expires < overdue:
            self._hold({name: one for name, one in self._rows.items() if one.expires_at >= overdue})
        return self._rows

    def _hold(self, rows: dict[str, Row]) -> None:
        self._rows = rows
        self._expires = min((one.expires_at for one in rows.values()), default=NEVER)

    def snapshot(self) -> Snapshot:
        """Rows and cursor of one moment."""
        return Snapshot(tuple(self.rows.values()), self.cursor)

    async def frames(self, cursor: Cursor | None) -> AsyncGenerator[Frame, None]:
        """What a reader at that cursor lacks, then what comes; without one, a snapshot first.

        It ends when the reader is too slow, the gateway stops, or Redis was emptied while the past was read: then the
        reader comes back with its last cursor, and nothing is missed or repeated. Raises redis-py's errors at its start.
        """
        reader = Reader(cursor or self.cursor, self._settings.frames_waiting)
        self._readers.add(reader)
        metrics.STREAMS.labels(self._role).inc()
        try:
            missed = self._missed(reader, cursor) if cursor else _one(self._whole(reader))
            async for frame in missed:
                yield frame
            reader.compare(self.cursor)
            async for frame in reader.waiting():
                yield frame
        finally:
            self._readers.discard(reader)
            metrics.STREAMS.labels(self._role).dec()

    @property
    def _role(self) -> str:
        return self.feed.partition(":")[0]

    def _whole(self, reader: Reader) -> Frame:
        """A snapshot in place of all that waits for the reader."""
        reader.forget()
        reader.cursor, reader.apart = self.cursor, False
        return self.snapshot().frame

    async def _missed(self, reader: Reader, cursor: Cursor) -> AsyncGenerator[Frame, None]:
        kept = self._kept(cursor)
        if kept is not None:
            for frame in kept:
                if (mine := reader.take(frame)) is not None:
                    yield mine
            return
        until, after = self.cursor, cursor.entry if cursor.epoch == self.cursor.epoch else START
        while order(after) < order(until.entry):
            page = await self._store.page(self.feed, after, PAGE)
            if page.epoch != until.epoch:
                reader.let_go()
                return
            if page.lost:
                yield _gap(reader.cursor)
                yield self._whole(reader)
                return
            for entry in page.entries:
                if (mine := reader.take(self._frame(until, entry))) is not None:
                    yield mine
            after = page.entries[-1][0] if page.entries else until.entry

    def _kept(self, cursor: Cursor) -> list[Frame] | None:
        """What came after the cursor, when all of it is in memory."""
        if cursor.epoch != self.cursor.epoch:
            return None
        if cursor.entry == self.cursor.entry:
            return []
        if not self._newest or order(self._newest[0].cursor.entry) > order(cursor.entry):
            return None
        return [frame for frame in self._newest if order(frame.cursor.entry) > order(cursor.entry)]

    @staticmethod
    def _frame(before: Cursor, entry: Entry) -> Frame:
        """An entry as it is said. Raises KeyError, ValueError or msgspec's errors when somebody else wrote it."""
        name, fields = entry
        raw, place = fields[b"entry"], fields[b"place"].decode()
        what = msgspec.json.decode(raw, type=_What).what
        return Frame(before.after(name, place), what, raw, place)

    async def open(self) -> None:
        """Reads the feed as it stands. Raises redis-py's errors."""
        opened = await self._store.open(self.feed)
        rows = [row(view) for view in opened.views]
        self._hold({one.alert_id: one for one in rows if one.open})
        self.cursor = opened.cursor
        self._newest.clear()

    async def open_again(self) -> None:
        """After entries were lost: everybody is told of the gap and given the whole."""
        await self.open()
        for reader in list(self._readers):
            told = _gap(reader.cursor)
            reader.cursor, reader.apart = self.cursor, False
            self._offer(told, reader)
            self._offer(self.snapshot().frame, reader)

    def begin(self, epoch: str) -> None:
        """Redis was emptied: the feed is read from its start, and what was seen is known by its place."""
        self.cursor = replace(self.cursor, epoch=epoch, entry=START)
        self._newest.clear()
        for reader in self._readers:
            reader.compare(self.cursor)

    def hear(self, entry: Entry) -> None:
        """One entry more."""
        try:
            frame = self._frame(self.cursor, entry)
            head = _HEARD.decode(frame.body)
            one = row(frame.body) if frame.event == said.ALERT else None
        except (KeyError, ValueError, msgspec.MsgspecError):
            metrics.UNREADABLE_ENTRIES.inc()
            self.cursor = replace(self.cursor, entry=entry[0])
            return
        again = self.cursor.saw(frame.place)
        self.cursor = frame.cursor
        self._newest.append(frame)
        if one is not None:
            self._put(one)
        for reader in list(self._readers):
            self._offer(frame, reader, again=again)
        self._wake(head.alert_id if one else head.crossing_id, head.revision)
        if head.trace:
            step = traces.begun("stream", head.trace.encode(), order(entry[0])[0])
            step.done(feed=self.feed, readers=str(len(self._readers)))

    def _put(self, one: Row) -> None:
        held = self._rows.get(one.alert_id)
        if held is not None and held.revision > one.revision:
            return
        if one.open:
            self._rows[one.alert_id] = one
            self._expires = min(self._expires, one.expires_at)
        else:
            self._rows.pop(one.alert_id, None)

    def _offer(self, frame: Frame, reader: Reader, *, again: bool = False) -> None:
        if not reader.offer(frame, again=again):
            self._readers.discard(reader)
            metrics.LET_GO.inc()

    @property
    def readers(self) -> list[Reader]:
        """Everybody who watches."""
        return list(self._readers)

    def here(self, body: bytes, readers: Iterable[Reader]) -> None:
        """Tells these readers that the stream is alive, and how the agencies' feeds are."""
        frame = Frame(self.cursor, said.HERE, body)
        for reader in readers:
            if reader in self._readers:
                self._offer(frame, reader)

    def end(self) -> None:
        """Lets every reader go: the gateway stops."""
        for reader in self._readers:
            reader.let_go()

    def coming(self, name: str, revision: int) -> "asyncio.Future[None]":
        """Done when this board hears of that revision of an alert or a screening, or of a later one; cancel it when it is
        no longer waited for.
        """
        heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._awaited.setdefault(name, {})
        waiting[heard] = revision

        def forget(done: "asyncio.Future[None]") -> None:
            waiting.pop(done, None)
            if not waiting and self._awaited.get(name) is waiting:
                del self._awaited[name]

        heard.add_done_callback(forget)
        return heard

    def _wake(self, name: str, revision: int) -> None:
        for heard, wanted in self._awaited.get(name, {}).items():
            if revision >= wanted and not heard.done():
                heard.set_result(None)


class Boards:
    """All boards of a gateway, and the one task that reads for them. An outage of Redis leaves them as they are."""

    def __init__(self, waiting: Teller, teller: Teller, settings: FeedSettings) -> None:
        self.store = FeedStore(waiting, teller, settings)
        self._settings = settings
        self._boards: dict[str, Board] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.well = True
        """The last read went through."""

    async def board(self, feed: str) -> Board:
        """The board of a feed, complete. Raises redis-py's errors when it must be opened and cannot."""
        async with self._opening.setdefault(feed, asyncio.Lock()):
            if feed not in self._boards:
                board = Board(feed, self.store, self._settings)
                await board.open()
                self._boards[feed] = board
                self._some.set()
        return self._boards[feed]

    def start(self) -> None:
        """Begins to read."""
        self._task = begun(self._run(), "boards")

    async def stop(self) -> None:
        """Ends the streams, then the reading."""
        self.end()
        if self._task is not None:
            await ended(self._task)

    def end(self) -> None:
        """Lets every reader go."""
        for board in self._boards.values():
            board.end()

    async def here(self, body: bytes, within: float) -> None:
        """Tells every reader of every board that its stream is alive; spread over so many seconds, so that no alert waits
        behind thousands of keep-alives.
        """
        few = [
            (board, some)
            for board in self._boards.values()
            for readers in (board.readers,)
            for some in (readers[first : first + A_FEW] for first in range(0, len(readers), A_FEW))
        ]
        for board, some in few:
            board.here(body, some)
            await asyncio.sleep(within / len(few))

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            try:
                await self._read()
                self.well = True
            except (RedisError, OSError) as error:
                if self.well:
                    log.warning("boards wait for redis (%s); nothing is lost", type(error).__name__)
                self.well = False
                await asyncio.sleep(AGAIN_SECONDS)

    async def _read(self) -> None:
        """One read for all. What came before the epoch is known to stand is thrown away: it is read again."""
        after = {feed: board.cursor.entry for feed, board in self._boards.items()}
        news = await self.store.newer(after, PAGE, WAIT_MS)
        epoch = await self.store.epoch()
        if epoch is None:
            await asyncio.sleep(WAIT_MS / 1000)
            return
        for board in self._boards.values():
            if board.cursor.epoch != epoch:
                await self._emptied(board, epoch)
            elif board.feed in after and board.cursor.entry == after[board.feed]:
                await self._heard(board, news.get(board.feed, ()))

    async def _emptied(self, board: Board, epoch: str) -> None:
        log.warning("redis was emptied: the board of %s begins again", board.feed)
        page = await self.store.page(board.feed, START, 1)
        if page.lost and page.epoch == epoch:
            await board.open_again()
        else:
            board.begin(epoch)

    async def _heard(self, board: Board, entries: Sequence[Entry]) -> None:
        if len(entries) == PAGE and (await self.store.page(board.feed, board.cursor.entry, 1)).lost:
            await board.open_again()
            return
        for entry in entries:
            board.hear(entry)


class _What(msgspec.Struct, frozen=True):
    what: str


class _Heard(msgspec.Struct, frozen=True):
    revision: int
    alert_id: str = ""
    crossing_id: str = ""
    trace: str = ""


_HEARD = msgspec.json.Decoder(_Heard)


async def _one(frame: Frame) -> AsyncGenerator[Frame, None]:
    yield frame


def _gap(cursor: Cursor) -> Frame:
    """With the cursor from before it: who drops between gap and snapshot is told again."""
    return said.gap(cursor, _moment(cursor.entry), said.now(), "trimmed")


def _moment(entry: str) -> str | None:
    """When an entry was put there, by its id; None before the first."""
    milliseconds, _ = order(entry)
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat() if milliseconds else None
