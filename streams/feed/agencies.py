"""Agencies: what arrived of one's own system, what was refused and why, how far admission and the feed are, and redriving."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final

from aiokafka import TopicPartition
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from schemas.envelope import System
from streams.feed.arrivals import Arrivals, Refusals, Tail
from streams.feed.callers import AGENCY, OPERATOR, Caller, Known
from streams.feed.freshness import Freshness
from streams.feed.problems import Problem
from streams.produce import Outbox
from streams.publish import topics_of
from streams.refusals import MOST_REDRIVES, Redriven, Reject, Wanted, redrive
from streams.settings import Settings
from streams.store import place as place_of
from streams.teller import Teller

MOST_SHOWN: Final = 500


class Agencies:
    """What the log says of each agency; at `app.state.suar.agencies`."""

    def __init__(self, settings: Settings, teller: Teller, freshness: Freshness) -> None:
        self._kafka, self._namespace, self._teller = settings.kafka, settings.namespace, teller
        self._freshness = freshness
        self._arrivals = {system: Arrivals.of(settings.kafka, system) for system in System}
        self._refusals = Refusals.of_all(settings.kafka)
        self._redriving = asyncio.Lock()

    async def state(self, system: System) -> dict[str, object]:
        """All about one system. Raises aiokafka's and redis-py's errors."""
        arrivals = self._arrivals[system]
        complete = all(await asyncio.gather(arrivals.look(), self._refusals.look()))
        now = datetime.now(UTC)
        refused = self._refusals.of(system)
        return {
            "system": system.value,
            "at": now.isoformat(),
            "complete": complete,
            "arrived": {
                "since": arrivals.since.isoformat() if arrivals.since else None,
                "hours": arrivals.by_hour(now),
                "newest": {topic: at.isoformat() for topic, at in sorted(arrivals.newest.items())},
            },
            "rejected": {"total": len(refused), "by_reason": self._by_reason(refused)},
            "lag": await self._lag(arrivals),
            "freshness": await self._heard(system),
        }

    async def rejects(self, system: System) -> tuple[bool, list[dict[str, object]]]:
        """What was refused of a system, newest first, and whether that is all; never the bytes themselves."""
        complete = await self._refusals.look()
        return complete, [self._shown(one) for one in self._refusals.of(system)]

    async def redrive(self, outbox: Outbox, wanted: Wanted, *, anew: bool) -> Redriven:
        """One at a time: two would send the same records twice."""
        async with self._redriving:
            done = await redrive(self._kafka, outbox, wanted, anew=anew)
        self._refusals.looked = None
        return done

    async def stop(self) -> None:
        """Ends what is still being read."""
        await asyncio.gather(*(tail.stop() for tail in (*self._arrivals.values(), self._refusals)))

    def _by_reason(self, refused: Iterable[Reject]) -> list[dict[str, object]]:
        counts = Counter((one.topic, one.reason, one.where, self._refusals.history.done(one)) for one in refused)
        names = ("topic", "reason", "where", "sent_again")
        return [{**dict(zip(names, key, strict=True)), "records": count} for key, count in counts.most_common()]

    def _shown(self, one: Reject) -> dict[str, object]:
        return {
            "position": one.position,
            "origin": one.origin,
            "topic": one.topic,
            "reason": one.reason,
            "where": one.where or None,
            "at": one.at.isoformat(),
            "redrives": one.redrives,
            "sent_again": self._refusals.history.done(one),
            "held": one.redrives >= MOST_REDRIVES,
        }

    async def _lag(self, read: Tail) -> list[dict[str, object]]:
        """Records of each topic that admission has not taken yet: where we read to, less where it is."""
        behind: Counter[str] = Counter(dict.fromkeys(read.topics, 0))
        for place, end in read.positions.items():
            behind[place.topic] += max(0, end - await self._next(place))
        return [{"topic": topic, "records": records} for topic, records in sorted(behind.items())]

    async def _next(self, place: TopicPartition) -> int:
        """The next offset that admission takes; it keeps it beside its fence."""
        found = await self._teller.call("GET", f"{place_of(self._namespace, place.topic, place.partition)}next")
        return int(found) if found else 0

    async def _heard(self, system: System) -> object:
        heard = await self._freshness.heard()
        return next((one for one in heard if one.source == system.value), None)


class Redrive(BaseModel):
    """Which refusals to send again; what is left out excludes nothing. `again`: also those sent before."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    topic: Annotated[str, Field(max_length=64)] = ""
    reason: Annotated[str, Field(max_length=64)] = ""
    position: Annotated[str, Field(max_length=128)] = ""
    again: bool = False


def _mine(who: Caller, name: str, *, may_look: bool) -> System:
    """The system, when the caller speaks for it; an operator may look. Raises Problem 403 or 404."""
    system = next((one for one in System if one.value == name), None)
    if system is None:
        raise Problem(404, "not_found", "there is no such system")
    if not who.has(AGENCY, name) and not (may_look and who.has(OPERATOR)):
        raise Problem(403, "forbidden", "this caller does not speak for that system")
    return system


router = APIRouter(prefix="/v1/agencies", tags=["agencies"])


@router.get("/{system}", summary="What arrived, what was refused and why, lag and freshness")
async def state(who: Known, request: Request, system: str) -> dict[str, object]:
    """Counts of 24 hours by hour and event type, refusals by reason, and how far admission is; `complete` false: still
    reading back, ask again.
    """
    agencies: Agencies = request.app.state.suar.agencies
    return await agencies.state(_mine(who, system, may_look=True))


@router.get("/{system}/rejects", summary="What was refused, newest first, without its bytes")
async def rejects(
    who: Known,
    request: Request,
    system: str,
    reason: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST_SHOWN)] = 100,
) -> dict[str, object]:
    """Position, reason and field of each; the bytes stay with operators, who may read them."""
    agencies: Agencies = request.app.state.suar.agencies
    complete, found = await agencies.rejects(_mine(who, system, may_look=True))
    chosen = [one for one in found if reason in {"", one["reason"]}]
    return {"complete": complete, "total": len(chosen), "rejects": chosen[:limit]}


@router.post("/{system}/rejects/redrive", summary="Send one's own refused records again")
async def send_again(who: Known, request: Request, system: str, chosen: Redrive) -> dict[str, int]:
    """As they were; a fact that was admitted before changes nothing. Returns when the broker has them."""
    mine = frozenset(topic.name for topic in topics_of(_mine(who, system, may_look=False)))
    if chosen.topic not in {"", *mine}:
        raise Problem(404, "not_found", "that system has no such topic")
    suar = request.app.state.suar
    wanted = Wanted(frozenset({chosen.topic}) if chosen.topic else mine, chosen.reason, chosen.position)
    did: Redriven = await suar.agencies.redrive(suar.outbox, wanted, anew=chosen.again)
    suar.audit.saw(who, "redrive", [f"{system}/{chosen.topic or '*'}/{chosen.reason or '*'}"], request)
    return {"sent": did.sent, "held": did.held, "done": did.done}
