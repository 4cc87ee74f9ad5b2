"""Areas: nothing about fewer than k people is ever published, and one person more or less does not show (rule 31)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agents import dossier as dossiers
from agents.areas import at_least, counted
from agents.dossier import CLOCK, Dossier
from agents.homes import HOURS, area_subject
from schemas.areas import FEWEST, AreaCount, AreaLevel, Indicator
from schemas.facts import COUNTED, MENTIONED, TICK, Fact, Note, digest
from schemas.policy import Policy
from tests.stories.play import POLICY, T0, Story, World, admitted, record

DESA, NEIGHBOUR, ELSEWHERE = "9901012001", "9901012002", "9902012001"
HOMES = (DESA, DESA, NEIGHBOUR, ELSEWHERE)
WINDOW = timedelta(days=POLICY.windows.origin)
K = at_least(POLICY)

bounded = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


def _asks_for(people: int) -> Policy:
    return POLICY.model_copy(update={"thresholds": POLICY.thresholds.model_copy(update={"origin_cases": people})})


def _who(number: int) -> str:
    return f"person:{digest(number)}"


def _told(person: int, *, day: int = 0, epoch: int = 1, stands: bool = True, hours: int | None = None) -> Fact:
    """A person's word to its desa, on a day from T0."""
    at = T0 + timedelta(days=day)
    indicator = Indicator.HARM if hours is None else Indicator.COMPLAINT_TO_PIPELINE
    data = {"member": _who(person), "stands": stands}
    if stands:
        data |= {"area": DESA, "indicator": indicator.value}
    if hours is not None:
        data["hours"] = hours  # type: ignore[assignment]  # a number beside words
    return Fact(f"suar/{digest(person)}", MENTIONED, "suar", at, at, data, epoch=epoch)  # type: ignore[arg-type]  # as above


def _tick(day: int) -> Fact:
    at = T0 + timedelta(days=day)
    return Fact(f"suar/{digest(day)}", TICK, "suar", at, at)


@dataclass
class Village:
    """One desa, told one fact after another."""

    policy: Policy = POLICY
    dossier: Dossier = field(default_factory=lambda: Dossier(area_subject(DESA)))
    notes: list[Note] = field(default_factory=list)

    def hears(self, fact: Fact) -> tuple[AreaCount, ...]:
        """What it publishes then."""
        self.dossier, notes, published = counted(self.dossier, fact, self.policy)
        self.notes += notes
        return published


def test_two_people_are_told_to_nobody_and_the_third_makes_three() -> None:
    village = Village()
    assert village.hears(_told(1)) == () == village.hears(_told(2))
    [one] = village.hears(_told(3))
    assert (one.area, one.level, one.indicator) == (DESA, AreaLevel.DESA, Indicator.HARM)
    assert (one.people, one.revision, one.as_of, one.window_days) == (3, 1, T0.date(), POLICY.windows.origin)


def test_a_count_that_falls_below_k_is_suppressed_and_its_revision_goes_on() -> None:
    village = Village()
    for person in range(3):
        village.hears(_told(person))
    [gone] = village.hears(_told(1, epoch=2, stands=False))
    assert gone.suppressed
    assert (gone.people, gone.revision) == (None, 2)
    [back] = village.hears(_told(1, epoch=3))
    assert (back.people, back.revision) == (3, 3)


def test_a_day_too_late_is_out_of_the_window_and_the_desa_asks_to_be_woken() -> None:
    """The 90th day after still counts, the next does not."""
    village = Village()
    for person in range(3):
        village.hears(_told(person, day=person))
    wake = village.dossier.looks()[CLOCK]
    assert wake == datetime.combine((T0 + WINDOW + timedelta(days=1)).date(), datetime.min.time(), UTC)
    assert village.hears(_tick(POLICY.windows.origin)) == ()
    [gone] = village.hears(_tick(POLICY.windows.origin + 1))
    assert gone.suppressed
    assert village.hears(_told(7, day=0)) == (), "what is older than the window is not counted when it comes late"


def test_what_comes_twice_or_after_its_own_end_changes_nothing() -> None:
    village = Village()
    village.hears(_told(1, epoch=2, stands=False))
    before = village.dossier
    village.hears(_told(1, epoch=1))
    village.hears(_told(1, epoch=2, stands=False))
    assert village.dossier is before


def test_a_task_force_may_ask_for_more_people_and_never_for_fewer() -> None:
    assert [at_least(_asks_for(asked)) for asked in (1, 3, 5)] == [FEWEST, 3, 5]
    village = Village(_asks_for(5))
    published = [one for person in range(6) for one in village.hears(_told(person))]
    assert [one.people for one in published] == [5]


