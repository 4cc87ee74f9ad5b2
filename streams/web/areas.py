"""Home areas: what villages and districts are told, counts and rates side by side, and how to read them."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Response

from schemas.areas import FEWEST, AreaLevel, Indicator
from streams.areas import PER
from streams.web.page import Visit

router = APIRouter(include_in_schema=False)

SHOWN: Final = 300
ASKED: Final = ("area", "level", "after")
RATED: Final = (Indicator.HARM, Indicator.REGISTERED_WITHOUT_EPMI, Indicator.LETTER_IN_DOUBT)
"""Shown with their rate; the others have none that would say anything."""
_WHOLE_DESA: Final = 10
"""Digits; who sees one desa alone has nothing to filter."""
_INDONESIAN: Final = str.maketrans(",.", ".,")


@router.get("/areas")
async def areas(page: Visit) -> Response:
    """Areas in the order of their codes, a kabupaten before its desa."""
    query = page.request.query_params
    asked = {name: query[name] for name in ASKED if query.get(name)}
    body = page.must(await page.desk.get("/v1/areas", limit=SHOWN, **asked)).body
    counts = [one for row in body["areas"] for one in row["counts"].values()]
    return page.show(
        "areas.html",
        rows=body["areas"],
        total=body["total"],
        more=body["next"],
        asked=asked,
        filtered=any(len(code) < _WHOLE_DESA for code in page.visitor.areas),
        rated=[one.value for one in RATED],
        indicators=[one.value for one in Indicator],
        levels=[one.value for one in AreaLevel],
        number=lambda value: number(value, page.words.language),
        day=date.fromisoformat,
        days=_several(counts, "window_days"),
        k=_several(counts, "at_least") or str(FEWEST),
        per=number(PER, page.words.language),
    )


def number(value: float, language: str) -> str:
    """`1.234` in Indonesian, `1,234` in English; rates with one place."""
    said = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return said if language == "en" else said.translate(_INDONESIAN)


def _several(counts: Iterable[Mapping[str, Any]], name: str) -> str:
    """Counts of two policies may stand side by side."""
    return " / ".join(map(str, sorted({one[name] for one in counts})))
