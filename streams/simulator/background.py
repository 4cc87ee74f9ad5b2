"""What else the agencies record: passports of people who stay, refusals, returns, deportations, complaints, changes in the registry."""

from random import Random

from schemas.truth import Traveller
from streams.simulator.clock import DAY, HOUR, day_text
from streams.simulator.dice import Odds, poisson
from streams.simulator.gate import cleared, come_back, truth
from streams.simulator.mix import Cell
from streams.simulator.passports import Paper, applied, issued, ordinary_paper
from streams.simulator.people import Person, family, number_of, passport_of, person
from streams.simulator.travellers import Party, trip_of
from streams.simulator.trips import Trip
from streams.simulator.world import World, passport_office

APPLICANTS, UNSEEN, OTHERS = 96_000, 124_000, 127_000
_PURPOSE = Odds(
    {"TOURISM": 56.0, "UMRAH": 26.0, "FAMILY_VISIT": 6.0, "BUSINESS": 5.0, "STUDY": 3.0, "WORK": 3.0, "MEDICAL": 1.0}
)
_MISSIONS = Odds({"MYS": 44.0, "SAU": 16.0, "TWN": 8.0, "HKG": 6.0, "KHM": 14.0, "ARE": 5.0, "MMR": 3.0, "SGP": 4.0})
_CATEGORIES = Odds(
    {
        "WITHHELD_WAGES": 24.0,
        "DOCUMENT_RETENTION": 12.0,
        "ABUSIVE_CONDITIONS": 14.0,
        "OTHER": 30.0,
        "MISSING_CONTACT": 10.0,
        "ONLINE_SCAM": 10.0,
    }
)


def somebody(
    world: World, roll: Random, where: tuple[int, int], *, ages: tuple[int, int] = (17, 62), worker: bool = False
) -> Person:
    """A person with no story yet, of a day's cohort and a place in it."""
    day, local = where
    number = number_of(day, local)
    home = (world.nation.workers_live if worker else world.nation.travellers_live).draw(roll)
    of = family(world.nation, roll, number, home)
    sex = "F" if roll.random() < 0.5 else "M"
    return person(roll, number, of, sex, (ages[0] + roll.randrange(ages[1] - ages[0]), world.first + day))


def applicants(world: World, day: int, travelling: int) -> None:
    """Passports asked for on a day by people who do not leave in the simulated days. `travelling`: those who do."""
    nation = world.nation
    if not world.workday(day):
        return
    count = max(0, round(nation.passports_a_day * world.scale * 7 / 5) - travelling)
    refusals = nation.passports.refused_a_day * world.scale * 7 / 5
    share = refusals / max(1, count)
    reasons = Odds(nation.refusals)
    for index in range(count):
        roll = world.dice("applicant", day, index)
        one = somebody(world, roll, (day, APPLICANTS + index))
        paper = ordinary_paper(world, one, roll, _PURPOSE.draw(roll), None)
        at = world.at_the_office(roll, day)
        if roll.random() < share:
            _refused(world, one, paper, (at, reasons.draw(roll)), roll)
            continue
        applied(world, one, at, paper, roll)
        one.passport = passport_of(one.number)
        issued(world, one, world.at_the_office(roll, day + 4 + roll.randrange(3)), paper, paper.office)


def _refused(world: World, one: Person, paper: Paper, how: tuple[int, str], roll: Random) -> None:
    at, reason = how
    paper.outcome = {"INCOMPLETE": "ASK_DOCUMENTS", "CPMI_NP": "REFER_TO_BP3MI"}.get(reason, "REFUSE")
    applied(world, one, at, paper, roll)
    data = {"application_no": paper.number, "nik": one.nik, "reason_code": reason, "office_code": paper.office}
    kind = (
        "passport_application_deferred"
        if reason in {"INCOMPLETE", "DUPLICATE", "CPMI_NP"}
        else "passport_application_refused"
    )
    world.scribe.say("simkim", kind, f"f{one.number}", at + 3 * HOUR, data, office=paper.office)
    if reason in {"CPMI_NP", "UNTRUE_STATEMENT"} and roll.random() < 0.2:
        again = ordinary_paper(world, one, roll, "TOURISM", None)
        again.office = passport_office(world.nation.travellers_live.draw(roll))
        applied(world, one, at + (7 + roll.randrange(40)) * DAY, again, roll)


def returning(world: World, day: int, cells: Odds[Cell], sizes: dict[str, Odds[int]]) -> None:
    """People who left before the first day and come back on this one. Of their departure only the clearance is told."""
    target = (world.nation.departures_a_day - world.nation.placements_a_day) * world.busy(day)
    seen = index = 0
    while seen < target:
        roll = world.dice("return", day, index)
        index += 1
        cell = cells.draw(roll)
        size = sizes[cell[0]].draw(roll)
        local = seen
        seen += size
        if cell[0] in {"border_residents", "without_papers"}:
            continue
        trip = trip_of(world, Party(cell, size, 0, number_of(day, 52_000 + local)), roll)
        if trip.away is None or trip.away <= day:
            continue
        trip.day = day - trip.away
        for one in trip.people:
            _book_of_old(world, one, trip.day, roll)
        at = world.at_the_gate(roll, trip.day, trip.checkpoint)
        for one in trip.people:
            cleared(world, trip, one, at)
        come_back(world, trip, roll)


def _book_of_old(world: World, one: Person, day: int, roll: Random) -> None:
    """The passport with which somebody left; nothing else of them is asked again."""
    one.passport = passport_of(one.number)
    issued(world, one, world.at_the_office(roll, day - 40 - roll.randrange(1500)), None, passport_office(one.home))


