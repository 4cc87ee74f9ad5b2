"""Companions: an adult answers each minor who presents with it whether they are of one family, as far as cards tell."""

import msgspec

from agents.case import Case
from agents.dossier import OWNERS, Dossier, Told, owners_of, rank
from agents.households import cards
from schemas.facts import GATHERED, MENTIONED, Fact, Note, Value, digest
from schemas.identity import Subject, SubjectKind, kind_of
from schemas.policy import Policy


def answer(dossier: Dossier, case: Case, policy: Policy) -> tuple[Dossier, tuple[Note, ...]]:
    """Answers to those for whom it changed. The word of a document's newest owner outranks what earlier ones said."""
    if MENTIONED not in case.by_kind:
        return dossier, ()
    answers = dict(dossier.answers)
    notes: list[Note] = []
    for use in case.of(MENTIONED):
        data = _meaning(case, use, policy) if use.flag("stands") else {}
        told = answers.get(use.id) or Told(0)
        document = kind_of(dossier.subject) is SubjectKind.DOCUMENT
        base = rank(owners_of(use), dossier.epoch, document=document) * OWNERS + use.epoch % OWNERS
        content = digest(base, msgspec.json.encode(data, order="sorted").decode())[:16]
        if content == told.content or (not data and not told.content):
            continue
        answers[use.id] = Told(told.epoch + 1, content)
        epoch = base * OWNERS + min(told.epoch + 1, OWNERS - 1)
        notes.append(Note(Subject(use.text("member")), _answer(use, data, epoch)))
    return msgspec.structs.replace(dossier, answers=answers), tuple(notes)


def _meaning(case: Case, use: Fact, policy: Policy) -> dict[str, Value]:
    """Somebody is with the child in any case; whether it is family is left out when either card is unknown."""
    child, mine = cards(use), case.households(use.at, policy.windows.household)
    data: dict[str, Value] = {"accompanied": True}
    if child and mine:
        data["kin"] = bool(child & mine)
    return data


def _answer(use: Fact, data: dict[str, Value], epoch: int) -> Fact:
    link, name, member = use.text("link"), use.text("use"), use.text("member")
    return Fact(
        id=f"suar/{digest(GATHERED, link, name, member)}",
        kind=GATHERED,
        source="suar",
        at=use.at,
        admitted_at=use.admitted_at,
        data={"link": link, "use": name, **data},
        epoch=epoch,
    )
