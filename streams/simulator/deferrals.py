"""What officers do today: whose departure they put off, on which ground, and what is recorded of it."""

from random import Random

from schemas.truth import Traveller
from streams.simulator.clock import HOUR, MINUTE
from streams.simulator.dice import Odds
from streams.simulator.people import Person
from streams.simulator.trips import Trip, crossing, stated
from streams.simulator.world import World, bp3mi

_QUIET = frozenset({Traveller.CREW, Traveller.PLACED_WORKER, Traveller.BORDER_RESIDENT})


def stopped(world: World, trip: Trip, roll: Random) -> str | None:
    """The ground on which an officer puts it off today; None: goes."""
    drawn, reason = roll.random(), roll.random()
    if not world.outcomes or drawn >= likely(world, trip):
        return None
    return Odds(world.nation.deferrals.reasons).draw(Random(int(reason * 2**32)))  # noqa: S311 - a model of chance


def likely(world: World, trip: Trip) -> float:
    """How likely it is put off. The shares of the harmless fill up the published rate."""
    told = world.nation.deferrals
    if trip.traveller is Traveller.TRAFFICKED:
        return told.trafficked if trip.modus != "papers_in_order" else 0.0
    if trip.traveller is Traveller.WORKER_WITHOUT_PAPERS:
        return told.without_papers
    if trip.traveller in _QUIET:
        return 0.0002
    of = world.nation.travellers
    caught = of.trafficked * told.trafficked + of.without_papers * told.without_papers
    return max(0.0, told.a_thousand / 1000 - caught / 100) * (4.0 if trip.innocent else 0.45)


def defer(world: World, trip: Trip, one: Person, how: tuple[int, str], roll: Random) -> None:
    """Records it, and, of some, the worker's office as well. `how`: when somebody stood there, and the ground."""
    at, reason = how
    work = reason in {"CPMI_NP", "TPPO"}
    minutes = 8 + int(roll.expovariate(1 / 18))
    data = {
        "crossing_id": crossing(trip, one),
        "passport_no": one.passport,
        "checkpoint": trip.checkpoint,
        "destination": trip.goes,
        "reason_code": reason,
        "legal_ref": "IMI-0277.GR.02.06/2017" if work else None,
        "notice_no": f"N-{one.number}",
        "group_ref": f"G-{trip.people[0].number}" if len(trip.people) > 1 else None,
        "referred_to": bp3mi(one.home) if work and roll.random() < 0.5 else None,
        "minutes_in_secondary": min(minutes, 240),
    }
    then = at + minutes * MINUTE
    world.scribe.say(
        "simkim",
        "departure_deferred",
        f"d{crossing(trip, one)[3:]}",
        then,
        stated(data),
        lag=60,
        office=trip.checkpoint,
    )
    if work and roll.random() < world.nation.deferrals.recorded_by_bp3mi:
        told = {"nik": one.nik, "passport_no": one.passport, "checkpoint": trip.checkpoint, "reason_code": reason}
        lag = HOUR + roll.randrange(20 * HOUR)
        world.scribe.say(
            "siskop2mi",
            "prevented_departure_recorded",
            f"k{crossing(trip, one)[3:]}",
            then,
            told,
            lag=lag,
            office=bp3mi(one.home),
        )
