"""Bad records: a few among many, too many, all of them, and a few that are enormous."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from schemas.topics import BY_NAME
from streams.health import EXIT_POISONED
from streams.produce import Record
from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.events import broken
from tests.drills.ground import Ground
from tests.drills.workers import Worker, until

CROSSINGS = BY_NAME["simkim.crossings"]
RUN = 3000


def test_one_percent_bad(
    ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """The worker goes on; each bad record stands in `suar.rejected` with its reason, the same to the byte."""
    share = {"SUAR_REJECTED_RATIO": "0.02"}  # with 1 % on average, a window of 10,000 is over 1 % every other time
    ground.ready_worker(**share)
    feeds_live()
    events = [*_with_bad(told.history.events, 100, told.now), *_enormous(told.history.events)]
    ground.publish(events)
    done = audit(told.truth_of([*told.history.beats, *events]))
    assert done.figures["rejected"] >= len(events) // 100


def test_three_percent_bad(ground: Ground, told: Told, feeds_live: Callable[[], None]) -> None:
    """Above the share, somebody must look: the worker stops with code 4 and says which topic."""
    worker = ground.ready_worker()
    feeds_live()
    crossings = [record for record in told.history.events if record.topic == CROSSINGS.name]
    bad = _with_bad(crossings, 33, told.now)
    many = (bad * (1 + 25_000 // len(bad)))[: max(25_000, len(bad))]
    worker.wanted = False
    ground.publish(many)
    until(lambda: not worker.running or ground.folded >= len(many), "the worker stops", limit=600)
    assert not worker.running, "all of it was drained into suar.rejected"
    assert worker.ended() == EXIT_POISONED
    assert f"suar worker stops: {CROSSINGS.name}" in worker.log.read_text()
    print(f"\n{ground.title}: stopped after {ground.folded:,} of {len(many):,}: {_reasons(worker)[-1]}")


def test_all_bad(ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]) -> None:
    """Thousands in a row: the worker stops with code 4 again and again, says why each time, and loses none (BR088, BR089)."""
    worker = ground.ready_worker()
    feeds_live()
    crossings = [record for record in told.history.events if record.topic == CROSSINGS.name and record.value]
    storm = [broken(crossings[index % len(crossings)], index, told.now) for index in range(RUN)]
    good = crossings[:500]
    worker.wanted = False
    ground.publish(storm)
    while ground.folded < len(told.history.beats) + len(storm):
        until(partial(_moves_or_ends, ground, worker, ground.folded), "the storm moves on")
        if not worker.running:
            worker.ended()
            ground.say(f"stopped with code {worker.codes[-1]} behind {ground.folded:,} records: {_reasons(worker)[-1]}")
            worker.start()
            worker.wanted = False
    ground.publish(good)
    done = audit(told.truth_of([*told.history.beats, *storm, *good]))
    reasons = _reasons(worker)
    assert set(worker.codes) == {EXIT_POISONED}
    assert 1 <= len(worker.codes) <= 4, worker.codes
    assert len(reasons) == len(worker.codes)
    assert all("in a row were rejected" in reason for reason in reasons)
    assert done.figures["rejected"] == RUN


def _moves_or_ends(ground: Ground, worker: Worker, before: int) -> bool:
    return ground.folded > before or not worker.running


def _with_bad(events: Sequence[Record], every: int, now: datetime) -> list[Record]:
    """After each `every - 1` records one that is broken."""
    mixed: list[Record] = []
    for index, record in enumerate(events):
        mixed.append(record)
        if index % (every - 1) == every - 2:
            bad = record if record.value is not None else Record(record.topic, record.key, b"{}")
            mixed.append(broken(bad, index, now))
    return mixed


def _enormous(events: Sequence[Record]) -> list[Record]:
    """Larger than we take, up to the largest that the broker takes; one is small on its way there."""
    event = json.loads(next(record.value for record in events if record.value and record.topic == CROSSINGS.name))
    noise = "".join(f"{index:x}" for index in range(1_400_000))
    sizes = (1_100_000, 3_000_000, 6_000_000)
    small_on_its_way = json.dumps({**event, "id": "enormous-zeros", "surplus": "0" * 20_000_000}).encode()
    large = [json.dumps({**event, "id": f"enormous-{size}", "surplus": noise[:size]}).encode() for size in sizes]
    return [Record(CROSSINGS.name, b"enormous", value) for value in (*large, small_on_its_way)]


def _reasons(worker: Worker) -> list[str]:
    lines = worker.log.read_text(errors="replace").splitlines()
    return [line.partition("suar worker stops: ")[2] for line in lines if line.startswith("suar worker stops: ")]
