"""Alerts and a rota for tests of paging; nobody in them exists."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from schemas.alerts import (
    Alert,
    Confidence,
    Evidence,
    Family,
    Indication,
    Recipient,
    Role,
    Severity,
    State,
    Strength,
    Text,
    TriggerKind,
)
from schemas.facts import digest
from schemas.outcomes import GroundCode
from schemas.paging import RotaBook
from streams.produce import Record

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
WHY = Text(id="Paspor baru dan tiket sekali jalan.", en="A new passport and a one-way ticket.")
_SOME = (Text(id="Contoh.", en="Example."),)
_numbers = count(1)

BOOK: dict[str, Any] = {
    "version": "test",
    "channels": [{"name": name, "kind": "webhook"} for name in ("first", "second", "third", "gate")],
    "posts": [{"name": "day", "channels": ["first"]}],
    "rotas": [
        {
            "name": "desk",
            "title": {"id": "Meja", "en": "Desk"},
            "zone": "Asia/Jakarta",
            "levels": [{"channels": ["first"]}, {"channels": ["second"]}, {"channels": ["third"]}],
        },
        {
            "name": "port",
            "title": {"id": "Pelabuhan", "en": "Port"},
            "zone": "Asia/Makassar",
            "levels": [{"channels": ["gate"]}],
        },
    ],
    "routes": [
        {"role": "COORDINATOR", "severities": [3, 4], "rota": "desk"},
        {"role": "SUPERVISOR", "severities": [4], "places": ["A-DPS"], "rota": "port"},
        {"role": "SUPERVISOR", "severities": [3, 4], "places": ["A-CGK"], "rota": "port"},
    ],
    "limits": {"repeats": 2},
}


def book(**limits: object) -> RotaBook:
    """The rota with other limits."""
    return RotaBook.model_validate({**BOOK, "limits": {**BOOK["limits"], **limits}})


def alert(name: str = "", **more: Any) -> Alert:
    """One revision; every call without a name is another alert. `at` moves all its times."""
    name = name or f"trigger-{next(_numbers)}"
    at = more.pop("at", START)
    severity = more.pop("severity", Severity.CRITICAL)
    rule = more.pop("rule", "one_way_ticket")
    wait = {Severity.CRITICAL: 5, Severity.HIGH: 30}.get(severity)
    usual: dict[str, Any] = {
        "alert_id": digest("alert", "ATTEMPT", name),
        "revision": 1,
        "state": State.RAISED,
        "reason": "raised",
        "trigger": TriggerKind.ATTEMPT,
        "trigger_id": name,
        "subject": f"person:{digest(name)}",
        "place": "A-CGK",
        "at": at,
        "severity": severity,
        "confidence": Confidence.FULL,
        "indications": (_indication(rule, severity),),
        "evidence": (Evidence(event_id="e-1", system="simkim", type="crossing_attempted", at=at),),
        "innocent": _SOME,
        "clears": _SOME,
        "questions": _SOME * 2,
        "grounds": (GroundCode.CPMI_NON_PROCEDURAL,),
        "rights_notice": "rights/exit",
        "sop": ("checklist/secondary-inspection@2026-11",),
        "decide_by": None,
        "acknowledge_by": at + timedelta(minutes=wait) if wait else None,
        "referrals": (),
        "recipients": (Recipient(role=Role.COORDINATOR),),
        "created_at": at,
        "expires_at": at + timedelta(days=2),
        "freshness": (),
        "policy_version": "test",
        "trace_id": name,
    }
    return Alert(**{**usual, **more})


def group(members: tuple[Alert, ...], **more: Any) -> Alert:
    """The alert of a group of these."""
    return alert(trigger=TriggerKind.CLUSTER, members=tuple(one.subject for one in members), **more)


def later(one: Alert, state: State, **more: Any) -> Alert:
    """The next revision."""
    return one.model_copy(update={"revision": one.revision + 1, "state": state, **more})


def record(one: Alert) -> Record:
    """As react writes it."""
    return Record("suar.alerts", one.alert_id.encode(), one.model_dump_json().encode())


def _indication(rule: str, severity: Severity) -> Indication:
    return Indication(
        rule=rule,
        version=1,
        family=Family.ROUTE,
        strength=Strength.STRONG,
        severity=severity,
        confidence=Confidence.FULL,
        why=WHY,
    )
