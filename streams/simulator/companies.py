"""Placement companies: licences, job orders and permits to recruit, as SIAPkerja records them."""

from dataclasses import dataclass
from random import Random

from streams.simulator.clock import DAY, HOUR
from streams.simulator.dice import Odds
from streams.simulator.world import World

PERIOD = 90
"""Days for which a job order is open."""
EARLIEST = -270
"""The first day of which job orders are told."""


@dataclass(frozen=True)
class Company:
    """A P3MI by its number, and the countries it places to."""

    number: int
    countries: tuple[str, ...]

    @property
    def ref(self) -> str:
        """Its register number."""
        return f"P3MI-{self.number:04d}"

    def order(self, country: str, day: int) -> str:
        """The job order that is open on a day of the simulation."""
        return f"JO-{self.number:04d}-{country}-{day // PERIOD + 100}"


class Companies:
    """All companies of the nation."""

    def __init__(self, world: World) -> None:
        self._world = world
        countries = Odds(world.nation.placements.P_TO_P)
        self._all = [
            self._company(number, countries)
            for number in range(max(12, round(world.nation.placements.companies * world.scale)))
        ]
        self._by_country: dict[str, list[Company]] = {}
        for one in self._all:
            for country in one.countries:
                self._by_country.setdefault(country, []).append(one)

    def _company(self, number: int, countries: Odds[str]) -> Company:
        roll = self._world.dice("company", number)
        return Company(
            number, tuple(dict.fromkeys(countries.draw(roll) for _ in range(self._world.nation.placements.job_orders)))
        )

    def placing(self, country: str, roll: Random) -> Company:
        """One that places to a country; any, where none does."""
        return roll.choice(self._by_country.get(country, self._all))

    def told(self) -> None:
        """Licences, and the job orders of every period that touches the simulation."""
        world = self._world
        for one in self._all:
            roll = world.dice("licence", one.number)
            self._licence(one, "ISSUED", world.at_the_office(roll, -900 - roll.randrange(700)))
            if roll.random() < world.nation.placements.suspended * 3:
                begins = -400 + roll.randrange(400 + world.days)
                self._licence(one, "SUSPENDED", world.at_the_office(roll, begins))
                self._licence(one, "ISSUED", world.at_the_office(roll, begins + 120 + roll.randrange(90)))
            for country in one.countries:
                for period in range(EARLIEST // PERIOD, world.days // PERIOD + 1):
                    self._order(one, country, period * PERIOD, roll)

    def _licence(self, one: Company, status: str, at: int) -> None:
        data = {"p3mi_ref": one.ref, "status": status}
        self._world.scribe.say("sipmi", "p3mi_licence_changed", f"y{one.number}-{at // DAY}", at, data)

    def _order(self, one: Company, country: str, day: int, roll: Random) -> None:
        at = self._world.at_the_office(roll, day - 4)
        number = one.order(country, day)
        order = {"p3mi_ref": one.ref, "job_order_no": number, "country": country}
        more = {"quota": 60 + roll.randrange(180), "employer_ref": f"EMP-{roll.randrange(90_000):05d}"}
        name = f"{one.number}-{country}-{day + 1000}"
        self._world.scribe.say("sipmi", "job_order_approved", f"g{name}", at, {**order, **more})
        self._world.scribe.say("sipmi", "recruit_permit_issued", f"z{name}", at + HOUR, order)
