"""The join: 400,000 events on four topics with eight partitions each, on our seam and on its peers, with every alert compared to the truth."""

import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from streams.local import CHECKOUT
from tests.bench import join_history
from tests.bench.ground import Failed, Ground, run_to_end
from tests.bench.join_history import History
from tests.bench.rows import Figure, Goal, Row
from tests.bench.topics import create

BUILT = CHECKOUT / ".suar" / "bench" / "kafka-streams"
VENV = CHECKOUT / ".suar" / "bench-venv"
LOCK = CHECKOUT / "deploy" / "requirements-bench.lock"
SECONDS_AN_EVENT = 0.002
"""A peer slower than this is given up."""
OURS, OURS_EXACT = "Suar's seam, by arrival", "Suar's seam, by event time"
QUIX, KAFKA_STREAMS, FAUST, BARE = (
    "Quix Streams",
    "Kafka Streams, 1 thread",
    "stock Faust, table",
    "librdkafka, no store",
)
GOALS = {QUIX: Goal(2.5, 4.0), KAFKA_STREAMS: Goal(1.2, 2.0)}


@dataclass(frozen=True)
class Run:
    """One peer's run."""

    rate: float
    note: str


def run(ground: Ground) -> list[Row]:
    """Every peer on the same history, one after the other; one that fails gets a row that says why."""
    ground.say("writing the history")
    long = join_history.write(ground.kafka, "join", ground.scale.join_events)
    short = join_history.write(ground.kafka, "join-short", ground.scale.faust_events)
    python = [sys.executable, "-m"]
    peers = {
        OURS: (long, lambda: [*python, "tests.bench.ours_join", "arrival"]),
        OURS_EXACT: (long, lambda: [*python, "tests.bench.ours_join", "event-time"]),
        QUIX: (long, lambda: [_quix_python(), "-m", "tests.bench.peers.quix"]),
        KAFKA_STREAMS: (long, _kafka_streams),
        FAUST: (short, lambda: [*python, "tests.bench.peers.faust_table", "worker"]),
        BARE: (long, lambda: [*python, "tests.bench.peers.librdkafka"]),
    }
    runs: dict[str, Run | Failed] = {}
    for number, (name, (history, command)) in enumerate(peers.items()):
        ground.say(name)
        try:
            runs[name] = _measured(ground, f"join-{number}", history, command())
        except Failed as failure:
            runs[name] = failure
    return [_row(name, runs) for name in peers]


def _measured(ground: Ground, name: str, history: History, command: list[str]) -> Run:
    folder = ground.folder / name
    folder.mkdir()
    alerts = f"{name}-alerts"
    create(ground.kafka, [alerts], join_history.PARTITIONS)
    env = {
        "BENCH_KAFKA": ground.kafka,
        "BENCH_REDIS": ground.redis,
        "BENCH_TOPICS": ",".join(history.topics),
        "BENCH_ALERTS": alerts,
        "BENCH_EVENTS": str(history.events),
        "BENCH_GROUP": name,
        "BENCH_FOLDER": str(folder),
    }
    limit = 60 + history.events * SECONDS_AN_EVENT
    answer = run_to_end(command, env, folder.with_suffix(".log"), limit)
    found = join_history.standing(ground.kafka, alerts)
    missing, wrong = len(history.truth - found), len(found - history.truth)
    verdict = "exactly the truth" if not missing and not wrong else f"{missing:,} missing, {wrong:,} wrong"
    return Run(history.events / answer["seconds"], f"{len(found):,} alerts: {verdict}; {history.events:,} events")


def _row(name: str, runs: dict[str, Run | Failed]) -> Row:
    mine = runs[name]
    if isinstance(mine, Failed):
        return Row("join", name, note=str(mine))
    figures = [Figure(mine.rate, "events/s")]
    if name in {OURS, OURS_EXACT}:
        others = {peer: other for peer in (QUIX, KAFKA_STREAMS) if isinstance(other := runs[peer], Run)}
        figures += [Figure(mine.rate / other.rate, f"× {peer}", GOALS[peer]) for peer, other in others.items()]
    return Row("join", name, tuple(figures), mine.note)


def _kafka_streams() -> list[str]:
    """Builds the Java peer; without a network when Maven has seen its jars before. Raises Failed."""
    pom = CHECKOUT / "tests" / "bench" / "kafka-streams" / "pom.xml"
    for mode in (["--offline"], []):
        if _succeeds(["mvn", "-q", "-B", *mode, "-f", str(pom), "compile"]):
            return [
                "java",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                f"{BUILT}/classes:{BUILT}/libs/*",
                "Join",
            ]
    raise Failed("Maven could not build it")


def _quix_python() -> str:
    """The interpreter of the peer's own venv, made when the lock changed. Raises Failed."""
    python, stamp = VENV / "bin" / "python", VENV / "stamp"
    want = sha256(f"{VENV}\n{LOCK.read_text()}".encode()).hexdigest()
    if _text(stamp) == want:
        return str(python)
    made = _succeeds([sys.executable, "-m", "venv", "--clear", str(VENV)]) and _succeeds(
        [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes", "-r", str(LOCK)]
    )
    if not made:
        raise Failed("its packages could not be installed")
    stamp.write_text(want)
    return str(python)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _succeeds(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
