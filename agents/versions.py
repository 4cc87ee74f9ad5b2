"""Versions: which policy one partition judges by, live and in the shadow, as the facts on its log say."""

from datetime import datetime
from enum import StrEnum

import msgspec

from schemas.facts import POLICY_IN_FORCE, Fact, digest


class Use(StrEnum):
    """What a version is for: LIVE decides what is said; SHADOW is only compared with it."""

    LIVE = "live"
    SHADOW = "shadow"


class Announced(msgspec.Struct, frozen=True):
    """A version put to use, by name and by the digest of its content. An empty version ends the use.

    `at` and `offset` are those of the announcement on `suar.policy`: they order announcements alike in all partitions.
    """

    version: str
    digest: str
    at: datetime
    offset: int


class Versions(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a partition was told so far. None: nothing, and the policy of the settings is in force."""

    live: Announced | None = None
    shadow: Announced | None = None

    def after(self, fact: Fact) -> "Versions":
        """With one more fact. An announcement that was heard, or that a newer one overtook, changes nothing."""
        use, told = announced(fact)
        held = self.live if use is Use.LIVE else self.shadow
        if held is not None and (told.at, told.offset) <= (held.at, held.offset):
            return self
        return Versions(told, self.shadow) if use is Use.LIVE else Versions(self.live, told)


def announced(fact: Fact) -> tuple[Use, Announced]:
    """What the fact tells. KeyError, TypeError or ValueError when it is none of ours."""
    if fact.kind != POLICY_IN_FORCE:
        raise ValueError(f"{fact.kind} names no policy")
    told = Announced(fact.text("version"), fact.text("digest"), fact.at, fact.number("offset"))
    return Use(fact.text("role")), told


def announcement(use: Use, told: Announced) -> Fact:
    """The fact for every partition; the same however often it is written."""
    return Fact(
        id=f"suar/{digest(POLICY_IN_FORCE, use.value, told.digest, told.at, told.offset)}",
        kind=POLICY_IN_FORCE,
        source="suar",
        at=told.at,
        admitted_at=told.at,
        data={"version": told.version, "digest": told.digest, "role": use.value, "offset": told.offset},
    )
