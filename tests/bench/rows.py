"""What a benchmark gives back: rows of figures, some with a number to hold."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A number to hold and one to reach for; `most` when less is better."""

    hold: float
    reach: float
    most: bool = False

    def held(self, value: float) -> bool:
        """Is the number to hold held?"""
        return value <= self.hold if self.most else value >= self.hold

    def reached(self, value: float) -> bool:
        """Is it as good as we hoped?"""
        return value <= self.reach if self.most else value >= self.reach

    def __str__(self) -> str:
        return f"{'≤' if self.most else '≥'} {shown(self.hold)}, reach {shown(self.reach)}"


@dataclass(frozen=True)
class Figure:
    """A number with its unit. The unit of a ratio begins with `×` and says against what."""

    value: float
    unit: str
    goal: Goal | None = None

    @property
    def ratio(self) -> bool:
        """Does it compare two figures of the same run?"""
        return self.unit.startswith("×")

    @property
    def mark(self) -> str:
        """`✗` missed, `✓` held, `✓✓` as good as we hoped; empty without a goal."""
        if self.goal is None:
            return ""
        return "✓✓" if self.goal.reached(self.value) else "✓" if self.goal.held(self.value) else "✗"

    def __str__(self) -> str:
        return f"{shown(self.value)}{'' if self.ratio else ' '}{self.unit}"


@dataclass(frozen=True)
class Row:
    """One line of the table. Without figures the note says why there are none."""

    bench: str
    what: str
    figures: tuple[Figure, ...] = ()
    note: str = ""


def shown(value: float) -> str:
    """Three digits that matter."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which that share of the values lies. There must be one value at least."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
