"""Trafficking networks: who recruits, what they share, whom they send and how. Traces are chance, and many leave none."""

from dataclasses import dataclass
from random import Random
from typing import Any

from schemas.truth import Traveller
from streams.simulator.aftermath import heard_from
from streams.simulator.clock import DAY, HOUR, MINUTE, day_text
from streams.simulator.companies import Companies, Company
from streams.simulator.dice import Odds, poisson
from streams.simulator.gate import cleared, leave
from streams.simulator.nation import Modus
from streams.simulator.passports import Paper, old_book, registered, young_book
from streams.simulator.people import Person, family, number_of, passport_of, person
from streams.simulator.trips import Trip, account, locator
from streams.simulator.workers import Process, walk_through
from streams.simulator.world import World, passport_office

LOCAL = 119_000
_GAP = 90
"""Numbers of people that a network has for itself."""
_ALIASES = [
    "PAK HAJI",
    "BANG JEK",
    "MAS TONI",
    "BU RINA",
    "KO ALENG",
    "TEH YANI",
    "OM BEN",
    "CIK NOR",
    "MBAK SRI",
    "BANG UCOK",
    "PAK RT",
    "KAK LINA",
]
_CORRIDOR = frozenset({"S-BTC", "S-HBB", "S-DUM", "S-TBK", "S-TBA", "S-NNK", "L-ENT", "L-ARK", "S-BKS", "S-SKP"})


@dataclass(slots=True)
class Network:
    """What its people share, so far as they share anything. Days count from the first one of the simulation."""

    name: str
    modus: str
    how: Modus
    begins: int
    number: int
    checkpoint: str
    homes: tuple[str, ...]
    phone: str
    alias: str
    payer: str
    office: str
    lodging: tuple[str, str] | None
    company: Company | None

    def named(self, roll: Random) -> dict[str, Any]:
        """What a complaint can say of it."""
        found: dict[str, Any] = {}
        if roll.random() < 0.6:
            found["recruiter_phone"] = self.phone
        if roll.random() < 0.6 or not found:
            found["recruiter_name"] = self.alias
        if self.company is not None:
            found["company_ref"] = self.company.ref
        return found


def earliest(world: World) -> int:
    """The first day on which a network begins whose victims leave in the simulation, or of whom is heard then."""
    return -world.nation.networks.lives_days - 130


def begin(world: World, companies: Companies, day: int) -> None:
    """The networks that begin on a day, with everybody whom they ever send."""
    nation = world.nation
    roll = world.dice("networks", day)
    median, spread = nation.networks.victims
    mean = median * 2.718281828 ** (spread * spread / 2)
    a_day = nation.departures_a_day * nation.travellers.trafficked / 100 * world.scale
    for index in range(poisson(roll, a_day / mean)):
        mine = world.dice("network", day, index)
        network = _founded(world, companies, mine, day, index)
        victims = min(_GAP - 10, max(1, round(mine.lognormvariate(0, spread) * median)))
        _send(world, network, victims, mine)


def _founded(world: World, companies: Companies, roll: Random, day: int, index: int) -> Network:
    nation = world.nation
    modus = Odds({name: how.share for name, how in nation.modi.items()}).draw(roll)
    how = nation.modi[modus]
    live = nation.workers_live if how.homes == "sends" else nation.travellers_live
    number = number_of(day, LOCAL + index * _GAP)
    checkpoint = Odds(how.checkpoints).draw(roll)
    lodging = None
    if roll.random() < nation.networks.holding_house:
        near = nation.near[checkpoint].draw(roll)
        lodging = (f"Jl Melati {roll.randrange(1, 200)} RT {roll.randrange(1, 12)}", near)
    company = companies.placing(Odds(how.destinations).draw(roll), roll) if modus == "papers_in_order" else None
    network = Network(
        name=f"N{number}",
        modus=modus,
        how=how,
        begins=day,
        number=number,
        checkpoint=checkpoint,
        homes=tuple(live.draw(roll) for _ in range(1 + roll.randrange(4))),
        phone=f"+62847{number % 1_000_000_000:09d}",
        alias=f"{roll.choice(_ALIASES)} {roll.randrange(1000)}" if roll.random() < 0.6 else roll.choice(_ALIASES),
        payer=account(roll),
        office=passport_office(live.draw(roll)),
        lodging=lodging,
        company=company,
    )
    if roll.random() < nation.networks.listed:
        _listed(world, network, roll)
    return network


def _listed(world: World, network: Network, roll: Random) -> None:
    """Police learn of it while it works."""
    at = world.at_the_office(roll, network.begins + 20 + roll.randrange(world.nation.networks.lives_days))
    case = f"LP/{network.number}"
    data = {"case_ref": case, "recruiter_phone": network.phone, "recruiter_name": network.alias}
    world.scribe.say("polri", "recruiter_listed", f"rl{network.number}", at, data, lag=HOUR)
    world.scribe.say("polri", "tppo_case_opened", f"to{network.number}", at - HOUR, {"case_ref": case}, lag=HOUR)


