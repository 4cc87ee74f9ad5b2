"""For the task force: how right the alerts are, against the truth of a simulation or against what became known later."""

import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape
from rich.table import Column, Table

from schemas.policy import Policy
from streams.commands.replay import told
from streams.commands.terminal import Exit, console, errors, fail, in_force, run, without_secrets
from streams.evaluation import attempts, past, tables, targets
from streams.evaluation.attempts import Words
from streams.evaluation.page import page
from streams.evaluation.report import Report, report
from streams.replay import log, outcome
from streams.replay.history import History
from streams.replay.make import Setup
from streams.replay.run import SAID
from streams.replay.team import ReplayError, calm, laid_out

Folder = Annotated[
    Path | None, typer.Argument(help="Folder of a simulation: events.ndjson and truth.ndjson, also .gz or .xz")
]
Alerts = Annotated[
    Path | None, typer.Option(help="What was said: said.ndjson of a replay or of a live run; else it is replayed")
]
Live = Annotated[bool, typer.Option("--live", help="What the running installation said, with the times of its topics")]
JudgedBy = Annotated[Path | None, typer.Option("--policy", help="Judge by this policy; else by that of the settings")]
Past = Annotated[
    Path | None, typer.Option("--history", help="A real history instead: labels are what became known later")
]
FromLog = Annotated[bool, typer.Option("--log", help="The same for the log of facts")]
Gate = Annotated[Path | None, typer.Option(help="Targets; a figure that falls short is named, and exits with 1")]
Html = Annotated[Path | None, typer.Option(help="Write the report as one page of HTML")]
Out = Annotated[Path | None, typer.Option(help="Keep the replay in this folder")]
Processes = Annotated[int, typer.Option(min=1, max=12, help="Of the replay")]
AsJson = Annotated[bool, typer.Option("--json", help="The report as JSON")]


def evaluate(  # noqa: PLR0913, PLR0917 - each is an option of the command
    folder: Folder = None,
    alerts: Alerts = None,
    live: Live = False,
    policy: JudgedBy = None,
    history: Past = None,
    from_log: FromLog = False,
    gate: Gate = None,
    html: Html = None,
    out: Out = None,
    processes: Processes = 1,
    as_json: AsJson = False,
) -> None:
    """Precision, recall, lead time, budget, false stops and fairness of the alerts of a simulation, or of a real history.

    Counted is one departure attempt through a checkpoint, with the answer as it stood when its gate closed.

    Example: suar evaluate seeds/nation --gate seeds/nation/targets.toml --html report.html

    Example: suar evaluate --history events.ndjson.xz --policy deploy/policy/2026-11.toml
    """
    if sum(one is not None for one in (folder, history)) + from_log != 1:
        fail("name the folder of a simulation, or a --history, or ask for the --log")
    config = without_secrets()
    judged_by = in_force(policy or config.policy)
    setup = Setup(config.key, laid_out(processes))
    with tempfile.TemporaryDirectory(prefix="suar-") as scratch:
        kept = out or Path(scratch)
        if live:
            alerts = run(log.said(config.kafka, kept))
        try:
            if folder is not None:
                found = _simulated(folder, judged_by, alerts, kept, setup)
                _tell(found, gate, html, as_json=as_json)
                return
            path = history or run(log.fetch(config.kafka, kept))
            words = _words(path, judged_by, alerts, kept, setup)
            later = past.report(past.read(History(path), config.key, judged_by), words, judged_by)
        except ReplayError as error:
            fail(escape(str(error)))
    if as_json:
        console.print_json(msgspec.json.encode(later).decode())
    else:
        _show(later)


def _simulated(folder: Path, policy: Policy, alerts: Path | None, kept: Path, setup: Setup) -> Report:
    departures, events = attempts.truth(folder), attempts.events_of(folder)
    words = _words(events, policy, alerts, kept, setup)
    judged = list(attempts.judged(departures, words, attempts.gates(events, policy)))
    return report(departures, judged, words, policy)


def _words(path: Path, policy: Policy, alerts: Path | None, kept: Path, setup: Setup) -> Words:
    if alerts is None:
        calm()
        told(path, policy, kept, setup)
    return Words.of(outcome.read(alerts or kept / SAID))


def _tell(found: Report, gate: Path | None, html: Path | None, *, as_json: bool) -> None:
    wanted = targets.load(gate) if gate else None
    missed = targets.misses(found, wanted) if wanted else []
    if html is not None:
        html.write_text(page(found, wanted, missed))
    if as_json:
        console.print_json(msgspec.json.encode(found).decode())
    else:
        for part in tables.terminal(found):
            console.print(part, highlight=False)
    for one in missed:
        errors.print(f"[red]✗[/red] {escape(str(one))}", highlight=False, soft_wrap=True)
    if missed:
        raise typer.Exit(int(Exit.CRASHED))


def _show(found: past.PastReport) -> None:
    horizon = (
        "unknown: nothing became known of any departure"
        if found.horizon_days is None
        else f"{found.horizon_days:.1f} days"
    )
    console.print(
        f"Counted: {found.departures:,} departure attempts, each with the answer as it stood when its gate closed; policy "
        f"{found.policy}. Something became known of {found.labelled:,}. Nine in ten of these words came within {horizon}: "
        f"{found.young:,} younger departures count as nothing, {found.quiet:,} older ones without a word as negatives, which some are "
        f"not: precision is a lower bound.",
        highlight=False,
    )
    delays = Table(
        "label", *(Column(name, justify="right") for name in ("labels", "joined", "days, p50", "p90")), box=None
    )
    for one in found.delays:
        days = ("–" if value is None else f"{value:.1f}" for value in (one.p50, one.p90))
        delays.add_row(one.kind.value, f"{one.labels:,}", f"{one.joined:,}", *days)
    console.print(delays)
    heads = ("precision", "recall", "too young", "officers found")
    rows = Table("of", *(Column(name, justify="right") for name in heads), box=None)
    for row in found.rows:
        shares = (tables.percent(row.precision), tables.percent(row.recall))
        rows.add_row(row.name, *shares, f"{row.young:,}", tables.percent(row.officers))
    console.print(rows)
