"""A tally: what the dossier of an area keeps of each person it counts. Small, because every passport passes through one."""

from datetime import datetime

import msgspec


class Counted(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """One entry: a person of a desa, or a desa of a kabupaten. The highest epoch of an entry counts."""

    epoch: int
    day: int | None
    """Ordinal (UTC) of what happened; None for a desa's own count, which does not age here."""
    indicator: str = ""
    people: int = 0
    """0: it does not stand any more."""
    who: tuple[str, ...] = ()
    """Short pseudonyms, so that nobody is counted twice; of a desa only the first few."""
    classes: tuple[int, ...] = ()
    """How many people by class of time, where the indicator is a time."""


class Last(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """What was last said of one indicator, and how often minds changed. Empty content: nothing stands."""

    revision: int
    content: str = ""


class Area(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that the dossier of an area holds."""

    code: str = ""
    today: int = 0
    """The latest day at which it was looked at: ordinal, UTC."""
    tally: dict[str, Counted] = {}
    published: dict[str, Last] = {}
    """By indicator: on `suar.areas`."""
    passed_on: dict[str, Last] = {}
    """By indicator: to the kabupaten."""
    wake: datetime | None = None
    """When the oldest entry leaves the window."""
