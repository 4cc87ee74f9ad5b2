"""Checkpoints: how busy each one is today, what is open there, and whether it stays within the alert budget."""

import asyncio
from collections import Counter
from dataclasses import dataclass

from fastapi import APIRouter, Response

from agents.budget import Spent
from streams.budget import Budgets
from streams.web.boards import board, by_place, chosen
from streams.web.page import Page, Visit

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One checkpoint today, by its own clock."""

    code: str
    name: str
    departures: int
    open: Counter[str]
    spent: tuple[Spent, ...]

    @property
    def exceeded(self) -> bool:
        """Is any severity over its budget?"""
        return any(one.exceeded for one in self.spent)

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """The gravest first, then the busiest."""
        return (-self.open["CRITICAL"], -self.open["HIGH"], -self.departures, self.code)


@router.get("/checkpoints")
async def checkpoints(page: Visit) -> Response:
    """Every checkpoint that the visitor's feed speaks of; a coordinator sees them all."""
    feed = chosen(page)
    places = by_place(await board(page, feed))
    codes = _codes(page, feed)
    spent = await _spent(page, codes)
    lines = [
        Line(
            code,
            page.places.name(code),
            next((one.departures for one in spent.get(code, ())), 0),
            places.get(code, Counter()),
            spent.get(code, ()),
        )
        for code in codes
    ]
    elsewhere = sum((counts for code, counts in places.items() if code not in codes), Counter[str]())
    return page.show(
        "checkpoints.html",
        lines=sorted(lines, key=lambda line: line.rank),
        elsewhere=elsewhere,
        feed=feed,
        busiest=max((line.departures for line in lines), default=0),
    )


def _codes(page: Page, feed: str | None) -> list[str]:
    at = (feed or "").partition(":")[2]
    every = list(page.places.policy.checkpoints)
    return [at] if at in every else every


async def _spent(page: Page, codes: list[str]) -> dict[str, tuple[Spent, ...]]:
    """Today's counts, by checkpoint."""
    budgets: Budgets = page.request.app.state.suar.budgets
    days = [budgets.days([code], [page.places.local(page.now, code).date()]) for code in codes]
    return {code: tuple(lines) for code, lines in zip(codes, await asyncio.gather(*days), strict=True) if lines}
