"""Lawful placement: the documents of every scheme in their order, from the first account to the departure."""

from dataclasses import dataclass
from random import Random
from typing import Any

from schemas.truth import Traveller
from streams.simulator.aftermath import heard_from
from streams.simulator.clock import DAY, HOUR, day_text
from streams.simulator.companies import Companies, Company
from streams.simulator.dice import Odds
from streams.simulator.gate import leave
from streams.simulator.passports import Paper, old_book, young_book
from streams.simulator.people import Person, family, number_of, person
from streams.simulator.tickets import account_of
from streams.simulator.trips import Trip
from streams.simulator.world import World, bp3mi, passport_office

LOCAL = 114_000
LONGEST = 200
"""Days that a process takes at most."""
_LEAVES = Odds(
    {"A-CGK": 60.0, "A-SUB": 23.0, "A-SRG": 3.0, "A-KNO": 4.0, "A-LOP": 4.0, "A-DPS": 4.0, "A-YIA": 1.0, "S-BTC": 1.0}
)
_WITH_COMPANY = frozenset({"P_TO_P"})
_NO_VISA = frozenset({"SSW", "SEA_MERCHANT", "SEA_FISHING"})
_OWN_WAY = frozenset({"INDEPENDENT", "SSW", "PTM", "SEA_MERCHANT", "SEA_FISHING", "OWN_COMPANY"})
_STEPS: tuple[tuple[float, str], ...] = (
    (0.14, "DOC_MARITAL"),
    (0.16, "DOC_FAMILY_PERMIT"),
    (0.3, "DOC_HEALTH"),
    (0.33, "DOC_JKN"),
    (0.45, "DOC_COMPETENCE"),
    (0.6, "DOC_PASSPORT"),
    (0.68, "DOC_EMPLOYMENT_CONTRACT"),
    (0.78, "DOC_WORK_VISA"),
    (0.84, "DOC_BPJS_TK"),
    (0.88, "DOC_OPP"),
)
"""Documents by the share of the process after which they are checked (D 2.3)."""
_MATRIX: dict[str, frozenset[str]] = {
    "EXTENSION": frozenset({"DOC_PASSPORT", "DOC_WORK_VISA", "DOC_EMPLOYMENT_CONTRACT"}),
    "SEA_MERCHANT": frozenset(
        {"DOC_COMPETENCE", "DOC_HEALTH", "DOC_PASSPORT", "DOC_EMPLOYMENT_CONTRACT", "DOC_BPJS_TK"}
    ),
    "SEA_FISHING": frozenset(
        {"DOC_COMPETENCE", "DOC_HEALTH", "DOC_PASSPORT", "DOC_EMPLOYMENT_CONTRACT", "DOC_BPJS_TK"}
    ),
    "SSW": frozenset(doc for _, doc in _STEPS if doc not in {"DOC_COMPETENCE", "DOC_WORK_VISA"}),
    "PTM": frozenset(doc for _, doc in _STEPS if doc != "DOC_COMPETENCE"),
}
"""What a scheme asks for, where it is not everything (D 2.4)."""


@dataclass(slots=True)
class Process:
    """A placement under way. Days count from the first one of the simulation."""

    one: Person
    scheme: str
    country: str
    begins: int
    lead: int
    company: Company | None = None
    order: str | None = None
    until: float = 2.0
    """The share of the process after which it stops; beyond 1: it is finished."""
    late: int = 0
    """Seconds after the departure at which the e-PMI is keyed; 0: in time."""
    broken: bool = False
    new_book: bool = True

    def day(self, share: float) -> int:
        """The day on which that share of the process is done."""
        return self.begins + int(self.lead * share)


