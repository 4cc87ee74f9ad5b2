"""The gateway as a terminal sees it: a stream to follow, attempts to send, and what was shown to report."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, NoReturn
from urllib.parse import quote

import httpx
from pydantic import JsonValue

from streams.counter.frames import Frame, Frames, FrameTooLongError
from streams.counter.seen import SeenAlert, SeenAnswer, UnreadableError, read_alert, read_answer
from streams.counter.settings import CounterSettings

CONNECT_SECONDS: Final = 2.0
_NEVER: Final = frozenset({400, 404, 409, 410, 412, 413, 415, 422, 428})
"""Answers that asking again will not change. 401 and 403 are mended by an operator, so what waits goes on waiting."""


class AwayError(Exception):
    """No answer, or none that says anything; ask again, after `retry_after` seconds if the gateway named them."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class RefusedError(Exception):
    """The gateway understood and refuses: its status, and the code of its problem. Never a value that was sent."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Gateway:
    """One gateway, over one client."""

    def __init__(self, settings: CounterSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        token = settings.token.get_secret_value()
        self._http = httpx.AsyncClient(
            base_url=settings.url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=httpx.Timeout(5.0, connect=CONNECT_SECONDS),
            transport=transport,
        )

    async def close(self) -> None:
        """Ends what is open."""
        await self._http.aclose()

    async def stream(self, cursor: str | None) -> AsyncGenerator[list[Frame], None]:
        """Frames behind a cursor, as many at once as arrived together, until the line drops. Raises AwayError and RefusedError."""
        path = f"/v1/checkpoints/{self._settings.code}/stream"
        timeout = httpx.Timeout(5.0, connect=CONNECT_SECONDS, read=self._settings.silent_seconds)
        params = {} if cursor is None else {"cursor": cursor}
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        frames = Frames()
        async with _told(), self._http.stream("GET", path, params=params, headers=headers, timeout=timeout) as answer:
            if answer.status_code != httpx.codes.OK:
                await answer.aread()
                _fail(answer)
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                raise AwayError("no stream of events behind this address")
            async for chunk in answer.aiter_bytes():
                if done := frames.feed(chunk):
                    yield done
        raise AwayError("the stream ended")

    async def send(self, body: dict[str, JsonValue], wait: float) -> SeenAnswer | None:
        """Sends an attempt; None when its answer was not there within `wait` seconds. Sending again is the same attempt."""
        timeout = httpx.Timeout(wait + 3.0, connect=CONNECT_SECONDS)
        headers = {"Idempotency-Key": str(body["id"])}
        params = {"wait": f"{wait:g}"}
        async with _told():
            answer = await self._http.post("/v1/crossings", json=body, params=params, headers=headers, timeout=timeout)
        return _answer(answer)

    async def crossing(self, crossing_id: str) -> SeenAnswer | None:
        """The answer to an attempt that was sent, or None."""
        async with _told():
            answer = await self._http.get(f"/v1/crossings/{quote(crossing_id, safe='')}")
        return None if answer.status_code == httpx.codes.NOT_FOUND else _answer(answer)

    async def shown(self, alert_id: str, revision: int | None, at: datetime) -> None:
        """Reports that an alert was on the screen; the revision when it is known."""
        body = {"at": at.isoformat()} if revision is None else {"revision": revision, "at": at.isoformat()}
        async with _told():
            answer = await self._http.post(f"/v1/alerts/{quote(alert_id, safe='')}/shown", json=body)
        if not answer.is_success:
            _fail(answer)

    async def acknowledge(self, alert_id: str, revision: int) -> SeenAlert | None:
        """Says that somebody has seen it; gives back the newer view, if it is there already.

        A stale revision is no fault of the officer's: the newer view comes back instead.
        """
        key = {"If-Match": f'"{revision}"', "Idempotency-Key": f"acknowledge-{alert_id}-{revision}"}
        async with _told():
            answer = await self._http.post(f"/v1/alerts/{quote(alert_id, safe='')}/acknowledge", json={}, headers=key)
        if answer.status_code == httpx.codes.ACCEPTED:
            return None
        if not answer.is_success and answer.status_code != httpx.codes.PRECONDITION_FAILED:
            _fail(answer)
        return _newer(_json(answer))


def _newer(body: JsonValue) -> SeenAlert | None:
    """The view in an answer, or in a problem that carries it; None when it carries none."""
    if isinstance(body, dict):
        for view in (body.get("alert"), body.get("view"), body):
            if isinstance(view, dict) and "alert_id" in view:
                return _alert(view)
    return None


def _alert(view: JsonValue) -> SeenAlert | None:
    try:
        return read_alert(view)
    except UnreadableError:
        return None


def _answer(answer: httpx.Response) -> SeenAnswer | None:
    if answer.status_code == httpx.codes.ACCEPTED:
        return None
    if not answer.is_success:
        _fail(answer)
    try:
        return read_answer(_json(answer))
    except UnreadableError:
        raise AwayError("an answer that this version cannot read") from None


def _json(answer: httpx.Response) -> JsonValue:
    try:
        body: JsonValue = answer.json()
    except ValueError:
        return None
    return body


def _fail(answer: httpx.Response) -> NoReturn:
    """Raises what a status means."""
    body = _json(answer)
    code = body.get("code") if isinstance(body, dict) else None
    said = str(code or f"http_{answer.status_code}")
    if answer.status_code in _NEVER:
        raise RefusedError(answer.status_code, said)
    seconds = answer.headers.get("retry-after", "")
    raise AwayError(said, float(seconds) if seconds.isdecimal() else None)


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    """What can go wrong on the line becomes AwayError; its text names no address and nothing that was sent."""
    try:
        yield
    except (httpx.TransportError, httpx.DecodingError, FrameTooLongError) as error:
        raise AwayError(type(error).__name__) from error
