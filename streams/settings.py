"""Settings: one class, one prefix (SUAR_), every field with a default that runs the demo; secrets have none."""

import os
from pathlib import Path
from typing import Literal, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from schemas.topics import MOST_PARTITIONS, PARTITIONS
from streams.logs import Format

ROOT = Path(__file__).resolve().parent.parent
MIN_KEY_BYTES = 32


class SettingsError(Exception):
    """The settings cannot be used; the text is one line that says what to do."""


KafkaProtocol = Literal["PLAINTEXT", "SSL", "SASL_SSL"]
"""How clients speak to Kafka: in clear, with a certificate of their own, or with a SCRAM-SHA-512 password over TLS."""


class SecretFiles(PydanticBaseSettingsSource):
    """A secret may be in a file: `SUAR_KAFKA_PASSWORD_FILE` names the one that holds what `SUAR_KAFKA_PASSWORD` would."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        """Raises SettingsError when the file cannot be read."""
        name = f"SUAR_{field_name.upper()}_FILE"
        file = os.environ.get(name) if SecretStr in (field.annotation, *get_args(field.annotation)) else None
        if not file:
            return None, field_name, False
        try:
            return Path(file).read_text().strip(), field_name, False
        except OSError as error:
            raise SettingsError(f"{name}: {error.strerror}. Set it to: a file with the value.") from None

    def __call__(self) -> dict[str, object]:
        """Every secret that stands in a file."""
        found = {name: self.get_field_value(info, name)[0] for name, info in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class Security(BaseSettings):
    """How this process makes itself known to Kafka and Redis, and by what it knows them."""

    model_config = SettingsConfigDict(env_prefix="SUAR_", frozen=True, hide_input_in_errors=True, extra="ignore")

    kafka_ca: Path | None = Field(None, description="PEM file with the authority that signs Kafka's certificates")
    kafka_certificate: Path | None = Field(None, description="PEM file with our certificate for Kafka")
    kafka_key: Path | None = Field(None, description="PEM file with the key of our certificate for Kafka")
    kafka_user: str | None = Field(None, description="Our name with Kafka, for SASL_SSL with SCRAM-SHA-512")
    kafka_password: SecretStr | None = Field(None, description="Our password with Kafka")
    kafka_protocol: KafkaProtocol = Field(
        "PLAINTEXT", validate_default=True, description="How to speak to Kafka: PLAINTEXT, SSL or SASL_SSL"
    )
    redis_ca: Path | None = Field(None, description="PEM file with the authority that signs Redis's certificate")
    redis_user: str | None = Field(None, description="Our name with Redis, as its ACL has it")
    redis_password: SecretStr | None = Field(None, description="Our password with Redis")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What a caller says goes before the environment, and that before files."""
        return init_settings, env_settings, SecretFiles(settings_cls)

    @field_validator("kafka_ca", "kafka_certificate", "kafka_key", "redis_ca")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not os.access(value, os.R_OK):
            raise ValueError("there is no such file, or it may not be read")
        return value

    @field_validator("kafka_protocol")
    @classmethod
    def _complete(cls, value: KafkaProtocol, info: ValidationInfo) -> KafkaProtocol:
        needed = {
            "PLAINTEXT": (),
            "SSL": ("kafka_certificate", "kafka_key"),
            "SASL_SSL": ("kafka_user", "kafka_password"),
        }
        missing = [f"SUAR_{name.upper()}" for name in needed[value] if name in info.data and not info.data[name]]
        if missing:
            raise ValueError(f"{value} needs {' and '.join(missing)}")
        given = [name for name in ("kafka_user", "kafka_certificate") if info.data.get(name)]
        if value == "PLAINTEXT" and given:
            raise ValueError(f"PLAINTEXT takes no SUAR_{given[0].upper()}")
        return value


class Layout(BaseSettings):
    """What every program of an installation must have alike."""

    model_config = SettingsConfigDict(env_prefix="SUAR_", frozen=True, hide_input_in_errors=True, extra="ignore")

    partitions: int = Field(
        PARTITIONS,
        ge=PARTITIONS,
        le=MOST_PARTITIONS,
        multiple_of=PARTITIONS,
        description=f"Partitions of each keyed topic: {PARTITIONS}, or a multiple of it after `suar topics grow`",
    )


class Settings(Security, Layout):
    """Read from the environment (`SUAR_KAFKA=…`); a secret also from the file that `…_FILE` names."""

    kafka: str = Field("127.0.0.1:19292", description="Kafka bootstrap servers")
    redis: str = Field("redis://127.0.0.1:16390/0", description="Redis URL; rediss:// is TLS")
    redis_cluster: bool = Field(False, description="Redis is a cluster, and SUAR_REDIS names one of its nodes")
    namespace: str = Field("suar", description="Prefix of consumer groups and Redis keys; one per installation")
    pseudonym_key: SecretStr = Field(description="Secret of at least 32 bytes, hex or text: the key of all pseudonyms")
    identity_seal: str | None = Field(
        None, description="Public key that identities are sealed for, hex; none: they are not kept"
    )
    event_seal: str | None = Field(
        None, description="Public key that the data of events are sealed for before they leave, hex; none: in clear"
    )
    event_key: SecretStr | None = Field(
        None, description="Private keys that open what agencies sealed, hex, the newest first, separated by commas"
    )
    policy: Path = Field(ROOT / "deploy/policy/2026-11.toml", description="The policy in force until one is published")
    log_format: Format = Field("text", description="How logs are written: text, or json with one object a line")
    trace_share: float = Field(0.01, ge=0, le=1, description="Share of events that are followed from agency to screen")
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

    @field_validator("redis")
    @classmethod
    def _without_password(cls, value: str) -> str:
        if urlsplit(value).password:
            raise ValueError("a URL is shown: the password goes to SUAR_REDIS_PASSWORD or its file")
        return value

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


Kind = TypeVar("Kind", bound=BaseSettings)


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
        raise SettingsError(f"{name}: {_said(first['msg'])}. Set it to: {meaning}.") from None


def _said(message: str) -> str:
    """Pydantic's sentence as the middle of ours; names of variables keep their letters."""
    return message[:1].lower() + message[1:]
