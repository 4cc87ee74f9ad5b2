"""Settings of the program that deletes what nobody may keep longer. It sees no identity and needs neither Redis nor a secret."""

from pydantic import Field, SecretStr

from streams import settings
from streams.settings import Settings

_UNUSED = SecretStr("retention-never-touches-an-identity")


class RetentionSettings(Settings):
    """Read from the environment (`SUAR_RETENTION_HOURS=…`)."""

    pseudonym_key: SecretStr = Field(_UNUSED, description="Not used by retention")
    retention_hours: float = Field(24.0, gt=0, le=168, description="Hours between two looks at what became too old")
    retention_host: str = Field("127.0.0.1", description="Address of retention's /live, /ready and /metrics")
    retention_port: int = Field(16084, description="Port of retention's /live, /ready and /metrics")


def load(**overrides: object) -> RetentionSettings:
    """The settings. Raises SettingsError with the variable and what it should be."""
    return settings.read(RetentionSettings, **overrides)
