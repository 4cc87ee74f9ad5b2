"""A simulated day on real topics: every event acknowledged, every partition told how far each feed is complete."""

from collections import Counter

import msgspec
import pytest

from schemas.topics import AGENCY_TOPICS, HEARTBEAT, PARTITIONS
from tests.broker.installation import Installation

pytestmark = pytest.mark.broker
BEATS = 289
"""Every five minutes of a day, and at its beginning."""


def test_a_small_nation_arrives(suar: Installation) -> None:
    result = suar.cli("simulate", "--publish", "--scale", "0.0005", "--seed", "3", "--from", "2026-03-02")
    assert result.exit_code == 0, result.output
    found = suar.read(*AGENCY_TOPICS)
    kinds = [msgspec.json.decode(record.value or b"null")["type"] for record in found]
    assert f"{len(found):,}" in result.output
    beats = Counter(
        (record.topic, record.partition) for record, kind in zip(found, kinds, strict=True) if kind == HEARTBEAT
    )
    assert set(beats) == {(topic.name, number) for topic in AGENCY_TOPICS for number in range(PARTITIONS)}
    assert set(beats.values()) == {BEATS}
    assert {"crossing_attempted", "passport_issued", "document_verified"} <= set(kinds)
