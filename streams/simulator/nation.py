"""The parameters of a nation: one TOML file with the source of each number beside it, read strictly."""

from functools import cached_property
from pathlib import Path

import msgspec

from streams.simulator.dice import Odds

HERE = Path(__file__).parent
DEFAULT = HERE / "nation.toml"
Weights = dict[str, float]
Spread = tuple[float, float]
"""Median, and standard deviation of the logarithm."""


class NationError(Exception):
    """The file is no nation; names the place in it."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A table of the file."""


class Weekdays(_Part, frozen=True):
    """How busy each day is, Monday first; 1 on average."""

    factors: tuple[float, float, float, float, float, float, float]


class Checkpoint(_Part, frozen=True):
    """A TPI: its share of departures, its province, where its travellers live, and what is there."""

    share: float
    province: str
    near: tuple[str, ...]
    utc: int
    api: float
    auto: float
    goes: str


class Travellers(_Part, frozen=True):
    """What departing people are, in truth: weights."""

    pilgrims: float
    returning_workers: float
    students: float
    sea_crew: float
    border_residents: float
    settled_abroad: float
    business: float
    family_visits: float
    holidays: float
    without_papers: float
    trafficked: float


class Unseen(_Part, frozen=True):
    """Departures a day that meet no checkpoint."""

    without_papers: float
    trafficked: float


class Passports(_Part, frozen=True):
    """How passports come about, and how old they are."""

    young: float
    young_days: int
    application_days: int
    oldest_days: int
    own_office: float
    together: float
    helper: float
    refused_a_day: float


class Placements(_Part, frozen=True):
    """Lawful placement: schemes, countries, companies, and what goes wrong in the files."""

    drop_out: float
    lead_days: Spread
    late_epmi: float
    order_broken: float
    job_orders: int
    companies: int
    suspended: float
    schemes: Weights
    P_TO_P: Weights
    INDEPENDENT: Weights
    SSW: Weights
    PTM: Weights
    EXTENSION: Weights
    G_TO_G: Weights
    OWN_COMPANY: Weights
    SEA_MERCHANT: Weights
    SEA_FISHING: Weights


class Deferrals(_Part, frozen=True):
    """What officers do today."""

    a_thousand: float
    trafficked: float
    without_papers: float
    reasons: Weights
    tries_again: float
    same_checkpoint: float
    harmless_again: float
    harmless_same: float
    recorded_by_bp3mi: float


class Abroad(_Part, frozen=True):
    """What is heard of people who left."""

    self_report: float
    complains_without_papers: float
    complains_placed: float
    repatriated: float
    indicated: float
    names_recruiter: float
    after_days: Spread
    self_reports_a_day: float
    background_complaints_a_day: float


class Innocent(_Part, frozen=True):
    """How often harmless travellers look like others."""

    open_trip: float
    tour_unstated: float
    agent_phone: float
    far_home: float
    one_way: float
    booked_late: float
    umrah_alone: float
    family_in_gulf: float
    mekong_holiday: float
    child_without_family: float
    children_at_autogates: float
    cpmi_on_holiday: float
    lost_and_replaced: float
    refused_before: float
    died_by_mistake: float
    date_keyed_wrongly: float
    repatriated_before: float
    deported_family: float
    employer_moved: float
    professional: float
    umrah_name: float
    priority_companion: float
    corrected_by_court: float
    agency: float
    company_pays: float
    broker: float
    payer_stated: float
    contact_stated: float


class Networks(_Part, frozen=True):
    """How trafficking networks work: chances, unless days."""

    lives_days: int
    victims: Spread
    wave: Spread
    wave_days: int
    group: Spread
    helper_phone: float
    phone_changes: float
    sponsor_named: float
    one_booking: float
    one_payer: float
    one_contact: float
    operator_abroad: float
    escort: float
    fresh_passport: float
    other_office: float
    holding_house: float
    return_booked: float
    listed: float
    reappears: float


class Modus(_Part, frozen=True):
    """A way in which people are trafficked."""

    share: float
    checkpoints: Weights
    destinations: Weights
    through: Weights
    """Weights out of 100 for going by way of another country; the rest goes straight."""
    visas: Weights
    purposes: Weights
    women: float
    complains: float
    """Share of its victims of whom a complaint is heard, sooner or later."""
    ages: tuple[int, int]
    homes: str


class Home(_Part, frozen=True):
    """A kabupaten: the names there, and how many travel and how many leave to work."""

    names: str
    travel: float
    sends: float


class Nation(_Part, frozen=True):
    """Everything."""

    name: str
    departures_a_day: float
    placements_a_day: float
    passports_a_day: float
    weekdays: Weekdays
    hours: dict[str, tuple[float, ...]]
    checkpoints: dict[str, Checkpoint]
    destinations: dict[str, Weights]
    travellers: Travellers
    trips: dict[str, Spread]
    passports: Passports
    refusals: Weights
    placements: Placements
    unseen: Unseen
    deferrals: Deferrals
    abroad: Abroad
    innocent: Innocent
    networks: Networks
    modi: dict[str, Modus]
    homes: dict[str, Home]

    @cached_property
    def at_checkpoints(self) -> Odds[str]:
        """Where an ordinary traveller leaves."""
        return Odds({code: one.share for code, one in self.checkpoints.items()})

    @cached_property
    def hours_of(self) -> dict[str, Odds[int]]:
        """Local hours by kind of checkpoint: A, S, L."""
        return {kind: Odds(dict(enumerate(weights))) for kind, weights in self.hours.items()}

    @cached_property
    def going(self) -> dict[str, Odds[str]]:
        """Destinations by table."""
        return {name: Odds(weights) for name, weights in self.destinations.items()}

    @cached_property
    def workers_live(self) -> Odds[str]:
        """Homes of those who leave to work."""
        return Odds({code: home.sends for code, home in self.homes.items()})

    @cached_property
    def travellers_live(self) -> Odds[str]:
        """Homes of travellers, wherever they leave."""
        return Odds({code: home.travel for code, home in self.homes.items()})

    @cached_property
    def near(self) -> dict[str, Odds[str]]:
        """Homes of those who leave by the checkpoint near them."""
        return {code: self._near(one) for code, one in self.checkpoints.items()}

    def _near(self, one: Checkpoint) -> Odds[str]:
        found = {code: home.travel for code, home in self.homes.items() if code[:2] in one.near}
        return Odds(found) if found else self.travellers_live


def load(path: Path = DEFAULT) -> Nation:
    """Reads a nation. Raises NationError with the place of what is wrong."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Nation)
    except OSError as error:
        raise NationError(f"{path}: {error.strerror}") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise NationError(f"{path}: {error}") from None
