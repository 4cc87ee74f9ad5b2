"""Who a thing is about: identifiers as (issuer, type, value), and the keyed pseudonyms that stand for them after admission."""

import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, NewType

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, StringConstraints

Pseudonym = NewType("Pseudonym", str)
"""HMAC-SHA-256 over (issuer, type, value), first 128 bits, 32 hex digits."""

Subject = NewType("Subject", str)
"""Key of `suar.facts`: a kind and a pseudonym, such as `person:5f0c…`."""


class SubjectKind(StrEnum):
    """What a dossier can be about."""

    PERSON = "person"
    DOCUMENT = "document"
    CONTACT = "contact"
    PAYER = "payer"
    BOOKING = "booking"
    RECRUITER = "recruiter"
    COMPANY = "company"
    DESA = "desa"
    OFFICER = "officer"
    UNKEYED = "unkeyed"
    """Events that carry no usable identifier: kept in the log, joined with nothing."""


@dataclass(frozen=True)
class Identifies:
    """Marks a contract field as an identifier: it leaves admission as a pseudonym, never in clear."""

    issuer: str
    type: str
    subject: SubjectKind | None = None


@dataclass(frozen=True)
class Private:
    """Marks a contract field that names or describes a person: it ends at admission and is not put on `suar.facts`."""


@dataclass(frozen=True)
class Identifier:
    """One identifier in clear. It exists only inside admission; its text form is masked."""

    issuer: str
    type: str
    value: str

    def __repr__(self) -> str:
        return f"Identifier({self.issuer}/{self.type}/…)"

    __str__ = __repr__


def pseudonym(key: bytes, identifier: Identifier) -> Pseudonym:
    """The same identifier under the same key always gives the same pseudonym; without the key it cannot be undone."""
    text = f"{identifier.issuer}\x1f{identifier.type}\x1f{identifier.value}"
    return Pseudonym(hmac.digest(key, text.encode(), "sha256").hex()[:32])


def subject(kind: SubjectKind, name: Pseudonym | str) -> Subject:
    """The key under which facts about `name` are kept."""
    return Subject(f"{kind.value}:{name}")


def kind_of(of: Subject) -> SubjectKind:
    """The kind that a subject key begins with."""
    return SubjectKind(of.partition(":")[0])


_PLACEHOLDER = re.compile(r"^(\d)\1{15}$|^0123456789|^1234567890123456$|0000$|^.{6}0000")


def usable_nik(nik: str) -> bool:
    """False for the numbers that registries type when there is none (all one digit, a zero date, serial 0000): never a join key."""
    return not _PLACEHOLDER.search(nik)


def _nik(value: object) -> object:
    """A spreadsheet's float or exponent is not a NIK: its last digits are lost (15 significant digits)."""
    if isinstance(value, str):
        value = value.strip()
        if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+|\d+\.0*", value):
            raise ValueError("nik_rounded_by_a_spreadsheet")
    return value


def _document_number(value: object) -> object:
    """Upper case, without the spaces, hyphens and MRZ fillers that readers leave in."""
    return re.sub(r"[\s<-]", "", value).upper() if isinstance(value, str) else value


def _e164(value: str) -> str:
    """E.164; a number without a country code is Indonesian. Too short or too long for any plan: the error names no digits."""
    try:
        number = phonenumbers.parse(value, "ID")
    except phonenumbers.NumberParseException as error:
        raise ValueError("not_a_phone_number") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError("not_a_phone_number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _lower(value: object) -> object:
    """Before the length is checked: a blank name is no name, and must not become one recruiter shared by all."""
    return value.strip().lower() if isinstance(value, str) else value


Nik = Annotated[
    str,
    BeforeValidator(_nik),
    StringConstraints(strict=True, pattern=r"^[0-9]{16}$"),
    Identifies("dukcapil", "nik", SubjectKind.PERSON),
]
"""Nomor Induk Kependudukan: 16 digits, as a string. Placeholders are accepted and never joined on."""
KkNo = Annotated[
    str, BeforeValidator(_nik), StringConstraints(strict=True, pattern=r"^[0-9]{16}$"), Identifies("dukcapil", "kk_no")
]
"""Family card number: the household key, never a subject of its own."""
PassportNo = Annotated[
    str,
    BeforeValidator(_document_number),
    StringConstraints(strict=True, pattern=r"^[A-Z0-9]{6,9}$"),
    Identifies("IDN", "travel_document", SubjectKind.DOCUMENT),
]
"""Passport, SPLP or border-pass number as ICAO 9303 part 3 writes it: 6 to 9 of A-Z and 0-9. Opaque."""
Phone = Annotated[
    str,
    StringConstraints(strict=True, max_length=32),
    AfterValidator(_e164),
    Identifies("itu", "e164", SubjectKind.CONTACT),
]
"""A telephone number, normalised to E.164 before it is pseudonymised."""
Email = Annotated[
    str,
    BeforeValidator(_lower),
    StringConstraints(strict=True, min_length=3, max_length=254),
    Identifies("ietf", "email", SubjectKind.CONTACT),
]
PayerRef = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=64),
    Identifies("payment", "account", SubjectKind.PAYER),
]
BookingRef = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=64), Identifies("iata", "locator", SubjectKind.BOOKING)
]
"""Record locator of a booking with its carrier, such as `QZ/ABC123`."""
OfficerRef = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=64),
    Identifies("imigrasi", "officer", SubjectKind.OFFICER),
]
RecruiterName = Annotated[
    str,
    BeforeValidator(_lower),
    StringConstraints(strict=True, min_length=1, max_length=120),
    Identifies("self", "recruiter", SubjectKind.RECRUITER),
]
CompanyRef = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=64),
    Identifies("kp2mi", "company", SubjectKind.COMPANY),
]
"""Placement company (P3MI), employer or partner agency by its register number."""
CpmiId = Annotated[str, StringConstraints(strict=True, min_length=4, max_length=40), Identifies("siapkerja", "cpmi_id")]
EpmiNo = Annotated[str, StringConstraints(strict=True, min_length=4, max_length=40), Identifies("siskop2mi", "epmi")]
PersonName = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=120), Private()]
"""A full name; a single name is a whole name."""
PrivateText = Annotated[str, StringConstraints(strict=True, max_length=500), Private()]
"""Address, place of birth and the like: never on `suar.facts`."""
