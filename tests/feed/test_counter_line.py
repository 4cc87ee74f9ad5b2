"""A terminal on a bad line: nothing is missed, nothing counts twice, and what waits is sent once, in order."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from streams.counter import settings as settings_of
from streams.counter.gateway import Gateway
from streams.counter.outbox import Outbox, attempt, attempts
from streams.counter.screen import Window, on_screen, screen
from streams.counter.seal import Seal
from tests.feed.counter_line import CODE, PASSPORT, START, TOKEN, Line, SmallGateway, alert, served
from tests.feed.counter_terminal import KEY, Clock, Terminal, made


@pytest.fixture
def gateway() -> Iterator[SmallGateway]:
    with served(SmallGateway()) as one:
        yield one


@pytest.fixture
def line(gateway: SmallGateway) -> Iterator[Line]:
    with Line(gateway.port) as one:
        yield one


@pytest.fixture
async def terminal(line: Line, tmp_path: Path) -> AsyncIterator[Terminal]:
    one = made(tmp_path, line.url, TOKEN, Clock())
    yield one
    await one.stop()


async def test_a_hundred_drops_in_the_middle_of_frames(gateway: SmallGateway, line: Line, terminal: Terminal) -> None:
    """Each connection is cut somewhere within 3,000 bytes, so that often not one frame passes whole."""
    terminal.work()
    await terminal.until(lambda: terminal.store.cursor, "the stream begins")
    line.cut_within = 3000
    line.cut()
    line.mend()
    for number in range(200):
        for revision in (1, 2, 3):
            gateway.say("alert", alert(number, revision))
    await terminal.until(lambda: terminal.store.cursor == "c600" and line.drops >= 100, "all arrived")
    assert line.drops >= 100
    assert terminal.changes() == {f"alert-{number:04}": 3 for number in range(200)}
    assert all(one is not None for one in gateway.cursors[1:]), "it always said where it stood"


async def test_two_drops_in_a_row_keep_the_cursor(gateway: SmallGateway, line: Line, terminal: Terminal) -> None:
    gateway.say("alert", alert(1))
    terminal.work()
    await terminal.until(lambda: terminal.store.cursor == "c1", "the first arrived")
    for number in (2, 3):
        line.cut()
        gateway.say("alert", alert(number))
        await terminal.until(lambda: terminal.counter.away_since, "it noticed")
        line.mend()
        if number == 2:
            streams = gateway.streams
            await terminal.until(lambda: gateway.streams > streams, "dialled again")  # noqa: B023 - awaited here
    await terminal.until(lambda: terminal.store.cursor == "c3", "the rest arrived")
    assert terminal.changes() == {"alert-0001": 1, "alert-0002": 1, "alert-0003": 1}


async def test_frames_said_twice_count_once(gateway: SmallGateway, terminal: Terminal) -> None:
    gateway.twice = True
    terminal.work()
    await terminal.until(lambda: terminal.store.cursor, "the stream begins")
    for number in range(50):
        gateway.say("alert", alert(number))
    await terminal.until(lambda: terminal.store.cursor == "c50", "all arrived")
    assert set(terminal.changes().values()) == {1}


async def test_a_cut_of_two_hours(gateway: SmallGateway, line: Line, terminal: Terminal) -> None:
    """Attempts go on without answers, are sent once and in order, and who has passed is told quietly."""
    terminal.work()
    gateway.verdicts |= {"CROSSING-3": "ALERT", "CROSSING-7": "UNDETERMINED"}
    first = await terminal.present("CROSSING-0")
    assert first is not None
    await terminal.until(lambda: terminal.store.cursor, "the stream begins")
    line.cut()
    await terminal.until(lambda: terminal.counter.away_since, "it noticed")
    for number in range(1, 13):
        assert await terminal.present(f"CROSSING-{number}") is None
        terminal.clock.pass_by(minutes=10)
    gateway.say("alert", alert(3, at=START + timedelta(minutes=20)))
    window = Window(CODE, "", timedelta(minutes=5))
    away = screen(terminal.store, window, terminal.clock(), terminal.counter.away_since)
    assert away.away_since == START
    assert away.waiting == 12
    line.mend()
    await terminal.until(lambda: not attempts(terminal.store, "waiting"), "all was sent")
    await terminal.until(lambda: terminal.store.alert("alert-0003"), "the stream caught up")
    arrived = [one["crossing_id"] for one in gateway.arrived]
    assert list(dict.fromkeys(arrived)) == [f"CROSSING-{number}" for number in range(13)], "in order"
    assert gateway.arrived[-1]["time"] == (START + timedelta(minutes=110)).isoformat(), "with its own time"
    back = screen(terminal.store, window, terminal.clock(), terminal.counter.away_since)
    assert back.cards == (), "nobody is called to a counter that the traveller has left"
    assert [late.card.ref for late in back.late] == ["CROSSING-3", "CROSSING-7"]
    assert gateway.shown == []


async def test_an_attempt_whose_answer_was_lost_is_the_same_attempt(
    gateway: SmallGateway, line: Line, terminal: Terminal
) -> None:
    """The gateway took it, the line dropped before the answer: it is sent again under the same id."""
    line.cut_within = 40
    assert await terminal.present("CROSSING-1") is None
    line.cut_within = None
    terminal.work()
    await terminal.until(lambda: terminal.store.answer("CROSSING-1"), "answered")
    assert len(gateway.arrived) >= 2
    assert len({json.dumps(one, sort_keys=True) for one in gateway.arrived}) == 1


async def test_a_gap_is_filled_from_the_snapshot(gateway: SmallGateway, line: Line, terminal: Terminal) -> None:
    gateway.say("alert", alert(1))
    gateway.say("alert", alert(2))
    terminal.work()
    await terminal.until(lambda: terminal.store.cursor == "c2", "the first arrived")
    line.cut()
    await terminal.until(lambda: terminal.counter.away_since, "it noticed")
    gateway.say("alert", alert(1, 2, state="CLEARED"))
    for number in (3, 4):
        gateway.say("alert", alert(number))
    gateway.trimmed = 4
    line.mend()
    await terminal.until(lambda: terminal.store.cursor == "c5", "the snapshot arrived")
    open_now = {one.alert.alert_id for one in terminal.store.alerts(late=False, since=START)}
    assert open_now == {"alert-0002", "alert-0003", "alert-0004"}
    shown = screen(terminal.store, Window(CODE, "", timedelta(minutes=5)), terminal.clock(), None)
    assert shown.gap == (START, START + timedelta(hours=1))


async def test_a_cursor_that_nobody_knows_is_given_up(gateway: SmallGateway, terminal: Terminal) -> None:
    gateway.say("alert", alert(1))
    terminal.store.sql.execute("INSERT INTO kept VALUES ('cursor', 'of another gateway')")
    terminal.work()
    await terminal.until(lambda: terminal.store.cursor == "c1", "it began anew")
    assert gateway.cursors[:2] == ["of another gateway", None]


async def test_a_busy_gateway_is_left_alone_for_as_long_as_it_asks(gateway: SmallGateway, terminal: Terminal) -> None:
    gateway.failures = [(429, {"code": "too_many"}, {"Retry-After": "1"}), (503, {"code": "kafka_away"}, {})]
    assert await terminal.present("CROSSING-1") is None
    began = asyncio.get_running_loop().time()
    terminal.work()
    await terminal.until(lambda: terminal.store.answer("CROSSING-1"), "answered")
    assert len(gateway.arrived) == 1
    gateway.failures = [(429, {"code": "too_many"}, {"Retry-After": "1"})]
    assert await terminal.present("CROSSING-2") is None
    gateway.failures = [(429, {"code": "too_many"}, {"Retry-After": "1"})]
    began = asyncio.get_running_loop().time()
    await terminal.until(lambda: terminal.store.answer("CROSSING-2"), "answered")
    assert asyncio.get_running_loop().time() - began >= 0.9


async def test_one_that_is_refused_holds_up_nobody(gateway: SmallGateway, terminal: Terminal, line: Line) -> None:
    line.cut()
    for crossing in ("CROSSING-1", "CROSSING-2"):
        assert await terminal.present(crossing) is None
    gateway.failures = [(422, {"code": "invalid", "detail": "…"}, {})]
    line.mend()
    terminal.work()
    await terminal.until(lambda: terminal.store.answer("CROSSING-2"), "the second is answered")
    assert [(one.crossing_id, one.why) for one in attempts(terminal.store, "refused")] == [("CROSSING-1", "invalid")]


async def test_what_waits_under_another_key_holds_up_nobody(gateway: SmallGateway, terminal: Terminal) -> None:
    other = Outbox(terminal.store, Seal(KEY[::-1].encode()))
    given = {"passport_no": PASSPORT, "lane": "COUNTER", "crossing_id": "CROSSING-1"}
    other.put(attempt(json.dumps(given), CODE, START), START)
    await terminal.present("CROSSING-2")
    terminal.work()
    await terminal.until(lambda: terminal.store.answer("CROSSING-2"), "the second is answered")
    await terminal.until(lambda: attempts(terminal.store, "waiting")[0].why, "the first is named")
    assert attempts(terminal.store, "waiting")[0].why == "sealed_with_another_key"
    assert len(gateway.arrived) == 1


async def test_an_answer_that_was_not_there_in_time_is_asked_for(gateway: SmallGateway, terminal: Terminal) -> None:
    gateway.verdicts["CROSSING-1"] = "LATER"
    assert await terminal.present("CROSSING-1") is None
    assert [one.state for one in attempts(terminal.store, "sent")] == ["sent"]
    terminal.clock.pass_by(seconds=3)
    terminal.work()
    await terminal.until(lambda: terminal.store.answer("CROSSING-1"), "answered")


async def test_without_leave_everything_waits(gateway: SmallGateway, terminal: Terminal) -> None:
    """A token that was withdrawn is an operator's matter: no attempt is thrown away for it."""
    terminal.counter.gateway._http.headers["Authorization"] = "Bearer of somebody else"
    assert await terminal.present("CROSSING-1") is None
    terminal.work()
    await terminal.until(lambda: terminal.counter.why_away == "not_signed_in", "it says why")
    assert len(attempts(terminal.store, "waiting")) == 1
    terminal.counter.gateway._http.headers["Authorization"] = f"Bearer {TOKEN}"
    await terminal.until(lambda: terminal.store.answer("CROSSING-1"), "answered")


