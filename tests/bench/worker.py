"""A real worker beside the benchmark: `suar worker` on this run's servers, ready, idle and gone in order."""

import asyncio
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Producer

from streams.admin import Admin
from streams.local import free_port
from tests.bench.agency import Published
from tests.bench.ground import Failed, Ground, end, last_words

READY_LIMIT, IDLE_LIMIT = 90.0, 300.0
ANY = -1
"""How librdkafka spells: choose a partition."""
IDLE_LOOKS = 4
"""Lag is gauged once a second: so many looks in a row without any mean that nothing waits between two stages either."""
KEY = "bench-pseudonym-key-of-nobody-at-all"


@dataclass(frozen=True)
class Worker:
    """A worker that answers on its web port."""

    program: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def until_ready(self) -> None:
        """Returns when every partition is claimed. Raises Failed."""
        self._until(lambda: self._page("/ready") is not None, READY_LIMIT, "was not ready")

    def until_idle(self) -> None:
        """Returns when no topic has records waiting. Raises Failed."""
        quiet = 0

        def idle() -> bool:
            nonlocal quiet
            quiet = quiet + 1 if self._lag() == 0 else 0
            return quiet >= IDLE_LOOKS

        self._until(idle, IDLE_LIMIT, "was not idle", pause=1.0)

    def _lag(self) -> float | None:
        page = self._page("/metrics")
        if page is None:
            return None
        return sum(map(float, re.findall(r"^suar_lag_records\{.*\} (\S+)$", page, re.MULTILINE)))

    def _page(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as page:
                return str(page.read().decode())
        except (urllib.error.URLError, OSError):
            return None

    def _until(self, holds: Callable[[], bool], limit: float, complaint: str, pause: float = 0.2) -> None:
        deadline = time.monotonic() + limit
        while not holds():
            if self.program.poll() is not None:
                raise Failed(f"suar worker {last_words(self.program.returncode, self.log)}")
            if time.monotonic() > deadline:
                raise Failed(f"suar worker {complaint} after {limit:.0f} s")
            time.sleep(pause)


@contextmanager
def worker(ground: Ground) -> Iterator[Worker]:
    """A worker of the run's one installation: the next one goes on where this one stopped. Raises Failed."""
    asyncio.run(_create_topics(ground.kafka))
    program = Path(sys.executable).with_name("suar")
    port, log = free_port(), ground.folder / "worker.log"
    env = {
        "SUAR_KAFKA": ground.kafka,
        "SUAR_REDIS": ground.redis,
        "SUAR_NAMESPACE": "bench",
        "SUAR_PSEUDONYM_KEY": KEY,
        "SUAR_WEB_PORT": str(port),
    }
    if not program.exists():
        raise Failed("the command suar is not installed: run deploy/setup")
    with log.open("ab") as out:
        running = subprocess.Popen(
            [str(program), "worker"],
            cwd=ground.folder,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            started = Worker(running, port, log)
            started.until_ready()
            yield started
        finally:
            end(running)


async def _create_topics(bootstrap: str) -> None:
    async with Admin(bootstrap) as admin:
        await admin.create()


def publish(bootstrap: str, records: Iterable[Published]) -> int:
    """Puts records on agency topics as fast as it goes and returns how many, all acknowledged."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "compression.type": "lz4"})
    count = 0
    for record in records:
        producer.produce(record.topic, record.value, partition=ANY if record.partition is None else record.partition)
        count += 1
        if count % 1000 == 0:
            producer.poll(0)
    producer.flush()
    return count
