"""Access: recognises who asks (API key, bearer JWT or session cookie), and the routes by which people sign in and out.

Over a session cookie every unsafe method needs the session's token, as header `X-CSRF-Token` or form field `csrf`: it is in
the cookie `suar_csrf` for scripts, and `token_of(request)` for pages.
"""

import hmac
import logging
import re
import secrets
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Annotated, Final
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse
from redis.exceptions import RedisError
from starlette.requests import HTTPConnection

from streams import metrics
from streams.feed.apikeys import PREFIX, ApiKeys
from streams.feed.callers import Caller, Known
from streams.feed.fictional import FICTIONAL
from streams.feed.guard import SET_COOKIES, Rates
from streams.feed.oidc import Attempt, Client, Issuer, IssuerAwayError, NotSignedInError
from streams.feed.problems import Problem
from streams.feed.sessions import ABSOLUTE, Session, Sessions
from streams.feed.settings import FeedSettings
from streams.feed_keys import Keys
from streams.settings import MIN_KEY_BYTES, SettingsError
from streams.teller import Teller

CSRF_COOKIE, CSRF_HEADER, CSRF_FIELD = "suar_csrf", "X-CSRF-Token", "csrf"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FAILURES_PER_MINUTE: Final = 30
"""Of one address, before it must wait: a key or a cookie of 256 bits is not guessed, but trying costs us."""
ATTEMPT_LASTS: Final = timedelta(minutes=10)
_ATTEMPT: Final = "suar-attempt"
_FORM_TYPES: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_LOCAL: Final = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")
_log = logging.getLogger(__name__)


