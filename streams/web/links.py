"""Links: a group as a drawing and a table: who shares which telephone, booking or recruiter, without a name."""

from fastapi import APIRouter, Response

from streams.web.alert import fetched
from streams.web.boards import holding, raws
from streams.web.desk import safe
from streams.web.drawing import layout
from streams.web.page import Visit
from streams.web.related import network

router = APIRouter(include_in_schema=False)


@router.get("/alerts/{alert_id}/network")
async def links(page: Visit, alert_id: str) -> Response:
    """The group's network, as far as the visitor's feed may know who belongs together."""
    one = await fetched(page, alert_id)
    found = network(one, raws(await holding(page, alert_id)))
    return page.show("network.html", alert=one, network=found, layout=layout(found), safe=safe)
