"""The front of the gateway alone: guard, sign-in and one route that reads and one that changes. No Kafka, no Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI, Request, WebSocket

from streams.feed import access, problems
from streams.feed import settings as settings_of
from streams.feed.access import Access
from streams.feed.callers import Known
from streams.feed.guard import Guard
from streams.feed.settings import FeedSettings


class SignedOut:
    """What sign-out needs of Redis."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    async def call(self, command: str, name: str, *_: object) -> int:
        if command == "SET":
            self.names.add(name)
        return int(name in self.names)


def settings(**more: Any) -> FeedSettings:
    return settings_of.load(pseudonym_key="p" * 32, session_key="s" * 32, **more)


@asynccontextmanager
async def gate(redis: Any = None, **more: Any) -> AsyncIterator[FastAPI]:
    """An app with the settings that are given."""
    config = settings(**more)
    app = FastAPI()
    problems.install(app)
    app.include_router(access.router)

    @app.get("/thing")
    async def read(who: Known) -> dict[str, str]:
        return {"name": who.name}

    @app.post("/thing")
    async def change(who: Known, request: Request) -> dict[str, Any]:
        form = dict(await request.form()) if "form" in request.headers.get("content-type", "") else {}
        return {"name": who.name, "form": form, "bytes": len(await request.body()) if not form else 0}

    @app.websocket("/ws")
    async def stream(socket: WebSocket, who: Known) -> None:
        await socket.accept()
        await socket.send_text(who.name)
        await socket.close()

    app.add_middleware(Guard, body_bytes=config.body_bytes, wide_bytes=config.batch_bytes)
    async with httpx.AsyncClient(timeout=5) as http:
        app.state.suar = SimpleNamespace(access=Access(config, SignedOut() if redis is None else redis, http))
        yield app


def browser(app: FastAPI, base: str = "http://suar.test", **more: Any) -> httpx.AsyncClient:
    """A client that keeps cookies as a browser does."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base, **more)


async def opened(app: FastAPI, path: str, headers: dict[str, str]) -> str:
    """What a server answers to a WebSocket: `websocket.accept`, or `websocket.close` and `websocket.http.response.start`."""
    said: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message["type"])

    raw = [(name.encode(), value.encode()) for name, value in {"host": "suar.test", **headers}.items()]
    scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": raw}
    try:
        await app({**scope, "scheme": "ws", "subprotocols": [], "client": ("127.0.0.1", 1)}, receive, send)
    except problems.Problem:
        said.append("refused")
    return said[0]
