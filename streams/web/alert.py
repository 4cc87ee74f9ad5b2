"""Alert: everything about one alert on one page, and what can be done with it."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Response

from schemas.sop import Sop
from schemas.sop_parts import Part
from streams.web.boards import holding, raws
from streams.web.desk import safe
from streams.web.page import Page, Visit
from streams.web.related import network
from streams.web.shown import Past, Shown, Step, opened, past, shown
from streams.web.timeline import drawn

router = APIRouter(include_in_schema=False)

COMMANDS: Final = ("acknowledge", "take", "hand-over", "note", "secondary", "outcome", "snooze", "silence")
HOURS: Final = (1, 4, 8, 24, 72, 168)
"""How long a silence or a snooze may be chosen to last; it always ends."""
HANDLED: Final = "handled"
STANDS_THERE: Final = frozenset({"ATTEMPT", "MANIFEST"})
"""Triggers at which a traveller can be talked with."""
TYPED: Final = ("command", "outcome", "ground_code", "minutes_in_secondary", "to", "text", "rule", "comment")
"""What stays in a form when its command was not carried out."""


@router.get("/alerts/{alert_id}")
async def alert(page: Visit, alert_id: str) -> Response:
    """The alert as the visitor may see it."""
    return await show(page, alert_id)


async def fetched(page: Page, alert_id: str) -> Shown:
    """The alert with its notes. Raises NotShownError."""
    return _with_notes(await _asked(page, alert_id))


async def _asked(page: Page, alert_id: str) -> Mapping[str, Any]:
    return page.must(await page.desk.get(f"/v1/alerts/{safe(alert_id)}")).body


def _with_notes(body: Mapping[str, Any]) -> Shown:
    return opened(shown(body["alert"]), body.get("notes"))


async def show(page: Page, alert_id: str, *, status: int = 200, **said: Any) -> Response:
    """The page; `said` is what a command had to say: `problem`, `stale`, what was `typed`, or the `people` it is about."""
    body = await _asked(page, alert_id)
    one = _with_notes(body)
    found = await holding(page, alert_id)
    done = page.request.query_params.get("done", "")
    context = {"problem": None, "stale": False, "done": done, "people": None} | said
    context["typed"] = dict.fromkeys(TYPED, "") | said.get("typed", {})
    return page.show(
        "alert.html",
        status=status,
        alert=one,
        timeline=drawn(one.evidence),
        related=network(one, raws(found)),
        steps=steps(one, past(body.get("history"))),
        may=may(page, one, found.feed if found else None),
        purposes=body.get("purposes", ()),
        procedure=_parts(page.places.policy.sop, one),
        grounds=_grounds(page.places.policy.sop, one),
        outcomes=[ending for ending in page.places.policy.sop.outcomes if ending.code.value != "UNKNOWN"],
        hours=HOURS,
        **context,
    )


def may(page: Page, one: Shown, feed: str | None) -> Mapping[str, bool]:
    """What the visitor may do with it, by command; an alert that is over takes only notes."""
    view: dict[str, object] = {"place": one.place, "recipients": [{"role": r.role, "at": r.at} for r in one.recipients]}
    allowed = {name: page.visitor.may(name, view, feed=feed) for name in COMMANDS}
    fits = {
        "acknowledge": one.unseen,
        "take": one.open,
        "hand-over": one.open,
        "note": True,
        "secondary": one.open and one.state != "IN_SECONDARY" and one.trigger in STANDS_THERE,
        "outcome": one.open,
        "snooze": one.open and bool(one.indications) and not one.group,
        "silence": one.open,
    }
    return {name: allowed[name] and fits[name] for name in COMMANDS}


def steps(one: Shown, history: tuple[Past, ...]) -> list[Past | Step]:
    """Revisions and handling in one list, the newest first; a revision that only tells of handling is told once."""
    found: list[Past | Step] = [*(past for past in history if past.reason != HANDLED), *one.handling]
    return sorted(found, key=lambda step: step.at, reverse=True)


def _parts(sop: Sop, one: Shown) -> list[Part]:
    """Question sets and checklists that go with the alert, as far as this version of the procedure has them."""
    return [part for name in one.sop if (part := sop.find(name)) is not None and part.lines]


def _grounds(sop: Sop, one: Shown) -> list[Any]:
    """Grounds that may fit come first; every known one can be chosen."""
    known = [ground for ground in sop.grounds if ground.code.value != "UNKNOWN"]
    return sorted(known, key=lambda ground: ground.code.value not in one.grounds)
