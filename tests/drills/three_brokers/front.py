"""A TCP front: a port that leads to another one, which may be exchanged, cut off or left without an answer."""

import asyncio
import threading
from contextlib import suppress

from streams.local import free_port

PIECE = 65_536


class Front(threading.Thread):
    """Use with `with`. What it took and did not pass on when it is cut is lost, as on a wire."""

    def __init__(self, target: int, host: str = "127.0.0.1") -> None:
        super().__init__(daemon=True)
        self.host, self.port, self.target = host, free_port(), target
        self._ready = threading.Event()
        self._lines: set[asyncio.Task[None]] = set()

    def __enter__(self) -> "Front":
        self.start()
        assert self._ready.wait(10), "the front does not listen"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ends.set)
        self.join(10)

    def hold(self) -> None:
        """Lines stay open and carry nothing, in both directions."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def release(self) -> None:
        """Goes on after `hold` with what waits."""
        self._loop.call_soon_threadsafe(self._flows.set)

    def lead_to(self, target: int) -> None:
        """Cuts every line; new ones go there."""
        self.target = target
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    async def _cut(self) -> None:
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
        self._flows.set()

    def run(self) -> None:
        """Until the end of the `with`."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._ends, self._flows = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        self._flows.set()
        server = await asyncio.start_server(self._line, self.host, self.port)
        self._ready.set()
        await self._ends.wait()
        server.close()
        await self._cut()

    async def _line(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        far_out: asyncio.StreamWriter | None = None
        try:
            far_in, far_out = await asyncio.open_connection("127.0.0.1", self.target)
            there, back = (
                asyncio.ensure_future(self._carry(near_in, far_out)),
                asyncio.ensure_future(self._carry(far_in, near_out)),
            )
            try:
                await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            finally:
                there.cancel()
                back.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in (near_out, far_out):
                if end is not None:
                    end.transport.abort()
            self._lines.discard(line)

    async def _carry(self, come: asyncio.StreamReader, go: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await come.read(PIECE):
                await self._flows.wait()
                go.write(piece)
                await go.drain()
