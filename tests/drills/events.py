"""A deterministic history of fictional travellers, as the agencies would publish it: late, twice, retracted, and sometimes broken."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from schemas.envelope import System
from schemas.topics import AGENCY_TOPICS
from streams.produce import Record
from streams.publish import envelope, heartbeats, record_of

CHECKPOINTS = ("A-CGK", "A-DPS", "A-SUB", "S-BTC", "S-NNK", "L-ENT")
COUNTRIES = ("MYS", "SAU", "TWN", "KHM")
PURPOSES = ("WORK", "WORK", "TOURISM", "FAMILY_VISIT")
STARTS = timedelta(hours=8)
"""Days begin 20 to 12 hours ago and last eight hours: no gate closes (three hours) and nothing expires while drills run."""
QUIET = timedelta(minutes=10)
"""The first marks are that old, and later ones come nearer: all feeds are live for all that happened."""

Event = dict[str, Any]


@dataclass(frozen=True)
class History:
    """What is published: first a mark for every partition, so that all feeds are live, then the events."""

    beats: tuple[Record, ...]
    events: tuple[Record, ...]

    def __len__(self) -> int:
        return len(self.beats) + len(self.events)

    @property
    def records(self) -> tuple[Record, ...]:
        """All of it, in order of publication."""
        return self.beats + self.events


@dataclass(frozen=True)
class Traveller:
    """Nobody: province 99, a passport series that no office prints."""

    number: int
    start: datetime

    @property
    def nik(self) -> str:
        """16 digits, unlike anybody's."""
        day, serial = 1 + self.number % 28, 1 + self.number % 9998
        return f"99{101 + self.number // 9998:04}{day:02}0190{serial:04}"

    @property
    def passport(self) -> str:
        """Nine characters."""
        return f"X99{self.number:06}"

    def at(self, minutes: float) -> datetime:
        """A moment of this traveller's day."""
        return self.start + timedelta(minutes=minutes)

    def name(self, what: str, number: int = 0) -> str:
        """An id of the publisher's own."""
        return f"{what}-{self.number}-{number}"


def history(count: int, now: datetime, seed: int = 1) -> History:
    """`count` records in all, the same for the same three values."""
    dice = Random(seed)
    beats = tuple(heartbeats(now - QUIET))
    written: list[Record] = []
    who = 0
    while len(written) < count - len(beats):
        start = now - timedelta(hours=20) + STARTS * dice.random()
        written += [record_of(event) for event in _story(Traveller(who, start), now, dice)]
        who += 1
    events = _as_published(written, now, dice)
    return History(beats, tuple(events[: count - len(beats)]))


def attempt(who: Traveller, number: int, now: datetime, dice: Random) -> Event:
    """A departure attempt; half of them leave only after the drill is over, the others are long gone."""
    data: Event = {
        "crossing_id": who.name("C", number),
        "checkpoint": dice.choice(CHECKPOINTS),
        "lane": dice.choice(("COUNTER", "AUTOGATE")),
        "direction": "OUT",
        "passport_no": who.passport,
        "destination": dice.choice(COUNTRIES),
        "purpose": dice.choice(PURPOSES),
    }
    if dice.random() < 0.5:
        data["scheduled_at"] = (now + timedelta(days=1)).isoformat()
    at = who.at(60 + 90 * number + dice.randrange(60))
    return envelope(System.SIMKIM, "crossing_attempted", name=who.name("attempt", number), time=at, data=data)


def issued(who: Traveller, number: int = 0) -> Event:
    """SIMKIM binds the passport to the person."""
    data = {
        "passport_no": who.passport,
        "nik": who.nik,
        "issued_on": who.at(0).date().isoformat(),
        "office_code": "KANIM-CONTOH",
    }
    return envelope(System.SIMKIM, "passport_issued", name=who.name("passport", number), time=who.at(0), data=data)


