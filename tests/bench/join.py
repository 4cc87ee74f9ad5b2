"""The join that all peers run, written once in plain Python: a person's events in, an alert out at a departure without placement."""

from datetime import datetime
from typing import Any

WORK_COUNTRIES = frozenset({"MYS", "SGP", "SAU", "TWN", "HKG", "KOR", "KHM"})
PLACED = frozenset({"approved", "departed"})
NEW_PASSPORT_DAYS = 30

Dossier = dict[str, Any]
Event = dict[str, Any]
Alert = dict[str, Any]


def step(dossier: Dossier, event: Event) -> Alert | None:
    """Changes the dossier in place and gives the alert that the event raises. As right as the order of arrival is."""
    match event["kind"]:
        case "passport_application":
            dossier["passport_at"], dossier["purpose"] = event["occurred_at"], event["stated_purpose"]
        case "placement":
            dossier["placement"], dossier["until"] = event["status"], event["valid_until"]
        case "complaint":
            dossier["complaints"] = dossier.get("complaints", 0) + 1
            dossier["last_complaint"] = event["occurred_at"]
        case _ if event["direction"] == "departure":
            dossier["last_departure"] = event["occurred_at"]
            if dossier.get("placement") not in PLACED and _risky(event):
                return _alert(dossier, event)
    return None


def _risky(event: Event) -> bool:
    return event["destination"] in WORK_COUNTRIES and event["visa"] != "work"


def _alert(dossier: Dossier, event: Event) -> Alert:
    reasons = ["no_active_placement"]
    if dossier.get("complaints"):
        reasons.append("prior_complaint")
    issued = dossier.get("passport_at")
    if issued and _days(issued, event["occurred_at"]) < NEW_PASSPORT_DAYS:
        reasons.append("new_passport")
    return {
        "alert_id": event["event_id"],
        "nik": event["nik"],
        "checkpoint": event["checkpoint"],
        "reasons": reasons,
        "at": event["occurred_at"],
    }


def _days(earlier: str, later: str) -> int:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).days
