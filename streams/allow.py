"""A row of the allow-list from a number, an address or a name in clear: made with the installation's key, and kept nowhere."""

import json
from datetime import date
from enum import StrEnum
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from schemas import identity
from schemas.identity import Identifier, Identifies, pseudonym, subject


class AllowError(Exception):
    """No row can be made of it; the text never repeats the value."""


class Kind(StrEnum):
    """What innocent people share."""

    PHONE = "phone"
    EMAIL = "email"
    PAYER = "payer"
    BOOKING = "booking"
    RECRUITER = "recruiter"
    COMPANY = "company"
    LETTER = "letter"
    ADDRESS = "address"


_TYPES: dict[Kind, Any] = {  # annotated types have no type of their own
    Kind.PHONE: identity.Phone,
    Kind.EMAIL: identity.Email,
    Kind.PAYER: identity.PayerRef,
    Kind.BOOKING: identity.BookingRef,
    Kind.RECRUITER: identity.RecruiterName,
    Kind.COMPANY: identity.CompanyRef,
    Kind.LETTER: identity.LetterNo,
    Kind.ADDRESS: identity.TemporaryAddress,
}


def row(kind: Kind, value: str, *, until: date, reason: str, key: bytes) -> str:
    """The row as a policy file holds it, with the pseudonym that admission makes of the same value. Raises AllowError."""
    found = _subject(kind, value, key)
    text = json.dumps(reason, ensure_ascii=False)
    return f'[[allow]]\nsubject = "{found}"\nreason = {text}\nuntil = {until.isoformat()}'


def _subject(kind: Kind, value: str, key: bytes) -> identity.Subject:
    try:
        clean: object = TypeAdapter(_TYPES[kind]).validate_python(value)
    except ValidationError as error:
        why = error.errors(include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise AllowError(f"that is no {kind.value}: {why}") from None
    mark = next(one for one in get_args(_TYPES[kind]) if isinstance(one, Identifies))
    if mark.subject is None:
        raise AllowError(f"{kind.value} is no link that people share")
    return subject(mark.subject, pseudonym(key, Identifier(mark.issuer, mark.type, str(clean))))
