"""For village programmes and district offices: how many people of an area something happened to, read from `suar.areas` alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Column, Table

from schemas.areas import FEWEST, AreaCount, AreaLevel, Indicator
from schemas.topics import AREAS
from streams.commands.terminal import console, fail, run, without_secrets
from streams.reading import everything

PER = 10_000
"""Passports that a rate is of (finding A2)."""
_NOTES = (
    f"Counts are of different people in a window of days, rounded down to a multiple of k (at least {FEWEST}). "
    "– : never so many as k, or nobody; this table cannot tell which. "
    "< k : there were enough once and are too few now. "
    f"A rate is of {PER:,} passports issued to people of the area in the same window; it stands only where both numbers do."
)


@dataclass(frozen=True)
class Row:
    """One area, with the newest count of each indicator that was ever published of it."""

    area: str
    level: AreaLevel
    counts: dict[Indicator, AreaCount]

    def people(self, indicator: Indicator) -> int | None:
        """None: suppressed, or never published."""
        one = self.counts.get(indicator)
        return one.people if one else None

    def rate(self, indicator: Indicator) -> float | None:
        """Per 10,000 passports; None where either number is not told, or they are of different windows."""
        some, passports = self.counts.get(indicator), self.counts.get(Indicator.PASSPORTS)
        if some is None or passports is None or some.window_days != passports.window_days:
            return None
        return some.people / passports.people * PER if some.people and passports.people else None


def areas(
    level: Annotated[AreaLevel | None, typer.Option(help="Only desa, or only kabupaten")] = None,
    area: Annotated[str, typer.Option(help="Only areas whose code begins so, such as 3212")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The counts that stand, one JSON object a line")] = False,
) -> None:
    """Origin indicators of desa and kabupaten, with their rate per 10,000 passports. Never fewer than three people.

    Example: suar areas --level KABUPATEN --area 32
    """
    counts = [
        one for one in newest(run(_published())) if one.area.startswith(area) and (level is None or one.level is level)
    ]
    if as_json:
        for one in counts:
            console.print(one.model_dump_json(), markup=False, highlight=False, soft_wrap=True)
        return
    if not counts:
        fail("nothing is published of such an area: fewer than k people, or nobody")
    console.print(table(rows(counts)))
    console.print(f"[dim]{_NOTES}[/dim]", highlight=False)


async def _published() -> list[AreaCount]:
    found: list[AreaCount] = []
    async for record in everything(without_secrets().kafka, AREAS.name):
        try:
            found.append(AreaCount.model_validate_json(record.value or b""))
        except ValidationError:
            continue  # a tombstone, or somebody else's
    return found


def newest(counts: Iterable[AreaCount]) -> list[AreaCount]:
    """The highest revision of each key, by area."""
    last: dict[str, AreaCount] = {}
    for one in counts:
        if one.key not in last or one.revision > last[one.key].revision:
            last[one.key] = one
    return [last[key] for key in sorted(last)]


def rows(counts: Iterable[AreaCount]) -> list[Row]:
    """One for each area: a kabupaten before its desa."""
    found: dict[str, Row] = {}
    for one in counts:
        row = found.setdefault(one.area, Row(one.area, one.level, {}))
        row.counts[one.indicator] = one
    return [found[area] for area in sorted(found)]


def table(found: Iterable[Row]) -> Table:
    """Counts and rates side by side."""
    numbers = [Column(head, justify="right") for head in _HEADS]
    shown = Table("area", "level", *numbers, "since", box=None)
    for row in found:
        shown.add_row(
            row.area, row.level.value, *_cells(row), max(one.as_of for one in row.counts.values()).isoformat()
        )
    return shown


_HEADS = (
    "harm",
    f"per {PER:,}",
    "registered, left without e-PMI",
    f"per {PER:,}",
    "warned after a complaint",
    "half within",
    "passports",
)


def _cells(row: Row) -> list[str]:
    cells: list[str] = []
    for indicator in (Indicator.HARM, Indicator.REGISTERED_WITHOUT_EPMI):
        rate = row.rate(indicator)
        cells += [_number(row, indicator), "–" if rate is None else f"≈ {rate:,.1f}"]
    warned = row.counts.get(Indicator.COMPLAINT_TO_PIPELINE)
    within = "–" if warned is None or warned.within_hours is None else f"{warned.within_hours} h"
    return [*cells, _number(row, Indicator.COMPLAINT_TO_PIPELINE), within, _number(row, Indicator.PASSPORTS)]


def _number(row: Row, indicator: Indicator) -> str:
    one = row.counts.get(indicator)
    if one is None:
        return "–"
    return f"< {one.at_least}" if one.people is None else f"{one.people:,}"
