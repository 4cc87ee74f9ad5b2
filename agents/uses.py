"""Uses: what a dossier shares with others. Each use of a telephone, a booking, a company is told to that link as a mention."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from agents.case import Case
from agents.clusters import JOURNEYS, departs
from agents.dossier import Said
from agents.rules.rule import ORGANISED, SETTLED_VISAS, far_from_home, is_new, permitted
from agents.things import Trigger
from schemas.alerts import TriggerKind
from schemas.facts import COMPLAINED, MENTIONED, Fact, Value, digest, in_order
from schemas.identity import Subject, SubjectKind, kind_of, subject
from schemas.policy import Policy

Linked = tuple[tuple[str, SubjectKind], ...]

LINKED: dict[str, Linked] = {
    "passport_application_submitted": (
        ("phone", SubjectKind.CONTACT),
        ("helper_phone", SubjectKind.CONTACT),
        ("emergency_phone", SubjectKind.CONTACT),
        ("email", SubjectKind.CONTACT),
        ("payer_ref", SubjectKind.PAYER),
        ("sponsor", SubjectKind.RECRUITER),
        ("temporary_address", SubjectKind.ADDRESS),
        ("village_letter_no", SubjectKind.LETTER),
    ),
    "manifest_entry": (
        ("booking_ref", SubjectKind.BOOKING),
        ("payer_ref", SubjectKind.PAYER),
        ("phone", SubjectKind.CONTACT),
    ),
    "crossing_attempted": (("booking_ref", SubjectKind.BOOKING),),
    "jobseeker_account_created": (("phone", SubjectKind.CONTACT), ("email", SubjectKind.CONTACT)),
    "cpmi_registered": (("phone", SubjectKind.CONTACT),),
    "placement_agreement_signed": (("p3mi_ref", SubjectKind.COMPANY),),
    "epmi_issued": (
        ("p3mi_ref", SubjectKind.COMPANY),
        ("employer_ref", SubjectKind.COMPANY),
        ("verifier_ref", SubjectKind.OFFICER),
    ),
    "complaint_filed": (
        ("recruiter_name", SubjectKind.RECRUITER),
        ("recruiter_phone", SubjectKind.CONTACT),
        ("company_ref", SubjectKind.COMPANY),
    ),
    "complaint_received": (
        ("recruiter_name", SubjectKind.RECRUITER),
        ("recruiter_phone", SubjectKind.CONTACT),
        ("company_ref", SubjectKind.COMPANY),
    ),
}
"""By kind of fact: the fields that name a link, and what kind of link."""

COMPLAINTS = frozenset({"complaint_filed", "complaint_received"})
_LINKED_BY_PEOPLE = tuple((kind, links) for kind, links in LINKED.items() if kind not in COMPLAINTS)
_USED = frozenset({*LINKED, "outcome_recorded"})
"""Kinds of facts in which anything is used that others use too."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of one link: when, in what, and what the link must know of it."""

    link: Subject
    use: str
    fact: Fact
    data: dict[str, Value]

    @property
    def key(self) -> str:
        """Its name in the member's dossier."""
        return f"{self.link}#{self.use}"

    @property
    def content(self) -> str:
        """What makes a mention worth telling again."""
        return digest(self.fact.id, msgspec.json.encode(self.data, order="sorted").decode())[:16]

    def mention(self, member: Subject, epoch: int) -> Fact:
        """The mention as a fact. Its times are those of the use, whenever it is told."""
        return msgspec.structs.replace(mention(self.link, self.use, member, self.fact, epoch), data=self._told(member))

    def _told(self, member: Subject) -> dict[str, Value]:
        return {
            "link": self.link,
            "use": self.use,
            "member": member,
            "stands": True,
            "event": self.fact.id,
            "system": self.fact.source,
            "type": self.fact.kind,
            **self.data,
        }


def mention(link: str, use: str, member: Subject, about: Fact, epoch: int) -> Fact:
    """A mention that says nothing but that the use does not stand any more."""
    return Fact(
        id=f"suar/{digest(MENTIONED, link, use, member)}",
        kind=COMPLAINED if member.startswith(f"{SubjectKind.CASE.value}:") else MENTIONED,
        source="suar",
        at=about.at,
        admitted_at=about.admitted_at,
        data={"link": link, "use": use, "member": member, "stands": False},
        epoch=epoch,
    )


def uses(case: Case, said: Mapping[str, Said], policy: Policy) -> dict[str, Use]:
    """Every use that stands, by key. What was said tells which links rules asked for, and how grave an alert was."""
    if _USED.isdisjoint(case.by_kind):
        return {}
    return {use.key: use for use in _all(case, said, policy)}


