"""For everybody who tests: a simulated nation, as files or on the agency topics."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from streams.admin import Admin
from streams.commands.terminal import console, fail, run, without_secrets
from streams.produce import Outbox
from streams.simulator.clock import DAY, day_of, day_text
from streams.simulator.deliver import Compression, Count, Pace, deliver, kept, publish, speed_of
from streams.simulator.faults import OUTAGE_HOURS, FaultError, Faults, span
from streams.simulator.nation import DEFAULT, NationError, load
from streams.simulator.run import Line, Plan, lines

Out = Annotated[Path | None, typer.Option(help="Folder for events.ndjson and truth.ndjson")]
Publishing = Annotated[bool, typer.Option("--publish", help="Send the events to the agency topics")]
Begin = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC); a week ago unless named")
]
Days = Annotated[int, typer.Option(min=1, max=730, help="How many")]
Scale = Annotated[float, typer.Option(min=0.0005, max=1.0, help="Share of the nation")]
Seed = Annotated[int, typer.Option(help="The same seed and switches give the same bytes")]
Nation = Annotated[Path, typer.Option(help="Parameters, with their sources", show_default="the built-in nation")]
Speed = Annotated[str, typer.Option(help="Of publishing: real, a factor such as 60x, or max")]
Compress = Annotated[Compression, typer.Option(help="Both files")]
Outcomes = Annotated[bool, typer.Option("--outcomes", help="Officers put departures off, as they do today")]
Late = Annotated[float, typer.Option(min=0, max=1, help="Share of events that come hours late")]
Lost = Annotated[float, typer.Option(min=0, max=1, help="Share that never comes")]
Doubled = Annotated[float, typer.Option(min=0, max=1, help="Share that comes twice")]
OutOfOrder = Annotated[float, typer.Option(min=0, max=1, help="Share that comes some minutes late")]
ClockSkew = Annotated[float, typer.Option(min=0, max=1, help="Share of offices whose clock is wrong")]
SchemaErrors = Annotated[float, typer.Option(min=0, max=1, help="Share that breaks the contract")]
NameErrors = Annotated[float, typer.Option(min=0, max=1, help="Share of names keyed wrongly")]
DateErrors = Annotated[float, typer.Option(min=0, max=1, help="Share of dates of birth keyed wrongly")]
Offline = Annotated[
    list[str] | None, typer.Option(help="NAME:FROM-TO, hours from the beginning: sends later what it wrote down")
]
Outage = Annotated[list[str] | None, typer.Option(help=f"SYSTEM:FROM for {OUTAGE_HOURS} hours, or SYSTEM:FROM-TO")]
Migration = Annotated[
    list[str] | None, typer.Option(help="OFFICE:FROM-TO: half of its records are lost, the rest comes weeks later")
]


def simulate(  # noqa: PLR0913, PLR0917 - each is an option of the command
    out: Out = None,
    publishing: Publishing = False,
    begin: Begin = None,
    days: Days = 1,
    scale: Scale = 1.0,
    seed: Seed = 1,
    nation: Nation = DEFAULT,
    speed: Speed = "max",
    compress: Compress = Compression.NONE,
    outcomes: Outcomes = False,
    late: Late = 0.0,
    lost: Lost = 0.0,
    doubled: Doubled = 0.0,
    out_of_order: OutOfOrder = 0.0,
    clock_skew: ClockSkew = 0.0,
    schema_errors: SchemaErrors = 0.0,
    name_errors: NameErrors = 0.0,
    date_errors: DateErrors = 0.0,
    office_offline: Offline = None,
    outage: Outage = None,
    migration: Migration = None,
) -> None:
    """Simulate what five agencies record of a nation's departures, and write beside it what is true of each of them.

    Every person is fictional. The truth is for evaluation alone: no rule ever sees it.

    Example: suar simulate --out nation --days 7 --scale 0.05 --seed 42

    Example: suar simulate --out bad --outage siskop2mi:24 --office-offline S-BTC:30-42 --late 0.02 --doubled 0.01

    Example: suar simulate --publish --scale 0.01 --speed 60x
    """
    if out is None and not publishing:
        fail("say where to: --out FOLDER, --publish, or both")
    first = (begin or datetime.now(UTC) - timedelta(days=6 + days)).date()
    at = day_of(first) * DAY
    try:
        sent = Faults(late=late, lost=lost, doubled=doubled, out_of_order=out_of_order)
        keyed = replace(sent, schema_errors=schema_errors, name_errors=name_errors, date_errors=date_errors)
        faults = replace(_away(keyed, at, office_offline, outage, migration), clock_skew=clock_skew)
        plan = Plan(load(nation), first, days, seed, scale, outcomes, faults)
        pace = Pace(speed_of(speed), at)
    except (FaultError, NationError) as error:
        fail(str(error))
    except ValueError:
        fail(f"--speed {speed} is neither real, max nor a factor such as 60x")
    _simulate(_Task(plan, pace, out, compress, publishing))


def _away(
    faults: Faults, at: int, offline: list[str] | None, outage: list[str] | None, migration: list[str] | None
) -> Faults:
    """With the hours in which somebody is silent. Raises FaultError."""
    return replace(
        faults,
        office_offline=tuple(span(one, at) for one in offline or ()),
        outage=tuple(span(one, at, OUTAGE_HOURS) for one in outage or ()),
        migration=tuple(span(one, at) for one in migration or ()),
    )


@dataclass(frozen=True)
class _Task:
    """What a command line asks for."""

    plan: Plan
    pace: Pace
    out: Path | None
    compress: Compression
    publishing: bool


def _simulate(task: _Task) -> None:
    plan, count, began = task.plan, Count(), time.monotonic()
    with _bar() as bar:
        shown = bar.add_task("preparing", total=1.0, rate="")
        found = lines(plan, lambda name, share: bar.update(shown, description=name, completed=share))
        told = _Told(bar, shown, plan, time.monotonic())
        try:
            passed = found if task.out is None else kept(found, task.out, task.compress, count)
            if task.publishing:
                run(_published(passed, task.pace, count, told))
            else:
                deliver(passed, count, told)
        except OSError as error:
            fail(f"{error.filename or task.out}: {error.strerror}")
    _summary(task, count, time.monotonic() - began)


async def _published(passed: Iterator[Line], pace: Pace, count: Count, told: "_Told") -> None:
    config = without_secrets()
    async with Admin(config.kafka):  # says in one line when there is no broker
        outbox = Outbox(config.kafka)
    try:
        await publish(passed, outbox, pace, count, told)
    finally:
        await outbox.stop()


class _Told:
    """Shows the simulated day, and how many events there are and come in a second."""

    def __init__(self, bar: Progress, task: TaskID, plan: Plan, began: float) -> None:
        self._bar, self._task, self._plan, self._began = bar, task, plan, began
        self._first = day_of(plan.begin) * DAY

    def __call__(self, count: Count) -> None:
        done = max(0.0, (count.at - self._first) / (self._plan.days * DAY))
        rate = count.events / max(0.001, time.monotonic() - self._began)
        label = day_text(max(count.at, self._first) // DAY) if count.at >= self._first else "history"
        self._bar.update(
            self._task,
            description=label,
            total=1.0,
            completed=min(1.0, done),
            rate=f"{count.events:,} events, {rate:,.0f}/s",
        )


@contextmanager
def _bar() -> Iterator[Progress]:
    columns = [TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True) as bar:
        yield bar


def _summary(task: _Task, count: Count, seconds: float) -> None:
    table = Table("what", Column("how many", overflow="fold"), title=f"{task.plan.nation.name}, {_span(task.plan)}")
    table.add_row("events", f"{count.events:,}")
    table.add_row("departures, with their truth", f"{count.departures:,}")
    if task.publishing:
        table.add_row("records acknowledged", f"{count.published:,}")
    table.add_row("seconds", f"{seconds:,.1f}")
    for name, digest in count.digests.items():
        table.add_row(f"SHA-256 of {name}", digest)
    console.print(table)


def _span(plan: Plan) -> str:
    last: date = plan.begin + timedelta(days=plan.days - 1)
    return f"{plan.begin}" if plan.days == 1 else f"{plan.begin} to {last}"
