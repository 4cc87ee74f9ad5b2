"""Homes: what happened to somebody, told to the home desa as a count needs it and no more (rule 31, findings F8, A1, A2)."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from agents.case import Case
from agents.dossier import Said
from agents.holder import HOMES
from agents.uses import Use
from schemas.alerts import TriggerKind
from schemas.areas import Indicator
from schemas.facts import Fact, Value, digest
from schemas.identity import Subject, SubjectKind, subject

HOURS = (1, 6, 24, 72, 168, 720, 4320)
"""Classes of time from a complaint to a warning, by their upper end; the last is the window of rule 20."""
_HARM = ("complaint_filed", "complaint_received", "repatriation_completed")
_PUT_OFF = ("departure_deferred", "prevented_departure_recorded")
_PERSON = f"{SubjectKind.PERSON.value}:"
_GROUNDS = frozenset({"CPMI_NP", "TPPO"})
_VISIT_IN_PROCESS = '"declared_visit_but_cpmi_in_process"'
_WORK_WITHOUT = '"work_visa_without_epmi"'
_PIPELINE = '"complaint_recruiter_in_pipeline"'
_LETTER = '"recommendation_or_letter_not_found"'

Counts = Iterator[tuple[Indicator, Fact, dict[str, Value]]]


@dataclass(frozen=True, slots=True)
class HomeUse(Use):
    """One thing that counts in one home area: which area, which count, and nothing of what happened."""

    @property
    def content(self) -> str:
        """Its name says everything else."""
        return str(self.data.get("hours", "-"))

    def _told(self, member: Subject) -> dict[str, Value]:
        """What the area hears."""
        return {"member": member, "stands": True, **self.data}


@lru_cache(maxsize=4096)
def area_subject(code: str) -> Subject:
    """The dossier of an area, by its Kemendagri code."""
    return subject(SubjectKind.DESA, digest(code))


def homes(case: Case, said: Mapping[str, Said]) -> dict[str, Use]:
    """Everything of this person that counts at home, by key. Where no system said where home is, nothing does."""
    if not case.subject.startswith(_PERSON) or case.by_kind.keys().isdisjoint(HOMES):
        return {}
    found: dict[str, Use] = {}
    for indicator, fact, data in _counts(case, said):
        home = case.desa(fact.at)
        if home is not None:
            told = {"area": home, "indicator": indicator.value, **data}
            use = HomeUse(area_subject(home), f"{indicator.value}/{fact.id}", fact, told)
            found[use.key] = use
    return found


def _counts(case: Case, said: Mapping[str, Said]) -> Counts:
    for fact in case.of("passport_issued"):
        yield Indicator.PASSPORTS, fact, {}
    for fact in case.of(*_HARM):
        yield Indicator.HARM, fact, {}
    for fact in case.of(*_PUT_OFF):
        if fact.text_or_none("reason_code") in _GROUNDS:
            yield Indicator.HARM, fact, {}
    yield from _left_in_process(case, said)
    yield from _warned(case, said)
    yield from _letters(case, said)


def _left_in_process(case: Case, said: Mapping[str, Said]) -> Counts:
    """Departures that were let through although an alert said: the placement process has begun and has not ended."""
    if not case.process:
        return
    for left in case.of("crossing_cleared"):
        one = said.get(f"{TriggerKind.ATTEMPT.value}/{left.text('crossing_id')}")
        if one is None or left.data.get("direction") != "OUT":
            continue
        begun = case.process[0].at <= left.at
        if _standing(one, _VISIT_IN_PROCESS) or (begun and _standing(one, _WORK_WITHOUT)):
            yield Indicator.REGISTERED_WITHOUT_EPMI, left, {}


def _letters(case: Case, said: Mapping[str, Said]) -> Counts:
    """Applications with a paper that its office or village must answer for; they hear a number, never whose."""
    for asked in case.of("passport_application_submitted"):
        one = said.get(f"{TriggerKind.APPLICATION.value}/{asked.text('application_no')}")
        if one is not None and _standing(one, _LETTER):
            yield Indicator.LETTER_IN_DOUBT, asked, {}


def _warned(case: Case, said: Mapping[str, Said]) -> Counts:
    """The first time that a complaint of somebody else reached this person's own application, agreement, e-PMI or journey."""
    first: tuple[timedelta, str, Fact] | None = None
    for trigger in case.triggers:
        one = said.get(trigger.key)
        if one is None or not _standing(one, _PIPELINE):
            continue
        for answer in case.answers(trigger.key):
            complained = answer.moment("since")
            if complained is not None:
                late = answer.admitted_at - complained
                first = min(first or (late, trigger.key, trigger.fact), (late, trigger.key, trigger.fact), key=_order)
    if first is not None:
        hours = HOURS[min(bisect_left(HOURS, first[0] / timedelta(hours=1)), len(HOURS) - 1)]
        yield Indicator.COMPLAINT_TO_PIPELINE, first[2], {"hours": hours}


def _order(one: tuple[timedelta, str, Fact]) -> tuple[timedelta, str]:
    return one[0], one[1]


def _standing(one: Said, rule: str) -> bool:
    """Does what was last said of a trigger, and not taken back, name the rule?"""
    return one.severity > 0 and one.alert is not None and rule in one.alert
