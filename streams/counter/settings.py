"""What a terminal is told: where the gateway is, who the terminal is, and what it keeps for how long."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.envelope import Checkpoint

MIN_KEY_BYTES: Final = 32


class CounterSettingsError(Exception):
    """The settings cannot be used; the text is one line that says what to do."""


class CounterSettings(BaseSettings):
    """Read from the environment, prefix SUAR_CHECKPOINT_."""

    model_config = SettingsConfigDict(
        env_prefix="SUAR_CHECKPOINT_", frozen=True, hide_input_in_errors=True, extra="ignore"
    )

    code: Checkpoint = Field(description="The checkpoint of this terminal, such as A-CGK")
    url: str = Field(
        "http://127.0.0.1:16080", pattern=r"^https?://", description="Address of the gateway, http or https"
    )
    token: SecretStr = Field(SecretStr(""), description="API key or token of this terminal; empty: none is sent")
    key: SecretStr | None = Field(
        None, description="Secret of at least 32 bytes that seals what waits to be sent; without it nothing is taken"
    )
    store: Path | None = Field(None, description="File of the local store; else one for each checkpoint, in your home")
    zone: str = Field("Asia/Jakarta", description="IANA time zone of the port, for what is shown")
    keep_days: float = Field(7.0, gt=0, description="What is older is deleted here; what still waits to be sent is not")
    answer_seconds: float = Field(2.0, gt=0, le=10, description="How long a traveller waits for the answer")
    passed_minutes: float = Field(
        5.0, gt=0, description="After so long without an answer the traveller has passed the counter"
    )
    retry_seconds: float = Field(1.0, gt=0, description="First pause after a failure; it doubles, with jitter")
    retry_most_seconds: float = Field(30.0, gt=0, description="Longest pause after a failure")
    silent_seconds: float = Field(45.0, gt=0, description="A stream without any frame for so long is dialled again")

    @field_validator("key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < MIN_KEY_BYTES:
            raise ValueError(f"shorter than {MIN_KEY_BYTES} bytes")
        return value

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("no IANA time zone") from error
        return value

    @property
    def file(self) -> Path:
        """Where the store lies."""
        return self.store or Path(platformdirs.user_state_dir("suar")) / f"checkpoint-{self.code}.sqlite3"

    @property
    def passed_after(self) -> timedelta:
        """From the attempt to the moment after which nobody is expected to stand at the counter any more."""
        return timedelta(minutes=self.passed_minutes)


def load(**overrides: object) -> CounterSettings:
    """The settings of this terminal; None among the overrides means not given. Raises CounterSettingsError."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return CounterSettings(**given)  # type: ignore[arg-type]  # pydantic-settings takes its fields as keywords
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0])
        meaning = CounterSettings.model_fields[name].description
        raise CounterSettingsError(
            f"SUAR_CHECKPOINT_{name.upper()}: {first['msg'].lower()}. Set it to: {meaning}."
        ) from None


def private(file: Path) -> None:
    """Makes the file, or leaves it as it is, readable by its owner alone; what stands beside it follows its mode."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    file.chmod(0o600)
