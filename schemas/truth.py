"""What is true of a simulated departure, and what no agency knows. Written by the simulator, read by the evaluation alone."""

from datetime import datetime
from enum import StrEnum

import msgspec


class Traveller(StrEnum):
    """Why somebody leaves, in truth."""

    HOLIDAY = "HOLIDAY"
    FAMILY = "FAMILY"
    BUSINESS = "BUSINESS"
    STUDENT = "STUDENT"
    PILGRIM = "PILGRIM"
    CREW = "CREW"
    BORDER_RESIDENT = "BORDER_RESIDENT"
    SETTLED_ABROAD = "SETTLED_ABROAD"
    PLACED_WORKER = "PLACED_WORKER"
    """With all papers of a scheme, and no harm in it."""
    WORKER_WITHOUT_PAPERS = "WORKER_WITHOUT_PAPERS"
    """Leaves to work outside the procedure, by an own decision and without a trafficker."""
    TRAFFICKED = "TRAFFICKED"


class Departure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One departure of a simulated person. Nothing in it is ever an input of a rule."""

    person: str
    """A number within the simulation; no identifier of any agency."""
    at: datetime
    """Of the attempt, or of the departure elsewhere; UTC."""
    traveller: Traveller
    crossing_id: str | None = None
    """As in `crossing_attempted`; None: left by no checkpoint."""
    checkpoint: str | None = None
    destination: str | None = None
    """ISO 3166 alpha-3."""
    modus: str | None = None
    """How the person was trafficked, by the simulator's name for it."""
    network: str | None = None
    """The trafficking case to which the departure belongs; all its members carry the same."""
    innocent: str | None = None
    """What looks suspicious about a harmless departure, by the simulator's name for it; it would have cleared the person."""
    sex: str = ""
    age: int = 0
    """Full years on the day."""
    province: str = ""
    """Of residence, a number of the fictional regions."""
    religion: str = ""
    party: str = ""
    """Who sets out together has the same; their fates are not independent."""

    @property
    def at_risk(self) -> bool:
        """Is a stop of this departure right? Of the trafficked it always is."""
        return self.traveller is Traveller.TRAFFICKED

    @property
    def procedural(self) -> bool:
        """Does the person leave as the law wants?"""
        return self.traveller not in {Traveller.TRAFFICKED, Traveller.WORKER_WITHOUT_PAPERS}
