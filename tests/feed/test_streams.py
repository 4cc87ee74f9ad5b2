"""Streams under forced drops: nothing missed, nothing repeated, nothing seen that a role may not see."""

import asyncio
import base64
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from string import ascii_uppercase

import httpx
import pytest
import websockets

from schemas.alerts import Alert, Recipient, Role, State
from streams.feed.cursor import Cursor
from tests.broker.installation import Installation
from tests.feed.gateways import Gateway, Pen, Terminal, frames
from tests.feed.pager_alerts import alert, later

DROPS = 100
ALERTS = 500
Told = list[tuple[str, int]]


@pytest.fixture
async def pen(suar: Installation) -> AsyncIterator[Pen]:
    one = Pen(suar.settings)
    yield one
    await one.close()


@dataclass(frozen=True)
class Port:
    """A checkpoint of this test's own, so that no feed holds what another test wrote."""

    code: str = field(default_factory=lambda: "A-" + "".join(random.choices(ascii_uppercase, k=3)))

    @property
    def feed(self) -> str:
        return f"SUPERVISOR:{self.code}"

    @property
    def path(self) -> str:
        return f"/v1/feeds/{self.feed}/stream"

    @property
    def supervisor(self) -> Recipient:
        return Recipient(role=Role.SUPERVISOR, at=self.code)

    @property
    def counter(self) -> Recipient:
        return Recipient(role=Role.COUNTER, at=self.code)

    def some(self, count: int, *to: Recipient) -> list[Alert]:
        """New alerts, for both unless said otherwise."""
        whom = to or (self.supervisor, self.counter)
        return [alert(at=datetime.now(UTC), place=self.code, recipients=whom) for _ in range(count)]


@pytest.fixture
def port() -> Port:
    return Port()


def told(alerts: list[Alert]) -> Told:
    return [(one.alert_id, one.revision) for one in alerts]


async def begun(terminal: Terminal) -> Terminal:
    """It has its first snapshot."""
    await terminal.read(1)
    assert len(terminal.snapshots) == 1
    return terminal


async def test_a_hundred_drops_miss_nothing_and_repeat_nothing(gateway: Gateway, pen: Pen, port: Port) -> None:
    """Streams whose frames carry no id miss what was sent while they reconnect (BR115)."""
    chance = random.Random(5)
    written: list[Alert] = []
    async with gateway.client("supervisor") as client:
        terminal = await begun(Terminal(client, port.path))

        async def write() -> None:
            for one in port.some(ALERTS):
                written.extend((one, later(one, State.ACKNOWLEDGED)))
                await pen.write(written[-2:])
                await asyncio.sleep(chance.choice((0, 0, 0, 0.02)))

        writing = asyncio.create_task(write())
        while len(terminal.said) < 2 * ALERTS:
            most = chance.randint(1, 14) if terminal.drops < DROPS else 10**9
            await terminal.read(most, enough=2 * ALERTS)
        await writing
    assert terminal.drops > DROPS
    assert terminal.said == told(written)
    assert not terminal.gaps
    assert len(terminal.snapshots) == 1


async def test_two_drops_in_a_row_before_anything_came(gateway: Gateway, pen: Pen, port: Port) -> None:
    """BR116: the cursor is the reader's own, and a connection that brought nothing moves it nowhere."""
    async with gateway.client("supervisor") as client:
        terminal = await begun(Terminal(client, port.path))
        written = port.some(5)
        await pen.write(written)
        held = terminal.cursor
        for _ in range(2):
            async with client.stream("GET", port.path, params={"cursor": terminal.cursor}) as answer:
                assert answer.status_code == 200
        assert terminal.cursor == held
        await terminal.read(enough=5)
    assert terminal.said == told(written)


async def test_last_event_id_goes_before_the_address_that_a_browser_repeats(
    gateway: Gateway, pen: Pen, port: Port
) -> None:
    async with gateway.client("supervisor") as client:
        terminal = await begun(Terminal(client, port.path))
        old = terminal.cursor
        written = port.some(3)
        await pen.write(written)
        await terminal.read(enough=2)
        client.headers["Last-Event-ID"] = str(terminal.cursor)
        async for frame in frames(client, port.path, old):
            assert json.loads(frame.data)["alert_id"] == written[2].alert_id
            break


