"""Runs the benchmarks: `python -m tests.bench [--quick] [--only join,latency]`. A whole run writes RESULTS.md, a quick one only to `.suar/bench`."""

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from streams.local import CHECKOUT, LocalError, services
from tests.bench import crowd, flat, join_bench, latency, producing, replay, report, scale, throughput
from tests.bench.ground import FULL, QUICK, Failed, Ground
from tests.bench.rows import Row

BENCHES: dict[str, Callable[[Ground], list[Row]]] = {
    "join": join_bench.run,
    "throughput": throughput.run,
    "latency": latency.run,
    "replay": replay.run,
    "flat": flat.run,
    "crowd": crowd.run,
    "producing": producing.run,
    "scale": scale.run,
}


def main() -> int:
    """Exit code 1 when a benchmark could not be run; a missed goal is for people to judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to try the benchmarks themselves")
    parser.add_argument("--only", type=_names, default=list(BENCHES), help=f"some of {','.join(BENCHES)}")
    arguments = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # topics just made have no leader for a moment
    console = Console(width=None if sys.stdout.isatty() else 150)
    parent = CHECKOUT / ".suar" / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="run-", dir=parent) as folder:
        try:
            rows = _run(arguments.only, Path(folder), console, quick=arguments.quick)
        except LocalError as error:
            console.print(f"[red]{error}")
            return 1
    report.show(rows, console)
    if set(arguments.only) == set(BENCHES):
        report.write(rows, parent if arguments.quick else Path(__file__).parent)
    return int(any(not row.figures for row in rows))


def _run(names: list[str], folder: Path, console: Console, *, quick: bool) -> list[Row]:
    rows: list[Row] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, services(folder) as local:
        for name in names:
            task = progress.add_task(name, total=1)

            def say(text: str, name: str = name, task: TaskID = task) -> None:
                progress.update(task, description=f"{name}: {text}")

            ground = Ground(local.kafka.address, local.redis.address, folder, QUICK if quick else FULL, say)
            try:
                rows += BENCHES[name](ground)
            except Failed as failure:
                rows.append(Row(name, "all of it", note=str(failure)))
            progress.update(task, completed=1, description=name)
    return rows


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = ", ".join(name for name in names if name not in BENCHES)
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown} is none of {', '.join(BENCHES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