async def test_what_was_shown_is_reported_once(gateway: SmallGateway, line: Line, terminal: Terminal) -> None:
    terminal.work()
    await terminal.until(lambda: terminal.store.cursor, "the stream begins")
    gateway.say("alert", alert(1))
    gateway.say("alert", alert(2, at=START - timedelta(hours=2)))
    await terminal.until(lambda: terminal.store.cursor == "c2", "both arrived")
    line.cut()
    for _ in range(3):
        shown = screen(terminal.store, Window(CODE, "", timedelta(minutes=5)), terminal.clock(), None)
        terminal.store.show(on_screen(shown), terminal.clock())
    line.mend()
    await terminal.until(lambda: gateway.shown and terminal.store.unreported() is None, "reported")
    assert gateway.shown == [("alert-0001", {"revision": 1, "at": START.isoformat()})]


async def test_an_acknowledgement_names_the_revision_it_saw(gateway: SmallGateway, terminal: Terminal) -> None:
    terminal.work()
    await terminal.until(lambda: terminal.store.cursor, "the stream begins")
    gateway.say("alert", alert(1))
    await terminal.until(lambda: terminal.store.alert("alert-0001"), "it arrived")
    gateway.log[-1] = ("alert", alert(1, 2))
    await terminal.counter.acknowledge("alert-0001")
    kept = terminal.store.alert("alert-0001")
    assert kept is not None
    assert kept.alert.revision == 2, "a stale command brings the newer view"
    await terminal.counter.acknowledge("alert-0001")
    kept = terminal.store.alert("alert-0001")
    assert kept is not None
    assert kept.alert.state == "ACKNOWLEDGED"
    assert gateway.acknowledged == [("alert-0001", '"1"'), ("alert-0001", '"2"')]


