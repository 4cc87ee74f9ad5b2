"""Identities: whom an alert is about, opened for somebody who must meet that person, and never before the audit log has it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from agents.disclosure import MOST_PEOPLE, Purpose, purposes
from agents.dossier import Dossier
from schemas.envelope import Contract
from schemas.identity import Subject
from schemas.register import Entry, Part, decode, key_of
from schemas.topics import IDENTITIES
from streams.feed.callers import Caller, Known
from streams.feed.commands import Seen, look
from streams.feed.dossiers import followed
from streams.feed.installation import Installation
from streams.feed.problems import Problem
from streams.keep import blob_of
from streams.partitions import partitions_of
from streams.produce import partition_of
from streams.store import place

router = APIRouter(prefix="/v1/alerts/{alert_id}", tags=["alerts"])

MOST_DOCUMENTS: Final = 8
"""Of one person that are looked at for a name."""
Opened = dict[Part, str]


class Asking(Contract):
    """What it is for."""

    purpose: Purpose


@router.post("/identity")
async def identity(request: Request, who: Known, alert_id: str, body: Asking) -> JSONResponse:
    """Names and documents of those an alert is about, as the agencies told them last; null: nobody told. A look at
    identities is in the audit log before it is answered; while that is away there is no answer.
    """
    suar: Installation = request.app.state.suar
    seen = await look(suar, who, alert_id)
    if body.purpose not in able(who, seen):
        raise Problem(403, "not_your_purpose", "this role does not open identities for that purpose")
    if not suar.opener.able:
        raise Problem(503, "no_identity_key", "identities cannot be opened here: SUAR_IDENTITY_KEY is not set")
    people = _people(seen)
    await suar.audit.certainly(who, f"identity:{body.purpose}", (alert_id, *people), request)
    return JSONResponse({"people": [await _one(suar, one) for one in people]})


def able(who: Caller, seen: Seen) -> tuple[Purpose, ...]:
    """For what this caller may open the identities of an alert."""
    roles = {feed.partition(":")[0] for feed in seen.held.views if who.may_read(feed)}
    return purposes(roles, str(seen.view.get("state")))


def _people(seen: Seen) -> tuple[Subject, ...]:
    """Whom it is about; of a group, the members that this caller sees anyway."""
    members = seen.view.get("members")
    named = members if isinstance(members, list) and members else [seen.whole.subject]
    return tuple(Subject(str(one)) for one in named[:MOST_PEOPLE])


async def _one(suar: Installation, subject: Subject) -> dict[str, Any]:
    found = await followed(suar, subject)
    known = await _kept(suar, found or [Dossier(subject)])
    return {"subject": subject, "name": known.get(Part.NAME), "document": known.get(Part.DOCUMENT)}


async def _kept(suar: Installation, chain: Iterable[Dossier]) -> Opened:
    """The newest of each part, of the people on the chain first, and then of the documents that told of them."""
    holders: dict[Subject, datetime | None] = {}
    for one in chain:
        holders[one.subject] = one.erased
        documents = sorted({Subject(fact.via) for fact in one.held.values() if fact.via is not None})
        for document in documents[:MOST_DOCUMENTS]:
            holders.setdefault(document, one.erased)
    keys = [(key_of(holder, part), part, erased) for holder, erased in holders.items() for part in Part]
    blobs = await suar.teller.all([("GET", _at(suar, key)) for key, _, _ in keys])
    found: Opened = {}
    newest: dict[Part, datetime] = {}
    for (key, part, erased), blob in zip(keys, blobs, strict=True):
        entry = _entry(blob)
        if entry is None or (erased is not None and entry.at <= erased):
            continue
        value = suar.opener.open(entry.sealed, key)
        if value is not None and (part not in newest or entry.at > newest[part]):
            found[part], newest[part] = value, entry.at
    return found


def _at(suar: Installation, key: str) -> str:
    return place(
        suar.settings.namespace, IDENTITIES.name, partition_of(key.encode(), partitions_of(IDENTITIES))
    ) + blob_of(key)


def _entry(blob: bytes | None) -> Entry | None:
    try:
        return decode(blob) if blob else None
    except msgspec.MsgspecError:
        return None
