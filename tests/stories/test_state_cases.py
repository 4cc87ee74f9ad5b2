"""What is remembered, under which rules, and for how long: the pure core and the sources, where the state of others went wrong."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from agents import dossier as dossiers
from agents.assess import Context
from schemas.alerts import State, Verdict
from schemas.envelope import System
from schemas.facts import Note
from schemas.identity import SubjectKind, kind_of
from schemas.wire import Admitted, BadRecord, admit
from streams import settings as settings_of
from streams.app import build
from tests.stories.play import POLICY, ROOT, T0, Record, Story, World, admitted, every, play, read, record

ALL_LIVE = Context(POLICY, {system.value: T0 + timedelta(days=60) for system in System})
OTHER_KEY = b"another key than that of the tests"
WEEK, DAYS = 7, timedelta(days=8)
PEOPLE = 12
CROWD = 60
STORIES = [story for story in map(read, every()) if len(story.records) <= CROWD]

ENGINE_S_OWN = {
    *("Table", "GlobalTable", "SetTable", "SetGlobalTable", "TumblingWindow", "HoppingWindow", "SlidingWindow"),
    *("tumbling", "hopping", "relative_to", "relative_to_field", "relative_to_now", "group_by", "take"),
}
"""What the engine offers for state and time, and nothing here may use (BR059)."""


def _sources() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("schemas", "agents", "streams"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def _names(tree: ast.Module) -> set[str]:
    """Every name that is read, called or imported."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.alias(name=name) | ast.keyword(arg=str(name)):
                found.add(name)
            case _:
                pass
    return found


def test_br059_no_window_and_no_table_of_the_engine() -> None:
    """Time and state are our own: who imports Faust uses no window, table or regrouping of it, and its app has none."""
    names = {path: _names(tree) for path, tree in _sources() if _imports(tree, "faust")}
    assert names.keys() == {"streams/app.py", "streams/login.py", "streams/worker.py"}
    assert {path: used for path, found in names.items() if (used := found & ENGINE_S_OWN)} == {}
    seen = _names(ast.parse("app.Table('t').hopping(10, 5).relative_to_field(R.at)"))
    assert seen & ENGINE_S_OWN == {"Table", "hopping", "relative_to_field"}, "it would be seen"
    app = build(settings_of.load(pseudonym_key="k" * 32), POLICY)
    assert dict(app.tables) == {}


def _imports(tree: ast.Module, package: str) -> bool:
    imported = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return any(name.partition(".")[0] == package for name in imported)


def test_br067_exactly_once_is_not_relied_on() -> None:
    """At least once, and again changes nothing: neither the engine nor a producer or consumer of ours is transactional."""
    app = build(settings_of.load(pseudonym_key="k" * 32), POLICY)
    assert "AT_LEAST_ONCE" in repr(app.conf.processing_guarantee)
    wrong = {"transactional_id", "exactly_once", "EXACTLY_ONCE", "begin_transaction", "processing_guarantee"}
    assert {path: names for path, tree in _sources() if (names := _names(tree) & wrong)} == {}


def test_br029_one_admission_for_whatever_comes_in() -> None:
    """Records become facts in one place; commands can only write to the agencies' topics, and those are read by it."""
    readers = [path for path, tree in _sources() if any(_calls_admit(node) for node in ast.walk(tree))]
    answering = {
        "streams/feed/ingest.py",
        "streams/feed/saying.py",
    }  # the gateway reads only to answer the sender at once
    replaying = {"streams/replay/history.py", "streams/replay/share.py"}  # a history's events, which go nowhere else
    assert set(readers) == {"streams/admit.py"} | answering | replaying
    writers = [
        path
        for path, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Record"
        and node.args
        and ast.unparse(node.args[0]) == "FACTS.name"
    ]
    assert set(writers) == {"streams/admit.py", "streams/react.py", "streams/announce.py", "streams/erase.py"}


def _calls_admit(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"admit", "wire.admit"}


# A week


