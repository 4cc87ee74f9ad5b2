"""One slow record between quick ones, and the worker is killed right behind it."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from schemas.envelope import System
from schemas.topics import BY_NAME
from streams.produce import Record
from streams.publish import envelope, record_of
from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.events import Traveller, attempt, ends_of, issued, permit
from tests.drills.ground import Ground
from tests.drills.workers import until

MANIFESTS = BY_NAME["simkim.manifests"]
PASSENGERS = 5000
"""A manifest of almost 1 MB: one record, and as many facts."""
ROUNDS = 8
SLOW = 5


def test_slow_record(ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]) -> None:
    """Faust committed past the slow message and lost it (BR069)."""
    worker = ground.ready_worker()
    feeds_live()
    published = [*told.history.beats]
    for number in range(ROUNDS):
        records = _between_quick_ones(number, told.now)
        published += records
        if number % 2 == 0:
            ground.publish_all(records)
            time.sleep(number * 0.06)  # each time a little later: before the slow one, in it, behind it
        else:
            _until_unsaved(ground, records)
        ground.say(f"kill -9 at the slow record, number {number + 1}")
        worker.kill()
        ground.local.redis.resume()
        worker.start()
        until(lambda: worker.ready, "the worker is back")
    done = audit(told.truth_of(published))
    assert done.figures["suar.facts copies"] > PASSENGERS, (
        "no kill met the slow record between its facts and its progress"
    )


def test_huge_dossier(ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]) -> None:
    """One traveller with all that a dossier keeps, between quick ones."""
    worker = ground.ready_worker()
    feeds_live()
    events = told.history.events[:3000]
    huge = _huge(Traveller(900_000, told.now - timedelta(hours=19)), told.now)
    mixed = [record for pair in zip(events, huge * (1 + len(events) // len(huge)), strict=False) for record in pair]
    ground.work = 2 * len(mixed)
    ground.publish(mixed)
    for number in range(1, 4):
        ground.at(number / 4, f"kill -9, number {number}")
        worker.kill()
        worker.start()
    audit(told.truth_of([*told.history.beats, *mixed]))


def _until_unsaved(ground: Ground, records: list[Record]) -> None:
    """The slow one's facts are on the log, its progress is not in Redis, which sleeps meanwhile, and quick ones wait behind.

    A lane that asks Redis for something just as it falls asleep admits nothing; then the kill meets it waiting.
    """
    slow = max(range(len(records)), key=lambda index: len(records[index].value or b""))
    ground.publish_all(records[:slow])
    ground.settle()
    facts = ground.facts_written()
    ground.local.redis.pause()
    ground.publish_all(records[slow : slow + 1])
    deadline = time.monotonic() + 5
    while ground.facts_written() < facts + PASSENGERS and time.monotonic() < deadline:
        time.sleep(0.1)
    ground.say(f"{ground.facts_written() - facts:,} facts of it are written")
    ground.publish_all(records[slow + 1 :])


def _between_quick_ones(number: int, now: datetime) -> list[Record]:
    dice = Random(number)
    small = [_manifest(f"{number}-{index}", [10_000 * number + index], now) for index in range(200)]
    quick = [Record(MANIFESTS.name, b"quick", value, dice.choice((SLOW, SLOW, 1, 2))) for value in small]
    first = 800_000 - PASSENGERS * (number + 1)
    large = _manifest(f"{number}-large", list(range(first, first + PASSENGERS)), now)
    assert 700_000 < len(large) < 1024 * 1024, len(large)
    return [*quick[:100], Record(MANIFESTS.name, b"slow", large, SLOW), *quick[100:]]


def _manifest(name: str, passengers: list[int], now: datetime) -> bytes:
    people = [
        {
            "entry_ref": f"P-{number}",
            "passport_no": Traveller(number, now).passport,
            "booking_ref": f"XX/{number // 3:06}",
            "destination": "MYS",
            "onward": "MYS",
            "return_booked": False,
            "group_size": 3,
        }
        for number in passengers
    ]
    at = now.replace(microsecond=0)
    data = {
        "carrier": "XX",
        "service_no": "XX-1",
        "checkpoint": "A-CGK",
        "scheduled_at": at.isoformat(),
        "passengers": people,
    }
    return json.dumps(
        envelope(System.SIMKIM, "manifest_received", name=f"manifest-{name}", time=at, data=data), separators=(",", ":")
    ).encode()


def _huge(who: Traveller, now: datetime) -> list[Record]:
    """As many facts of each kind as a dossier keeps, and no more: what is dropped beyond depends on when it is asked."""
    dice = Random(7)
    events = [issued(who)]
    for number in range(30):
        at = who.at(30 * number).isoformat()
        tried = {**attempt(who, number, now, dice), "time": at, "recorded_at": at}
        events += [permit(who, "MYS", number), tried, *ends_of(tried, who, number, dice)]
    return [record_of(event) for event in events]
