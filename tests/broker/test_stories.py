"""Every story of the seeds, all at once, on real Kafka and Redis: the same end as on the pure core over the facts that were admitted."""

import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.assess import Context
from schemas.alerts import Alert, Screening
from schemas.envelope import System
from schemas.facts import MARK, Note, decode
from schemas.identity import Subject
from schemas.topics import ALERTS, FACTS, SCREENINGS
from streams import policy as policies
from streams import stories
from streams.local import Local
from streams.publish import heartbeats
from tests.broker.installation import Got, Installation
from tests.drills.workers import until
from tests.stories.play import World
from tests.stories.test_order import answers, standing

SEED = 7


@dataclass(frozen=True)
class Ends:
    """What stands at the end, here and there."""

    alerts: dict[str, tuple[object, ...]]
    answers: dict[str, tuple[object, ...]]


@pytest.fixture(scope="module")
def ends(local: Local, server_folder: Path) -> Iterable[tuple[Ends, Ends]]:
    """All stories, told around now with feeds that are complete, in a shuffled order."""
    suar = Installation(local, server_folder / "stories")
    suar.reset()
    now = datetime.now(UTC).replace(microsecond=0)
    told = [
        record
        for number, story in enumerate(stories.every())
        for record in stories.records(story, now, f"s{number}", suar.settings.key)
    ]
    random.Random(SEED).shuffle(told)
    worker = suar.ready_worker()
    try:
        suar.publish(heartbeats(now))
        suar.settle()
        suar.publish(told)
        suar.settle()
        with suppress(AssertionError):
            until(lambda: _here(suar) == _there(suar, now), "all is said", limit=30)
        suar.settle()
        yield _here(suar), _there(suar, now)
    finally:
        worker.stop()
        suar.close()


def test_stories_end_on_the_broker_as_on_the_pure_core(ends: tuple[Ends, Ends]) -> None:
    """Alert by alert: state, severity, rules, evidence and recipients; answer by answer: verdict and what it rests on."""
    here, there = ends
    assert len(there.alerts) > 60
    assert len(there.answers) > 100
    assert _differences(here.alerts, there.alerts) == []
    assert _differences(here.answers, there.answers) == []


def _differences(here: dict[str, tuple[object, ...]], there: dict[str, tuple[object, ...]]) -> list[object]:
    return [
        (name, here.get(name), there.get(name)) for name in sorted({*here, *there}) if here.get(name) != there.get(name)
    ]


def _here(suar: Installation) -> Ends:
    world = World()
    world.alerts = [Alert.model_validate_json(one.value or b"") for one in suar.read(ALERTS)]
    world.screenings = [Screening.model_validate_json(one.value or b"") for one in suar.read(SCREENINGS)]
    return Ends(standing(world), answers(world))


def _there(suar: Installation, now: datetime) -> Ends:
    """The admitted facts of the log, in the order in which they stand on it partition by partition, and their own notes."""
    context = Context(policies.load(suar.settings.policy), {system.value: now for system in System})
    world = World()
    world.settle(_admitted(suar.read(FACTS)), context)
    late = datetime.now(UTC)
    for _ in range(20):
        due = world.due(late, context)
        before = len(world.alerts) + len(world.screenings)
        world.settle(due, context)
        if not due or len(world.alerts) + len(world.screenings) == before:
            break
    return Ends(standing(world), answers(world))


def _admitted(log: Sequence[Got]) -> list[Note]:
    found = [(Subject((one.key or b"").decode()), decode(one.value or b"")) for one in log]
    return [
        Note(name, fact) for name, fact in found if fact.source != "suar" and fact.kind != MARK and fact.via is None
    ]