def test_half_are_warned_within() -> None:
    """The time is a class, of enough people, and moves only with their number."""
    village = Village()
    times = (1, 24, 24, 720, 720, 720)
    published = [one for person, hours in enumerate(times) for one in village.hears(_told(person, hours=hours))]
    assert [(one.people, one.within_hours) for one in published] == [(3, 24), (6, 24)]
    assert set(times) <= set(HOURS)


def test_a_kabupaten_counts_a_mover_once_and_knows_how_many_when_few_are_named() -> None:
    """A desa names its first few to the kabupaten; the others are only a number."""
    kabupaten = Dossier(area_subject(DESA[:4]))

    def hears(desa: str, people: int, who: Sequence[str]) -> tuple[AreaCount, ...]:
        nonlocal kabupaten
        data = {"area": DESA[:4], "indicator": "PASSPORTS", "people": people, "who": list(who)}
        fact = Fact(f"suar/{digest(desa)}", COUNTED, "suar", T0, T0, data, epoch=1)  # type: ignore[arg-type]  # mixed values
        kabupaten, _, published = counted(kabupaten, fact, POLICY)
        return published

    assert hears(DESA, 2, ["a", "b"]) == ()
    assert hears(NEIGHBOUR, 2, ["b", "a"]) == (), "they are two people, in whatever desa"
    [one] = hears(ELSEWHERE, 200, [f"p{number}" for number in range(8)])
    assert (one.level, one.people) == (AreaLevel.KABUPATEN, 201)


@bounded
@given(steps=st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=60), k=st.sampled_from([3, 5]))
def test_one_person_more_or_less_shows_only_where_a_multiple_of_k_is_crossed(
    steps: list[tuple[int, bool]], k: int
) -> None:
    """Whoever compares one publication with the next learns no more than that a multiple was crossed: between two
    multiples every number of people, and every set of them, publishes the same nothing.
    """
    village, inside, epochs = Village(_asks_for(k)), set[int](), dict[int, int]()
    shown = 0
    for person, comes in steps:
        epochs[person] = epochs.get(person, 0) + 1
        (inside.add if comes else inside.discard)(person)
        published = village.hears(_told(person, epoch=epochs[person], stands=comes))
        standing = len(inside) // k * k
        assert [one.people for one in published] == ([standing or None] if standing != shown else [])
        shown = standing


@bounded
@given(people=st.sets(st.integers(0, 30), min_size=3, max_size=12), other=st.integers(31, 60), chance=st.randoms())
def test_who_they_are_never_shows(people: set[int], other: int, chance: Random) -> None:
    """Any of them could be somebody else, and the bytes that are published would be the same."""
    swapped = [other, *list(people)[1:]]
    told = [Village(), Village()]
    said = [
        [one.model_dump_json() for person in some for one in village.hears(_told(person))]
        for village, some in zip(told, (list(people), swapped), strict=True)
    ]
    assert said[0] == said[1]
    assert not any(digest(person)[:8] in text for person in people for text in said[0])


@bounded
@given(
    steps=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 200), st.booleans()), max_size=25), order=st.randoms()
)
def test_any_order_counts_the_same(steps: list[tuple[int, int, bool]], order: Random) -> None:
    """The last epoch of each counts, whichever comes first, and a tick at the end finds the same people."""
    epochs: dict[int, int] = {}
    facts = []
    for person, day, stands in sorted(steps, key=lambda step: step[1]):
        epochs[person] = epochs.get(person, 0) + 1
        facts.append(_told(person, day=day, epoch=epochs[person], stands=stands))
    shuffled = list(facts)
    order.shuffle(shuffled)
    ends = []
    for some in (facts, shuffled):
        village = Village()
        for fact in (*some, _tick(200)):
            village.hears(fact)
        assert village.dossier.area is not None
        ends.append({name: one for name, one in village.dossier.area.tally.items() if one.people})
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": 2, "at_least": 2},
        {"people": 2},
        {"people": 4},
        {"people": None, "within_hours": 24},
        {"level": "DESA"},
        {"area": "99010120010001"},
    ],
)
def test_a_count_that_would_tell_too_much_cannot_be_built(wrong: dict[str, object]) -> None:
    right = {
        "area": "9901",
        "level": "KABUPATEN",
        "indicator": "HARM",
        "window_days": 90,
        "at_least": 3,
        "people": 3,
        "as_of": date(2026, 3, 10),
        "revision": 1,
        "policy_version": "t",
    }
    assert AreaCount.model_validate(right).key == "9901/HARM"
    with pytest.raises(ValidationError):
        AreaCount.model_validate(right | wrong)


