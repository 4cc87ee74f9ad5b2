"""What every part of the simulation needs to know: the nation, the seed, the days, and who writes down what happens."""

from dataclasses import dataclass
from random import Random

from streams.simulator.clock import DAY, HOUR, MINUTE
from streams.simulator.dice import dice
from streams.simulator.nation import Nation
from streams.simulator.scribe import Scribe


@dataclass(frozen=True)
class World:
    """`first`: the first day, counted from 1970-01-01; `days`: how many; `scale`: share of the nation."""

    nation: Nation
    scribe: Scribe
    seed: int
    first: int
    days: int
    scale: float
    outcomes: bool = False
    """Do officers put departures off, as they do today?"""

    def dice(self, *name: int | str) -> Random:
        """Chance that belongs to a name."""
        return dice(self.seed, *name)

    def second(self, day: int) -> int:
        """The first second (UTC) of a day, counted from the first one of the simulation."""
        return (self.first + day) * DAY

    def busy(self, day: int) -> float:
        """How much of an average day's travel a day has."""
        return self.scale * self.nation.weekdays.factors[(self.first + day + 3) % 7]

    def workday(self, day: int) -> bool:
        """Offices are open from Monday to Friday."""
        return (self.first + day + 3) % 7 < 5

    def at_the_office(self, roll: Random, day: int) -> int:
        """A second of a day's office hours, in western time; a weekend's work is done on the Friday before."""
        while not self.workday(day):
            day -= 1
        return self.second(day) + HOUR + roll.randrange(7 * HOUR)

    def at_the_gate(self, roll: Random, day: int, checkpoint: str) -> int:
        """A second at which somebody stands at a checkpoint, on a day of its own local calendar."""
        hour = self.nation.hours_of[checkpoint[0]].draw(roll)
        local = hour * HOUR + roll.randrange(60) * MINUTE + roll.randrange(60)
        return self.second(day) + (local - self.nation.checkpoints[checkpoint].utc * HOUR) % DAY


def passport_office(home: str) -> str:
    """The office of a kabupaten."""
    return f"KANIM-{home}"


def bp3mi(home: str) -> str:
    """The office for workers in a province."""
    return f"BP3MI-{home[:2]}"
