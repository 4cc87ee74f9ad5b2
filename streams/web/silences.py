"""Silences: what is muted now, by whom, why and until when; and a way to end it at once."""

from datetime import datetime

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from streams.web.desk import safe
from streams.web.page import Visit

router = APIRouter(include_in_schema=False)


@router.get("/silences")
async def silences(page: Visit) -> Response:
    """Those that hold, the one that ends first at the top."""
    body = page.must(await page.desk.get("/v1/silences")).body
    return page.show("silences.html", silences=body.get("silences", []), when=datetime.fromisoformat)


@router.post("/silences/{name}/lift")
async def lift(page: Visit, name: str) -> Response:
    """Ends one now."""
    form = await page.request.form()
    page.must(await page.desk.delete(f"/v1/silences/{safe(name)}", X_CSRF_Token=str(form.get("csrf", ""))))
    return RedirectResponse("/silences", status_code=303)
