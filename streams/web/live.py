"""Live: the feed of one recipient, the newest first, filtered by the address, kept up to date by the stream."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from streams.feed.callers import VILLAGE
from streams.web.boards import board, by_rule, chosen, counted, readable
from streams.web.desk import safe
from streams.web.page import FEED_COOKIE, Page, Visit
from streams.web.shown import SEVERITIES, shown

router = APIRouter(include_in_schema=False)

SHOWN: Final = 150
"""Rows on one page: more than anybody reads, few enough that a storm does not slow the screen."""
STATES: Final = ("RAISED", "DELIVERED", "ACKNOWLEDGED", "IN_SECONDARY")
FAMILIES: Final = ("PROCEDURE", "ROUTE", "NETWORK", "HISTORY", "IDENTITY", "AGE", "INTEGRITY")
FILTERS: Final = ("checkpoint", "severity", "state", "rule", "family")


@router.get("/")
async def live(page: Visit) -> Response:
    """The feed that was asked for, or the one used last. A village reads none: it is led to its counts."""
    query = page.request.query_params
    feed = chosen(page, query.get("feed"))
    if feed is None and page.visitor.has(VILLAGE) and page.visitor.areas:
        return RedirectResponse("/areas", status_code=303)
    if feed is None:
        return page.show("nothing.html", status=200)
    filters = {name: query[name] for name in FILTERS if query.get(name)}
    answer = page.must(
        await page.desk.get(f"/v1/feeds/{safe(feed)}/alerts", limit=SHOWN, after=query.get("after", ""), **filters)
    )
    rows = [shown(view) for view in answer.body.get("alerts", ())]
    found = await board(page, feed)
    response = page.show(
        "live.html",
        feed=feed,
        feeds_readable=readable(page),
        rows=rows,
        total=int(answer.body.get("total", len(rows))),
        cursor=answer.body.get("cursor", ""),
        more=_more(answer.body, feed, filters),
        filters=filters,
        counts=counted(found),
        rules=sorted(by_rule(found)),
        severities=[name for name in reversed(SEVERITIES) if name],
        states=STATES,
        families=FAMILIES,
        shown_at_most=SHOWN,
        scripts=_for_scripts(page, feed),
        may_acknowledge=_may_acknowledge(page, feed),
    )
    if query.get("feed") == feed:
        response.set_cookie(FEED_COOKIE, feed, max_age=30 * 86400, httponly=True, samesite="strict")
    return response


def _may_acknowledge(page: Page, feed: str) -> bool:
    return page.visitor.may("acknowledge", {}, feed=feed)


def _more(body: Mapping[str, Any], feed: str, filters: Mapping[str, str]) -> str:
    """The address of the next rows; empty when these are the last."""
    after = body.get("next")
    return f"/?{urlencode({'feed': feed, **filters, 'after': after})}" if after else ""


def _for_scripts(page: Page, feed: str) -> dict[str, Any]:
    """What the scripts need to draw a row as the server would: words, names and clocks of places."""
    places = page.places
    return {
        "feed": feed,
        "language": page.words.language,
        "severities": page.words.part("severity"),
        "states": page.words.part("state"),
        "triggers": page.words.part("trigger"),
        "systems": page.words.part("system"),
        "words": page.words.part("script"),
        "ages": page.words.part("age"),
        "places": {
            code: [places.name(code), places.zone(code), places.zone_name(code)]
            for code in page.places.policy.checkpoints
        },
        "home": page.home,
        "officers": page.officers,
    }
