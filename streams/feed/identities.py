"""Identities: whom an alert is about, opened for somebody who must meet that person, and never before the audit log has it."""

from datetime import datetime
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from agents.disclosure import MOST_PEOPLE, Purpose, purposes
from agents.dossier import Dossier
from schemas.envelope import Contract
from schemas.identity import Subject
from schemas.register import Entry, Part, decode, key_of
from schemas.topics import IDENTITIES
from streams import metrics
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
Holders = dict[Subject, datetime | None]
"""Those under whom a person's parts are kept, with the moment up to which what was so is forgotten."""
Opened = dict[Part, str]


class _View(msgspec.Struct):
    state: str


_STATE: Final = msgspec.json.Decoder(_View)


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
    people = {one: await _holders(suar, one) for one in _people(seen)}
    looked_at = dict.fromkeys(holder for holders in people.values() for holder in holders)
    await suar.audit.certainly(who, f"identity:{body.purpose}", (alert_id, *looked_at), request)
    return JSONResponse({"people": [_told(one, await _kept(suar, holders)) for one, holders in people.items()]})


def able(who: Caller, seen: Seen) -> tuple[Purpose, ...]:
    """For what this caller may open the identities of an alert: of each feed, as the alert stands there."""
    found: set[Purpose] = set()
    for feed, view in seen.held.views.items():
        if who.may_read(feed):
            found |= {*purposes((feed.partition(":")[0],), _STATE.decode(view).state)}
    return tuple(sorted(found))


def _people(seen: Seen) -> tuple[Subject, ...]:
    """Whom it is about; of a group, the members that this caller sees anyway."""
    members = seen.view.get("members")
    named = members if isinstance(members, list) and members else [seen.whole.subject]
    return tuple(Subject(str(one)) for one in named[:MOST_PEOPLE])


async def _holders(suar: Installation, asked: Subject) -> Holders:
    """The people on the chain, and then the documents that told of them. What an owner forgets, its documents told of nobody."""
    chain = await followed(suar, asked) or [Dossier(asked)]
    moments = [one.erased for one in chain]
    since = [max((at for at in moments[n:] if at is not None), default=None) for n in range(len(chain))]
    holders: Holders = {one.subject: at for one, at in zip(chain, since, strict=True)}
    for one, at in zip(chain, since, strict=True):
        documents = sorted({Subject(fact.via) for fact in one.held.values() if fact.via is not None})
        for document in documents[:MOST_DOCUMENTS]:
            holders.setdefault(document, at)
    return holders


def _told(subject: Subject, known: Opened) -> dict[str, str | None]:
    return {"subject": subject, "name": known.get(Part.NAME), "document": known.get(Part.DOCUMENT)}


async def _kept(suar: Installation, holders: Holders) -> Opened:
    """The newest of each part."""
    keys = [(key_of(holder, part), part, erased) for holder, erased in holders.items() for part in Part]
    blobs = await suar.teller.all([("GET", _at(suar, key)) for key, _, _ in keys])
    found: Opened = {}
    newest: dict[Part, datetime] = {}
    for (key, part, erased), blob in zip(keys, blobs, strict=True):
        entry = _entry(blob)
        if entry is None or not entry.sealed or (erased is not None and entry.at <= erased):
            continue
        value = suar.opener.open(entry.sealed, key)
        if value is None:
            metrics.UNOPENED.inc()
        elif part not in newest or entry.at > newest[part]:
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
