"""What a terminal keeps: the view of its checkpoint, and the cursor that belongs to it, moved in one transaction.

A kill at any moment leaves both as they were or both as they became, so that nothing is lost and nothing counts twice.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, assert_never

from schemas.alerts import Verdict
from streams.counter.seen import (
    CLOSED_BY_SNAPSHOT,
    Gap,
    Heard,
    Here,
    Passed,
    SeenAlert,
    SeenAnswer,
    Snapshot,
    moment,
)
from streams.counter.settings import private

VERSION: Final = 1
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS alerts (
  alert_id TEXT PRIMARY KEY, revision INTEGER NOT NULL, changes INTEGER NOT NULL, open INTEGER NOT NULL,
  late INTEGER NOT NULL, crossing_id TEXT, at REAL NOT NULL, seen_at REAL NOT NULL,
  shown INTEGER NOT NULL DEFAULT 0, shown_at REAL NOT NULL DEFAULT 0, reported INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS answers (
  crossing_id TEXT PRIMARY KEY, revision INTEGER NOT NULL, changes INTEGER NOT NULL, verdict TEXT NOT NULL,
  late INTEGER NOT NULL, at REAL NOT NULL, seen_at REAL NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS attempts (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, crossing_id TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, at REAL NOT NULL,
  leaves_at REAL, state TEXT NOT NULL, why TEXT NOT NULL DEFAULT '', due REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
  sealed BLOB) STRICT;
CREATE TABLE IF NOT EXISTS gaps (since REAL, until REAL, reason TEXT NOT NULL, seen_at REAL NOT NULL) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS gaps_once ON gaps (ifnull(since, 0), ifnull(until, 0), reason);
CREATE INDEX IF NOT EXISTS alerts_open ON alerts (open, late);
CREATE INDEX IF NOT EXISTS attempts_due ON attempts (state, seq);
"""


class StoreError(Exception):
    """The file cannot be used; the text is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """An alert with what became of it here. `late`: when it was first seen, its traveller had passed the counter."""

    alert: SeenAlert
    late: bool
    shown: int
    """Revision that was last on the screen; 0: never."""
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The answer to an attempt. `late`: as for an alert, of the moment when the verdict became what it is."""

    answer: SeenAnswer
    late: bool
    seen_at: datetime


