"""Health: what the worker waits for, whether it moves, and the one way in which it gives up."""

import asyncio
import logging
import os
import sys
import time
from dataclasses import dataclass, field

from streams import metrics

log = logging.getLogger("suar")

STOPS_WITHIN = 4.0
"""Seconds from the signal; a group that is just being joined would be left only when the broker has seen to all."""
EXIT_CRASHED = 1
EXIT_COUNTS = 2
"""As at the start, when a topic's partitions are not as many as they must be."""
EXIT_STALLED = 3
EXIT_POISONED = 4


@dataclass
class Health:
    """Shared by the lanes of one worker. Times are monotonic seconds."""

    waiting: dict[str, str] = field(default_factory=dict)
    """Lanes that wait for an outage to end, with what they wait for."""
    claimed: set[str] = field(default_factory=set)
    expected: set[str] = field(default_factory=set)
    moved_at: dict[str, float] = field(default_factory=dict)
    joined: bool = False
    """Every source is in its group; looked at once a second."""

    def wait(self, lane: str, on: str) -> None:
        """A lane cannot go on: Redis, Kafka or the policy that a fact names is away. Said once a lane and outage."""
        if self.waiting.get(lane) != on:
            metrics.OUTAGES.labels(on).inc()
            log.warning("%s waits for %s; nothing is lost, it goes on when %s is back", lane, on, on)
        self.waiting[lane] = on
        self._gauge()

    def go_on(self, lane: str) -> None:
        """The lane moves again."""
        self.moved_at[lane] = time.monotonic()
        if self.waiting.pop(lane, None) is not None:
            log.warning("%s goes on", lane)
            self._gauge()

    def idle(self, lane: str) -> None:
        """The lane has nothing to do: that is no standing still."""
        if lane not in self.waiting:
            self.moved_at[lane] = time.monotonic()

    def _gauge(self) -> None:
        for on in ("redis", "kafka", "policy"):
            metrics.WAITING.labels(on).set(float(on in self.waiting.values()))

    def drop(self, lane: str) -> None:
        """The lane is gone: its partition moved to another worker."""
        for names in (self.claimed, self.expected):
            names.discard(lane)
        self.waiting.pop(lane, None)
        self.moved_at.pop(lane, None)

    def waits(self, stage: str) -> bool:
        """A lane of that stage waits for an outage to end."""
        return any(lane.startswith(f"{stage}/") for lane in self.waiting)

    def stalled(self, lane: str, seconds: float) -> bool:
        """No progress for so long, although nothing it needs is away."""
        since = self.moved_at.get(lane)
        return lane not in self.waiting and since is not None and time.monotonic() - since > seconds

    @property
    def ready(self) -> bool:
        """Every assigned partition is claimed and none waits."""
        return self.joined and self.expected <= self.claimed and not self.waiting

    def summary(self) -> dict[str, object]:
        """For /ready: what is missing, by name."""
        return {
            "ready": self.ready,
            "partitions": len(self.expected),
            "unclaimed": sorted(self.expected - self.claimed),
            "waiting": self.waiting,
        }


def give_up(code: int, reason: str) -> None:
    """Leaves at once and says why: progress is fenced in Redis, so whoever starts next goes on from there."""
    print(f"suar worker stops: {reason}", file=sys.stderr, flush=True)
    log.critical("worker stops: %s", reason)
    os._exit(code)


def stop_in_time(*, begun: bool) -> None:
    """The worker was told to stop: it leaves its groups if that can be done soon, and ends in any case. One that has
    not begun has nothing to leave, and Faust's threads do not take it well to be stopped while they start.
    """
    if not begun:
        os._exit(0)
    asyncio.get_running_loop().call_later(STOPS_WITHIN, _enough)


def _enough() -> None:
    log.warning("the worker ends without having left its groups; progress is saved")
    os._exit(0)
