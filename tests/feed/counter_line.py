"""What a terminal talks to in these tests: a small gateway that speaks the API, and a line to it that can be cut anywhere."""

import asyncio
import json
import random
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from streams.local import free_port
from tests.drills.workers import until

Body = dict[str, Any]
CODE = "A-CGK"
TOKEN = "suar_terminal_of-nobody"
PASSPORT = "X9900042"
START = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
ASKED = [
    {"id": "Siapa yang menjemput Anda?", "en": "Who will meet you?"},
    {"id": "Di mana Anda akan tinggal?", "en": "Where will you stay?"},
]
CLEARED = [{"id": "e-PMI yang berlaku.", "en": "A valid e-PMI."}]


def alert(number: int, revision: int = 1, *, at: datetime = START, **more: Any) -> Body:
    """What a counter sees of an alert about a crossing."""
    return {
        "what": "alert",
        "alert_id": f"alert-{number:04}",
        "revision": revision,
        "state": "RAISED",
        "reason": "raised",
        "trigger": "ATTEMPT",
        "trigger_id": f"CROSSING-{number}",
        "place": CODE,
        "at": at.isoformat(),
        "severity": 3,
        "confidence": "FULL",
        "questions": ASKED,
        "clears": CLEARED,
        "decide_by": (at + timedelta(minutes=45)).isoformat(),
        "expires_at": (at + timedelta(hours=6)).isoformat(),
        **more,
    }


def screening(crossing: str, verdict: str = "NOTHING_FOUND", *, at: datetime = START, **more: Any) -> Body:
    """An answer to an attempt."""
    found = {"severity": 3, "alert_id": f"alert-of-{crossing}"} if verdict == "ALERT" else {}
    asked = {} if verdict == "NOTHING_FOUND" else {"questions": ASKED, "clears": CLEARED}
    usual = {"crossing_id": crossing, "revision": 1, "verdict": verdict, "lane": "COUNTER", "at": at.isoformat()}
    return {**usual, "reason": "no_rule_spoke", "checkpoint": CODE, "freshness": [], **found, **asked, **more}


