"""The command line `suar`."""

import typer

from streams.commands import (
    alerts,
    areas,
    audit,
    backup,
    budget,
    checkpoint,
    contract,
    corrections,
    demo,
    erase,
    evaluate,
    events,
    feed,
    keys,
    operate,
    pager,
    policy,
    principals,
    rejects,
    replay,
    report,
    retention,
    rules,
    simulate,
    sop,
)

app = typer.Typer(
    name="suar",
    help="Suar joins five agencies' events by identity and alerts checkpoints when a departure looks non-procedural. "
    "It advises; it never decides.",
    epilog="Exit codes: 0 done · 1 a bug · 2 refused or wrong usage · 3 stood still · 4 poisoned topic · 5 not found · "
    "6 Kafka or Redis away.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(operate.topics, name="topics")
app.add_typer(rejects.rejected, name="rejected")
app.add_typer(principals.principals, name="principals")
app.add_typer(keys.keys, name="keys")
app.add_typer(sop.sop, name="sop")
app.add_typer(policy.policy, name="policy")
app.add_typer(rules.rules, name="rules")
app.add_typer(pager.rota, name="rota")
app.add_typer(pager.pages, name="pages")
app.add_typer(audit.audit, name="audit")
app.add_typer(corrections.corrections, name="corrections")
app.add_typer(report.report, name="report")
app.add_typer(retention.retention, name="retention")
app.add_typer(checkpoint.checkpoint, name="checkpoint")
app.command("doctor")(operate.doctor)
app.command("worker")(operate.worker)
app.command("feed")(feed.feed)
app.command("publish")(events.publish)
app.command("play")(events.play)
app.command("watch")(alerts.watch)
app.command("explain")(alerts.explain)
app.command("areas")(areas.areas)
app.command("budget")(budget.budget)
app.command("pager")(pager.pager)
app.command("rebuild")(operate.rebuild)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("metrics")(operate.list_metrics)
app.command("contract")(contract.contract)
app.command("erase")(erase.erase)
app.command("demo")(demo.demo)
app.command("replay")(replay.replay)
app.command("evaluate")(evaluate.evaluate)
app.command("simulate")(simulate.simulate)


def main() -> None:
    """Entry point of the console script."""
    app()
