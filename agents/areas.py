"""Areas: how many people of a desa or kabupaten something happened to. Fewer than k are told to nobody (rule 31)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time

import msgspec

from agents.dossier import Dossier
from agents.homes import HOURS, area_subject
from agents.tally import Area, Counted, Last
from schemas.areas import FEWEST, KABUPATEN_DIGITS, AreaCount, AreaLevel, Indicator
from schemas.facts import COUNTED, MENTIONED, Fact, Note, Value, digest
from schemas.policy import Policy

NAMED = 8
"""Of so many people a desa tells the kabupaten apart who they are, by pseudonym: who moved within it counts once."""
_PSEUDONYM = 16
"""Digits of a pseudonym that are kept: enough to tell two people apart."""


def counted(dossier: Dossier, fact: Fact, policy: Policy) -> tuple[Dossier, tuple[Note, ...], tuple[AreaCount, ...]]:
    """What one fact or one tick changes in an area: its dossier, what its kabupaten must hear, what is published."""
    area = dossier.area or Area()
    today = max(area.today, _day(fact.admitted_at))
    entry, window = _entry(fact), policy.windows.origin
    if entry is None and today == area.today:
        return dossier, (), ()
    tally = area.tally
    if entry is not None:
        name = fact.id[-_PSEUDONYM:]
        mine = tally.get(name)
        if mine.epoch >= entry.epoch if mine is not None else _aged(entry, today, window):
            return dossier, (), ()
        tally = {**tally, name: entry}
    area = msgspec.structs.replace(
        area,
        code=area.code or fact.text_or_none("area") or "",
        today=today,
        tally={name: one for name, one in tally.items() if not _aged(one, today, window)},
    )
    area, published = _published(area, policy)
    area, notes = _passed_on(area, fact, policy)
    area = msgspec.structs.replace(area, wake=_wake(area, window))
    return msgspec.structs.replace(dossier, area=area), notes, published


def at_least(policy: Policy) -> int:
    """k: the task force may ask for more people than the rule book, never for fewer."""
    return max(FEWEST, policy.thresholds.origin_cases)


def _entry(fact: Fact) -> Counted | None:
    """A person's word to its desa, or a desa's to its kabupaten. None: the fact counts nobody."""
    if fact.kind == COUNTED:
        return Counted(
            fact.epoch,
            None,
            fact.text("indicator"),
            fact.number("people"),
            tuple(str(one) for one in _list(fact, "who")),
            tuple(int(one) for one in _list(fact, "classes")),
        )
    if fact.kind != MENTIONED:
        return None
    if not fact.flag("stands"):
        return Counted(fact.epoch, _day(fact.admitted_at))
    who = fact.text("member").partition(":")[2][:_PSEUDONYM]
    hours = fact.data.get("hours")
    classes = tuple(int(hours == one) for one in HOURS) if hours else ()
    return Counted(fact.epoch, _day(fact.at), fact.text("indicator"), 1, (who,), classes)


def _list(fact: Fact, field: str) -> list[str | int]:
    value = fact.data.get(field)
    return value if isinstance(value, list) else []


def _day(moment: datetime) -> int:
    return moment.astimezone(UTC).toordinal()


def _aged(one: Counted, today: int, window: int) -> bool:
    return one.day is not None and one.day + window < today


def _wake(area: Area, window: int) -> datetime | None:
    """The beginning of the day on which the oldest entry does not count any more."""
    days = [one.day for one in area.tally.values() if one.day is not None and one.people]
    return datetime.combine(date.fromordinal(min(days) + window + 1), time(), UTC) if days else None


class Sum(msgspec.Struct, frozen=True):
    """The people of one indicator."""

    people: int = 0
    who: tuple[str, ...] = ()
    """Those who are told apart, by short pseudonym."""
    classes: tuple[int, ...] = ()


def _sums(area: Area) -> dict[str, Sum]:
    """By indicator. Nobody counts twice in a desa; in a kabupaten nobody among the first few of each desa does."""
    sorted_out: dict[str, list[Counted]] = {}
    for one in area.tally.values():
        if one.people:
            sorted_out.setdefault(one.indicator, []).append(one)
    return {name: _sum(entries) for name, entries in sorted_out.items()}


def _sum(entries: list[Counted]) -> Sum:
    who = {name for one in entries for name in one.who}
    others = sum(one.people - len(one.who) for one in entries)
    return Sum(len(who) + others, tuple(sorted(who)), _by_class(_soonest(entries)))


def _soonest(entries: list[Counted]) -> Iterable[tuple[int, ...]]:
    """Of one person's several times, the shortest; a desa's are its people's."""
    mine: dict[tuple[str, ...], tuple[int, ...]] = {}
    for one in entries:
        key = one.who if one.day is not None else (*one.who, "")
        mine[key] = max(mine.get(key, ()), one.classes)
    return mine.values()


