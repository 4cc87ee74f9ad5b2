"""How complete each agency's feed is, as the workers have it: a quiet screen says whether it may be believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from agents.freshness import complete
from schemas.envelope import System
from schemas.policy import Policy
from schemas.topics import FACTS
from streams.partitions import partitions_of
from streams.settings import Settings
from streams.teller import Teller

MARKS: Final = "marks"
"""Name of a partition's marks beside its dossiers."""
_MARKS: Final = msgspec.json.Decoder(dict[str, datetime])


@dataclass(frozen=True, slots=True)
class Heard:
    """One source. `complete_up_to` None: it was never heard. `age_seconds` counts from now."""

    source: str
    complete_up_to: datetime | None
    age_seconds: float | None
    live: bool
    said: str
    """`quiet`: nothing is missing; `silent 40 min`, `never heard`: nothing can be said."""

    def told(self) -> dict[str, object]:
        """As the API says it."""
        upto = self.complete_up_to.isoformat() if self.complete_up_to else None
        return {
            "source": self.source,
            "complete_up_to": upto,
            "age_seconds": self.age_seconds,
            "live": self.live,
            "said": self.said,
        }


class Freshness:
    """Reads marks. Raises redis-py's errors."""

    def __init__(self, teller: Teller, settings: Settings, policy: Policy) -> None:
        self._teller, self._policy = teller, policy
        self._keys = [
            f"{settings.namespace}:{{{FACTS.name}:{partition}}}:{MARKS}" for partition in range(partitions_of(FACTS))
        ]

    async def heard(self) -> list[Heard]:
        """Every source that somebody leans on, in the order of the table of systems."""
        now = datetime.now(UTC)
        marks = await self._marks()
        return [self._one(system, marks, now) for system in System if system is not System.CHECKPOINT]

    async def _marks(self) -> Mapping[str, datetime]:
        """Every partition of facts knows them all; the newest that any was told stand."""
        seen: dict[str, datetime] = {}
        for key in self._keys:  # one slot each in a cluster
            blob: bytes | None = await self._teller.call("GET", key)
            for place, upto in (_MARKS.decode(blob) if blob else {}).items():
                seen[place] = max(upto, seen.get(place, upto))
        return complete(seen, partitions_of(FACTS))

    def _one(self, system: System, marks: Mapping[str, datetime], now: datetime) -> Heard:
        upto = marks.get(system.value)
        if upto is None:
            return Heard(system.value, None, None, False, "never heard")
        age = max(timedelta(0), now - upto)
        live = age <= self._policy.feed_limit(system)
        return Heard(system.value, upto, age.total_seconds(), live, "quiet" if live else f"silent {spoken(age)}")


def spoken(age: timedelta) -> str:
    """Roughly, as people say it: `40 min`, `3 h`, `2 d`."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"
