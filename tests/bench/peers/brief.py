"""What a peer is told through its environment, and how it answers. Only the standard library: peers have other packages."""

import json
import os
import sys
import time
from dataclasses import dataclass, field


@dataclass
class Brief:
    """Names as in tests/bench/join_bench.py; the clock runs from the first event to the last."""

    kafka: str = field(default_factory=lambda: os.environ["BENCH_KAFKA"])
    topics: list[str] = field(default_factory=lambda: os.environ["BENCH_TOPICS"].split(","))
    alerts: str = field(default_factory=lambda: os.environ["BENCH_ALERTS"])
    events: int = field(default_factory=lambda: int(os.environ["BENCH_EVENTS"]))
    group: str = field(default_factory=lambda: os.environ["BENCH_GROUP"])
    folder: str = field(default_factory=lambda: os.environ["BENCH_FOLDER"])
    seen: int = 0
    began: float = 0.0
    ended: float = 0.0

    def count(self, events: int = 1) -> bool:
        """Counts events that are done; True when these were the last."""
        self.seen += events
        if self.seen < self.events:
            return False
        self.ended = time.perf_counter()
        return True

    def begin(self) -> None:
        """Starts the clock, the first time."""
        self.began = self.began or time.perf_counter()

    def answer(self) -> None:
        """The line that the benchmark reads."""
        print(json.dumps({"seconds": self.ended - self.began}))
        sys.stdout.flush()
