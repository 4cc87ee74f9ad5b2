"""The terminal with the gateway that checkpoints really meet, and Kafka, Redis and a worker behind it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.alerts import Verdict
from streams.counter.counter import utc_now
from streams.counter.outbox import attempts
from streams.counter.screen import Window, on_screen, screen
from streams.counter.store import KeptAlert
from streams.publish import heartbeats, record_of
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.feed.counter_line import CODE, Line
from tests.feed.counter_terminal import Clock, Terminal, made
from tests.feed.gateways import Gateway

WINDOW = Window(CODE, "", timedelta(minutes=5))
WORK = {"destination": "MYS", "visa_class": "WORK"}


@pytest.fixture(scope="module")
def working(suar: Installation, gateway: Gateway) -> Gateway:
    """Feeds are live and a worker answers."""
    suar.publish(heartbeats(datetime.now(UTC) - timedelta(seconds=30)))
    suar.ready_worker()
    suar.settle()
    return gateway


@pytest.fixture
async def terminal(working: Gateway, tmp_path: Path) -> AsyncIterator[Terminal]:
    with Line(working.port) as line:
        one = made(tmp_path, line.url, working.keys["counter"], Clock(utc_now()), answer_seconds=5, silent_seconds=40)
        one.line = line
        yield one
        await one.stop()


def known(suar: Installation, count: int) -> list[Traveller]:
    """Travellers whose passports SIMKIM has issued."""
    people = [Traveller() for _ in range(count)]
    suar.publish([record_of(one.issued()) for one in people])
    suar.settle()
    return people


async def attempted(terminal: Terminal, who: Traveller, **data: object) -> Verdict | None:
    leaves = (terminal.clock() + timedelta(hours=3)).isoformat()
    answer = await terminal.present(
        who.crossing, passport_no=who.passport_no, **{"scheduled_at": leaves, **WORK, **data}
    )
    return answer.verdict if answer else None


def held(terminal: Terminal, who: Traveller) -> KeptAlert | None:
    return terminal.store.alert(who.alert_id)


async def test_an_attempt_is_answered_and_its_alert_comes_by_the_stream(suar: Installation, terminal: Terminal) -> None:
    [who] = await asyncio.to_thread(known, suar, 1)
    terminal.work()
    assert await attempted(terminal, who) is Verdict.ALERT
    assert await attempted(terminal, who) is Verdict.ALERT, "the same attempt has the same answer"
    await terminal.until(lambda: held(terminal, who), "its alert arrived")
    shown = screen(terminal.store, WINDOW, terminal.clock(), None)
    assert [card.ref for card in shown.cards] == [who.crossing]
    terminal.store.show(on_screen(shown), terminal.clock())
    await terminal.until(lambda: terminal.store.unreported() is None, "it was reported")
    for secret in who.secrets:
        assert secret not in terminal.store.file.read_bytes()
    await terminal.counter.acknowledge(who.alert_id)
    await terminal.until(lambda: _state(terminal, who) == "ACKNOWLEDGED", "the officer's word came back")


def _state(terminal: Terminal, who: Traveller) -> str:
    kept = held(terminal, who)
    return kept.alert.state if kept else ""


async def test_a_cut_of_two_hours(suar: Installation, terminal: Terminal) -> None:
    """Attempts wait; two hours later they are sent, answered, and told quietly."""
    people = await asyncio.to_thread(known, suar, 6)
    terminal.clock.at -= timedelta(hours=2)
    terminal.work()
    await terminal.until(lambda: terminal.store.cursor, "the stream begins")
    terminal.wire.cut()
    await terminal.until(lambda: terminal.counter.away_since, "it noticed")
    for number, who in enumerate(people):
        assert await attempted(terminal, who, **({"visa_class": "TOURIST"} if number % 2 else {})) is None
        terminal.clock.pass_by(minutes=20)
    assert len(attempts(terminal.store, "waiting")) == 6
    terminal.wire.mend()

    def answered() -> bool:
        terminal.clock.pass_by(seconds=0.1)
        return len(attempts(terminal.store, "answered")) == 6

    await terminal.until(answered, "all are answered")
    found = people[::2]
    await terminal.until(lambda: all(held(terminal, who) for who in found), "their alerts arrived")
    now = screen(terminal.store, WINDOW, terminal.clock(), None)
    mine = {who.crossing for who in people}
    assert not mine & {card.ref for card in now.cards}
    assert mine & {late.card.ref for late in now.late} == {who.crossing for who in found}
    counted = terminal.store.sql.execute("SELECT max(changes - revision) FROM alerts").fetchone()[0]
    assert counted <= 0, "no revision counted twice"


async def test_forced_drops_under_a_gateway_that_is_killed(
    suar: Installation, terminal: Terminal, working: Gateway
) -> None:
    """The line drops in the middle of frames and the gateway is killed once: every alert is there, each revision once."""
    people = await asyncio.to_thread(known, suar, 30)
    terminal.work()
    await terminal.until(lambda: terminal.store.cursor, "the stream begins")
    terminal.wire.cut_within = 4000
    terminal.wire.cut()
    terminal.wire.mend()
    await asyncio.to_thread(suar.publish, [record_of(who.attempted()) for who in people[:15]])
    await asyncio.to_thread(working.kill)
    await asyncio.to_thread(suar.publish, [record_of(who.attempted()) for who in people[15:]])
    working.start()
    await asyncio.to_thread(working.until_ready)
    await terminal.until(lambda: all(held(terminal, who) for who in people), "all alerts arrived")
    twice = terminal.store.sql.execute("SELECT count(*) FROM alerts WHERE changes > revision").fetchone()[0]
    assert (twice, terminal.wire.drops > 0) == (0, True)
