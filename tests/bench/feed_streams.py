"""2,000 terminals on one gateway: from an alert's append to its frame, against the same with 10. Run by hand:

python -m tests.bench.feed_streams
"""

import asyncio
import random
import re
import statistics
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from schemas.alerts import Recipient, Role
from streams import policy as policies
from streams.local import services
from streams.settings import Settings
from tests.broker.installation import Installation
from tests.drills.workers import until
from tests.feed.gateways import Gateway, Pen
from tests.feed.pager_alerts import alert

FEW, MANY, GOAL = 10, 2_000, 3.0
RATE, SECONDS, WARM_UP = 20, 30, 5
"""Alerts a second over all checkpoints, and for how long: a thousand times what a nation's budget allows."""
_NAME = re.compile(rb'"alert_id":"([0-9a-f]{32})"')


class Terminal(asyncio.Protocol):
    """One stream, read as cheaply as can be: 2,000 of them share a core with the gateway."""

    written: ClassVar[dict[bytes, float]] = {}
    took: ClassVar[list[float]] = []
    begun = 0

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._begun = False
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the stream."""
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Notes when each alert arrives; a frame may come in two pieces."""
        if not self._begun and b"event: snapshot" in self._rest + data:
            self._begun = True
            Terminal.begun += 1
        text = self._rest + data
        for name in _NAME.findall(text):
            if (began := self.written.get(name)) is not None:
                self.took.append((time.perf_counter() - began) * 1000)
        self._rest = text[text.rfind(b"\n") + 1 :]


async def measured(suar: Installation, gateway: Gateway, streams: int, ports: list[str]) -> float:
    """p99 in milliseconds, of every frame on every stream."""
    Terminal.written, Terminal.took, Terminal.begun = {}, [], 0
    loop, chance = asyncio.get_running_loop(), random.Random(streams)
    opened = []
    for number in range(streams):
        path = f"/v1/feeds/SUPERVISOR:{ports[number % len(ports)]}/stream"
        request = f"GET {path} HTTP/1.1\r\nHost: suar\r\nAuthorization: Bearer {gateway.keys['supervisor']}\r\n\r\n"
        made, _ = await loop.create_connection(partial(Terminal, request.encode()), "127.0.0.1", gateway.port)
        opened.append(made)
    await asyncio.wait_for(asyncio.to_thread(until, lambda: Terminal.begun == streams, "every stream begins"), 100)
    pen, began, expected = Pen(suar.settings, log="s"), time.perf_counter(), 0
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        port = ports[chance.randrange(min(len(ports), streams))]
        one = alert(at=datetime.now(UTC), place=port, recipients=(Recipient(role=Role.SUPERVISOR, at=port),))
        if number >= RATE * WARM_UP:
            Terminal.written[one.alert_id.encode()] = time.perf_counter()
            expected += sum(1 for other in range(streams) if ports[other % len(ports)] == port)
        await pen.write([one])
    await asyncio.sleep(2)
    await pen.close()
    for made in opened:
        made.close()
    assert len(Terminal.took) == expected, f"{len(Terminal.took)} of {expected} frames came"
    quantiles = statistics.quantiles(Terminal.took, n=100)
    print(
        f"{streams:5} streams  {expected:7,} frames  p50 {quantiles[49]:6.2f} ms  p99 {quantiles[98]:6.2f} ms",
        flush=True,
    )
    return quantiles[98]


def main() -> None:
    """Starts its own servers; no worker: the pen writes with deliver's own hands."""
    with TemporaryDirectory(prefix="streams-") as folder, services(Path(folder) / "servers") as local:
        suar = Installation(local, Path(folder) / "run")
        suar.reset()
        ports = sorted(policies.load(Settings.model_fields["policy"].default).checkpoints)
        try:
            with Gateway.of(suar) as gateway:
                few = asyncio.run(measured(suar, gateway, FEW, ports))
                many = asyncio.run(measured(suar, gateway, MANY, ports))
                print(f"{many / few:.2f}×, {'held' if many <= GOAL * few else 'NOT HELD'} (≤ {GOAL:g}×)")
        finally:
            suar.close()


if __name__ == "__main__":
    main()
