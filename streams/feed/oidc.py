"""OpenID Connect: people sign in at their own ministry's issuer. Authorization code with PKCE, and bearer JWTs.

What is checked: signature by a key of the issuer, algorithm from a short list, `iss`, `aud`, `exp`, `iat`, `sub`, and for a
sign-in the `nonce`. What a person may do stands in the claim `suar_grants`; a grant that this version does not know counts
for nothing (OpenID Connect Core 1.0, 3.1.3.7; RFC 7636).
"""

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import jwt

from streams.feed.callers import Caller, Grant, GrantError

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Asymmetric ones: with a symmetric one, or none, whoever knows the issuer's public key could sign."""
LEEWAY: Final = 30
"""Seconds that two clocks may differ."""
ASKED_AGAIN_AFTER: Final = 10.0
"""Seconds between two looks at the issuer's keys: an unknown key id makes us look, and anybody can invent one."""
KEPT: Final = 3600.0
"""Seconds after which the keys are read again without being asked: one that was taken back must end."""
CLAIM: Final = "suar_grants"
_REFERENCE: Final = re.compile(r"[A-Za-z0-9._@|:-]{1,64}")
_NUMBER: Final = re.compile(r"\d{8}")


class NotSignedInError(Exception):
    """The token or the answer of the issuer is not accepted; the text says why and quotes nothing of it."""


class IssuerAwayError(Exception):
    """The issuer does not answer, or not as an issuer does."""


@dataclass(frozen=True, slots=True)
class Client:
    """How this gateway is known to the issuer. `audience` None: the client id."""

    issuer: str
    client_id: str
    client_secret: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in under way: what the browser keeps, signed, until it comes back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Attempt":
        """Random, 256 bits each."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        """S256 of the verifier (RFC 7636, 4.2)."""
        hashed = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


class Issuer:
    """An issuer, found by its discovery document, with its keys cached."""

    def __init__(self, client: Client, http: httpx.AsyncClient) -> None:
        self._client, self._http = client, http
        self._found: dict[str, Any] | None = None
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._read = -KEPT
        self._reading = asyncio.Lock()

    async def address(self, attempt: Attempt, back: str) -> str:
        """Where to send the browser. Raises IssuerAwayError."""
        found = await self._discovered()
        asked = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": back,
            "scope": "openid",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{found['authorization_endpoint']}?{urlencode(asked)}"

    async def signed_in(self, attempt: Attempt, code: str, back: str) -> Caller:
        """Who came back with this code. Raises NotSignedInError or IssuerAwayError."""
        found = await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self._client.client_id,
            "code_verifier": attempt.verifier,
        }
        if self._client.client_secret is not None:
            form["client_secret"] = self._client.client_secret
        answer = await self._asked("POST", str(found["token_endpoint"]), form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotSignedInError("the issuer gave no ID token")
        claims = await self._claims(token, self._client.client_id)
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), attempt.nonce.encode()):
            raise NotSignedInError("the token belongs to another sign-in")
        return _caller(claims)

    async def caller(self, token: str) -> Caller:
        """Whose bearer token this is. Raises NotSignedInError or IssuerAwayError."""
        return _caller(await self._claims(token, self._client.audience or self._client.client_id))

    async def _claims(self, token: str, audience: str) -> dict[str, Any]:
        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") not in ALGORITHMS:
                raise NotSignedInError("the token is signed with an algorithm that is not accepted")
            key = await self._key(head.get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                list(ALGORITHMS),
                audience=audience,
                issuer=self._client.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise NotSignedInError(f"the token is not accepted ({type(error).__name__})") from None
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != self._client.client_id:
            raise NotSignedInError("the token was made for somebody else")
        return claims

    async def _key(self, kid: str | None) -> jwt.PyJWK:
        """The issuer's key of that id. One that is not known yet may be new: the keys are read again, though not at once
        for everybody who invents one.
        """
        async with self._reading:
            age = time.monotonic() - self._read
            if age > KEPT or (kid not in self._keys and age > ASKED_AGAIN_AFTER):
                found = await self._discovered()
                read = await self._asked("GET", str(found["jwks_uri"]))
                usable = (one for one in jwt.PyJWKSet.from_dict(read).keys if one.public_key_use in {None, "sig"})
                self._keys = {one.key_id: one for one in usable}
                self._read = time.monotonic()
        key = self._keys.get(kid)
        if key is None:
            raise NotSignedInError("the token is signed with a key that the issuer does not have")
        return key

    async def _discovered(self) -> dict[str, Any]:
        if self._found is None:
            issuer = self._client.issuer
            found = await self._asked("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            needed = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
            if found.get("issuer") != issuer or needed - found.keys():
                raise IssuerAwayError("the issuer's discovery document is not that of the issuer in the settings")
            self._found = found
        return self._found

    async def _asked(self, method: str, address: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, address, data=form)
            read = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise IssuerAwayError(f"the issuer does not answer ({type(error).__name__})") from None
        if form is not None and answer.is_client_error:
            raise NotSignedInError("the issuer does not accept the code")
        if not answer.is_success or not isinstance(read, dict):
            raise IssuerAwayError(f"the issuer answers {answer.status_code}")
        return read


def _caller(claims: dict[str, Any]) -> Caller:
    """Some issuers name people by NIK: what looks like a number of a person, or is too long for a reference, goes on as
    a digest.
    """
    name = str(claims["sub"])
    if not _REFERENCE.fullmatch(name) or _NUMBER.search(name):
        name = f"oidc-{hashlib.sha256(name.encode()).hexdigest()[:32]}"
    return Caller(name, "person", frozenset(_grants(claims.get(CLAIM))))


def _grants(claim: object) -> Iterable[Grant]:
    texts = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
    for text in texts:
        try:
            yield Grant.parse(str(text))
        except GrantError:
            continue
