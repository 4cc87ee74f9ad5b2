"""The sample week told now: every moment moves with its event, days by whole days, and nobody is born later."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, cast

import msgspec
import pytest

from schemas import wire
from schemas.topics import BY_NAME
from streams.demo_week import Week, moved
from streams.produce import Outbox, Record

KEY = b"a-key-of-nobody-a-key-of-nobody-"


@dataclass
class Kept:
    """An outbox that keeps."""

    records: list[Record] = field(default_factory=list)

    async def send(self, records: Iterable[Record]) -> None:
        self.records += records


def test_every_moment_moves_and_no_birth() -> None:
    passenger = {"birth_date": "1990-06-05", "booked_at": "2026-03-02T01:00:00+00:00"}
    event = {
        "id": "2026-03-02",
        "time": "2026-03-02T00:30:00+07:00",
        "data": {"valid_to": "2028-02-28", "birth_date": "1990-06-05", "passengers": [passenger], "group_size": 3},
    }
    told = moved(event, timedelta(days=2, hours=23))
    assert told["time"] == "2026-03-04T23:30:00+07:00"
    assert told["data"]["valid_to"] == "2028-03-01"
    assert told["data"]["birth_date"] == "1990-06-05"
    assert told["data"]["passengers"] == [{"birth_date": "1990-06-05", "booked_at": "2026-03-05T00:00:00+00:00"}]


def test_what_was_on_record_is_past_and_what_happens_happens_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real sample, some of either part of it, at a speed that leaves no time to wait."""
    week = Week.sample()
    days = [datetime.fromisoformat("2026-02-01T00:00:00+00:00"), week.begins]
    some = list(islice(week.events(), 300))
    some += list(islice((one for one in week.events() if one["type"] == "crossing_attempted"), 20))
    some.sort(key=lambda one: datetime.fromisoformat(one["recorded_at"]))
    assert datetime.fromisoformat(some[0]["recorded_at"]) < days[1] < datetime.fromisoformat(some[-1]["recorded_at"])
    monkeypatch.setattr(Week, "events", lambda _: iter(some))
    kept, counts = Kept(), [0, 0]

    def remembered(count: int) -> None:
        counts[0] += count

    def sent(count: int) -> None:
        counts[1] += count

    async def folded() -> None:
        assert len(kept.records) == counts[0] == sum(_past(one, week) for one in some), (
            "all that is on record comes first"
        )

    before = datetime.now(UTC)
    asyncio.run(Week(week.begins, speed=1e9).tell(cast("Outbox", kept), remembered, folded, sent))
    after = datetime.now(UTC)
    assert sum(counts) == len(kept.records) == len(some)
    for was, record in zip(some, kept.records, strict=True):
        event: dict[str, Any] = msgspec.json.decode(record.value or b"")
        recorded = datetime.fromisoformat(event["recorded_at"])
        if _past(was, week):
            assert recorded < after
        else:
            assert before - timedelta(seconds=1) <= recorded <= after + timedelta(seconds=1)
        outcome = wire.admit(record.value, topic=BY_NAME[record.topic], at=after, now=after, key=KEY)
        assert isinstance(outcome, wire.Admitted)


def _past(event: dict[str, Any], week: Week) -> bool:
    return datetime.fromisoformat(event["recorded_at"]) < week.begins
