"""Signing in at an issuer: what is checked, against a small real one with its own RSA key."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from streams.feed import oidc
from streams.feed.callers import Grant
from streams.feed.oidc import Client, IssuerAwayError, NotSignedInError
from tests.gate import browser, gate
from tests.issuer import CLIENT, SECRET, Issuer, issuing

SUPERVISOR = frozenset({Grant("SUPERVISOR", "A-CGK")})


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing() as one:
        yield one


@pytest.fixture
async def ours(issuer: Issuer) -> AsyncIterator[oidc.Issuer]:
    async with httpx.AsyncClient(timeout=5) as http:
        yield oidc.Issuer(Client(issuer.url, CLIENT, SECRET), http)


async def test_a_token_of_the_issuer_is_somebody(issuer: Issuer, ours: oidc.Issuer) -> None:
    found = await ours.caller(issuer.token())
    assert (found.name, found.kind, found.grants) == ("petugas-77", "person", SUPERVISOR)


def _hs256_with_the_public_key(issuer: Issuer) -> str:
    """The oldest trick: the issuer's public key as a shared secret. PyJWT refuses to make it, so by hand."""
    public = issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, claims, _ = issuer.token().split(".")
    head = _b64(json.dumps({"alg": "HS256", "kid": issuer.kid}).encode())
    return f"{head}.{claims}.{_b64(hmac.new(public, f'{head}.{claims}'.encode(), hashlib.sha256).digest())}"


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("what", "bent"),
    [
        ("of another issuer", {"iss": "https://elsewhere.test"}),
        ("for another audience", {"aud": "another"}),
        ("for several, made for another", {"aud": [CLIENT, "another"], "azp": "another"}),
        ("over", {"exp": int(time.time()) - 60}),
        ("without an end", {"exp": None}),
        ("without a beginning", {"iat": None}),
        ("not valid yet", {"nbf": int(time.time()) + 86_400}),
        ("of nobody", {"sub": None}),
    ],
)
async def test_a_bent_token_is_nobodys(issuer: Issuer, ours: oidc.Issuer, what: str, bent: dict[str, Any]) -> None:
    with pytest.raises(NotSignedInError):
        await ours.caller(issuer.token(**bent))


async def test_only_the_issuers_key_and_asymmetric_algorithms_count(issuer: Issuer, ours: oidc.Issuer) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    unsigned = jwt.encode({"sub": "x"}, "", "none", headers={"kid": issuer.kid})
    for token in (issuer.token(stranger), unsigned, _hs256_with_the_public_key(issuer), "ey.ey.ey", ""):
        with pytest.raises(NotSignedInError):
            await ours.caller(token)


