"""API keys of systems: a file of hashes that is read again when it changes, so that a key turns or ends without a restart.

A key reads `suar_<id>_<secret>`. The secret has 256 random bits, so its plain SHA-256 is as hard to guess as itself; the
file never holds it.
"""

import hashlib
import hmac
import logging
import os
import re
import secrets
import time
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from streams.feed.callers import Caller, Grant

SECRET_BYTES: Final = 32
LOOKED_AT_EVERY: Final = 1.0
"""Seconds between two looks at the file."""
PREFIX: Final = "suar_"
ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
_NOBODY: Final = hashlib.sha256(secrets.token_bytes(SECRET_BYTES)).hexdigest()
"""What an unknown id is compared with, so that it takes as long as a known one."""
_log = logging.getLogger(__name__)

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class KeysError(Exception):
    """The file of keys cannot be used; the text says what is wrong, and holds no hash."""


class Key(BaseModel):
    """One key as the file has it. `next_hash` is a second secret that counts while a key is turned."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    hash: Digest
    next_hash: Digest | None = None
    kind: Literal["system", "person"] = "system"
    grants: tuple[str, ...] = Field(min_length=1)
    expires: AwareDatetime
    revoked: bool = False

    @field_validator("grants")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for grant in value:
            Grant.parse(grant)
        return value

    def usable(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return not self.revoked and now < self.expires


def digest(secret: str) -> str:
    """SHA-256 of a secret, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """256 random bits as URL-safe text."""
    return secrets.token_urlsafe(SECRET_BYTES)


def load(path: Path) -> dict[str, Key]:
    """The keys of a file by id. Raises KeysError with the place of what is wrong."""
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not TOML"
        raise KeysError(f"{path}: {reason}") from None
    found: dict[str, Key] = {}
    for name, fields in table.items():
        if not ID.fullmatch(name):
            raise KeysError(f"{path}: an id has 2 to 40 characters of a-z, 0-9 and -, unlike [{name[:40]}]")
        try:
            found[name] = Key.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise KeysError(f"{path}: [{name}] {where}: {first['msg']}") from None
    return found


def save(path: Path, keys: Mapping[str, Key]) -> None:
    """Replaces the file at once, readable by its owner alone: a reader sees the old keys or the new ones."""
    lines = ["# API keys of Suar: SHA-256 of each secret, never the secret. Change it with `suar keys`."]
    for name, key in sorted(keys.items()):
        fields = key.model_dump(exclude_none=True)
        expires = fields.pop("expires").astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines += ["", f"[{name}]"]
        lines += [f"{field} = {msgspec.json.encode(value).decode()}" for field, value in fields.items()]
        lines.append(f"expires = {expires}")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


class ApiKeys:
    """The keys in force. A file that turns out broken leaves the last good ones in force, and says so loudly."""

    def __init__(self, path: Path | None) -> None:
        """Raises KeysError: a gateway does not start on keys it cannot read. None: no keys."""
        self._path = path
        self._seen = self._stamp()
        self._keys = load(path) if path else {}
        self._looked = time.monotonic()

    def caller(self, token: str, now: datetime) -> Caller | None:
        """Whose key this is; None for a key that is unknown, wrong, expired or revoked."""
        self._look()
        name, _, secret = token.removeprefix(PREFIX).partition("_")
        key = self._keys.get(name)
        given = digest(secret)
        known = [_NOBODY] if key is None else [key.hash, key.next_hash or _NOBODY]
        fits = any([hmac.compare_digest(given, one) for one in known])  # noqa: C419 - all are compared, whatever fits
        if key is None or not fits or not key.usable(now):
            return None
        return Caller(name, key.kind, frozenset(map(Grant.parse, key.grants)))

    def _look(self) -> None:
        if self._path is None or time.monotonic() - self._looked < LOOKED_AT_EVERY:
            return
        self._looked = time.monotonic()
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._keys = load(self._path)
        except KeysError as error:
            _log.error("the keys stay as they were: %s", error)
        else:
            _log.info("%d keys are in force", len(self._keys))

    def _stamp(self) -> tuple[int, ...]:
        if self._path is None:
            return ()
        try:
            stat = self._path.stat()
        except OSError:
            return ()
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
