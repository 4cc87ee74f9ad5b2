"""Streams: what a feed says, as server-sent events or over a WebSocket, from a cursor on."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from redis.exceptions import RedisError
from starlette.requests import HTTPConnection

from streams.feed import frames as said
from streams.feed.board import Board
from streams.feed.callers import Caller, Known, Recognises, caller
from streams.feed.cursor import AnotherFeed, BadCursor, Cursor
from streams.feed.feeds import of_checkpoint, readable
from streams.feed.frames import Frame
from streams.feed.installation import Installation
from streams.feed.problems import Problem

router = APIRouter(tags=["streams"])
log = logging.getLogger("suar")

At = Annotated[str | None, Query(description="Where to go on: the id of the last frame seen; without one, a snapshot")]
Last = Annotated[str | None, Header(alias="Last-Event-ID")]
LOOKS_EVERY = 10.0
"""Seconds between looks whether a reader may still read."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get("/v1/checkpoints/{code}/stream", response_class=StreamingResponse)
async def checkpoint_stream(request: Request, who: Known, code: str, cursor: At = None, last: Last = None) -> Response:
    """A checkpoint's feed, as this caller may see it. `Last-Event-ID` goes before `cursor`: a browser that reconnects
    repeats the address it began with.
    """
    return await _stream(request, who, of_checkpoint(who, code), last or cursor)


@router.get("/v1/feeds/{feed}/stream", response_class=StreamingResponse)
async def feed_stream(request: Request, who: Known, feed: str, cursor: At = None, last: Last = None) -> Response:
    """One feed."""
    return await _stream(request, who, readable(who, feed), last or cursor)


@router.websocket("/v1/checkpoints/{code}/ws")
async def checkpoint_socket(socket: WebSocket, code: str) -> None:
    """A checkpoint's feed over a WebSocket."""
    try:
        who = await caller(socket)
        feed = of_checkpoint(who, code)
        await _socket(socket, who, feed)
    except Problem as problem:
        await socket.send_denial_response(problem.answer())


@router.websocket("/v1/feeds/{feed}/ws")
async def feed_socket(socket: WebSocket, feed: str) -> None:
    """One feed over a WebSocket."""
    try:
        who = await caller(socket)
        await _socket(socket, who, readable(who, feed))
    except Problem as problem:
        await socket.send_denial_response(problem.answer())


async def _stream(request: Request, who: Caller, feed: str, given: str | None) -> StreamingResponse:
    suar: Installation = request.app.state.suar
    board = await suar.boards.board(feed)
    frames = _while_known(request, who, from_cursor(board, given))
    suar.audit.saw(who, "stream", (feed,), request)
    return StreamingResponse(_events(frames), media_type="text/event-stream", headers=_HEADERS)


async def _while_known(
    connection: HTTPConnection, who: Caller, frames: AsyncGenerator[Frame, None]
) -> AsyncGenerator[Frame, None]:
    """A stream ends with the session or the key that opened it, soon after; a keep-alive comes at least as often.

    What it told is noted, some frames together.
    """
    suar: Installation = connection.app.state.suar
    access: Recognises = suar.access
    looked, told = time.monotonic(), list[str]()
    try:
        async with aclosing(frames) as open_frames:
            async for frame in open_frames:
                if time.monotonic() - looked >= LOOKS_EVERY:
                    suar.audit.saw(who, "streamed", told, connection)
                    told.clear()
                    if not await access.still(connection):
                        return
                    looked = time.monotonic()
                yield frame
                told += frame.ids
    finally:
        suar.audit.saw(who, "streamed", told, connection)


async def _events(frames: AsyncGenerator[Frame, None]) -> AsyncGenerator[bytes, None]:
    """All come back at different moments, should this gateway end."""
    yield b"retry: %d\n\n" % (500 + secrets.randbelow(1500))
    async with aclosing(frames) as open_frames:
        async for frame in open_frames:
            yield frame.sse


async def _socket(socket: WebSocket, who: Caller, feed: str) -> None:
    """Raises Problem before the socket is accepted."""
    suar: Installation = socket.app.state.suar
    board = await suar.boards.board(feed)
    frames = _while_known(socket, who, from_cursor(board, socket.query_params.get("cursor")))
    suar.audit.saw(who, "stream", (feed,), socket)
    await socket.accept()
    tasks = [asyncio.create_task(_say(socket, frames)), asyncio.create_task(_until_gone(socket))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _say(socket: WebSocket, frames: AsyncGenerator[Frame, None]) -> None:
    async with aclosing(frames) as open_frames:
        async for frame in open_frames:
            await socket.send_text(frame.text)
    await socket.close(1012)  # service restart: come again with the last cursor


async def _until_gone(socket: WebSocket) -> None:
    """Nothing is expected of the reader; what it says is not kept."""
    try:
        while True:
            await socket.receive()
    except (WebSocketDisconnect, RuntimeError):
        return


def from_cursor(board: Board, given: str | None) -> AsyncGenerator[Frame, None]:
    """Frames from a cursor on; that of another feed is a gap, told and closed by a snapshot. Raises Problem 400."""
    if not given:
        return _quietly(board.frames(None))
    try:
        return _quietly(board.frames(Cursor.parse(given, board.feed)))
    except AnotherFeed:
        return _quietly(_moved(board))
    except BadCursor:
        raise Problem(400, "bad_cursor", "this is no cursor of ours; leave it out to get a snapshot") from None


async def _moved(board: Board) -> AsyncGenerator[Frame, None]:
    """The gap's own cursor stands before everything: who drops here misses nothing."""
    yield said.gap(Cursor("", feed=board.feed), None, said.now(), "another_feed")
    async for frame in board.frames(None):
        yield frame


async def _quietly(frames: AsyncGenerator[Frame, None]) -> AsyncGenerator[Frame, None]:
    """Redis away while the past is read: the stream ends, and its reader comes back with its cursor."""
    try:
        async for frame in frames:
            yield frame
    except (RedisError, OSError) as error:
        log.info("a stream ends: redis is away (%s)", type(error).__name__)