def permit(who: Traveller, country: str, number: int = 0) -> Event:
    """An e-PMI, issued somewhere between two attempts."""
    data = {
        "epmi_no": f"EPMI{who.number:06}{number}",
        "nik": who.nik,
        "scheme": "P_TO_P",
        "country": country,
        "passport_no": who.passport,
    }
    return envelope(
        System.SISKOP2MI, "epmi_issued", name=who.name("epmi", number), time=who.at(50 + 25 * number), data=data
    )


def retraction(of: Event, minutes: int = 5) -> Event:
    """The agency takes it back."""
    at = datetime.fromisoformat(of["time"]) + timedelta(minutes=minutes)
    return {**of, "id": f"{of['id']}-taken-back", "retracts": of["id"], "time": at.astimezone(UTC).isoformat()}


def _story(who: Traveller, now: datetime, dice: Random) -> Iterator[Event]:
    if dice.random() < 0.9:
        yield issued(who)
    for number in range(dice.choice((0, 0, 1, 2))):
        yield from _perhaps_taken_back(permit(who, dice.choice(COUNTRIES), number), dice)
    for number in range(dice.choice((1, 2, 3, 5))):
        tried = attempt(who, number, now, dice)
        yield tried
        yield from ends_of(tried, who, number, dice)


def ends_of(tried: Event, who: Traveller, number: int, dice: Random) -> Iterator[Event]:
    """Cleared, deferred with a ground and perhaps a group, or no word."""
    data = {name: tried["data"][name] for name in ("crossing_id", "passport_no", "checkpoint", "destination")}
    at = datetime.fromisoformat(tried["time"]) + timedelta(minutes=10)
    chance = dice.random()
    if chance < 0.6:
        name = who.name("cleared", number)
        cleared = envelope(
            System.SIMKIM,
            "crossing_cleared",
            name=name,
            time=at,
            data={**data, "direction": tried["data"]["direction"]},
        )
        yield from _perhaps_taken_back(cleared, dice)
    elif chance < 0.85:
        more = {"reason_code": dice.choice(("CPMI_NP", "TPPO", "DOCUMENT")), "lane": tried["data"]["lane"]}
        if dice.random() < 0.5:
            more["group_ref"] = f"GROUP-{who.number // 4}"
        name = who.name("deferred", number)
        yield from _perhaps_taken_back(
            envelope(System.SIMKIM, "departure_deferred", name=name, time=at, data=data | more), dice
        )


def _perhaps_taken_back(event: Event, dice: Random) -> Iterator[Event]:
    yield event
    if dice.random() < 0.05:
        yield retraction(event)


def _as_published(written: Sequence[Record], now: datetime, dice: Random) -> list[Record]:
    """Topics interleave as they please; 3 % come twice, and among a thousand there are a few that say nothing or make no sense."""
    places: list[tuple[float, Record]] = []
    for index, record in enumerate(written):
        places.append((index + dice.gauss(0, 200), record))
        chance = dice.random()
        if chance < 0.03:
            places.append((index + dice.uniform(0, 5000), record))
        elif chance < 0.032:
            places.append((index, Record(record.topic, record.key, None)))
        elif chance < 0.034:
            places.append((index, broken(record, index, now)))
        elif chance < 0.044:
            upto = now - QUIET * (1 - index / len(written))
            places.append((index, dice.choice(heartbeats(upto, [dice.choice(AGENCY_TOPICS)]))))
    places.sort(key=lambda place: place[0])
    return [record for _, record in places]


def broken(record: Record, kind: int, now: datetime) -> Record:
    """A record that must stand in `suar.rejected`, each in one of several ways."""
    try:
        event = json.loads(record.value or b"{}")
    except ValueError:
        event = {}
    ahead = (now + timedelta(days=400)).isoformat()
    ways: tuple[bytes, ...] = (
        b"\xff\xfe" + (record.value or b""),
        (record.value or b"")[:-7],
        json.dumps({**event, "source": "nobody"}).encode(),
        json.dumps({**event, "surplus": kind}).encode(),
        json.dumps({**event, "time": ahead}).encode(),
        json.dumps({**event, "data": {}}).encode(),
    )
    return Record(record.topic, record.key + b"-broken", ways[kind % len(ways)])
