"""Paper: what a traveller gets in the hand: the notice of a deferral, and the referral to those who can help."""

from fastapi import APIRouter, Response

from schemas.sop import Sop
from schemas.sop_parts import EvidenceClass, Referral, RightsNotice
from streams.web.alert import fetched
from streams.web.page import Visit
from streams.web.shown import Shown

router = APIRouter(include_in_schema=False)

_NEVER_WRITTEN = "INTEGRITY"
"""An officers' matter is no traveller's (its own text in the procedure says so)."""


@router.get("/alerts/{alert_id}/notice")
async def notice(page: Visit, alert_id: str) -> Response:
    """The written notice: ground, kind of evidence (never its source), what cures it, help, objection, complaint."""
    one = await fetched(page, alert_id)
    sop = page.places.policy.sop
    asked = page.request.query_params.get("ground", "")
    grounds = {ground.code.value: ground for ground in sop.grounds if ground.code.value != "UNKNOWN"}
    fitting = [grounds[code] for code in one.grounds if code in grounds]
    return page.show(
        "notice.html",
        alert=one,
        ground=grounds.get(asked),
        fitting=fitting or list(grounds.values()),
        classes=_classes(sop, one),
        deferral=sop.deferral,
        rights=_rights(sop, one),
    )


@router.get("/alerts/{alert_id}/referral")
async def referral(page: Visit, alert_id: str) -> Response:
    """Who can help this person, when and how to reach them, and the person's rights."""
    one = await fetched(page, alert_id)
    sop = page.places.policy.sop
    found = [part for name in one.referrals if isinstance(part := sop.find(name), Referral)]
    asked = page.request.query_params.get("to", "")
    chosen = [part for part in found if part.id == asked] or found
    return page.show("referral.html", alert=one, referrals=chosen, all_referrals=found, rights=_rights(sop, one))


def _classes(sop: Sop, one: Shown) -> list[EvidenceClass]:
    held = {family for family in one.families if family != _NEVER_WRITTEN}
    return [part for part in sop.evidence_classes if part.code.value in held]


def _rights(sop: Sop, one: Shown) -> RightsNotice | None:
    """As the alert names it; None when its version of the procedure is another one than this gateway's."""
    part = sop.find(one.rights_notice)
    return part if isinstance(part, RightsNotice) else None
