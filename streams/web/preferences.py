"""Preferences: language and colours, kept in a cookie of this browser; they work without scripts."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from streams.feed.access import local_path
from streams.web.page import LANGUAGE_COOKIE, THEME_COOKIE, THEMES
from streams.web.words import LANGUAGES

router = APIRouter(include_in_schema=False)

YEAR = 365 * 86400


@router.get("/language/{language}")
async def language(request: Request, language: str, to: str = "/") -> RedirectResponse:
    """Shows the pages in that language from now on; an unknown one changes nothing."""
    return _chosen(request, to, (LANGUAGE_COOKIE, language if language in LANGUAGES else ""))


@router.get("/theme/{theme}")
async def theme(request: Request, theme: str, to: str = "/") -> RedirectResponse:
    """`dark`, `light`, or `auto`: by the hour and the system."""
    return _chosen(request, to, (THEME_COOKIE, theme if theme in THEMES else ""))


def _chosen(request: Request, to: str, cookie: tuple[str, str]) -> RedirectResponse:
    response = RedirectResponse(local_path(to), status_code=303)
    name, value = cookie
    if value:
        secure = request.url.scheme == "https"
        response.set_cookie(name, value, max_age=YEAR, samesite="lax", secure=secure, httponly=True)
    elif name == THEME_COOKIE:
        response.delete_cookie(name)
    return response
