"""React: one fact meets one dossier. What changes, what is said, and what other subjects must hear."""

from dataclasses import dataclass, replace

import msgspec

from agents import links
from agents.assess import Context, assess
from agents.case import Case, Trigger
from agents.decide import Decision, Why, decide, take_back
from agents.dossier import Dossier
from schemas.alerts import Alert, Screening
from schemas.facts import GATHERED, MENTIONED, TICK, UNLINKED, Fact, Note, Value, note
from schemas.identity import Subject, SubjectKind, kind_of, subject

JUDGED = frozenset({SubjectKind.PERSON, SubjectKind.DOCUMENT})
"""Kinds whose dossiers are judged; the others only gather."""


@dataclass(frozen=True)
class Reaction:
    """Everything that follows from one fact. A fact already held changes nothing and says nothing."""

    dossier: Dossier
    notes: tuple[Note, ...] = ()
    alerts: tuple[Alert, ...] = ()
    screenings: tuple[Screening, ...] = ()
    whys: tuple[Why, ...] = ()


def react(dossier: Dossier, fact: Fact, context: Context) -> Reaction:
    """The whole of the thinking. Pure: the same three values always give the same reaction."""
    kind = kind_of(dossier.subject)
    if fact.kind == TICK:
        return _judge(dossier, fact, context, _waiting(dossier)) if kind in JUDGED else Reaction(dossier)
    after = dossier.after(fact)
    if after is None:
        return Reaction(dossier)
    if fact.kind == MENTIONED:
        return Reaction(*links.gather(after, fact, context.policy.group_size))
    if kind is SubjectKind.DOCUMENT:
        return _document(after, fact, context)
    if kind is SubjectKind.PERSON:
        return _judge(after, fact, context, None, before=dossier)
    return Reaction(after)


def _document(dossier: Dossier, fact: Fact, context: Context) -> Reaction:
    """A document is a person until we learn whose it is; then it passes on what it holds and all that follows."""
    owner = _owner(dossier)
    if owner != dossier.owner:
        return _new_owner(dossier, owner, fact, context)
    if owner is None:
        return _judge(dossier, fact, context, None)
    return Reaction(dossier, notes=_forwarded(dossier, owner, (fact,)))


def _owner(dossier: Dossier) -> Subject | None:
    """The person of the newest standing issuance: SIMKIM's word binds a document, nobody else's."""
    owner = None
    for fact in dossier.live():
        if fact.kind == "passport_issued" and (nik := fact.text_or_none("nik")):
            owner = subject(SubjectKind.PERSON, nik)
    return owner


def _new_owner(dossier: Dossier, owner: Subject | None, fact: Fact, context: Context) -> Reaction:
    """The old owner must forget, the new one must know, and what was said provisionally is taken back."""
    notes: tuple[Note, ...] = ()
    if dossier.owner is not None:
        data: dict[str, Value] = {"document": dossier.subject, "epoch": dossier.epoch}
        unlinked = note(UNLINKED, about=fact, data=data, parts=(dossier.subject, dossier.epoch))
        notes += (Note(dossier.owner, unlinked),)
    epoch = dossier.epoch + 1
    dossier = msgspec.structs.replace(dossier, owner=owner, epoch=epoch)
    if owner is None:
        judged = _judge(dossier, fact, context, frozenset(trigger.key for trigger in _case(dossier).triggers))
        return replace(judged, notes=notes + judged.notes)
    decisions = {
        key: take_back(said, dossier.held.get(said.about), Why.MERGED, context) for key, said in dossier.said.items()
    }
    dossier = msgspec.structs.replace(dossier, said={key: one.said for key, one in decisions.items()})
    dossier, unmentioned = links.mentions(dossier, fact)
    forwarded = _forwarded(dossier, owner, tuple(dossier.held.values()))
    return _reaction(dossier, notes + forwarded + unmentioned, list(decisions.values()))


def _forwarded(dossier: Dossier, owner: Subject, facts: tuple[Fact, ...]) -> tuple[Note, ...]:
    """Facts that the owner has not been told directly, marked with the document and its count of owners."""
    return tuple(
        Note(owner, msgspec.structs.replace(fact, via=dossier.subject, epoch=dossier.epoch))
        for fact in facts
        if owner not in fact.to and fact.source != "suar"
    )


def _waiting(dossier: Dossier) -> frozenset[str]:
    """Triggers that a tick is for, as `Dossier.looks` says: an open alert that may end, or a judgement that waits for a feed."""
    return frozenset(name for name, said in dossier.said.items() if said.awaits or said.expires)


def _case(dossier: Dossier) -> Case:
    return Case(dossier.subject, dossier.live(), dossier.epoch)


def _judge(
    dossier: Dossier, fact: Fact, context: Context, due: frozenset[str] | None, *, before: Dossier | None = None
) -> Reaction:
    """Judges the triggers that are due, or (None) those that the fact can change, and takes back what lost its trigger.

    `before` still holds what an unlinked document took with it.
    """
    case = _case(dossier)
    standing = {trigger.key: trigger for trigger in case.triggers}
    said = dict(dossier.said)
    decisions: list[Decision] = []
    for key, trigger in standing.items():
        if key in due if due is not None else _touched(trigger, fact, dossier):
            decision = decide(case, assess(case, trigger, context), said.get(key), context, fact.admitted_at)
            said[key] = decision.said
            decisions.append(decision)
    for key in said.keys() - standing.keys():
        about = said[key].about
        gone = dossier.held.get(about) or (before.held.get(about) if before else None)
        decision = take_back(said[key], gone, Why.TRIGGER_TAKEN_BACK, context)
        said[key] = decision.said
        decisions.append(decision)
    dossier, notes = links.mentions(msgspec.structs.replace(dossier, said=said), fact)
    return _reaction(dossier, notes, decisions)


def _touched(trigger: Trigger, fact: Fact, dossier: Dossier) -> bool:
    """Can this fact change the answer? Only what stands at or before the trigger's moment can, or what names it."""
    always = fact.kind in {UNLINKED, GATHERED, "passport_issued"} or fact.retracts or fact.supersedes
    if always or fact.at <= trigger.at:
        return True
    if trigger.key not in dossier.said:
        return True
    return fact.text_or_none("trigger_id") == trigger.id


def _reaction(dossier: Dossier, notes: tuple[Note, ...], decisions: list[Decision]) -> Reaction:
    return Reaction(
        dossier,
        notes,
        alerts=tuple(one.alert for one in decisions if one.alert is not None),
        screenings=tuple(one.screening for one in decisions if one.screening is not None),
        whys=tuple(one.why for one in decisions),
    )