class Store:
    """One file for one checkpoint; may be open in several programs at once. Times are seconds since 1970, UTC."""

    def __init__(self, file: Path, passed_after: timedelta) -> None:
        """Raises StoreError."""
        self.file, self._passed_after = file, passed_after.total_seconds()
        try:
            private(file)
            self.sql = sqlite3.connect(file, isolation_level=None, timeout=10)
            self.sql.row_factory = sqlite3.Row
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self.sql.execute(f"PRAGMA {pragma}")
            self._tables()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{file} cannot be used ({error}): choose another file with --store") from error

    def _tables(self) -> None:
        version = self.sql.execute("PRAGMA user_version").fetchone()[0]
        if version not in {0, VERSION}:
            raise StoreError(
                f"{self.file} was written by another version ({version}): move it away, it fills itself again"
            )
        self.sql.executescript(_TABLES)
        self.sql.execute(f"PRAGMA user_version={VERSION}")

    def close(self) -> None:
        """What is committed stays."""
        self.sql.close()

    @contextmanager
    def once(self) -> Iterator[sqlite3.Connection]:
        """All that is done within, or nothing of it."""
        self.sql.execute("BEGIN IMMEDIATE")
        try:
            yield self.sql
        except BaseException:
            self.sql.execute("ROLLBACK")
            raise
        self.sql.execute("COMMIT")

    # The stream

    @property
    def cursor(self) -> str | None:
        """Behind the last frame that is kept here."""
        return self.kept("cursor")

    def forget_cursor(self) -> None:
        """The gateway does not know it: the next stream begins with a snapshot."""
        self.sql.execute("DELETE FROM kept WHERE name = 'cursor'")

    def take(self, heard: Sequence[Heard], now: datetime) -> int:
        """Keeps what was heard, and the cursor behind it. Gives back how many things are new or newer than what was there."""
        news = 0
        with self.once():
            for one in heard:
                news += self._take(one.what, now.timestamp())
                if one.cursor is not None:
                    self._keep("cursor", one.cursor)
            self._keep("heard_at", str(now.timestamp()))
        return news

    def count_unreadable(self, cursor: str | None) -> None:
        """A frame that this version cannot read is passed over, once, and counted."""
        with self.once():
            self._keep("unreadable", str(int(self.kept("unreadable") or 0) + 1))
            if cursor is not None:
                self._keep("cursor", cursor)

    def _take(self, what: SeenAlert | SeenAnswer | Gap | Snapshot | Here | Passed, now: float) -> int:
        match what:
            case SeenAlert():
                return self._alert(what, now)
            case SeenAnswer():
                return self._answer(what, now)
            case Snapshot():
                return self._snapshot(what, now)
            case Gap():
                since, until = (at.timestamp() if at else None for at in (what.since, what.until))
                self.sql.execute("INSERT OR IGNORE INTO gaps VALUES (?, ?, ?, ?)", (since, until, what.reason, now))
            case Here():
                self._keep("here", what.model_dump_json())
            case Passed():
                pass
            case _:
                assert_never(what)
        return 0

    def _alert(self, alert: SeenAlert, now: float) -> int:
        """The newest revision wins; lateness is a matter of the first sight, since what was on the screen may go on there."""
        late = alert.crossing is not None and self._late(alert.at, now)
        values = (alert.alert_id, alert.revision, alert.open, late, alert.crossing, alert.at.timestamp(), now)
        return self.sql.execute(
            "INSERT INTO alerts (alert_id, revision, changes, open, late, crossing_id, at, seen_at, body)"
            " VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?) ON CONFLICT (alert_id) DO UPDATE SET"
            " revision = excluded.revision, changes = changes + 1, open = excluded.open, seen_at = excluded.seen_at,"
            " body = excluded.body WHERE excluded.revision > alerts.revision",
            (*values, alert.model_dump_json()),
        ).rowcount

    def _answer(self, answer: SeenAnswer, now: float) -> int:
        """A verdict that changes when the traveller has passed is late, whatever was said in time."""
        values = (answer.crossing_id, answer.revision, answer.verdict.value, self._late(answer.at, now))
        changed = self.sql.execute(
            "INSERT INTO answers (crossing_id, revision, changes, verdict, late, at, seen_at, body)"
            " VALUES (?, ?, 1, ?, ?, ?, ?, ?) ON CONFLICT (crossing_id) DO UPDATE SET revision = excluded.revision,"
            " changes = changes + 1, late = iif(verdict = excluded.verdict, late, excluded.late),"
            " verdict = excluded.verdict, seen_at = excluded.seen_at, body = excluded.body"
            " WHERE excluded.revision > answers.revision",
            (*values, answer.at.timestamp(), now, answer.model_dump_json()),
        ).rowcount
        self.sql.execute(
            "UPDATE attempts SET state = 'answered', sealed = NULL WHERE crossing_id = ? AND state != 'answered'",
            (answer.crossing_id,),
        )
        return changed

    def _snapshot(self, snapshot: Snapshot, now: float) -> int:
        """What was open here and is not there has ended meanwhile."""
        news = sum(self._alert(alert, now) for alert in snapshot.alerts)
        there = json.dumps([alert.alert_id for alert in snapshot.alerts])
        self.sql.execute(
            "UPDATE alerts SET open = 0, body = json_set(body, '$.state', ?)"
            " WHERE open AND alert_id NOT IN (SELECT value FROM json_each(?))",
            (CLOSED_BY_SNAPSHOT, there),
        )
        return news

    def _late(self, at: datetime, now: float) -> bool:
        return now - at.timestamp() > self._passed_after

    # What is shown

    def alerts(self, *, late: bool, since: datetime) -> list[KeptAlert]:
        """Open alerts whose last revision came since then, the gravest and newest first."""
        rows = self.sql.execute(
            "SELECT * FROM alerts WHERE open AND late = ? AND seen_at >= ? ORDER BY json_extract(body, '$.severity') DESC, at DESC",
            (late, since.timestamp()),
        )
        return [_kept_alert(row) for row in rows]

    def alert(self, alert_id: str) -> KeptAlert | None:
        """One alert."""
        row = self.sql.execute("SELECT * FROM alerts WHERE alert_id = ?", (alert_id,)).fetchone()
        return _kept_alert(row) if row else None

    def answers(self, *, late: bool, since: datetime) -> list[KeptAnswer]:
        """Answers that came since then, the newest first. Of the late ones only those that found something or could not tell."""
        rows = self.sql.execute(
            "SELECT * FROM answers WHERE late = ? AND seen_at >= ? AND NOT (late AND verdict = ?) ORDER BY at DESC",
            (late, since.timestamp(), Verdict.NOTHING_FOUND.value),
        )
        return [_kept_answer(row) for row in rows]

    def answer(self, crossing_id: str) -> KeptAnswer | None:
        """The answer to one attempt."""
        row = self.sql.execute("SELECT * FROM answers WHERE crossing_id = ?", (crossing_id,)).fetchone()
        return _kept_answer(row) if row else None

    def show(self, shown: Sequence[tuple[str, int]], now: datetime) -> None:
        """These alerts, in these revisions, were on the screen."""
        with self.once() as sql:
            sql.executemany(
                "UPDATE alerts SET shown = ?2, shown_at = ?3 WHERE alert_id = ?1 AND shown < ?2",
                [(alert_id, revision, now.timestamp()) for alert_id, revision in shown],
            )

    def unreported(self) -> tuple[str, int, datetime] | None:
        """An alert that was shown and not yet reported: id, revision, when."""
        row = self.sql.execute(
            "SELECT alert_id, shown, shown_at FROM alerts WHERE reported < shown ORDER BY shown_at LIMIT 1"
        ).fetchone()
        return (row["alert_id"], row["shown"], moment(row["shown_at"])) if row else None

    def reported(self, alert_id: str, revision: int) -> None:
        """The gateway knows that it was shown."""
        self.sql.execute("UPDATE alerts SET reported = max(reported, ?) WHERE alert_id = ?", (revision, alert_id))

    # Small things

    def kept(self, name: str) -> str | None:
        """A value by its name: cursor, heard_at, unreadable, here."""
        row = self.sql.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return str(row["value"]) if row else None

    def _keep(self, name: str, value: str) -> None:
        self.sql.execute(
            "INSERT INTO kept VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    def tidy(self, before: datetime) -> int:
        """Deletes what was last seen before; attempts that still wait stay, sealed. Gives back how many rows went."""
        at = before.timestamp()
        gone = 0
        with self.once() as sql:
            for what in ("alerts WHERE seen_at < ?", "answers WHERE seen_at < ?", "gaps WHERE seen_at < ?"):
                gone += sql.execute(f"DELETE FROM {what}", (at,)).rowcount  # noqa: S608 - of the three above
            gone += sql.execute("DELETE FROM attempts WHERE at < ? AND state != 'waiting'", (at,)).rowcount
        self.sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone


def _kept_alert(row: sqlite3.Row) -> KeptAlert:
    alert = SeenAlert.model_validate_json(row["body"])
    return KeptAlert(alert, bool(row["late"]), row["shown"], moment(row["seen_at"]))


def _kept_answer(row: sqlite3.Row) -> KeptAnswer:
    return KeptAnswer(SeenAnswer.model_validate_json(row["body"]), bool(row["late"]), moment(row["seen_at"]))
