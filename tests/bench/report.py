"""The table of one run: on the screen, as JSON and as Markdown for the README."""

import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from streams.local import KAFKA_LIBS
from tests.bench.rows import Figure, Row

HEAD = ("Benchmark", "What", "Measured", "Ratio", "To hold", "Note")
PACKAGES = ("faust-streaming", "aiokafka", "redis", "msgspec", "pydantic", "uvloop", "confluent-kafka")


def show(rows: Iterable[Row], console: Console) -> None:
    """One rich table."""
    table = Table(*HEAD, title="Suar: one run, one machine", show_lines=True)
    for row in rows:
        table.add_row(*("\n".join(cell) for cell in _cells(row)))
    console.print(table)


def write(rows: list[Row], folder: Path) -> None:
    """`results.json` with every number, `RESULTS.md` for people."""
    about = machine()
    result: dict[str, Any] = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "machine": about}
    result["rows"] = [asdict(row) for row in rows]
    (folder / "results.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    lines = [f"Measured on {result['date']}: {about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB."]
    lines += ["Broker, Redis, load and everything measured share that machine; the ratios are of this one run."]
    lines += ["", f"| {' | '.join(HEAD)} |", f"|{' --- |' * len(HEAD)}"]
    lines += [f"| {' | '.join('<br>'.join(cell) for cell in _cells(row))} |" for row in rows]
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    (folder / "RESULTS.md").write_text("\n".join([*lines, "", f"Versions: {versions}.", ""]))


def machine() -> dict[str, Any]:
    """Cores, memory, processor and the versions of what was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory),
        "versions": {
            "Python": platform.python_version(),
            "Kafka": _kafka(),
            "Redis": _first(r"v=([\d.]+)", "redis-server", "--version"),
            "Java": _first(r'version "([\d.]+)', "java", "-version"),
            **{name: version(name) for name in PACKAGES},
        },
    }


def _cells(row: Row) -> list[list[str]]:
    plain = [figure for figure in row.figures if not figure.ratio]
    ratios = [figure for figure in row.figures if figure.ratio]
    return [
        [row.bench],
        [row.what],
        [str(figure) for figure in plain] or ["–"],
        [str(figure) for figure in ratios],
        [_goal(figure) for figure in row.figures if figure.goal is not None],
        [row.note],
    ]


def _goal(figure: Figure) -> str:
    return f"{figure.mark} {figure.goal}"


def _cpu() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _kafka() -> str:
    jars = [found[1] for jar in KAFKA_LIBS.glob("kafka_*.jar") if (found := re.search(r"-([\d.]+)\.jar", jar.name))]
    return jars[0] if jars else "?"


def _first(pattern: str, *command: str) -> str:
    if shutil.which(command[0]) is None:
        return "?"
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, said.stdout + said.stderr)
    return found[1] if found else "?"