async def test_a_new_key_is_found_and_an_old_one_ends(
    issuer: Issuer, ours: oidc.Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = issuer.token()
    await ours.caller(old)
    issuer.turn()
    with pytest.raises(NotSignedInError):
        await ours.caller(issuer.token())
    assert issuer.jwks_reads == 1, "an unknown key id must not make us ask at once: anybody can invent one"
    monkeypatch.setattr(oidc, "ASKED_AGAIN_AFTER", 0.0)
    assert (await ours.caller(issuer.token())).grants == SUPERVISOR
    assert issuer.jwks_reads == 2
    with pytest.raises(NotSignedInError):
        await ours.caller(old)


@pytest.mark.parametrize(
    ("claim", "grants"),
    [
        (["SUPERVISOR:A-CGK", "EMPEROR:*", 7], SUPERVISOR),
        ("SUPERVISOR:A-CGK", SUPERVISOR),
        (None, frozenset()),
        ({"SUPERVISOR": "A-CGK"}, frozenset()),
    ],
)
async def test_an_unknown_grant_grants_nothing(
    issuer: Issuer, ours: oidc.Issuer, claim: object, grants: frozenset[Grant]
) -> None:
    assert (await ours.caller(issuer.token(suar_grants=claim))).grants == grants


@pytest.mark.parametrize("sub", ["9901014101900001", "a b", "x" * 65])
async def test_a_name_that_may_be_a_persons_number_is_hidden(issuer: Issuer, ours: oidc.Issuer, sub: str) -> None:
    name = (await ours.caller(issuer.token(sub=sub))).name
    assert name.startswith("oidc-")
    assert sub not in name
    assert len(name) <= 64


async def test_another_issuers_discovery_is_not_believed(issuer: Issuer) -> None:
    async with httpx.AsyncClient(timeout=5) as http:
        one = oidc.Issuer(Client(issuer.url.replace("127.0.0.1", "localhost"), CLIENT), http)
        with pytest.raises(IssuerAwayError):
            await one.caller(issuer.token())
        with pytest.raises(IssuerAwayError):
            await oidc.Issuer(Client("http://127.0.0.1:9", CLIENT), http).caller(issuer.token())


def _mode(issuer: Issuer) -> dict[str, Any]:
    client = {"oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "public_url": "https://suar.test"}
    return {"sign_in": "oidc", "oidc_issuer": issuer.url, **client}


async def test_a_person_signs_in_with_code_and_pkce(issuer: Issuer) -> None:
    async with gate(**_mode(issuer)) as app, browser(app, "https://suar.test") as web, httpx.AsyncClient() as http:
        away = await web.get("/signin/oidc", params={"next": "/alerts/7"})
        assert away.headers["location"].startswith(f"{issuer.url}/authorize?")
        assert "HttpOnly" in away.headers["set-cookie"]
        back = (await http.get(away.headers["location"])).headers["location"]
        home = await web.get(back)
        assert (home.status_code, home.headers["location"]) == (303, "/alerts/7")
        me = (await web.get("/v1/me")).json()
        assert (me["name"], me["grants"]) == ("petugas-77", ["SUPERVISOR:A-CGK"])
        assert (await web.get(back)).status_code == 401, "a code counts once, and so does the attempt"


async def test_a_bearer_token_needs_no_page(issuer: Issuer) -> None:
    async with gate(**_mode(issuer)) as app, browser(app) as web:
        bearer = {"authorization": f"Bearer {issuer.token()}"}
        assert (await web.post("/thing", json={}, headers=bearer)).json()["name"] == "petugas-77"
        bad = await web.get("/thing", headers={"authorization": f"Bearer {issuer.token(aud='another')}"})
        assert bad.status_code == 401


async def test_a_sign_in_that_was_not_begun_here_is_refused(issuer: Issuer) -> None:
    async with gate(**_mode(issuer)) as app, browser(app, "https://suar.test") as web, httpx.AsyncClient() as http:
        away = (await web.get("/signin/oidc")).headers["location"]
        back = (await http.get(away)).headers["location"]
        query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
        async with browser(app, "https://suar.test") as victim:
            assert (await victim.get(back)).status_code == 401
        forged = {"code": query["code"], "state": "another"}
        assert (await web.get("/signin/callback", params=forged)).status_code == 401
        assert "__Host-suar" not in web.cookies


async def test_a_token_of_another_sign_in_is_refused(issuer: Issuer) -> None:
    async with gate(**_mode(issuer)) as app, browser(app, "https://suar.test") as web, httpx.AsyncClient() as http:
        for bent in ({"nonce": "another"}, {"nonce": None}, {"aud": "another"}):
            issuer.bent = bent
            back = (await http.get((await web.get("/signin/oidc")).headers["location"])).headers["location"]
            assert (await web.get(back)).status_code == 401
            assert "__Host-suar" not in web.cookies


async def test_an_issuer_that_is_away_is_told(issuer: Issuer) -> None:
    mode = {**_mode(issuer), "oidc_issuer": "http://127.0.0.1:9"}
    async with gate(**mode) as app, browser(app, "https://suar.test") as web:
        answer = await web.get("/signin/oidc")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
