"""React: one fact meets one dossier. What changes, what is said, and what other subjects must hear."""

import msgspec

from agents import companions, contests, erase, links, shadow
from agents.areas import counted as count
from agents.assess import Assessment, Context, assess
from agents.case import Case
from agents.decide import Decision, Why, decide, take_back
from agents.dossier import A_HOP, MOST_HOPS, OWNERS, Dossier, counts, owners_of
from agents.homes import homes
from agents.likenesses import likenesses
from agents.things import Trigger
from agents.uses import uses
from schemas.alerts import Alert, Screening, TriggerKind
from schemas.areas import AreaCount
from schemas.facts import ERASED, GATHERED, MENTIONED, TICK, UNLINKED, Fact, Note, Value, note
from schemas.identity import Subject, SubjectKind, kind_of, subject
from schemas.shadow import Shadowed

_SILENT = frozenset({SubjectKind.UNKEYED})
"""Kinds whose dossiers only gather."""
_OWNED = frozenset({SubjectKind.DOCUMENT, SubjectKind.PERSON})
"""Kinds that may turn out to be somebody else: a document is its holder's, a temporary NIK the real one's."""
_TELLING = _OWNED | {SubjectKind.CASE}
"""Kinds that tell links what they used."""


class Reaction(msgspec.Struct, frozen=True):
    """Everything that follows from one fact. A fact already held changes nothing and says nothing."""

    dossier: Dossier
    notes: tuple[Note, ...] = ()
    alerts: tuple[Alert, ...] = ()
    screenings: tuple[Screening, ...] = ()
    whys: tuple[Why, ...] = ()
    shadows: tuple[Shadowed, ...] = ()
    """What a policy in the shadow would have said otherwise."""
    areas: tuple[AreaCount, ...] = ()


def react(dossier: Dossier, fact: Fact, context: Context) -> Reaction:
    """The whole of the thinking. Pure: the same three values always give the same reaction."""
    kind = kind_of(dossier.subject)
    if kind is SubjectKind.DESA:
        counted, told, areas = count(dossier, fact, context.policy)
        return Reaction(counted, told, areas=areas)
    if fact.kind == TICK:
        due = _waiting(dossier)
        return _judge(dossier, fact, context, due if kind in _OWNED else None) if due else Reaction(dossier)
    after = dossier.after(fact)
    if after is None:
        return Reaction(dossier)
    if kind in _SILENT:
        return Reaction(after)
    if kind not in _OWNED:
        return _judge(after, fact, context, None)
    owner = _owner(after)
    after, contested = contests.tell(after, owner)
    if fact.kind == ERASED:
        contested += erase.papers(dossier, fact)
    if owner != after.owner or (owner is not None and fact.kind == UNLINKED):
        reaction = _new_owner(after, owner, fact, context)
    elif owner is not None:
        reaction = Reaction(after, notes=_forwarded(after, owner, (fact,)))
    else:
        reaction = _judge(after, fact, context, None, before=dossier)
    return msgspec.structs.replace(reaction, notes=contested + reaction.notes) if contested else reaction


def _owner(dossier: Dossier) -> Subject | None:
    """Of a document: the person of its newest standing issuance; SIMKIM's word binds it, nobody else's. Of a temporary
    NIK: the number that replaced it, unless the registry said the opposite later.
    """
    kind, _, name = dossier.subject.partition(":")
    owner = None
    if kind == SubjectKind.DOCUMENT:
        if not any(fact.kind == "passport_issued" for fact in dossier.held.values()):
            return None
        for fact in dossier.live():
            if fact.kind == "passport_issued" and (nik := fact.text_or_none("nik")):
                owner = subject(SubjectKind.PERSON, nik)
        return owner
    if not any(fact.kind == "resident_registered" and "replaces_nik" in fact.data for fact in dossier.held.values()):
        return None
    for fact in dossier.live():
        replaced, nik = fact.text_or_none("replaces_nik"), fact.text_or_none("nik")
        if fact.kind == "resident_registered" and replaced and nik and replaced != nik:
            owner = subject(SubjectKind.PERSON, nik) if replaced == name else None
    return owner


