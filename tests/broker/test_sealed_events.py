"""What agencies seal, on a real broker: numbers stand nowhere on it, keys turn under way, and what cannot be opened waits for its key."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.dukcapil import ResidentRegistered
from schemas.envelope import System
from schemas.topics import AGENCY_TOPICS, REJECTED, SCREENINGS, TOPICS
from streams.jose import EventSealer, event_pair
from streams.produce import Record
from streams.publish import records_of
from streams.publisher import Publisher
from tests.broker.installation import Got, Installation
from tests.broker.people import Event, Traveller

pytestmark = pytest.mark.broker

OLD, OLD_SEAL = event_pair()
NEW, NEW_SEAL = event_pair()


@dataclass
class Turned:
    """An installation in which an agency took the new seal before the workers had its key."""

    suar: Installation
    before: Traveller
    early: Traveller
    after: Traveller
    refused: list[Got]


def _sealed(events: Iterable[Event], seal: str) -> list[Record]:
    sealer = EventSealer(seal)
    return [record for event in events for record in records_of(event, sealer)]


def _answers(suar: Installation, who: Traveller) -> int:
    return sum(1 for one in suar.read(SCREENINGS) if one.key == who.crossing.encode())


@pytest.fixture(scope="module")
def turned(suar: Installation) -> Turned:
    before, early, after = Traveller(), Traveller(), Traveller()
    worker = suar.ready_worker(SUAR_EVENT_KEY=OLD)
    suar.publish(_sealed([before.applied(), before.issued(), before.attempted()], OLD_SEAL))
    suar.publish(_sealed([early.issued(), early.attempted()], NEW_SEAL))
    suar.settle()
    refused = suar.read(REJECTED)
    worker.close()
    suar.ready_worker(SUAR_EVENT_KEY=f"{NEW},{OLD}")
    assert suar.cli("rejected", "redrive", "--reason", "cannot_be_opened").exit_code == 0
    suar.publish(_sealed([after.issued()], OLD_SEAL) + _sealed([after.attempted()], NEW_SEAL))
    suar.settle()
    return Turned(suar, before, early, after, refused)


def test_nothing_is_lost_when_the_key_is_turned(turned: Turned) -> None:
    for who in (turned.before, turned.early, turned.after):
        assert _answers(turned.suar, who)


def test_what_could_not_be_opened_said_which_part_and_was_kept_sealed(turned: Turned) -> None:
    said = [
        {name: value for name, value in one.headers if name in {"suar-reason", "suar-where"}} for one in turned.refused
    ]
    assert said == [{"suar-reason": b"cannot_be_opened", "suar-where": b"kid"}] * 2
    assert all(json.loads(one.value)["datacontenttype"] == "application/jose" for one in turned.refused)


def test_no_number_stands_on_the_broker(turned: Turned) -> None:
    hidden = [text for who in (turned.before, turned.early, turned.after) for text in who.secrets]
    records = turned.suar.read(*TOPICS)
    assert len([one for one in records if one.topic in {topic.name for topic in AGENCY_TOPICS}]) >= 8
    for one in records:
        whole = b"|".join((one.key or b"", one.value or b"", *(value for _, value in one.headers)))
        assert not [text for text in hidden if text in whole], f"in clear on {one.topic}"


def test_the_command_and_the_publisher_seal(turned: Turned, tmp_path: Path) -> None:
    who, file = Traveller(), tmp_path / "events.ndjson"
    file.write_text("".join(f"{json.dumps(event)}\n" for event in (who.issued(), who.attempted())))
    assert turned.suar.cli("publish", str(file), SUAR_EVENT_SEAL=NEW_SEAL).exit_code == 0

    async def registered() -> None:
        kafka, clock = turned.suar.local.kafka.address, datetime.now(UTC)
        async with Publisher(kafka, System.DUKCAPIL, seal=NEW_SEAL) as out:
            person = ResidentRegistered(nik=who.nik, birth_date=clock.date().replace(year=1990))
            await out.send(person, name=f"sealed-{who.number}", time=clock)

    asyncio.run(registered())
    turned.suar.settle()
    assert _answers(turned.suar, who)
    assert not [one for one in turned.suar.read(*AGENCY_TOPICS) if who.nik.encode() in (one.value or b"")]
