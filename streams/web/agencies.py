"""Agencies: what each one sent, what was refused and why, how far it lags; its own people can send refused records again."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from schemas.envelope import System
from streams.web.desk import safe
from streams.web.page import NotShownError, SignInNeededError, Visit
from streams.web.shown import Age

router = APIRouter(include_in_schema=False)

SYSTEMS: Final = frozenset(system.value for system in System)


@router.get("/agencies")
async def agencies(page: Visit) -> Response:
    """The health of every feed, with a way to each agency's own page."""
    return page.show("agencies.html", mine={grant.at for grant in page.visitor.grants if grant.role == "AGENCY"})


@router.get("/agencies/{system}")
async def agency(page: Visit, system: str) -> Response:
    """One agency: arrived, refused by reason, lag, freshness, and the newest refusals without their values."""
    if system not in SYSTEMS:
        raise NotShownError(404, "no_such_agency")
    answer = page.must(await page.desk.get(f"/v1/agencies/{safe(system)}"))
    rejects = await page.desk.get(f"/v1/agencies/{safe(system)}/rejects")
    return page.show(
        "agency.html",
        system=system,
        told=answer.body,
        arrived=arrived(answer.body),
        rejects=rejects.body.get("rejects", []) if rejects.ok else [],
        when=datetime.fromisoformat,
        spoken=lambda heard: page.health_of(msgspec.convert(heard, Age)),
        done=page.request.query_params.get("done", ""),
        mine=page.visitor.has("AGENCY", system),
    )


@router.post("/agencies/{system}/redrive")
async def redrive(page: Visit, system: str) -> Response:
    """Sends the agency's refused records again, as they were."""
    if system not in SYSTEMS:
        raise NotShownError(404, "no_such_agency")
    form = await page.request.form()
    csrf, key = str(form.get("csrf", "")), str(form.get("key", ""))
    answer = await page.desk.post(
        f"/v1/agencies/{safe(system)}/rejects/redrive", {}, X_CSRF_Token=csrf, Idempotency_Key=key
    )
    if answer.status == 401:
        raise SignInNeededError
    page.must(answer)
    return RedirectResponse(f"/agencies/{system}?done=redrive", status_code=303)


def arrived(told: Mapping[str, Any]) -> dict[str, int]:
    """Events of 24 hours by type, the most frequent first."""
    counts: Counter[str] = Counter()
    for hour in told["arrived"]["hours"]:
        counts.update(hour.get("events", {}))
    return dict(counts.most_common())