class Access:
    """Who may come in; one for each gateway, at `app.state.suar.access`."""

    def __init__(self, settings: FeedSettings, teller: Teller, http: httpx.AsyncClient) -> None:
        """Raises KeysError or SettingsError: a gateway that cannot tell people apart does not start."""
        self.settings = settings
        self.sessions = Sessions(_session_key(settings))
        self.issuer = _issuer(settings, http)
        self.secure = settings.sign_in != "development"
        """Cookies travel over https alone, except in development."""
        self._teller, self._prefix = teller, Keys(settings).signed_out("")
        self._keys = ApiKeys(settings.api_keys)
        per_minute = settings.requests_per_minute
        self._rates = Rates(per_minute / 60, per_minute)
        self._failures = Rates(FAILURES_PER_MINUTE / 60, FAILURES_PER_MINUTE)
        if not self.secure:
            _log.warning("DEVELOPMENT SIGN-IN: anybody may come in as any fictional user; never for real people's data")

    @property
    def cookie(self) -> str:
        """Name of the session's cookie; `__Host-` makes the browser refuse one that another host planted."""
        return "__Host-suar" if self.secure else "suar"

    async def recognise(self, connection: HTTPConnection) -> Caller:
        """The caller. Raises Problem: 401 unknown, 403 without the token of its session, 429 too often."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            found = await self._bearer(connection, token.strip())
        else:
            found = await self._seated(connection)
            await self._meant(connection, found)
        self._rates.take(found.name)
        return found

    async def still(self, connection: HTTPConnection) -> bool:
        """Would what this connection began with be recognised now? A stream outlives neither its session nor its key."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        try:
            await (self._bearer(connection, token.strip()) if scheme.lower() == "bearer" else self._seated(connection))
        except Problem:
            return False
        return True

    async def _bearer(self, connection: HTTPConnection, token: str) -> Caller:
        if token.startswith(PREFIX):
            found = self._keys.caller(token, datetime.now(UTC))
            return found or self._unknown(connection, "key", "this key is unknown, over or taken back")
        if self.issuer is None:
            return self._unknown(connection, "token", "tokens are not accepted here")
        try:
            return await self.issuer.caller(token)
        except NotSignedInError as error:
            return self._unknown(connection, "token", str(error))
        except IssuerAwayError as error:
            raise _issuer_away(error) from None

    async def _seated(self, connection: HTTPConnection) -> Caller:
        """The person of the session cookie, whose session goes on by being used."""
        now = datetime.now(UTC)
        text = connection.cookies.get(self.cookie)
        if text is None or self.settings.sign_in == "closed":
            raise Problem(401, "not_signed_in", "sign in, or send a key", headers={"WWW-Authenticate": "Bearer"})
        session = self.sessions.opened(text, now)
        if session is None or await self._signed_out(session.sid):
            return self._unknown(connection, "session", "this session is over; sign in again")
        renewed = session.renewed(now)
        if renewed is not None:
            self.seat(connection, renewed)
        return session.caller

    async def _meant(self, connection: HTTPConnection, who: Caller) -> None:
        """Did one of our own pages send this? A cookie travels with whatever page asks."""
        if connection.scope["type"] == "websocket":
            if not self._own_origin(connection):
                raise Problem(403, "other_origin", "this page may not open a stream here")
            return
        if connection.scope["method"] in SAFE or not isinstance(connection, Request):
            return
        given = connection.headers.get(CSRF_HEADER)
        if given is None and connection.headers.get("content-type", "").startswith(_FORM_TYPES):
            field = (await connection.form()).get(CSRF_FIELD)
            given = field if isinstance(field, str) else None
        if given is None or not self.sessions.is_token(who.session or "", given):
            raise Problem(403, "csrf", f"send the session's token as {CSRF_HEADER} or as form field {CSRF_FIELD}")

    def _own_origin(self, connection: HTTPConnection) -> bool:
        origin = connection.headers.get("origin")
        return origin is None or urlsplit(origin).netloc == connection.headers.get("host")

    def own_page(self, request: Request) -> None:
        """For the sign-in itself, where there is no session yet. Raises Problem 403 when another site's page sent it."""
        if not self._own_origin(request) or request.headers.get("sec-fetch-site") == "cross-site":
            raise Problem(403, "other_origin", "sign in on our own page")

    def _unknown(self, connection: HTTPConnection, way: str, detail: str) -> Caller:
        """Raises Problem 401, or 429 where too many were unknown. The annotation lets a caller `return` it."""
        metrics.SIGN_INS.labels(way, "refused").inc()
        self._failures.take(connection.client.host if connection.client else "")
        raise Problem(401, "not_signed_in", detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})

    async def _signed_out(self, sid: str) -> bool:
        """Redis away: a session that was signed out may live on until it is idle; nobody else is kept from work."""
        try:
            return bool(await self._teller.call("EXISTS", self._prefix + sid))
        except RedisError:
            return False

    async def sign_out(self, who: Caller) -> None:
        """Ends the session on every copy of the gateway; RedisError when that cannot be written."""
        await self._teller.call("SET", self._prefix + str(who.session), "1", "EX", int(ABSOLUTE.total_seconds()))

    def seat(self, connection: HTTPConnection, session: Session) -> None:
        """Writes the session's cookies with whatever is answered."""
        age = int((session.ends - session.seen).total_seconds())
        self.put_cookie(connection, self.cookie, self.sessions.sealed(session), age)
        self.put_cookie(connection, CSRF_COOKIE, self.sessions.token(session.sid), age, scripts=True)

    def put_cookie(self, connection: HTTPConnection, name: str, value: str, age: int, *, scripts: bool = False) -> None:
        """A cookie for this host alone, not sent from other sites' forms; `scripts`: those of our pages may read it."""
        jar: SimpleCookie = SimpleCookie({name: value})
        jar[name].update({"path": "/", "max-age": str(age), "samesite": "Lax"})
        jar[name]["secure"], jar[name]["httponly"] = self.secure, not scripts
        connection.scope["state"].setdefault(SET_COOKIES, []).append(jar[name].OutputString())

    def back(self, request: Request) -> str:
        """Where the issuer sends the browser back to."""
        base = self.settings.public_url or str(request.base_url)
        return f"{base.rstrip('/')}/signin/callback"


def _session_key(settings: FeedSettings) -> bytes:
    if settings.session_key is None:
        if settings.sign_in == "oidc":
            raise SettingsError("SUAR_SESSION_KEY: must be set to sign people in. Set it to: at least 32 random bytes.")
        return secrets.token_bytes(MIN_KEY_BYTES)
    key = settings.session_key.get_secret_value().encode()
    if len(key) < MIN_KEY_BYTES:
        raise SettingsError(f"SUAR_SESSION_KEY: shorter than {MIN_KEY_BYTES} bytes.")
    return key


def _issuer(settings: FeedSettings, http: httpx.AsyncClient) -> Issuer | None:
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        if settings.sign_in == "oidc":
            raise SettingsError("SUAR_OIDC_ISSUER and SUAR_OIDC_CLIENT_ID: must be set with SUAR_SIGN_IN=oidc.")
        return None
    secret = settings.oidc_client_secret
    plain = None if secret is None else secret.get_secret_value()
    return Issuer(Client(settings.oidc_issuer, settings.oidc_client_id, plain), http)


def _issuer_away(error: IssuerAwayError) -> Problem:
    return Problem(503, "issuer_away", str(error), headers={"Retry-After": "5"})


