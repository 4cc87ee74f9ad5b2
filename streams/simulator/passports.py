"""Passports: what SIMKIM and the registry record when somebody asks for one, is asked, and gets it."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from streams.simulator.clock import DAY, HOUR, MINUTE, calendar_of, day_of, day_text
from streams.simulator.people import Person, passport_of
from streams.simulator.world import World, passport_office

_SIAK = 13_149
"""1 January 2006: nobody stands in the electronic registry since earlier."""


@dataclass(slots=True)
class Paper:
    """An application: what stands in its form, and how it ends."""

    purpose: str = "TOURISM"
    destination: str | None = None
    office: str = ""
    channel: str = "M_PASPOR"
    helper: str | None = None
    payer: str | None = None
    sponsor: str | None = None
    lodging: tuple[str, str] | None = None
    """A temporary address and its kabupaten."""
    previous: str | None = None
    recommendation: str | None = None
    letter: str | None = None
    employer: str | None = None
    stated_born: int | None = None
    """Day of birth in the form, when it is not the registry's."""
    stated_name: str | None = None
    outcome: str = "ISSUE"
    """Of the interview."""
    cause: str = "EXPIRED"
    """Why an earlier book gave way, where there is one."""
    number: str = ""
    """Of the application, once it is made."""
    asked: dict[str, Any] = field(default_factory=dict)
    """What was answered in the interview, beyond purpose and country."""


