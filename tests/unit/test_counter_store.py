"""The local store: frame and cursor together, newest revision wins, nothing in clear, nothing for ever."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.facts import digest
from streams.counter.frames import Frame
from streams.counter.outbox import Attempt, BadAttemptError, Outbox, attempt, attempts
from streams.counter.seal import OtherKeyError, Seal
from streams.counter.seen import Heard, SeenAlert, read, read_answer
from streams.counter.store import Store, StoreError
from tests.feed.counter_line import CODE, PASSPORT, START, alert, screening

SOON = START + timedelta(seconds=2)
LATER = START + timedelta(hours=2)
KEY = b"counter-key-of-nobody-counter-key-of-nobody"
GIVEN = {"passport_no": PASSPORT, "lane": "COUNTER", "destination": "MYS", "crossing_id": "CROSSING-1"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state" / "store.sqlite3", timedelta(minutes=5))


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return Outbox(store, Seal(KEY))


def heard(event: str, body: object, cursor: str | None = None) -> Heard:
    return read(Frame(cursor, event, json.dumps(body)))


def made(crossing: str = "CROSSING-1", now: datetime = START) -> Attempt:
    return attempt(json.dumps({**GIVEN, "crossing_id": crossing}), CODE, now)


def test_a_frame_and_its_cursor_are_kept_together_or_not_at_all(store: Store) -> None:
    store.take([heard("alert", alert(1), "c1")], SOON)
    bad = Heard("c3", SeenAlert.model_construct(alert_id="x"))  # breaks in the middle
    with pytest.raises(AttributeError):
        store.take([heard("alert", alert(2), "c2"), bad], SOON)
    assert (store.cursor, store.alert("alert-0002")) == ("c1", None)


def test_the_newest_revision_wins_and_a_repetition_changes_nothing(store: Store) -> None:
    said = [alert(1, 1), alert(1, 3), alert(1, 2), alert(1, 3)]
    assert store.take([heard("alert", one) for one in said], SOON) == 2
    kept = store.alert("alert-0001")
    assert kept is not None
    assert kept.alert.revision == 3
    assert store.take([heard("screening", screening("C-1"))] * 2, SOON) == 1


def test_a_gap_is_kept_once_and_moves_no_cursor(store: Store) -> None:
    gap = {"from": START.isoformat(), "to": SOON.isoformat(), "reason": "trimmed"}
    store.take([heard("alert", alert(1), "c1"), heard("alert", alert(2), "c2")], SOON)
    store.take([heard("gap", gap, "c9")] * 2, SOON)
    assert store.cursor == "c2"
    store.take([heard("snapshot", {"alerts": [alert(2)], "cursor": "c9"}, "c9")], SOON)
    assert store.cursor == "c9"
    assert [one.alert.alert_id for one in store.alerts(late=False, since=START)] == ["alert-0002"]
    closed = store.alert("alert-0001")
    assert closed is not None
    assert not closed.alert.open
    assert store.sql.execute("SELECT count(*) FROM gaps").fetchone()[0] == 1


def test_what_comes_when_the_traveller_has_passed_is_late(store: Store) -> None:
    store.take([heard("alert", alert(1)), heard("screening", screening("C-1"))], SOON)
    store.take([heard("alert", alert(1, 2)), heard("alert", alert(2))], LATER)
    assert [one.alert.alert_id for one in store.alerts(late=False, since=START)] == ["alert-0001"]
    assert [one.alert.alert_id for one in store.alerts(late=True, since=START)] == ["alert-0002"]
    store.take([heard("screening", screening("C-1", "ALERT", revision=2))], LATER)
    late = store.answers(late=True, since=START)
    assert [one.answer.crossing_id for one in late] == ["C-1"], "an answer that changed its mind when it was too late"


def test_a_passenger_announced_is_never_late(store: Store) -> None:
    store.take([heard("alert", alert(1, trigger="MANIFEST"))], LATER)
    assert store.alerts(late=True, since=START) == []


def test_the_file_is_the_owners_alone_and_holds_no_passport_number(store: Store, outbox: Outbox) -> None:
    outbox.put(made(), START)
    files = list(store.file.parent.iterdir())
    assert len(files) >= 2, "the file and its log"
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert PASSPORT.encode() not in file.read_bytes()
    assert stat.S_IMODE(store.file.parent.stat().st_mode) == 0o700


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "open.sqlite3"
    file.touch(0o644)
    Store(file, timedelta(minutes=5))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_was_sent_leaves_nothing_sealed(store: Store, outbox: Outbox) -> None:
    for crossing in ("CROSSING-1", "CROSSING-2", "CROSSING-3"):
        outbox.put(made(crossing), START)
    outbox.accepted("CROSSING-1", read_answer(screening("CROSSING-1")), SOON, SOON)
    outbox.accepted("CROSSING-2", None, SOON, SOON)
    outbox.refused("CROSSING-3", "invalid")
    states = {row["crossing_id"]: row["state"] for row in store.sql.execute("SELECT * FROM attempts")}
    assert states == {"CROSSING-1": "answered", "CROSSING-2": "sent", "CROSSING-3": "refused"}
    assert store.sql.execute("SELECT count(*) FROM attempts WHERE sealed NOT NULL").fetchone()[0] == 0


def test_the_first_attempt_of_a_crossing_stands_until_it_is_refused(outbox: Outbox) -> None:
    assert outbox.put(made(), START)
    assert not outbox.put(made(now=LATER), START)
    outbox.refused("CROSSING-1", "invalid")
    assert outbox.put(made(now=LATER), START)


def test_a_seal_opens_with_its_key_and_under_its_name_only() -> None:
    sealed = Seal(KEY).close(b"text", "a")
    assert Seal(KEY).open(sealed, "a") == b"text"
    for seal, name in ((Seal(KEY[::-1]), "a"), (Seal(KEY), "b")):
        with pytest.raises(OtherKeyError):
            seal.open(sealed, name)


def test_what_is_old_is_deleted_and_what_waits_is_not(store: Store, outbox: Outbox) -> None:
    store.take([heard("alert", alert(1)), heard("screening", screening("CROSSING-1"))], SOON)
    store.take([heard("alert", alert(2))], LATER)
    outbox.put(made("CROSSING-1"), START)
    outbox.put(made("CROSSING-2"), START)
    outbox.refused("CROSSING-2", "invalid")
    assert store.tidy(START + timedelta(hours=1)) == 3
    assert store.alert("alert-0002") is not None
    assert [one.crossing_id for one in attempts(store, "waiting")] == ["CROSSING-1"]


def test_a_file_of_another_version_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3", timedelta(minutes=5))
    store.sql.execute("PRAGMA user_version=99")
    store.close()
    with pytest.raises(StoreError, match="another version"):
        Store(tmp_path / "s.sqlite3", timedelta(minutes=5))


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear colleague, this is long enough to be taken for a page of a database. " * 20)
    with pytest.raises(StoreError, match="--store"):
        Store(file, timedelta(minutes=5))


def test_an_attempt_gets_what_is_missing_and_keeps_what_is_there() -> None:
    one = attempt(json.dumps({"passport_no": PASSPORT, "lane": "COUNTER"}), CODE, START)
    assert one.body["checkpoint"] == CODE
    assert one.body["time"] == START.isoformat()
    assert one.body["id"] == digest("crossing_attempted", one.crossing_id)
    again = attempt(json.dumps(one.body), CODE, LATER)
    assert again.body == one.body


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "object"),
        (json.dumps({"lane": "COUNTER", "passport_no": "12"}), "passport_no"),
        (json.dumps({"lane": "COUNTER"}), "passport_no"),
        (json.dumps({**GIVEN, "checkpoint": "A-DPS"}), "A-CGK"),
        (json.dumps({**GIVEN, "time": "2026-11-25T07:00:00"}), "offset"),
        (json.dumps({**GIVEN, "time": "soon"}), "time"),
    ],
)
def test_what_is_no_attempt_is_named_without_its_values(text: str, said: str) -> None:
    with pytest.raises(BadAttemptError, match=said) as error:
        attempt(text, CODE, datetime.now(UTC))
    assert PASSPORT not in str(error.value)
    assert PASSPORT not in repr(made())
