"""A case: one dossier's standing facts read as the things of the field."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from agents.holder import Holder
from agents.lazy import lazy
from agents.things import (
    AT_THE_GATE,
    Application,
    Attempt,
    Deferral,
    DocumentState,
    Permit,
    Refusal,
    Return,
    Trigger,
    attempt_of,
)
from schemas.alerts import TriggerKind
from schemas.facts import COMPLAINED, GATHERED, MENTIONED, Fact, in_order
from schemas.identity import SubjectKind, kind_of

_STATES = {
    "passport_reported_lost": "LOST",
    "passport_recovered": "RECOVERED",
    "passport_seized": "SEIZED",
    "passport_released": "RELEASED",
    "passport_revoked": "REVOKED",
    "passport_withdrawn": "WITHDRAWN",
}
PROCESS = frozenset(
    {
        "jobseeker_account_created",
        "cpmi_id_issued",
        "cpmi_registered",
        "placement_agreement_signed",
        "passport_recommendation_issued",
        "document_verified",
        "medical_result",
        "social_security_registered",
        "opp_completed",
        "biometric_captured",
    }
)


_REGISTRIES = ("resident_registered", "biometric_match_result")
_JUDGED_BESIDE_ATTEMPTS = frozenset(
    {
        "passport_application_submitted",
        "passport_reported_lost",
        "passport_replaced",
        "manifest_entry",
        "epmi_issued",
        "placement_agreement_signed",
        "cpmi_registered",
        *_REGISTRIES,
        GATHERED,  # a link may say that a passport is contested
        MENTIONED,
    }
)
"""Kinds of facts that a trigger is made of, or that make one; so most dossiers are done at the first look."""
_JUDGED = _JUDGED_BESIDE_ATTEMPTS | {"crossing_attempted"}
_LINKS = frozenset(
    {
        SubjectKind.CONTACT,
        SubjectKind.PAYER,
        SubjectKind.BOOKING,
        SubjectKind.RECRUITER,
        SubjectKind.COMPANY,
        SubjectKind.ADDRESS,
        SubjectKind.LETTER,
        SubjectKind.OFFICER,
    }
)


class Case(Holder):
    """What a dossier tells, by kind and in event-time order."""

    def bound_at(self, document: str) -> datetime | None:
        """When it was first known that a document is this person's: admission of its earliest standing issuance, UTC."""
        issued = [fact for fact in self.of("passport_issued") if fact.text("passport_no") == document]
        return min((fact.admitted_at for fact in issued), default=None)

    @lazy
    def triggers(self) -> tuple[Trigger, ...]:
        """Everything in this case that is judged. What was recorded twice under one number is the later record."""
        if _JUDGED.isdisjoint(self.by_kind):
            return ()
        attempts = {f.text("crossing_id"): f for f in self.of("crossing_attempted") if f.data["direction"] == "OUT"}
        found = [Trigger(TriggerKind.ATTEMPT, name, fact) for name, fact in attempts.items()]
        if _JUDGED_BESIDE_ATTEMPTS.isdisjoint(self.by_kind):
            return tuple(found)
        applications = {f.text("application_no"): f for f in self.of("passport_application_submitted")}
        losses = self.of("passport_reported_lost", "passport_replaced")
        placements = self.of("epmi_issued", "placement_agreement_signed", "cpmi_registered")
        found += [Trigger(TriggerKind.APPLICATION, name, fact) for name, fact in applications.items()]
        found += [Trigger(TriggerKind.LOSS_REPORT, f.id, f) for f in losses if f.data.get("cause", "LOST") == "LOST"]
        found += [Trigger(TriggerKind.MANIFEST, f.id, f) for f in self._announced(attempts.values())]
        found += [Trigger(TriggerKind.PLACEMENT, f.id, f) for f in placements if not self._went_on(f)]
        return (*found, *self._registry, *self._groups)

    def _announced(self, attempts: Iterable[Fact]) -> Iterator[Fact]:
        """Passengers announced by a carrier who have not come to the gate yet: the attempt takes the entry's place."""
        for entry in self.of("manifest_entry"):
            leaves = entry.moment("scheduled_at") or entry.at
            document = entry.text("passport_no")
            if not any(f.text("passport_no") == document and abs(f.at - leaves) <= AT_THE_GATE for f in attempts):
                yield entry

    def _went_on(self, step: Fact) -> bool:
        """A step before the e-PMI gives way to it."""
        return step.kind != "epmi_issued" and any(
            card.at >= step.at and card.text("country") == step.text_or_none("country")
            for card in self.of("epmi_issued")
        )

    @property
    def _registry(self) -> Iterator[Trigger]:
        """What the registries say of one number, once there is more than one thing to compare."""
        told = [*self.of(*_REGISTRIES), *self.contested]
        applications = list(self.of("passport_application_submitted"))
        if len({fact.text_or_none("birth_date") for fact in applications}) > 1:
            told += applications
        if len(told) > 1 or any(fact.kind != "resident_registered" for fact in told):
            newest = max(told, key=in_order)
            yield Trigger(TriggerKind.REGISTRY, self.subject, newest)

    @property
    def _groups(self) -> Iterator[Trigger]:
        """Of a link: the people behind it, those of them who left, or an officer's decisions."""
        kind = kind_of(self.subject)
        if not self.mentions or kind not in _LINKS:
            return
        newest = self.mentions[-1]
        if kind is SubjectKind.OFFICER:
            yield Trigger(TriggerKind.OFFICER, self.subject, newest)
            return
        yield Trigger(TriggerKind.CLUSTER, self.subject, newest)
        left = [one for one in self.mentions if one.text_or_none("left")]
        if left:
            yield Trigger(TriggerKind.COHORT, self.subject, msgspec.structs.replace(left[-1], at=self.now))

    @lazy
    def mentions(self) -> tuple[Fact, ...]:
        """Of a link: the uses of it that stand, in event-time order."""
        return tuple(fact for fact in self.of(MENTIONED) if fact.flag("stands"))

    @lazy
    def complaints(self) -> tuple[Fact, ...]:
        """Of a link: complaints of it that stand."""
        return tuple(fact for fact in self.of(COMPLAINED) if fact.flag("stands"))

    def journey(self, fact: Fact) -> Attempt:
        """A manifest entry or an attempt, read as a departure."""
        return attempt_of(fact)

    def answers(self, use: str) -> list[Fact]:
        """What links answered about one use of this subject, by its trigger's key."""
        return [fact for fact in self.of(GATHERED) if fact.text("use") == use]

    def announced(self, attempt: Attempt) -> tuple[Fact, ...]:
        """What carriers said of the same journey up to its moment: entries with that document, half a day around it."""
        if attempt.fact.kind == "manifest_entry":
            return (attempt.fact,)
        return tuple(
            entry
            for entry in self.of("manifest_entry")
            if entry.at <= attempt.fact.at
            and entry.text("passport_no") == attempt.document
            and abs((entry.moment("scheduled_at") or entry.at) - attempt.fact.at) <= AT_THE_GATE
        )

    def exits(self, attempt: Attempt) -> list[Fact]:
        """Departures of this person that were let through before this one, in event-time order."""
        return [
            fact
            for fact in self.of("crossing_cleared")
            if fact.at <= attempt.fact.at
            and fact.text("direction") == "OUT"
            and fact.text("crossing_id") != attempt.crossing
        ]

    def replaces(self, new: str, old: str, at: datetime) -> bool:
        """Did one document take the place of the other up to a moment, in however many steps, by SIMKIM's word or the application's?"""
        steps = {
            (f.text("old_passport_no"), f.text("new_passport_no")) for f in self.of("passport_replaced") if f.at <= at
        }
        for issued in self.of("passport_issued"):
            asked = self.applied_for(issued, at) if issued.at <= at else None
            if asked is not None and (before := asked.text_or_none("previous_passport_no")):
                steps.add((before, issued.text("passport_no")))
        found, reached = {old}, 0
        while len(found) > reached:
            reached = len(found)
            found |= {after for before, after in steps if before in found}
        return new in found

    @lazy
    def permits(self) -> tuple[Permit, ...]:
        """e-PMI cards and contract extensions, less those revoked (`ended` says when)."""
        return tuple(
            Permit(fact, fact.text_or_none("epmi_no"), fact.text_or_none("country"), fact.day("valid_to"))
            for fact in self.of("epmi_issued", "contract_extended")
        )

    @lazy
    def deferrals(self) -> tuple[Deferral, ...]:
        """Departures put off."""
        return tuple(
            Deferral(
                fact,
                fact.text("crossing_id"),
                fact.text("checkpoint"),
                fact.text("lane"),
                fact.text("reason_code"),
                fact.text_or_none("group_ref"),
            )
            for fact in self.of("departure_deferred")
        )

    @property
    def applications(self) -> tuple[Application, ...]:
        """Passport applications."""
        return tuple(trigger.application for trigger in self.triggers if trigger.application is not None)

    @lazy
    def refusals(self) -> tuple[Refusal, ...]:
        """Passports refused or deferred."""
        return tuple(
            Refusal(fact, fact.text("application_no"), fact.text("office_code"), fact.text("reason_code"))
            for fact in self.of("passport_application_refused", "passport_application_deferred")
        )

    @lazy
    def document_states(self) -> tuple[DocumentState, ...]:
        """Changes of documents, in event-time order."""
        found = [DocumentState(fact, fact.text("passport_no"), _STATES[fact.kind]) for fact in self.of(*_STATES)]
        found += [
            DocumentState(fact, fact.text("old_passport_no"), "REPLACED") for fact in self.of("passport_replaced")
        ]
        return tuple(sorted(found, key=lambda state: (state.fact.at, state.fact.id)))

    @lazy
    def process(self) -> tuple[Fact, ...]:
        """Steps of a prospective worker before the e-PMI, in event-time order."""
        return tuple(sorted(self.of(*PROCESS), key=in_order))

    @lazy
    def repatriations(self) -> tuple[Return, ...]:
        """Repatriations completed."""
        return tuple(
            Return(fact, fact.text_or_none("country"), fact.text_or_none("case_no"))
            for fact in self.of("repatriation_completed")
        )

    @lazy
    def deportations(self) -> tuple[Return, ...]:
        """Entries as deportee."""
        return tuple(
            Return(fact, fact.text_or_none("from_country"), None)
            for fact in self.of("entry_cleared")
            if fact.flag("deportee")
        )

    def victim_status(self, case_no: str | None, upto: datetime | None) -> str:
        """The last assessment of a case up to a moment (None: to the last); NOT_ASSESSED when there is none."""
        status = "NOT_ASSESSED"
        for fact in self.of("case_assessed"):
            if (upto is None or fact.at <= upto) and fact.text("case_no") == case_no:
                status = fact.text("victim_status")
        return status

    def gathered(self, link: str) -> int:
        """How many people a cluster counts, as its link subject last said."""
        told = [fact for fact in self.of(GATHERED) if fact.text("link") == link and "count" in fact.data]
        return max((fact.number("count") for fact in told), default=0)