def _event(kind: str, name: str, at: str, number: int, **data: str) -> dict[str, object]:
    passport = {"passport_no": f"X{1000000 + number}"}
    return {"system": "simkim", "type": kind, "id": f"{name}-{number}", "at": at, "data": passport | data}


def _commuter(number: int) -> list[dict[str, object]]:
    """Crosses a border every day of a week, and comes home in the evening."""
    book = {"nik": f"990101450190{number:04}", "issued_on": "-200d", "office_code": "KANIM-1"}
    told = [_event("passport_issued", "p", "-200d", number, **book)]
    for day in range(WEEK):
        here = {"checkpoint": "L-ENT", "lane": "COUNTER"}
        there = {"direction": "OUT", "destination": "MYS", "visa_class": "VISA_FREE", "purpose": "FAMILY_VISIT"}
        crossing = {"crossing_id": f"CR-{number}-{day}"}
        told += [
            _event("crossing_attempted", f"a{day}", f"{day}d", number, **crossing, **here, **there),
            _event(
                "entry_cleared", f"b{day}", f"{day}d9h", number, crossing_id=f"IN-{number}-{day}", checkpoint="L-ENT"
            ),
        ]
    return told


def _handed_over(world: World) -> None:
    """Every dossier goes to another worker: what is kept is what the next owner reads."""
    world.dossiers = {name: dossiers.decode(dossiers.encode(one)) for name, one in world.dossiers.items()}


def _week(rebalances: frozenset[int], *, looks: bool) -> World:
    world = World()
    records = sorted(
        (record(told, T0) for number in range(1, PEOPLE + 1) for told in _commuter(number)), key=lambda one: one.arrives
    )
    moments = [T0 + timedelta(hours=hour) for hour in range(-200 * 24 - 1, (WEEK + 3) * 24)]
    for before, now in pairwise(moments):
        for one in (one for one in records if before < one.arrives <= now):
            world.settle(admitted(one), ALL_LIVE)
        if now > T0 - timedelta(hours=1) and looks:
            world.settle(world.due(now, ALL_LIVE), ALL_LIVE)
        if (now - T0) / timedelta(days=1) in rebalances:
            _handed_over(world)
    return world


def test_br061_after_seven_days_and_three_rebalances_the_state_is_as_large_as_it_must_be() -> None:
    """One dossier a person and a document, each with the facts that were told and an answer for each attempt; no look remains."""
    world = _week(frozenset({2, 4, 6}), looks=True)
    events = 1 + 2 * WEEK
    kinds = [kind_of(name) for name in world.dossiers]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        SubjectKind.PERSON: PEOPLE,
        SubjectKind.DOCUMENT: PEOPLE,
    }
    for name, one in world.dossiers.items():
        assert (len(one.held), len(one.said)) == (events, WEEK if kind_of(name) is SubjectKind.PERSON else 0)
        assert one.looks() == {}
    undisturbed = _week(frozenset(), looks=False)
    assert {name: dossiers.encode(one) for name, one in world.dossiers.items()} == {
        name: dossiers.encode(one) for name, one in undisturbed.dossiers.items()
    }


# Versions, keys and replays

VISITOR = "declared_visit_but_cpmi_in_process_fires"
WORKER = "late_epmi_withdraws"


def test_br080_each_verdict_names_the_policy_that_it_was_reached_by() -> None:
    """Two attempts, a new version between them: each answer and each alert carries its own, whatever is in force later."""
    newer = replace(ALL_LIVE, policy=POLICY.model_copy(update={"version": "2099-01"}))
    world = World()
    for story, context in ((read(ROOT / "seeds" / "stories" / f"{WORKER}.yaml"), ALL_LIVE), (_visitor(), newer)):
        for one in story.records[: -1 if context is ALL_LIVE else None]:
            world.settle(admitted(one), context)
    answers = {name: one.policy_version for name, one in world.answers().items()}
    assert answers == {"CR-1": POLICY.version, "CR-NEW": "2099-01"}
    assert {one.trigger_id: one.policy_version for one in world.alerts} == answers


