"""Targets: what an evaluation must reach, and which figure falls short of it, by name."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from schemas.alerts import Severity
from streams.evaluation.bias import Group
from streams.evaluation.report import Report, Row
from streams.replay.team import ReplayError


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The least precision of a severity or rule, once it spoke of `least` departures: fewer say nothing about a share."""

    precision: float = 0.0
    wide: float = 0.0
    """The least share of trafficked and of workers without papers together."""
    recall: float = 0.0
    least: int = 20


class Composed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What HIGH and CRITICAL must do together."""

    recall: float = 0.0
    per_thousand: float = 1000.0
    """Alerts for 1,000 departures, at most."""
    bias: float = 1000.0
    """Of any group whose ratio is beyond chance: the largest ratio."""
    undetermined: float = 1.0
    """The largest share of answers that are undetermined when the gate closes."""


class Targets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file such as seeds/nation/targets.toml."""

    composed: Composed = Composed()
    severities: dict[str, Floor] = {}
    rules: dict[str, Floor] = {}


class Miss(msgspec.Struct, frozen=True):
    """A figure that falls short: of what, which, how much it is, and what it must be."""

    of: str
    figure: str
    found: float
    target: float

    def __str__(self) -> str:
        return f"{self.of}: {self.figure} is {self.found:.4g}, the target is {self.target:.4g}"


def load(path: Path) -> Targets:
    """The targets of a file. Raises ReplayError with the file and what is wrong."""
    try:
        targets = msgspec.toml.decode(path.read_bytes(), type=Targets)
    except OSError as error:
        raise ReplayError(f"{path}: {error.strerror}") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise ReplayError(f"{path}: {error}") from None
    if unknown := targets.severities.keys() - Severity.__members__.keys():
        raise ReplayError(f"{path}: no severity {min(unknown)}")
    return targets


def misses(found: Report, targets: Targets) -> list[Miss]:
    """Every figure that falls short, in the order of the report. A rule that never spoke falls short of its recall alone."""
    missed = list(_composed(found, targets.composed))
    rows = {row.name: row for row in (*found.severities, *found.rules)}
    for name, floor in {**targets.severities, **targets.rules}.items():
        missed += _row(name, rows.get(name), floor)
    return missed


def _composed(found: Report, targets: Composed) -> Iterator[Miss]:
    row = found.composed
    if (row.recall.share or 0.0) < targets.recall:
        yield Miss(row.name, "recall", row.recall.share or 0.0, targets.recall)
    if row.per_thousand > targets.per_thousand:
        yield Miss(row.name, "alerts per 1,000 departures", row.per_thousand, targets.per_thousand)
    if (found.undetermined.share or 0.0) > targets.undetermined:
        yield Miss("answers", "undetermined share", found.undetermined.share or 0.0, targets.undetermined)
    for group in found.bias:
        if unfair(group, targets.bias):
            yield Miss(f"{group.by} {group.name}", "bias ratio", group.ratio or 0.0, targets.bias)


def unfair(group: Group, most: float) -> bool:
    """Is the ratio too large, and the group stopped more often than explained by more than chance would do?"""
    return group.ratio is not None and group.ratio > most and group.beyond_chance


def _row(name: str, row: Row | None, floor: Floor) -> Iterator[Miss]:
    recall = row.recall.share or 0.0 if row else 0.0
    if recall < floor.recall:
        yield Miss(name, "recall", recall, floor.recall)
    if row is None or row.precision.of < floor.least:
        return
    for figure, found, target in (
        ("precision", row.precision.share or 0.0, floor.precision),
        ("share trafficked or without papers", row.wide.share or 0.0, floor.wide),
    ):
        if found < target:
            yield Miss(name, figure, found, target)