def _by_class(classes: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    told = [one for one in classes if one]
    return tuple(sum(column) for column in zip(*told, strict=True)) if told else ()


def _published(area: Area, policy: Policy) -> tuple[Area, tuple[AreaCount, ...]]:
    """What is not what was published before. A count is rounded down to a multiple of k, and what goes with it moves only
    when the count does: one person more or less is nobody's to see.
    """
    sums, k, said = _sums(area), at_least(policy), dict(area.published)
    counts: list[AreaCount] = []
    for indicator in Indicator:
        found = sums.get(indicator.value) or Sum()
        people = found.people // k * k if len(found.who) >= k else 0
        content = f"{people}/{policy.windows.origin}/{k}" if people else ""
        last = said.get(indicator.value) or Last(0)
        if content == last.content:
            continue
        said[indicator.value] = last = Last(last.revision + 1, content)
        counts.append(
            AreaCount(
                area=area.code,
                level=AreaLevel.KABUPATEN if len(area.code) == KABUPATEN_DIGITS else AreaLevel.DESA,
                indicator=indicator,
                window_days=policy.windows.origin,
                at_least=k,
                people=people or None,
                within_hours=_half(found.classes) if people else None,
                as_of=date.fromordinal(area.today),
                revision=last.revision,
                policy_version=policy.version,
            )
        )
    return (msgspec.structs.replace(area, published=said), tuple(counts)) if counts else (area, ())


def _half(classes: tuple[int, ...]) -> int | None:
    """The class by whose end half of the people are reached."""
    reached = 0
    for hours, people in zip(HOURS, classes, strict=False):
        reached += people
        if people and reached * 2 >= sum(classes):
            return hours
    return None


def _passed_on(area: Area, about: Fact, policy: Policy) -> tuple[Area, tuple[Note, ...]]:
    """A desa tells its kabupaten how many it counts, when that changes."""
    if len(area.code) == KABUPATEN_DIGITS or not area.code:
        return area, ()
    sums, told, named = _sums(area), dict(area.passed_on), max(NAMED, at_least(policy))
    notes: list[Note] = []
    for name in sorted({*sums, *told}):
        found, last = sums.get(name) or Sum(), told.get(name) or Last(0)
        who = found.who[:named]
        content = digest(found.people, *who, *found.classes)[:_PSEUDONYM] if found.people else ""
        if content == last.content:
            continue
        told[name] = last = Last(last.revision + 1, content)
        data: dict[str, Value] = {
            "area": area.code[:KABUPATEN_DIGITS],
            "indicator": name,
            "people": found.people,
            **_lists(who, found.classes),
        }
        notes.append(Note(area_subject(area.code[:KABUPATEN_DIGITS]), _note(area.code, data, about, last.revision)))
    return (msgspec.structs.replace(area, passed_on=told), tuple(notes)) if notes else (area, ())


def _lists(who: Iterable[str], classes: Iterable[int]) -> Mapping[str, Value]:
    told: dict[str, Value] = {"who": list(who)}
    if classes:
        told["classes"] = list(classes)
    return told


def _note(code: str, data: dict[str, Value], about: Fact, epoch: int) -> Fact:
    return Fact(
        id=f"suar/{digest(COUNTED, code, data['indicator'])}",
        kind=COUNTED,
        source="suar",
        at=about.admitted_at,
        admitted_at=about.admitted_at,
        data=data,
        epoch=epoch,
    )
