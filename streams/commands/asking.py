"""Asking for somebody's number: typed unseen, it stands in no argument and no history."""

import typer
from pydantic import SecretStr, TypeAdapter, ValidationError

from schemas.identity import Identifier, Nik, PassportNo, SubjectKind, pseudonym, subject
from streams.commands.terminal import configured, fail

_ASKED = {
    "nik": (TypeAdapter[str](Nik), "dukcapil", "nik", SubjectKind.PERSON),
    "passport": (TypeAdapter[str](PassportNo), "IDN", "travel_document", SubjectKind.DOCUMENT),
}


def asked(kind: str) -> str:
    """The pseudonymous subject of a number that is typed unseen. It stands in no argument and no history."""
    if kind not in _ASKED:
        fail(f"--ask takes {' or '.join(_ASKED)}")
    number, issuer, type_, subject_kind = _ASKED[kind]
    settings = configured()
    typed = SecretStr(typer.prompt(f"{kind} number", hide_input=True))
    try:
        value = number.validate_python(typed.get_secret_value())
    except ValidationError:
        fail(f"that is no {kind} number")
    return subject(subject_kind, pseudonym(settings.key, Identifier(issuer, type_, value)))
