"""Sign-in: how people come in here: by their agency's identity provider, or in development as one of the fictional users."""

from fastapi import APIRouter, Request, Response

from streams.feed.access import local_path
from streams.feed.fictional import FICTIONAL
from streams.web.page import THEME_COOKIE, THEMES, development, html, words_of

router = APIRouter(include_in_schema=False)


@router.get("/signin")
async def signin(request: Request) -> Response:
    """The page; the sign-in itself belongs to the gateway."""
    words, chosen = words_of(request), request.cookies.get(THEME_COOKIE, "")
    return html(
        "signin.html",
        200,
        {
            "t": words,
            "lang": words.language,
            "theme": chosen if chosen in THEMES else "auto",
            "development": development(request),
            "path": "/signin",
            "mode": request.app.state.suar.settings.sign_in,
            "to": local_path(request.query_params.get("next", "/")),
            "people": FICTIONAL.values(),
            "say": lambda text: text.en if words.language == "en" else text.id,
        },
    )
