"""Links: what people share. A member tells a link what it used; the link answers each member what that means, when that changes."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import msgspec

from agents import likenesses
from agents.assess import Assessment
from agents.case import Case
from agents.company import Company
from agents.dossier import Dossier, Told
from agents.households import cards, distinct
from agents.uses import Use, mention
from schemas.alerts import Verdict
from schemas.facts import GATHERED, MENTIONED, Fact, Note, Value, digest
from schemas.identity import Subject, SubjectKind, kind_of
from schemas.policy import Policy


def tell(dossier: Dossier, uses: Mapping[str, Use], about: Fact) -> tuple[Dossier, tuple[Note, ...]]:
    """Notes to links whose picture of this member is not what it was; a change of mind outranks what was said before."""
    if not uses and not dossier.mentions:
        return dossier, ()
    known = dict(dossier.mentions)
    notes: list[Note] = []
    for key in sorted({*uses, *known}):
        use, told = uses.get(key), known.get(key) or Told(0)
        content = use.content if use else ""
        if content == told.content:
            continue
        known[key] = Told(told.epoch + 1, content)
        link, _, name = key.partition("#")
        said = (
            use.mention(dossier.subject, told.epoch + 1)
            if use
            else mention(link, name, dossier.subject, about, told.epoch + 1)
        )
        notes.append(Note(Subject(link), said))
    return (msgspec.structs.replace(dossier, mentions=known), tuple(notes)) if notes else (dossier, ())


def answer(
    dossier: Dossier, case: Case, assessments: Iterable[Assessment], policy: Policy
) -> tuple[Dossier, tuple[Note, ...]]:
    """What each member should know of its use of this link, told to those for whom it changed."""
    groups = [
        (found, {fact.id for fact in found.hit.evidence}, one.trigger.alert_id)
        for one in assessments
        if one.verdict is Verdict.ALERT
        for found in one.spoken
        if found.rule.told_to_members and not _cleared(case, found.hit.evidence)
    ]
    answers = {name: told for name, told in dossier.answers.items() if name in dossier.held}
    notes: list[Note] = []
    digests: dict[bytes, str] = {}
    kind = kind_of(case.subject)
    company = Company(case) if kind is SubjectKind.COMPANY else None
    for use in case.of(MENTIONED):
        data, rests_on = _meaning(case, kind, use, policy, company) if use.flag("stands") else ({}, [])
        mine = [group for group in groups if use.id in group[1]]
        if mine:
            data |= {"rules": sorted(found.rule.id for found, *_ in mine), "alert": mine[0][2]}
            data["severity"] = int(max(found.hit.severity for found, *_ in mine))
        told = answers.get(use.id) or Told(0)
        content = _digest(data, digests) if data else ""
        if content == told.content:
            continue
        answers[use.id] = Told(told.epoch + 1, content)
        rests_on += [fact for found, *_ in mine for fact in found.hit.evidence]
        notes.append(Note(Subject(use.text("member")), _answer(use, data, rests_on, told.epoch + 1)))
    if not notes and len(answers) == len(dossier.answers):
        return dossier, ()
    return msgspec.structs.replace(dossier, answers=answers), tuple(notes)


def _digest(data: dict[str, Value], known: dict[bytes, str]) -> str:
    """Most members of a link are told the same."""
    written = msgspec.json.encode(data, order="sorted")
    found = known.get(written)
    if found is None:
        found = known[written] = digest(written.decode())[:16]
    return found


def _cleared(case: Case, evidence: Iterable[Fact]) -> bool:
    """An officer met the group and let it go on: its members are no group to anybody any more."""
    newest = max(fact.at for fact in evidence)
    return any(f.at >= newest and f.text("outcome") in _LET_GO for f in case.of("outcome_recorded"))


_LET_GO = frozenset({"CLEARED", "CLEARED_WITH_ADVICE"})


def _answer(use: Fact, data: dict[str, Value], rests_on: list[Fact], epoch: int) -> Fact:
    """Its times are those of the latest fact that it rests on, so that they do not depend on who came first."""
    link, name, member = use.text("link"), use.text("use"), use.text("member")
    return Fact(
        id=f"suar/{digest(GATHERED, link, name, member)}",
        kind=GATHERED,
        source="suar",
        at=max([use.at, *(fact.at for fact in rests_on)]),
        admitted_at=max([use.admitted_at, *(fact.admitted_at for fact in rests_on)]),
        data={"link": link, "use": name, **data},
        epoch=epoch,
    )


def _meaning(
    case: Case, kind: SubjectKind, use: Fact, policy: Policy, company: Company | None
) -> tuple[dict[str, Value], list[Fact]]:
    """What the link knows that bears on one use of it, and the facts that this rests on. Empty: nothing worth telling."""
    if kind is SubjectKind.LIKENESS:
        return likenesses.meaning(case, use)
    if use.flag("group"):
        together = {fact.text("member"): fact for fact in case.mentions if fact.flag("group")}
        return {"count": min(len(together), policy.group_size)}, []
    data: dict[str, Value] = {}
    rests_on: list[Fact] = []
    _complaints(case, use, policy, data, rests_on)
    if company is not None:
        company.standing(use, data, rests_on)
    if kind is SubjectKind.BOOKING and use.flag("minor"):
        _kin(case, use, data, rests_on)
    elif kind is SubjectKind.BOOKING and use.flag("far"):
        _family(case, use, data, rests_on)
    if kind is SubjectKind.LETTER:
        _letter(case, use, data, rests_on)
    return data, rests_on


def _letter(case: Case, use: Fact, data: dict[str, Value], rests_on: list[Fact]) -> None:
    """Is it a letter of another household too (rule 26)? Villages number alike, so a letter is its number and its desa."""
    village = use.text_or_none("village_letter_desa")
    others = [
        one
        for one in case.mentions
        if one.text("member") != use.text("member") and one.text_or_none("village_letter_desa") == village
    ]
    if village is not None and others and distinct([use, *others]) > 1:
        data["reused"] = True
        rests_on += others


def _complaints(case: Case, use: Fact, policy: Policy, data: dict[str, Value], rests_on: list[Fact]) -> None:
    """Open complaints and police listings around the time of the use, but for the member's own."""
    if not case.complaints and "recruiter_listed" not in case.by_kind:
        return
    if policy.allowed(case.subject, use.at):
        return
    window = timedelta(days=policy.windows.complaint)
    near = [
        fact
        for fact in case.complaints
        if abs(fact.at - use.at) <= window and fact.text_or_none("about") != use.text("member")
    ]
    listed = [fact for fact in case.of("recruiter_listed") if abs(fact.at - use.at) <= window]
    if not near and not listed:
        return
    data["complaints"] = min(len({fact.text("member") for fact in near}), policy.thresholds.complaints)
    if near:
        data["since"] = min(fact.at for fact in near).isoformat()
    if any(fact.text("status") in _VICTIM for fact in near):
        data["indicated"] = True
    if listed:
        data["listed"] = True
    elif kind_of(case.subject) is SubjectKind.COMPANY and _rare(case, near, policy):
        data["rare"] = True
    rests_on += [*near, *listed]


