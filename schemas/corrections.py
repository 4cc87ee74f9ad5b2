"""Requests for correction: somebody says that a record about them is wrong, and must have an answer within 3 × 24 hours."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from schemas.envelope import System

ANSWERED_WITHIN = timedelta(hours=72)
"""UU 27/2022 Art. 30: three times 24 hours from the moment the request is received."""


class Answer(StrEnum):
    """How a request ended."""

    CORRECTED = "CORRECTED"
    """The agency published a correction; alerts follow by themselves."""
    RECORD_RIGHT = "RECORD_RIGHT"
    """The agency looked, and the record is right; the person was told why, and where to complain."""
    NOT_OURS = "NOT_OURS"
    """No such record; the person was told who may have it."""


class Correction(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request. It names a pseudonymous subject and a field, never a value."""

    request_id: str
    subject: str
    agency: System
    about: str
    """Name of the field in the contract, such as `birth_date`."""
    received_at: datetime
    """UTC."""
    received_by: str
    answered_at: datetime | None = None
    answered_by: str | None = None
    answer: Answer | None = None

    @property
    def due_at(self) -> datetime:
        """When the person must have an answer, UTC."""
        return self.received_at + ANSWERED_WITHIN

    def overdue(self, now: datetime) -> bool:
        """Is nobody's answer there in time?"""
        return (self.answered_at or now) > self.due_at
