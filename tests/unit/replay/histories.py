"""Histories to replay: made of stories, and of the bench's nation."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.envelope import System
from streams.publish import envelope
from tests.bench import agency
from tests.stories.play import Story

BEGIN = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
MIX = agency.Mix(placed=0.2, without=0.3)


def beats(at: datetime) -> Iterator[bytes]:
    """Every system says that it is complete up to that moment."""
    for system in System:
        name = f"beat-{system.value}-{at.timestamp():.0f}"
        event = envelope(system, "feed_heartbeat", name=name, time=at, data={"complete_up_to": at.isoformat()})
        yield json.dumps(event).encode() + b"\n"


def nation(file: Path, travellers: int) -> Path:
    """Travellers a minute apart, a late passport for one in seven, and a heartbeat of every system every ten minutes."""
    lines: list[bytes] = []
    for number in range(travellers):
        at = BEGIN + timedelta(minutes=number)
        if number % 10 == 0:
            lines += beats(at)
        told = [_recorded(one.value, at) for one in agency.journey("n", number, at, MIX)]
        late = told.pop(0) if number % 7 == 3 else b""
        lines += told
        if late:
            lines.append(late)
    file.write_bytes(b"".join([*lines, *beats(BEGIN + timedelta(days=4))]))
    return file


def _recorded(value: bytes, at: datetime) -> bytes:
    event = json.loads(value)
    return json.dumps({**event, "recorded_at": at.isoformat()}).encode() + b"\n"


def of(story: Story, file: Path) -> Path:
    """A story whose feeds are all alive, as a file: its events in the order of arrival, each behind fresh heartbeats."""
    lines: list[bytes] = []
    for record in sorted(story.records, key=lambda one: one.arrives):
        event = json.loads(record.value)
        lines += [
            *beats(record.arrives),
            json.dumps({**event, "recorded_at": record.arrives.isoformat()}).encode() + b"\n",
        ]
    file.write_bytes(b"".join(lines))
    return file