async def test_a_cursor_from_yesterday_gets_a_gap_and_a_snapshot(suar: Installation, pen: Pen, port: Port) -> None:
    """BR119: more was said since than a feed keeps."""
    written = port.some(400)
    await pen.write(written[:3])
    suar_settings = {"SUAR_FRAMES_KEPT": "10"}
    with Gateway.of(suar, **suar_settings) as small:
        async with small.client("supervisor") as client:
            terminal = await begun(Terminal(client, port.path))
            await pen.write(written[3:])
            stream = pen.feeds.keys.stream(port.feed)
            await terminal.read(enough=len(written) - 3)
            late = Terminal(client, port.path, cursor=_back(port, terminal.cursor, timedelta(days=1)))
            suar.redis.xtrim(stream, 20, approximate=False)
            await late.read(2)
            [gap], [snapshot] = late.gaps, late.snapshots
            assert gap["reason"] == "trimmed"
            assert datetime.fromisoformat(gap["from"]) < datetime.now(UTC) - timedelta(hours=23)
            assert datetime.fromisoformat(gap["to"]) > datetime.now(UTC) - timedelta(minutes=1)
            assert {one["alert_id"] for one in snapshot["alerts"]} == {one.alert_id for one in written}
            more = port.some(2)
            await pen.write(more)
            await late.read(enough=2)
            assert late.said == told(more)


def _back(port: Port, cursor: str | None, by: timedelta) -> str:
    """The same reader, so long ago."""
    at = Cursor.parse(str(cursor), port.feed)
    moment = int(at.entry.partition("-")[0]) - int(by.total_seconds() * 1000)
    return Cursor(at.epoch, f"{moment}-0", {}, at.feed).encode()


async def test_whoever_drops_between_gap_and_snapshot_is_told_again(
    suar: Installation, gateway: Gateway, pen: Pen, port: Port
) -> None:
    written = port.some(50)
    await pen.write(written)
    async with gateway.client("supervisor") as client:
        now = await begun(Terminal(client, port.path))
        suar.redis.xtrim(pen.feeds.keys.stream(port.feed), 5, approximate=False)
        late = Terminal(client, port.path, cursor=_back(port, now.cursor, timedelta(days=1)))
        await late.read(1)
        assert late.gaps
        assert not late.snapshots
        await late.read(2)
    assert len(late.gaps) == 2
    assert len(late.snapshots) == 1


async def test_a_flush_between_two_drops_misses_nothing_and_repeats_nothing(
    suar: Installation, gateway: Gateway, other_gateway: Gateway, pen: Pen, port: Port
) -> None:
    """Read by one gateway that lives through it, and by one that opens its boards in the middle of the rebuild."""
    written = port.some(300)
    async with gateway.client("supervisor") as here, other_gateway.client("supervisor") as there:
        stays, moves = await begun(Terminal(here, port.path)), await begun(Terminal(here, port.path))
        await pen.write(written[:200])
        await stays.read(enough=150)
        await moves.read(enough=77)
        suar.redis.flushall()
        moves.client = there
        reading = [asyncio.create_task(one.read(enough=300)) for one in (stays, moves)]
        await pen.rebuild()
        await pen.write(written[200:])
        await asyncio.gather(*reading)
        for one in (stays, moves):
            while len(one.said) < 300:
                await one.read(enough=300)
    for one in (stays, moves):
        assert not one.twice
        assert set(one.said) == set(told(written))
        assert not one.gaps
        assert len(one.snapshots) == 1


