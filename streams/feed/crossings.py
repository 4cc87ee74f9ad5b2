"""Attempts: a checkpoint hands one in and gets its screening; the same attempt again is answered with the same screening."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field, StringConstraints, model_validator

from schemas.alerts import Severity
from schemas.envelope import Instant, Ref, System
from schemas.identity import Identifier, pseudonym
from schemas.mrz import LINE, Confidence, read_zone
from schemas.simkim_crossings import CrossingAttempted, Lane
from streams import metrics
from streams.feed.callers import AGENCY, Caller, Known
from streams.feed.installation import Installation
from streams.feed.problems import Problem
from streams.feed.saying import event_name, say
from streams.publish import envelope

router = APIRouter(prefix="/v1/crossings", tags=["crossings"])

LONGEST_WAIT: Final = 10.0
KEPT_SECONDS: Final = 2 * 86_400
"""As long as a screening is kept."""
QUESTIONS: Final = 2
_TO_THE_COUNTER: Final = frozenset({Severity.HIGH, Severity.CRITICAL})


_ENVELOPE: Final = {"id", "time", "recorded_at", "mrz"}
"""Fields of the body that are not the event's data."""
MrzLine = Annotated[str, StringConstraints(min_length=LINE * 3 // 4, max_length=2 * LINE)]


def _or_mrz(schema: dict[str, Any]) -> None:
    schema["required"].remove("passport_no")
    schema["anyOf"] = [{"required": ["passport_no"]}, {"required": ["mrz"]}]


class Attempt(CrossingAttempted):
    """The data of `crossing_attempted`, and what its envelope says; without `time` it happened now.

    A terminal that reads documents may send the machine-readable zone as it was read instead of a number.
    """

    model_config = ConfigDict(json_schema_extra=_or_mrz)

    id: Ref | None = None
    time: Instant | None = None
    recorded_at: Instant | None = None
    mrz: tuple[MrzLine, MrzLine] | None = Field(
        None, description="Both lines of a TD3 document (ICAO 9303 part 4); they go no further than here"
    )

    @model_validator(mode="before")
    @classmethod
    def _numbered(cls, body: object) -> object:
        """The number of the zone, when its check digits hold, stands for one that was not sent."""
        if not isinstance(body, dict) or body.get("passport_no") is not None or not _two_lines(body.get("mrz")):
            return body
        number = read_zone(*body["mrz"]).number
        if number is None:
            raise ValueError("the check digits of the zone do not hold: read the document again, or key in its number")
        return {**body, "passport_no": number}

    @model_validator(mode="after")
    def _agrees(self) -> "Attempt":
        """A number that was keyed in and one that was read are of one document."""
        number = None if self.mrz is None else read_zone(*self.mrz).number
        if number is not None and number != self.passport_no:
            raise ValueError("the number and the zone are of two documents: read it again")
        return self

    @property
    def read(self) -> Confidence | None:
        """How far the zone can be trusted; None: none was sent."""
        return None if self.mrz is None else read_zone(*self.mrz).confidence


def _two_lines(mrz: object) -> bool:
    return isinstance(mrz, list | tuple) and len(mrz) == 2 and all(isinstance(line, str) for line in mrz)


class _Screening(msgspec.Struct, frozen=True):
    checkpoint: str
    lane: str
    severity: int | None = None


_SCREENING: Final = msgspec.json.Decoder(_Screening)
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the screening")]


@router.post("")
async def attempt(request: Request, who: Known, body: Attempt, wait: Wait = 0.0) -> Response:
    """200 with the screening when it is there within `wait` seconds, otherwise 202 and where it will be."""
    suar: Installation = request.app.state.suar
    _may_hand_in(who, body.checkpoint)
    ends = time.monotonic() + wait
    board = await suar.boards.board(f"SCREENING:{body.checkpoint}")
    coming = board.coming(body.crossing_id, 1)
    try:
        outcome = await _hand_in(suar, body)
        metrics.CROSSINGS_SENT.labels(outcome).inc()
        found = await suar.boards.store.screening(body.crossing_id)
        if found is None and wait:
            found = await _awaited(suar, body.crossing_id, coming, ends)
    finally:
        coming.cancel()
    suar.audit.saw(who, "crossing", (body.crossing_id,), request)
    return _answer(found, body.read) if found else _later(body.crossing_id, body.read)


@router.get("/{crossing_id}")
async def answer(request: Request, who: Known, crossing_id: str) -> Response:
    """The screening of an attempt: 404 when there is none for this caller, or none yet."""
    suar: Installation = request.app.state.suar
    found = await suar.boards.store.screening(crossing_id)
    if found is None or not _may_see(who, _SCREENING.decode(found).checkpoint):
        raise Problem(404, "no_such_crossing", "there is no answer to such an attempt for you, or not yet")
    suar.audit.saw(who, "crossing", (crossing_id,), request)
    return _answer(found)


def _may_see(who: Caller, checkpoint: str) -> bool:
    return who.may_read(f"SCREENING:{checkpoint}") or who.has(AGENCY, System.SIMKIM.value)


def _may_hand_in(who: Caller, checkpoint: str) -> None:
    if not _may_see(who, checkpoint):
        raise Problem(403, "not_your_checkpoint", "attempts are handed in by their own checkpoint")


async def _hand_in(suar: Installation, body: Attempt) -> str:
    """Publishes an attempt once. Who dies between reservation and acknowledgement hands it in again: the event has the same
    id, and the core counts it once. Raises Problem: 409 when the crossing is known with other data,
    422 when the log would refuse it.
    """
    key, mark = suar.boards.store.keys.asked(f"crossing:{body.crossing_id}"), _mark(suar, body)
    known: bytes | None = await suar.teller.call("GET", key)
    if known is not None:
        if known.decode() != mark:
            raise Problem(409, "another_attempt", "this crossing_id was handed in with other data")
        return "again"
    await say(suar.outbox, _event(body), suar.settings.key, suar.sealer)
    await suar.teller.call("SET", key, mark, "NX", "EX", KEPT_SECONDS)
    return "new"


def _mark(suar: Installation, body: Attempt) -> str:
    """Keyed, as the data names a document."""
    data = body.model_dump_json(exclude=_ENVELOPE)
    return pseudonym(suar.settings.key, Identifier("suar", "attempt", data))


def _event(body: Attempt) -> dict[str, object]:
    now = datetime.now(UTC)
    return envelope(
        System.SIMKIM,
        CrossingAttempted.type,
        name=body.id or event_name(CrossingAttempted.type, body.crossing_id),
        time=body.time or now,
        recorded_at=body.recorded_at or now,
        data=body.model_dump(mode="json", exclude_none=True, exclude=_ENVELOPE),
    )


async def _awaited(suar: Installation, crossing_id: str, coming: "asyncio.Future[None]", ends: float) -> bytes | None:
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, ends - time.monotonic())):
            await coming
    return await suar.boards.store.screening(crossing_id)


