"""What is heard of people who left: self-reports, complaints, assessments, returns. Most are never heard of."""

from random import Random
from typing import Any

from schemas.truth import Traveller
from streams.simulator.clock import DAY, HOUR
from streams.simulator.dice import Odds
from streams.simulator.people import Person
from streams.simulator.trips import Trip
from streams.simulator.world import World, bp3mi

_HARM = Odds(
    {"DECEPTION": 24.0, "DOCUMENT_RETENTION": 16.0, "WITHHELD_WAGES": 18.0, "DEBT_BONDAGE": 8.0, "VIOLENCE": 8.0}
    | {"RESTRICTION_OF_MOVEMENT": 9.0, "MISSING_CONTACT": 9.0, "ABUSIVE_CONDITIONS": 8.0}
)
_COMPOUND = Odds({"ONLINE_SCAM": 72.0, "DOCUMENT_RETENTION": 10.0, "RESTRICTION_OF_MOVEMENT": 12.0, "DECEPTION": 6.0})
_TRUTHS = frozenset({Traveller.TRAFFICKED, Traveller.WORKER_WITHOUT_PAPERS})


def heard_from(world: World, trip: Trip, one: Person, roll: Random) -> None:
    """What follows a departure."""
    told = world.nation.abroad
    if trip.traveller in {Traveller.PLACED_WORKER, Traveller.STUDENT} and roll.random() < told.self_report:
        at = world.second(trip.day + 4 + roll.randrange(40)) + roll.randrange(10 * HOUR)
        data = {"nik": one.nik, "passport_no": one.passport, "country": trip.goes}
        world.scribe.say("peduliwni", "self_reported", f"sr{one.number}", at, data)
    rate = {
        Traveller.TRAFFICKED: world.nation.modi[trip.modus].complains if trip.modus else 0.0,
        Traveller.WORKER_WITHOUT_PAPERS: told.complains_without_papers,
        Traveller.PLACED_WORKER: told.complains_placed,
    }.get(trip.traveller, 0.0)
    if roll.random() < rate:
        median, spread = told.after_days
        after = max(6, round(roll.lognormvariate(0, spread) * median))
        complaint(world, trip, one, world.second(trip.day + after) + roll.randrange(10 * HOUR), roll)


def complaint(world: World, trip: Trip, one: Person, at: int, roll: Random) -> None:
    """A complaint at a mission or at KP2MI, and what becomes of it."""
    told = world.nation.abroad
    country = trip.ends or trip.goes or "MYS"
    named = trip.recruiter if roll.random() < told.names_recruiter else {}
    category = (_COMPOUND if trip.modus == "scam_compound" else _HARM).draw(roll)
    if roll.random() < 0.2:
        data = {"case_no": f"KP-{one.number}", "nik": one.nik, "country": country, "category": category, **named}
        world.scribe.say(
            "siskop2mi", "complaint_received", f"cr{one.number}", at, data, lag=HOUR, office=bp3mi(one.home)
        )
        return
    case = f"PW-{one.number}"
    about: dict[str, Any] = {"case_no": case, "country": country}
    if roll.random() < 0.8:
        about |= {"passport_no": one.passport}
    if roll.random() < 0.6 or "passport_no" not in about:
        about |= {"nik": one.nik}
    held = category == "DOCUMENT_RETENTION" or roll.random() < 0.3
    filed = {
        **about,
        "category": category,
        "passport_held": held,
        "reporter_relation": roll.choice(("SELF", "SELF", "FAMILY")),
        **named,
    }
    world.scribe.say("peduliwni", "complaint_filed", f"f{one.number}", at, filed, lag=HOUR)
    _case(world, trip, one, (at, about), roll)


def _case(world: World, trip: Trip, one: Person, filed: tuple[int, dict[str, Any]], roll: Random) -> None:
    at, about = filed
    told = world.nation.abroad
    likely = told.indicated * (1.4 if trip.traveller is Traveller.TRAFFICKED else 0.15)
    drawn = roll.random()
    status = (
        "INDICATED"
        if drawn < likely
        else "CONFIRMED"
        if drawn < likely * 1.2
        else "NOT_VICTIM"
        if drawn < 0.8
        else "NOT_ASSESSED"
    )
    world.scribe.say("peduliwni", "case_assessed", f"e{one.number}", at + 9 * DAY, {**about, "victim_status": status})
    if roll.random() >= told.repatriated:
        return
    home = at + (15 + roll.randrange(60)) * DAY
    if about.get("nik") and roll.random() < 0.5:
        splp = {
            "splp_no": f"SP{one.number % 10_000_000:07d}",
            "nik": one.nik,
            "case_no": about["case_no"],
            "country": about["country"],
        }
        world.scribe.say("peduliwni", "splp_issued", f"sp{one.number}", home - 5 * DAY, splp)
    done = {
        **about,
        "cost": roll.choice(("STATE", "STATE", "SELF")),
        "arrival_checkpoint": "A-CGK",
        "handed_to": roll.choice(("RPTC", "BP3MI", "FAMILY")),
    }
    world.scribe.say("peduliwni", "repatriation_completed", f"h{one.number}", home, done)
    world.scribe.say(
        "peduliwni",
        "case_closed",
        f"k{one.number}",
        home + 20 * DAY,
        {key: about[key] for key in about if key != "country"},
    )