async def test_a_gateway_that_is_killed_and_one_that_is_stopped(suar: Installation, pen: Pen, port: Port) -> None:
    """BR122: whoever comes back to the next life of a gateway is told what is new, and nothing else."""
    written = port.some(60)
    with Gateway.of(suar) as one:
        async with one.client("supervisor") as client:
            terminal = await begun(Terminal(client, port.path))
            for number, end in enumerate((one.kill, one.stop)):
                await pen.write(written[number * 20 : number * 20 + 10])
                reading = asyncio.create_task(terminal.read(enough=number * 20 + 10))
                await reading
                waiting = asyncio.create_task(terminal.read(enough=number * 20 + 20))
                await asyncio.to_thread(end)
                await waiting
                await pen.write(written[number * 20 + 10 : number * 20 + 20])
                await asyncio.to_thread(one.start)
                await asyncio.to_thread(one.until_ready)
            await terminal.read(enough=40)
    assert terminal.said == told(written[:40])
    assert not terminal.gaps


async def test_a_stop_ends_streams_at_once(suar: Installation, pen: Pen, port: Port) -> None:
    with Gateway.of(suar) as one:
        async with one.client("supervisor") as client:
            terminal = await begun(Terminal(client, port.path))
            reading = asyncio.create_task(terminal.read())
            await becomes(lambda: _metric(client, "suar_feed_streams"), 1)
            await asyncio.to_thread(one.stop)
            await reading
    assert "Cancel" not in one.log.read_text(), "a stream had to be cut off after the grace of a stop"
    assert one.codes == [0]


async def test_a_role_never_sees_anothers_frames_whatever_cursor_it_brings(
    gateway: Gateway, pen: Pen, port: Port
) -> None:
    """BR118: what a cursor opens is asked of its bearer."""
    secret, shared = port.some(3, port.supervisor), port.some(2)
    async with gateway.client("supervisor") as boss, gateway.client("counter") as desk:
        supervisor = await begun(Terminal(boss, port.path))
        counter = await begun(Terminal(desk, f"/v1/feeds/COUNTER:{port.code}/stream"))
        assert supervisor.cursor != counter.cursor
        await pen.write(secret + shared)
        await supervisor.read(enough=5)
        refused = await desk.get(port.path, params={"cursor": str(supervisor.cursor)})
        assert refused.status_code == 403
        for stolen in (
            str(supervisor.cursor),
            _as_mine(port, str(supervisor.cursor)),
            _zero(port, str(supervisor.cursor)),
        ):
            reader = Terminal(desk, f"/v1/checkpoints/{port.code}/stream", cursor=stolen)
            bodies = await _bodies(reader, pen, port)
            assert not any(one.alert_id in bodies for one in secret)
            assert "subject" not in bodies
            assert "evidence" not in bodies


def _as_mine(port: Port, cursor: str) -> str:
    """Forged to name the counter's own feed."""
    at = Cursor.parse(cursor, port.feed)
    return Cursor(at.epoch, at.entry, at.upto, port.counter.feed).encode()


def _zero(port: Port, cursor: str) -> str:
    at = Cursor.parse(cursor, port.feed)
    return Cursor(at.epoch, "0-0", {}, port.counter.feed).encode()


async def _bodies(reader: Terminal, pen: Pen, port: Port) -> str:
    """Everything a reader is given up to something that was written last."""
    [last] = port.some(1)
    await pen.write([last])
    text = ""
    async for frame in frames(reader.client, reader.path, reader.cursor):
        text += frame.data
        if last.alert_id in frame.data:
            break
    return text


async def test_what_is_no_cursor_is_refused_as_a_problem(gateway: Gateway, pen: Pen, port: Port) -> None:
    async with gateway.client("supervisor") as client:
        answer = await client.get(port.path, params={"cursor": base64.urlsafe_b64encode(b"[]").decode()})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "bad_cursor"


