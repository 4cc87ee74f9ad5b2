"""Silences: what coordinators mute, with a comment and an end. They mute pages alone; the feed shows everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, FastAPI, Header, Request, Response
from pydantic import ValidationError

from schemas.envelope import Contract, Instant
from schemas.facts import digest
from schemas.paging import Matchers, Silence
from streams.feed.callers import OPERATOR, Caller, Known
from streams.feed.problems import Problem, away, unreadable
from streams.paging.desk import Desk
from streams.produce import Outbox

COORDINATOR: Final = "COORDINATOR"


@asynccontextmanager
async def _desk(app: FastAPI) -> AsyncIterator[None]:
    """Opened after the gateway's installation and closed before it."""
    app.state.desk = Desk(app.state.suar.settings.kafka)
    await app.state.desk.start()
    try:
        yield
    finally:
        await app.state.desk.stop()


router = APIRouter(prefix="/v1/silences", tags=["silences"], lifespan=_desk)


class Wish(Contract):
    """What a coordinator asks for. `until` is aware, at most seven days from now."""

    matchers: Matchers
    comment: str
    until: Instant


@router.post("", status_code=201)
async def silence(
    wish: Wish,
    request: Request,
    response: Response,
    who: Known,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> dict[str, object]:
    """Mutes pages that fit all matchers, until then. The same `Idempotency-Key` of the same caller answers the same."""
    _refuse_others(who)
    known, now = await _known(request), datetime.now(UTC).replace(microsecond=0)
    name = digest("silence", who.name, idempotency_key) if idempotency_key else uuid4().hex
    made = known.get(name)
    if made is None:
        try:
            made = Silence(id=name, matchers=wish.matchers, comment=wish.comment, by=who.name, at=now, until=wish.until)
        except ValidationError as error:
            raise unreadable(error) from None
        await _put(request, made)
    request.app.state.suar.audit.saw(who, "silence", (name,), request)
    response.headers["Location"] = f"/v1/silences/{name}"
    return _shown(made, now)


@router.get("")
async def silences(request: Request, who: Known, past: bool = False) -> dict[str, object]:
    """Those that hold, the one that ends first at the top; `past=true`: also those that are over."""
    _refuse_others(who)
    now = datetime.now(UTC)
    found = [one for one in (await _known(request)).values() if past or one.holds(now)]
    return {"silences": [_shown(one, now) for one in sorted(found, key=lambda one: (one.until, one.id))]}


@router.delete("/{name}")
async def lift(name: str, request: Request, who: Known) -> dict[str, object]:
    """Ends a silence now. One that is over stays as it ended. Who lifted it stays on the desk."""
    _refuse_others(who)
    now = datetime.now(UTC).replace(microsecond=0)
    found = (await _known(request)).get(name)
    if found is None:
        raise Problem(404, "no_such_silence", "no silence has this id")
    if found.holds(now):
        found = found.model_copy(update={"lifted_by": who.name, "lifted_at": now})
        await _put(request, found)
        request.app.state.suar.audit.saw(who, "lift", (name,), request)
    return _shown(found, now)


def _refuse_others(who: Caller) -> None:
    if not (who.has(COORDINATOR) or who.has(OPERATOR)):
        raise Problem(403, "not_yours", "silences are for coordinators and operators")


async def _known(request: Request) -> dict[str, Silence]:
    desk: Desk = request.app.state.desk
    try:
        return await desk.whole()
    except TimeoutError:
        raise away("kafka") from None


async def _put(request: Request, one: Silence) -> None:
    desk: Desk = request.app.state.desk
    outbox: Outbox = request.app.state.suar.outbox
    try:
        async with asyncio.timeout(5):
            await desk.put(one, outbox)
    except TimeoutError:
        raise away("kafka") from None


def _shown(one: Silence, now: datetime) -> dict[str, object]:
    return {**one.model_dump(mode="json"), "holds": one.holds(now)}
