"""For the task force: the month's indicators, and cases by the public standard."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from agents.indicators import Month
from agents.indicators import Table as Indicator
from streams.commands.terminal import console, fail, run, without_secrets
from streams.reports import htcds as cases
from streams.reports import monthly as pack
from streams.retention import months

report = typer.Typer(help="Reports of counts and times: nothing about anybody.", no_args_is_help=True)


@report.command("monthly")
def monthly(
    out: Annotated[Path, typer.Option(help="Folder for the page and the tables")] = Path("reports"),
    month: Annotated[str | None, typer.Option(help="Such as 2026-11, UTC; none: the one that runs")] = None,
) -> None:
    """The indicators of a month as one page (Indonesian and English) and a CSV file for each. k is at least three.

    A month that was closed (`suar retention show`) is told as it was counted then, however long ago.

    Example: suar report monthly --month 2026-11 --out /srv/reports
    """
    try:
        chosen = Month.of(month or f"{datetime.now(UTC):%Y-%m}")
    except ValueError:
        fail(f"{month} is no month: write it as 2026-11")
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("reading the logs", total=None)
        tables = run(
            _tables(
                without_secrets().kafka,
                chosen,
                lambda done, of: progress.update(task, completed=done, total=of) if not done % 1000 else None,
            )
        )
    try:
        made = pack.write(out, chosen, tables)
    except OSError as error:
        fail(f"{out}: {error.strerror}")
    console.print(f"{made[0]} and {len(made) - 1} tables beside it", soft_wrap=True)


async def _tables(kafka: str, month: Month, progress: pack.Progress) -> tuple[Indicator, ...]:
    kept = (await months.closed(kafka)).get(month.name)
    if kept is None:
        _, tables = await pack.counted(kafka, month, progress)
        return tables
    if not kept.whole:
        console.print(f"{month.name} was counted when part of it was gone: it tells of less than there was")
    return kept.tables


@report.command("htcds")
def htcds(
    out: Annotated[Path | None, typer.Option(help="A file; none: the terminal")] = None,
) -> None:
    """Cases of people assessed as victims, by the Human Trafficking Case Data Standard 2.0, without telling whose they are.

    Example: suar report htcds --out cases.csv
    """
    found = run(cases.read(without_secrets().kafka))
    text = cases.written(found)
    if out is None:
        console.print(text, markup=False, highlight=False, soft_wrap=True, end="")
        return
    try:
        out.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        fail(f"{out}: {error.strerror}")
    console.print(f"{len(found):,} cases in {out}", soft_wrap=True)
