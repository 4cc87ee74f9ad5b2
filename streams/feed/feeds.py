"""Lists: what is open on a feed, filtered, gravest first; answered from memory."""

import re
from bisect import bisect_right
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from schemas.alerts import Severity
from streams.feed.board import Board
from streams.feed.callers import Caller, Known
from streams.feed.installation import Installation
from streams.feed.problems import Problem
from streams.feed.rows import Row, Wanted, newest_first, order_of

router = APIRouter(tags=["feeds"])

MOST: Final = 1000
USUAL: Final = 100
_FEED: Final = re.compile(r"[A-Z][A-Z0-9_]{1,31}:(\*|[A-Z0-9][A-Z0-9-]{0,31})")

Many = Annotated[list[str] | None, Query()]


class Filters:
    """Query parameters of a list; each may be given more than once, or hold several values with commas between."""

    def __init__(  # noqa: PLR0913, PLR0917 - FastAPI reads the parameters of a query from a signature
        self,
        severity: Many = None,
        state: Many = None,
        rule: Many = None,
        family: Many = None,
        checkpoint: Many = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
        after: str = "",
    ) -> None:
        given = (severity, state, rule, family, checkpoint)
        self.wanted = Wanted(
            *(frozenset(part for one in many or () for part in one.split(",") if part) for many in given)
        )
        self.limit, self.after = limit, after


Filtered = Annotated[Filters, Depends()]


def readable(who: Caller, feed: str) -> str:
    """The feed's name, when this caller may read it. Raises Problem 403, whether there is such a feed or not."""
    if not _FEED.fullmatch(feed) or not who.may_read(feed):
        raise Problem(403, "not_your_feed", "this feed is for others")
    return feed


def of_checkpoint(who: Caller, code: str) -> str:
    """The feed of a checkpoint that shows this caller most. Raises Problem 403."""
    return readable(who, who.best_feed(code) or "")


async def board_of(request: Request, feed: str) -> Board:
    """The board of a feed that may be read."""
    suar: Installation = request.app.state.suar
    return await suar.boards.board(feed)


@router.get("/v1/feeds/health")
async def health(request: Request, who: Known) -> dict[str, object]:
    """How complete each agency's feed is: whether a quiet screen may be believed."""
    suar: Installation = request.app.state.suar
    return {"sources": [one.told() for one in await suar.freshness.heard()], "live": suar.boards.well}


@router.get("/v1/checkpoints/{code}/alerts")
async def at_checkpoint(request: Request, who: Known, code: str, filters: Filtered) -> Response:
    """What is open at a checkpoint, as this caller may see it."""
    return await _listed(request, who, of_checkpoint(who, code), filters)


@router.get("/v1/feeds/{feed}/alerts")
async def on_feed(request: Request, who: Known, feed: str, filters: Filtered) -> Response:
    """What is open on a feed."""
    return await _listed(request, who, readable(who, feed), filters)


async def _listed(request: Request, who: Caller, feed: str, filters: Filters) -> Response:
    """Rows and cursor are of one moment: nothing is awaited between them."""
    board = await board_of(request, feed)
    cursor = board.cursor.encode()
    rows = [one for one in newest_first(board.rows) if filters.wanted.takes(one)]
    begin = _begin(rows, filters.after)
    shown = rows[begin : begin + filters.limit]
    more = _position(shown[-1]) if shown and begin + len(shown) < len(rows) else None
    suar: Installation = request.app.state.suar
    suar.audit.saw(who, "alerts", (one.alert_id for one in shown), request)
    head = msgspec.json.encode({"cursor": cursor, "total": len(rows), "next": more, "live": suar.boards.well})
    body = head[:-1] + b',"alerts":[' + b",".join(one.raw for one in shown) + b"]}"
    return Response(body, media_type="application/json")


def _position(one: Row) -> str:
    """Where a row stands in the order; it need not be there any more when somebody goes on behind it."""
    return f"{Severity[one.severity].value}_{one.at.timestamp():.6f}_{one.alert_id}"


def _begin(rows: list[Row], after: str) -> int:
    """The first row behind a position."""
    if not after:
        return 0
    try:
        severity, at, name = after.split("_", 2)
        key = (-int(severity), -float(at), name)
    except ValueError:
        raise Problem(400, "bad_position", "`after` is the `next` of the list before") from None
    return bisect_right(rows, key, key=order_of)
