"""Policy: the dated tables that a task force signs, as one frozen value that is handed to every decision."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from schemas.envelope import Checkpoint, Contract, Country, System


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


class Windows(Contract):
    """How far rules look back, in days; the defaults of domain rules 1, 2, 6, 9, 10, 29, 30."""

    cpmi_in_process: int = 120
    earlier_exits: int = 36 * 30
    victim_redeparture: int = 730
    deferral: int = 30
    deferred_group: int = 14
    refusal: int = 730
    two_passports: int = 365
    deported: int = 90
    cleared_suppression: int = 30


class Policy(Contract):
    """One version of the policy. Versions are immutable; the version stands on every alert and screening."""

    version: str
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

    @model_validator(mode="after")
    def _whole(self) -> "Policy":
        missing = set(CheckpointKind) - set(self.gate_minutes)
        if missing:
            raise ValueError(f"gate_minutes lacks {sorted(missing)}")
        return self

    def feed_limit(self, system: System) -> timedelta:
        """The age up to which a feed counts as live; 15 minutes unless the table says otherwise."""
        return timedelta(minutes=self.feed_limit_minutes.get(system, 15))

    def gate_open(self, checkpoint: str) -> timedelta:
        """How long after an attempt a traveller can still be met at that checkpoint."""
        return timedelta(minutes=self.gate_minutes[CheckpointKind(checkpoint[0])])

    def corridor(self, country: str) -> frozenset[str]:
        """The countries reached by the same roads as `country`, itself included."""
        together = {country}
        for members in self.corridors.values():
            if country in members:
                together |= members
        return frozenset(together)
