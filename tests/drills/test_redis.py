"""Redis is emptied, killed, set back in time and frozen: it is a view, and the log of facts is the truth."""

import time
from collections.abc import Callable
from pathlib import Path

from schemas.topics import ALERTS, FACTS, SCREENINGS
from streams.local import RedisServer
from tests.drills.audit import Audit
from tests.drills.conftest import Told
from tests.drills.ground import NAMESPACE, Ground
from tests.drills.workers import Worker, until


def test_redis_emptied(ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]) -> None:
    """FLUSHALL under load, and once more while the workers rebuild."""
    ground.ready_worker()
    feeds_live()
    ground.publish(told.history.events)
    for share, what in ((0.25, "FLUSHALL"), (0.3, "FLUSHALL again"), (0.6, "FLUSHALL, the third")):
        ground.at(share, what)
        ground.redis.flushall()
        before = ground.facts
        ground.say(f"{before:,} facts forgotten")
    audit()


def test_redis_outages(ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]) -> None:
    """Killed, killed and set back, frozen: the health page says what it waits for, and then goes on."""
    workers = [ground.worker(), ground.worker()]
    until(lambda: all(worker.ready for worker in workers), "two workers ready")
    feeds_live()
    redis = ground.local.redis
    ground.publish(told.history.events)
    ground.at(0.2, "Redis is killed")
    redis.kill()
    _waited_for(ground, workers)
    redis.start()
    _goes_on(ground, workers)
    ground.at(0.4, "Redis is killed and comes back as it was some time ago")
    redis.kill()
    _waited_for(ground, workers)
    ground.say(f"the last {_forget_the_end(redis):,} bytes of its file are gone")
    redis.start()
    _goes_on(ground, workers)
    ground.at(0.6, "Redis freezes for 30 s")
    redis.pause()
    began = time.monotonic()
    _waited_for(ground, workers)
    time.sleep(max(0.0, 30 - (time.monotonic() - began)))
    redis.resume()
    _goes_on(ground, workers)
    audit()


def test_rebuild_pages_nobody(
    ground: Ground, told: Told, feeds_live: Callable[[], None], audit: Callable[..., Audit]
) -> None:
    """At rest, Redis is emptied: all comes back by itself, and not a word is said. Then late truth still finds its alert."""
    worker = ground.ready_worker()
    feeds_live()
    last = 200
    ground.publish(told.history.events[:-last])
    ground.settle()
    ground.settle_commits("react", FACTS)
    said = ground.ends([FACTS, ALERTS, SCREENINGS])
    ground.say("FLUSHALL at rest")
    ground.redis.flushall()
    _rebuilt(ground, said)
    ground.say("FLUSHALL and kill -9 at rest")
    ground.redis.flushall()
    worker.kill()
    worker.start()
    _rebuilt(ground, said)
    feeds = sum(ground.redis.xlen(name) for name in ground.redis.scan_iter(f"{NAMESPACE}:*stream:*", count=5000))
    ground.say(f"{feeds:,} entries stand on the feeds again")
    ground.publish(told.history.events[-last:])
    audit()


def _rebuilt(ground: Ground, said: object) -> None:
    began = time.monotonic()
    ground.settle()
    ground.say(f"rebuilt within {time.monotonic() - began:.0f} s")
    assert ground.ends([FACTS, ALERTS, SCREENINGS]) == said, "a rebuild spoke"


def _waited_for(ground: Ground, workers: list[Worker]) -> None:
    began = time.monotonic()
    until(lambda: all("redis" in worker.waits_for for worker in workers), "both health pages say: waiting for redis")
    ground.say(f"both health pages say so after {time.monotonic() - began:.1f} s")


def _goes_on(ground: Ground, workers: list[Worker]) -> None:
    began = time.monotonic()
    until(lambda: all(worker.ready for worker in workers), "both workers go on")
    ground.say(f"both are ready again after {time.monotonic() - began:.1f} s")


def _forget_the_end(redis: RedisServer) -> int:
    """Cuts a tenth off the append-only file, as a power failure would: Redis starts with what is whole before the cut."""
    [file] = Path(redis.folder, "redis", "appendonlydir").glob("*.incr.aof")
    size = file.stat().st_size
    with file.open("r+b") as log:
        log.truncate(size - size // 10)
    return size // 10
