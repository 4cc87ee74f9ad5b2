"""Places: names and clocks of checkpoints, and the procedure's texts, from the policy that this gateway began with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from schemas.policy import Policy

CAPITAL: Final = "Asia/Jakarta"
"""The clock of places that are no checkpoint."""
_NAMES: Final[Mapping[str, str]] = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}
_NIGHT: Final = (18, 6)
"""From six to six the screens are dark unless somebody chose otherwise."""


@dataclass(frozen=True)
class Places:
    """Checkpoints by code."""

    policy: Policy

    def name(self, code: str) -> str:
        """`Soekarno-Hatta`; the code itself where the table has none."""
        row = self.policy.checkpoints.get(code)
        return row.name if row else code

    def zone(self, code: str) -> str:
        """IANA name of the place's clock."""
        row = self.policy.checkpoints.get(code)
        return row.zone if row else CAPITAL

    def local(self, moment: datetime, code: str = "") -> datetime:
        """The moment on the place's clock."""
        return moment.astimezone(ZoneInfo(self.zone(code)))

    def clock(self, moment: datetime, code: str, now: datetime) -> str:
        """`09.45 WIB`; with its day unless that is today there."""
        there, today = self.local(moment, code), self.local(now, code).date()
        hour = f"{there:%H.%M} {self.zone_name(code)}"
        return hour if there.date() == today else f"{there:%d-%m-%y} {hour}"

    def full(self, moment: datetime, code: str = "") -> str:
        """Day, minute and zone, as it is printed."""
        return f"{self.local(moment, code):%d-%m-%Y %H.%M} {self.zone_name(code)}"

    def zone_name(self, code: str) -> str:
        """`WIB`, `WITA` or `WIT`."""
        return _NAMES.get(self.zone(code), self.zone(code))

    def night(self, now: datetime, code: str = "") -> bool:
        """Is it dark there?"""
        hour = self.local(now, code).hour
        return hour >= _NIGHT[0] or hour < _NIGHT[1]
