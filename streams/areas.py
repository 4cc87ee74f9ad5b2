"""How many people of an area something happened to, as `suar.areas` has it now: for the command and the gateway alike."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import ValidationError

from schemas.areas import AreaCount, AreaLevel, Indicator
from schemas.topics import AREAS
from streams.reading import everything

PER: Final = 10_000
"""Passports that a rate is of (finding A2)."""
_BREATH: Final = 200
"""Counts between two looks at the event loop: a few milliseconds."""


@dataclass(frozen=True)
class Row:
    """One area, with the newest count of each indicator that was ever published of it."""

    area: str
    level: AreaLevel
    counts: dict[Indicator, AreaCount]

    def people(self, indicator: Indicator) -> int | None:
        """None: suppressed, or never published."""
        one = self.counts.get(indicator)
        return one.people if one else None

    def rate(self, indicator: Indicator) -> float | None:
        """Per 10,000 passports; None where either number is not told, or they are of different windows."""
        some, passports = self.counts.get(indicator), self.counts.get(Indicator.PASSPORTS)
        if some is None or passports is None or some.window_days != passports.window_days:
            return None
        return some.people / passports.people * PER if some.people and passports.people else None

    @property
    def since(self) -> date:
        """The day (UTC) since which all of them stand as they do."""
        return max(one.as_of for one in self.counts.values())


async def published(bootstrap: str) -> list[AreaCount]:
    """Everything that stands on the topic. Raises aiokafka's errors."""
    found: list[AreaCount] = []
    async for record in everything(bootstrap, AREAS.name):
        try:
            found.append(AreaCount.model_validate_json(record.value or b""))
        except ValidationError:
            continue  # a tombstone, or somebody else's
        if not len(found) % _BREATH:
            await asyncio.sleep(0)
    return found


def newest(counts: Iterable[AreaCount]) -> list[AreaCount]:
    """The highest revision of each key, by area."""
    last: dict[str, AreaCount] = {}
    for one in counts:
        if one.key not in last or one.revision > last[one.key].revision:
            last[one.key] = one
    return [last[key] for key in sorted(last)]


def rows(counts: Iterable[AreaCount]) -> list[Row]:
    """One for each area: a kabupaten before its desa."""
    found: dict[str, Row] = {}
    for one in counts:
        row = found.setdefault(one.area, Row(one.area, one.level, {}))
        row.counts[one.indicator] = one
    return [found[area] for area in sorted(found)]
