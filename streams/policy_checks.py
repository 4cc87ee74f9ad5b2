"""What a policy table must not say although each of its fields is well formed: places that are none, rows that contradict each other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pycountry
from pydantic import BaseModel

from schemas.identity import SubjectKind
from schemas.policy import CountryRow, Policy
from schemas.topics import BY_NAME
from streams.policy_lines import Place

ZONES = frozenset({"Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"})
"""WIB, WITA and WIT: no TPI stands elsewhere."""
_PEOPLE = frozenset({SubjectKind.PERSON, SubjectKind.DOCUMENT, SubjectKind.CASE, SubjectKind.UNKEYED})
"""Innocent people share links; nobody is let pass by name."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and where."""

    place: Place
    reason: str


def faults(policy: Policy) -> Iterator[Fault]:
    """Everything that is wrong, in the order of the table."""
    for check in _CHECKS:
        yield from check(policy)


def _zones(policy: Policy) -> Iterator[Fault]:
    for code, row in policy.checkpoints.items():
        place: Place = ("checkpoints", code, "zone")
        try:
            ZoneInfo(row.zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield Fault(place, f"this machine knows no zone {row.zone}")
            continue
        if row.zone not in ZONES:
            yield Fault(place, f"no checkpoint of Indonesia is in {row.zone}: choose one of {', '.join(sorted(ZONES))}")


def _checkpoints(policy: Policy) -> Iterator[Fault]:
    names: dict[tuple[str, str], str] = {}
    for code, row in policy.checkpoints.items():
        first = names.setdefault((code[0], row.name), code)
        if first != code:
            yield Fault(("checkpoints", code, "name"), f"{row.name} is {first} already")


def _countries(policy: Policy) -> Iterator[Fault]:
    for place, code in _named(policy):
        if pycountry.countries.get(alpha_3=code) is None:
            yield Fault(place, f"{code} is no country (ISO 3166-1 alpha-3)")


def _named(policy: Policy) -> Iterator[tuple[Place, str]]:
    for name, members in policy.corridors.items():
        yield from ((("corridors", name), code) for code in sorted(members))
    yield from ((("countries", number, "country"), row.country) for number, row in enumerate(policy.countries))
    yield from ((("minimum_ages", code), code) for code in policy.minimum_ages)
    yield from ((("scam_corridor", "countries"), code) for code in sorted(policy.scam_corridor.countries))
    yield from ((("scam_corridor", "transits"), code) for code in sorted(policy.scam_corridor.transits))


def _country_rows(policy: Policy) -> Iterator[Fault]:
    for number, row in enumerate(policy.countries):
        if row.valid_to is not None and row.valid_to < row.valid_from:
            yield Fault(("countries", number, "valid_to"), f"ends before it begins ({row.valid_from})")
    for (_, first), (number, second) in combinations(enumerate(policy.countries), 2):
        if first.country == second.country and first.rule is not second.rule and _overlap(first, second):
            yield Fault(
                ("countries", number),
                f"{second.country} is {second.rule.value} from {second.valid_from}, while an earlier row says "
                f"{first.rule.value} from {first.valid_from} to {first.valid_to or 'no end'}: end one before the other",
            )


def _overlap(one: CountryRow, other: CountryRow) -> bool:
    return (one.valid_to is None or other.valid_from <= one.valid_to) and (
        other.valid_to is None or one.valid_from <= other.valid_to
    )


def _allow_rows(policy: Policy) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, row in enumerate(policy.allow):
        kind = row.subject.partition(":")[0]
        if kind not in set(SubjectKind) - _PEOPLE:
            yield Fault(("allow", number, "subject"), f"{kind} is no link that people share")
        if row.subject in seen:
            yield Fault(("allow", number, "subject"), "stands in an earlier row already")
        seen.add(row.subject)


def _seasons(policy: Policy) -> Iterator[Fault]:
    for number, season in enumerate(policy.hajj):
        if season.ends < season.begins:
            yield Fault(("hajj", number, "ends"), f"ends before it begins ({season.begins})")


def _kept(policy: Policy) -> Iterator[Fault]:
    for name, days in policy.retention_days.items():
        topic = BY_NAME.get(name)
        if topic is not None and topic.retention is not None and topic.retention.days != days:
            yield Fault(
                ("retention_days", name), f"the topic keeps {topic.retention.days} days: say the same, or change both"
            )


def _numbers(policy: Policy) -> Iterator[Fault]:
    for place, value in _leaves(policy, ()):
        if isinstance(value, int | float) and value < 0:
            yield Fault(place, "is below zero")


def _leaves(value: object, place: Place) -> Iterator[tuple[Place, object]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if (*place, name) != ("sop",):
                yield from _leaves(getattr(value, name), (*place, name))
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, (*place, str(name)))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, one in enumerate(value):
            yield from _leaves(one, (*place, number))
    else:
        yield place, value


_CHECKS: tuple[Callable[[Policy], Iterable[Fault]], ...] = (
    _zones,
    _checkpoints,
    _countries,
    _country_rows,
    _allow_rows,
    _seasons,
    _kept,
    _numbers,
)
