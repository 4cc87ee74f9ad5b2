"""What stands on record of an ordinary party before it leaves, and the mistakes that records have."""

from random import Random

from schemas.truth import Traveller
from streams.simulator.clock import DAY, HOUR, day_text
from streams.simulator.names import name_of
from streams.simulator.passports import (
    Paper,
    applied,
    issued,
    old_book,
    ordinary_office,
    ordinary_paper,
    young_book,
)
from streams.simulator.people import Person, passport_of
from streams.simulator.trips import Trip
from streams.simulator.world import World, bp3mi

_PURPOSES = {
    Traveller.HOLIDAY: "TOURISM",
    Traveller.FAMILY: "FAMILY_VISIT",
    Traveller.BUSINESS: "BUSINESS",
    Traveller.STUDENT: "STUDY",
    Traveller.PILGRIM: "UMRAH",
    Traveller.CREW: "CREW_JOINING",
    Traveller.SETTLED_ABROAD: "FAMILY_VISIT",
    Traveller.PLACED_WORKER: "WORK",
}


def on_record(world: World, trip: Trip, roll: Random, applied_on: int | None) -> None:
    """Passports of a party: asked for on day `applied_on`, or, when None, long ago; and whatever else its story needs."""
    ages = _book_ages(world, trip, roll) if applied_on is None else {}
    for one in trip.people:
        if trip.document == "BORDER_PASS":
            one.passport = f"PLB{one.number % 1_000_000:06d}"
        elif applied_on is None:
            old_book(world, one, trip.day - ages[one.number], roll)
        else:
            _young(world, trip, one, applied_on, roll)
    minors = [one for one in trip.people if one.age(world.first + trip.day) < 18]
    grown = [one for one in trip.people if one not in minors]
    if minors and grown:
        trip.companion = grown[0].passport
        if roll.random() >= world.nation.innocent.children_at_autogates:
            trip.lane = "COUNTER"
    story = _STORIES.get(trip.innocent or "")
    if story is not None:
        for one in trip.people:
            story(world, trip, one, roll)


def _book_ages(world: World, trip: Trip, roll: Random) -> dict[int, int]:
    """Days by number; many families made theirs at one time."""
    ages = {one.number: _book_age(world, one, trip.day, roll) for one in trip.people}
    if roll.random() >= world.nation.passports.together:
        return ages
    cards: dict[str, int] = {}
    for one in trip.people:
        cards[one.kk] = min(ages[one.number], cards.get(one.kk, ages[one.number]))
    return {one.number: cards[one.kk] for one in trip.people}


def _book_age(world: World, one: Person, day: int, roll: Random) -> int:
    """Days; more young books than old ones, none older than its holder allows."""
    oldest = min(world.nation.passports.oldest_days, max(80, world.first + day - one.born - 60))
    if one.age(world.first + day) < 17:
        oldest = min(oldest, 1700)
    youngest = max(world.nation.passports.young_days + 8, day + 8)
    return youngest + int((oldest - youngest) * roll.random() ** 1.5) if oldest > youngest else youngest


def _young(world: World, trip: Trip, one: Person, day: int, roll: Random) -> None:
    chances = world.nation.innocent
    purpose = _PURPOSES.get(trip.traveller, "TOURISM")
    if roll.random() < 0.08:
        purpose = "TOURISM"
    paper = ordinary_paper(world, one, roll, purpose, trip.goes)
    if trip.helper is not None:
        paper.helper = trip.helper
    drawn = roll.random()
    if trip.traveller is Traveller.PILGRIM and drawn < chances.umrah_name:
        paper.stated_name = f"{one.name} {name_of(roll, world.nation.homes[one.home].names, 'M').split()[0]}"
        trip.tales[one.number] = "name_grown_for_umrah"
    elif drawn < 0.2:
        paper.cause = "LOST" if drawn < chances.lost_and_replaced else "EXPIRED"
        _earlier(world, one, paper, day, roll)
        if drawn < chances.lost_and_replaced:
            trip.tales[one.number] = "lost_and_replaced"
    elif drawn < 0.2 + chances.refused_before:
        _put_off_before(world, one, day, roll)
        trip.tales[one.number] = "refused_before_for_paperwork"
    elif drawn < 0.2 + chances.refused_before + chances.date_keyed_wrongly:
        paper.stated_born = one.born + roll.choice((-365, 365, 31, -30, 3653))
        trip.tales[one.number] = "date_keyed_wrongly"
    elif drawn > 1 - chances.corrected_by_court:
        _corrected(world, one, day, roll)
        trip.tales[one.number] = "corrected_by_court"
    young_book(world, one, day, paper, roll)


