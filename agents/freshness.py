"""Freshness: how far each source is complete, as the least of all its partitions."""

from collections.abc import Mapping
from datetime import UTC, datetime

from schemas.facts import MARK, Fact
from schemas.topics import AGENCY_TOPICS, PARTITIONS


def marked(seen: Mapping[str, datetime], fact: Fact) -> dict[str, datetime]:
    """What was seen, with one more mark. Marks only move forward, so their order does not matter."""
    if fact.kind != MARK:
        raise ValueError(f"{fact.kind} is not a mark")
    place = f"{fact.text('topic')}/{fact.number('partition')}"
    upto = datetime.fromisoformat(fact.text("complete_up_to")).astimezone(UTC)
    return {**seen, place: max(upto, seen.get(place, upto))}


def complete(seen: Mapping[str, datetime], partitions: int = PARTITIONS) -> dict[str, datetime]:
    """By source, the moment up to which all its partitions are complete. One silent partition leaves the source out."""
    found: dict[str, datetime] = {}
    silent: set[str] = set()
    for topic in AGENCY_TOPICS:
        if topic.system is None:
            continue
        marks = [seen.get(f"{topic.name}/{partition}") for partition in range(partitions)]
        known = [mark for mark in marks if mark is not None]
        if len(known) < len(marks):
            silent.add(topic.system.value)
            continue
        least = min(known)
        found[topic.system.value] = min(least, found.get(topic.system.value, least))
    return {source: mark for source, mark in found.items() if source not in silent}
