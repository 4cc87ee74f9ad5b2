"""The whole gateway in this process, and systems that speak to it with a key of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI

from streams.feed import settings as settings_of
from streams.feed.apikeys import PREFIX, Key, digest, new_secret, save
from streams.feed.app import build
from tests.broker.installation import Installation
from tests.drills.workers import KEY


@asynccontextmanager
async def gateway(suar: Installation, keys: Path, **more: object) -> AsyncIterator[FastAPI]:
    """A gateway of this installation, with the keys of that file."""
    config = settings_of.load(
        kafka=suar.local.kafka.address,
        redis=suar.local.redis.address,
        namespace=suar.namespace,
        pseudonym_key=KEY,
        api_keys=keys,
        **more,
    )
    app = build(config)
    async with app.router.lifespan_context(app):
        yield app


def keys_of(folder: Path, **grants: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Writes `keys.toml` there; the headers with which each system speaks."""
    secrets = {name: new_secret() for name in grants}
    ends = datetime.now(UTC) + timedelta(days=1)
    known = {name: Key(hash=digest(secrets[name]), grants=held, expires=ends) for name, held in grants.items()}
    save(folder / "keys.toml", known)
    return {name: {"authorization": f"Bearer {PREFIX}{name}_{secret}"} for name, secret in secrets.items()}


def client(app: FastAPI, headers: dict[str, str]) -> httpx.AsyncClient:
    """A system that speaks."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://suar.test", headers=headers, timeout=30
    )
