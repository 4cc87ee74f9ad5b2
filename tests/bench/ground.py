"""What every benchmark stands on: the servers of this run, a folder, how much to do, and how to say what goes on."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.local import CHECKOUT


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    join_events: int
    faust_events: int
    """Stock Faust needs a quarter of a millisecond for each event: it gets a history of its own, a shorter one."""
    latency_seconds: float
    path_travellers: int
    replay_travellers: int
    few_dossiers: int
    many_dossiers: int
    produced: int


FULL = Scale(400_000, 60_000, 30.0, 12_000, 20_000, 10_000, 1_000_000, 100_000)
QUICK = Scale(20_000, 3_000, 5.0, 400, 1_000, 2_000, 20_000, 5_000)


class Failed(Exception):  # noqa: N818 - it says what a program did
    """A program of the benchmark ended badly or not in time; the text is for the table."""


@dataclass(frozen=True)
class Ground:
    """The run's surroundings, handed to each benchmark."""

    kafka: str
    redis: str
    folder: Path
    scale: Scale
    say: Callable[[str], None]


def run_to_end(command: Sequence[str], env: Mapping[str, str], log: Path, limit: float) -> dict[str, float]:
    """Runs a program in a group of its own and reads the JSON of its last line. Raises Failed."""
    with log.open("wb") as errors:
        program = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        try:
            said, _ = program.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            raise Failed(f"not done after {limit:.0f} s") from None
        finally:
            end(program)
    try:
        answer = json.loads(said.splitlines()[-1])
        return {str(name): float(value) for name, value in answer.items()}
    except (ValueError, IndexError, AttributeError):
        raise Failed(last_words(program.returncode, log)) from None


def end(program: "subprocess.Popen[bytes]") -> None:
    """Ends a program that was started in a session of its own, with everything that it started."""
    if program.poll() is None:
        os.killpg(program.pid, signal.SIGTERM)
        try:
            program.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()


def last_words(code: int | None, log: Path) -> str:
    """How a program ended, in one line."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"ended with code {code}: {lines[-1].strip()[:160] if lines else 'it said nothing'}"
