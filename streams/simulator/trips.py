"""A trip: people who leave together, and what stands on their tickets and in their answers."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from schemas.truth import Traveller
from streams.simulator.people import Person
from streams.simulator.world import World

_VISA_FREE = frozenset(
    [
        "SGP",
        "MYS",
        "THA",
        "VNM",
        "PHL",
        "KHM",
        "LAO",
        "MMR",
        "BRN",
        "HKG",
        "TLS",
        "TUR",
        "MAC",
        "PER",
        "COL",
        "FJI",
        "MAR",
    ]
)


@dataclass(slots=True)
class Trip:
    """Everything about a departure but where it is told. Days count from the first one of the simulation."""

    people: list[Person]
    traveller: Traveller
    checkpoint: str
    day: int
    goes: str | None
    visa: str
    purpose: str
    at: int | None = None
    """Second at which the first stands at the checkpoint; None: at an hour like others."""
    through: str | None = None
    """First stop, where the ticket goes on from there."""
    away: int | None = None
    """Days until the return; None: nobody returns in the simulation."""
    return_booked: bool | None = True
    booking: str | None = None
    payer: str | None = None
    booked_days: int = 30
    group: str | None = None
    size: int | None = None
    exemption: str | None = None
    lane: str | None = None
    ground: str | None = None
    companion: str | None = None
    """Passport of the grown-up with whom a minor presents."""
    consent: bool = False
    document: str = "ORDINARY"
    contact: str | None = None
    """Telephone on the ticket, when it is stated."""
    helper: str | None = None
    """Telephone of somebody who fills in forms for them."""
    recruiter: dict[str, Any] = field(default_factory=dict)
    """What a complaint may name of whoever sent them."""
    more: dict[str, Any] = field(default_factory=dict)
    """What else stands in the attempt, such as a seafarer's papers."""
    innocent: str | None = None
    tales: dict[int, str] = field(default_factory=dict)
    """What looks suspicious about one of them alone, by number."""
    modus: str | None = None
    network: str | None = None
    ends: str | None = None
    """In truth, when it is not where the ticket goes."""


def visa_for(country: str | None, *, family: bool = False) -> str:
    """What a visitor needs."""
    if country is None or country in _VISA_FREE:
        return "VISA_FREE"
    return "VISIT" if family else "TOURIST"


def days_away(world: World, roll: Random, kind: Traveller) -> int:
    """How long somebody of a kind stays away, in days."""
    median, spread = world.nation.trips[kind.value]
    return max(0, round(roll.lognormvariate(0.0, spread) * median))


def crossing(trip: Trip, one: Person) -> str:
    """The reference of somebody's attempt on that day."""
    return f"CR-{one.number}-{trip.day + 1000}"


def stated(data: dict[str, Any]) -> dict[str, Any]:
    """Less what nobody said."""
    return {name: value for name, value in data.items() if value is not None}


def locator(roll: Random) -> str:
    """A booking reference of a carrier that does not exist."""
    return f"Q{roll.randrange(10)}/{''.join(roll.choices('ABCDEFGHJKLMNPQRSTUVWXYZ23456789', k=6))}"


def account(roll: Random) -> str:
    """A payer's reference."""
    return f"PAY-{roll.getrandbits(44):011x}"
