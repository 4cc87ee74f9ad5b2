"""kill -9 of a terminal at any moment, many times: every revision counts exactly once, every attempt arrives."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from streams.local import CHECKOUT
from tests.drills.workers import until
from tests.feed.counter_line import CODE, PASSPORT, TOKEN, SmallGateway, alert, served

ALERTS, REVISIONS, KILLS = 400, 3, 8


@dataclass
class Program:
    """`suar checkpoint` as a checkpoint runs it."""

    folder: Path
    port: int
    started: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(CHECKOUT),
            "SUAR_CHECKPOINT_CODE": CODE,
            "SUAR_CHECKPOINT_URL": f"http://127.0.0.1:{self.port}",
            "SUAR_CHECKPOINT_TOKEN": TOKEN,
            "SUAR_CHECKPOINT_KEY": "counter-key-of-nobody-counter-key-of-nobody",
            "SUAR_CHECKPOINT_STORE": str(self.file),
            "SUAR_CHECKPOINT_RETRY_SECONDS": "0.05",
        }

    @property
    def file(self) -> Path:
        return self.folder / "store.sqlite3"

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "streams.counter", *words]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        self.started.append(process)
        return process

    def close(self) -> None:
        """Nothing outlives the test."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()

    def ask(self, query: str) -> list[tuple[object, ...]]:
        if not self.file.exists():
            return []
        sql = sqlite3.connect(self.file, timeout=10)
        try:
            return sql.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []  # killed before it made its tables
        finally:
            sql.close()

    def cursor(self) -> str | None:
        rows = self.ask("SELECT value FROM kept WHERE name = 'cursor'")
        return str(rows[0][0]) if rows else None


@pytest.fixture
def gateway() -> Iterator[SmallGateway]:
    with served(SmallGateway(pace=0.004)) as one:
        yield one


@pytest.fixture
def program(gateway: SmallGateway, tmp_path: Path) -> Iterator[Program]:
    one = Program(tmp_path, gateway.port)
    yield one
    one.close()


def killed(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_a_terminal_killed_while_it_listens(gateway: SmallGateway, program: Program) -> None:
    """The stream takes about as long as all lives of the program together; each ends somewhere in the middle."""
    chance = random.Random(5)
    process = program.start("run")
    until(program.cursor, "it listens", limit=60)
    for number in range(ALERTS):
        for revision in range(1, REVISIONS + 1):
            gateway.say("alert", alert(number, revision))
    seen: list[str | None] = []
    for _ in range(KILLS):
        before = program.cursor()
        until(lambda: program.cursor() != before, "it goes on", limit=60, every=0.01)  # noqa: B023 - awaited here
        time.sleep(chance.random() * 0.3)  # the moment of the kill is what is tried
        killed(process)
        seen.append(program.cursor())
        process = program.start("run")
    until(lambda: program.cursor() == f"c{ALERTS * REVISIONS}", "all arrived", limit=60)
    killed(process)
    changes = program.ask("SELECT count(*), sum(changes), min(changes), max(changes), min(revision) FROM alerts")
    assert changes == [(ALERTS, ALERTS * REVISIONS, REVISIONS, REVISIONS, REVISIONS)]
    assert len({one for one in seen if one != f"c{ALERTS * REVISIONS}"}) >= KILLS // 2, "most kills hit the middle"
    assert program.ask("PRAGMA integrity_check") == [("ok",)]


def test_an_attempt_killed_on_its_way_arrives_once(gateway: SmallGateway, program: Program) -> None:
    """Killed before it was kept it never was; from then on it arrives, under one id however often."""
    chance = random.Random(7)
    for number in range(8):
        given = {"passport_no": PASSPORT, "lane": "COUNTER", "crossing_id": f"CROSSING-{number}"}
        process = program.start("attempt")
        assert process.stdin is not None
        process.stdin.write(json.dumps(given).encode())
        process.stdin.close()
        kept = f"SELECT 1 FROM attempts WHERE crossing_id = 'CROSSING-{number}'"
        until(lambda: program.ask(kept), "it is kept", limit=60, every=0.002)  # noqa: B023 - awaited here
        time.sleep(chance.random() * 0.02)  # the moment of the kill is what is tried
        process.send_signal(signal.SIGKILL)
        process.wait()
    process = program.start("run")
    done = "SELECT count(*) FROM attempts WHERE state = 'answered'"
    until(lambda: program.ask(done) == [(8,)], "all are answered", limit=60)
    killed(process)
    by_crossing: dict[str, set[str]] = {}
    for one in gateway.arrived:
        by_crossing.setdefault(one["crossing_id"], set()).add(json.dumps(one, sort_keys=True))
    assert sorted(by_crossing) == [f"CROSSING-{number}" for number in range(8)]
    assert {len(bodies) for bodies in by_crossing.values()} == {1}
    for file in program.folder.iterdir():
        assert PASSPORT.encode() not in file.read_bytes(), file.name
