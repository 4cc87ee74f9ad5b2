"""A page: what all of them share: its visitor, language, clock and colours, and the feeds' health."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from schemas.envelope import System
from schemas.identity import Identifier, pseudonym
from streams.feed.access import token_of
from streams.feed.callers import Caller, caller
from streams.feed.fictional import FICTIONAL
from streams.feed.problems import Problem
from streams.web.desk import Answer, Desk
from streams.web.places import Places
from streams.web.shown import Age, Said, Shown
from streams.web.words import LANGUAGES, Words

HERE: Final = Path(__file__).parent
LANGUAGE_COOKIE, THEME_COOKIE, FEED_COOKIE = "suar_language", "suar_theme", "suar_feed"
THEMES: Final = ("dark", "light")


class SignInNeededError(Exception):
    """Nobody is signed in: the page gives way to the sign-in, and comes back after it."""


class NotShownError(Exception):
    """The page cannot be shown; `code` is the problem's, as the API named it."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@cache
def environment() -> Environment:
    """The templates. A name that a template misses is an error, not a hole."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["systems"] = [system.value for system in System]
    return made


@dataclass(frozen=True, slots=True)
class Feed:
    """How complete one agency's feed is now."""

    source: str
    live: bool
    age_seconds: float | None
    complete_up_to: datetime | None


@dataclass
class Page:
    """One request by one visitor. `now` is aware UTC."""

    request: Request
    visitor: Caller
    words: Words
    places: Places
    now: datetime
    desk: Desk
    feeds: tuple[Feed, ...] = field(default=())

    @property
    def csrf(self) -> str:
        """What a form must carry."""
        return token_of(self.request, self.visitor)

    @cached_property
    def officers(self) -> dict[str, str]:
        """Words for pseudonyms of officers: the visitor's own, and in development those of the fictional users."""
        key = self.request.app.state.suar.settings.key
        names = FICTIONAL if development(self.request) else ()
        known = {_officer(key, name): name for name in names}
        return known | {_officer(key, self.visitor.name): self.words("alert.you")}

    def officer(self, name: str | None) -> str:
        """An officer as others see them: by a few signs of the pseudonym."""
        return self.officers.get(name) or self.words("alert.officer", code=name[:6]) if name else ""

    @property
    def home(self) -> str:
        """The checkpoint of the visitor's grant, whose clock the page shows; empty for those without one."""
        places = sorted(grant.at for grant in self.visitor.grants if grant.at in self.places.policy.checkpoints)
        return places[0] if places else ""

    @property
    def theme(self) -> str:
        """As chosen; else dark at night; else as the system prefers."""
        chosen = self.request.cookies.get(THEME_COOKIE, "")
        if chosen in THEMES:
            return chosen
        return "dark" if self.places.night(self.now, self.home) else "auto"

    def say(self, text: Said | None) -> str:
        """A sentence of a rule in the page's language."""
        return "" if text is None else text.en if self.words.language == "en" else text.id

    def sentence(self, one: Shown) -> str:
        """Why; or what to ask, for those who may not know why."""
        asked = " ".join(self.say(question) for question in one.questions[:2])
        return self.say(one.why) or asked or self.words("feed.no_why")

    def clock(self, moment: datetime | None, code: str = "") -> str:
        """A moment on a place's clock, with its zone."""
        return "" if moment is None else self.places.clock(moment, code or self.home, self.now)

    def health_of(self, one: Feed | Age) -> str:
        """`12 detik`, `diam 40 menit` or that it was never heard."""
        if one.age_seconds is None:
            return self.words("health.never")
        age = self.words.age(one.age_seconds)
        return age if one.live else self.words("health.silent", age=age)

    @property
    def silent(self) -> tuple[Feed, ...]:
        """Feeds that a quiet screen must name."""
        return tuple(one for one in self.feeds if not one.live)

    def must(self, answer: Answer) -> Answer:
        """The answer, when it is one. Raises NotShownError, or SignInNeededError when the session just ended."""
        if answer.status == 401:
            raise SignInNeededError
        if not answer.ok:
            raise NotShownError(answer.status, answer.code)
        return answer

    def show(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """The page as HTML."""
        return html(template, status, self._shared() | context)

    def _shared(self) -> dict[str, Any]:
        return {
            "page": self,
            "t": self.words,
            "say": self.say,
            "clock": self.clock,
            "lang": self.words.language,
            "theme": self.theme,
            "development": development(self.request),
            "path": self.request.url.path,
            "once": secrets.token_urlsafe(16),
        }


def _officer(key: bytes, name: str) -> str:
    return pseudonym(key, Identifier("imigrasi", "officer", name))


def html(template: str, status: int, context: Mapping[str, Any]) -> Response:
    """A filled template; the gateway's guard puts the security headers on it."""
    text = environment().get_template(template).render(**context)
    return HTMLResponse(text, status_code=status)


def development(request: Request) -> bool:
    """Is this gateway in the mode in which anybody may sign in as anybody?"""
    return bool(request.app.state.suar.settings.sign_in == "development")


def words_of(request: Request) -> Words:
    """As chosen before; Indonesian first."""
    return Words(request.cookies.get(LANGUAGE_COOKIE, LANGUAGES[0]))


def places_of(request: Request) -> Places:
    """From the policy that this gateway began with."""
    return Places(request.app.state.suar.policy)


async def visit(request: Request) -> Page:
    """The page's visitor. Raises SignInNeededError, or NotShownError for one who may see nothing."""
    try:
        who = await caller(request)
    except Problem as problem:
        if problem.status == 401:
            raise SignInNeededError from None
        raise NotShownError(problem.status, problem.code) from None
    page = Page(request, who, words_of(request), places_of(request), datetime.now(UTC), Desk(request))
    page.feeds = health(await page.desk.get("/v1/feeds/health"))
    return page


def health(answer: Answer) -> tuple[Feed, ...]:
    """The agencies' feeds in the order of the systems; empty while the gateway cannot tell."""
    body = answer.body
    read = {one["source"]: one for one in body.get("sources", body.get("items", ())) if isinstance(one, dict)}
    return tuple(
        Feed(
            source,
            bool(one.get("live")),
            one.get("age_seconds"),
            datetime.fromisoformat(upto) if (upto := one.get("complete_up_to")) else None,
        )
        for source in (system.value for system in System)
        if (one := read.get(source))
    )


Visit = Annotated[Page, Depends(visit)]
"""For signatures of pages: `async def page(page: Visit)`."""