async def test_a_frame_that_cannot_be_read_is_counted_and_passed_over(
    gateway: SmallGateway, terminal: Terminal
) -> None:
    terminal.work()
    await terminal.until(lambda: terminal.store.cursor, "the stream begins")
    gateway.say("alert", {"what": "alert", "alert_id": 7})
    gateway.say("of_a_later_version", {"anything": True})
    gateway.say("alert", alert(1))
    await terminal.until(lambda: terminal.store.cursor == "c3", "the rest arrived")
    assert terminal.store.kept("unreadable") == "1"
    assert terminal.changes() == {"alert-0001": 1}


async def test_a_stream_that_falls_silent_is_dialled_again(gateway: SmallGateway, terminal: Terminal) -> None:
    """A line that is dead without a word, as behind a router that lost its table."""
    slow = settings_of.load(**{**terminal.counter.settings.model_dump(), "silent_seconds": 0.2})
    await terminal.counter.gateway.close()
    terminal.counter.gateway = Gateway(slow)
    gateway.pace = 1.0
    for number in range(3):
        gateway.say("alert", alert(number))
    terminal.store.sql.execute("INSERT INTO kept VALUES ('cursor', 'c0')")
    terminal.work()
    await terminal.until(lambda: terminal.store.cursor == "c3", "all arrived")
    assert gateway.streams >= 3, "one frame on each line"
    assert set(terminal.changes().values()) == {1}
