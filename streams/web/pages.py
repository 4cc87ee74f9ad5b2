"""Pages: all of them on one screen, and what becomes of a visitor who is not signed in or may not see one."""

from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from streams.web import (
    agencies,
    alert,
    areas,
    checkpoints,
    commands,
    links,
    live,
    paper,
    preferences,
    rulebook,
    signin,
    silences,
    times,
)
from streams.web.page import HERE, NotShownError, SignInNeededError, development, html, words_of

PAGES: Final = (
    live.router,
    alert.router,
    commands.router,
    paper.router,
    links.router,
    checkpoints.router,
    agencies.router,
    rulebook.router,
    times.router,
    silences.router,
    areas.router,
    signin.router,
    preferences.router,
)


class Static(StaticFiles):
    """Style and scripts: kept by the browser, and asked about each time, so that a new version shows at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def mount(app: FastAPI) -> None:
    """Puts the pages on the gateway's app."""
    for router in PAGES:
        app.include_router(router)
    app.mount("/static", Static(directory=HERE / "static"), name="static")

    @app.exception_handler(SignInNeededError)
    async def sign_in(request: Request, _: SignInNeededError) -> Response:
        to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(
            f"/signin?next={quote(to if request.method == 'GET' else '/', safe='')}", status_code=303
        )

    @app.exception_handler(NotShownError)
    async def not_shown(request: Request, error: NotShownError) -> Response:
        words = words_of(request)
        theme = request.cookies.get("suar_theme", "auto")
        context = {"t": words, "lang": words.language, "theme": theme, "development": development(request)}
        return html("error.html", error.status, {**context, "code": error.code, "status": error.status, "path": "/"})
