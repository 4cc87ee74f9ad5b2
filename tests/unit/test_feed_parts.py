"""Parts of the gateway that need no server: notes, rows, readers, times, how silence is spoken of."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest
from pydantic import SecretStr

from schemas.alerts import Severity
from schemas.wire import is_reference
from streams.feed.board import OVERDUE, Board
from streams.feed.crossings import lane_advice
from streams.feed.cursor import Cursor
from streams.feed.frames import Frame
from streams.feed.freshness import spoken
from streams.feed.notes import LONGEST, Notes
from streams.feed.problems import Problem
from streams.feed.reader import Reader
from streams.feed.rows import Wanted, newest_first, row
from streams.feed.saying import event_name
from streams.feed.times import Step, _Done, _percentiles, _Revision, steps
from streams.settings import SettingsError
from tests.feed.pager_alerts import alert

KEY, OTHER = SecretStr("5a" * 32), SecretStr("5b" * 32)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_a_note_opens_with_its_key_under_its_alert_alone() -> None:
    sealed = Notes(KEY).seal("Menunggu di luar.", "alert-1")
    assert Notes(KEY).open(sealed, "alert-1") == "Menunggu di luar."
    assert Notes(KEY).open(sealed, "alert-2") is None
    assert Notes(OTHER).open(sealed, "alert-1") is None
    assert Notes(None).open(sealed, "alert-1") is None
    assert Notes(KEY).open("no base64!", "alert-1") is None
    assert Notes(KEY).open(sealed[:-8] + "AAAAAAA=", "alert-1") is None


def test_the_same_note_is_never_sealed_the_same() -> None:
    notes = Notes(KEY)
    assert notes.seal("Ya.", "a") != notes.seal("Ya.", "a")


@pytest.mark.parametrize("number", ["9901014506900001", "0812 3456 7890", "99.01.01", "123-456", "X9900042"])
def test_a_note_with_a_number_is_refused_and_the_number_not_repeated(number: str) -> None:
    with pytest.raises(Problem) as refused:
        Notes(KEY).seal(f"Hubungi {number} ya", "alert-1")
    assert refused.value.code == "note_holds_a_number"
    assert number not in str(refused.value.body())


def test_a_note_may_hold_times_and_small_numbers() -> None:
    text = "Pukul 09.45, gerbang 12, 3 orang."
    assert Notes(KEY).open(Notes(KEY).seal(text, "a"), "a") == text


@pytest.mark.parametrize("text", ["", "   ", "x" * (LONGEST + 1)])
def test_a_note_has_a_length(text: str) -> None:
    with pytest.raises(Problem):
        Notes(KEY).seal(text, "a")


def test_without_a_key_no_note_is_kept() -> None:
    with pytest.raises(Problem) as refused:
        Notes(None).seal("Ya.", "a")
    assert refused.value.status == 503


@pytest.mark.parametrize("key", ["", "5a", "zz" * 32, "5a" * 31])
def test_a_key_that_is_none_is_told_by_name(key: str) -> None:
    with pytest.raises(SettingsError, match="SUAR_NOTES_KEY"):
        Notes(SecretStr(key))


def _view(**more: object) -> bytes:
    usual = {
        "what": "alert",
        "alert_id": "a",
        "revision": 1,
        "state": "RAISED",
        "place": "A-CGK",
        "at": NOON.isoformat(),
        "severity": 3,
        "indications": [{"rule": "one", "family": "ROUTE"}, {"rule": "two", "family": "ROUTE"}],
    }
    return msgspec.json.encode({**usual, **more})


def test_a_row_is_read_from_a_view() -> None:
    taken = [
        {"what": "alert_taken", "by": "p1", "to": None},
        {"what": "alert_acknowledged", "by": "p3"},
        {"what": "alert_taken", "by": "p1", "to": "p2"},
    ]
    one = row(_view(handling=taken))
    assert (one.severity, one.rules, one.families, one.taken_by) == ("HIGH", ("one", "two"), ("ROUTE",), "p2")
    assert one.open
    assert not row(_view(state="CLEARED")).open


def test_a_counters_row_has_no_rules() -> None:
    head = msgspec.json.decode(_view())
    del head["indications"]
    assert row(msgspec.json.encode(head)).rules == ()


@pytest.mark.parametrize(
    ("wanted", "takes"),
    [
        ({}, True),
        ({"severity": {"HIGH", "CRITICAL"}}, True),
        ({"severity": {"CRITICAL"}}, False),
        ({"state": {"RAISED"}, "rule": {"two"}}, True),
        ({"rule": {"three"}}, False),
        ({"family": {"ROUTE"}, "checkpoint": {"A-CGK"}}, True),
        ({"family": {"NETWORK"}}, False),
        ({"checkpoint": {"A-DPS"}}, False),
    ],
)
def test_a_list_takes_what_it_asks_for(wanted: dict[str, set[str]], takes: bool) -> None:
    assert Wanted(**{name: frozenset(values) for name, values in wanted.items()}).takes(row(_view())) is takes


def test_gravest_first_then_newest() -> None:
    views = {"old": (3, 0), "new": (3, 5), "grave": (4, 1)}
    rows = {
        name: row(_view(alert_id=name, severity=severity, at=(NOON + timedelta(minutes=minutes)).isoformat()))
        for name, (severity, minutes) in views.items()
    }
    assert [one.alert_id for one in newest_first(rows)] == ["grave", "new", "old"]


def _frame(entry: int, place: str, upto: dict[str, int]) -> Frame:
    return Frame(Cursor("e", f"{entry}-0", upto, "f"), "alert", b"{}", place)


def test_a_reader_that_is_behind_gets_cursors_of_its_own() -> None:
    """After a flush the board knows more than this reader has seen: the board's cursor would skip it at the next one."""
    reader = Reader(Cursor("old", "9-0", {"a1": 4}, "f"), 10)
    mine = reader.take(_frame(1, "a2:0", {"a1": 9, "a2": 3}))
    assert mine is not None
    assert mine.cursor.upto == {"a1": 4, "a2": 0}
    assert mine.cursor.epoch == "e"
    assert reader.take(_frame(2, "a1:4", {"a1": 9, "a2": 3})) is None


