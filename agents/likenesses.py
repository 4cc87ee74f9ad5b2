"""Likenesses: where two numbers that may be one person's meet, and what each is told of the other. Nobody is merged (BR008)."""

from collections.abc import Iterator

from agents.case import Case
from agents.uses import Use, key_of
from schemas.births import compare_births, stand_in
from schemas.facts import Fact, Value, digest
from schemas.identity import SubjectKind, subject
from schemas.likeness import StrongId, alike
from schemas.names import IDENTICAL, Verdict, compare_sketches, stored_sketch

_PERSON = f"{SubjectKind.PERSON.value}:"
_COMPARED = frozenset({"passport_application_submitted", "resident_registered", "biometric_match_result"})
"""Kinds of facts without which nothing is known that could be compared."""
MOST_OTHERS = 8
"""Others named in an answer; whoever has so many doubles is looked at anyway."""


def likenesses(case: Case) -> dict[str, Use]:
    """What this person tells the places where doubles meet, by key. A switched-off number is nobody's second one."""
    if _COMPARED.isdisjoint(case.by_kind) or not case.subject.startswith(_PERSON):
        return {}
    return {use.key: use for use in (*_faces(case), *_particulars(case), *_passports(case))}


def _faces(case: Case) -> Iterator[Use]:
    active = case.switched_off() is None
    for other, fact in case.compared.items():
        if fact.text("result") == "SAME":
            link = subject(SubjectKind.LIKENESS, digest("face", *sorted((case.subject, other))))
            yield Use(link, case.face_use(other), fact, {"active": active})


def _particulars(case: Case) -> Iterator[Use]:
    """By application and by registration: the date of birth and the mother's name are where, the own name is what is compared."""
    if case.switched_off() is not None:
        return
    for fact in case.own("passport_application_submitted", "resident_registered"):
        yield from _met(fact, fact, {})


def _passports(case: Case) -> Iterator[Use]:
    if case.switched_off() is not None:
        return
    for issued in case.own("passport_issued"):
        stated = case.applied_for(issued)
        if stated is not None:
            yield from _met(stated, issued, {"passport": True})


def _met(stated: Fact, fact: Fact, data: dict[str, Value]) -> Iterator[Use]:
    """Nothing when a part is missing (BR026), nor on a stand-in date that thousands share (BR025)."""
    born, name = stated.day("birth_date"), stored_sketch(stated.data.get("name"))
    mother = stored_sketch(stated.data.get("mother_name"))
    if born is None or stand_in(born) or not name or not mother:
        return
    link = subject(SubjectKind.LIKENESS, digest("particulars", born.isoformat(), *mother))
    told: dict[str, Value] = {"name": [*name], "born": born.isoformat(), **data}
    yield Use(link, key_of(fact), fact, told)


def meaning(case: Case, use: Fact) -> tuple[dict[str, Value], list[Fact]]:
    """What one use must hear: that the other number is active, or which others have the same name too."""
    others = [one for one in case.mentions if one.text("member") != use.text("member")]
    if "active" in use.data:
        active = [one for one in others if one.flag("active")]
        return ({"same_face": True}, active) if active else ({}, [])
    passport = use.flag("passport") is True
    like = [
        one for one in others if (one.flag("passport") is True) is passport and _earlier(one, use) and _alike(one, use)
    ]
    if not like:
        return {}, []
    told = sorted({one.text("member") for one in like})[:MOST_OTHERS]
    return {"passports" if passport else "alike": [*told]}, like


def _earlier(one: Fact, use: Fact) -> bool:
    """Of two applications the later is asked about; of two passports both are."""
    return use.flag("passport") is True or (one.at, one.id) < (use.at, use.id)


def _alike(one: Fact, use: Fact) -> bool:
    """Different numbers outweigh much: only the same name on the same certain date is worth a look."""
    names = compare_sketches(stored_sketch(one.data["name"]), stored_sketch(use.data["name"]), mothers=IDENTICAL)
    births = compare_births(one.day("born"), use.day("born"))
    return alike(names, births, StrongId.DIFFERENT) is Verdict.REVIEW
