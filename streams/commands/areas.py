"""For village programmes and district offices: how many people of an area something happened to, read from `suar.areas` alone."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Column, Table

from schemas.areas import FEWEST, AreaLevel, Indicator
from streams.areas import PER, Row, newest, published, rows
from streams.commands.terminal import console, fail, run, without_secrets

_NOTES = (
    f"Counts are of different people in a window of days, rounded down to a multiple of k (at least {FEWEST}). "
    "– : never so many as k, or nobody; this table cannot tell which. "
    "< k : there were enough once and are too few now. "
    f"A rate is of {PER:,} passports issued to people of the area in the same window; it stands only where both numbers do."
)


def areas(
    level: Annotated[AreaLevel | None, typer.Option(help="Only desa, or only kabupaten")] = None,
    area: Annotated[str, typer.Option(help="Only areas whose code begins so, such as 3212")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The counts that stand, one JSON object a line")] = False,
) -> None:
    """Origin indicators of desa and kabupaten, with their rate per 10,000 passports. Never fewer than three people.

    Example: suar areas --level KABUPATEN --area 32
    """
    counts = [
        one
        for one in newest(run(published(without_secrets().kafka)))
        if one.area.startswith(area) and (level is None or one.level is level)
    ]
    if as_json:
        for one in counts:
            console.print(one.model_dump_json(), markup=False, highlight=False, soft_wrap=True)
        return
    if not counts:
        fail("nothing is published of such an area: fewer than k people, or nobody")
    console.print(table(rows(counts)))
    console.print(f"[dim]{_NOTES}[/dim]", highlight=False)


def table(found: Iterable[Row]) -> Table:
    """Counts and rates side by side."""
    numbers = [Column(head, justify="right") for head in _HEADS]
    shown = Table("area", "level", *numbers, "since", box=None)
    for row in found:
        shown.add_row(row.area, row.level.value, *_cells(row), row.since.isoformat())
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
