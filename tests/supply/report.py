"""What every check of the audit answers, and the one table at its end."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
OUT = ROOT / ".suar" / "audit"
"""Where the audit leaves what it made."""
DATA = ROOT / "deploy" / "audit"
RUNTIME = ROOT / "deploy" / "requirements-run.lock"
PYTHON = ROOT / ".venv" / "bin" / "python"
"""Of Suar, not of the audit."""
PROGRAMS = ROOT / ".suar" / "audit-venv" / "bin"


class State(Enum):
    """How a check ended. NOT_ASKED is no pass: who would have known did not answer."""

    WELL = "[green]✓[/green]"
    NOT_ASKED = "[yellow]? not asked[/yellow]"
    FAILED = "[red]✗[/red]"


@dataclass(frozen=True)
class Row:
    """One check: what, how it ended, and what was found."""

    what: str
    state: State
    found: str


def judged(what: str, wrong: Sequence[str], well: str) -> Row:
    """Failed when anything is wrong; the first three are named."""
    if not wrong:
        return Row(what, State.WELL, well)
    more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return Row(what, State.FAILED, "; ".join(wrong[:3]) + more)


def ran(*command: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A program, run here and listened to."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def shown(rows: Sequence[Row]) -> int:
    """Prints the table; the exit code: 1 when anything failed."""
    table = Table("", "check", "found", title="Audit", title_justify="left")
    for row in rows:
        table.add_row(row.state.value, row.what, row.found)
    console = Console(width=None if Console().is_terminal else 160)
    console.print(table)
    unasked = [row.what for row in rows if row.state is State.NOT_ASKED]
    if unasked:
        console.print(f"Not known: {', '.join(unasked)}. Nobody who knows was asked; that is no pass.")
    return int(any(row.state is State.FAILED for row in rows))
