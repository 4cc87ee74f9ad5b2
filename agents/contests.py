"""Contests: a document that was issued to two numbers, both records standing, tells whoever lost it that they disagree."""

import msgspec

from agents.dossier import Dossier, Told
from schemas.facts import GATHERED, Fact, Note, Value, digest, in_order
from schemas.identity import Subject, SubjectKind, kind_of, subject

_PREFIX = "contest/"


def tell(dossier: Dossier, owner: Subject | None) -> tuple[Dossier, tuple[Note, ...]]:
    """Notes to persons for whom that changed. Only the issuing agency can say which record is wrong: nothing is overwritten."""
    if kind_of(dossier.subject) is not SubjectKind.DOCUMENT or not _worth_a_look(dossier):
        return dossier, ()
    issued = [f for f in dossier.live() if f.kind == "passport_issued" and f.text_or_none("nik")]
    holders = {subject(SubjectKind.PERSON, fact.text("nik")): fact for fact in issued}
    losers = {person for person in holders if person != owner}
    answers = dict(dossier.answers)
    notes: list[Note] = []
    known = {Subject(name.removeprefix(_PREFIX)) for name in answers if name.startswith(_PREFIX)}
    for person in sorted(losers | known):
        told = answers.get(_PREFIX + person) or Told(0)
        last = max(issued or dossier.held.values(), key=in_order)
        content = last.id if person in losers else ""
        if content != told.content:
            answers[_PREFIX + person] = Told(told.epoch + 1, content)
            notes.append(Note(person, _note(dossier.subject, person, last, told.epoch + 1, lost=bool(content))))
    return (msgspec.structs.replace(dossier, answers=answers), tuple(notes)) if notes else (dossier, ())


def _worth_a_look(dossier: Dossier) -> bool:
    if dossier.answers and any(name.startswith(_PREFIX) for name in dossier.answers):
        return True
    return len(dossier.held) > 1 and len([1 for fact in dossier.held.values() if fact.kind == "passport_issued"]) > 1


def _note(document: Subject, person: Subject, last: Fact, epoch: int, *, lost: bool) -> Fact:
    data: dict[str, Value] = {"link": document, "use": f"{_PREFIX}{person}"}
    return Fact(
        id=f"suar/{digest(GATHERED, document, _PREFIX, person)}",
        kind=GATHERED,
        source="suar",
        at=last.at,
        admitted_at=last.admitted_at,
        data={**data, "contested": True} if lost else data,
        epoch=epoch,
    )
