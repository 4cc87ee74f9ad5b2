"""Home areas: how many people of a desa or kabupaten something happened to; counts alone, so nobody's data is looked at."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Annotated, Final, TypeAlias

from aiokafka.errors import KafkaError
from fastapi import APIRouter, FastAPI, Query, Request
from pydantic import Field

from schemas.areas import AreaLevel, Indicator
from schemas.envelope import Contract
from streams.areas import PER, Row, newest, published, rows
from streams.feed.callers import Known
from streams.feed.problems import RETRY_SECONDS, Problem, away

KEPT_SECONDS: Final = 30.0
"""Counts move by the day; the topic is read no more often than this, however many ask."""
READ_WITHIN: Final = 10.0
"""Seconds; every desa of the country with all its counts takes less."""
MOST: Final = 10_000
USUAL: Final = 1000
Code: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{0,10}$")]


class Standing:
    """The counts as they stood when they were last read, for all who ask."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self._reading = asyncio.Lock()
        self._rows: list[Row] = []
        self._again_at, self._away_until = 0.0, 0.0

    async def rows(self) -> list[Row]:
        """By area. Raises Problem 503 while Kafka is away; those who waited for the same reading hear it together."""
        async with self._reading:
            now = time.monotonic()
            if now < self._away_until:
                raise away("kafka")
            if now >= self._again_at:
                self._rows = await self._read()
                self._again_at = now + KEPT_SECONDS
            return self._rows

    async def _read(self) -> list[Row]:
        try:
            async with asyncio.timeout(READ_WITHIN):
                found = await published(self._kafka)
                return await asyncio.to_thread(lambda: rows(newest(found)))  # for the whole country it takes a while
        except (KafkaError, TimeoutError):
            self._away_until = time.monotonic() + RETRY_SECONDS
            raise away("kafka") from None


@asynccontextmanager
async def _standing(app: FastAPI) -> AsyncIterator[None]:
    """It connects to nothing until somebody asks."""
    app.state.areas = Standing(app.state.suar.settings.kafka)
    yield


router = APIRouter(prefix="/v1/areas", tags=["areas"], lifespan=_standing)


class Asked(Contract):
    """Which areas, and how many of them at once."""

    area: Annotated[Code, Field(description="Only areas whose code begins so")] = ""
    level: AreaLevel | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = USUAL
    after: Annotated[Code, Field(description="The `next` of the list before")] = ""


@router.get("")
async def areas(request: Request, who: Known, asked: Annotated[Asked, Query()]) -> dict[str, object]:
    """Counts of different people and rates per 10,000 passports, by area. `people` null: there are fewer than `at_least` now;
    a count that is not there never reached it.
    """
    begins = _within(who.areas, asked.area)
    if not begins:
        raise Problem(403, "not_your_area", "these areas are for others")
    standing: Standing = request.app.state.areas
    found = [one for one in await standing.rows() if one.area.startswith(begins) and asked.level in {None, one.level}]
    return _page(found, asked.limit, asked.after)


def _within(mine: Sequence[str], area: str) -> tuple[str, ...]:
    """What codes begin with that are both the caller's and asked for; nothing when there are none."""
    return tuple(max(code, area, key=len) for code in mine if code.startswith(area) or area.startswith(code))


def _page(found: Sequence[Row], limit: int, after: str) -> dict[str, object]:
    """So many of them behind an area; `next` is null when these are the last."""
    shown = list(islice((one for one in found if one.area > after), limit))
    more = shown[-1].area if shown and shown[-1] is not found[-1] else None
    return {"per": PER, "total": len(found), "next": more, "areas": [_told(one) for one in shown]}


def _told(row: Row) -> dict[str, object]:
    counts = {name.value: _count(row, name) for name in Indicator if name in row.counts}
    return {"area": row.area, "level": row.level.value, "since": row.since.isoformat(), "counts": counts}


def _count(row: Row, name: Indicator) -> dict[str, object]:
    """As it was published, with its rate; passports are what rates are of, and have none."""
    told = row.counts[name].model_dump(mode="json", exclude={"area", "level", "indicator"})
    return told if name is Indicator.PASSPORTS else {**told, "rate": row.rate(name)}