def test_a_reader_that_saw_more_than_the_board_forgets_nothing() -> None:
    """A board that was opened during a rebuild knows less."""
    reader = Reader(Cursor("old", "9-0", {"a1": 4, "a2": 7}, "f"), 10)
    reader.compare(Cursor("e", "0-0", {}, "f"))
    assert reader.take(_frame(1, "a2:3", {"a2": 3})) is None
    mine = reader.take(_frame(2, "a2:8", {"a2": 8}))
    assert mine is not None
    assert mine.cursor.upto == {"a1": 4, "a2": 8}
    assert reader.take(_frame(3, "a1:2", {"a1": 2, "a2": 8})) is None
    last = reader.take(_frame(4, "a1:5", {"a1": 5, "a2": 8}))
    assert last is not None
    assert not reader.apart


async def test_a_reader_that_is_too_slow_keeps_what_waits_and_ends() -> None:
    reader = Reader(Cursor("e", feed="f"), 2)
    offered = [reader.offer(_frame(number, f"a1:{number}", {"a1": number})) for number in range(1, 5)]
    assert offered == [True, True, False, False]
    assert [frame.cursor.entry async for frame in reader.waiting()] == ["1-0", "2-0"]


def test_a_gate_is_advised_and_a_counter_is_not() -> None:
    advised = {
        (lane, severity): lane_advice(lane, severity)
        for lane in ("AUTOGATE", "COUNTER")
        for severity in (None, *(one.value for one in Severity))
    }
    assert {key for key, advice in advised.items() if advice} == {("AUTOGATE", 3), ("AUTOGATE", 4)}


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=50), "0 min"),
        (timedelta(minutes=40), "40 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_silence_is_spoken_of_roughly(age: timedelta, text: str) -> None:
    assert spoken(age) == text


def test_steps_of_an_alert_count_from_its_first_append() -> None:
    first = _Revision("a", 1, "A-CGK", NOON)
    assert [(one.step, one.seconds) for one in steps(first, NOON + timedelta(seconds=2), None)] == [(Step.TOPIC, 2.0)]
    done = (
        _Done("alert_acknowledged", NOON + timedelta(minutes=1)),
        _Done("outcome_recorded", NOON + timedelta(hours=1)),
    )
    told = steps(_Revision("a", 3, "A-CGK", NOON, done), NOON, NOON + timedelta(seconds=2))
    assert [(one.step, one.seconds) for one in told] == [(Step.ACKNOWLEDGED, 58.0), (Step.OUTCOME, 3598.0)]


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert _percentiles([float(one) for one in range(1, 101)]) == {
        "alerts": 100.0,
        "p50": 50.0,
        "p90": 90.0,
        "p99": 99.0,
    }
    assert _percentiles([7.0])["p99"] == 7.0


def test_the_name_of_an_event_never_looks_like_a_number_of_somebody() -> None:
    """A digest in one piece would be refused once in 600 times, and an attempt would get no answer: number 89 is one."""
    assert all(is_reference(event_name("crossing_attempted", f"CROSSING-{number}")) for number in range(5000))


def test_an_alert_whose_end_was_never_heard_ends_by_itself() -> None:
    """A Redis that was emptied and filled again says nothing of what is long over."""
    board = Board("SUPERVISOR:A-CGK", None, SimpleNamespace(frames_kept=1))  # type: ignore[arg-type]  # nothing is read
    now = datetime.now(UTC)
    over = alert("over", at=now, expires_at=now - 2 * OVERDUE)
    stands = alert("stands", at=now, expires_at=now + timedelta(seconds=1))
    for one in (over, stands):
        board._put(row(one.model_dump_json().encode()))
    assert [one.alert_id for one in board.snapshot().rows] == [stands.alert_id]
    assert list(board.rows) == [stands.alert_id]
