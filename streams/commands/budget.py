"""For supervisors and the task force: alerts per 1,000 departures at each checkpoint and day, against the policy's budget."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from agents.budget import Spent
from agents.rules.rule import local_time
from streams.budget import Budgets
from streams.cluster import plain, teller_of
from streams.commands.terminal import COLOURS, console, fail, in_force, run, without_secrets

BAR = 12
"""Cells of a bar at the whole budget; beyond it grows on, up to twice as long."""


def budget(
    checkpoint: Annotated[str, typer.Option(help="Only this TPI, such as A-CGK")] = "",
    days: Annotated[
        int, typer.Option(min=1, max=400, help="Days back, today included, on each checkpoint's clock")
    ] = 7,
    exceeded: Annotated[bool, typer.Option("--exceeded", help="Only days on which a budget was exceeded")] = False,
) -> None:
    """Alerts per 1,000 departures by checkpoint, day and severity, against what the policy allows.

    Example: suar budget --checkpoint A-CGK --days 14
    """
    config = without_secrets()
    policy = in_force(config.policy)
    now = datetime.now(UTC)

    async def work() -> list[Spent]:
        teller = teller_of(config, plain)
        budgets = Budgets(teller, config, policy)
        found: list[Spent] = []
        for place in [checkpoint] if checkpoint else sorted(policy.checkpoints):
            today = local_time(now, place, policy).date()
            found += await budgets.days([place], back(today, days))
        await teller.close()
        return found

    lines = run(work())
    if exceeded:
        over = {(line.checkpoint, line.day) for line in lines if line.exceeded}
        lines = [line for line in lines if (line.checkpoint, line.day) in over]
    if not lines:
        fail("nothing to show: nobody was seen leaving there in these days, or no budget was exceeded")
    console.print(table(lines))
    limits = policy.budget
    console.print(
        f"[dim]policy {policy.version}: per 1,000 departures CRITICAL ≤ {limits.critical:g}, HIGH ≤ {limits.high:g}, "
        f"MEDIUM ≤ {limits.medium:g}; one alert a day is always within. A group's alert counts once.[/dim]",
        highlight=False,
    )


def back(today: date, days: int) -> Sequence[date]:
    """So many days, the newest first."""
    return [today - timedelta(days=number) for number in range(days)]


def table(lines: Sequence[Spent]) -> Table:
    """One row for each checkpoint and day, with a bar for each severity."""
    heads = [Column(severity.severity.name, no_wrap=True) for severity in lines[:3]]
    shown = Table("checkpoint", "day", Column("departures", justify="right"), *heads, box=None)
    for (place, day), some in groupby(lines, key=lambda line: (line.checkpoint, line.day)):
        of_the_day = list(some)
        shown.add_row(place, day.isoformat(), f"{of_the_day[0].departures:,}", *(_bar(line) for line in of_the_day))
    return shown


def _bar(line: Spent) -> Text:
    """`▇▇▇····· 3 (2.1)`: alerts, and how many that is per 1,000. Full is the budget; red, and marked, beyond."""
    part = line.alerts / line.allowed
    full = min(2 * BAR, round(part * BAR)) or int(line.alerts > 0)
    colour = "red" if line.exceeded else COLOURS[line.severity] if line.alerts else "dim"
    bar = Text("▇" * full, style=colour)
    bar.append("·" * (BAR - full), style="dim")
    bar.append(f" {line.alerts} ({line.per_thousand:.1f})", style=colour)
    if line.exceeded:
        bar.append(" !", style="bold red")
    return bar