def _earlier(world: World, one: Person, paper: Paper, day: int, roll: Random) -> None:
    """A book before this one: expired, or reported lost."""
    before = paper.previous = passport_of(one.number)
    at = world.at_the_office(roll, day - 1800 - roll.randrange(900))
    one.passport = before
    issued(world, one, at, None, ordinary_office(world, one, roll))
    data = {"old_passport_no": before, "new_passport_no": passport_of(one.number, 1), "nik": one.nik}
    if paper.cause == "LOST":
        report = {
            "passport_no": before,
            "nik": one.nik,
            "police_report_no": f"LP-{one.number}",
            "bap_no": f"BAP-{one.number}",
        }
        when = world.at_the_office(roll, day - 5)
        world.scribe.say("simkim", "passport_reported_lost", f"l{one.number}", when, report)
    world.scribe.say(
        "simkim",
        "passport_replaced",
        f"s{one.number}",
        world.at_the_office(roll, day + 7) + HOUR,
        {**data, "cause": paper.cause},
    )


def _put_off_before(world: World, one: Person, day: int, roll: Random) -> None:
    earlier = ordinary_paper(world, one, roll, "TOURISM", None)
    at = world.at_the_office(roll, day - 30 - roll.randrange(60))
    earlier.outcome = "ASK_DOCUMENTS"
    applied(world, one, at, earlier, roll)
    data = {
        "application_no": earlier.number,
        "nik": one.nik,
        "reason_code": roll.choice(("INCOMPLETE", "INCOMPLETE", "DUPLICATE", "SYSTEM")),
        "office_code": earlier.office,
    }
    world.scribe.say(
        "simkim", "passport_application_deferred", f"f{one.number}", at + 3 * HOUR, data, office=earlier.office
    )


def _corrected(world: World, one: Person, day: int, roll: Random) -> None:
    data = {
        "nik": one.nik,
        "field": "BIRTH_DATE",
        "new_birth_date": day_text(one.born),
        "court_order_no": f"PN-{one.number}",
    }
    world.scribe.say("dukcapil", "biodata_changed", f"b{one.number}", world.at_the_office(roll, day - 20), data)


def _died_by_mistake(world: World, trip: Trip, one: Person, roll: Random) -> None:
    at = world.at_the_office(roll, trip.day - 40 - roll.randrange(60))
    world.scribe.say("dukcapil", "death_registered", f"o{one.number}", at, {"nik": one.nik})
    if roll.random() < 0.5:
        world.scribe.say("dukcapil", "death_corrected", f"w{one.number}", at + 20 * DAY, {"nik": one.nik})


def _repatriated(world: World, trip: Trip, one: Person, roll: Random) -> None:
    """Brought home from a crisis, a conflict or a contract that ended badly; now on an ordinary trip."""
    at = world.at_the_office(roll, trip.day - 120 - roll.randrange(400))
    case, country = f"PW-{one.number}", roll.choice(("SDN", "LBN", "MYS", "UKR", "MMR"))
    about = {"case_no": case, "nik": one.nik, "country": country}
    filed = {**about, "category": "OTHER", "reporter_relation": "SELF"}
    world.scribe.say("peduliwni", "complaint_filed", f"f{one.number}", at - 30 * DAY, filed)
    if roll.random() < 0.5:
        status = {"case_no": case, "nik": one.nik, "victim_status": "NOT_VICTIM", "country": country}
        world.scribe.say("peduliwni", "case_assessed", f"e{one.number}", at - 20 * DAY, status)
    home = {**about, "cost": "STATE", "arrival_checkpoint": "A-CGK", "handed_to": "FAMILY"}
    world.scribe.say("peduliwni", "repatriation_completed", f"h{one.number}", at, home)


def _deported(world: World, trip: Trip, one: Person, roll: Random) -> None:
    """Handed over at the border some weeks ago; the family lives on the other side."""
    at = world.second(trip.day - 10 - roll.randrange(70)) + 5 * HOUR
    data = {
        "crossing_id": f"CR-{one.number}-d",
        "passport_no": one.passport,
        "deportee": True,
        "from_country": "MYS",
        "checkpoint": trip.checkpoint,
    }
    world.scribe.say("simkim", "entry_cleared", f"n{one.number}-d", at, data, office=trip.checkpoint)


