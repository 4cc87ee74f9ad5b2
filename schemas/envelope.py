"""What every agency event has in common: a CloudEvents envelope around frozen data with codes instead of prose."""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints


class System(StrEnum):
    """The systems that publish; `source` of an event. Events are keyed by system, never by ministry: owners change."""

    SIMKIM = "simkim"
    SISKOP2MI = "siskop2mi"
    SIPMI = "sipmi"
    DUKCAPIL = "dukcapil"
    PEDULIWNI = "peduliwni"
    POLRI = "polri"
    CHECKPOINT = "checkpoint"


class Code(StrEnum):
    """A coded value. A code that this version does not know becomes UNKNOWN: the event is kept and the value counted."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls("UNKNOWN") if isinstance(value, str) and value != "UNKNOWN" else None


class Contract(BaseModel):
    """A frozen model that refuses unknown fields and never shows a refused value."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True, ser_json_timedelta="float"
    )


class Event(Contract):
    """The data of one agency event. `type` is its name on the wire; `addressed_to` names the fields whose subjects keep it."""

    type: ClassVar[str]
    system: ClassVar[System]
    addressed_to: ClassVar[tuple[str, ...]]


def _spelled(value: object) -> object:
    """Pydantic would read digits in quotes as seconds since 1970: 069, the day of a year, as a moment of that first night."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond_the_calendar") from error


Instant = Annotated[AwareDatetime, AfterValidator(_utc), BeforeValidator(_spelled)]
"""A moment with its offset (RFC 3339), kept as UTC. Naive times are refused."""


def _day_spelled(value: object) -> object:
    """Pydantic would read "0" as the first day of 1970, which made somebody older than anybody's law."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("not_a_date")
    return date.fromisoformat(value)


Day = Annotated[date, BeforeValidator(_day_spelled)]
"""A calendar date as ISO 8601 writes it in full: 2026-11-25."""
Ref = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")]
"""An opaque reference of the publisher: application, crossing, case, notice. It must not contain an identifier of a person."""
Country = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}$")]
"""ISO 3166-1 alpha-3, as in the MRZ."""
Checkpoint = Annotated[str, StringConstraints(strict=True, pattern=r"^[ASL]-[A-Z]{3}$")]
"""A TPI: A air (IATA), S sea, L land, such as `A-CGK`, `S-BTC`, `L-ENT`."""
OfficeCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z0-9][A-Z0-9-]{1,31}$")]
"""An office of an agency: Kanim, BP3MI, Disnaker, mission."""
Kabupaten = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{4}$")]
"""Kemendagri code of a kabupaten or kota, 4 digits."""
DesaCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{10}$")]
"""Kemendagri code of a desa or kelurahan, 10 digits."""
