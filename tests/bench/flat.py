"""Flat cost: a fact costs the same whether Redis holds ten thousand dossiers or a million."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from agents import dossier as dossiers
from agents.assess import Context
from agents.dossier import Dossier
from agents.react import react
from schemas.facts import Fact, Value, decode
from schemas.identity import Subject
from streams.app import connect
from streams.store import Batch, Claim, Store
from streams.teller import OneTeller
from tests.bench.agency import NATION
from tests.bench.ground import Ground
from tests.bench.replay import admitted, context
from tests.bench.rows import Figure, Goal, Row

BATCH = 500
ROUNDS = 6
GOAL = Goal(1.3, 1.1, most=True)
PATTERNS = {fact.kind: fact for fact in (decode(value) for _, value in admitted(1, NATION))}
"""One traveller's facts, by kind; everybody's are like them."""


@dataclass
class Town:
    """So many dossiers in one partition of the store, and how far its log was folded."""

    store: Store
    size: int
    claim: Claim
    at: int | None = None

    async def write(self, blobs: dict[str, bytes]) -> None:
        """Saves as a lane would."""
        following = (self.at or 0) + len(blobs)
        await self.store.save(self.claim.fence, self.at, Batch(following, blobs))
        self.at = following


def run(ground: Ground) -> list[Row]:
    """Two rows; the second has the ratio."""
    return asyncio.run(_run(ground))


async def _run(ground: Ground) -> list[Row]:
    teller = OneTeller(connect(ground.redis))
    towns = []
    for size in (ground.scale.few_dossiers, ground.scale.many_dossiers):
        ground.say(f"writing {size:,} dossiers")
        store = Store(teller, "bench-flat", str(size), 0)
        towns.append(Town(store, size, await store.claim()))
        await _settle(towns[-1])
    ground.say("folding")
    few, many = await _folded(towns)
    await teller.close()
    note = f"{ROUNDS} rounds of {towns[0].size:,} facts, the same number of facts a dossier in both"
    return [
        Row("flat cost", f"{towns[0].size:,} dossiers", (Figure(few * 1e6, "µs a fact"),), note),
        Row(
            "flat cost",
            f"{towns[1].size:,} dossiers",
            (Figure(many * 1e6, "µs a fact"), Figure(many / few, f"× {towns[0].size:,} dossiers", GOAL)),
        ),
    ]


async def _folded(towns: list[Town]) -> list[float]:
    """Seconds a fact in each town. Rounds take turns at going first, so that a busy moment of the machine meets both."""
    seconds, facts = [0.0] * len(towns), towns[0].size * ROUNDS
    given = context()
    for number in range(ROUNDS):
        for index in sorted(range(len(towns)), reverse=bool(number % 2)):
            began = time.perf_counter()
            await _round(towns[index], number, given, towns[0].size)
            seconds[index] += time.perf_counter() - began
    return [each / facts for each in seconds]


async def _round(town: Town, number: int, given: Context, count: int) -> None:
    """One fact for each of `count` dossiers that lie evenly all over the town."""
    stride = town.size // count
    for start in range(0, count, BATCH):
        subjects = [_subject(index * stride) for index in range(start, min(start + BATCH, count))]
        blobs = await town.store.read([f"d:{subject}" for subject in subjects])
        await town.write(_after(subjects, blobs, number, given))


def _after(subjects: Sequence[Subject], blobs: Sequence[bytes | None], number: int, given: Context) -> dict[str, bytes]:
    after: dict[str, bytes] = {}
    for subject, blob in zip(subjects, blobs, strict=True):
        dossier = dossiers.decode(blob) if blob else Dossier(subject)
        after[f"d:{subject}"] = dossiers.encode(react(dossier, _attempt(subject, number), given).dossier)
    return after


async def _settle(town: Town) -> None:
    """Everybody has a passport."""
    for start in range(0, town.size, BATCH):
        subjects = [_subject(index) for index in range(start, min(start + BATCH, town.size))]
        held = [Dossier(subject, {fact.id: fact}) for subject in subjects for fact in [_passport(subject)]]
        await town.write({f"d:{dossier.subject}": dossiers.encode(dossier) for dossier in held})


def _subject(index: int) -> Subject:
    return Subject(f"person:{index:032x}")


def _passport(subject: Subject) -> Fact:
    return _about(subject, PATTERNS["passport_issued"], f"simkim/p-{subject[-8:]}", {})


def _attempt(subject: Subject, number: int) -> Fact:
    name = f"{subject[-8:]}-{number}"
    return _about(subject, PATTERNS["crossing_attempted"], f"simkim/a-{name}", {"crossing_id": name})


def _about(subject: Subject, like: Fact, name: str, more: dict[str, Value]) -> Fact:
    """The same fact about somebody else."""
    who: dict[str, Value] = {"passport_no": subject[-32:]}
    return msgspec.structs.replace(like, id=name, data=like.data | who | more, to=(subject,))
