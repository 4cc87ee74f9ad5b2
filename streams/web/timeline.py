"""Timeline: the events behind an alert as numbered marks, one lane for each system, one column for each moment that matters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from streams.web.shown import Seen

FIVE: Final = ("simkim", "siskop2mi", "sipmi", "dukcapil", "peduliwni")
"""Always drawn, so that an empty lane says that this system said nothing here."""
LEFT, LANE, COLUMN, TOP = 104, 34, 92, 26


@dataclass(frozen=True, slots=True)
class Mark:
    """One or several events of one system at one moment."""

    x: int
    y: int
    numbers: tuple[int, ...]
    system: str

    @property
    def label(self) -> str:
        """`3`, `3–5`, or `3 +2` where the numbers do not follow each other."""
        first, last = self.numbers[0], self.numbers[-1]
        if first == last:
            return str(first)
        return f"{first}–{last}" if last - first == len(self.numbers) - 1 else f"{first} +{len(self.numbers) - 1}"


@dataclass(frozen=True, slots=True)
class Lane:
    """One system."""

    system: str
    y: int
    empty: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One moment; `gap` is the time since the column before."""

    x: int
    at: datetime
    gap: timedelta | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """Everything with its place, in pixels of a drawing `width` by `height`."""

    lanes: tuple[Lane, ...]
    columns: tuple[Column, ...]
    marks: tuple[Mark, ...]
    width: int
    height: int


def drawn(evidence: Sequence[Seen]) -> Drawn:
    """Events are numbered in the order of their time, as the table beside the drawing numbers them."""
    moments = sorted({one.at for one in evidence})
    others = dict.fromkeys(one.system for one in evidence if one.system not in FIVE)
    systems = (*FIVE, *others)
    x = {at: LEFT + COLUMN // 2 + index * COLUMN for index, at in enumerate(moments)}
    y = {system: TOP + LANE // 2 + index * LANE for index, system in enumerate(systems)}
    cells: dict[tuple[datetime, str], list[int]] = {}
    for number, one in enumerate(evidence, 1):
        cells.setdefault((one.at, one.system), []).append(number)
    spoke = {one.system for one in evidence}
    gaps = [None, *(later - earlier for earlier, later in pairwise(moments))]
    return Drawn(
        lanes=tuple(Lane(system, y[system], system not in spoke) for system in systems),
        columns=tuple(Column(x[at], at, gap) for at, gap in zip(moments, gaps, strict=False)),
        marks=tuple(Mark(x[at], y[system], tuple(found), system) for (at, system), found in cells.items()),
        width=max(820, LEFT + COLUMN * len(moments) + 16),
        height=TOP + LANE * len(systems) + 30,
    )