def unseen(world: World, day: int) -> None:
    """Those who leave by tracks and small boats: no agency knows, but for the few who are handed back later."""
    nation = world.nation.unseen
    for kind, traveller, mean in (
        ("unseen trafficked", Traveller.TRAFFICKED, nation.trafficked),
        ("unseen", Traveller.WORKER_WITHOUT_PAPERS, nation.without_papers),
    ):
        roll = world.dice(kind, day)
        for index in range(poisson(roll, mean * world.scale)):
            mine = world.dice(kind, day, index)
            local = UNSEEN + index + (1000 if traveller is Traveller.TRAFFICKED else 0)
            one = somebody(world, mine, (day, local), ages=(17, 46), worker=True)
            trafficked = traveller is Traveller.TRAFFICKED
            trip = Trip([one], traveller, "", day, "MYS", "", "", modus="unseen_boat_or_track" if trafficked else None)
            at = world.second(day) + (17 * HOUR + mine.randrange(8 * HOUR)) % DAY
            world.scribe.know(truth(world, trip, one, at, seen=False))


def others(world: World, day: int) -> None:
    """Deportations, complaints of people who left long ago, and the registry's changes, of one day."""
    roll = world.dice("others", day)
    deported = poisson(roll, 38 * world.scale)  # 4,443 by Entikong and some 10,000 by Nunukan a year (D 3.3)
    complaints = poisson(roll, world.nation.abroad.background_complaints_a_day * world.scale)
    for index in range(deported):
        _handed_back(world, world.dice("deported", day, index), day, OTHERS + index)
    for index in range(complaints):
        _complains(world, world.dice("complaint", day, index), day, OTHERS + 300 + index)
    for index in range(poisson(roll, world.nation.abroad.self_reports_a_day * world.scale)):
        _reports(world, world.dice("report", day, index), day, OTHERS + 1300 + index)
    for index in range(poisson(roll, 400 * world.scale)):
        _changed(world, world.dice("changed", day, index), day, OTHERS + 800 + index)


def _handed_back(world: World, roll: Random, day: int, local: int) -> None:
    one = somebody(world, roll, (day, local), ages=(18, 50), worker=True)
    splp = f"SP{one.number % 10_000_000:07d}"
    at = world.second(day) + 3 * HOUR + roll.randrange(5 * HOUR)
    known = {"nik": one.nik} if roll.random() < 0.6 else {}
    world.scribe.say(
        "peduliwni", "splp_issued", f"sp{one.number}", at - 4 * DAY, {"splp_no": splp, "country": "MYS", **known}
    )
    checkpoint = roll.choice(("L-ENT", "S-NNK", "S-NNK"))
    data = {
        "crossing_id": f"CR-{one.number}-d",
        "passport_no": splp,
        "document_type": "SPLP",
        "deportee": True,
        "from_country": "MYS",
        "checkpoint": checkpoint,
    }
    world.scribe.say("simkim", "entry_cleared", f"n{one.number}-d", at, data, office=checkpoint)


def _complains(world: World, roll: Random, day: int, local: int) -> None:
    one = somebody(world, roll, (day, local), ages=(19, 50), worker=True)
    at = world.second(day) + 2 * HOUR + roll.randrange(12 * HOUR)
    data = {
        "case_no": f"PW-{one.number}",
        "nik": one.nik,
        "country": _MISSIONS.draw(roll),
        "category": _CATEGORIES.draw(roll),
        "reporter_relation": roll.choice(("SELF", "FAMILY", "OTHER")),
    }
    if roll.random() < 0.2:
        data["recruiter_name"] = roll.choice(("PAK HAJI", "BU SRI", "BANG AMIR")) + f" {roll.randrange(400)}"
    if roll.random() < 0.2:
        data["recruiter_phone"] = f"+62845{roll.randrange(10**9):09d}"
    world.scribe.say("peduliwni", "complaint_filed", f"f{one.number}", at, data, lag=HOUR)
    status = {"case_no": data["case_no"], "nik": one.nik, "country": data["country"]}
    found = roll.choice(("NOT_ASSESSED", "NOT_VICTIM", "NOT_VICTIM", "INDICATED"))
    world.scribe.say("peduliwni", "case_assessed", f"e{one.number}", at + 12 * DAY, {**status, "victim_status": found})


def _reports(world: World, roll: Random, day: int, local: int) -> None:
    """Somebody who lives abroad tells the mission so."""
    one = somebody(world, roll, (day, local), ages=(18, 60))
    at = world.second(day) + HOUR + roll.randrange(14 * HOUR)
    data = {"nik": one.nik, "country": _MISSIONS.draw(roll)}
    world.scribe.say("peduliwni", "self_reported", f"sr{one.number}", at, data)


def _changed(world: World, roll: Random, day: int, local: int) -> None:
    """The subscription's daily changes: moves, marriages, deaths, duplicates."""
    one = somebody(world, roll, (day, local))
    at = world.at_the_office(roll, day)
    drawn = roll.random()
    if drawn < 0.5:
        moved = {"nik": one.nik, "desa_code": one.desa}
        world.scribe.say("dukcapil", "residence_moved", f"rm{one.number}", at, moved)
    elif drawn < 0.8:
        world.scribe.say("dukcapil", "household_changed", f"hc{one.number}", at, {"nik": one.nik, "kk_no": one.kk})
    elif drawn < 0.95:
        died = {"nik": one.nik, "died_on": day_text(at // DAY - 3)}
        world.scribe.say("dukcapil", "death_registered", f"o{one.number}", at, died)
    else:
        world.scribe.say(
            "dukcapil", "nik_deactivated", f"nd{one.number}", at, {"nik": one.nik, "reason_code": "DUPLICATE"}
        )
