"""The simulation as a stream: history first, then day after day, in the order in which agencies' records arrive."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from schemas.topics import AGENCY_TOPICS, HEARTBEAT
from streams.simulator import background, networks, workers
from streams.simulator.again import departs
from streams.simulator.calendar import Calendar
from streams.simulator.clock import DAY, MINUTE, day_of, iso
from streams.simulator.companies import Companies
from streams.simulator.dice import Odds
from streams.simulator.faults import Faults
from streams.simulator.mix import parties, sizes
from streams.simulator.nation import Nation
from streams.simulator.people import BEFORE, number_of
from streams.simulator.records import on_record
from streams.simulator.scribe import ENCODE, Scribe
from streams.simulator.travellers import Party, trip_of
from streams.simulator.world import World

BEAT = 5 * MINUTE
"""How often each system says up to when it has sent everything."""
PUBLISHERS = tuple(dict.fromkeys(topic.system.value for topic in AGENCY_TOPICS if topic.system is not None))
YOUNG = 42_000
_HOUSEHOLDS = 800
"""Near each checkpoint; each crosses about every tenth day."""

Stage = Callable[[str, float], None]
"""Hears what is being prepared, and the share of it that is done."""


@dataclass(frozen=True)
class Plan:
    """What to simulate. `scale`: share of the nation, at most 1."""

    nation: Nation
    begin: date
    days: int = 1
    seed: int = 1
    scale: float = 1.0
    outcomes: bool = False
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True)
class Line:
    """A line of the event file, or of the truth, and the second at which it stands there."""

    at: int
    text: bytes
    truth: bool = False


def lines(plan: Plan, stage: Stage = lambda _name, _share: None) -> Iterator[Line]:
    """Everything, in order of arrival; the truth of a day comes before its events. Uses a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="suar-nation-") as folder:
        run = _Run(plan, Path(folder))
        run.prepare(stage)
        yield from run.past()
        for day in range(plan.days):
            run.begin(day)
            yield from run.day(day)


class _Run:
    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        first = day_of(plan.begin)
        for name in ("events", "truth"):
            (folder / name).mkdir()
        self._events = Calendar(folder / "events", first, plan.days)
        self._truth = Calendar(folder / "truth", first, plan.days)
        window = (first * DAY, (first + plan.days) * DAY)
        scribe = Scribe(self._events, self._truth, faults=plan.faults, seed=plan.seed, window=window)
        self._world = World(plan.nation, scribe, plan.seed, first, plan.days, plan.scale, plan.outcomes)
        self._companies = Companies(self._world)
        self._cells = parties(plan.nation)
        self._applied: dict[int, int] = {}
        """How many of those who leave asked for a passport on a day."""
        self._sizes = {kind: Odds(of) for kind, of in sizes(plan.nation).items()}
        self._ordinary = (
            plan.nation.departures_a_day * (1 - plan.nation.travellers.trafficked / 100) - plan.nation.placements_a_day
        )

    def prepare(self, stage: Stage) -> None:
        """Whatever begins before the last day and is not over on the first, with the past of all who leave."""
        world = self._world
        self._companies.told()
        begun = range(networks.earliest(world), world.days)
        for done, day in enumerate(begun):
            networks.begin(world, self._companies, day)
            if day >= -workers.LONGEST:
                workers.begin(world, self._companies, day)
            if day >= -world.nation.passports.young_days - 20:
                self._applied[day] = self._young(day)
            if day >= -12:
                background.others(world, day)
            stage("who has begun", (done + 1) / len(begun))
        for day in range(world.days):
            self._old(day)
            background.returning(world, day, self._cells, self._sizes)
            stage("who leaves and returns", (day + 1) / world.days)

    def begin(self, day: int) -> None:
        """Whoever has no past that is told."""
        background.applicants(self._world, day, self._applied[day])
        background.unseen(self._world, day)

    def past(self) -> Iterator[Line]:
        """Before the first day; at its end every system says that it is up to date."""
        for at, text in self._events.past():
            yield Line(at, text)
        first = self._world.first * DAY
        yield from self._beats(first)

    def day(self, day: int) -> Iterator[Line]:
        """A day's truth, then its events with the heartbeats among them."""
        number = self._world.first + day
        for at, text in self._truth.take(number):
            yield Line(at, text, truth=True)
        beat = number * DAY + BEAT
        for at, text in self._events.take(number):
            while beat <= at:
                yield from self._beats(beat)
                beat += BEAT
            yield Line(at, text)
        while beat <= (number + 1) * DAY:
            yield from self._beats(beat)
            beat += BEAT

    def _beats(self, second: int) -> Iterator[Line]:
        for system in PUBLISHERS:
            if not self._plan.faults.silent(system, second):
                yield Line(second, heartbeat(system, second))

    def _old(self, day: int) -> None:
        """Those who leave on a day with a passport of long ago."""
        world = self._world
        target = self._ordinary * world.busy(day) * (1 - world.nation.passports.young)
        seen = index = 0
        border: Counter[str] = Counter()
        while seen < target:
            roll = world.dice("party", day, index)
            index += 1
            cell = self._cells.draw(roll)
            size = self._sizes[cell[0]].draw(roll)
            number = number_of(day, seen)
            if cell[0] == "border_residents":
                number = self._border(cell[1], day, border)
            trip = trip_of(world, Party(cell, size, day, number), roll)
            seen += size
            on_record(world, trip, roll, None)
            departs(world, trip, roll)

    def _border(self, checkpoint: str, day: int, seen: Counter[str]) -> int:
        """The same people cross again and again: the next household of those who live near a checkpoint."""
        pool = max(40, round(_HOUSEHOLDS * self._world.scale))
        at = day * (pool // 10) + seen[checkpoint]
        seen[checkpoint] += 1
        place = sorted(self._plan.nation.checkpoints).index(checkpoint)
        return number_of(-BEFORE, place * 2400 + at % pool * 3)

    def _young(self, day: int) -> int:
        """Those who ask for a passport on a day and leave with it soon; how many."""
        world = self._world
        target = self._ordinary * world.scale * world.nation.passports.young
        if not world.workday(day):
            return 0
        target *= 7 / 5
        seen = index = 0
        while seen < target:
            roll = world.dice("young", day, index)
            index += 1
            lead = 10 + min(world.nation.passports.young_days, int(roll.expovariate(1 / 22)))
            cell = self._cells.draw(roll)
            size = self._sizes[cell[0]].draw(roll)
            number = number_of(day, YOUNG + seen)
            seen += size
            leaves = day + lead
            if leaves < 0 or (day < 0 and leaves >= world.days):
                continue
            if cell[0] == "border_residents":
                continue
            trip = trip_of(world, Party(cell, size, leaves, number), roll)
            on_record(world, trip, roll, day)
            if leaves < world.days:
                departs(world, trip, roll)
        return seen


def heartbeat(system: str, second: int) -> bytes:
    """One line for a system and moment; whoever publishes it gives it to every partition of the system's topics."""
    moment = iso(second)
    return ENCODE(
        {
            "specversion": "1.0",
            "id": f"beat-{system}-{second}",
            "source": system,
            "type": HEARTBEAT,
            "time": moment,
            "recorded_at": moment,
            "data": {"complete_up_to": moment},
        }
    )
