"""Who folds when: everything that waits is folded, also when nothing more arrives."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from streams.conductor import PASSES, Conductor
from streams.lanes import Fold, Folded, Records
from streams.store import Batch
from tests.broker.installation import Installation


class Counts(Fold):
    """A fold that only tells that it was asked."""

    stage = "react"
    folded = 0

    async def begin(self, quiet_below: int) -> None:
        """Nothing to read."""

    async def fold(self, records: Records, blobs: Sequence[bytes | None]) -> Folded:
        """Nothing to say."""
        self.folded += len(records)
        return Folded(Batch(len(records)))


class OneRecord:
    """A lane with one record, which is in nobody's way."""

    def __init__(self, fold: Fold, name: int) -> None:
        self.fold, self.turn, self.backlog = fold, name, 1
        self.busy: Any = None
        self.store = SimpleNamespace(lasts=True)

    @property
    def free(self) -> bool:
        """In no pass."""
        return self.busy is None

    def take(self, most: int) -> Sequence[object]:
        """The record, once."""
        taken, self.backlog = self.backlog, 0
        return (object(),) * taken

    def saving(self, batch: Batch) -> tuple[str]:
        """Any command."""
        return ("SAVE",)

    def saved(self, answer: object) -> None:
        """It is."""


class SlowStore:
    """A teller that answers reads at once, and saves when the gate opens."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    life = 0

    async def together(self, commands: Sequence[object], life: int | None = None) -> list[object]:
        """Nobody reads here."""
        return []

    def ask(self, commands: Sequence[object], life: int | None = None) -> None:
        """The answer comes later."""

    async def answers(self, commands: Sequence[object], asked: None, life: int | None = None) -> list[object]:
        """As the gate says."""
        await self.gate.wait()
        return list(commands)


def test_what_waits_for_a_pass_is_folded_although_nothing_more_arrives(suar: Installation) -> None:
    async def work() -> int:
        store, fold = SlowStore(), Counts()
        nothing: Any = None
        teller: Any = store
        conductor = Conductor("react", {}, teller, nothing, suar.settings)
        for name in range(PASSES + 1):
            lane: Any = OneRecord(fold, name)
            conductor.ready(lane)
            conductor.go()
            await asyncio.sleep(0.01)
        assert fold.folded == PASSES, "so many passes wait for Redis"
        store.gate.set()
        await asyncio.sleep(0.05)
        return fold.folded

    assert asyncio.run(work()) == PASSES + 1