def _visitor() -> Story:
    """Somebody else than the worker, with a crossing of another name."""
    story = read(ROOT / "seeds" / "stories" / f"{VISITOR}.yaml")
    renamed = tuple(replace(one, value=one.value.replace(b'"CR-1"', b'"CR-NEW"')) for one in story.records)
    return replace(story, records=renamed)


def _under(key: bytes, story: Story) -> list[Note]:
    found: list[Note] = []
    for one in story.records:
        outcome = admit(one.value, topic=one.topic, at=one.arrives, now=one.arrives, key=key)
        assert isinstance(outcome, Admitted)
        found += outcome.notes
    return found


def test_br086_facts_under_another_pseudonym_key_join_nobody_and_stop_nothing() -> None:
    """Nothing on the log is encrypted, so no record can become unreadable by a lost key. What a changed key does is this:
    the same person's facts before and after it are two persons', neither is judged by the other's, and all are folded.
    """
    story = read(ROOT / "seeds" / "stories" / f"{WORKER}.yaml")
    permit = [note for note in _under(OTHER_KEY, story) if note.fact.kind == "epmi_issued"]
    rest = [note for note in _admitted(story) if note.fact.kind != "epmi_issued"]
    world = World()
    world.settle(rest, ALL_LIVE)
    before = {name: dossiers.encode(one) for name, one in world.dossiers.items()}
    world.settle(permit, ALL_LIVE)
    strangers = world.dossiers.keys() - before.keys()
    assert {note.subject for note in permit} <= strangers
    assert before == {name: dossiers.encode(world.dossiers[name]) for name in before}
    assert world.answers()["CR-1"].verdict is Verdict.ALERT
    assert [one.state for one in world.alerts if one.trigger_id == "CR-1"] == [State.RAISED]
    world.settle(_admitted(story), ALL_LIVE)
    assert world.answers()["CR-1"].verdict is Verdict.NOTHING_FOUND, "and goes on"


def _admitted(story: Story) -> list[Note]:
    """The story's facts in the order of arrival; what is refused is left out."""
    return [note for one in sorted(story.records, key=lambda one: one.arrives) for note in _or_nothing(one)]


def _or_nothing(one: Record) -> tuple[Note, ...]:
    try:
        return admitted(one)
    except BadRecord:
        return ()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_br094_a_replay_after_eight_days_changes_nothing_and_says_nothing(story: Story) -> None:
    """By then every alert has ended by itself. An agency sends it all again: the memory of what was consumed has outlasted it."""
    world, late = play(story).world, story.ends + DAYS
    context = story.context(late)
    world.settle(world.due(late, context), context)
    said = (len(world.alerts), len(world.screenings), len(world.areas))
    before = {name: dossiers.encode(one) for name, one in world.dossiers.items()}
    again = [replace(one, arrives=one.arrives + DAYS) for one in story.records]
    for note in _admitted(replace(story, records=tuple(again))):
        assert not world.deliver(note, context).notes
    assert {name: dossiers.encode(one) for name, one in world.dossiers.items()} == before
    assert (len(world.alerts), len(world.screenings), len(world.areas)) == said


def test_br094_what_a_full_dossier_let_go_is_not_news_when_it_comes_again() -> None:
    """A dossier keeps the newest of a kind; an older one that is replayed is as old as it was."""
    world = World()
    told = [
        _event("passport_issued", "p", "-200d", 1, nik="9901014501900001", issued_on="-200d", office_code="KANIM-1")
    ]
    told += [
        _event("entry_cleared", f"b{day}", f"{day}d", 1, crossing_id=f"IN-{day}", checkpoint="L-ENT")
        for day in range(dossiers.MOST_OF_A_KIND + 8)
    ]
    notes = [note for one in told for note in admitted(record(one, T0))]
    world.settle(notes, ALL_LIVE)
    before = {name: dossiers.encode(one) for name, one in world.dossiers.items()}
    world.settle(notes, ALL_LIVE)
    assert {name: dossiers.encode(one) for name, one in world.dossiers.items()} == before
    assert max(len(one.held) for one in world.dossiers.values()) == dossiers.MOST_OF_A_KIND + 1
