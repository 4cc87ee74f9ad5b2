"""Replay for backtests: the pure core on facts in memory, no input and no output, one core."""

import gc
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from agents import dossier as dossiers
from agents.assess import Context
from agents.dossier import Dossier
from agents.react import react
from schemas import wire
from schemas.facts import decode, encode
from schemas.identity import Subject
from schemas.topics import AGENCY_TOPICS, BY_NAME
from streams.policy import load
from streams.settings import ROOT
from streams.worker import COLLECTS_AT
from tests.bench import agency
from tests.bench.ground import Ground
from tests.bench.rows import Figure, Goal, Row
from tests.bench.worker import KEY

GOAL = Goal(50_000, 150_000)
WARM_UP = 500
"""Facts replayed before the clock starts, so that models and caches are built."""
POLICY = ROOT / "deploy" / "policy" / "2026-11.toml"

Addressed = tuple[Subject, bytes]


def run(ground: Ground) -> list[Row]:
    """Facts a second, notes included, with dossiers kept decoded and with dossiers as blobs."""
    ground.say("admitting")
    facts = admitted(ground.scale.replay_travellers, agency.NATION)
    rows = [
        _row(ground, "pure core, dossiers decoded", _decoded, facts),
        _row(ground, "pure core, dossiers as blobs", _blobs, facts),
    ]
    crowded = admitted(ground.scale.replay_travellers, agency.CROWDED)
    return [*rows, _row(ground, "pure core, every second traveller an alert", _decoded, crowded, None)]


def _row(
    ground: Ground,
    what: str,
    replay: Callable[[list[Addressed], Context], int],
    facts: list[Addressed],
    goal: Goal | None = GOAL,
) -> Row:
    ground.say(what)
    replay(facts[:WARM_UP], context())
    as_the_worker_does()
    began = time.perf_counter()
    count = replay(facts, context())
    rate = count / (time.perf_counter() - began)
    return Row("replay", what, (Figure(rate, "facts/s", goal),), f"{count:,} facts, notes included")


def as_the_worker_does() -> None:
    """Keeps the collector from looking again and again at what stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTS_AT)


def context() -> Context:
    """The policy in force, every feed alive."""
    now = datetime.now(UTC)
    return Context(load(POLICY), {topic.system.value: now for topic in AGENCY_TOPICS if topic.system is not None})


def admitted(travellers: int, mix: agency.Mix) -> list[Addressed]:
    """The facts of so many journeys, as they stand on `suar.facts`."""
    now = datetime.now(UTC)
    facts: list[Addressed] = []
    for record in (record for number in range(travellers) for record in agency.journey("replay", number, now, mix)):
        outcome = wire.admit(record.value, topic=BY_NAME[record.topic], at=now, now=now, key=KEY.encode())
        if isinstance(outcome, wire.Admitted):
            facts += [(note.subject, encode(note.fact)) for note in outcome.notes]
    return facts


def _decoded(facts: list[Addressed], given: Context) -> int:
    held: dict[Subject, Dossier] = {}

    def meet(subject: Subject, value: bytes) -> list[Addressed]:
        reaction = react(held.get(subject) or Dossier(subject), decode(value), given)
        held[subject] = reaction.dossier
        return [(note.subject, encode(note.fact)) for note in reaction.notes]

    return _drained(facts, meet)


def _blobs(facts: list[Addressed], given: Context) -> int:
    held: dict[Subject, bytes] = {}

    def meet(subject: Subject, value: bytes) -> list[Addressed]:
        blob = held.get(subject)
        reaction = react(dossiers.decode(blob) if blob else Dossier(subject), decode(value), given)
        held[subject] = dossiers.encode(reaction.dossier)
        return [(note.subject, encode(note.fact)) for note in reaction.notes]

    return _drained(facts, meet)


def _drained(facts: list[Addressed], meet: Callable[[Subject, bytes], list[Addressed]]) -> int:
    waiting, count = deque(facts), 0
    while waiting:
        waiting.extend(meet(*waiting.popleft()))
        count += 1
    return count
