"""The desk: a page is a client of the public API. It asks in-process, as its visitor, and so shows and does no more than the
visitor's own grants allow; every read is audited where the API audits it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx
import msgspec
from fastapi import Request

_PASSED_ON: Final = ("cookie", "authorization", "user-agent", "x-forwarded-for", "origin", "referer")
NOWHERE: Final = ("", 0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said. `body` is an object, or empty when there was none."""

    status: int
    body: Mapping[str, Any]
    etag: str = ""

    @property
    def ok(self) -> bool:
        """Was it done, or taken on?"""
        return self.status < 300

    @property
    def code(self) -> str:
        """Of a problem: its code, such as `stale`."""
        return str(self.body.get("code") or self.body.get("type") or self.status)


class Desk:
    """Asks the API on behalf of one request's visitor."""

    def __init__(self, request: Request) -> None:
        self._headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        self._base = f"{request.url.scheme}://{request.url.netloc}"
        client = request.client or NOWHERE
        self._transport = httpx.ASGITransport(request.app, raise_app_exceptions=False, client=(client[0], client[1]))

    async def get(self, path: str, /, **query: str | int) -> Answer:
        """`path` begins with /v1; empty query values are left out."""
        asked = urlencode({name: value for name, value in query.items() if value not in {"", None}})
        return await self._ask("GET", f"{path}?{asked}" if asked else path, {}, b"")

    async def post(self, path: str, body: Mapping[str, object], /, **headers: str) -> Answer:
        """A command. `headers` with underscores for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items() if value}
        return await self._ask("POST", path, {"content-type": "application/json", **sent}, msgspec.json.encode(body))

    async def delete(self, path: str, /, **headers: str) -> Answer:
        """Ends something."""
        return await self._ask("DELETE", path, {name.replace("_", "-"): one for name, one in headers.items()}, b"")

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        request = httpx.Request(method, self._base + path, headers={**self._headers, **headers}, content=content)
        response = await self._transport.handle_async_request(request)
        raw = await response.aread()
        return Answer(response.status_code, _object(raw), response.headers.get("etag", ""))


def _object(raw: bytes) -> Mapping[str, Any]:
    """What is no JSON object is no answer that a page could show."""
    try:
        read = msgspec.json.decode(raw) if raw else {}
    except msgspec.DecodeError:
        return {}
    return read if isinstance(read, dict) else {"items": read}


def safe(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="")
