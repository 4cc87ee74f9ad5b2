"""The register of requests for correction, as `suar.corrections` has it."""

import msgspec

from schemas.corrections import Correction
from schemas.topics import CORRECTIONS
from streams.produce import Outbox, Record
from streams.reading import everything

_READ = msgspec.json.Decoder(Correction)


async def register(kafka: str) -> dict[str, Correction]:
    """The newest word on each request, oldest first."""
    found: dict[str, Correction] = {}
    async for record in everything(kafka, CORRECTIONS.name):
        if record.value is not None:
            one = _READ.decode(record.value)
            found[one.request_id] = one
    return dict(sorted(found.items(), key=lambda item: item[1].received_at))


async def keep(kafka: str, one: Correction) -> None:
    """Returns when the broker has it."""
    outbox = Outbox(kafka)
    try:
        await outbox.send([Record(CORRECTIONS.name, one.request_id.encode(), msgspec.json.encode(one), 0)])
    finally:
        await outbox.stop()