def test_the_store_gives_an_area_back() -> None:
    village = Village()
    for person in range(4):
        village.hears(_told(person, hours=24))
    assert dossiers.decode(dossiers.encode(village.dossier)) == village.dossier


# The whole path: whatever agencies send

_KINDS = ("complaint_filed", "repatriation_completed", "departure_deferred", "passport_issued", "residence_moved")
_SYSTEMS = {"complaint_filed": "peduliwni", "repatriation_completed": "peduliwni", "residence_moved": "dukcapil"}
Event = dict[str, object]


def _event(chance: Random, number: int, before: list[Event]) -> Event:
    person, kind = chance.randrange(7), chance.choice(_KINDS)
    nik, passport = {"nik": f"990101450190000{person + 1}"}, {"passport_no": f"X100000{person}"}
    data = {
        "complaint_filed": {"case_no": f"CASE-{number}", "country": "KHM", "category": "WAGES", **nik},
        "repatriation_completed": {"case_no": f"CASE-{number}", "country": "KHM", **nik},
        "departure_deferred": {
            "crossing_id": f"CR-{number}",
            "checkpoint": "A-CGK",
            "reason_code": chance.choice(["CPMI_NP", "TPPO", "HAJJ", "DOCUMENT"]),
            **passport,
        },
        "passport_issued": {"issued_on": "2026-01-01", "office_code": "KANIM-1", **nik, **passport},
        "residence_moved": {"desa_code": chance.choice(HOMES), **nik},
    }[kind]
    event: Event = {
        "id": f"e{number}",
        "system": _SYSTEMS.get(kind, "simkim"),
        "type": kind,
        "at": f"-{chance.randint(0, 120)}d",
        "arrives": chance.choice(["0", "0", "2h", "60d"]),
        "data": data,
    }
    if before and chance.random() < 0.15:
        other = chance.choice(before)
        event |= {name: other[name] for name in ("system", "type", "at", "data")} | {"retracts": other["id"]}
    return event


def _history(chance: Random) -> Story:
    events: list[Event] = [
        {
            "id": f"r{person}",
            "system": "dukcapil",
            "type": "resident_registered",
            "at": "-400d",
            "data": {"nik": f"990101450190000{person + 1}", "desa_code": HOMES[person % len(HOMES)]},
        }
        for person in range(7)
    ]
    for number in range(chance.randint(3, 30)):
        events.append(_event(chance, number, events[7:]))
    records = tuple(record(event, T0) for event in events)
    return Story(name="a history", rules=(), records=records, feeds={}, ticks=(), expect={})


def _who_ever(world: World) -> dict[str, set[str]]:
    """By the key of a count: everybody who ever stood in it, as each person's own dossier told its desa."""
    people: dict[str, set[str]] = {}
    for subject, dossier in world.dossiers.items():
        for area in (*HOMES, DESA[:4], ELSEWHERE[:4]):
            desa = [home for home in set(HOMES) if home.startswith(area)]
            for key in dossier.mentions:
                link, _, use = key.partition("#")
                if link in {area_subject(home) for home in desa}:
                    people.setdefault(f"{area}/{use.partition('/')[0]}", set()).add(subject)
    return people


@settings(bounded, max_examples=60)
@given(chance=st.randoms(use_true_random=False))
def test_whatever_agencies_send_nothing_about_fewer_than_k_is_published(chance: Random) -> None:
    """Drawn at random, with moves, retractions, late events and the clock going on."""
    story, world = _history(chance), World()
    for one in sorted(story.records, key=lambda one: one.arrives):
        now = one.arrives
        world.settle(world.due(now, story.context(now)), story.context(now))
        world.settle(admitted(one), story.context(now))
    for days in (30, 100, 200):
        now = T0 + timedelta(days=days)
        world.settle(world.due(now, story.context(now)), story.context(now))
    ever = _who_ever(world)
    for count in world.areas:
        assert count.suppressed or FEWEST <= (count.people or 0) <= len(ever[count.key])
        assert not any(subject.partition(":")[2][:8] in count.model_dump_json() for subject in world.dossiers)
    assert all(one.suppressed for one in world.counts().values()), "after 200 quiet days nothing stands"
    revisions = [(one.key, one.revision) for one in world.areas]
    assert len(revisions) == len(set(revisions))


def test_a_tally_stays_small() -> None:
    """A passport costs its desa less than a hundred bytes: a busy kelurahan sees a thousand in a window."""
    village = Village()
    for person in range(1000):
        village.hears(_told(person))
    assert len(dossiers.encode(village.dossier)) < 100_000
    assert msgspec.json.encode(village.notes[-1].fact).__len__() < 800
