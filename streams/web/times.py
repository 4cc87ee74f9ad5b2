"""Times: from the event to the topic, the screen, the officer's acknowledgement and the outcome, by checkpoint."""

from fastapi import APIRouter, Response

from streams.feed.times import Step
from streams.web.page import Visit

router = APIRouter(include_in_schema=False)


@router.get("/times")
async def times(page: Visit) -> Response:
    """Percentiles as the API gives them."""
    body = page.must(await page.desk.get("/v1/times")).body
    return page.show(
        "times.html",
        places=body.get("places", {}),
        steps=[step.value for step in Step],
        spoken=lambda seconds: (
            page.words.age(seconds) if seconds >= 10 else page.words("times.short", n=f"{seconds:.1f}")
        ),
    )