def begin(world: World, companies: Companies, day: int) -> None:
    """Everybody who begins a placement on a day, and is in the process on one of the simulated days."""
    nation = world.nation.placements
    roll = world.dice("placements", day)
    schemes = Odds(nation.schemes)
    count = round(world.nation.placements_a_day * world.scale / (1 - nation.drop_out))
    for index in range(count):
        mine = world.dice("placement", day, index)
        lead = min(LONGEST, max(20, round(mine.lognormvariate(0, nation.lead_days[1]) * nation.lead_days[0])))
        scheme = schemes.draw(mine)
        if scheme == "EXTENSION":
            lead = max(6, lead // 6)
        if day + lead < 0:
            continue
        _placed(world, companies, Process(_worker(world, mine, day, index), scheme, "", day, lead), mine)
    del roll


def _worker(world: World, roll: Random, day: int, index: int) -> Person:
    number = number_of(day, LOCAL + index)
    of = family(world.nation, roll, number, world.nation.workers_live.draw(roll))
    sex = "F" if roll.random() < 0.64 else "M"
    return person(roll, number, of, sex, (21 + roll.randrange(24), world.first + day))


def _placed(world: World, companies: Companies, process: Process, roll: Random) -> None:
    nation = world.nation.placements
    process.country = Odds(getattr(nation, process.scheme)).draw(roll)
    if process.scheme in _WITH_COMPANY:
        process.company = companies.placing(process.country, roll)
        process.order = process.company.order(process.country, process.begins)
    if process.scheme.startswith("SEA"):
        process.one.sex = "M"
    dropped, late, broken = (
        roll.random() < nation.drop_out,
        roll.random() < nation.late_epmi,
        roll.random() < nation.order_broken,
    )
    process.until = 0.1 + 0.8 * roll.random() if dropped else 2.0
    process.late = 30 * 60 + int(roll.expovariate(1 / (14 * HOUR))) if late else 0
    process.broken = broken and not late
    process.new_book = roll.random() < 0.72 and process.scheme != "EXTENSION"
    walk_through(world, process, roll)
    if dropped:
        if roll.random() < 0.4:
            at = world.at_the_office(roll, process.day(process.until) + 5)
            world.scribe.say(
                "siskop2mi", "placement_cancelled", f"tc{process.one.number}", at, {"nik": process.one.nik}
            )
        return
    trip = departure(world, process, roll)
    if roll.random() < world.nation.innocent.employer_moved and not process.late:
        trip.goes, trip.innocent = roll.choice(("SGP", "HKG", "MYS", "TWN")), "employer_moved"
    if leave(world, trip, roll):
        heard_from(world, trip, process.one, roll)


def departure(world: World, process: Process, roll: Random) -> Trip:
    """The day on which it all ends well."""
    sea = process.scheme.startswith("SEA")
    visa, purpose = ("CREW", "CREW_JOINING") if sea else ("WORK", "WORK")
    trip = Trip(
        [process.one],
        Traveller.CREW if sea else Traveller.PLACED_WORKER,
        _LEAVES.draw(roll),
        process.day(1.0),
        process.country,
        visa,
        purpose,
        return_booked=False,
    )
    if sea:
        kind = "FISHING" if process.scheme == "SEA_FISHING" else "MERCHANT"
        trip.more = {"seafarer_book": True, "sea_contract_no": f"PKL-{process.one.number}", "vessel_kind": kind}
    trip.booked_days = 3 + roll.randrange(12)
    if process.company is not None:
        trip.payer = account_of(process.company.ref)
    trip.innocent = "late_epmi" if process.late else "papers_out_of_order" if process.broken else None
    return trip


def walk_through(world: World, process: Process, roll: Random) -> None:
    """Every step of the process up to where it stops."""
    one = process.one
    own = process.scheme in _OWN_WAY
    steps: list[tuple[float, str, str, dict[str, Any]]] = []
    who = {"nik": one.nik, "country": process.country}
    if process.scheme == "EXTENSION":
        pass
    elif own:
        registered = {**who, "scheme": process.scheme, "phone": one.phone, "kk_no": one.kk, "desa_code": one.desa}
        steps.append((0.0, "siskop2mi", "cpmi_registered", registered))
    else:
        steps.append((0.0, "sipmi", "jobseeker_account_created", {"nik": one.nik, "phone": one.phone}))
        steps.append((0.05, "sipmi", "cpmi_id_issued", {**who, "cpmi_id": f"ID-{one.number}", "desa_code": one.desa}))
    if process.company is not None:
        signed = {**who, "p3mi_ref": process.company.ref, "job_order_no": process.order}
        steps.append((0.12, "sipmi", "placement_agreement_signed", signed))
        steps.append((0.12, "siskop2mi", "document_verified", _document(process, "DOC_PLACEMENT_AGREEMENT", roll)))
    steps += _checks(process, roll)
    for share, system, kind, data in steps:
        if share <= process.until:
            at = world.at_the_office(roll, process.day(share))
            name = f"{kind[:2]}{kind[-3:]}{data.get('document', '')[4:8]}-{one.number}"
            world.scribe.say(system, kind, name, at, data, office=bp3mi(one.home), lag=5 + roll.randrange(900))
    _book(world, process, roll)
    if process.until > 1:
        _epmi(world, process, roll)


def _document(process: Process, document: str, roll: Random) -> dict[str, Any]:
    verifier = f"VER-{process.one.home[:2]}-{roll.randrange(9)}"
    return {
        "nik": process.one.nik,
        "country": process.country,
        "document": document,
        "valid": True,
        "verifier_ref": verifier,
    }


def _checks(process: Process, roll: Random) -> list[tuple[float, str, str, dict[str, Any]]]:
    found: list[tuple[float, str, str, dict[str, Any]]] = []
    who = {"nik": process.one.nik, "country": process.country}
    asked = _MATRIX.get(process.scheme)
    for share, document in _STEPS:
        if asked is not None and document not in asked:
            continue
        if document in {"DOC_JKN", "DOC_MARITAL", "DOC_COMPETENCE", "DOC_PASSPORT"} and roll.random() < 0.35:
            continue  # on paper in the file, and not keyed
        when = 1.02 if process.broken and document in {"DOC_OPP", "DOC_BPJS_TK"} else share
        found.append((when, "siskop2mi", "document_verified", _document(process, document, roll)))
        match document:
            case "DOC_HEALTH":
                found.append((share - 0.02, "siskop2mi", "medical_result", {**who, "result": "FIT"}))
            case "DOC_BPJS_TK":
                found.append((when - 0.02, "siskop2mi", "social_security_registered", who))
            case "DOC_OPP":
                found.append((when, "siskop2mi", "opp_completed", who))
                found.append((0.9, "siskop2mi", "biometric_captured", who))
            case _:
                pass
    return found


def _book(world: World, process: Process, roll: Random) -> None:
    """A passport for the work: recommended by the labour office, at the home's office; or an older one."""
    one = process.one
    if not process.new_book:
        old_book(world, one, process.begins - 90 - roll.randrange(1200), roll)
        return
    if process.until < 0.4:
        return
    paper = Paper("WORK", process.country, passport_office(one.home), channel="LTSA")
    if process.scheme in {"P_TO_P", "G_TO_G"}:
        paper.recommendation = f"REK-{one.number}"
        data = {"nik": one.nik, "recommendation_no": paper.recommendation, "country": process.country}
        at = world.at_the_office(roll, min(process.day(0.36), process.day(0.4) - 3))
        world.scribe.say("sipmi", "passport_recommendation_issued", f"re{one.number}", at, data)
    if roll.random() < 0.7:
        paper.letter = f"474/{one.number}/DS"
    paper.employer = (
        "HOUSEHOLD" if one.sex == "F" and process.country in {"HKG", "TWN", "SGP", "MYS", "SAU"} else "LEGAL_ENTITY"
    )
    young_book(world, one, process.day(0.4), paper, roll)


def _epmi(world: World, process: Process, roll: Random) -> None:
    one, ends = process.one, world.first + process.day(1.0)
    data = {
        "epmi_no": f"EPMI-{one.number}",
        "nik": one.nik,
        "passport_no": one.passport,
        "scheme": process.scheme,
        "country": process.country,
        "office_code": bp3mi(one.home),
        "verifier_ref": f"VER-{one.home[:2]}-{roll.randrange(9)}",
        "p3mi_ref": process.company.ref if process.company else None,
        "job_order_no": process.order,
        "contract_from": day_text(ends + 2),
        "contract_to": day_text(ends + 732),
        "valid_to": day_text(ends + 760),
    }
    at = world.at_the_office(roll, process.day(0.96) - 1) + 7 * HOUR  # when the day's other papers are in
    lag = 5 + roll.randrange(600) if not process.late else world.second(process.day(1.0)) + DAY + process.late - at
    told = {name: value for name, value in data.items() if value is not None}
    world.scribe.say("siskop2mi", "epmi_issued", f"q{one.number}", at, told, lag=lag, office=bp3mi(one.home))
