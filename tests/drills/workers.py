"""Worker programs as an operator runs them: started, killed, paused and asked how they are, by pid."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from streams.local import CHECKOUT, free_port

KEY = "drill-key-of-nobody-drill-key-of-nobody"
PATIENCE = 90.0
"""Seconds that a slow machine may take for one effect."""

# A worker must not outlive us, however we end: its guard waits on a pipe that closes with us, and then kills.
_PORTS = {
    "worker": "SUAR_WEB_PORT",
    "feed": "SUAR_FEED_PORT",
    "pager": "SUAR_PAGER_PORT",
    "retention serve": "SUAR_RETENTION_PORT",
}
_GUARD = 'read -r dismissed || kill -s KILL "$0"'


def until(effect: Callable[[], object], what: str, limit: float = PATIENCE, every: float = 0.1) -> None:
    """Waits for a true answer; AssertionError after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not effect():
        assert time.monotonic() < deadline, f"not within {limit:.0f} s: {what}"
        time.sleep(every)


@dataclass
class Worker:
    """One `suar worker` with a port and a log of its own."""

    name: str
    folder: Path
    settings: dict[str, str]
    port: int = field(default_factory=free_port)
    codes: list[int] = field(default_factory=list)
    wanted: bool = False
    """Nobody told it to end."""
    command: str = "worker"
    """Of `suar`: what it runs as."""
    host: str = "127.0.0.1"
    """Where its pages are."""
    prefix: tuple[str, ...] = ()
    """A program that becomes it, with arguments."""
    _process: "subprocess.Popen[bytes] | None" = None
    _guard: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        """Everything it ever said."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        """Of the running program."""
        assert self._process is not None, f"{self.name} does not run"
        return self._process.pid

    @property
    def running(self) -> bool:
        """False before the start and after the end."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns at once; `ready` tells when it works."""
        assert not self.running, f"{self.name} runs already"
        self.wanted = True
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "streams", *self.command.split()],
                cwd=self.folder,
                env={**os.environ, **self._surroundings, **self.settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._guard = subprocess.Popen(
            ["sh", "-c", _GUARD, str(self.pid)], stdin=subprocess.PIPE, start_new_session=True
        )

    @property
    def _surroundings(self) -> dict[str, str]:
        """This code, a port of its own, and no files but in its folder."""
        return {"PYTHONPATH": str(CHECKOUT), "TMPDIR": str(self.folder), _PORTS[self.command]: str(self.port)}

    def send(self, what: signal.Signals) -> None:
        """A signal to the running program."""
        self.wanted = self.wanted and what not in {signal.SIGKILL, signal.SIGTERM}
        os.kill(self.pid, what)

    def ended(self, limit: float = PATIENCE) -> int:
        """Waits for the end and gives back the exit code; a program that hangs is killed and fails the drill."""
        assert self._process is not None
        assert self._guard is not None
        try:
            code = self._process.wait(limit)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self._process.wait()
            raise AssertionError(f"{self.name} did not end within {limit:.0f} s") from None
        finally:
            self._guard.communicate(b"dismissed\n")
        self.codes.append(code)
        return code

    def kill(self) -> None:
        """kill -9."""
        self.send(signal.SIGKILL)
        self.ended()

    def stop(self) -> float:
        """SIGTERM; gives back the seconds it took."""
        began = time.monotonic()
        self.send(signal.SIGTERM)
        self.ended()
        return time.monotonic() - began

    def ask(self, page: str) -> bytes | None:
        """A page of its own; None while nothing answers there."""
        try:
            with urllib.request.urlopen(f"http://{self.host}:{self.port}{page}", timeout=2) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            return error.read()
        except (urllib.error.URLError, OSError):
            return None

    @property
    def health(self) -> dict[str, object]:
        """What /ready says; empty while nothing answers."""
        page = self.ask("/ready")
        return json.loads(page) if page else {}

    @property
    def ready(self) -> bool:
        """All that it was given is claimed, and nothing is away."""
        self.check()
        return bool(self.health.get("ready"))

    @property
    def waits_for(self) -> set[str]:
        """What its lanes wait for, such as `redis`."""
        waiting = self.health.get("waiting")
        return set(waiting.values()) if isinstance(waiting, dict) else set()

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = (self.ask("/metrics") or b"").decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.partition("{")[0].partition(" ")[0] == name)

    def check(self) -> None:
        """AssertionError when it ended although nobody told it to."""
        assert self.running or not self.wanted, f"{self.name} ended by itself:\n{self.last_words()}"

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def close(self) -> None:
        """For the end of a drill, whatever the state."""
        if self.running:
            self.send(signal.SIGKILL)
        if self._guard is not None and self._guard.poll() is None:
            self.ended()