@dataclass
class SmallGateway:
    """A log of frames, and answers by crossing. Only the test's thread writes the plan; the server's thread counts."""

    port: int = field(default_factory=free_port)
    log: list[tuple[str, Body]] = field(default_factory=list)
    trimmed: int = 0
    """So many frames of the log are gone."""
    twice: bool = False
    """Every frame is said twice."""
    pace: float = 0.0
    """Seconds between frames."""
    verdicts: dict[str, str] = field(default_factory=dict)
    """By crossing; the others find nothing. `LATER`: accepted, answered when it is asked for again."""
    failures: list[tuple[int, Body, dict[str, str]]] = field(default_factory=list)
    """What the next attempts get instead of an answer."""
    arrived: list[Body] = field(default_factory=list)
    """Attempts as they came, repetitions included."""
    shown: list[tuple[str, Body]] = field(default_factory=list)
    acknowledged: list[tuple[str, str]] = field(default_factory=list)
    streams: int = 0
    """Streams that were opened."""
    cursors: list[str | None] = field(default_factory=list)

    def say(self, event: str, body: Body) -> None:
        """One more frame on the log."""
        self.log.append((event, body))

    def frame(self, number: int) -> bytes:
        """A frame of the log as it goes over the line."""
        event, body = self.log[number]
        return _sse(f"c{number + 1}", event, body)

    def snapshot(self) -> Body:
        """What is open after the whole log."""
        newest: dict[str, Body] = {}
        for event, body in self.log:
            if event == "alert":
                newest[body["alert_id"]] = body
        states = {"RAISED", "ACKNOWLEDGED", "IN_SECONDARY"}
        return {"cursor": f"c{len(self.log)}", "alerts": [one for one in newest.values() if one["state"] in states]}

    async def stream(self, at: int | None) -> AsyncIterator[bytes]:
        """From a cursor on, for ever."""
        if at is None or at < self.trimmed:
            if at is not None:
                until_now = {"from": START.isoformat(), "to": (START + timedelta(hours=1)).isoformat()}
                yield _sse(f"c{at}", "gap", {**until_now, "reason": "trimmed"})
            whole, at = self.snapshot(), len(self.log)
            yield _sse(whole["cursor"], "snapshot", whole)
        while True:
            while at < len(self.log):
                yield self.frame(at) * (2 if self.twice else 1)
                at += 1
                await asyncio.sleep(self.pace)
            yield _sse(f"c{at}", "here", {"live": True, "sources": []})
            for _ in range(20):
                if at < len(self.log):
                    break
                await asyncio.sleep(0.02)

    def app(self) -> FastAPI:
        """The API, as far as a terminal uses it."""
        app = FastAPI()
        app.middleware("http")(self._known)
        app.get("/v1/checkpoints/{code}/stream")(self._stream)
        app.post("/v1/crossings")(self._attempt)
        app.get("/v1/crossings/{crossing}")(self._crossing)
        app.post("/v1/alerts/{name}/shown")(self._shown)
        app.post("/v1/alerts/{name}/acknowledge")(self._acknowledge)
        return app

    async def _known(self, request: Request, go: Any) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _problem(401, "not_signed_in")
        answer: Response = await go(request)
        return answer

    async def _stream(self, code: str, cursor: str | None = None) -> Response:
        assert code == CODE
        self.cursors.append(cursor)
        if cursor is not None and not cursor.startswith("c"):
            return _problem(400, "bad_cursor")
        self.streams += 1
        at = int(cursor[1:]) if cursor else None
        return StreamingResponse(self.stream(at), media_type="text/event-stream")

    async def _attempt(self, request: Request) -> Response:
        body = await request.json()
        assert request.headers["idempotency-key"] == body["id"]
        if self.failures:
            status, problem, headers = self.failures.pop(0)
            return JSONResponse(problem, status, headers)
        self.arrived.append(body)
        return self.answered(body["crossing_id"], at=body["time"])

    async def _crossing(self, crossing: str) -> Response:
        at = next(one["time"] for one in self.arrived if one["crossing_id"] == crossing)
        if self.verdicts.get(crossing) == "LATER":
            self.verdicts[crossing] = "UNDETERMINED"
        return self.answered(crossing, at=at)

    async def _shown(self, name: str, request: Request) -> Response:
        self.shown.append((name, await request.json()))
        return Response(status_code=204)

    async def _acknowledge(self, name: str, request: Request) -> Response:
        self.acknowledged.append((name, request.headers["if-match"]))
        newest = next(body for event, body in reversed(self.log) if body.get("alert_id") == name)
        if request.headers["if-match"] != f'"{newest["revision"]}"':
            return JSONResponse({"status": 412, "code": "stale", "alert": newest}, 412)
        return JSONResponse({**newest, "revision": newest["revision"] + 1, "state": "ACKNOWLEDGED"})

    def answered(self, crossing: str, at: str) -> Response:
        """The answer to an attempt, the same however often."""
        verdict = self.verdicts.get(crossing, "NOTHING_FOUND")
        if verdict == "LATER":
            return Response(status_code=202, headers={"Location": f"/v1/crossings/{crossing}"})
        return JSONResponse(screening(crossing, verdict, at=datetime.fromisoformat(at)))


def _sse(cursor: str, event: str, body: Body) -> bytes:
    return f"id: {cursor}\nevent: {event}\ndata: {json.dumps(body)}\n\n".encode()


def _problem(status: int, code: str) -> Response:
    return JSONResponse({"status": status, "code": code}, status, media_type="application/problem+json")


@contextmanager
def served(gateway: SmallGateway) -> Iterator[SmallGateway]:
    """The gateway, in a thread of its own."""
    config = uvicorn.Config(gateway.app(), port=gateway.port, log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started, "the gateway is there")
        yield gateway
    finally:
        server.force_exit = server.should_exit = True
        thread.join()


class Line:
    """A TCP line to a port, cut by the test: at once, or by itself after so many bytes, in the middle of whatever passes."""

    def __init__(self, to: int) -> None:
        self.to, self.port = to, free_port()
        self.down = False
        self.cut_within: int | None = None
        """Each connection is cut after a random number of bytes below this one."""
        self.drops = 0
        self._chance = random.Random(20261125)
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Line":
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """Where a terminal dials."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Nothing passes any more."""
        self.down = True
        self._loop.call_soon_threadsafe(self._abort)

    def mend(self) -> None:
        """The line stands again."""
        self.down = False

    def _abort(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self._up.set()
        await self._ended.wait()
        server.close()
        self._abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.to)
        budget = self._chance.randrange(1, self.cut_within) if self.cut_within else None
        self._writers |= {writer, back}
        await asyncio.gather(self._pass(reader, back, None), self._pass(there, writer, budget))
        self._writers -= {writer, back}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: int | None) -> None:
        with suppress(OSError):
            while chunk := await reader.read(512):
                if budget is not None and (budget := budget - len(chunk)) <= 0:
                    writer.write(chunk[: len(chunk) + budget])
                    await writer.drain()
                    self.drops += 1
                    break
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort() if budget is not None and budget <= 0 else writer.close()
