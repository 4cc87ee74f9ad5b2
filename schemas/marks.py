"""What the contract says of its fields: which identify a person, describe one, or name one, and what admission makes of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import cast, get_args

from schemas.envelope import Contract, Event
from schemas.facts import Value
from schemas.identity import Identifier, Identifies, Private, Sketched, Subject, pseudonym, subject
from schemas.names import sketch
from schemas.nik import usable_kk, usable_nik

Data = dict[str, Value]
Mark = Identifies | Private | Sketched

_USABLE: Mapping[str, Callable[[str], bool]] = {"nik": usable_nik, "kk_no": usable_kk}
"""Types of identifiers that people fill with stand-ins when there is none."""


def pseudonymous(model: type[Event], data: Data, key: bytes) -> tuple[Data, tuple[Subject, ...]]:
    """What leaves admission of an event's data: identifiers as pseudonyms, names as sketches; and the subjects that keep it."""
    marks = markers(model)
    sealed: Data = {}
    subjects: list[Subject] = []
    addressed = model.addressed_to or ("passport_no",)
    for name, value in data.items():
        mark = marks.get(name)
        if isinstance(mark, Private):
            continue
        if isinstance(mark, Sketched):
            if codes := sketch(key, str(value)):
                sealed[name] = [*codes]
            continue
        if not isinstance(mark, Identifies):
            sealed[name] = value
            if name == "subject":
                subjects.append(Subject(str(value)))
            continue
        if not _USABLE.get(mark.type, bool)(str(value)):
            sealed[f"{name}_unusable"] = True
            continue
        sealed[name] = pseudonym(key, Identifier(mark.issuer, mark.type, str(value)))
        if name in addressed and mark.subject is not None:
            subjects.append(subject(mark.subject, str(sealed[name])))
    return sealed, tuple(dict.fromkeys(subjects))


@cache
def markers(model: type[Contract]) -> Mapping[str, Mark]:
    """The fields of a model (and of the models nested in it) that identify or describe a person."""
    found: dict[str, Mark] = {}
    for name, info in model.model_fields.items():
        for mark in (*info.metadata, *_nested(info.annotation)):
            if isinstance(mark, Mark):
                found[name] = mark
            elif isinstance(mark, type) and issubclass(mark, Contract):
                found |= markers(mark)
    return found


def _nested(annotation: object) -> Iterator[object]:
    """Everything inside an annotation: `PassportNo | None` hides its marks one level down."""
    yield annotation
    yield from cast("Iterable[object]", getattr(annotation, "__metadata__", ()))
    for inner in get_args(annotation):
        yield from _nested(inner)
