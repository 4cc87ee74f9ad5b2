"""A broker, a Redis and a folder for each drill, one history and one oracle for all of them."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pytest

from schemas.policy import Policy
from schemas.topics import AGENCY_TOPICS
from streams import policy as policies
from streams.admin import Admin
from streams.local import CHECKOUT, services
from streams.produce import Record
from streams.settings import Settings
from tests.drills.audit import Audit
from tests.drills.events import History, history
from tests.drills.ground import Ground
from tests.drills.truth import Truth, truth_of
from tests.drills.workers import KEY, until

EVENTS = 60_000
"""Of a drill that does not ask for more with `@pytest.mark.events(...)`; SUAR_DRILL_EVENTS sets another number for all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is a drill, and takes the time it takes: what stands still is noticed by the drill itself."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.drills)
            item.add_marker(pytest.mark.timeout(7200))


@dataclass(frozen=True)
class Told:
    """The history of this run and what must come of it."""

    history: History
    truth: Truth
    policy: Policy
    now: datetime

    def truth_of(self, records: Iterable[Record]) -> Truth:
        """The truth of other records, under the same policy and key."""
        return truth_of(records, self.policy, KEY.encode())


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Told:
    """The same records go through every drill of a size."""
    asked = request.node.get_closest_marker("events")
    return _told(int(os.environ.get("SUAR_DRILL_EVENTS") or (asked.args[0] if asked else EVENTS)))


@lru_cache(maxsize=1)
def _told(events: int) -> Told:
    now, began = datetime.now(UTC), time.monotonic()
    policy = policies.load(Settings(pseudonym_key=KEY).policy)  # type: ignore[arg-type]  # pydantic seals it
    made = history(events, now)
    truth = truth_of(made.records, policy, KEY.encode())
    print(f"\n{len(made):,} records and their truth: {time.monotonic() - began:.0f} s", flush=True)
    return Told(made, truth, policy, now)


@pytest.fixture
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Fresh servers and topics; the folder stays when the drill fails, for its logs."""
    title = request.node.name.removeprefix("test_").replace("_", " ")
    folder = CHECKOUT / ".suar" / "drills" / f"{request.node.name}-{os.getpid()}"
    folder.mkdir(parents=True)
    failed = request.session.testsfailed
    with services(folder) as local:
        asyncio.run(_create_topics(local.kafka.address))
        ground = Ground(title, folder, local)
        try:
            yield ground
        finally:
            ground.close()
    if request.session.testsfailed == failed:
        shutil.rmtree(folder)


async def _create_topics(bootstrap: str) -> None:
    async with Admin(bootstrap) as admin:
        await admin.create()


@pytest.fixture
def feeds_live(ground: Ground, told: Told) -> Callable[[], None]:
    """Publishes the first marks and waits until every partition that judges has seen them all."""

    def live() -> None:
        marks = sum(topic.partitions for topic in AGENCY_TOPICS)
        ground.publish_all(told.history.beats)
        until(lambda: ground.marks_seen() == [marks] * 12, "all feeds live")
        ground.published_before = len(told.history.beats)
        ground.work = len(told.history) + told.truth.notes

    return live


@pytest.fixture
def audit(ground: Ground, told: Told) -> Callable[..., Audit]:
    """The count at the end: settles, compares, prints. With `truth` when the drill published more than the history."""

    def count(truth: Truth | None = None) -> Audit:
        ground.settle()
        done = Audit(ground, truth or told.truth, told.policy)
        done.run()
        return done

    return count
