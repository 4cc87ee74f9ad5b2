"""Settings of the gateway: those of every program of this installation, and its own."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from streams import settings
from streams.settings import Settings

SignIn = Literal["closed", "development", "oidc"]
"""How people come in: nobody, fictional users at a click (never in production), or the agency's identity provider."""


class FeedSettings(Settings):
    """Read from the environment (`SUAR_FEED_PORT=…`); a secret also from the file that `…_FILE` names."""

    feed_host: str = Field("127.0.0.1", description="Address of the gateway")
    feed_port: int = Field(16080, description="Port of the gateway; one per gateway on a host")
    sign_in: SignIn = Field("closed", description="How people sign in: closed, development or oidc")
    api_keys: Path | None = Field(
        None, description="TOML file with the hashed API keys of systems, read again on change"
    )
    session_key: SecretStr | None = Field(None, description="Secret that signs the sessions of people")
    notes_key: SecretStr | None = Field(None, description="Key of officers' notes: 32 bytes, hex or base64")
    identity_key: SecretStr | None = Field(
        None, description="Private keys that open identities, hex, the newest first, separated by commas"
    )
    oidc_issuer: str | None = Field(None, description="Issuer of the identity provider, as its tokens name it")
    oidc_client_id: str | None = Field(None, description="Our name with the identity provider")
    oidc_client_secret: SecretStr | None = Field(None, description="Our secret with the identity provider")
    public_url: str | None = Field(
        None, description="Where people reach the gateway, such as https://suar.example; none: as the request names it"
    )
    cors_origins: tuple[str, ...] = Field(
        (), description="Origins of other pages that may call the API, as a JSON list"
    )
    body_bytes: int = Field(256 * 1024, description="Largest request, bytes; a batch of events has its own bound")
    batch_bytes: int = Field(16 * 1024 * 1024, description="Largest batch of events over HTTP, bytes")
    in_flight_bytes: int = Field(64 * 1024 * 1024, description="Bytes of batches under way before others must wait")
    requests_per_minute: int = Field(600, description="Requests of one caller in a minute before it is asked to wait")
    events_per_second: int = Field(2000, description="Events that one system may send in a second before it must wait")
    frames_kept: int = Field(2000, description="Newest frames of a feed that a gateway keeps for those who come back")
    frames_waiting: int = Field(256, description="Frames that wait for a slow reader before its stream is ended")


def load(**overrides: object) -> FeedSettings:
    """The settings of this gateway. Raises SettingsError with the variable and what it should be."""
    return settings.read(FeedSettings, **overrides)
