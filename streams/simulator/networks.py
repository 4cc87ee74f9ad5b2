"""Trafficking networks: who recruits, what they share, whom they send and how. Traces are chance, and many leave none."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from schemas.truth import Traveller
from streams.simulator.aftermath import heard_from
from streams.simulator.again import moved
from streams.simulator.clock import DAY, HOUR, MINUTE, day_text
from streams.simulator.companies import Companies, Company
from streams.simulator.deferrals import defer, stopped
from streams.simulator.dice import Odds, poisson
from streams.simulator.gate import cleared, leave
from streams.simulator.nation import Modus
from streams.simulator.passports import Paper, old_book, registered, young_book
from streams.simulator.people import Person, family, number_of, passport_of, person
from streams.simulator.tickets import account_of
from streams.simulator.trips import Trip, account, locator
from streams.simulator.workers import Process, walk_through
from streams.simulator.world import World, passport_office

LOCAL = 119_000
_GAP = 90
"""Numbers of people that a network has for itself: the first five are its own, the others its victims."""
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
    tickets: str
    """Telephone on its bookings: the recruiter's, or that of an operator abroad."""
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
    phone = f"+62847{number % 1_000_000_000:09d}"
    abroad = roll.random() < nation.networks.operator_abroad
    network = Network(
        name=f"N{number}",
        modus=modus,
        how=how,
        begins=day,
        number=number,
        checkpoint=checkpoint,
        homes=tuple(live.draw(roll) for _ in range(1 + roll.randrange(4))),
        phone=phone,
        tickets=f"+62844{number % 1_000_000_000:09d}" if abroad else phone,
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


@dataclass(frozen=True, slots=True)
class Wave:
    """People who leave within some days, because visas expire soon or a place abroad asks for so many (D 3.1)."""

    first: int
    """Place of its first one among all whom the network sends."""
    size: int
    day: int
    phone: str
    payer: str | None
    contact: str | None
    goes: str
    through: str | None


def _send(world: World, network: Network, victims: int, roll: Random) -> None:
    """Waves, one after another, while the network lives."""
    rates = world.nation.networks
    sent = 0
    while sent < victims:
        wave = _wave(world, network, (sent, victims - sent), roll)
        escorts = 2 if wave.size > 5 else 1
        escorted = roll.random() < rates.escort
        done = 0
        while done < wave.size:
            size = max(1, min(wave.size - done, round(roll.lognormvariate(0, rates.group[1]) * rates.group[0])))
            day = wave.day + roll.randrange(rates.wave_days)
            if day < world.days + 60:
                way = _group(world, network, wave, (sent + done, size, day), roll)
                if escorted and done == 0 and 0 <= day < world.days:
                    _escorts(world, network, wave, way, escorts)
            done += size
        sent += wave.size


def _wave(world: World, network: Network, sent: tuple[int, int], roll: Random) -> Wave:
    rates, how = world.nation.networks, network.how
    first, left = sent
    other = f"+62846{(network.number * 17 + first) % 1_000_000_000:09d}"
    goes, through = Odds(how.destinations).draw(roll), _through(how, roll)
    return Wave(
        first=first,
        size=max(1, min(left, round(roll.lognormvariate(0, rates.wave[1]) * rates.wave[0]))),
        day=network.begins + 12 + roll.randrange(rates.lives_days),
        phone=network.phone if roll.random() >= rates.phone_changes else other,
        payer=network.payer if roll.random() < rates.one_payer else None,
        contact=network.tickets if roll.random() < rates.one_contact else None,
        goes=goes,
        through=through if through != goes else None,
    )


def _group(world: World, network: Network, wave: Wave, sent: tuple[int, int, int], roll: Random) -> Trip:
    """People who stand in one line; the first trip of theirs."""
    first, size, day = sent
    rates, how = world.nation.networks, network.how
    together = roll.random() < rates.one_booking
    checkpoint = network.checkpoint if roll.random() < 0.85 else Odds(how.checkpoints).draw(roll)
    at = world.at_the_gate(roll, day, checkpoint)
    people = [_victim(world, network, roll, first + n, day) for n in range(size)]
    trips = [people] if together else [[one] for one in people]
    booked, returns = 1 + int(roll.expovariate(1 / 6)), roll.random() < rates.return_booked
    found: list[Trip] = []
    for members in trips:
        trip = Trip(
            members,
            Traveller.TRAFFICKED,
            checkpoint,
            day,
            wave.goes,
            Odds(how.visas).draw(roll),
            Odds(how.purposes).draw(roll),
            at=at,
            through=wave.through,
            return_booked=returns,
            booked_days=booked,
            modus=network.modus,
            network=network.name,
        )
        trip.booking = locator(roll) if together else None
        trip.payer, trip.contact, trip.helper = wave.payer, wave.contact, wave.phone
        _dressed(trip, roll)
        for one in members:
            _papers(world, network, one, trip, roll)
        found.append(replace(trip))
        _gone(world, network, trip, roll)
        at += 2 * MINUTE + roll.randrange(12 * MINUTE)
    return found[0]


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
    paper.payer = trip.payer if roll.random() < 0.5 else None
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
    trip.return_booked, trip.contact = False, None
    trip.payer = account_of(network.company.ref) if network.company else None
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
    """A departure. Of one before the first day, only its end is told: the clearance, or that it was put off."""
    if trip.day >= world.days:
        return
    if trip.day < 0:
        at, reason = trip.at or 0, stopped(world, trip, roll)
        for one in trip.people:
            if reason is None:
                cleared(world, trip, one, at)
            else:
                defer(world, trip, one, (at, reason), roll)
        went = reason is None
    else:
        went = leave(world, trip, roll)
    if not went:
        _again(world, network, trip, roll)
        return
    for one in trip.people:
        trip.recruiter = network.named(roll)
        heard_from(world, trip, one, roll)


def _again(world: World, network: Network, trip: Trip, roll: Random) -> None:
    """Put off today, some are sent once more within the month, mostly another way."""
    if roll.random() >= world.nation.deferrals.tries_again:
        return
    others = {code: weight for code, weight in network.how.checkpoints.items() if code != trip.checkpoint}
    if trip.booking is not None:
        trip.booking = locator(roll)
    moved(world, trip, others, 2 + roll.randrange(20), roll)
    _gone(world, network, trip, roll)


def _escorts(world: World, network: Network, wave: Wave, way: Trip, count: int) -> None:
    """Some of the network go along, with papers that are in order, on the same booking where there is one."""
    for number in range(network.number + 1 + way.day % 2 * 2, network.number + 1 + way.day % 2 * 2 + count):
        who = world.dice("escort", number, way.day)
        one = person(who, number, family(world.nation, who, number, network.homes[0]), "M", (38, world.first))
        trip = replace(
            way,
            people=[one],
            traveller=Traveller.BUSINESS,
            visa="VISA_FREE" if way.goes != "SAU" else "VISIT",
            purpose="BUSINESS",
            at=(way.at or 0) + 30 + who.randrange(300),
            return_booked=True,
            away=3 + who.randrange(5),
            payer=wave.payer,
            modus="escort",
            lane=None,
            ground=None,
            ends=None,
            more={},
            recruiter={},
        )
        old_book(world, one, -600, who)
        leave(world, trip, who)