def _new_owner(dossier: Dossier, owner: Subject | None, fact: Fact, context: Context) -> Reaction:
    """The old owner must forget, the new one must know, and what was said provisionally is taken back."""
    notes: tuple[Note, ...] = ()
    if dossier.owner is not None:
        void = dossier.epoch
        data: dict[str, Value] = {"document": dossier.subject, "epoch": void}
        unlinked = note(UNLINKED, about=fact, data=data, parts=(dossier.subject, void))
        notes += (Note(dossier.owner, unlinked),)
    dossier = msgspec.structs.replace(dossier, owner=owner, epoch=dossier.epoch + 1)
    if owner is None:
        judged = _judge(dossier, fact, context, frozenset(trigger.key for trigger in _case(dossier, fact).triggers))
        return msgspec.structs.replace(judged, notes=notes + judged.notes)
    decisions = {
        key: take_back(said, dossier.held.get(said.about), Why.MERGED, context) for key, said in dossier.said.items()
    }
    dossier = msgspec.structs.replace(dossier, said={key: one.said for key, one in decisions.items()})
    dossier, unmentioned = links.tell(dossier, {}, fact)
    forwarded = _forwarded(dossier, owner, tuple(dossier.held.values()))
    compared = [shadow.gone(key, one.said, context, fact.admitted_at) for key, one in decisions.items()]
    return _reaction(dossier, notes + forwarded + unmentioned, list(decisions.values()), compared)


def _forwarded(dossier: Dossier, owner: Subject, facts: tuple[Fact, ...]) -> tuple[Note, ...]:
    """Facts that the owner has not been told directly, marked with the forwarder and its count of owners."""
    document = kind_of(dossier.subject) is SubjectKind.DOCUMENT
    return tuple(
        Note(owner, msgspec.structs.replace(fact, via=dossier.subject, epoch=_epoch(dossier, fact, document=document)))
        for fact in facts
        if owner not in fact.to and owner != fact.via and _travels(fact, document=document)
    )


def _travels(fact: Fact, *, document: bool) -> bool:
    """An issuance reaches its own NIK by itself: the document passes nobody another's."""
    if document:
        return fact.kind == MENTIONED or (fact.source != "suar" and fact.kind != "passport_issued")
    return (fact.source != "suar" or fact.kind == MENTIONED) and len(counts(owners_of(fact))) < MOST_HOPS


def _epoch(dossier: Dossier, fact: Fact, *, document: bool) -> int:
    """The own count of owners in front of those that the fact passed; a mention carries its changes of mind behind them."""
    passed = owners_of(fact)
    owners = dossier.epoch if document else dossier.epoch * A_HOP ** len(counts(passed)) + passed
    return owners * OWNERS + fact.epoch % OWNERS if fact.kind == MENTIONED else owners


def _waiting(dossier: Dossier) -> frozenset[str]:
    """Triggers that a tick is for, as `Dossier.looks` says: an alert that may end, a look a rule asked for, a silent feed."""
    return frozenset(name for name, said in dossier.said.items() if said.awaits or said.expires or said.wake)


def _case(dossier: Dossier, fact: Fact) -> Case:
    seen = [said.seen for said in dossier.said.values() if said.seen is not None]
    return Case(dossier.subject, dossier.live(), dossier.epoch, max([fact.admitted_at, *seen]))


