"""The gateway with 10,000 open alerts: how long a list, a filter and an acknowledgement take. Run by hand:

python -m tests.bench.feed_load
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from schemas.alerts import Recipient, Role, Severity
from streams.local import services
from streams.publish import heartbeats, record_of
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.feed.gateways import Gateway, Pen
from tests.feed.pager_alerts import alert

OPEN, LISTS, COMMANDS = 10_000, 200, 100
LIMIT_MS = 200.0
"""p95 of each."""
PORTS = [f"A-{one}" for one in ("CGK", "DPS", "SUB", "KNO", "BTH", "UPG", "JOG", "PLM", "PDG", "LOP")]


async def fill(suar: Installation) -> None:
    """Open alerts for the coordinator, spread over ports and hours."""
    pen, now = Pen(suar.settings, log="p"), datetime.now(UTC)
    await pen.write(
        [
            alert(
                at=now - timedelta(seconds=number),
                place=PORTS[number % len(PORTS)],
                severity=list(Severity)[1 + number % 3],
                rule=f"rule_{number % 35}",
                recipients=(Recipient(role=Role.COORDINATOR), Recipient(role=Role.SUPERVISOR, at=PORTS[number % 10])),
            )
            for number in range(OPEN)
        ]
    )
    await pen.close()


async def timed(times: int, work: Callable[[int], Awaitable[object]]) -> list[float]:
    """Milliseconds of each, one after the other."""
    took = []
    for number in range(times):
        began = time.perf_counter()
        await work(number)
        took.append((time.perf_counter() - began) * 1000)
    return took


def report(what: str, took: list[float]) -> None:
    """One line."""
    p95 = statistics.quantiles(took, n=20)[-1]
    verdict = "held" if p95 < LIMIT_MS else "NOT HELD"
    print(f"{what:32} p50 {statistics.median(took):7.1f} ms   p95 {p95:7.1f} ms   max {max(took):7.1f} ms   {verdict}")


async def attempts(suar: Installation, client: httpx.AsyncClient) -> list[Traveller]:
    """Travellers with an alert of their own, through the whole path."""
    people = [Traveller() for _ in range(COMMANDS)]
    known = [record_of(event) for who in people for event in (who.applied(), who.issued())]
    await asyncio.to_thread(suar.publish, [*known, *heartbeats(datetime.now(UTC))])
    suar.settle()
    for who in people:
        answer = await client.post("/v1/crossings", params={"wait": 10}, json=dict(who.attempted()["data"]))
        assert answer.json()["verdict"] == "ALERT", answer.text
    suar.settle()
    return people


async def measure(suar: Installation, gateway: Gateway) -> None:
    """Lists, filters, one alert, acknowledgements."""
    await fill(suar)
    async with gateway.client("coordinator") as desk, gateway.client("supervisor") as gate:
        path = "/v1/feeds/COORDINATOR:*/alerts"
        report("the first list opens the board", [*(await timed(1, lambda _: desk.get(path))) * 2])
        assert (await desk.get(path)).json()["total"] == OPEN
        report("list, 100 rows of 10,000", await timed(LISTS, lambda _: desk.get(path)))
        filters = [
            {"severity": "CRITICAL", "checkpoint": PORTS[3]},
            {"rule": "rule_7"},
            {"family": "ROUTE", "state": "RAISED"},
            {"severity": ["HIGH", "CRITICAL"], "limit": "500"},
        ]
        report("filter", await timed(LISTS, lambda n: desk.get(path, params=filters[n % len(filters)])))
        people = await attempts(suar, gate)

        async def acknowledge(number: int) -> None:
            where = f"/v1/alerts/{people[number].alert_id}"
            tag = tags[number]
            answer = await gate.post(f"{where}/acknowledge", json={}, headers={"If-Match": tag})
            assert answer.status_code == 200, answer.text

        tags = [(await gate.get(f"/v1/alerts/{who.alert_id}")).headers["etag"] for who in people]
        report("acknowledge, to its revision", await timed(COMMANDS, acknowledge))


def main() -> None:
    """Starts its own servers."""
    with TemporaryDirectory(prefix="feed-") as folder, services(Path(folder) / "servers") as local:
        suar = Installation(local, Path(folder) / "run")
        suar.reset()
        try:
            suar.publish(heartbeats(datetime.now(UTC)))
            suar.ready_worker()
            with Gateway.of(suar) as gateway:
                asyncio.run(measure(suar, gateway))
        finally:
            suar.close()


if __name__ == "__main__":
    main()
