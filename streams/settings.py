"""Settings: one class, one prefix (SUAR_), every field with a default that runs the demo; secrets have none."""

from pathlib import Path
from typing import TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
MIN_KEY_BYTES = 32


class SettingsError(Exception):
    """The settings cannot be used; the text is one line that says what to do."""


class Settings(BaseSettings):
    """Read from the environment (`SUAR_KAFKA=…`) or from files in `SUAR_SECRETS_DIR`."""

    model_config = SettingsConfigDict(env_prefix="SUAR_", frozen=True, hide_input_in_errors=True, extra="ignore")

    kafka: str = Field("127.0.0.1:19292", description="Kafka bootstrap servers")
    redis: str = Field("redis://127.0.0.1:16390/0", description="Redis URL")
    namespace: str = Field("suar", description="Prefix of consumer groups and Redis keys; one per installation")
    pseudonym_key: SecretStr = Field(description="Secret of at least 32 bytes, hex or text: the key of all pseudonyms")
    policy: Path = Field(ROOT / "deploy/policy/2026-11.toml", description="The policy in force until one is published")
    web_host: str = Field("127.0.0.1", description="Address of /live, /ready and /metrics")
    web_port: int = Field(16066, description="Port of /live, /ready and /metrics; one per worker on a host")
    session_timeout: float = Field(10.0, description="Seconds until a silent worker loses its partitions")
    fetch_wait_ms: int = Field(20, description="Longest wait of one fetch of an urgent topic, milliseconds")
    calm_fetch_wait_ms: int = Field(250, description="Longest wait of one fetch of any other topic, milliseconds")
    max_poll: int = Field(2000, description="Records taken from the consumer at once")
    max_batch: int = Field(500, description="Records that a lane folds at once")
    backlog: int = Field(4000, description="Records that wait in a lane before its partition is paused")
    commit_interval: float = Field(5.0, description="Seconds between commits to Kafka, for lag tools and rebuilds")
    tick_interval: float = Field(1.0, description="Seconds between looks at what is due")
    mark_seconds: float = Field(
        30.0, description="A heartbeat is passed on to all partitions when the feed advanced by so many seconds"
    )
    stall_seconds: float = Field(
        60.0, description="No progress for so long with work waiting: the worker exits with code 3"
    )
    rejected_ratio: float = Field(
        0.01, description="Above this share of bad records in a window the worker stops with code 4"
    )
    rejected_window: int = Field(10_000, description="Records of one topic over which the share is taken")
    rejected_run: int = Field(1000, description="So many bad records in a row of one topic stop the worker with code 4")
    feed_length: int = Field(10_000, description="Entries kept in each recipient's feed")

    @field_validator("pseudonym_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value().encode()) < MIN_KEY_BYTES:
            raise ValueError(f"shorter than {MIN_KEY_BYTES} bytes")
        return value

    @property
    def key(self) -> bytes:
        """The pseudonym key as bytes."""
        return self.pseudonym_key.get_secret_value().encode()


Kind = TypeVar("Kind", bound=Settings)


def load(**overrides: object) -> Settings:
    """The settings of this process. Raises SettingsError with the variable and what it should be."""
    return read(Settings, **overrides)


def read(kind: type[Kind], **overrides: object) -> Kind:
    """Settings of one kind. Raises SettingsError as `load` does."""
    try:
        return kind(**overrides)  # type: ignore[arg-type]  # pydantic-settings takes its fields as keywords
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = f"SUAR_{str(first['loc'][0]).upper()}"
        meaning = kind.model_fields[str(first["loc"][0])].description
        raise SettingsError(f"{name}: {first['msg'].lower()}. Set it to: {meaning}.") from None
