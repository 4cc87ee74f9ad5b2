"""Erasure's hands: the order goes to the audit log first, then to the log of facts, where every partition's reader obeys it."""

from datetime import datetime
from uuid import uuid4

import msgspec

from schemas.audit import Look
from schemas.facts import encode, erasure
from schemas.identity import Subject
from schemas.topics import AUDIT, FACTS
from streams.produce import Outbox, Record


async def erase(kafka: str, of: Subject, at: datetime, *, by: str, ground: str) -> None:
    """Returns when the broker has both. Raises aiokafka's errors; then it may be ordered again."""
    look = Look(at, by, "officer", (), f"erase: {ground}", (of,), "", uuid4().hex)
    outbox = Outbox(kafka)
    try:
        await outbox.send([Record(AUDIT.name, of.encode(), msgspec.json.encode(look))])
        await outbox.send([Record(FACTS.name, of.encode(), encode(erasure(of, at)))])
    finally:
        await outbox.stop()