def registered(world: World, one: Person, known: int) -> None:
    """The registry's record of somebody, made known when the joined systems first ask for it, at second `known`."""
    since = min(max(one.born + 60, _SIAK), known // DAY - 1)
    data = {
        "nik": one.nik,
        "kk_no": one.kk,
        "name": one.name,
        "birth_date": day_text(one.born),
        "mother_name": one.mother,
        "desa_code": one.desa,
    }
    world.scribe.say("dukcapil", "resident_registered", f"r{one.number}", since * DAY, data, lag=known - since * DAY)


def verified(world: World, one: Person, at: int, paper: Paper, name: str) -> None:
    """The registry answers, field by field."""
    born = "MATCH" if paper.stated_born in {None, one.born} else "MISMATCH"
    called = "MATCH" if paper.stated_name is None else "MISMATCH"
    data = {"nik": one.nik, "found": True, "name": called, "birth_date": born, "mother_name": "MATCH", "sex": "MATCH"}
    world.scribe.say("dukcapil", "nik_verification_result", name, at, data)


def old_book(world: World, one: Person, day: int, roll: Random) -> None:
    """A passport from before, issued on a day of the simulation (negative). Of those who applied lately the form is known, too."""
    one.passport, one.issued = passport_of(one.number), world.first + day
    if -day > world.nation.passports.application_days:
        issued(world, one, world.at_the_office(roll, day), None, ordinary_office(world, one, roll))
        return
    paper = ordinary_paper(world, one, roll, "TOURISM", None)
    submitted(world, one, world.at_the_office(roll, day - 4), paper)
    issued(world, one, world.at_the_office(roll, day), paper, paper.office)


def young_book(world: World, one: Person, day: int, paper: Paper, roll: Random) -> None:
    """A passport asked for on a day of the simulation and issued three to six workdays later."""
    one.passport, one.issued = passport_of(one.number, 1), world.first + day + 4
    at = world.at_the_office(roll, day)
    applied(world, one, at, paper, roll)
    issued(world, one, world.at_the_office(roll, day + 4 + roll.randrange(3)), paper, paper.office)


def applied(world: World, one: Person, at: int, paper: Paper, roll: Random) -> None:
    """Form, registry and interview."""
    submitted(world, one, at, paper)
    number = paper.number
    verified(world, one, at + 4 * MINUTE, paper, f"v{number}")
    interview = {
        "application_no": number,
        "nik": one.nik,
        "officer_ref": f"OFF-{paper.office[6:]}-{roll.randrange(12)}",
        "outcome": paper.outcome,
        "stated_purpose": paper.purpose,
        **({"stated_country": paper.destination} if paper.destination else {}),
        **paper.asked,
    }
    later = at + 20 * MINUTE + roll.randrange(2 * HOUR)
    world.scribe.say("simkim", "passport_interview_completed", f"i{number}", later, interview, office=paper.office)


def submitted(world: World, one: Person, at: int, paper: Paper) -> None:
    """The form alone; with it, the registry's record comes under watch. Of old applications nothing else is kept."""
    number = paper.number = f"AP-{one.number}-{at // DAY % 10_000}"
    if not one.known:
        one.known = True
        registered(world, one, at + 5 * MINUTE)
    data = _form(one, number, paper)
    world.scribe.say("simkim", "passport_application_submitted", f"a{number}", at, data, office=paper.office)


def _form(one: Person, number: str, paper: Paper) -> dict[str, Any]:
    data = {
        "application_no": number,
        "nik": one.nik,
        "kk_no": one.kk,
        "name": paper.stated_name or one.name,
        "birth_date": day_text(one.born if paper.stated_born is None else paper.stated_born),
        "sex": one.sex,
        "mother_name": one.mother,
        "phone": one.phone,
        "desa_code": one.desa,
        "purpose": paper.purpose,
        "office_code": paper.office,
        "channel": paper.channel,
        "destination": paper.destination,
        "helper_phone": paper.helper,
        "payer_ref": paper.payer,
        "sponsor": paper.sponsor,
        "previous_passport_no": paper.previous,
        "recommendation_no": paper.recommendation,
        "village_letter_no": paper.letter,
        "village_letter_desa": one.desa if paper.letter else None,
        "employer_kind": paper.employer,
        "temporary_address": paper.lodging[0] if paper.lodging else None,
        "temporary_kabupaten": paper.lodging[1] if paper.lodging else None,
    }
    return {name: value for name, value in data.items() if value is not None}


def issued(world: World, one: Person, at: int, paper: Paper | None, office: str) -> None:
    """The book itself. Its date of birth is the form's."""
    day = at // DAY
    one.issued = day
    child = calendar_of(day).year - calendar_of(one.born).year < 17
    years = 5 if child or day < 19_275 else 10  # ten years for grown-ups since 12 October 2022
    expires = calendar_of(day)
    expires = expires.replace(year=expires.year + years, day=min(expires.day, 28))
    born = one.born if paper is None or paper.stated_born is None else paper.stated_born
    data = {
        "passport_no": one.passport,
        "nik": one.nik,
        "issued_on": day_text(day),
        "expires_on": day_text(day_of(expires)),
        "office_code": office,
        "birth_date": day_text(born),
    }
    if paper is not None:
        data["application_no"] = paper.number
    world.scribe.say("simkim", "passport_issued", f"p{one.number}-{one.passport[1:3]}", at, data, office=office)


def ordinary_office(world: World, one: Person, roll: Random) -> str:
    """Mostly the home's own."""
    if roll.random() < world.nation.passports.own_office:
        return passport_office(one.home)
    return passport_office(world.nation.travellers_live.draw(roll))


def ordinary_paper(world: World, one: Person, roll: Random, purpose: str, destination: str | None) -> Paper:
    """The form of somebody who fills it, or has it filled by one who does that for many."""
    paper = Paper(purpose, destination, ordinary_office(world, one, roll))
    if roll.random() < world.nation.passports.helper:
        agent = roll.random() < world.nation.innocent.agent_phone
        paper.helper = agent_phone(world, one.home, roll) if agent else kin_phone(one)
        paper.channel = "COLLECTIVE" if agent and roll.random() < 0.3 else "WALK_IN"
    return paper


def agent_phone(world: World, home: str, roll: Random) -> str:
    """A travel agent's or form-filling shop's telephone: some twenty for each kabupaten, each for many people."""
    return f"+62849{int(home):04d}{roll.randrange(max(1, round(20 * world.scale))):05d}"


def kin_phone(one: Person) -> str:
    """A relative's telephone, for this household alone."""
    return f"+62848{one.number % 1_000_000_000:09d}"
