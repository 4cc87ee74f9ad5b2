"""At the checkpoint: manifests, attempts, clearances and returns; with it, the truth of each departure."""

from random import Random
from typing import Any

from schemas.truth import Departure, Traveller
from streams.simulator.clock import DAY, HOUR, MINUTE, iso, moment
from streams.simulator.deferrals import defer, stopped
from streams.simulator.dice import share_of
from streams.simulator.people import Person
from streams.simulator.trips import Trip, crossing, stated
from streams.simulator.world import World

_PORT = dict(
    pair.split(":")
    for pair in [
        "SGP:SIN",
        "MYS:KUL",
        "SAU:JED",
        "JPN:NRT",
        "THA:BKK",
        "CHN:CAN",
        "HKG:HKG",
        "KOR:ICN",
        "TWN:TPE",
        "AUS:SYD",
        "ARE:DXB",
        "TUR:IST",
        "VNM:SGN",
        "QAT:DOH",
        "NLD:AMS",
        "PHL:MNL",
        "KHM:PNH",
        "IND:DEL",
        "DEU:FRA",
        "GBR:LHR",
        "BRN:BWN",
        "LKA:CMB",
        "OMN:MCT",
        "KWT:KWI",
        "BHR:BAH",
        "LAO:VTE",
        "MMR:RGN",
        "TLS:DIL",
        "PNG:POM",
        "MDV:MLE",
        "NZL:AKL",
        "USA:LAX",
        "POL:WAW",
        "ROU:OTP",
        "ITA:FCO",
        "DZA:ALG",
        "ESP:LPA",
        "PER:LIM",
        "FJI:NAN",
        "URY:MVD",
        "ZAF:CPT",
        "EGY:CAI",
    ]
)
_BY_SEA = {"SGP": "SGSIN", "MYS": "MYSGU"}
_PMI_LANES = frozenset({"A-CGK", "A-SUB", "A-SRG", "A-DPS", "A-LOP", "A-KNO"})
BEFORE_DEPARTURE = 150 * MINUTE
"""When a carrier announces its passengers (D 4.2: 60 to 180 minutes before)."""


def leave(world: World, trip: Trip, roll: Random) -> bool:
    """People come to the checkpoint, one after another; False when an officer put the departure off."""
    first = world.at_the_gate(roll, trip.day, trip.checkpoint) if trip.at is None else trip.at
    service = _service(world, trip, first)
    if trip.booking is None and len(trip.people) > 1:
        trip.booking = f"{service['service_no'][:2]}/{roll.getrandbits(30):06X}"
    put_off = stopped(world, trip, roll)
    announced = share_of(world.seed, "api", service["service_no"]) < world.nation.checkpoints[trip.checkpoint].api
    if announced:
        _announce(world, trip, service, roll)
    at = first
    for one in trip.people:
        at += 15 + roll.randrange(40)
        _attempt(world, trip, one, (at, service), roll)
        _truth(world, trip, one, at)
        if put_off:
            defer(world, trip, one, (at, put_off), roll)
        else:
            cleared(world, trip, one, at + 8 + roll.randrange(40))
    if not put_off and trip.away is not None:
        come_back(world, trip, roll)
    return not put_off


def _service(world: World, trip: Trip, at: int) -> dict[str, Any]:
    """The flight or ferry: one an hour to each next stop, at a minute of its own."""
    stop = trip.through or trip.goes or "MYS"
    kind = trip.checkpoint[0]
    slot = (at + {"A": 95, "S": 70, "L": 70}[kind] * MINUTE) // HOUR
    hour = slot % 24
    known = share_of(world.seed, "service", trip.checkpoint, stop, hour)
    carrier = "ABCDEFGHJK"[int(known * 10)]
    number = f"{'Q' if kind == 'A' else 'K'}{carrier}{100 + int(known * 890)}-{hour:02d}"
    std = slot * HOUR + int(known * 1000) % 12 * 5 * MINUTE
    return {
        "carrier": number[:2],
        "service_no": number,
        "checkpoint": trip.checkpoint,
        "scheduled_at": iso(std),
        "route": [trip.checkpoint[2:], (_BY_SEA.get(stop) if kind == "S" else None) or _PORT[stop]],
        "_at": std,
    }


def _announce(world: World, trip: Trip, service: dict[str, Any], roll: Random) -> None:
    name = f"m-{service['service_no']}-{trip.checkpoint[2:]}-{service['route'][1]}-{service['_at'] // HOUR}"
    flight = {key: value for key, value in service.items() if key != "_at"}
    for one in trip.people:
        passenger = {
            "entry_ref": f"E{one.number}",
            "passport_no": one.passport,
            "name": one.name[:34],
            "booking_ref": trip.booking or f"{service['service_no'][:2]}/{roll.getrandbits(30):06X}",
            "payer_ref": trip.payer,
            **_journey(trip),
            "booked_at": iso(service["_at"] - trip.booked_days * DAY - roll.randrange(DAY)),
            "phone": trip.contact,
            "return_booked": trip.return_booked,
            "return_at": _return_at(world, trip),
        }
        world.scribe.announce(flight, name, service["_at"] - BEFORE_DEPARTURE, stated(passenger))


