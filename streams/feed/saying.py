"""What the gateway itself says on the log: refused here and now where admission would refuse it later, with nobody listening."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from aiokafka.errors import KafkaError

from schemas.facts import digest
from schemas.topics import BY_NAME
from schemas.wire import BadRecord, admit
from streams.feed.problems import Problem, away
from streams.jose import EventSealer
from streams.produce import Outbox
from streams.publish import records_of


def event_name(*parts: object) -> str:
    """The same parts, the same event. With hyphens: a digest in one piece holds sixteen digits in a row once in 600 times,
    which is what a NIK looks like.
    """
    return str(UUID(hex=digest(*parts)))


async def say(outbox: Outbox, event: Mapping[str, object], key: bytes, sealer: EventSealer | None = None) -> None:
    """Sealed, when there is a seal. Returns when the broker has it. Raises Problem: 422 with admission's reason, 503 when the broker cannot say; then the
    same event may be sent again.
    """
    [record], now = records_of(event, sealer), datetime.now(UTC)
    try:
        admit(json.dumps(event).encode(), topic=BY_NAME[record.topic], at=now, now=now, key=key)
    except BadRecord as error:
        raise Problem(422, error.reason.value, f"the log would refuse this: {error}") from None
    try:
        await outbox.send([record])
    except KafkaError:
        raise away("kafka") from None
