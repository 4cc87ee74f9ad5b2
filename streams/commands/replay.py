"""For the task force and operators: a history once more, under any policy, and two policies side by side."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from schemas.policy import Policy
from schemas.shadow import Change
from streams.commands.terminal import Exit, console, errors, fail, in_force, run, without_secrets
from streams.replay import log
from streams.replay.compare import MEASURED, Comparison, Cost, Difference, compare
from streams.replay.history import History
from streams.replay.make import Setup, forget, make
from streams.replay.run import Counts, Heard
from streams.replay.team import ReplayError, calm, laid_out

FOLDER = Path("replay")


File = Annotated[Path | None, typer.Argument(help="Events in the order of their arrival: NDJSON, also .gz or .xz")]
FromLog = Annotated[bool, typer.Option("--log", help="Replay the log of facts instead of a file")]
JudgedBy = Annotated[Path | None, typer.Option("--policy", help="Judge by this policy; else by that of the settings")]
Compared = Annotated[
    tuple[Path, Path] | None,
    typer.Option("--compare", metavar="LIVE CANDIDATE", help="Two policies: what differs, and what each costs"),
]
Out = Annotated[Path, typer.Option(help="Folder for said.ndjson, alerts.ndjson and counts.json")]
Processes = Annotated[
    int,
    typer.Option(min=1, max=12, help="The result does not depend on it; more pay off where a second holds many events"),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Begin anew, also where a checkpoint stands")]
Examples = Annotated[int, typer.Option(min=0, help="Differing alerts shown")]
AsJson = Annotated[bool, typer.Option("--json", help="The result as JSON")]


def replay(  # noqa: PLR0913, PLR0917 - each is an option of the command
    file: File = None,
    from_log: FromLog = False,
    policy: JudgedBy = None,
    compared: Compared = None,
    out: Out = FOLDER,
    processes: Processes = 1,
    fresh: Fresh = False,
    examples: Examples = 10,
    as_json: AsJson = False,
) -> None:
    """Play a history through the rules with its own clock; the same history and policy always say the same, to the byte.

    A replay that was interrupted goes on from its checkpoint when it is started again.

    Example: suar replay seeds/nation/events.ndjson.xz --policy deploy/policy/2026-11.toml --out replay

    Example: suar replay --compare deploy/policy/2026-11.toml candidate.toml events.ndjson
    """
    config = without_secrets()
    if (file is None) is not from_log:
        fail("name a file of events, or ask for --log")
    calm()
    setup = Setup(config.key, laid_out(processes))
    if fresh:
        for folder in (out, out / "live", out / "candidate"):
            forget(folder)
        (out / log.FILE).unlink(missing_ok=True)
    path = file or run(log.fetch(config.kafka, out))
    try:
        if compared is None:
            _one(path, in_force(policy or config.policy), out, setup, as_json=as_json)
            return
        for name, tried in zip(("live", "candidate"), compared, strict=True):
            told(path, in_force(tried), out / name, setup)
        found = compare(out / "live", out / "candidate")
    except ReplayError as error:
        fail(escape(str(error)))
    if as_json:
        console.print_json(json.dumps(_plain(found)))
    else:
        _show(found, examples)


def told(path: Path, policy: Policy, folder: Path, setup: Setup) -> Counts:
    """A replay with a bar on the error stream. Raises ReplayError; an interrupt leaves the checkpoint."""
    try:
        with _bar(policy.version) as heard:
            return make(History(path), policy, folder, setup, heard)
    except KeyboardInterrupt:
        errors.print("interrupted: the same command goes on from the last checkpoint", highlight=False)
        raise typer.Exit(int(Exit.CRASHED)) from None


def _one(path: Path, policy: Policy, out: Path, setup: Setup, *, as_json: bool) -> None:
    counts = told(path, policy, out, setup)
    if as_json:
        console.print_json(msgspec.json.encode(counts).decode())
        return
    refused = ", ".join(f"{count:,} {reason}" for reason, count in counts.rejected.items()) or "none"
    console.print(
        f"[green]✓[/green] policy {policy.version}: {counts.lines:,} lines, {counts.facts:,} facts, {counts.screenings:,} answers, "
        f"{counts.revisions:,} revisions of alerts in {out}; refused lines: {refused}",
        highlight=False,
        soft_wrap=True,
    )


@contextmanager
def _bar(version: str) -> Iterator[Heard]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task(version, total=1.0)
        yield _rated(bar, task, version)


def _rated(bar: Progress, task: TaskID, version: str) -> Callable[[float, Counts], None]:
    began: list[tuple[float, int]] = []

    def heard(done: float, counts: Counts) -> None:
        began[:] = began or [(time.monotonic(), counts.facts)]
        seconds = time.monotonic() - began[0][0]
        rate = (counts.facts - began[0][1]) / seconds if seconds else 0.0
        bar.update(task, completed=done, description=f"{version}: {counts.facts:,} facts, {rate:,.0f} facts/s")

    return heard


def _show(found: Comparison, examples: int) -> None:
    counts = ", ".join(f"{found.changes[change]:,} {change.value.lower()}" for change in _CHANGES)
    console.print(f"alerts: {counts}", highlight=False)
    costs = Table("per 1,000 departures", *(one.name for one in MEASURED), "departures", box=None)
    for name, cost in (("live", found.live), ("candidate", found.candidate)):
        costs.add_row(name, *(f"{cost.per_thousand(one):.2f}" for one in MEASURED), f"{cost.departures:,}")
    console.print(costs)
    rules = Table("rule", *(Column(change.value, justify="right") for change in _CHANGES), box=None)
    for rule in sorted({rule for rule, _ in found.rules}):
        rules.add_row(rule, *(f"{found.rules[rule, change]:,}" for change in _CHANGES))
    if rules.row_count:
        console.print(rules)
    for one in found.differences[:examples]:
        console.print(_example(one), highlight=False, soft_wrap=True)


_CHANGES = (Change.ADDED, Change.LOST, Change.CHANGED)


def _example(one: Difference) -> str:
    alert = one.alert
    before, after = (side.severity.name if side else "–" for side in (one.before, one.after))
    head = f"{one.change.value} {alert.alert_id} {alert.trigger.value} {alert.place} {alert.at:%Y-%m-%d %H:%M}Z {before} → {after}"
    return "\n".join([head, *(f"  {hit.rule} {hit.severity.name}: {hit.why.en}" for hit in alert.indications)])


def _plain(found: Comparison) -> dict[str, object]:
    return {
        "changes": {change.value: found.changes[change] for change in _CHANGES},
        "rules": {
            rule: {change.value: found.rules[rule, change] for change in _CHANGES}
            for rule in sorted({rule for rule, _ in found.rules})
        },
        "cost": {"live": _cost(found.live), "candidate": _cost(found.candidate)},
        "differences": [_differing(one) for one in found.differences],
    }


def _cost(cost: Cost) -> dict[str, object]:
    return {"departures": cost.departures, **{one.name: round(cost.per_thousand(one), 4) for one in MEASURED}}


def _differing(one: Difference) -> dict[str, object]:
    return {
        "change": one.change.value,
        "alert_id": one.alert.alert_id,
        "trigger": one.alert.trigger.value,
        "place": one.alert.place,
        "at": one.alert.at.isoformat(),
        "before": one.before.severity.name if one.before else None,
        "after": one.after.severity.name if one.after else None,
        "rules": [
            {"rule": hit.rule, "severity": hit.severity.name, "why": hit.why.en} for hit in one.alert.indications
        ],
    }