def _judge(
    dossier: Dossier, fact: Fact, context: Context, due: frozenset[str] | None, *, before: Dossier | None = None
) -> Reaction:
    """Judges the triggers that are due, or (None) those that the fact can change, and takes back what lost its trigger.

    `before` still holds what an unlinked document took with it.
    """
    case = _case(dossier, fact)
    standing = {trigger.key: trigger for trigger in case.triggers}
    said = dict(dossier.said)
    decisions: list[Decision] = []
    assessments: list[Assessment] = []
    compared: list[Shadowed | None] = []
    now = fact.admitted_at
    for key, trigger in standing.items():
        if key in due if due is not None else _touched(trigger, fact, dossier):
            found = assess(case, trigger, context)
            assessments.append(found)
            decision = decide(case, found, said.get(key), context, now)
            compared.append(shadow.compare(case, found, decision.said, context, first=key not in said))
            said[key] = decision.said
            decisions.append(decision)
    for key in said.keys() - standing.keys():
        decision = _taken_back(key, said[key].about, fact, (dossier, before), context)
        compared.append(shadow.gone(key, decision.said, context, now))
        said[key] = decision.said
        decisions.append(decision)
    dossier = msgspec.structs.replace(dossier, said=said)
    dossier, notes = _told(dossier, case, fact, context, assessments)
    if fact.kind == ERASED:
        dossier = erase.bare(dossier)
    return _reaction(dossier, notes, decisions, compared)


def _told(
    dossier: Dossier, case: Case, fact: Fact, context: Context, assessments: list[Assessment]
) -> tuple[Dossier, tuple[Note, ...]]:
    """What links and members must hear now."""
    if kind_of(dossier.subject) in _TELLING:
        told = uses(case, dossier.said, context.policy) | homes(case, dossier.said) | likenesses(case)
        dossier, answered = companions.answer(dossier, case, context.policy)
        dossier, mentioned = links.tell(dossier, told, fact)
        return dossier, mentioned + answered
    return links.answer(dossier, case, assessments, context.policy)


def _taken_back(
    key: str, about: str, fact: Fact, dossiers: tuple[Dossier, Dossier | None], context: Context
) -> Decision:
    dossier, before = dossiers
    gone = dossier.held.get(about) or (before.held.get(about) if before else None)
    if fact.kind == ERASED:
        return erase.masked(dossier.said[key], gone, fact, context)
    steps = (TriggerKind.MANIFEST.value, TriggerKind.PLACEMENT.value)
    later = key.startswith(steps) and any(fact.id == about for fact in dossier.live())
    why = Why.GAVE_WAY if later else Why.TRIGGER_TAKEN_BACK
    return take_back(dossier.said[key], gone, why, context)


def _touched(trigger: Trigger, fact: Fact, dossier: Dossier) -> bool:
    """Can this fact change the answer? Only what stands at or before the trigger's moment can, or what names it."""
    if trigger.kind not in _UPTO_THEIR_MOMENT:
        return True
    always = fact.kind in _ALWAYS or fact.retracts or fact.supersedes
    if always or fact.at <= trigger.at:
        return True
    if trigger.key not in dossier.said:
        return True
    return fact.text_or_none("trigger_id") == trigger.id


_ALWAYS = frozenset(
    {
        ERASED,
        UNLINKED,
        GATHERED,
        MENTIONED,
        "passport_issued",
        "passport_application_submitted",
        "cpmi_registered",
        "resident_registered",
        "biodata_changed",
        "household_changed",
        "biometric_match_result",
        "holder_verified",
        "nik_verification_result",
        "nik_deactivated",
        "nik_reactivated",
        "death_registered",
        "death_corrected",
    }
)
"""What may be found out or mended after the moment that it bears on."""
_UPTO_THEIR_MOMENT = frozenset(
    {TriggerKind.ATTEMPT, TriggerKind.APPLICATION, TriggerKind.LOSS_REPORT, TriggerKind.MANIFEST}
)


def _reaction(
    dossier: Dossier, notes: tuple[Note, ...], decisions: list[Decision], compared: list[Shadowed | None]
) -> Reaction:
    if not decisions:
        return Reaction(dossier, notes)
    return Reaction(
        dossier,
        notes,
        alerts=tuple(one.alert for one in decisions if one.alert is not None),
        screenings=tuple(one.screening for one in decisions if one.screening is not None),
        whys=tuple(one.why for one in decisions),
        shadows=tuple(one for one in compared if one is not None),
    )