def _all(case: Case, said: Mapping[str, Said], policy: Policy) -> Iterator[Use]:
    if kind_of(case.subject) is SubjectKind.CASE:
        yield from _complaints(case)
        return
    for kind, links in _LINKED_BY_PEOPLE:
        for fact in case.by_kind.get(kind, ()):
            named = [(field, link) for field, link in links if isinstance(fact.data.get(field), str)]
            if not named or (kind == "crossing_attempted" and fact.data.get("direction") != "OUT"):
                continue
            told = _about(case, fact, policy)
            for field, link in named:
                yield Use(subject(link, fact.text(field)), key_of(fact), fact, _paid(fact, link, told))
    yield from _grown_ups(case, policy)
    yield from _officers(case, said)
    if any(one.links for one in said.values()):
        yield from _asked_for(case, said)


def key_of(fact: Fact) -> str:
    """The name of a use: that of the trigger that it is or belongs to."""
    match fact.kind:
        case "crossing_attempted":
            return f"{TriggerKind.ATTEMPT.value}/{fact.text('crossing_id')}"
        case "passport_application_submitted":
            return f"{TriggerKind.APPLICATION.value}/{fact.text('application_no')}"
        case "manifest_entry":
            return f"{TriggerKind.MANIFEST.value}/{fact.id}"
        case "epmi_issued" | "placement_agreement_signed" | "cpmi_registered":
            return f"{TriggerKind.PLACEMENT.value}/{fact.id}"
        case _:
            return f"{fact.kind}/{fact.id}"


def _about(case: Case, fact: Fact, policy: Policy) -> dict[str, Value]:
    """What a link must know of the member and of this use of it; nothing that names anybody."""
    data: dict[str, Value] = {}
    families = case.households(fact.at, policy.windows.household)
    if families:
        data["families"] = sorted(families)
    if (kabupaten := case.kabupaten(fact.at)) is not None:
        data["kabupaten"] = kabupaten
    if (age := case.age(fact.at)) is not None and age < policy.thresholds.adult:
        data["minor"] = True
    for field in ("checkpoint", "office_code", "destination", "onward", "group_kind", "scheduled_at", "job_order_no"):
        if (value := fact.text_or_none(field)) is not None:
            data[field] = value
    for field in ("village_letter_desa", "temporary_kabupaten", "booked_at", "lane"):
        if (value := fact.text_or_none(field)) is not None:
            data[field] = value
    if fact.kind in JOURNEYS:
        data |= _way(case, fact, policy)
    elif fact.kind == "passport_application_submitted":
        data |= _came_of(case, fact, policy)
    data |= _since(case, fact, policy)
    return data


def _paid(fact: Fact, link: SubjectKind, told: dict[str, Value]) -> dict[str, Value]:
    """A payer is told which booking it paid: the people of one booking are that booking's group, not the payer's as well."""
    booking = fact.text_or_none("booking_ref") if link is SubjectKind.PAYER else None
    return told if booking is None else {**told, "booking": booking}


def _way(case: Case, fact: Fact, policy: Policy) -> dict[str, Value]:
    """Of a journey: does a permit cover it, is the way back booked, and does it begin far from home?"""
    journey = case.journey(fact)
    data: dict[str, Value] = {"permitted": permitted(case, journey, policy)}
    if (booked := fact.flag("return_booked")) is not None:
        data["return_booked"] = booked
    if far_from_home(case, journey, policy):
        data["far"] = True
    if is_new(case, journey, policy):
        data["new"] = True
    if journey.visa in SETTLED_VISAS or journey.exemption is not None:
        data["settled"] = True
    return data


def _came_of(case: Case, asked: Fact, policy: Policy) -> dict[str, Value]:
    """Of an application: the first journey on the passport that came of it, when that was still new. Who filled in the form sees no ticket."""
    documents = {
        issued.text("passport_no")
        for issued in case.of("passport_issued")
        if case.applied_for(issued, issued.at) is asked
    }
    journeys = sorted((f for f in case.of(*JOURNEYS) if f.text("passport_no") in documents), key=in_order)
    first = next((f for f in journeys if f.data.get("direction", "OUT") == "OUT"), None)
    if first is None or not is_new(case, case.journey(first), policy):
        return {}
    data = _way(case, first, policy)
    for field in ("destination", "onward", "group_kind", "scheduled_at"):
        if (value := first.text_or_none(field)) is not None:
            data[field] = value
    return {**data, "leaves": departs(first).isoformat()}