def _send(world: World, network: Network, victims: int, roll: Random) -> None:
    """Groups, one after another, while the network lives."""
    rates = world.nation.networks
    sent = 0
    while sent < victims:
        size = max(1, min(victims - sent, round(roll.lognormvariate(0, rates.group[1]) * rates.group[0])))
        day = network.begins + 12 + roll.randrange(rates.lives_days)
        _group(world, network, (sent, size, day), roll)
        sent += size


def _group(world: World, network: Network, sent: tuple[int, int, int], roll: Random) -> None:
    first, size, day = sent
    if day >= world.days + 60:
        return
    rates, how = world.nation.networks, network.how
    phone = (
        network.phone
        if roll.random() >= rates.phone_changes
        else f"+62846{(network.number * 17 + first) % 1_000_000_000:09d}"
    )
    together, paid = roll.random() < rates.one_booking, roll.random() < rates.one_payer
    checkpoint = network.checkpoint if roll.random() < 0.85 else Odds(how.checkpoints).draw(roll)
    goes, through = Odds(how.destinations).draw(roll), _through(how, roll)
    at = world.at_the_gate(roll, day, checkpoint)
    people = [_victim(world, network, roll, first + n, day) for n in range(size)]
    trips = [people] if together else [[one] for one in people]
    booked, returns = 1 + int(roll.expovariate(1 / 6)), roll.random() < rates.return_booked
    for members in trips:
        trip = Trip(
            members,
            Traveller.TRAFFICKED,
            checkpoint,
            day,
            goes,
            Odds(how.visas).draw(roll),
            Odds(how.purposes).draw(roll),
            at=at,
            through=through if through != goes else None,
            return_booked=returns,
            booked_days=booked,
            modus=network.modus,
            network=network.name,
        )
        trip.booking = locator(roll) if together else None
        trip.payer = network.payer if paid else None
        trip.helper = phone
        trip.contact = phone if roll.random() < 0.25 else None
        _dressed(trip, roll)
        for one in members:
            _papers(world, network, one, trip, roll)
        _gone(world, network, trip, roll)
        at += 2 * MINUTE + roll.randrange(12 * MINUTE)
    if roll.random() < rates.escort and 0 <= day < world.days:
        _escort(world, network, trips[0], (at, checkpoint, goes, through), roll)


def _through(how: Modus, roll: Random) -> str | None:
    drawn = roll.random() * 100
    for country, weight in how.through.items():
        drawn -= weight
        if drawn < 0:
            return country
    return None


def _dressed(trip: Trip, roll: Random) -> None:
    """What its modus adds to a trip."""
    if trip.modus == "insider_lane":
        trip.lane = "PRIORITY"
        trip.ground = "ESCORT" if roll.random() < 0.2 else None
    if trip.modus == "fishing_vessel" and trip.purpose == "CREW_JOINING":
        trip.visa = "CREW"
        trip.more = {"seafarer_book": roll.random() < 0.7, "vessel_kind": "FISHING"}
        if roll.random() < 0.25:
            trip.more["sea_contract_no"] = f"PKL-{roll.randrange(10**6)}"
    if trip.modus == "gulf_household" and trip.purpose == "UMRAH" and trip.visa not in {"UMRAH", "ZIARAH"}:
        trip.visa = "UMRAH"
    if trip.modus == "scam_compound" and trip.goes in {"THA", "MYS", "VNM"} and roll.random() < 0.7:
        trip.ends = "MMR" if trip.goes == "THA" and roll.random() < 0.5 else "KHM"


def _victim(world: World, network: Network, roll: Random, index: int, day: int) -> Person:
    how = network.how
    home = roll.choice(network.homes) if roll.random() < 0.7 else world.nation.workers_live.draw(roll)
    number = network.number + 5 + index
    youngest, oldest = how.ages
    age = youngest + int((oldest - youngest + 1) * roll.random() ** 1.3)
    of = family(world.nation, roll, number, home)
    return person(roll, number, of, "F" if roll.random() < how.women else "M", (age, world.first + day))


def _papers(world: World, network: Network, one: Person, trip: Trip, roll: Random) -> None:
    """A passport, mostly a new one, with the form as the network fills it."""
    rates = world.nation.networks
    if network.modus == "papers_in_order":
        _in_order(world, network, one, trip, roll)
        return
    if roll.random() < rates.reappears:
        _came_home_before(world, trip, one, roll)
    young = one.age(world.first + trip.day) < 18
    if not young and roll.random() >= rates.fresh_passport:
        old_book(world, one, trip.day - 70 - roll.randrange(1500), roll)
        return
    paper = Paper(trip.purpose if roll.random() < 0.8 else "TOURISM", trip.goes if roll.random() < 0.7 else None)
    paper.office = network.office if roll.random() < rates.other_office else passport_office(one.home)
    paper.helper = trip.helper if roll.random() < rates.helper_phone else None
    paper.payer = network.payer if roll.random() < rates.one_payer / 2 else None
    paper.sponsor = network.alias if roll.random() < rates.sponsor_named else None
    paper.lodging = network.lodging
    paper.channel = roll.choice(("WALK_IN", "M_PASPOR", "COLLECTIVE"))
    day = trip.day - 9 - int(roll.expovariate(1 / 16))
    if young:
        _made_older(world, one, paper, day, roll)
    young_book(world, one, day, paper, roll)


