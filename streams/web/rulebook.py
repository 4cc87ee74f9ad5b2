"""Rulebook: each rule with the last time that it was really applied, as the alerts on the visitor's feed show it. A rule that
stands in the book and never speaks is seen to be silent.
"""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Response

from agents.rules import RULES
from agents.rules.rule import Rule
from streams.web.applied import last_applied
from streams.web.boards import board, by_rule, chosen
from streams.web.page import Visit

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule: from the catalogue its sentence, from the feed whether it works."""

    rule: Rule
    alerts: int
    last: datetime | None


@router.get("/rules")
async def rules(page: Visit) -> Response:
    """The catalogue, the rules applied last first."""
    feed = chosen(page)
    open_now = by_rule(await board(page, feed))
    last = await last_applied(page.request.app.state.suar, feed)
    entries = [
        Entry(
            rule,
            open_now[rule.id].alerts if rule.id in open_now else 0,
            max(
                (one for one in (last.get(rule.id), open_now[rule.id].newest if rule.id in open_now else None) if one),
                default=None,
            ),
        )
        for rule in RULES
    ]
    entries.sort(key=lambda one: (one.last is None, -(one.last.timestamp() if one.last else 0), one.rule.number))
    return page.show("rules.html", entries=entries, feed=feed)
