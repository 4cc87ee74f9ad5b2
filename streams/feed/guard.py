"""The guard before every answer: security headers, a bound on bodies, a number for each request, and how often one may ask."""

import math
import re
import time
from collections.abc import MutableMapping
from typing import Any, Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.feed.problems import Problem

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No script or style in a page itself, nothing from elsewhere, and no page of ours inside another."""
HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HSTS: Final = "max-age=31536000; includeSubDomains"
REQUEST_ID: Final = "X-Request-ID"
SET_COOKIES: Final = "set_cookies"
"""Name in a request's state: cookies to write with whatever is answered."""
WIDE: Final = ("/v1/events",)
"""Paths whose bodies have their own bound."""
_NUMBERED: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
_MOST_BUCKETS: Final = 10_000


class Rates:
    """A token bucket for each name, in memory. What is taken may go into debt once: a batch is let through whole, and
    its sender then waits until it is paid.
    """

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str, tokens: float = 1.0, *, now: float | None = None) -> None:
        """Takes tokens. Raises Problem 429 with how many seconds to wait, rounded up."""
        moment = time.monotonic() if now is None else now
        held, since = self._buckets.get(name, (self._burst, moment))
        held = min(self._burst, held + (moment - since) * self._per_second)
        if held < min(tokens, 1.0):
            raise too_many((1.0 - held) / self._per_second)
        if name not in self._buckets and len(self._buckets) >= _MOST_BUCKETS:
            self._forget(moment)
        self._buckets[name] = (held - tokens, moment)

    def _forget(self, moment: float) -> None:
        """Full buckets are as good as none; should none be full, the one used longest ago goes."""
        full = [
            name
            for name, (held, since) in self._buckets.items()
            if held + (moment - since) * self._per_second >= self._burst
        ]
        for name in full or [min(self._buckets, key=lambda one: self._buckets[one][1])]:
            del self._buckets[name]


def too_many(seconds: float) -> Problem:
    """429, with the whole seconds after which to come again."""
    wait = max(1, math.ceil(seconds))
    text = f"too many requests; come again in {wait} s"
    return Problem(429, "too_many_requests", text, headers={"Retry-After": str(wait)})


class Guard:
    """Middleware in plain ASGI, so that streams are not held up."""

    def __init__(self, app: ASGIApp, *, body_bytes: int, wide_bytes: int) -> None:
        self._app = app
        self._body_bytes, self._wide_bytes = body_bytes, wide_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Every request and WebSocket passes here."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        given = Headers(scope=scope).get(REQUEST_ID, "")
        state["request_id"] = given if _NUMBERED.fullmatch(given) else uuid4().hex
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._wide_bytes if scope["path"] in WIDE else self._body_bytes
        read = 0

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                _dress(MutableHeaders(scope=message), scope)
            await send(message)

        async def received() -> Message:
            """Counted as it comes: a length that was announced may be untrue, or missing."""
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, _too_large(most).detail)  # the one kind that FastAPI lets through from here
            return message

        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > most:
            await _too_large(most).answer()(scope, receive, sent)
            return
        await self._app(scope, received, sent)


def _too_large(most: int) -> Problem:
    return Problem(413, "content_too_large", f"a request here has at most {most} bytes")


def _dress(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if scope["scheme"] == "https":
        headers["Strict-Transport-Security"] = HSTS
    headers[REQUEST_ID] = scope["state"]["request_id"]
    for cookie in scope["state"].get(SET_COOKIES, ()):
        headers.append("Set-Cookie", cookie)
    if not scope["path"].startswith("/static/"):
        headers.setdefault("Cache-Control", "no-store")
