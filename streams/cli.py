"""The command line `suar`. A command's module is imported when it is asked for: nobody waits for the others."""

import sys
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any, Final

import typer

COMMANDS: Final = {
    "doctor": "operate.doctor",
    "worker": "worker.worker",
    "feed": "feed.feed",
    "publish": "events.publish",
    "play": "events.play",
    "watch": "alerts.watch",
    "explain": "alerts.explain",
    "areas": "areas.areas",
    "budget": "budget.budget",
    "pager": "pager.pager",
    "rebuild": "operate.rebuild",
    "backup": "backup.backup",
    "restore": "backup.restore",
    "metrics": "operate.list_metrics",
    "contract": "contract.contract",
    "erase": "erase.erase",
    "demo": "demo.demo",
    "replay": "replay.replay",
    "evaluate": "evaluate.evaluate",
    "simulate": "simulate.simulate",
    "topics": "operate.topics",
    "rejected": "rejects.rejected",
    "principals": "principals.principals",
    "keys": "keys.keys",
    "sop": "sop.sop",
    "policy": "policy.policy",
    "rules": "rules.rules",
    "rota": "pager.rota",
    "pages": "pager.pages",
    "audit": "audit.audit",
    "corrections": "corrections.corrections",
    "report": "report.report",
    "retention": "retention.retention",
    "checkpoint": "checkpoint.checkpoint",
}
"""By its first word: where each command, or group of commands, stands in `streams.commands`."""


@cache
def whole() -> typer.Typer:
    """All of it."""
    return _built(COMMANDS)


def main() -> None:
    """Entry point of the console script."""
    first = next(iter(sys.argv[1:]), "")
    app = _built([first]) if first in COMMANDS else whole()
    app()


def _built(names: Iterable[str]) -> typer.Typer:
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
    app.callback()(_group)
    for name in names:
        _add(app, name)
    return app


def _group() -> None:
    pass


def _add(app: typer.Typer, name: str) -> None:
    module, _, attribute = COMMANDS[name].partition(".")
    command: Any = getattr(import_module(f"streams.commands.{module}"), attribute)
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name)(command)
