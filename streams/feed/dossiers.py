"""Dossiers, as the gateway may read them: of a document or person, and of whoever those belong to."""

from typing import Final

from agents import dossier as dossiers
from agents.dossier import Dossier
from schemas.identity import Subject
from schemas.topics import FACTS
from streams.feed.installation import Installation
from streams.partitions import partitions_of
from streams.produce import partition_of
from streams.store import place

MOST_HOPS: Final = 4
"""A document has an owner, whose temporary number may have a real one behind it."""


async def followed(suar: Installation, asked: Subject) -> list[Dossier]:
    """The subject's, and that of whoever it belongs to. Raises redis-py's errors."""
    found: list[Dossier] = []
    following: Subject | None = asked
    while following is not None and len(found) < MOST_HOPS:
        key = f"{place(suar.settings.namespace, FACTS.name, partition_of(following.encode(), partitions_of(FACTS)))}d:{following}"
        blob: bytes | None = await suar.teller.call("GET", key)
        if blob is None:
            break
        one = dossiers.decode(blob)
        found.append(one)
        following = one.owner
    return found
