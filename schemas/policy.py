"""Policy: the dated tables that a task force signs, as one frozen value that is handed to every decision."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import Field, field_validator

from schemas.codes import Scheme, WorkDocument
from schemas.envelope import Checkpoint, Contract, Country, Kabupaten, OfficeCode, System
from schemas.sop import Sop

Province = Annotated[str, Field(pattern=r"^[0-9]{2}$")]
"""Kemendagri code of a province, 2 digits."""


class CheckpointKind(StrEnum):
    """How people leave there, and so how long the door stays open."""

    AIR = "A"
    SEA = "S"
    LAND = "L"


class CheckpointRow(Contract):
    """One TPI."""

    name: str
    zone: Annotated[str, Field(description="IANA time zone of the port")]
    deportation_corridor: bool = False
    """True where deportees are handed over (S-NNK, L-ENT class; rule 30)."""
    exit_corridor: bool = False
    """True for the ports and posts of rule 35: cheap ways out that many who live far away use."""
    province: Annotated[str, Field(pattern=r"^([0-9]{2})?$")] = ""
    """Kemendagri code of the province it stands in; empty: not stated."""
    nearby: frozenset[Kabupaten] = frozenset()
    """Kabupaten and kota within 50 km (rule 19)."""


class CountryRule(StrEnum):
    """What a task force says about placement in a country. Travelling there stays lawful whatever it is."""

    OPEN = "OPEN"
    CLOSED_HOUSEHOLD = "CLOSED_HOUSEHOLD"
    """No placement with private (household) employers (Kepmenaker 260/2015)."""
    NO_AGREEMENT = "NO_AGREEMENT"
    """No agreement on placement (UU 18/2017 Art. 31)."""
    ADVISORY = "ADVISORY"


class CountryRow(Contract):
    """One dated line of the country table; the last one that is in force on a day counts."""

    country: Country
    rule: CountryRule
    legal_ref: Annotated[str, Field(min_length=1)]
    valid_from: date
    valid_to: date | None = None


class AllowRow(Contract):
    """A link that innocent people share: a company's telephone, a village clerk's. By pseudonym, and never for ever."""

    subject: Annotated[str, Field(pattern=r"^[a-z]+:[0-9a-f]{32}$")]
    reason: Annotated[str, Field(min_length=1)]
    until: date


class Corridor(Contract):
    """Where online-scam compounds are reached (rule 5). The destination alone is never a signal."""

    countries: frozenset[Country] = frozenset()
    ports: frozenset[str] = frozenset()
    """IATA codes of final or onward nodes."""
    transits: frozenset[Country] = frozenset()
    """Countries that count only with an onward journey into `countries`."""
    by_land: frozenset[Country] = frozenset()
    """Countries from which the road goes on without another ticket: more signs are asked for, and one of them must be shared."""
    visa_free_days: int = 30
    """A return later than this is no return."""


class HajjSeason(Contract):
    """The days of one year in which a journey to Saudi Arabia may be for the hajj (rule 34)."""

    begins: date
    ends: date


class Budget(Contract):
    """Alerts per 1,000 departures of citizens, by checkpoint and day (domain 3.4)."""

    critical: float = 0.5
    high: float = 3.0
    medium: float = 15.0


class Thresholds(Contract):
    """How many make a cluster, and how different two dates may be."""

    strangers: int = 4
    strangers_households: int = 3
    strangers_kabupaten: int = 3
    contact_uses: int = 4
    contact_households: int = 4
    one_hand: int = 3
    """Rule 18: families whom one number or payer sends abroad within days; as many as `contact_households` are graver."""
    sponsor_applications: int = 5
    address_adults: int = 5
    address_kabupaten: int = 3
    cohort: int = 3
    complaints: int = 2
    complaint_people: int = 20
    complaint_percent: int = 5
    """Rule 20: of a company that places so many, fewer complaints than that share are no sign about everybody else."""
    birth_date_days: int = 365
    adult: int = 18
    """UU 18/2017 Art. 5: the least age of a worker, in years."""
    registered_late: int = 17
    guardian_minors: int = 2
    overrides: int = 3
    overrides_in_a_shift: int = 2
    hasty_epmis: int = 10
    stories_differ: int = 2
    origin_cases: int = 3
    scam_signs: int = 2
    """Signs of rule 5 that must come together."""
    scam_signs_by_land: int = 3
    """And where the ticket ends in a country from which the road goes on by land."""


class Windows(Contract):
    """How far rules look back, in days unless the name says otherwise; the defaults of the rule book."""

    cpmi_in_process: int = 120
    earlier_exits: int = 36 * 30
    worked_abroad: int = 180
    """Rule 1: who stayed there so long before coming home works there."""
    leave: int = 90
    """Rule 1: and who came home no longer ago is on leave."""
    victim_redeparture: int = 730
    deferral: int = 30
    deferred_group: int = 14
    refusal: int = 730
    two_passports: int = 365
    deported: int = 90
    cleared_suppression: int = 30
    new_passport: int = 90
    """Rule 3: first exit on a passport that is no older."""
    corridor_passport: int = 60
    """Rules 5 and 35."""
    ticket_hours: int = 72
    long_stay: int = 45
    """Rule 4: a stay longer than this."""
    returnee_passport: int = 90
    biodata: int = 90
    guardian: int = 180
    booking_hours: int = 24
    contact: int = 30
    one_hand: int = 7
    """Rule 18: who is sent by one hand leaves within so many days."""
    sponsor: int = 60
    address: int = 30
    complaint: int = 180
    cohort_left: int = 60
    cohort_silent: int = 45
    transit_hours: int = 48
    letter_domicile: int = 365
    overrides: int = 7
    shift_hours: int = 12
    hasty_minutes: int = 10
    interview: int = 60
    origin: int = 90
    legacy_data: int = 3 * 365
    """Rule 14: a date that stands on a passport so old is old data, not a new invention."""
    recently_issued: int = 90
    """Rule 14: the office that issued a passport so lately is asked how."""
    household: int = 5 * 365
    """Sharing a family card now or within so long is family."""


class Policy(Contract):
    """One version of the policy. Versions are immutable; the version stands on every alert and screening."""

    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]
    sop: Sop
    """The procedure that goes with every alert; the file names its version (`sop = "2026-11"`)."""
    windows: Windows = Windows()
    feed_limit_minutes: Annotated[Mapping[System, int], Field(default_factory=dict)]
    """Beyond this age of a feed, absence in it is no evidence (rule 36)."""
    gate_minutes: Mapping[CheckpointKind, int]
    """Minutes after an attempt in which a traveller can still be met there, when the service's own time is unknown."""
    alert_days: int = 2
    """An alert that nobody closed expires so long after the attempt."""
    corridors: Annotated[Mapping[str, frozenset[Country]], Field(default_factory=dict)]
    """Countries that are one destination in practice: a corridor by name."""
    checkpoints: Mapping[Checkpoint, CheckpointRow]
    earlier_exits_needed: int = 2
    group_size: int = 3
    thresholds: Thresholds = Thresholds()
    budget: Budget = Budget()
    countries: tuple[CountryRow, ...] = ()
    minimum_ages: Annotated[Mapping[Country, int], Field(default_factory=dict)]
    """Least age for domestic work where the destination asks for more than our law, in years."""
    scam_corridor: Corridor = Corridor()
    hajj: tuple[HajjSeason, ...] = ()
    documents: Annotated[Mapping[Scheme, frozenset[WorkDocument]], Field(default_factory=dict)]
    """What each placement scheme asks for (domain 2.4)."""
    office_areas: Annotated[Mapping[OfficeCode, frozenset[Kabupaten]], Field(default_factory=dict)]
    """By passport office: the kabupaten and kota that it serves (rule 7); an office that is not named is nobody's other office."""
    offices_in_migration: Annotated[Mapping[str, date], Field(default_factory=dict)]
    """By BP3MI office, by kabupaten of a labour office, or by country of work: until when its records may be missing without
    meaning anything."""
    regions: Annotated[Mapping[str, frozenset[Province]], Field(default_factory=dict)]
    """Provinces that lie within 500 km by sea and road for the most part, by island group (rule 35); a distance, never a score."""
    far_apart: tuple[tuple[Province, Province], ...] = ()
    """Pairs within one region that are 500 km apart all the same: home, checkpoint."""
    allow: tuple[AllowRow, ...] = ()
    retention_days: Annotated[Mapping[str, int], Field(default_factory=dict)]
    """By topic or store: how long it keeps what it holds."""
    contacts: Annotated[Mapping[str, str], Field(default_factory=dict)]
    """Whom to call, by role; public numbers only."""

    @field_validator("gate_minutes")
    @classmethod
    def _whole(cls, value: Mapping[CheckpointKind, int]) -> Mapping[CheckpointKind, int]:
        missing = set(CheckpointKind) - set(value)
        if missing:
            raise ValueError(f"lacks {', '.join(sorted(missing))}")
        return value

    def feed_limit(self, system: System) -> timedelta:
        """The age up to which a feed counts as live; 15 minutes unless the table says otherwise."""
        return timedelta(minutes=self.feed_limit_minutes.get(system, 15))

    def gate_open(self, checkpoint: str) -> timedelta:
        """How long after an attempt a traveller can still be met at that checkpoint."""
        return timedelta(minutes=self.gate_minutes[CheckpointKind(checkpoint[0])])

    def country_rule(self, country: str | None, on: date) -> CountryRule:
        """What the table says of a country on a day; OPEN where it says nothing."""
        found = CountryRule.OPEN
        for row in self.countries:
            if row.country == country and row.valid_from <= on and (row.valid_to is None or on <= row.valid_to):
                found = row.rule
        return found

    def least_age(self, country: str | None) -> int:
        """Years that a worker must have for that destination."""
        return max(self.thresholds.adult, self.minimum_ages.get(country or "", 0))

    def far(self, home: str, checkpoint: str) -> bool:
        """Are two provinces 500 km apart or more (rule 35)? False where the table does not know one of them."""
        here, there = self._region.get(home), self._region.get(checkpoint)
        if here is None or there is None:
            return False
        return here != there or (home, checkpoint) in self.far_apart

    @cached_property
    def _region(self) -> dict[str, str]:
        return {province: name for name, members in self.regions.items() for province in members}

    def in_migration(self, names: Iterable[str | None], on: date) -> bool:
        """May records of one of these offices, kabupaten or countries be missing on that day?"""
        return any(
            name in self.offices_in_migration and on <= self.offices_in_migration[name] for name in names if name
        )

    def in_hajj_season(self, on: date) -> bool:
        """Rule 34 looks only then."""
        return any(season.begins <= on <= season.ends for season in self.hajj)

    def allowed(self, link: str, at: datetime) -> bool:
        """Is the link on the allow-list at that moment?"""
        until = self._allowed.get(link)
        return until is not None and at.date() <= until

    @cached_property
    def _allowed(self) -> dict[str, date]:
        return {row.subject: row.until for row in self.allow}

    def corridor(self, country: str) -> frozenset[str]:
        """The countries reached by the same roads as `country`, itself included."""
        together = {country}
        for members in self.corridors.values():
            if country in members:
                together |= members
        return frozenset(together)