def _in_process(world: World, trip: Trip, one: Person, roll: Random) -> None:
    at = world.at_the_office(roll, trip.day - 15 - roll.randrange(60))
    world.scribe.say("sipmi", "jobseeker_account_created", f"j{one.number}", at, {"nik": one.nik, "phone": one.phone})
    data = {"nik": one.nik, "cpmi_id": f"ID-{one.number}", "country": trip.goes, "desa_code": one.desa}
    world.scribe.say("sipmi", "cpmi_id_issued", f"u{one.number}", at + 3 * DAY, data)


def _leave(world: World, trip: Trip, one: Person, roll: Random) -> None:
    """An e-PMI of an earlier departure that still runs, and what came before it."""
    began = world.first + trip.day - 240 - roll.randrange(410)
    at = max(began - 3, one.issued + 1) * DAY + 4 * HOUR
    _went_and_came_home(world, trip, one, at + 3 * DAY, roll)
    who = {"nik": one.nik, "country": trip.goes}
    company = f"P3MI-{roll.randrange(max(12, round(world.nation.placements.companies * world.scale))):04d}"
    signed = {**who, "p3mi_ref": company, "job_order_no": f"JO-{one.number}"}
    world.scribe.say("sipmi", "placement_agreement_signed", f"pled-{one.number}", at - 60 * DAY, signed)
    world.scribe.say("siskop2mi", "social_security_registered", f"sored-{one.number}", at - 20 * DAY, who)
    world.scribe.say("siskop2mi", "opp_completed", f"opted-{one.number}", at - 8 * DAY, who)
    data = {
        "epmi_no": f"EPMI-{one.number}",
        "nik": one.nik,
        "passport_no": one.passport,
        "scheme": "P_TO_P",
        "country": trip.goes,
        "office_code": bp3mi(one.home),
        "contract_from": day_text(began),
        "contract_to": day_text(began + 730),
        "valid_to": day_text(began + 760),
    }
    world.scribe.say("siskop2mi", "epmi_issued", f"q{one.number}", at, data, office=bp3mi(one.home))


def _went_and_came_home(world: World, trip: Trip, one: Person, went: int, roll: Random) -> None:
    """Nobody comes back from leave who did not go to work, and come home, past a counter."""
    came = (world.first + trip.day - 8 - roll.randrange(40)) * DAY + 9 * HOUR
    if came <= went:
        return
    data = {"crossing_id": f"CR-{one.number}-w", "passport_no": one.passport, "checkpoint": trip.checkpoint}
    out = {**data, "direction": "OUT", "destination": trip.goes}
    home = {**data, "crossing_id": f"CR-{one.number}-h", "from_country": trip.goes}
    world.scribe.say("simkim", "crossing_cleared", f"cw{one.number}", went, out, office=trip.checkpoint)
    world.scribe.say("simkim", "entry_cleared", f"nh{one.number}", came, home, office=trip.checkpoint)


def _on_leave(world: World, trip: Trip, one: Person, roll: Random) -> None:
    """Works there with a permit that no system has: older than its records, or given abroad."""
    went = max(world.first + trip.day - 240 - roll.randrange(600), one.issued + 2) * DAY + 4 * HOUR
    _went_and_came_home(world, trip, one, went, roll)


def _extended(world: World, trip: Trip, one: Person, roll: Random) -> None:
    _on_leave(world, trip, one, roll)
    at = world.at_the_office(roll, trip.day - 5 - roll.randrange(80))
    data = {
        "nik": one.nik,
        "passport_no": one.passport,
        "country": trip.goes,
        "valid_to": day_text(world.first + trip.day + 400),
        "place": "MISSION",
    }
    world.scribe.say("siskop2mi", "contract_extended", f"t{one.number}", at, data)


_STORIES = {
    "died_by_mistake": _died_by_mistake,
    "repatriated_before": _repatriated,
    "deported_family_settled": _deported,
    "cpmi_on_holiday": _in_process,
    "on_leave_with_epmi": _leave,
    "contract_extended_abroad": _extended,
    "on_leave_without_record": _on_leave,
}
