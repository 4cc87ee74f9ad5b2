"""Attempts of this terminal on their way: sealed until the gateway has them, sent in the order in which they were made."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from pydantic import JsonValue, ValidationError

from schemas.facts import digest
from schemas.simkim_crossings import CrossingAttempted, Lane
from streams.counter.seal import Seal
from streams.counter.seen import Heard, SeenAnswer, moment
from streams.counter.store import Store

_ENVELOPE: Final = frozenset({"id", "time", "recorded_at"})


class BadAttemptError(Exception):
    """What was given is no attempt; the text names the field and never the value."""


@dataclass(frozen=True, repr=False, slots=True)
class Attempt:
    """One departure attempt as it is sent. Its text shows no identifier of a person."""

    crossing_id: str
    lane: Lane
    at: datetime
    leaves_at: datetime | None
    body: dict[str, JsonValue]

    def __repr__(self) -> str:
        return f"Attempt({self.crossing_id})"


@dataclass(frozen=True, slots=True)
class Kept:
    """An attempt as it lies here: waiting, sent, answered or refused. `sealed` None: the gateway has it."""

    crossing_id: str
    lane: str
    at: datetime
    leaves_at: datetime | None
    state: str
    why: str
    tries: int
    sealed: bytes | None


def attempt(text: str, checkpoint: str, now: datetime) -> Attempt:
    """Reads an attempt: the data of `crossing_attempted`, with or without `id`, `time` and `recorded_at`.

    A missing crossing_id, id or time is made here, so that sending twice is the same attempt. Raises BadAttemptError.
    """
    try:
        given = json.loads(text)
    except ValueError:
        raise BadAttemptError("not JSON") from None
    if not isinstance(given, dict):
        raise BadAttemptError("not a JSON object")
    data = {"checkpoint": checkpoint, "direction": "OUT", **given}
    data.setdefault("crossing_id", f"{checkpoint}-{uuid4().hex}")
    try:
        event = CrossingAttempted.model_validate({name: data[name] for name in data if name not in _ENVELOPE})
        at = datetime.fromisoformat(str(data.setdefault("time", now.isoformat())))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise BadAttemptError(f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}") from None
    except ValueError:
        raise BadAttemptError("time: not a moment (RFC 3339)") from None
    if at.tzinfo is None:
        raise BadAttemptError("time: without its offset from UTC")
    if event.checkpoint != checkpoint:
        raise BadAttemptError(f"checkpoint: this terminal is at {checkpoint}")
    data.setdefault("id", digest(CrossingAttempted.type, event.crossing_id))
    data.setdefault("recorded_at", max(at, now).isoformat())
    return Attempt(event.crossing_id, event.lane, at, event.scheduled_at, data)


class Outbox:
    """The attempts in a terminal's store."""

    def __init__(self, store: Store, seal: Seal) -> None:
        self._store, self._seal = store, seal

    def put(self, one: Attempt, due: datetime) -> bool:
        """Keeps an attempt, to be sent from `due` on. False when its crossing is known here: the first one stands, unless
        the gateway refused it.
        """
        sealed = self._seal.close(json.dumps(one.body).encode(), one.crossing_id)
        leaves = one.leaves_at.timestamp() if one.leaves_at else None
        with self._store.once() as sql:
            put = sql.execute(
                "INSERT INTO attempts (crossing_id, lane, at, leaves_at, state, due, sealed)"
                " VALUES (?, ?, ?, ?, 'waiting', ?, ?) ON CONFLICT (crossing_id) DO UPDATE SET lane = excluded.lane,"
                " at = excluded.at, leaves_at = excluded.leaves_at, state = 'waiting', why = '', due = excluded.due,"
                " tries = 0, sealed = excluded.sealed WHERE state = 'refused'",
                (one.crossing_id, one.lane.value, one.at.timestamp(), leaves, due.timestamp(), sealed),
            )
        return put.rowcount == 1

    def next(self, now: datetime) -> Kept | None:
        """The first that waits and is due."""
        return self._one("state = 'waiting' AND due <= ? ORDER BY seq LIMIT 1", now.timestamp())

    def unanswered(self, now: datetime) -> Kept | None:
        """One that the gateway has, without its answer, and that is due to be asked for."""
        return self._one("state = 'sent' AND due <= ? ORDER BY due LIMIT 1", now.timestamp())

    def get(self, crossing_id: str) -> Kept | None:
        """One attempt of this terminal."""
        return self._one("crossing_id = ?", crossing_id)

    def open(self, one: Kept) -> dict[str, JsonValue]:
        """What is sent. Raises OtherKeyError."""
        body: dict[str, JsonValue] = json.loads(self._seal.open(one.sealed or b"", one.crossing_id))
        return body

    def accepted(self, crossing_id: str, answer: SeenAnswer | None, now: datetime, ask_at: datetime) -> None:
        """The gateway has it: nothing sealed is left here. An answer is kept with it, else it is asked for later."""
        self._store.sql.execute(
            "UPDATE attempts SET state = 'sent', sealed = NULL, due = ?, tries = tries + 1"
            " WHERE crossing_id = ? AND state IN ('waiting', 'sent')",
            (ask_at.timestamp(), crossing_id),
        )
        if answer is not None:
            self._store.take([Heard(None, answer)], now)

    def refused(self, crossing_id: str, why: str) -> None:
        """The gateway will never take it; nothing of it is kept but that."""
        self._store.sql.execute(
            "UPDATE attempts SET state = 'refused', sealed = NULL, why = ? WHERE crossing_id = ? AND state = 'waiting'",
            (why, crossing_id),
        )

    def later(self, crossing_id: str, due: datetime, why: str) -> None:
        """It waits on, behind those that are due before."""
        self._store.sql.execute(
            "UPDATE attempts SET due = ?, why = ?, tries = tries + 1 WHERE crossing_id = ?",
            (due.timestamp(), why, crossing_id),
        )

    def _one(self, where: str, value: float | str) -> Kept | None:
        row = self._store.sql.execute(f"SELECT * FROM attempts WHERE {where}", (value,)).fetchone()  # noqa: S608 - ours
        return _kept(row) if row else None


def attempts(store: Store, state: str) -> list[Kept]:
    """All attempts in a state, the oldest first. Needs no key."""
    rows = store.sql.execute("SELECT * FROM attempts WHERE state = ? ORDER BY seq", (state,))
    return [_kept(row) for row in rows]


def departures(store: Store) -> dict[str, datetime]:
    """When the services of this terminal's travellers leave, by crossing."""
    rows = store.sql.execute("SELECT crossing_id, leaves_at FROM attempts WHERE leaves_at IS NOT NULL")
    return {row["crossing_id"]: moment(row["leaves_at"]) for row in rows}


def _kept(row: sqlite3.Row) -> Kept:
    leaves = moment(row["leaves_at"]) if row["leaves_at"] is not None else None
    names = ("state", "why", "tries", "sealed")
    return Kept(row["crossing_id"], row["lane"], moment(row["at"]), leaves, *(row[name] for name in names))