async def test_a_slow_reader_is_let_go_and_comes_back_for_the_rest(suar: Installation, pen: Pen, port: Port) -> None:
    """As much is written as the lines between swallow; who reads on is not held up."""
    written: list[Alert] = []
    with Gateway.of(suar, SUAR_FRAMES_WAITING="8", SUAR_FRAMES_KEPT="10") as one:
        async with one.client("supervisor") as client:
            slow, quick = await begun(Terminal(client, port.path)), await begun(Terminal(client, port.path))
            async with client.stream("GET", port.path, params={"cursor": slow.cursor}) as answer:
                assert answer.status_code == 200
                while len(written) < 8000 and await _metric(client, "suar_feed_let_go_total") < 1:
                    following = asyncio.create_task(quick.read(enough=len(written) + 500))
                    written += port.some(500)
                    await pen.write(written[-500:])
                    await following
                assert await _metric(client, "suar_feed_let_go_total") >= 1
            for reader in (quick, slow):
                while len(reader.said) < len(written):
                    await reader.read(enough=len(written))
    assert slow.said == quick.said == told(written)


async def becomes(asked: Callable[[], Awaitable[float]], wanted: float) -> None:
    """Waits for a number to be reached."""
    async with asyncio.timeout(20):
        while await asked() < wanted:  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.05)


async def _metric(client: httpx.AsyncClient, name: str) -> float:
    lines = (await client.get("/metrics")).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.partition("{")[0].partition(" ")[0] == name)


async def test_a_websocket_says_the_same_and_goes_on_from_the_same_cursor(
    gateway: Gateway, pen: Pen, port: Port
) -> None:
    written = port.some(6)
    address = f"ws://127.0.0.1:{gateway.port}/v1/checkpoints/{port.code}/ws"
    keys = {"Authorization": f"Bearer {gateway.keys['supervisor']}"}
    async with websockets.connect(address, additional_headers=keys) as socket:
        first = json.loads(await socket.recv())
        assert first["event"] == "snapshot"
        await pen.write(written)
        heard = [json.loads(await socket.recv()) for _ in range(3)]
    async with gateway.client("supervisor") as client:
        rest = Terminal(client, port.path, cursor=heard[-1]["id"])
        await rest.read(enough=3)
    ids = [one["data"]["alert_id"] for one in heard]
    assert ids + [name for name, _ in rest.said] == [one.alert_id for one in written]


async def test_a_websocket_without_a_key_is_refused(gateway: Gateway, pen: Pen, port: Port) -> None:
    for feed, keys in (
        ("SUPERVISOR:A-CGK", {}),
        ("COORDINATOR:*", {"Authorization": f"Bearer {gateway.keys['counter']}"}),
    ):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with websockets.connect(f"ws://127.0.0.1:{gateway.port}/v1/feeds/{feed}/ws", additional_headers=keys):
                pass
        assert refused.value.response.status_code in {401, 403}
        assert refused.value.response.headers["content-type"] == "application/problem+json"


async def test_a_list_and_its_cursor_are_of_one_moment(gateway: Gateway, pen: Pen, port: Port) -> None:
    """Written to all the while: what a list shows and what follows its cursor are together everything, once."""
    written = port.some(600)
    path = f"/v1/checkpoints/{port.code}/alerts?limit=1000"
    async with gateway.client("supervisor") as client:
        await client.get(path)
        writing = asyncio.create_task(pen.write(written))
        while not 20 < (listed := (await client.get(path)).json())["total"] < 590:
            assert not writing.done()
        follows = Terminal(client, port.path, cursor=listed["cursor"])
        await follows.read(enough=600 - listed["total"])
    await writing
    shown = {(one["alert_id"], one["revision"]) for one in listed["alerts"]}
    assert not shown & set(follows.said)
    assert shown | set(follows.said) == set(told(written))


async def test_nothing_depends_on_somebody_being_connected(gateway: Gateway, pen: Pen, port: Port) -> None:
    """BR117."""
    async with gateway.client("supervisor") as client:
        terminal = await begun(Terminal(client, port.path))
        written = port.some(4)
        await pen.write([written[0], later(written[0], State.CLEARED), *written[1:]])
        await terminal.read(enough=5)
        listed = (await client.get(f"/v1/checkpoints/{port.code}/alerts")).json()
    assert {one["alert_id"] for one in listed["alerts"]} == {one.alert_id for one in written[1:]}
