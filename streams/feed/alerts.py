"""One alert: as its caller may see it, and what may be done with it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field, StringConstraints, model_validator

from schemas.codes import Count
from schemas.envelope import Contract, Instant, Ref
from schemas.identity import OfficerRef
from schemas.outcomes import (
    AlertAcknowledged,
    AlertTaken,
    GroundCode,
    NoteAdded,
    Outcome,
    OutcomeRecorded,
    RuleSnoozed,
    SecondaryStarted,
)
from streams.feed.callers import Caller, Known
from streams.feed.commands import Order, Seen, carry_out, etag, look
from streams.feed.identities import able
from streams.feed.installation import Installation
from streams.feed.notes import LONGEST
from streams.feed.problems import Problem

router = APIRouter(prefix="/v1/alerts/{alert_id}", tags=["alerts"])

LONGEST_SNOOZE: Final = timedelta(days=30)
IfMatch = Annotated[str | None, Header(alias="If-Match", description='The revision that was seen, in quotes: `"3"`')]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=128, description="The same key is the same command"),
]
Note = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]


class Command(Contract):
    """What every command may say: `via` is the code of the terminal or place it comes from."""

    via: Ref | None = None


class HandOver(Command):
    """To whom."""

    to: OfficerRef


class NoteText(Command):
    """Sealed before it leaves the gateway; numbers of persons are refused."""

    text: Note


class Ending(Command):
    """How a meeting with the traveller ended; a deferral needs its legal ground."""

    outcome: Outcome
    ground_code: GroundCode | None = None
    reason_code: Ref | None = None
    minutes_in_secondary: Count | None = None

    @model_validator(mode="after")
    def _known(self) -> "Ending":
        if self.outcome is Outcome.UNKNOWN:
            raise ValueError("unknown_outcome")
        if self.outcome is Outcome.DEFERRED and self.ground_code in {None, GroundCode.UNKNOWN}:
            raise ValueError("a deferral needs a ground_code")
        return self


class Snooze(Command):
    """One rule stays quiet about this person until a moment, at most 30 days off."""

    rule: Ref
    until: Instant
    comment: Annotated[str, Field(min_length=1, max_length=LONGEST)]


@router.get("")
async def one(request: Request, who: Known, alert_id: str) -> JSONResponse:
    """The alert, its history, its notes, and for what its people's identities may be opened; `ETag` is what a command sends
    back as `If-Match`.
    """
    suar: Installation = request.app.state.suar
    seen = await look(suar, who, alert_id)
    history = await suar.boards.store.past(alert_id)
    suar.audit.saw(who, "alert", (alert_id,), request)
    purposes = able(who, seen) if suar.opener.able else ()
    body = {"alert": seen.view, "history": history, "notes": notes(suar, seen), "purposes": purposes}
    return JSONResponse(body, headers={"ETag": etag(seen)})


class Asked:
    """Who sends a command, on which alert, and the revision that they saw."""

    def __init__(self, request: Request, who: Known, alert_id: str, seen: IfMatch = None, *, key: Key = None) -> None:
        self.request, self.who = request, who
        self.alert_id, self.seen, self.key = alert_id, revision(seen), key

    async def do(self, body: Command, command: str, kind: str, **more: Any) -> JSONResponse:
        """200 with the newer view, or 202 when it is on its way. `more` is what this command says beyond others."""
        suar: Installation = self.request.app.state.suar
        order = Order(self.alert_id, command, kind, self.seen, key=self.key, via=body.via, **more)
        done = await carry_out(suar, self.who, order)
        suar.audit.saw(self.who, command, (self.alert_id,), self.request)
        if done is None:
            return JSONResponse({"accepted": True}, 202, {"Location": f"/v1/alerts/{self.alert_id}"})
        return JSONResponse({"alert": done.view, "notes": notes(suar, done)}, headers={"ETag": etag(done)})


On = Annotated[Asked, Depends()]


@router.post("/acknowledge")
async def acknowledge(on: On, body: Command) -> Response:
    """Somebody has seen it and answers for it."""
    return await on.do(body, "acknowledge", AlertAcknowledged.type)


@router.post("/take")
async def take(on: On, body: Command) -> Response:
    """The caller takes it: others see that it is looked after."""
    return await on.do(body, "take", AlertTaken.type)


@router.post("/hand-over")
async def hand_over(on: On, body: HandOver) -> Response:
    """Another officer answers for it from now on."""
    return await on.do(body, "hand-over", AlertTaken.type, data={"to": body.to})


@router.post("/note")
async def note(on: On, body: NoteText) -> Response:
    """A note for those who answer for it."""
    return await on.do(body, "note", NoteAdded.type, sealed=body.text)


@router.post("/secondary")
async def secondary(on: On, body: Command) -> Response:
    """The private talk in secondary inspection begins."""
    return await on.do(body, "secondary", SecondaryStarted.type, data=_officer(on.who))


@router.post("/outcome")
async def outcome(on: On, body: Ending) -> Response:
    """How it ended. It is a fact: it changes the dossier, and what is said later."""
    told = body.model_dump(mode="json", exclude_none=True, exclude={"via"})
    return await on.do(body, "outcome", OutcomeRecorded.type, data={**told, **_officer(on.who)})


@router.post("/snooze")
async def snooze(on: On, body: Snooze) -> Response:
    """One rule stays quiet about this person for a while, with the reason."""
    if not timedelta(0) < body.until - datetime.now(UTC) <= LONGEST_SNOOZE:
        raise Problem(422, "snooze_too_long", f"a snooze ends within {LONGEST_SNOOZE.days} days from now")
    data = {"rule": body.rule, "until": body.until.isoformat()}
    return await on.do(body, "snooze", RuleSnoozed.type, data=data, sealed=body.comment)


def revision(if_match: str | None) -> int:
    """The revision that the caller has seen. Raises Problem 428 without one, 400 for anything that is none."""
    if if_match is None:
        raise Problem(428, "if_match_needed", 'say which revision was seen: If-Match: "3"')
    number = if_match.strip().removeprefix("W/").strip('"')
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise Problem(400, "bad_if_match", 'If-Match holds one revision in quotes: "3"')
    return int(number)


def _officer(who: Caller) -> dict[str, object]:
    """Officers, not systems: their decisions are what internal compliance looks at."""
    return {"officer_ref": who.name} if who.kind == "person" else {}


def notes(suar: Installation, seen: Seen) -> list[dict[str, object]]:
    """Notes and comments, opened for those who see what was done; `text` None: sealed under a key that is not here."""
    handling = seen.view.get("handling")
    done: list[dict[str, Any]] = [one for one in handling if one.get("sealed")] if isinstance(handling, list) else []
    return [
        {
            **{name: one.get(name) for name in ("event_id", "what", "at", "by", "via")},
            "text": suar.notes.open(one["sealed"], seen.alert_id),
        }
        for one in done
    ]
