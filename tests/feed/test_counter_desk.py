"""The screen itself, on a terminal of its own: keys, languages, and what a gate prints."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streams.local import CHECKOUT
from tests.drills.workers import until
from tests.feed.counter_line import CODE, TOKEN, SmallGateway, alert, screening, served

KEY = "counter-key-of-nobody-counter-key-of-nobody"


@dataclass
class Seat:
    """A pair of eyes and a keyboard."""

    process: "subprocess.Popen[bytes]"
    master: int
    seen: str = ""

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def reads(self, text: str) -> bool:
        """Has it been on the screen since the last look at `text`?"""
        while select.select([self.master], [], [], 0)[0]:
            with suppress(OSError):
                part = os.read(self.master, 65536)
                self.seen += part.decode(errors="ignore")
                continue
            break
        return text in self.seen

    def until(self, text: str) -> None:
        until(lambda: self.reads(text), f"`{text}` is on the screen:\n{self.seen[-3000:]}", limit=60)

    def forget(self) -> None:
        self.reads("")
        self.seen = ""


@pytest.fixture
def gateway() -> Iterator[SmallGateway]:
    with served(SmallGateway()) as one:
        yield one


@pytest.fixture
def environment(gateway: SmallGateway, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT),
        "TERM": "xterm",
        "COLUMNS": "90",
        "LINES": "60",
        "SUAR_CHECKPOINT_CODE": CODE,
        "SUAR_CHECKPOINT_URL": f"http://127.0.0.1:{gateway.port}",
        "SUAR_CHECKPOINT_TOKEN": TOKEN,
        "SUAR_CHECKPOINT_KEY": KEY,
        "SUAR_CHECKPOINT_STORE": str(tmp_path / "s.sqlite3"),
        "SUAR_CHECKPOINT_RETRY_SECONDS": "0.05",
        "SUAR_CHECKPOINT_RETRY_MOST_SECONDS": "0.2",
    }


@pytest.fixture
def seat(environment: dict[str, str]) -> Iterator[Seat]:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "streams.counter", "run"]
    process = subprocess.Popen(
        command, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    yield Seat(process, master)
    if process.poll() is None:
        process.kill()
    process.wait()
    os.close(master)


def test_a_shift_at_the_counter(gateway: SmallGateway, seat: Seat) -> None:
    """Cards come, the language turns, an alert is acknowledged, the line drops and returns, `q` ends it."""
    seat.until("Tenang: tidak ada yang perlu ditanyakan.")
    now = datetime.now(UTC)
    gateway.say("alert", alert(1, at=now, severity=2))
    gateway.say("alert", alert(2, at=now, severity=4))
    seat.until("▶ ■ KRITIS")
    seat.until("◆ SEDANG")
    until(lambda: {name for name, _ in gateway.shown} == {"alert-0001", "alert-0002"}, "both are reported as shown")
    seat.forget()
    seat.press("e")
    seat.until("CRITICAL")
    seat.press("j")
    seat.until("▶ ◆ MEDIUM")
    seat.press("a")
    until(lambda: gateway.acknowledged == [("alert-0001", '"1"')], "the chosen one is acknowledged")
    seat.until("· seen")
    gateway.say("alert", alert(3, at=now - timedelta(minutes=30)))
    seat.until("the traveller has passed the counter")
    seat.press("t")
    seat.until("the traveller has passed the counter: 1")
    seat.press("q")
    assert seat.process.wait(30) == 0


def test_ctrl_c_ends_it_quietly(seat: Seat) -> None:
    seat.until("Tenang")
    seat.process.send_signal(signal.SIGINT)
    until(lambda: seat.process.poll() is not None, "it ended", limit=30)
    assert seat.process.returncode == 0
    assert not seat.reads("Traceback")


def test_a_gate_prints_one_line_for_each_traveller(
    gateway: SmallGateway, environment: dict[str, str], tmp_path: Path
) -> None:
    """Only of its lane, once, and nothing else."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "streams.counter", "run", "--lane", "AUTOGATE"]
    with out.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    until(lambda: gateway.streams, "it listens", limit=60)
    at = datetime.now(UTC)
    for crossing, lane in (("C-1", "AUTOGATE"), ("C-2", "COUNTER"), ("C-3", "AUTOGATE")):
        gateway.say("screening", screening(crossing, "ALERT", at=at, lane=lane))
    gateway.say("screening", screening("C-4", at=at, lane="AUTOGATE"))
    gateway.say("screening", screening("C-1", "ALERT", at=at, lane="AUTOGATE", revision=2))
    until(lambda: out.read_text().count("\n") >= 2, "both are routed", limit=30)
    gateway.say("screening", screening("C-5", "ALERT", at=at, lane="AUTOGATE"))
    until(lambda: out.read_text().count("\n") >= 3, "and the next", limit=30)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert out.read_text() == "arahkan ke konter\n" * 3


def test_one_screen_for_each_store(gateway: SmallGateway, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "streams.counter", "run"]
    first = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    until(lambda: gateway.streams, "it listens", limit=60)
    second = subprocess.run(
        command, check=False, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    )
    first.kill()
    first.wait()
    assert second.returncode == 2
    assert b"another" in second.stderr


def test_a_terminal_loads_neither_kafka_nor_redis() -> None:
    """It starts while a traveller stands there."""
    text = "import sys, streams.commands.checkpoint as _; print(*sorted({m.partition('.')[0] for m in sys.modules}))"

    loaded = subprocess.run([sys.executable, "-c", text], cwd=CHECKOUT, capture_output=True, check=True, timeout=60)
    assert not {b"aiokafka", b"redis", b"faust", b"agents"} & set(loaded.stdout.split())
