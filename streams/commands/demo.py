"""For everybody: the whole system on this machine with one command."""

import asyncio
import secrets
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from schemas.alerts import Alert
from streams import demo as show
from streams.admin import AdminError
from streams.commands.alerts import Language, headline, said
from streams.commands.terminal import Exit, console, fail, in_force
from streams.demo_week import Week
from streams.feed.fictional import FICTIONAL
from streams.local import LocalError
from streams.settings import ROOT


def demo(
    seconds: Annotated[float | None, typer.Option(help="Stop by itself after so long; without it, at Ctrl-C")] = None,
    language: Annotated[Language, typer.Option(help="Of the sentences")] = Language.ID,
    week: Annotated[
        bool, typer.Option("--week", help="Play the sample week of seeds/nation, a day in 2½ minutes")
    ] = False,
) -> None:
    """Start Kafka, Redis, workers and the pages here, play the stories among ordinary travellers, show the alerts, stop everything.

    Example: suar demo --seconds 60

    Example: suar demo --week
    """
    policy = in_force(ROOT / "deploy/policy/2026-11.toml")
    tally, key = show.Tally(), secrets.token_hex(32)

    def heard(alert: Alert) -> None:
        console.print(headline(alert, policy, language), soft_wrap=True)

    try:
        with show.installation(_step, key) as local:
            console.print("[dim]alerts as they come; Ctrl-C stops everything[/dim]")
            with Progress(
                TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True
            ) as bar:
                bar.add_task("travellers", total=seconds)
                plan = show.Show(seconds, Week.sample() if week else None)
                asyncio.run(_with_bar(show.play(local, key, plan, heard, tally), bar, tally))
    except (LocalError, AdminError) as error:
        fail(str(error).splitlines()[0])
    except KafkaError as error:
        fail(f"the demo's broker went away ({type(error).__name__}): see .suar/demo/kafka.log", Exit.AWAY)
    except KeyboardInterrupt:
        console.print("stopped")
    _summary(tally, language)


def _step(line: str) -> None:
    console.print(f"[green]•[/green] {line}", highlight=False)


async def _with_bar(playing: object, bar: Progress, tally: show.Tally) -> None:
    async def tick() -> None:
        while True:
            await asyncio.sleep(0.5)
            bar.update(bar.task_ids[0], advance=0.5, description=_progress(tally))

    ticking = asyncio.create_task(tick())
    try:
        await playing  # type: ignore[misc]  # a coroutine; typing it by name would import its parts
    finally:
        ticking.cancel()


def _progress(tally: show.Tally) -> str:
    screened = sum(tally.screenings.values())
    if tally.on_record and not screened:
        return f"{tally.on_record:,} events on record"
    return f"{screened:,} screenings"


def _summary(tally: show.Tally, language: Language) -> None:
    table = Table("what", "how many", title="summary")
    for what, count in show.summary_of(tally):
        table.add_row(what, count)
    console.print(table)
    users = Table("sign in as", "who that is", "sees", title=f"the pages were at {show.PAGE}")
    for user in FICTIONAL.values():
        users.add_row(user.name, said(user.title, language), ", ".join(sorted(map(str, user.grants))))
    console.print(users)
