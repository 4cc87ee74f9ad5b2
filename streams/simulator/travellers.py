"""Ordinary travellers, harmless or leaving to work on their own: who they are, where they go, and who of them looks like others."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from schemas.truth import Traveller
from streams.simulator.dice import Odds
from streams.simulator.mix import Cell
from streams.simulator.people import Person, family, household, person
from streams.simulator.tickets import bought
from streams.simulator.trips import Trip, account, days_away, locator, visa_for
from streams.simulator.world import World

_SAU = "SAU"
_GULF = Odds({"SAU": 50.0, "ARE": 32.0, "QAT": 10.0, "OMN": 4.0, "KWT": 4.0})
_MEKONG = Odds({"KHM": 70.0, "LAO": 22.0, "MMR": 8.0})
_WORK_ABROAD = Odds(
    {"MYS": 40.0, "SAU": 26.0, "JPN": 7.0, "KOR": 5.0, "AUS": 4.0, "ARE": 7.0, "TWN": 3.0, "SGP": 4.0, "TUR": 4.0}
)
_STUDY = Odds(
    {"MYS": 28.0, "AUS": 16.0, "EGY": 12.0, "JPN": 10.0, "CHN": 10.0, "GBR": 8.0, "USA": 6.0, "NLD": 4.0, "DEU": 6.0}
)
_CREW_PORTS = Odds({"SGP": 35.0, "USA": 15.0, "ITA": 12.0, "NLD": 8.0, "TWN": 16.0, "KOR": 8.0, "ESP": 6.0})
_LEAVE = Odds({"HKG": 30.0, "TWN": 28.0, "MYS": 26.0, "SGP": 8.0, "SAU": 6.0, "KOR": 2.0})
_BUSINESS = Odds(
    {
        "SGP": 34.0,
        "MYS": 18.0,
        "CHN": 14.0,
        "JPN": 9.0,
        "HKG": 6.0,
        "THA": 6.0,
        "KOR": 4.0,
        "ARE": 3.0,
        "IND": 3.0,
        "VNM": 3.0,
    }
)


@dataclass(frozen=True, slots=True)
class Party:
    """People of one kind who leave together by a checkpoint, on a day of the simulation. `number`: of the first."""

    cell: Cell
    size: int
    day: int
    number: int


def trip_of(world: World, party: Party, roll: Random) -> Trip:
    """Who they are, and where they go."""
    kind, code = party.cell
    if kind == "border_residents":  # the same people, again and again
        people = _people(world, replace(party, day=0), world.dice("border", party.number))
    else:
        people = _people(world, party, roll)
    trip = _BUILDERS[kind](world, code, roll, party.day, people)
    home = people[0].home
    nation = world.nation.innocent
    if trip.innocent is None and code in {"S-BTC", "S-HBB", "S-SKP", "S-DUM"} and home[:2] not in {"21", "14"}:
        trip.innocent = "cheap_way_to_singapore" if trip.goes == "SGP" else "far_from_home"
    if trip.return_booked and trip.traveller in _VISITORS and roll.random() < nation.one_way:
        trip.return_booked = False
    if trip.traveller in _VISITORS and roll.random() < nation.booked_late:
        trip.booked_days = roll.randrange(3)
    else:
        trip.booked_days = 3 + int(roll.expovariate(1 / 25))
    bought(world, trip, roll)
    return trip


_VISITORS = frozenset({Traveller.HOLIDAY, Traveller.FAMILY, Traveller.BUSINESS})


def _home(world: World, code: str, kind: str, roll: Random) -> str:
    nation = world.nation
    if kind in {"returning_workers", "without_papers"} and roll.random() < 0.75:
        return nation.workers_live.draw(roll)
    corridor = code in {"S-BTC", "S-HBB", "S-SKP", "S-DUM", "S-TBK", "S-TBA", "S-NNK", "L-ENT"}
    far = nation.innocent.far_home if corridor else 0.25 if code in {"A-CGK", "A-DPS"} else 0.06
    return (nation.travellers_live if roll.random() < far else nation.near[code]).draw(roll)


def _people(world: World, party: Party, roll: Random) -> list[Person]:
    (kind, code), size, number = party.cell, party.size, party.number
    home, today = _home(world, code, kind, roll), world.first + party.day
    strangers = kind == "holidays" and size in {5, 6} and roll.random() < world.nation.innocent.open_trip
    if kind in {"family_visits", "holidays", "settled_abroad"} and 3 <= size <= 6 and not strangers:
        parents = 29 + roll.randrange(20)
        ages = [("F", parents - roll.randrange(4)), ("M", parents)]
        ages += [(_sex(roll, 0.5), 1 + roll.randrange(max(2, min(17, parents - 22)))) for _ in range(size - 2)]
        return household(roll, number, family(world.nation, roll, number, home), ages, today)
    if kind == "pilgrims" and size <= 4:
        older = 33 + roll.randrange(35)
        ages = [("F" if at % 2 else "M", max(18, older - roll.randrange(8))) for at in range(size)]
        return household(roll, number, family(world.nation, roll, number, home), ages, today)
    if size == 2 and kind in {"family_visits", "holidays"}:
        older = 22 + roll.randrange(40)
        ages = [("M", older), ("F", max(19, older - 2))]
        return household(roll, number, family(world.nation, roll, number, home), ages, today)
    youngest, spread, women = _AGES.get(kind, (19, 44, 0.5))
    found = []
    for at in range(size):
        region = home if roll.random() < 0.8 or kind == "pilgrims" else world.nation.travellers_live.draw(roll)
        of = family(world.nation, roll, number + at, region)
        sex = _sex(roll, women)
        found.append(person(roll, number + at, of, sex, (youngest + int(spread * roll.random()), today)))
    return found


_AGES = {
    "pilgrims": (30, 42, 0.55),
    "returning_workers": (23, 25, 0.66),
    "students": (18, 10, 0.5),
    "sea_crew": (20, 28, 0.03),
    "business": (24, 38, 0.38),
    "without_papers": (18, 30, 0.45),
}


def _sex(roll: Random, women: float) -> str:
    return "F" if roll.random() < women else "M"


def _holiday(world: World, code: str, roll: Random, day: int, people: list[Person]) -> Trip:
    chances = world.nation.innocent
    goes = world.nation.going[world.nation.checkpoints[code].goes].draw(roll)
    away = days_away(world, roll, Traveller.HOLIDAY)
    trip = Trip(people, Traveller.HOLIDAY, code, day, goes, visa_for(goes), "TOURISM", away=away)
    drawn = roll.random()
    if len(people) >= 8:
        trip.booking = locator(roll)
        trip.payer = account(roll)
        trip.innocent = "tour_group_one_booking"
        trip.group = None if drawn < chances.tour_unstated else "TOUR"
    elif len(people) >= 5 and people[0].kk != people[1].kk:
        trip.booking, trip.innocent = locator(roll), "open_trip"
    elif drawn < chances.mekong_holiday and code[0] == "A":
        trip.through = "THA" if roll.random() < 0.5 else "SGP"
        trip.goes, trip.innocent = _MEKONG.draw(roll), "mekong_holiday"
        trip.visa = "VISA_FREE"
    elif drawn < chances.mekong_holiday + chances.repatriated_before:
        trip.innocent = "repatriated_before"
    elif drawn > 1 - chances.cpmi_on_holiday - chances.died_by_mistake * 2 and drawn < 1 - chances.cpmi_on_holiday:
        trip.innocent = "died_by_mistake"
    elif len(people) == 1 and drawn > 1 - chances.cpmi_on_holiday:
        trip.innocent = "cpmi_on_holiday"
    return trip


def _family_visit(world: World, code: str, roll: Random, day: int, people: list[Person]) -> Trip:
    chances = world.nation.innocent
    goes = world.nation.going[world.nation.checkpoints[code].goes].draw(roll)
    away = days_away(world, roll, Traveller.FAMILY)
    trip = Trip(people, Traveller.FAMILY, code, day, goes, visa_for(goes, family=True), "FAMILY_VISIT", away=away)
    drawn = roll.random()
    if code[0] == "A" and drawn < chances.family_in_gulf:
        trip.goes, trip.visa, trip.innocent = _GULF.draw(roll), "VISIT", "family_in_gulf"
        trip.away, trip.return_booked = 20 + roll.randrange(70), roll.random() < 0.7
    elif len(people) <= 2 and drawn > 1 - chances.child_without_family:
        return _child(world, trip, roll, day)
    elif code in {"S-NNK", "L-ENT", "S-SBK"} and drawn > 1 - chances.deported_family:
        trip.innocent, trip.return_booked, trip.away = "deported_family_settled", False, None
        trip.exemption = "FAMILY_SETTLED" if roll.random() < 0.5 else None
    return trip


def _child(world: World, trip: Trip, roll: Random, day: int) -> Trip:
    """A minor without its own family: with a relative of another card, with a school, or alone to a parent abroad."""
    first = trip.people[0]
    young = family(world.nation, roll, first.number, first.home)
    child = person(roll, first.number, young, _sex(roll, 0.5), (9 + roll.randrange(8), world.first + day))
    trip.people = [child, *trip.people[1:]]
    trip.consent = roll.random() < 0.6
    trip.lane = "COUNTER"
    if len(trip.people) > 1:
        trip.innocent = "child_with_relative"
        relative = family(world.nation, roll, trip.people[1].number, first.home)
        trip.people[1] = person(
            roll, trip.people[1].number, relative, "F", (35 + roll.randrange(30), world.first + day)
        )
    elif roll.random() < 0.4:
        trip.innocent, trip.group, trip.size = "school_trip", "SCHOOL", 12 + roll.randrange(20)
        trip.purpose = "STUDY"
    else:
        trip.innocent = "child_visits_parent"
        trip.size = 1
    return trip


def _pilgrims(world: World, code: str, roll: Random, day: int, people: list[Person]) -> Trip:
    away = days_away(world, roll, Traveller.PILGRIM)
    trip = Trip(people, Traveller.PILGRIM, code, day, _SAU, "UMRAH", "UMRAH", away=away)
    if len(people) > 4:
        trip.group, trip.size, trip.booking = "PPIU", len(people), locator(roll)
        trip.payer = account(roll)
    else:
        trip.innocent = "umrah_alone"
        trip.through = roll.choice((None, None, "MYS", "SGP", "ARE"))
    trip.exemption = "PILGRIM" if roll.random() < 0.15 else None
    return trip


def _business(world: World, code: str, roll: Random, day: int, people: list[Person]) -> Trip:
    goes = (
        _BUSINESS.draw(roll) if code[0] == "A" else world.nation.going[world.nation.checkpoints[code].goes].draw(roll)
    )
    away = days_away(world, roll, Traveller.BUSINESS)
    trip = Trip(people, Traveller.BUSINESS, code, day, goes, visa_for(goes, family=True), "BUSINESS", away=away)
    if roll.random() < 0.01 and code[0] == "A":
        trip.goes, trip.innocent, trip.visa = "KHM", "business_in_cambodia", "VISIT"
    elif len(people) > 1 and roll.random() < 0.4:
        trip.group = "COMPANY"
    return trip


def _student(world: World, code: str, roll: Random, day: int, people: list[Person]) -> Trip:
    trip = Trip(people, Traveller.STUDENT, code, day, _STUDY.draw(roll), "STUDY", "STUDY")
    trip.away, trip.return_booked = days_away(world, roll, Traveller.STUDENT), roll.random() < 0.3
    trip.exemption = "STUDENT" if roll.random() < 0.3 else None
    return trip


def _settled(world: World, code: str, roll: Random, day: int, people: list[Person]) -> Trip:
    goes = world.nation.going[world.nation.checkpoints[code].goes].draw(roll)
    trip = Trip(people, Traveller.SETTLED_ABROAD, code, day, goes, "RESIDENCE", "FAMILY_VISIT", return_booked=False)
    trip.exemption = roll.choice(("PERMANENT_RESIDENT", "SPOUSE", "FAMILY_SETTLED", None))
    return trip


def _crew(world: World, code: str, roll: Random, day: int, people: list[Person]) -> Trip:
    trip = Trip(people, Traveller.CREW, code, day, _CREW_PORTS.draw(roll), "CREW", "CREW_JOINING", return_booked=False)
    fishing = trip.goes in {"TWN", "KOR", "ESP"} and roll.random() < 0.5
    trip.more = {"seafarer_book": True, "vessel_kind": "FISHING" if fishing else "MERCHANT"}
    if roll.random() < 0.93:
        trip.more["sea_contract_no"] = f"PKL-{people[0].number}"
    else:
        trip.innocent = "crew_contract_not_shown"
    trip.group = "CREW" if len(people) > 1 else None
    trip.exemption = "CREW" if roll.random() < 0.4 else None
    return trip


def _border(world: World, code: str, roll: Random, day: int, people: list[Person]) -> Trip:
    goes = world.nation.going[world.nation.checkpoints[code].goes].draw(roll)
    trip = Trip(
        people,
        Traveller.BORDER_RESIDENT,
        code,
        day,
        goes,
        "VISA_FREE",
        roll.choice(("TOURISM", "FAMILY_VISIT", "OTHER")),
    )
    trip.away, trip.return_booked = roll.randrange(3), None
    trip.exemption = "BORDER_RESIDENT"
    trip.document = "BORDER_PASS"
    trip.lane = "COUNTER"
    return trip


def _on_leave(world: World, code: str, roll: Random, day: int, people: list[Person]) -> Trip:
    goes = "MYS" if code[0] != "A" else _LEAVE.draw(roll)
    trip = Trip(people, Traveller.PLACED_WORKER, code, day, goes, "WORK", "WORK", return_booked=False)
    trip.innocent = "on_leave_with_epmi"
    drawn = roll.random()
    if drawn < 0.12:
        trip.innocent = "contract_extended_abroad"
    elif drawn < 0.18:
        trip.innocent = "on_leave_without_record"
    return trip


def _without_papers(world: World, code: str, roll: Random, day: int, people: list[Person]) -> Trip:
    goes = "MYS" if code[0] != "A" else _WORK_ABROAD.draw(roll)
    trip = Trip(people, Traveller.WORKER_WITHOUT_PAPERS, code, day, goes, visa_for(goes, family=True), "TOURISM")
    trip.return_booked = roll.random() < 0.5
    drawn = roll.random()
    if drawn < world.nation.innocent.professional and code[0] == "A":
        trip.visa = trip.purpose = "WORK"
    elif drawn < 0.3:
        trip.purpose = "FAMILY_VISIT"
    elif goes == _SAU:
        trip.visa, trip.purpose = roll.choice(
            (("ZIARAH", "FAMILY_VISIT"), ("UMRAH", "UMRAH"), ("VISIT", "FAMILY_VISIT"))
        )
    return trip


_BUILDERS: dict[str, Callable[[World, str, Random, int, list[Person]], Trip]] = {
    "pilgrims": _pilgrims,
    "returning_workers": _on_leave,
    "students": _student,
    "sea_crew": _crew,
    "border_residents": _border,
    "settled_abroad": _settled,
    "business": _business,
    "family_visits": _family_visit,
    "holidays": _holiday,
    "without_papers": _without_papers,
}