def _answer(found: bytes, read: Confidence | None = None) -> Response:
    """The screening as a counter uses it: two questions, and for a gate the quiet advice to let a person take over; when
    a zone was sent, how well it was read: a repaired number is to be compared with the document.
    """
    head = _SCREENING.decode(found)
    screening: dict[str, object] = msgspec.json.decode(found)
    questions = screening.get("questions")
    if isinstance(questions, list):
        screening["questions"] = questions[:QUESTIONS]
    advice = {"lane_advice": lane_advice(head.lane, head.severity)}
    return JSONResponse({**screening, **advice, **_as_read(read)})


def _as_read(read: Confidence | None) -> dict[str, str]:
    return {} if read is None else {"mrz_read": read.value}


def lane_advice(lane: str, severity: int | None) -> str | None:
    """A gate opens to the counter and says nothing; a person at a counter needs no such advice."""
    grave = severity is not None and Severity(severity) in _TO_THE_COUNTER
    return "route_to_counter" if grave and lane == Lane.AUTOGATE.value else None


def _later(crossing_id: str, read: Confidence | None) -> Response:
    return JSONResponse(
        {"crossing_id": crossing_id, "verdict": None, **_as_read(read)},
        202,
        {"Location": f"/v1/crossings/{crossing_id}", "Retry-After": "1"},
    )
