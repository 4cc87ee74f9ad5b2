"""For operators and data protection officers: how long everything is kept, and the program that deletes what became too old."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Column, Table

from schemas.topics import FACT_DAYS, TOPICS
from streams import logs
from streams.commands.terminal import console, fail, run, without_secrets
from streams.retention import months, program
from streams.retention import settings as retention_settings
from streams.retention.cut import Old, old
from streams.settings import SettingsError
from streams.worker import Seldom

retention = typer.Typer(help="How long everything is kept, and what is left when it goes.", no_args_is_help=True)


@retention.command("show")
def show() -> None:
    """What each topic keeps and for how long, what is too old, and the months whose numbers stay. Nothing is changed.

    Exit code 2 when something is too old: `suar retention run` deletes it, `suar retention serve` does so every day.

    Example: suar retention show
    """

    async def look() -> tuple[list[Old], list[str]]:
        kafka, now = without_secrets().kafka, datetime.now(UTC)
        late, kept = await asyncio.gather(old(kafka, now), months.closed(kafka))
        return late, [f"{name}{'' if one.whole else ' (in part)'}" for name, one in sorted(kept.items())]

    late, kept = run(look())
    too_old = {one.topic.name: one.records for one in late}
    table = Table("topic", Column("kept", justify="right"), Column("too old", justify="right"), "holds", box=None)
    for topic in TOPICS:
        days = "newest" if topic.retention is None else f"{topic.retention.days} d"
        table.add_row(topic.name, days, f"{too_old.get(topic.name, 0):,}" if topic.retention else "", topic.purpose)
    console.print(table)
    console.print(
        f"Redis: somebody of whom nothing is heard for {FACT_DAYS.days} d is forgotten there, and so is who it was",
        soft_wrap=True,
    )
    console.print(f"months whose numbers stay: {', '.join(kept) or 'none yet'}", soft_wrap=True)
    if late:
        fail("records are kept too long: run `suar retention run`")


@retention.command("run")
def run_once() -> None:
    """Close the months that ended, then delete what is too old, once. Both are noted in the audit log.

    Example: suar retention run
    """
    with console.status("looking") as status:
        done = run(program.once(without_secrets().kafka, datetime.now(UTC), status.update))
    console.print(f"months counted and kept: {', '.join(done.months) or 'none'}", soft_wrap=True)
    for name, records in done.deleted.items():
        console.print(f"{name}: {records:,} records deleted")
    if not done.deleted:
        console.print("nothing is too old")


@retention.command("serve")
def serve(level: Annotated[str, typer.Option(help="Least level that is logged")] = "INFO") -> None:
    """Run and do the same now and every 24 hours (SUAR_RETENTION_HOURS). One is enough; one that was away goes on.

    Example: suar retention serve
    """
    try:
        config = retention_settings.load()
    except SettingsError as error:
        fail(str(error))
    handler = logging.StreamHandler()
    handler.addFilter(Seldom())
    handler.setFormatter(logs.formatter(config.log_format))
    logging.basicConfig(level=level, handlers=[handler])
    run(program.serve(config))
