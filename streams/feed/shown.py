"""Time to the officer: clients report what they put on a screen, and everybody may look at how long each step takes."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from schemas.envelope import Contract, Instant, Ref
from streams.feed.callers import Caller, Known
from streams.feed.commands import look
from streams.feed.installation import Installation
from streams.feed.problems import Problem
from streams.feed.times import Step, Took

router = APIRouter(tags=["times"])

AT_ONCE: Final = 200


class Shown(Contract):
    """When a revision was on a screen; a clock ahead of ours counts as now."""

    shown_at: Instant | None = None
    at: Instant | None = None
    """The same, as terminals call it."""
    revision: Annotated[int, Field(ge=1)] | None = None

    @property
    def moment(self) -> datetime:
        """When it was shown, UTC; without a word on it, now."""
        now = datetime.now(UTC)
        return min(self.shown_at or self.at or now, now)


class ShownAlert(Shown):
    """One of several."""

    alert_id: Ref


@router.post("/v1/alerts/{alert_id}/shown", status_code=204)
async def shown(request: Request, who: Known, alert_id: str, body: Shown) -> Response:
    """An alert was on a screen."""
    await _count(request, who, alert_id, body)
    return Response(status_code=204)


@router.post("/v1/shown", status_code=204)
async def all_shown(
    request: Request, who: Known, body: Annotated[list[ShownAlert], Field(max_length=AT_ONCE)]
) -> Response:
    """Several alerts were on a screen; those that this caller may not see are passed over."""
    for one in body:
        try:
            await _count(request, who, one.alert_id, one)
        except Problem:
            continue
    return Response(status_code=204)


@router.get("/v1/times")
async def times(request: Request, who: Known) -> dict[str, object]:
    """Percentiles of each step by place, seconds, of the newest 1,000 alerts each."""
    suar: Installation = request.app.state.suar
    return {"places": await suar.times.percentiles()}


async def _count(request: Request, who: Caller, alert_id: str, body: Shown) -> None:
    suar: Installation = request.app.state.suar
    seen = await look(suar, who, alert_id)
    suar.audit.saw(who, "shown", (alert_id,), request)
    if seen.held.appended_at is None:
        return
    began = datetime.fromtimestamp(seen.held.appended_at / 1000, UTC)
    took = max(0.0, (body.moment - began).total_seconds())
    await suar.times.count(Took(alert_id, str(seen.view.get("place")), Step.SCREEN, took))
