"""Before the attempt: what is known of the holder of a document, from manifests and applications that stand open."""

import re
from collections.abc import Iterable
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse

from agents.dossier import Dossier
from agents.things import alert_of
from schemas.alerts import OPEN_STATES, TriggerKind
from schemas.identity import Identifier, Subject, SubjectKind, pseudonym, subject
from streams.feed.callers import AT_CHECKPOINTS, Caller, Known
from streams.feed.commands import Seen, look
from streams.feed.dossiers import followed
from streams.feed.installation import Installation
from streams.feed.problems import Problem

router = APIRouter(prefix="/v1/travellers", tags=["travellers"])

_DOCUMENT: Final = re.compile(r"(?P<issuer>[A-Z]{3})-(?P<number>[A-Z0-9]{6,9})")
_BEFORE: Final = frozenset({TriggerKind.MANIFEST, TriggerKind.APPLICATION})
_OPEN: Final = frozenset(state.value for state in OPEN_STATES)
_ASKING: Final = (*AT_CHECKPOINTS, "COORDINATOR")

Document = Annotated[str, Path(description="Issuer and number as read: `IDN-X1234567`", max_length=16)]


@router.get("/{document}/advisory")
async def advisory(request: Request, who: Known, document: Document) -> JSONResponse:
    """`TALK` with the alerts that this caller may see, `NOTHING_KNOWN`, or `UNDETERMINED` while a feed is silent. It is no
    verdict: the attempt itself gets one.
    """
    if not any(who.has(role) for role in _ASKING):
        raise Problem(403, "not_your_question", "advisories are for checkpoints and coordinators")
    suar: Installation = request.app.state.suar
    asked = _subject(suar, document)
    found = await _open_alerts(suar, who, asked)
    sources = await suar.freshness.heard()
    nothing = "NOTHING_KNOWN" if all(one.live for one in sources) else "UNDETERMINED"
    suar.audit.saw(who, "advisory", (asked,), request)
    return JSONResponse(
        {
            "advice": "TALK" if found else nothing,
            "alerts": [one.view for one in found],
            "freshness": [one.told() for one in sources],
        }
    )


def _subject(suar: Installation, document: str) -> Subject:
    """The pseudonym under which the document's facts lie. Raises Problem 422, which does not repeat what was asked."""
    read = _DOCUMENT.fullmatch(document.upper())
    if read is None:
        raise Problem(422, "bad_document", "a document is issuer and number: IDN-X1234567")
    identifier = Identifier("IDN", "travel_document", read["number"])
    return subject(SubjectKind.DOCUMENT, pseudonym(suar.settings.key, identifier))


async def _open_alerts(suar: Installation, who: Caller, asked: Subject) -> list[Seen]:
    """Those that this caller may see, gravest first; others are not even counted."""
    held = [name for one in await followed(suar, asked) for name in _named(one)]
    seen: list[Seen] = []
    for name in dict.fromkeys(held):
        try:
            one = await look(suar, who, name)
        except Problem:
            continue
        if one.view.get("state") in _OPEN:
            seen.append(one)
    return sorted(seen, key=lambda one: str(one.view.get("severity")), reverse=True)


def _named(one: Dossier) -> Iterable[str]:
    """Ids of the alerts about its manifests and applications that were open when last spoken of."""
    for key, said in one.said.items():
        kind, _, trigger = key.partition("/")
        if kind in _BEFORE and said.state in _OPEN:
            yield alert_of(kind, trigger)
