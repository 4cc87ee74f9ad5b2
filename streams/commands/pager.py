"""For operators of the pager: run it, see who is on call, see pages and send dead letters again."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from agents import rota as rotas
from agents.ledger import Ledger
from schemas.paging import Page, PageEnd, PageRecord, PageResult, RotaBook
from schemas.topics import PAGES
from streams import logs
from streams import settings as base
from streams.commands.terminal import Exit, console, fail, in_force, run
from streams.paging import program, settings
from streams.paging import rota as files
from streams.paging.channels import Channels
from streams.paging.pager import Pager
from streams.paging.settings import PagerSettings
from streams.reading import everything
from streams.worker import Seldom

rota = typer.Typer(help="Who is on call, and which alerts call whom.", no_args_is_help=True)
pages = typer.Typer(help="What was paged, and what could not be sent.", no_args_is_help=True)
LOOK_AHEAD_DAYS = 28

File = Annotated[Path | None, typer.Option("--file", help="Another file than SUAR_ROTA")]


def pager(level: Annotated[str, typer.Option(help="Least level that is logged")] = "INFO") -> None:
    """Call whoever is on duty, until somebody acknowledges. More pagers share the rotas; Redis is not needed.

    Example: SUAR_CHANNEL_CHAT_TASK_FORCE_FILE=/run/secrets/chat suar pager
    """
    config = _configured()
    book = _book(config.rota)
    _in_sight(config, book)
    handler = logging.StreamHandler()
    handler.addFilter(Seldom())
    handler.setFormatter(logs.formatter(config.log_format))
    logging.basicConfig(level=level, handlers=[handler])
    run(program.serve(config, book))


@rota.command("show")
def show(
    file: File = None,
    at: Annotated[datetime | None, typer.Option(help="Another moment than now, UTC")] = None,
) -> None:
    """Who is on call on every level of every rota, until when, and over which channels.

    Example: suar rota show --at 2026-12-24T12:00:00
    """
    book = _book(file or _configured().rota)
    now = at.replace(tzinfo=UTC) if at else datetime.now(UTC)
    table = Table("rota", "level", "on call", "until", "channels", box=None)
    for one in book.rotas:
        for number, level in enumerate(one.levels, 1):
            changes = list(rotas.shifts(one, level, now, now + timedelta(days=LOOK_AHEAD_DAYS)))
            who = ", ".join(rotas.on_call(one, level, now)) or ("everybody there" if level.channels else "nobody")
            until = f"{changes[1][0].astimezone(ZoneInfo(one.zone)):%d %b %H:%M %Z}" if len(changes) > 1 else ""
            told = ", ".join(rotas.channels(book, one, level, now))
            table.add_row(one.name if number == 1 else "", str(number), who, until, told)
    console.print(table)


@rota.command("check")
def check(file: File = None) -> None:
    """Read a rota as the pager would: names, zones, places, four weeks without a gap, and an address for each channel.

    Example: suar rota check --file deploy/paging/2026-11.toml
    """
    config = _configured()
    book = _book(file or config.rota)
    _in_sight(config, book)
    gaps = list(rotas.gaps(book, datetime.now(UTC), LOOK_AHEAD_DAYS))
    for name, level, since, until in gaps:
        zone = ZoneInfo(book.rota(name).zone)
        times = [moment.astimezone(zone).strftime("%d %b %H:%M %Z") for moment in (since, until)]
        console.print(f"[red]✗[/red] {name}, level {level}: nobody from {times[0]} to {times[1]}")
    for channel in book.channels:
        if settings.address(channel) is None:
            console.print(f"[yellow]·[/yellow] {channel.name} has no address here: set {settings.variable(channel)}")
    if gaps:
        fail(f"{len(gaps)} gaps: a level that reaches nobody hands over to the next")
    console.print(f"[green]✓[/green] rota {book.version}: {len(book.rotas)} rotas, {len(book.routes)} routes, no gap")


@pages.command("list")
def list_pages(newest: Annotated[int, typer.Option(help="So many")] = 20) -> None:
    """The newest pages: when, whom, how grave, about how many alerts, and how each channel ended.

    Example: suar pages list --newest 50
    """
    made, ends = run(_read(_configured()))
    table = Table("at", "rota", "kind", "severity", "place", "alerts", "channels", "key", box=None)
    for page in made[-newest:]:
        told = ", ".join(f"{name} {ends.get((page.key, name), 'no result')}" for name in page.channels)
        count = str(page.cut_alerts or len(page.claims))
        row = (f"{page.at:%Y-%m-%d %H:%M:%S}Z", page.rota, page.kind.value, page.severity.name, page.place, count)
        table.add_row(*row, told or page.reason, page.key)
    console.print(table)


@pages.command("resend")
def resend(
    key: Annotated[str, typer.Argument(help="A page's key")] = "",
    everything_dead: Annotated[bool, typer.Option("--all", help="Every dead letter")] = False,
) -> None:
    """Send dead letters once more; what was acknowledged, ended or expired meanwhile is left alone.

    Example: suar pages resend --all
    """
    if bool(key) == everything_dead:
        fail("name one page by its key, or all with --all")
    config = _configured()
    book = _book(config.rota)

    async def work() -> list[PageResult]:
        async with Channels(book, config) as channels:
            return await Pager(config, book, channels).resend(key)

    results = run(work())
    for one in results:
        console.print(f"{one.key} {one.channel}: {one.result.value} {one.reason}".rstrip(), highlight=False)
    if not results:
        fail("no such dead letter", Exit.NOT_FOUND)
    if any(one.result is PageEnd.DEAD_LETTER for one in results):
        fail("some are still dead letters")


async def _read(config: PagerSettings) -> tuple[list[Page], dict[tuple[str, str], str]]:
    """Pages as the log lets them be, in order of time; and the newest result of each channel."""
    ledger, made, ends = Ledger(), [], {}
    async for record in everything(config.kafka, PAGES.name):
        said = PageRecord.validate_json(record.value or b"")
        if isinstance(said, PageResult):
            ends[said.key, said.channel] = said.result.value
        elif (left := ledger.claim(said)) is not None:
            made.append(left)
    return sorted(made, key=lambda page: page.at), ends


def _configured() -> PagerSettings:
    try:
        return settings.load()
    except base.SettingsError as error:
        fail(str(error))


def _book(path: Path) -> RotaBook:
    try:
        return files.load(path)
    except files.RotaError as error:
        fail(str(error))


def _in_sight(config: PagerSettings, book: RotaBook) -> None:
    try:
        files.refuse_short_sight(book, in_force(config.policy))
    except files.RotaError as error:
        fail(str(error))
