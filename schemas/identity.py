"""Who a thing is about: identifiers as (issuer, type, value), and the keyed pseudonyms that stand for them after admission."""

import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, NewType

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from schemas.nik import NikFault, read_nik, written_by_a_spreadsheet

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
    ADDRESS = "address"
    """A temporary address that several applicants give (rule 19)."""
    LETTER = "letter"
    """A village letter by its number (rule 26)."""
    LIKENESS = "likeness"
    """Where numbers meet that may be one person's: those of one face, or of one date of birth and mother's name (rule 11)."""
    CASE = "case"
    """A complaint and what became of it: what it says of recruiters reaches them from here, without whose it is."""
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
    """Marks a contract field that describes a person: it ends at admission and is not put on `suar.facts`."""


@dataclass(frozen=True)
class Sketched:
    """Marks a contract field that names a person: it leaves admission as a keyed sketch, a list of strings (`schemas.names`)."""


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
    return Subject(f"{kind}:{name}")


@lru_cache(maxsize=4096)
def kind_of(of: Subject) -> SubjectKind:
    """The kind that a subject key begins with. Raises ValueError when it is none."""
    kind = _KINDS.get(of.partition(":")[0])
    if kind is None:
        raise ValueError("no kind of subject")
    return kind


_KINDS = {kind.value: kind for kind in SubjectKind}


def _sixteen_digits(value: object) -> object:
    """A spreadsheet's float or exponent is no number of a registry: its last digits are lost (15 significant digits)."""
    if isinstance(value, str):
        value = value.strip()
        if written_by_a_spreadsheet(value):
            raise ValueError("nik_rounded_by_a_spreadsheet")
    return value


def _not_rounded(nik: str) -> str:
    """A real date with serial 0000: the number of somebody else or of nobody, and where one is, the rest of the file is too."""
    if read_nik(nik) is NikFault.ROUNDED:
        raise ValueError("nik_rounded_by_a_spreadsheet")
    return nik


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


def _plain_address(value: object) -> object:
    if not isinstance(value, str):
        return value
    words = re.sub(r"[^0-9a-z]+", " ", value.lower()).split()
    return " ".join(word for word in words if word not in _STREET_WORDS)


_STREET_WORDS = frozenset({"jl", "jln", "jalan", "no", "nomor", "rt", "rw", "gg", "gang", "kel", "kec", "blok"})


def _lower(value: object) -> object:
    """Before the length is checked: a blank name is no name, and must not become one recruiter shared by all."""
    return value.strip().lower() if isinstance(value, str) else value


Nik = Annotated[
    str,
    BeforeValidator(_sixteen_digits),
    StringConstraints(strict=True, pattern=r"^[0-9]{16}$"),
    AfterValidator(_not_rounded),
    Identifies("dukcapil", "nik", SubjectKind.PERSON),
]
"""Nomor Induk Kependudukan: 16 digits, as a string. Placeholders are accepted and never joined on; one that a spreadsheet rounded is refused."""
KkNo = Annotated[
    str,
    BeforeValidator(_sixteen_digits),
    StringConstraints(strict=True, pattern=r"^[0-9]{16}$"),
    Identifies("dukcapil", "kk_no"),
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
LetterNo = Annotated[
    str,
    BeforeValidator(_lower),
    StringConstraints(strict=True, min_length=1, max_length=80),
    Identifies("desa", "letter", SubjectKind.LETTER),
]
"""Number of a village or family letter (DOC_FAMILY_PERMIT)."""
TemporaryAddress = Annotated[
    str,
    BeforeValidator(_plain_address),
    StringConstraints(strict=True, min_length=6, max_length=300),
    Identifies("self", "address", SubjectKind.ADDRESS),
]
"""Where an applicant stays for the time being, without capitals, punctuation and the words for street and number."""
PeduliCaseNo = Annotated[
    str,
    StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$"),
    Identifies("peduliwni", "case", SubjectKind.CASE),
]
Kp2miCaseNo = Annotated[
    str,
    StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$"),
    Identifies("kp2mi", "case", SubjectKind.CASE),
]
CpmiId = Annotated[str, StringConstraints(strict=True, min_length=4, max_length=40), Identifies("siapkerja", "cpmi_id")]
EpmiNo = Annotated[str, StringConstraints(strict=True, min_length=4, max_length=40), Identifies("siskop2mi", "epmi")]
PersonName = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=120), Sketched()]
"""A full name; a single name is a whole name. On `suar.facts` a keyed sketch, left out when the field holds no name."""
PrivateText = Annotated[str, StringConstraints(strict=True, max_length=500), Private()]
"""Address, place of birth and the like: never on `suar.facts`."""
