"""A small web server beside a program's work: /live, /ready and /metrics, for those who watch over it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import generate_latest

from streams import metrics

State = Callable[[], Mapping[str, object]]
"""What /ready answers; its `ready` says whether all is well."""


async def beside(work: Coroutine[Any, Any, None], state: State, host: str, port: int) -> None:
    """Runs both; whichever ends first ends the other. Raises what ended the work."""
    config = uvicorn.Config(probes(state), host=host, port=port, access_log=False, log_config=None)
    server = uvicorn.Server(config)
    web, working = asyncio.create_task(server.serve()), asyncio.create_task(work)
    await asyncio.wait({web, working}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    working.cancel()
    await asyncio.gather(web, working, return_exceptions=True)
    for task in (working, web):
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


def probes(state: State) -> FastAPI:
    """The pages."""
    app = FastAPI(openapi_url=None)

    @app.get("/live")
    async def live() -> dict[str, bool]:
        return {"live": True}

    @app.get("/ready")
    async def ready() -> JSONResponse:
        said = dict(state())
        return JSONResponse(said, 200 if said["ready"] else 503)

    @app.get("/metrics")
    async def exposition() -> Response:
        return Response(generate_latest(metrics.REGISTRY), media_type="text/plain; version=0.0.4")

    return app
