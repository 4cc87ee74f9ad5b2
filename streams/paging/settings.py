"""Settings of the pager. It sees no identity and needs neither Redis nor the key of pseudonyms."""

import os
import re
from pathlib import Path

from pydantic import Field, SecretStr

from schemas.paging import Channel
from streams import settings
from streams.settings import ROOT, Settings, SettingsError

_UNUSED = SecretStr("the-pager-never-touches-an-identity")


class PagerSettings(Settings):
    """Read from the environment (`SUAR_PAGER_PORT=…`)."""

    pseudonym_key: SecretStr = Field(_UNUSED, description="Not used by the pager")
    rota: Path = Field(ROOT / "deploy/paging/2026-11.toml", description="Who is on call, and which alerts call whom")
    pager_host: str = Field("127.0.0.1", description="Address of the pager's /live, /ready and /metrics")
    pager_port: int = Field(
        16082, description="Port of the pager's /live, /ready and /metrics; one per pager on a host"
    )
    public_url: str | None = Field(
        None, description="Where people reach the gateway: links in pages begin with it; none: http://127.0.0.1:16080"
    )

    @property
    def base(self) -> str:
        """Address of the gateway, without a slash at its end."""
        return (self.public_url or "http://127.0.0.1:16080").rstrip("/")


def load(**overrides: object) -> PagerSettings:
    """The settings of this pager. Raises SettingsError with the variable and what it should be."""
    return settings.read(PagerSettings, **overrides)


def variable(channel: Channel) -> str:
    """The environment variable of a channel's address; its secret has `_SECRET` at the end, a file `_FILE`."""
    return f"SUAR_CHANNEL_{re.sub('[^A-Z0-9]', '_', channel.name.upper())}"


def address(channel: Channel) -> str | None:
    """Where the channel leads; None when nobody said. Raises SettingsError when its file cannot be read."""
    return _secret(variable(channel))


def secret(channel: Channel) -> str | None:
    """Of a signed webhook. Raises SettingsError when its file cannot be read."""
    return _secret(f"{variable(channel)}_SECRET")


def _secret(name: str) -> str | None:
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return os.environ.get(name) or None
    try:
        return Path(file).read_text().strip() or None
    except OSError as error:
        raise SettingsError(f"{name}_FILE: {error.strerror}. Set it to: a file with the value.") from None