def _journey(trip: Trip) -> dict[str, Any]:
    """Where the ticket goes, first and at last."""
    return {
        "destination": trip.goes,
        "onward": trip.goes if trip.through else None,
        "visa_class": trip.visa,
        "group_size": trip.size or (len(trip.people) if len(trip.people) > 1 else None),
        "group_kind": trip.group,
    }


def _return_at(world: World, trip: Trip) -> str | None:
    if not trip.return_booked or trip.away is None:
        return None
    return iso(world.second(trip.day + trip.away) + 9 * HOUR)


def _attempt(world: World, trip: Trip, one: Person, when: tuple[int, dict[str, Any]], roll: Random) -> None:
    at, service = when
    lane, ground = _lane(world, trip, one, roll)
    data = {
        "crossing_id": crossing(trip, one),
        "checkpoint": trip.checkpoint,
        "lane": lane,
        "direction": "OUT",
        "passport_no": one.passport,
        "document_type": trip.document,
        **_journey(trip),
        "purpose": trip.purpose,
        "transport_no": None if trip.checkpoint[0] == "L" else service["service_no"],
        "scheduled_at": None if trip.checkpoint[0] == "L" else service["scheduled_at"],
        "booking_ref": trip.booking,
        "return_booked": trip.return_booked,
        "return_at": _return_at(world, trip),
        "exemption_claimed": trip.exemption,
        "priority_ground": ground,
        "companion_passport_no": trip.companion if one.age(at // DAY) < 18 else None,
        "guardian_consent": trip.consent or None if one.age(at // DAY) < 18 else None,
        **trip.more,
    }
    world.scribe.say(
        "simkim", "crossing_attempted", f"x{crossing(trip, one)[3:]}", at, stated(data), lag=1, office=trip.checkpoint
    )


def _lane(world: World, trip: Trip, one: Person, roll: Random) -> tuple[str, str | None]:
    """Where somebody is met, and the ground for a priority lane."""
    if trip.lane is not None:
        return trip.lane, trip.ground
    age = one.age(world.first + trip.day)
    if trip.traveller is Traveller.PLACED_WORKER and trip.checkpoint in _PMI_LANES:
        return "PMI_LANE" if roll.random() < 0.6 else "COUNTER", None
    if trip.checkpoint[0] == "A" and (ground := _priority(world, trip, age, roll)) is not None:
        return "PRIORITY", ground or None
    if age >= 6 and roll.random() < world.nation.checkpoints[trip.checkpoint].auto:
        return "AUTOGATE", None
    return "COUNTER", None


def _priority(world: World, trip: Trip, age: int, roll: Random) -> str | None:
    """The ground, blank for who merely comes along; None: another lane."""
    drawn = roll.random()
    if age >= 65 and drawn < 0.35:
        return "AGE"
    if age < 3 and drawn < 0.3:
        return "CHILD"
    with_one = any(not 3 <= other.age(world.first + trip.day) < 65 for other in trip.people[:6])
    return "" if with_one and drawn > 1 - world.nation.innocent.priority_companion else None


def cleared(world: World, trip: Trip, one: Person, at: int) -> None:
    """Somebody went."""
    data = {
        "crossing_id": crossing(trip, one),
        "passport_no": one.passport,
        "checkpoint": trip.checkpoint,
        "direction": "OUT",
        "destination": trip.goes,
    }
    world.scribe.say(
        "simkim", "crossing_cleared", f"c{crossing(trip, one)[3:]}", at, stated(data), lag=1, office=trip.checkpoint
    )


def come_back(world: World, trip: Trip, roll: Random) -> None:
    """The return by the same checkpoint, when it lies in the simulated days."""
    if trip.away is None or trip.day + trip.away >= world.days:
        return
    day = trip.day + trip.away
    at = world.at_the_gate(roll, day, trip.checkpoint)
    if trip.away == 0:
        at = max(at, world.second(day) + 12 * HOUR)
    for one in trip.people:
        at += 10 + roll.randrange(30)
        data = {
            "crossing_id": f"CR-{one.number}-{trip.day + 1000}-{trip.away}",
            "passport_no": one.passport,
            "document_type": trip.document,
            "from_country": trip.goes,
            "checkpoint": trip.checkpoint,
        }
        world.scribe.say(
            "simkim",
            "entry_cleared",
            f"n{one.number}-{trip.day + 1000}-{trip.away}",
            at,
            stated(data),
            lag=1,
            office=trip.checkpoint,
        )


def _truth(world: World, trip: Trip, one: Person, at: int) -> None:
    world.scribe.know(truth(world, trip, one, at, seen=True))


def truth(world: World, trip: Trip, one: Person, at: int, *, seen: bool) -> Departure:
    """What is true of one of them."""
    return Departure(
        person=str(one.number),
        at=moment(at),
        traveller=trip.traveller,
        crossing_id=crossing(trip, one) if seen else None,
        checkpoint=trip.checkpoint if seen else None,
        destination=trip.ends or trip.goes,
        modus=trip.modus,
        network=trip.network,
        innocent=trip.tales.get(one.number, trip.innocent),
        sex=one.sex,
        age=one.age(at // DAY),
        province=one.home[:2],
        religion=one.religion,
        party=f"{trip.people[0].number}-{trip.day}",
    )
