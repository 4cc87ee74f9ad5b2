"""What a policy in the shadow would have said otherwise: one record for each alert that differs, without any identity."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.alerts import Severity, TriggerKind
from schemas.envelope import Contract, Instant


class Change(StrEnum):
    """The shadow's answer beside the one that was given."""

    ADDED = "ADDED"
    """An alert that only the shadow raises."""
    LOST = "LOST"
    """An alert that the shadow does not raise."""
    CHANGED = "CHANGED"
    """Both raise it, with other rules, another severity or other recipients."""
    SAME = "SAME"
    """What differed before differs no more."""


class Shadowed(Contract):
    """How one trigger would be answered under the version in the shadow. It never alters what is said."""

    alert_id: str
    revision: Annotated[int, Field(ge=0)]
    """Of the answer that was given; the newest of an alert counts."""
    change: Change
    trigger: TriggerKind
    place: str
    at: Instant
    live_version: str
    shadow_version: str
    live_severity: Severity | None = None
    shadow_severity: Severity | None = None
    rules_added: tuple[str, ...] = ()
    rules_lost: tuple[str, ...] = ()
    rules_changed: tuple[str, ...] = ()
    """They speak under both versions, with another severity."""
    rules_kept: tuple[str, ...] = ()
    told_added: tuple[str, ...] = ()
    """Feeds, such as `SUPERVISOR:A-CGK`."""
    told_lost: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that make the difference; all that speak, when it is none of them."""
        return (*self.rules_added, *self.rules_lost, *self.rules_changed) or self.rules_kept
