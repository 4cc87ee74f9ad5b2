"""What villages and districts are told: counts of people by home area and by what happened, and nothing about anybody."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.envelope import Contract

FEWEST = 3
"""No count of fewer people is ever published, whatever a policy says (domain rule 31)."""
KABUPATEN_DIGITS = 4


class AreaLevel(StrEnum):
    """How wide an area is: few of 75,266 desa have a programme, every kabupaten has a Disnaker."""

    DESA = "DESA"
    KABUPATEN = "KABUPATEN"


class Indicator(StrEnum):
    """What is counted of the people whose home an area is."""

    HARM = "HARM"
    """They complained, were repatriated, or their departure was put off on a ground of non-procedural work or TPPO (rule 31)."""
    PASSPORTS = "PASSPORTS"
    """A passport was issued to them: what the others are measured against."""
    REGISTERED_WITHOUT_EPMI = "REGISTERED_WITHOUT_EPMI"
    """They had begun the placement process, and left as visitors to that country before an e-PMI (rule 2)."""
    COMPLAINT_TO_PIPELINE = "COMPLAINT_TO_PIPELINE"
    """They were warned because somebody else had complained of their recruiter (rule 20)."""
    LETTER_IN_DOUBT = "LETTER_IN_DOUBT"
    """They applied with a labour office's recommendation or a village letter that was not found or was another's (rule 26)."""


class AreaCount(Contract):
    """How many people of one area, in a window of days. It stands until a higher revision replaces it.

    No names, no pseudonyms, no countries, no victim detail: a number, rounded down to a multiple of `at_least`, so that one
    person more or less shows in nothing but the crossing of a multiple.
    """

    area: Annotated[str, Field(pattern=r"^([0-9]{4}|[0-9]{10})$", description="Kemendagri code of the area")]
    level: AreaLevel
    indicator: Indicator
    window_days: Annotated[int, Field(ge=1)]
    at_least: Annotated[int, Field(ge=FEWEST, description="k: fewer people than this are not told")]
    people: Annotated[int | None, Field(description="Null: suppressed, they are fewer than `at_least` now")]
    within_hours: Annotated[
        int | None, Field(description="COMPLAINT_TO_PIPELINE: half of them were warned so soon after the complaint")
    ] = None
    as_of: Annotated[date, Field(description="The day (UTC) since which it stands")]
    revision: Annotated[int, Field(ge=1)]
    policy_version: str

    @model_validator(mode="after")
    def _tells_of_enough_people_or_of_none(self) -> Self:
        if self.people is not None and (self.people < self.at_least or self.people % self.at_least):
            raise ValueError("a count is a multiple of at_least, and no less")
        if self.people is None and self.within_hours is not None:
            raise ValueError("what is suppressed says nothing else")
        if (self.level is AreaLevel.KABUPATEN) != (len(self.area) == KABUPATEN_DIGITS):
            raise ValueError("a kabupaten has 4 digits, a desa 10")
        return self

    @property
    def key(self) -> str:
        """Its key on the topic: the newest revision of each is kept."""
        return f"{self.area}/{self.indicator.value}"

    @property
    def suppressed(self) -> bool:
        """Were there enough people once, and are there too few now?"""
        return self.people is None
