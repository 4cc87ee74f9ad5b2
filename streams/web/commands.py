"""Commands: forms that become commands of the API. A stale one changes nothing: the newer state is shown, and asked again."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from streams.web.alert import HOURS, show
from streams.web.desk import Answer, safe
from streams.web.page import NotShownError, Page, SignInNeededError, Visit

router = APIRouter(include_in_schema=False)

Form = Mapping[str, str]
STALE: Final = frozenset({409, 412})


@router.post("/alerts/{alert_id}/do/{command}")
async def do(page: Visit, alert_id: str, command: str) -> Response:
    """One command on one alert, once: the form's own key makes a second press the same command."""
    form = {name: value.strip() for name, value in (await page.request.form()).items() if isinstance(value, str)}
    body_of = _BODIES.get(command)
    if body_of is None:
        raise NotShownError(404, "no_such_command")
    body = body_of(form, page.now)
    sent = {"X_CSRF_Token": form.get("csrf", ""), "Idempotency_Key": form.get("key", "")}
    if command == "silence":
        answer = await page.desk.post("/v1/silences", body, **sent)
    else:
        revision = form.get("revision", "")
        answer = await page.desk.post(f"/v1/alerts/{safe(alert_id)}/{command}", body, If_Match=f'"{revision}"', **sent)
    return await _said(page, alert_id, command, (answer, form))


@router.post("/alerts/{alert_id}/identity")
async def identity(page: Visit, alert_id: str) -> Response:
    """Whom it is about, on this answer alone: nothing of it is in an address, and the next look is asked for again."""
    form = {name: value for name, value in (await page.request.form()).items() if isinstance(value, str)}
    body = {"purpose": form.get("purpose", "")}
    answer = await page.desk.post(f"/v1/alerts/{safe(alert_id)}/identity", body, X_CSRF_Token=form.get("csrf", ""))
    if answer.status == 401:
        raise SignInNeededError
    if not answer.ok:
        return await show(page, alert_id, status=answer.status, problem=answer.code)
    return await show(page, alert_id, people=answer.body["people"])


async def _said(page: Page, alert_id: str, command: str, given: tuple[Answer, Form]) -> Response:
    answer, form = given
    if answer.status == 401:
        raise SignInNeededError
    if answer.ok:
        back = f"/alerts/{safe(alert_id)}?done={command}" if form.get("back") != "feed" else "/"
        return RedirectResponse(back, status_code=303)
    typed = {name: value for name, value in form.items() if name not in {"csrf", "key", "revision"}}
    stale = answer.status in STALE
    problem = None if stale else answer.code
    return await show(
        page, alert_id, status=answer.status, stale=stale, problem=problem, typed=typed | {"command": command}
    )


def _until(form: Form, now: datetime) -> str:
    hours = form.get("hours", "")
    chosen = int(hours) if hours.isdigit() and int(hours) in HOURS else HOURS[0]
    return (now + timedelta(hours=chosen)).replace(microsecond=0).isoformat()


def _nothing(_: Form, __: datetime) -> dict[str, object]:
    return {}


def _hand_over(form: Form, _: datetime) -> dict[str, object]:
    return {"to": form.get("to", "")}


def _note(form: Form, _: datetime) -> dict[str, object]:
    return {"text": form.get("text", "")}


def _outcome(form: Form, _: datetime) -> dict[str, object]:
    """Empty fields are left out: the API says which of them an outcome needs."""
    minutes = form.get("minutes_in_secondary", "")
    told: dict[str, object] = {name: form[name] for name in ("outcome", "ground_code", "reason_code") if form.get(name)}
    return told | ({"minutes_in_secondary": int(minutes)} if minutes.isdigit() else {})


def _snooze(form: Form, now: datetime) -> dict[str, object]:
    return {"rule": form.get("rule", ""), "until": _until(form, now), "comment": form.get("comment", "")}


def _silence(form: Form, now: datetime) -> dict[str, object]:
    """What is muted: pages of this alert with its group, of this rule at this checkpoint, or of the whole checkpoint."""
    names = {"group": ("group",), "rule": ("rule", "checkpoint"), "checkpoint": ("checkpoint",)}
    wanted = names.get(form.get("what", ""), ("group",))
    matchers = {name: form[name] for name in wanted if form.get(name)}
    return {"matchers": matchers, "comment": form.get("comment", ""), "until": _until(form, now)}


_BODIES: Final[Mapping[str, Callable[[Form, datetime], dict[str, object]]]] = {
    "acknowledge": _nothing,
    "take": _nothing,
    "secondary": _nothing,
    "hand-over": _hand_over,
    "note": _note,
    "outcome": _outcome,
    "snooze": _snooze,
    "silence": _silence,
}