def _made_older(world: World, one: Person, paper: Paper, day: int, roll: Random) -> None:
    """A child's papers say that it is grown up: in the form alone, in the registry too, or under a second number."""
    years = 23 - one.age(world.first + day) - roll.randrange(2)
    paper.stated_born = one.born - years * 365 - roll.randrange(60)
    drawn = roll.random()
    if drawn < 0.55:
        return
    registered(world, one, world.at_the_office(roll, day - 80))
    one.known = True
    data = {"nik": one.nik, "field": "BIRTH_DATE", "new_birth_date": day_text(paper.stated_born)}
    world.scribe.say(
        "dukcapil", "biodata_changed", f"b{one.number}", world.at_the_office(roll, day - 10 - roll.randrange(50)), data
    )


def _in_order(world: World, network: Network, one: Person, trip: Trip, roll: Random) -> None:
    lead = 50 + roll.randrange(60)
    process = Process(one, "P_TO_P", trip.goes or "MYS", trip.day - lead, lead, company=network.company)
    if process.company is not None:
        process.order = process.company.order(process.company.countries[0], process.begins)
    trip.return_booked = False
    walk_through(world, process, roll)


def _came_home_before(world: World, trip: Trip, one: Person, roll: Random) -> None:
    """Trafficked once already: a complaint, an assessment, a return at the state's cost."""
    home = world.second(trip.day - 40 - roll.randrange(500)) + 4 * HOUR
    country = trip.ends or trip.goes or "MYS"
    about = {"case_no": f"PW-{one.number}b", "nik": one.nik, "country": country}
    filed = {**about, "category": "DECEPTION", "reporter_relation": "SELF"}
    world.scribe.say("peduliwni", "complaint_filed", f"fb{one.number}", home - 40 * DAY, filed)
    status = roll.choice(("INDICATED", "INDICATED", "CONFIRMED", "NOT_ASSESSED"))
    world.scribe.say(
        "peduliwni", "case_assessed", f"eb{one.number}", home - 25 * DAY, {**about, "victim_status": status}
    )
    done = {**about, "cost": "STATE", "arrival_checkpoint": "A-CGK", "handed_to": "RPTC"}
    world.scribe.say("peduliwni", "repatriation_completed", f"hb{one.number}", home, done)
    if roll.random() < 0.25:
        seized = {"passport_no": passport_of(one.number), "nik": one.nik, "case_ref": f"LP/{one.number}"}
        world.scribe.say("polri", "passport_seized", f"ps{one.number}", home + DAY, seized, lag=HOUR)
        lost = {"passport_no": passport_of(one.number), "nik": one.nik, "police_report_no": f"LPK-{one.number}"}
        world.scribe.say("simkim", "passport_reported_lost", f"lb{one.number}", home + 20 * DAY, lost)


def _gone(world: World, network: Network, trip: Trip, roll: Random) -> None:
    if trip.day >= world.days:
        return
    if trip.day < 0:
        at = trip.at or 0
        for one in trip.people:
            cleared(world, trip, one, at)
    elif not leave(world, trip, roll):
        _again(world, network, trip, roll)
        return
    for one in trip.people:
        trip.recruiter = network.named(roll)
        heard_from(world, trip, one, roll)


def _again(world: World, network: Network, trip: Trip, roll: Random) -> None:
    """Put off today, some are sent another way within the month."""
    if roll.random() >= world.nation.deferrals.tries_again:
        return
    others = {
        code: weight for code, weight in network.how.checkpoints.items() if code != trip.checkpoint
    } or network.how.checkpoints
    trip.day += 2 + roll.randrange(20)
    trip.checkpoint = Odds(others).draw(roll)
    trip.at = world.at_the_gate(roll, trip.day, trip.checkpoint)
    if trip.day < world.days:
        leave(world, trip, roll)


def _escort(
    world: World, network: Network, people: list[Person], way: tuple[int, str, str, str | None], roll: Random
) -> None:
    """Somebody of the network goes along, with papers that are in order."""
    at, checkpoint, goes, through = way
    day = (at // DAY) - world.first
    number = network.number + 2 + day % 2
    who = world.dice("escort", number)
    of = family(world.nation, who, number, network.homes[0])
    one = person(who, number, of, "M", (38, world.first))
    trip = Trip(
        [one],
        Traveller.BUSINESS,
        checkpoint,
        day,
        goes,
        "VISA_FREE" if goes != "SAU" else "VISIT",
        "BUSINESS",
        at=at + 30 + roll.randrange(300),
        through=through if through != goes else None,
        away=3 + roll.randrange(5),
        booked_days=2,
        modus="escort",
        network=network.name,
    )
    old_book(world, one, -600, who)
    del people
    leave(world, trip, roll)
