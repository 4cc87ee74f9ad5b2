"""The program `suar pager`: the pager, and a small web server for its health and metrics."""

import asyncio
import logging

import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import generate_latest

from schemas.paging import RotaBook
from schemas.topics import ALERTS, DESK, PAGES
from streams import connection, metrics
from streams.admin import Admin, AdminError
from streams.paging.channels import Channels
from streams.paging.pager import Pager
from streams.paging.settings import PagerSettings

log = logging.getLogger("suar.pager")


async def serve(settings: PagerSettings, book: RotaBook) -> None:
    """Runs until a signal. Raises AdminError when topics are not as they must be, SettingsError, and whatever ends the pager."""
    connection.mend()
    await _refuse_wrong_topics(settings)
    async with Channels(book, settings) as channels:
        for name in channels.unset:
            log.warning("channel %s has no address: its pages become dead letters", name)
        pager = Pager(settings, book, channels)
        config = uvicorn.Config(
            pages(pager, channels.unset),
            host=settings.pager_host,
            port=settings.pager_port,
            access_log=False,
            log_config=None,
        )
        await _beside(pager, uvicorn.Server(config))


async def _beside(pager: Pager, server: uvicorn.Server) -> None:
    """Whichever ends first ends the other."""
    web, paging = asyncio.create_task(server.serve()), asyncio.create_task(pager.run())
    await asyncio.wait({web, paging}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    paging.cancel()
    await asyncio.gather(web, paging, return_exceptions=True)
    for task in (paging, web):
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _refuse_wrong_topics(settings: PagerSettings) -> None:
    async with Admin(settings.kafka) as admin:
        differences = await admin.check((ALERTS, PAGES, DESK))
    if differences:
        raise AdminError(f"{differences[0]}: run `suar topics check`, then `suar topics create`")


def pages(pager: Pager, unset: tuple[str, ...]) -> FastAPI:
    """/live, /ready and /metrics."""
    app = FastAPI(openapi_url=None)

    @app.get("/live")
    async def live() -> dict[str, bool]:
        return {"live": True}

    @app.get("/ready")
    async def ready() -> JSONResponse:
        said = {
            "ready": pager.ready,
            "read": pager.log.whole.is_set(),
            "joined": pager.duty.joined,
            "rotas": sorted(pager.duty.rotas - {""}),
            "without_address": list(unset),
        }
        return JSONResponse(said, 200 if pager.ready else 503)

    @app.get("/metrics")
    async def exposition() -> Response:
        return Response(generate_latest(metrics.REGISTRY), media_type="text/plain; version=0.0.4")

    return app
