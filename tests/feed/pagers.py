"""Pagers as an operator runs them, and somebody who receives their webhooks."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from schemas.alerts import Alert
from schemas.paging import Page, PageRecord, PageResult
from schemas.topics import ALERTS, DESK, PAGES
from streams.admin import Admin
from tests.broker.installation import Installation
from tests.drills.workers import Worker, until
from tests.feed.pager_alerts import BOOK, record

SECRET = "nobody's secret"
_READ = (ALERTS, PAGES, DESK)
CHANNELS = tuple(one["name"] for one in BOOK["channels"])


@dataclass(frozen=True)
class Heard:
    """One webhook as it arrived."""

    channel: str
    body: Any
    raw: bytes
    headers: dict[str, str]
    at: float

    @property
    def alerts(self) -> list[str]:
        """Ids that it names."""
        return list(self.body["alerts"])


@dataclass
class Receiver:
    """Answers 200 unless told otherwise; `answer` sees each request before it is answered."""

    heard: list[Heard] = field(default_factory=list)
    answer: Callable[[Heard], int] = lambda heard: 200
    port: int = 0

    def first(self, alert_id: str, kind: str = "first") -> list[Heard]:
        """Webhooks of that kind that name the alert."""
        return [one for one in self.heard if alert_id in one.alerts and one.body["kind"] == kind]

    def about(self, alert_id: str) -> list[Heard]:
        """All webhooks that name the alert."""
        return [one for one in self.heard if alert_id in one.alerts]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a port of its own, with a path for each channel."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Heard(self.path.strip("/"), json.loads(raw), raw, headers, time.time())
            receiver.heard.append(one)
            try:
                self.send_response(receiver.answer(one))
                self.end_headers()
            except (BrokenPipeError, ConnectionResetError):
                return  # the pager was killed while it waited

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Desk:
    """An installation with empty topics, a receiver, and pagers of one rota."""

    suar: Installation
    receiver: Receiver
    pagers: list[Worker] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def pager(self, *, wait: bool = True, **settings: str) -> Worker:
        """One more, started and ready."""
        name = f"{self.suar.namespace}-pager-{len(self.pagers)}"
        one = Worker(name, self.suar.folder, {**self.environment, **settings}, command="pager")
        self.pagers.append(one)
        one.start()
        if wait:
            until(lambda: one.ready, "the pager is ready", every=0.02)
        return one

    def raise_(self, *alerts: Alert) -> None:
        """New revisions on the log."""
        self.suar.publish(record(one) for one in alerts)

    def pages(self) -> tuple[list[Page], list[PageResult]]:
        """What stands on the log of pages."""
        said = [PageRecord.validate_json(one.value or b"") for one in self.suar.read(PAGES)]
        return [one for one in said if isinstance(one, Page)], [one for one in said if isinstance(one, PageResult)]

    def close(self) -> None:
        """Ends all pagers."""
        for one in self.pagers:
            one.close()


@contextmanager
def desk(suar: Installation, **limits: object) -> Iterator[Desk]:
    """Fresh topics and a rota with these limits, times in seconds of the test."""
    suar.recreate(_READ)
    until(lambda: all(asyncio.run(_there(suar)) for _ in range(3)), "the topics are there, and stay", every=0.5)
    suar.namespace = f"{suar.namespace}x"
    file = Path(suar.folder) / "rota.toml"
    file.write_text(_toml({"timeout_seconds": 5, "first_pause_seconds": 0.05, **limits}))
    with receiving() as receiver:
        environment = {**suar.environment, "SUAR_ROTA": str(file)}
        for name in CHANNELS:
            environment[f"SUAR_CHANNEL_{name.upper()}"] = f"http://127.0.0.1:{receiver.port}/{name}"
            environment[f"SUAR_CHANNEL_{name.upper()}_SECRET"] = SECRET
        del environment["SUAR_PSEUDONYM_KEY"], environment["SUAR_REDIS"]
        one = Desk(suar, receiver, environment=environment)
        try:
            yield one
        finally:
            one.close()


async def _there(suar: Installation) -> bool:
    """A busy broker may still list a topic that it is deleting, and then it was not created anew."""
    async with Admin(suar.local.kafka.address) as admin:
        await admin.create(_READ)
        await asyncio.sleep(0.3)
        return not await admin.check(_READ)


def _toml(limits: dict[str, object]) -> str:
    """The test rota as a file; JSON's lists and strings are TOML's, its tables are not."""
    lines = [f'version = "{BOOK["version"]}"']
    for name in ("channels", "posts", "routes", "rotas"):
        lines.append(f"{name} = [{', '.join(_inline(one) for one in BOOK[name])}]")
    lines += ["[limits]", *(f"{name} = {_inline(value)}" for name, value in {"repeats": 2, **limits}.items())]
    return "\n".join(lines)


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_inline(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value)