def token_of(request: HTTPConnection, who: Caller) -> str:
    """The token that a page's forms carry for this person; empty for a system, which needs none."""
    access: Access = request.app.state.suar.access
    return access.sessions.token(who.session) if who.session else ""


def local_path(text: str) -> str:
    """A path of ours, or `/`: a sign-in never sends anybody elsewhere."""
    return text if _LOCAL.fullmatch(text) else "/"


router = APIRouter(tags=["access"])


@router.get("/v1/me", summary="Who you are here, and what you were granted")
async def me(who: Known, request: Request) -> JSONResponse:
    """The caller's own name, kind, grants, feeds, and for a browser the token that its commands carry."""
    said = {"name": who.name, "kind": who.kind, "grants": sorted(map(str, who.grants)), "feeds": who.feeds()}
    return JSONResponse({**said, "csrf": token_of(request, who) or None})


@router.post("/signin", include_in_schema=False)
async def sign_in(
    request: Request, user: Annotated[str, Form()], then: Annotated[str, Form(alias="next")] = "/"
) -> RedirectResponse:
    """Development alone: comes in as a fictional user."""
    access: Access = request.app.state.suar.access
    found = FICTIONAL.get(user)
    if access.settings.sign_in != "development":
        raise Problem(404, "not_found", "there is no such sign-in here")
    access.own_page(request)
    if found is None:
        raise Problem(404, "not_found", "there is no such fictional user")
    access.seat(request, Session.begin(user, found.grants, datetime.now(UTC)))
    metrics.SIGN_INS.labels("development", "recognised").inc()
    return RedirectResponse(local_path(then), 303)


@router.post("/signout", include_in_schema=False)
async def sign_out(who: Known, request: Request) -> RedirectResponse:
    """Ends the session, here and on every other copy."""
    access: Access = request.app.state.suar.access
    if who.session is not None:
        await access.sign_out(who)
    request.scope["state"].pop(SET_COOKIES, None)
    for name in (access.cookie, CSRF_COOKIE):
        access.put_cookie(request, name, "", 0)
    return RedirectResponse("/signin", 303)


@router.get("/signin/oidc", include_in_schema=False)
async def to_issuer(request: Request, then: Annotated[str, Query(alias="next")] = "/") -> RedirectResponse:
    """Sends the browser to the issuer."""
    access, issuer = _with_issuer(request)
    attempt = Attempt.new()
    try:
        address = await issuer.address(attempt, access.back(request))
    except IssuerAwayError as error:
        raise _issuer_away(error) from None
    claims: dict[str, object] = {"purpose": _ATTEMPT, "state": attempt.state, "nonce": attempt.nonce}
    claims |= {"verifier": attempt.verifier, "next": local_path(then)}
    sealed = access.sessions.sign(claims, datetime.now(UTC) + ATTEMPT_LASTS)
    access.put_cookie(request, f"{access.cookie}-attempt", sealed, int(ATTEMPT_LASTS.total_seconds()))
    return RedirectResponse(address, 303)


@router.get("/signin/callback", include_in_schema=False)
async def from_issuer(request: Request, code: str = "", state: str = "") -> RedirectResponse:
    """The browser is back from the issuer with a code."""
    access, issuer = _with_issuer(request)
    name = f"{access.cookie}-attempt"
    claims = access.sessions.verified(request.cookies.get(name, ""), _ATTEMPT, datetime.now(UTC))
    access.put_cookie(request, name, "", 0)
    if claims is None or not hmac.compare_digest(str(claims["state"]).encode(), state.encode()) or not code:
        metrics.SIGN_INS.labels("oidc", "refused").inc()
        raise Problem(401, "not_signed_in", "this sign-in was not begun here, or took too long; begin again")
    attempt = Attempt(str(claims["state"]), str(claims["nonce"]), str(claims["verifier"]))
    try:
        who = await issuer.signed_in(attempt, code, access.back(request))
    except NotSignedInError as error:
        metrics.SIGN_INS.labels("oidc", "refused").inc()
        raise Problem(401, "not_signed_in", str(error)) from None
    except IssuerAwayError as error:
        raise _issuer_away(error) from None
    access.seat(request, Session.begin(who.name, who.grants, datetime.now(UTC)))
    metrics.SIGN_INS.labels("oidc", "recognised").inc()
    return RedirectResponse(str(claims["next"]), 303)


def _with_issuer(request: Request) -> tuple[Access, Issuer]:
    access: Access = request.app.state.suar.access
    if access.issuer is None or access.settings.sign_in != "oidc":
        raise Problem(404, "not_found", "there is no such sign-in here")
    return access, access.issuer