def _rare(case: Case, complaints: Iterable[Fact], policy: Policy) -> bool:
    """Does a company place so many that these complaints say little about one of them?"""
    people = {one.text("member") for one in case.mentions}
    if len(people) < policy.thresholds.complaint_people:
        return False
    complained = {fact.text("member") for fact in complaints}
    return len(complained) * 100 < policy.thresholds.complaint_percent * len(people)


_VICTIM = frozenset({"INDICATED", "CONFIRMED"})


def _kin(case: Case, use: Fact, data: dict[str, Value], rests_on: list[Fact]) -> None:
    """Is a grown-up of the child's own family on the booking? And did a carrier tell who is on it?

    `kin` is left out while a grown-up is there whose card, or the child's own, is unknown: that is no evidence of strangers.
    """
    mine = cards(use)
    grown = [one for one in case.mentions if one.text("member") != use.text("member") and not one.flag("minor")]
    kin = [one for one in grown if mine & cards(one)]
    if kin or not grown or (mine and all(cards(one) for one in grown)):
        data["kin"] = bool(kin)
    if grown:
        data["accompanied"] = True
    data["announced"] = any(one.text("type") == "manifest_entry" for one in case.mentions)
    rests_on += kin


def _family(case: Case, use: Fact, data: dict[str, Value], rests_on: list[Fact]) -> None:
    """Is anybody of the same family card on the booking (rule 35)? Nothing is said where nobody is."""
    mine = cards(use)
    kin = [one for one in case.mentions if one.text("member") != use.text("member") and mine & cards(one)]
    if kin:
        data["kin"] = True
        rests_on += kin
