"""Boards as pages use them: the open alerts of one feed that the visitor may read, counted."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from streams.feed.board import Board
from streams.web.page import FEED_COOKIE, Page
from streams.web.shown import SEVERITIES


def readable(page: Page) -> tuple[str, ...]:
    """The feeds that a visitor can choose from: a checkpoint's role everywhere means one feed for each checkpoint."""
    found: list[str] = []
    for feed in page.visitor.feeds():
        role, _, at = feed.partition(":")
        everywhere = at == "*" and role in {"SUPERVISOR", "COUNTER"}
        found += [f"{role}:{code}" for code in page.places.policy.checkpoints] if everywhere else [feed]
    return tuple(found)


def chosen(page: Page, asked: str | None = None) -> str | None:
    """The feed that was asked for, else the one used last, else the first; None for a visitor who reads none."""
    feeds = readable(page)
    wishes = (asked, page.request.cookies.get(FEED_COOKIE), *feeds)
    return next((feed for feed in wishes if feed and feed in feeds), None)


async def board(page: Page, feed: str | None) -> Board | None:
    """The feed's board; None without a feed."""
    if feed is None:
        return None
    found: Board = await page.request.app.state.suar.boards.board(feed)
    return found


async def holding(page: Page, alert_id: str) -> Board | None:
    """The board on which the visitor sees this alert; the visitor's usual one when it is no longer open."""
    usual = chosen(page)
    for feed in (usual, *readable(page)):
        found = await board(page, feed) if feed else None
        if found is not None and alert_id in found.rows:
            return found
    return await board(page, usual)


def raws(found: Board | None) -> list[bytes]:
    """The views of every open alert there, as JSON."""
    return [row.raw for row in found.rows.values()] if found else []


@dataclass(frozen=True, slots=True)
class Spoken:
    """A rule as the open alerts of a feed show it."""

    rule: str
    alerts: int
    newest: datetime


def counted(found: Board | None) -> dict[str, int]:
    """Open alerts by severity, the gravest first; LOW last."""
    counts = Counter(row.severity for row in found.rows.values()) if found else Counter[str]()
    return {name: counts[name] for name in reversed(SEVERITIES) if name}


def by_place(found: Board | None) -> dict[str, Counter[str]]:
    """Open alerts by place and severity."""
    places: dict[str, Counter[str]] = {}
    for row in found.rows.values() if found else ():
        places.setdefault(row.place, Counter())[row.severity] += 1
    return places


def by_rule(found: Board | None) -> dict[str, Spoken]:
    """Rules of the open alerts."""
    spoken: dict[str, Spoken] = {}
    for row in found.rows.values() if found else ():
        for rule in row.rules:
            before = spoken.get(rule)
            newest = max(row.at, before.newest) if before else row.at
            spoken[rule] = Spoken(rule, (before.alerts if before else 0) + 1, newest)
    return spoken
