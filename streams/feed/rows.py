"""Rows: the open alerts of a feed as lists show and filter them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from schemas.alerts import OPEN_STATES, Severity

_OPEN: Final = frozenset(state.value for state in OPEN_STATES)
_TAKEN: Final = "alert_taken"
NEVER: Final = datetime.max.replace(tzinfo=UTC)


class _Indication(msgspec.Struct, frozen=True):
    rule: str
    family: str


class _Handled(msgspec.Struct, frozen=True):
    what: str
    by: str | None = None
    to: str | None = None


class _Head(msgspec.Struct, frozen=True):
    """What a row needs of a view; the counter's has no indications."""

    alert_id: str
    revision: int
    state: str
    place: str
    at: datetime
    severity: int | str
    expires_at: datetime | None = None
    indications: tuple[_Indication, ...] = ()
    handling: tuple[_Handled, ...] = ()


_HEAD = msgspec.json.Decoder(_Head)


@dataclass(frozen=True, slots=True)
class Row:
    """One open alert as this feed may see it. `at` is the trigger's time, UTC; `taken_by` the pseudonym of the officer;
    `expires_at`, UTC: when nobody need act on it any more.
    """

    alert_id: str
    revision: int
    severity: str
    state: str
    place: str
    at: datetime
    rules: tuple[str, ...]
    families: tuple[str, ...]
    taken_by: str | None
    expires_at: datetime
    raw: bytes

    @property
    def view(self) -> dict[str, object]:
        """The whole view, read anew each time: most rows are only ever filtered."""
        found: dict[str, object] = msgspec.json.decode(self.raw)
        return found

    @property
    def open(self) -> bool:
        """Somebody may still have to act on it."""
        return self.state in _OPEN


def row(raw: bytes) -> Row:
    """Reads a view. Raises msgspec's errors when it is none: somebody else wrote there."""
    head = _HEAD.decode(raw)
    severity = head.severity if isinstance(head.severity, str) else Severity(head.severity).name
    return Row(
        alert_id=head.alert_id,
        revision=head.revision,
        severity=severity,
        state=head.state,
        place=head.place,
        at=head.at.astimezone(UTC),
        rules=tuple(dict.fromkeys(one.rule for one in head.indications)),
        families=tuple(dict.fromkeys(one.family for one in head.indications)),
        taken_by=_taken_by(head.handling),
        expires_at=head.expires_at.astimezone(UTC) if head.expires_at else NEVER,
        raw=raw,
    )


def _taken_by(handling: tuple[_Handled, ...]) -> str | None:
    """The last who took it, or to whom it was handed."""
    last = next((one for one in reversed(handling) if one.what == _TAKEN), None)
    return (last.to or last.by) if last else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list asks for. An empty set asks for all; times of filters are none: a feed holds what is open."""

    severity: frozenset[str] = frozenset()
    state: frozenset[str] = frozenset()
    rule: frozenset[str] = frozenset()
    family: frozenset[str] = frozenset()
    checkpoint: frozenset[str] = frozenset()

    def takes(self, one: Row) -> bool:
        """True when the row belongs on the list."""
        return (
            (not self.severity or one.severity in self.severity)
            and (not self.state or one.state in self.state)
            and (not self.checkpoint or one.place in self.checkpoint)
            and (not self.rule or not self.rule.isdisjoint(one.rules))
            and (not self.family or not self.family.isdisjoint(one.families))
        )


def order_of(one: Row) -> tuple[int, float, str]:
    """Gravest first, then newest; the id decides between equals."""
    return -_RANKS[one.severity], -round(one.at.timestamp(), 6), one.alert_id


_RANKS: Final = {severity.name: severity.value for severity in Severity}


def newest_first(rows: Mapping[str, Row]) -> list[Row]:
    """The order of every list."""
    return sorted(rows.values(), key=order_of)
