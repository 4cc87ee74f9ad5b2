"""Who paid for a ticket, and whose number stands on the booking. Agencies, companies and brokers do both for many (domain 7, rules 17, 18)."""

from random import Random

from schemas.truth import Traveller
from streams.simulator.passports import agent_phone
from streams.simulator.trips import Trip, account
from streams.simulator.world import World

_BY_AGENCY = frozenset({"tour_group_one_booking"})


def bought(world: World, trip: Trip, roll: Random) -> None:
    """An ordinary party's ticket: by a travel agency, an employer, a broker, or by one of themselves."""
    chances, home = world.nation.innocent, trip.people[0].home
    drawn, whose = roll.random(), roll.random()
    if trip.traveller is Traveller.WORKER_WITHOUT_PAPERS and drawn < chances.broker:
        trip.contact = trip.helper = _broker(world, home, roll)
        trip.payer = account_of(trip.contact) if whose < 0.5 else None
    elif trip.group in {"TOUR", "PPIU"} or trip.innocent in _BY_AGENCY or drawn < chances.agency:
        trip.contact = agent_phone(world, home, roll)
        trip.payer = trip.payer or account_of(trip.contact)
    elif trip.traveller is Traveller.BUSINESS and drawn < chances.agency + chances.company_pays:
        trip.payer = f"PAY-PT{home}{roll.randrange(max(1, round(40 * world.scale))):05d}"
        trip.contact = trip.people[0].phone
    else:
        trip.payer = account(roll) if whose < chances.payer_stated else None
        trip.contact = trip.people[0].phone if roll.random() < chances.contact_stated else None


def account_of(name: str) -> str:
    """The one account of whoever buys for many, by telephone or register number."""
    return f"PAY-{name[-11:]}"


def _broker(world: World, home: str, roll: Random) -> str:
    """A broker's telephone: some six for each kabupaten, for people who decide for themselves to go without papers."""
    return f"+62849{int(home):04d}9{roll.randrange(max(1, round(6 * world.scale))):04d}"
