"""The standard procedure as one signed value: what is asked, in which order people are met, what a traveller may expect, and by when.

It answers the Ombudsman's findings F4 (no procedure, no minimum standard) and A5 (uniform interview).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.alerts import Family, Severity, Text
from schemas.codes import Purpose
from schemas.envelope import Contract
from schemas.outcomes import GroundCode, Outcome
from schemas.simkim_passports import InterviewOutcome
from schemas.sop_parts import (
    PLACES,
    Checklist,
    DeferralNotice,
    EvidenceClass,
    Ground,
    InterviewEnding,
    Level,
    Line,
    MeetingEnding,
    Part,
    QuestionSet,
    Referral,
    RightsNotice,
    ServiceLevel,
    Situation,
)

SopVersion = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{4}-[0-9]{2}(\.[0-9]+)?$")]
"""Year and month of the signature, such as `2026-11`; a second one in the month is `2026-11.2`."""

_UNKIND = re.compile(
    r"\b(?:(?:di|me|mem|men|meng)?(?:tolak|blokir|larang|cegat|usir|cekal)(?:lah)?|menolak|tahan(?:lah)?|tangkap(?:lah)?"
    r"|ilegal|den(?:y|ied)|refused?|reject(?:ed)?|block(?:ed)?|forbid(?:den)?|ban(?:ned)?|detain|arrest|illegal|black\W?list)\b",
    re.IGNORECASE,
)
"""Words that would tell an officer to turn somebody away, or call a person unlawful. Suar advises; it never decides."""


def unkind(sentence: str) -> list[str]:
    """The words of a sentence that no text of a procedure may hold."""
    return [found.group() for found in _UNKIND.finditer(sentence)]


class Sop(Contract):
    """One version of the procedure. Versions are immutable; the version stands in every reference."""

    version: SopVersion
    valid_from: date
    title: Text
    questions: tuple[QuestionSet, ...]
    checklists: tuple[Checklist, ...]
    rights: tuple[RightsNotice, ...]
    interview_outcomes: tuple[InterviewEnding, ...]
    outcomes: tuple[MeetingEnding, ...]
    grounds: tuple[Ground, ...]
    evidence_classes: tuple[EvidenceClass, ...]
    levels: tuple[ServiceLevel, ...]
    referrals: Annotated[tuple[Referral, ...], Field(min_length=1)]
    deferral: DeferralNotice

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        _once("names", [f"{part.kind}/{part.name}" for part in self.parts])
        for part in self.parts:
            _once(f"{part.kind}/{part.name}", [line.id for line in part.lines])
        return self

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> Self:
        _whole("interview_outcomes", InterviewOutcome, [row.code for row in self.interview_outcomes])
        _whole("outcomes", Outcome, [row.code for row in self.outcomes])
        _whole("grounds", GroundCode, [row.code for row in self.grounds])
        _whole("evidence_classes", Family, [row.code for row in self.evidence_classes])
        _whole("levels", Level, [row.id for row in self.levels])
        declared = [purpose for one in self.questions for purpose in one.purposes]
        _whole("questions.purposes", Purpose, declared)
        _once("questions.purposes", [purpose.value for purpose in declared])
        return self

    @model_validator(mode="after")
    def _every_situation_is_served(self) -> Self:
        notices = [one.value for notice in self.rights for one in notice.situations]
        _once("rights.situations", notices)
        _whole("rights.situations", sorted(PLACES), [Situation(one) for one in notices])
        for place, parts in (("checklists", self.checklists), ("referrals", self.referrals)):
            _whole(f"{place}.situations", Situation, [one for part in parts for one in part.situations])
        return self

    @model_validator(mode="after")
    def _no_word_turns_anybody_away(self) -> Self:
        for place, text in sentences(self):
            for language, sentence in (("id", text.id), ("en", text.en)):
                if not sentence.strip():
                    raise ValueError(f"{place}.{language} is empty")
                for word in unkind(sentence):
                    raise ValueError(f"{place}.{language} says “{word}”: Suar advises, nobody is turned away by a text")
        return self

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything that can be referred to, in the order in which it is read."""
        return (
            *self.questions,
            *self.checklists,
            *self.rights,
            *self.interview_outcomes,
            *self.outcomes,
            *self.grounds,
            *self.evidence_classes,
            *self.levels,
            *self.referrals,
            self.deferral,
        )

    def reference(self, part: Part) -> str:
        """How an alert names a part: `checklist/secondary-inspection@2026-11`."""
        return f"{part.kind}/{part.name}@{self.version}"

    def find(self, reference: str) -> Part | None:
        """The part of that name, with or without this version; None when there is none, or when the version is another."""
        name, _, version = reference.partition("@")
        if version not in {"", self.version}:
            return None
        return next((part for part in self.parts if f"{part.kind}/{part.name}" == name), None)

    def level(self, level: Level) -> ServiceLevel:
        """The promise of that name."""
        return next(one for one in self.levels if one.id is level)

    def acknowledged_within(self, severity: Severity) -> timedelta | None:
        """How soon somebody must answer for an alert; None where nobody is called (domain 5.4 C)."""
        match severity:
            case Severity.CRITICAL:
                return self.level(Level.ACKNOWLEDGE_CRITICAL).length
            case Severity.HIGH:
                return self.level(Level.ACKNOWLEDGE_HIGH).length
            case Severity.MEDIUM | Severity.LOW:
                return None


def sentences(value: object, place: str = "") -> Iterator[tuple[str, Text]]:
    """Every text in a value, with the place where it stands."""
    if isinstance(value, Text):
        yield place, value
    elif isinstance(value, Contract):
        for name in type(value).model_fields:
            yield from sentences(getattr(value, name), f"{place}.{name}".lstrip("."))
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            label = one.name if isinstance(one, Part) else one.id if isinstance(one, Line) else str(number)
            yield from sentences(one, f"{place}.{label}")


def _once(place: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{place}: {', '.join(twice)} more than once")


def _whole(place: str, wanted: Iterable[StrEnum], found: Iterable[StrEnum]) -> None:
    missing = [one.value for one in wanted if one not in set(found)]
    if missing:
        raise ValueError(f"{place} lacks {', '.join(missing)}")
