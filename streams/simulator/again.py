"""Second tries: who was put off comes again, mostly with the lack cured where it was put off, or another way (domain 3.1)."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from schemas.truth import Traveller
from streams.simulator.deferrals import defer, likely
from streams.simulator.dice import Odds
from streams.simulator.gate import leave
from streams.simulator.trips import Trip
from streams.simulator.world import World


def departs(world: World, trip: Trip, roll: Random) -> None:
    """An ordinary departure: perhaps one that was put off before the first day, perhaps one that is put off and tried again."""
    _tried_before(world, trip, roll)
    if not leave(world, trip, roll) and roll.random() < _comes_again(world, trip):
        moved(world, trip, _elsewhere(world, trip), 2 + roll.randrange(20), roll)
        if trip.day < world.days:
            leave(world, trip, roll)


def moved(world: World, trip: Trip, elsewhere: Mapping[str, float], days: int, roll: Random) -> None:
    """The trip on another day, and mostly at another place for whoever has something to hide."""
    if elsewhere and roll.random() >= _same_place(world, trip):
        trip.checkpoint = Odds(elsewhere).draw(roll)
    trip.day += days
    trip.at = world.at_the_gate(roll, trip.day, trip.checkpoint)


def _tried_before(world: World, trip: Trip, roll: Random) -> None:
    """As many as come again in the simulated days had been put off before them: of that day, the deferral is told."""
    drawn, days = roll.random(), 2 + roll.randrange(20)
    if not world.outcomes or drawn >= likely(world, trip) * _comes_again(world, trip) or trip.day >= days:
        return
    earlier = replace(trip)
    moved(world, earlier, _elsewhere(world, trip), -days, roll)
    if any(one.issued >= world.first + earlier.day for one in trip.people):
        return
    reason = Odds(world.nation.deferrals.reasons).draw(roll)
    for one in trip.people:
        defer(world, earlier, one, (earlier.at or 0, reason), roll)


def _comes_again(world: World, trip: Trip) -> float:
    told = world.nation.deferrals
    return told.tries_again if _hides(trip) else told.harmless_again


def _same_place(world: World, trip: Trip) -> float:
    told = world.nation.deferrals
    return told.same_checkpoint if _hides(trip) else told.harmless_same


def _hides(trip: Trip) -> bool:
    return trip.traveller in {Traveller.TRAFFICKED, Traveller.WORKER_WITHOUT_PAPERS}


def _elsewhere(world: World, trip: Trip) -> dict[str, float]:
    """Other checkpoints of the same kind, by their traffic."""
    places = world.nation.checkpoints
    return {
        code: one.share for code, one in places.items() if code != trip.checkpoint and code[0] == trip.checkpoint[0]
    }
