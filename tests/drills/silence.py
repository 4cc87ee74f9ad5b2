"""How long partitions stood still: sampled from outside, while records arrive for all of them all the time."""

import threading
import time
from dataclasses import dataclass, field

from schemas.topics import BY_NAME, FACTS, PARTITIONS
from tests.drills.ground import Ground, Place

BUSY = (BY_NAME["simkim.crossings"], FACTS)


@dataclass
class Silence:
    """Use with `with`. Keeps the longest pause of each partition of the busiest agency topic and of `suar.facts`."""

    ground: Ground
    longest: dict[Place, float] = field(default_factory=dict)
    _moved: dict[Place, tuple[int, float]] = field(default_factory=dict)
    _stops: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Silence":
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stops.set()
        self._thread.join(10)

    def _sample(self) -> None:
        while not self._stops.wait(0.1):
            now = time.monotonic()
            for place, offset in self.ground.progress(BUSY).items():
                before, since = self._moved.get(place, (offset, now))
                self._moved[place] = (offset, now if offset != before else since)
                self.longest[place] = max(now - since, self.longest.get(place, 0.0))

    @property
    def seconds(self) -> float:
        """The longest of them."""
        return max(self.longest.values())

    def report(self, what: str, session_timeout: float) -> None:
        """Prints the figure with its target, and fails when it is far off."""
        assert len(self.longest) == len(BUSY) * PARTITIONS, "some partition never moved"
        target = session_timeout + 3
        verdict = "as promised" if self.seconds <= target else "LATER THAN PROMISED"
        self.ground.say(
            f"{what}: every partition answered again within {self.seconds:.1f} s (target {target:.0f} s), {verdict}"
        )
        assert self.seconds <= target + 7, f"{what}: a partition was silent for {self.seconds:.1f} s"
