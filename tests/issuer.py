"""A small real OpenID issuer on a port of its own: keys that can be turned, PKCE that is checked, and tokens that can be bent."""

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse

CLIENT = "suar-test"
SECRET = "only-known-to-the-gateway"


class Issuer:
    """Who signs in is always the same fictional officer; what the token says can be changed."""

    def __init__(self) -> None:
        self.url = ""
        self.claims: dict[str, Any] = {"sub": "petugas-77", "suar_grants": ["SUPERVISOR:A-CGK"]}
        self.codes: dict[str, dict[str, str]] = {}
        self.jwks_reads = 0
        self.turn()

    def turn(self) -> None:
        """A new signing key; the old one is no longer listed."""
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = secrets.token_hex(4)

    def token(self, key: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
        now = int(time.time())
        whole = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, **self.claims, **claims}
        whole = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(whole, self.key if key is None else key, algorithm, headers={"kid": self.kid})

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def discovery() -> dict[str, str]:
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
            return {"issuer": self.url, **{name: f"{self.url}/{path}" for name, path in ends.items()}}

        @app.get("/jwks")
        async def jwks() -> dict[str, Any]:
            self.jwks_reads += 1
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [{**public, "kid": self.kid, "use": "sig", "alg": "RS256"}]}

        @app.get("/authorize")
        async def authorize(request: Request) -> RedirectResponse:
            asked = dict(request.query_params)
            assert asked["response_type"] == "code"
            assert asked["code_challenge_method"] == "S256"
            code = secrets.token_hex(8)
            self.codes[code] = asked
            return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}", 303)

        @app.post("/token")
        async def token(request: Request) -> JSONResponse:
            form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
            asked = self.codes.pop(form.get("code", ""), None)
            hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
            if asked is None or asked["code_challenge"] != challenge or form.get("client_secret") != SECRET:
                return JSONResponse({"error": "invalid_grant"}, 400)
            return JSONResponse({"id_token": self.token(**{"nonce": asked["nonce"], **self.bent})})

        return app

    bent: dict[str, Any] = {}  # noqa: RUF012 - replaced, never changed in place


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    """An issuer that answers."""
    issuer = Issuer()
    async with serving(issuer.app()) as issuer.url:
        yield issuer


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Any app on a free port; its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none", lifespan="off"))
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
                await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
