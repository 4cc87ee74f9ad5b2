"""The sample week of seeds/nation as a stream of now: what agencies had on record first, then the week itself, faster than it was."""

import asyncio
import lzma
import re
import tomllib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from schemas.topics import HEARTBEAT
from streams.produce import Outbox, Record
from streams.publish import record_of
from streams.settings import ROOT

SAMPLE = ROOT / "seeds" / "nation"
SPEED = 600.0
"""A day passes in two and a half minutes."""
AT_ONCE = 1000
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode
_DAY, _MOMENT = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
BIRTH = "birth_date"

Sent = Callable[[int], None]


@dataclass(frozen=True)
class Week:
    """Events in the order in which they were recorded; `begins` is the week's first moment, UTC."""

    begins: datetime
    speed: float = SPEED

    @classmethod
    def sample(cls) -> "Week":
        """The one that is checked in."""
        made = tomllib.loads((SAMPLE / "made.toml").read_text())
        return cls(datetime.fromisoformat(made["from"]).replace(tzinfo=UTC))

    def events(self) -> Iterator[dict[str, Any]]:
        """All of them; an agency's signs of life are the demo's own."""
        with lzma.open(SAMPLE / "events.ndjson.xz", "rb") as lines:
            for line in lines:
                event = _DECODE(line)
                if event["type"] != HEARTBEAT:
                    yield event

    async def tell(self, outbox: Outbox, remembered: Sent, folded: Callable[[], Awaitable[None]], sent: Sent) -> None:
        """What was on record, as fast as the broker takes it; when that is folded, each event at its moment.

        Raises aiokafka's errors.
        """
        shift = datetime.now(UTC) - self.begins
        started: datetime | None = None
        due: list[Record] = []
        for event in self.events():
            recorded = datetime.fromisoformat(event["recorded_at"])
            past, wait = recorded < self.begins, 0.0
            if not past:
                if started is None:
                    await outbox.send(due)
                    remembered(len(due))
                    due = []
                    await folded()
                    started = datetime.now(UTC)
                moment = started + (recorded - self.begins) / self.speed
                shift, wait = moment - recorded, (moment - datetime.now(UTC)).total_seconds()
            if wait > 0 or len(due) >= AT_ONCE:
                await outbox.send(due)
                (remembered if past else sent)(len(due))
                due = []
                await asyncio.sleep(max(0.0, wait))
            due.append(record_of(moved(event, shift)))
        await outbox.send(due)
        sent(len(due))


def moved(event: dict[str, Any], by: timedelta) -> dict[str, Any]:
    """The event with every moment in it so much later, and every day by as many whole days; nobody's birth moves."""
    return {name: value if name == BIRTH else _moved(value, by) for name, value in event.items()}


def _moved(value: Any, by: timedelta) -> Any:
    if isinstance(value, dict):
        return moved(value, by)
    if isinstance(value, list):
        return [_moved(one, by) for one in value]
    if isinstance(value, str) and _DAY.fullmatch(value):
        return (date.fromisoformat(value) + timedelta(days=by.days)).isoformat()
    if isinstance(value, str) and _MOMENT.match(value):
        return (datetime.fromisoformat(value) + by).isoformat()
    return value