def _since(case: Case, fact: Fact, policy: Policy) -> dict[str, Value]:
    """What became of a journey, for cohorts that fall silent (rule 21): where to, since when, and any sign of life."""
    until = fact.at + timedelta(days=policy.windows.cohort_left)
    left = next(
        (f for f in case.of("crossing_cleared") if f.data.get("direction") == "OUT" and fact.at <= f.at <= until), None
    )
    if left is None:
        return {}
    data: dict[str, Value] = {"left": left.at.isoformat(), "abroad": left.text_or_none("destination")}
    if any(f.at >= left.at for f in case.of("entry_cleared", "return_recorded", "repatriation_completed")):
        data["back"] = True
    if any(f.at >= left.at for f in case.of("self_reported")):
        data["reported"] = True
    if any(f.at >= left.at for f in case.of("complaint_filed", "complaint_received")):
        data["complained"] = True
    return data


def _complaints(case: Case) -> Iterator[Use]:
    """A case speaks of recruiters for the person behind it, whom it names only by pseudonym."""
    for fact in case.of(*COMPLAINTS):
        status = case.victim_status(fact.text("case_no"), None)
        data: dict[str, Value] = {"status": status}
        if (nik := fact.text_or_none("nik")) is not None:
            data["about"] = subject(SubjectKind.PERSON, nik)
        for field, link in LINKED[fact.kind]:
            if (name := fact.text_or_none(field)) is not None:
                yield Use(subject(link, name), f"{fact.kind}/{fact.id}", fact, data)


def _grown_ups(case: Case, policy: Policy) -> Iterator[Use]:
    """A minor mentions the adult with whom it presents (rule 16); the adult's document passes it on."""
    for fact in case.of("crossing_attempted"):
        adult = fact.text_or_none("companion_passport_no")
        age = case.age(fact.at) if adult else None
        if adult is None or age is None or age >= policy.thresholds.adult or fact.data.get("direction") != "OUT":
            continue
        child: dict[str, Value] = {"minor": True}
        if fact.flag("guardian_consent") or fact.text_or_none("group_kind") in ORGANISED:
            child["entrusted"] = True
        if families := case.households(fact.at, policy.windows.household):
            child["families"] = sorted(families)
        yield Use(subject(SubjectKind.DOCUMENT, adult), key_of(fact), fact, child)


def _officers(case: Case, said: Mapping[str, Said]) -> Iterator[Use]:
    """Decisions about this traveller, for the officer's own dossier (rules 27 and 28)."""
    attempts = [fact for fact in case.of("crossing_attempted") if "officer_ref" in fact.data]
    decisions = case.of("outcome_recorded")
    if not attempts and not decisions:
        return
    grave = {key.partition("/")[2]: one.severity for key, one in said.items() if one.severity}
    for fact in decisions:
        officer = fact.text_or_none("officer_ref") or fact.text_or_none("by")
        if officer is None or fact.text("outcome") not in {"CLEARED", "CLEARED_WITH_ADVICE"}:
            continue
        trigger = next((t for t in case.triggers if t.id == fact.text("trigger_id")), None)
        data: dict[str, Value] = {"reasoned": fact.text_or_none("reason_code") is not None}
        if trigger is not None and trigger.attempt is not None:
            data |= {"lane": trigger.attempt.lane, "checkpoint": trigger.attempt.checkpoint}
            data |= {"ground": trigger.fact.text_or_none("priority_ground")}
        if (severity := grave.get(fact.text("trigger_id"))) is not None:
            data["severity"] = severity
        yield Use(subject(SubjectKind.OFFICER, officer), f"decision/{fact.text('trigger_id')}", fact, data)
    for fact in attempts:
        officer = fact.text_or_none("officer_ref")
        severity = grave.get(fact.text("crossing_id"))
        if officer is None or fact.data.get("lane") != "PRIORITY" or severity is None:
            continue
        age = case.age(fact.at)
        if fact.text_or_none("priority_ground") is None and (age is None or 18 <= age < 60):
            told: dict[str, Value] = {"severity": severity, "checkpoint": fact.text("checkpoint")}
            yield Use(subject(SubjectKind.OFFICER, officer), f"priority/{fact.text('crossing_id')}", fact, told)


def _asked_for(case: Case, said: Mapping[str, Said]) -> Iterator[Use]:
    """Links that a rule asked for, such as a group that was stopped together (rule 9)."""
    standing: dict[str, Trigger] = {trigger.key: trigger for trigger in case.triggers}
    for key, one in said.items():
        trigger = standing.get(key)
        if trigger is not None:
            for link in one.links:
                yield Use(subject(SubjectKind.BOOKING, link), key, trigger.fact, {"group": True})


def moment(fact: Fact, field: str = "scheduled_at") -> datetime:
    """When a use really counts: its service's departure where that is known, else its own time."""
    return fact.moment(field) or fact.at
