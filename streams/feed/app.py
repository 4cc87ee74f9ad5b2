"""The whole gateway on one screen: every router, the guard in front, and what is open while it runs."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import generate_latest
from redis.exceptions import RedisError
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import LOGGING_CONFIG

from streams import connection, logs, metrics, traces
from streams.feed import (
    access,
    agencies,
    alerts,
    areas,
    crossings,
    feeds,
    identities,
    ingest,
    live,
    problems,
    shown,
    silences,
    travellers,
)
from streams.feed.guard import Guard
from streams.feed.installation import Installation, opened
from streams.feed.settings import FeedSettings
from streams.web import pages

ASKED_WITH = ("Authorization", "Content-Type", "If-Match", "Idempotency-Key")
"""Headers that another origin's page may send, when it may call at all; cookies never travel from there."""
STOPS_WITHIN = 3
"""Seconds that requests under way are given when the gateway stops."""
READY_WITHIN = 2.0
DESCRIPTION = "Alerts, streams and commands for checkpoints, coordinators and agencies. It advises; it never decides."


def build(settings: FeedSettings) -> FastAPI:
    """The app. Building it connects to nothing."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings) as suar:
            app.state.suar = suar
            yield

    app = FastAPI(
        title="Suar", version=version("suar"), description=DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    problems.install(app)
    app.include_router(feeds.router)
    app.include_router(live.router)
    app.include_router(shown.router)
    app.include_router(alerts.router)
    app.include_router(identities.router)
    app.include_router(crossings.router)
    app.include_router(travellers.router)
    app.include_router(access.router)
    app.include_router(ingest.router)
    app.include_router(agencies.router)
    app.include_router(silences.router)
    app.include_router(areas.router)
    pages.mount(app)
    _own_pages(app)
    app.add_middleware(Measured)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=ASKED_WITH,
            expose_headers=("ETag", "Retry-After"),
        )
    app.add_middleware(Guard, body_bytes=settings.body_bytes, wide_bytes=settings.batch_bytes)
    return app


def _own_pages(app: FastAPI) -> None:
    @app.get("/live", include_in_schema=False)
    async def alive() -> dict[str, bool]:
        return {"live": True}

    @app.get("/ready", include_in_schema=False)
    async def ready(request: Request) -> JSONResponse:
        """Redis answers and the boards are read; Kafka's outage stops commands alone, and they say so."""
        suar: Installation = request.app.state.suar
        try:
            async with asyncio.timeout(READY_WITHIN):
                await suar.boards.store.epoch()
            answers = True
        except (TimeoutError, OSError, RedisError):
            answers = False
        well = answers and suar.boards.well
        return JSONResponse({"ready": well, "redis": answers, "boards": suar.boards.well}, 200 if well else 503)

    @app.get("/metrics", include_in_schema=False)
    async def exposition() -> Response:
        return Response(generate_latest(metrics.REGISTRY), media_type="text/plain; version=0.0.4")


class Measured:
    """Counts answers by the route's template, never by its path: paths name documents and alerts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Every HTTP request passes here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            metrics.REQUESTS.labels(route, str(status)).inc()
            if not route.endswith("/stream"):
                metrics.REQUEST_SECONDS.labels(route).observe(time.perf_counter() - began)


class Server(uvicorn.Server):
    """Streams have no end of their own: they are ended first, so that a stop needs no grace."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._suar_app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Readers come back to another gateway, or to the next life of this one."""
        suar: Installation = self._suar_app.state.suar
        suar.boards.end()
        await super().shutdown(sockets)


def serve(settings: FeedSettings, level: str = "info") -> None:
    """Runs until a signal."""
    connection.mend()
    traces.export()
    app = build(settings)
    config = uvicorn.Config(
        app,
        host=settings.feed_host,
        port=settings.feed_port,
        access_log=False,  # paths name documents
        log_level=level,
        log_config=LOGGING_CONFIG if settings.log_format == "text" else logs.of_uvicorn(level),
        timeout_graceful_shutdown=STOPS_WITHIN,
        server_header=False,
        ws="websockets-sansio",
    )
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, _asked_to_stop)  # uvicorn raises the signal again when all is closed
    Server(config, app).run()


def _asked_to_stop(*_: object) -> None:
    """An orderly stop ends with 0."""
