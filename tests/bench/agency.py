"""What agencies publish, as bytes of the contract: passports, placements, attempts, clearances and heartbeats of fictional people."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from schemas.topics import AGENCY_TOPICS, BY_NAME, HEARTBEAT
from tests.bench.people import nik, passport

PASSPORTS, PLACEMENTS, CROSSINGS = "simkim.passports", "siskop2mi.placements", "simkim.crossings"
DESTINATIONS = ("MYS", "SGP", "SAU", "TWN", "KHM", "JPN")
VISITS = (("VISA_FREE", "TOURISM"), ("VISIT", "FAMILY_VISIT"), ("TOURIST", "TOURISM"))


@dataclass(frozen=True)
class Mix:
    """Who travels: shares of those placed for work with their papers in order, and of those who leave to work without."""

    placed: float
    without: float

    def of(self, number: int) -> str:
        """What a traveller is, always the same: placed, without or visitor."""
        drawn = random.Random(number).random()
        return "placed" if drawn < self.placed else "without" if drawn < self.placed + self.without else "visitor"


NATION = Mix(placed=0.027, without=0.005)
"""About 300,000 placements among 11.1 million departures a year; alerts at the size of the budget (domain 3.3, 3.4)."""
CROWDED = Mix(placed=0.2, without=0.5)
"""No nation's: every second traveller raises an alert, the dearest answer there is."""


@dataclass(frozen=True)
class Published:
    """A record for an agency topic; `partition` None: any."""

    topic: str
    value: bytes
    partition: int | None = None


def crossing_id(run: str, number: int) -> str:
    """The reference by which a screening names its attempt."""
    return f"{run}-{number}"


def journey(run: str, number: int, now: datetime, mix: Mix = NATION) -> Iterator[Published]:
    """Everything that agencies say about one traveller: passport, perhaps a placement, an attempt, and the clearance."""
    yield from known(run, number, now, mix)
    yield attempted(run, number, now, mix)
    yield cleared(run, number, now)


def known(run: str, number: int, now: datetime, mix: Mix = NATION) -> Iterator[Published]:
    """What stands on record before somebody comes to a checkpoint."""
    yield issued(run, number, now)
    if mix.of(number) == "placed":
        yield from placed(run, number, now)


def issued(run: str, number: int, now: datetime) -> Published:
    """A passport, some weeks or years old."""
    day = now - timedelta(days=5 + number % 900)
    data = {
        "passport_no": passport(number),
        "nik": nik(number),
        "issued_on": f"{day:%Y-%m-%d}",
        "office_code": "KANIM-JAKSEL",
    }
    return _published(PASSPORTS, f"{run}-p-{number}", "passport_issued", day, data)


def placed(run: str, number: int, now: datetime) -> Iterator[Published]:
    """Social security, orientation and an e-PMI, in their order, for the country that the traveller will go to."""
    who = {"nik": nik(number), "country": _destination(number)}
    for days, kind in ((30, "social_security_registered"), (10, "opp_completed")):
        yield _published(PLACEMENTS, f"{run}-{kind[0]}-{number}", kind, now - timedelta(days=days), who)
    data = {
        "epmi_no": f"EPMI-{run}-{number}",
        "passport_no": passport(number),
        "scheme": "G_TO_G",
        "valid_to": f"{now + timedelta(days=700):%Y-%m-%d}",
        **who,
    }
    yield _published(PLACEMENTS, f"{run}-e-{number}", "epmi_issued", now - timedelta(days=3), data)


def attempted(run: str, number: int, now: datetime, mix: Mix = NATION) -> Published:
    """The traveller stands at the counter."""
    visa, purpose = VISITS[number % len(VISITS)] if mix.of(number) == "visitor" else ("WORK", "WORK")
    data = {
        "crossing_id": crossing_id(run, number),
        "checkpoint": "A-CGK",
        "lane": "COUNTER",
        "direction": "OUT",
        "passport_no": passport(number),
        "destination": _destination(number),
        "visa_class": visa,
        "purpose": purpose,
        "transport_no": "XX722",
        "scheduled_at": (now + timedelta(hours=1)).isoformat(),
    }
    return _published(CROSSINGS, f"{run}-a-{number}", "crossing_attempted", now, data)


def cleared(run: str, number: int, now: datetime) -> Published:
    """The traveller went."""
    data = {
        "crossing_id": crossing_id(run, number),
        "passport_no": passport(number),
        "checkpoint": "A-CGK",
        "direction": "OUT",
        "destination": _destination(number),
    }
    return _published(CROSSINGS, f"{run}-c-{number}", "crossing_cleared", now + timedelta(seconds=1), data)


def heartbeats(run: str, now: datetime) -> Iterator[Published]:
    """One for each partition of each agency topic: every feed is complete up to now."""
    for topic in AGENCY_TOPICS:
        for partition in range(topic.partitions):
            name = f"{run}-h-{topic.name}-{partition}"
            beat = _published(topic.name, name, HEARTBEAT, now, {"complete_up_to": now.isoformat()})
            yield Published(beat.topic, beat.value, partition)


def _destination(number: int) -> str:
    return DESTINATIONS[number % len(DESTINATIONS)]


def _published(topic: str, name: str, kind: str, at: datetime, data: dict[str, Any]) -> Published:
    envelope = {
        "specversion": "1.0",
        "id": name,
        "source": BY_NAME[topic].system,
        "type": kind,
        "time": at.isoformat(),
        "recorded_at": datetime.now(UTC).isoformat(),
        "data": data,
    }
    return Published(topic, msgspec.json.encode(envelope))
