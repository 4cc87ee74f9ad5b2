"""Settings of the sealer and of those who check it. They see no identity and need neither Redis nor the key of pseudonyms."""

from pathlib import Path

from pydantic import Field, SecretStr

from streams import settings
from streams.settings import Settings

_UNUSED = SecretStr("seals-never-touch-an-identity-in-clear")


class AuditSettings(Settings):
    """Read from the environment (`SUAR_SEAL_SECONDS=…`)."""

    pseudonym_key: SecretStr = Field(_UNUSED, description="Needed only to look for somebody by number")
    audit_key: Path | None = Field(None, description="File of the private key that signs seals")
    audit_public: Path | None = Field(
        None, description="File of the public keys that seals are checked against, newer and older ones together"
    )
    seal_seconds: float = Field(60.0, ge=0.1, description="Seconds after which what was noted is sealed")
    seal_records: int = Field(10_000, ge=1, description="Records of a partition after which they are sealed at once")
    sealer_host: str = Field("127.0.0.1", description="Address of the sealer's /live, /ready and /metrics")
    sealer_port: int = Field(16083, description="Port of the sealer's /live, /ready and /metrics")


def load(**overrides: object) -> AuditSettings:
    """The settings. Raises SettingsError with the variable and what it should be."""
    return settings.read(AuditSettings, **overrides)
