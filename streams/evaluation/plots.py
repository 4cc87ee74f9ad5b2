"""Plots as SVG, drawn here: no script, no network, readable on paper."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, LABELS, ROW, MARGIN = 800, 300, 24, 46
"""Pixels: of the whole, of the names at the left, of one line, and of the numbers at the right."""


class Bar(NamedTuple):
    """One line: a value with its interval, and the target that it is measured against."""

    name: str
    value: float | None
    low: float
    high: float
    target: float | None = None
    wrong: bool = False


def ranges(bars: Sequence[Bar], *, most: float, guides: Sequence[float] = (), percent: bool = True) -> str:
    """Values as dots on a line from 0 to `most`, intervals as bars, targets as ticks, guides as dashed lines."""
    height = ROW * len(bars) + 24
    parts = [_line(_x(guide, most), 0, height - 20, "guide") for guide in guides]
    for number, bar in enumerate(bars):
        parts.append(_bar(bar, number * ROW + ROW // 2, most, percent=percent))
    marks = [0.0, most / 2, most]
    parts += [_text(_x(mark, most), height - 4, _number(mark, percent=percent), "axis") for mark in marks]
    return _svg(height, parts)


def histogram(values: Sequence[float], *, most: float, bins: int = 24) -> str:
    """How many values lie in each part of 0 to `most`; what is more counts in the last."""
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, max(0, int(value / most * bins)))] += 1
    tallest, height, wide = max([*counts, 1]), 160, (WIDTH - 2 * MARGIN) / bins
    parts = []
    for number, count in enumerate(counts):
        tall = count / tallest * (height - 40)
        x, y = MARGIN + number * wide, height - 20 - tall
        title = f"<title>{count}</title>"
        parts.append(
            f'<rect class="column" x="{x:.1f}" y="{y:.1f}" width="{wide - 2:.1f}" height="{tall:.1f}">{title}</rect>'
        )
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(_text(MARGIN + part * (WIDTH - 2 * MARGIN), height - 4, f"{part * most:.0f}", "axis"))
    return _svg(height, [*parts, _text(MARGIN, 12, f"{tallest}", "axis")])


def _bar(bar: Bar, y: int, most: float, *, percent: bool) -> str:
    kind = "wrong" if bar.wrong else "right"
    parts = [_text(LABELS - 10, y + 4, bar.name, "name")]
    low, high = _x(bar.low, most), _x(bar.high, most)
    if bar.value is not None:
        parts.append(
            f'<rect class="{kind} span" x="{low:.1f}" y="{y - 4}" width="{max(1.0, high - low):.1f}" height="8"/>'
        )
        parts.append(f'<circle class="{kind}" cx="{_x(bar.value, most):.1f}" cy="{y}" r="5"/>')
    if bar.target is not None:
        parts.append(_line(_x(bar.target, most), y - 9, y + 9, "target"))
    said = "–" if bar.value is None else _number(bar.value, percent=percent)
    return "".join([*parts, _text(WIDTH - 4, y + 4, said, "value")])


def _x(value: float, most: float) -> float:
    return LABELS + min(max(value, 0.0), most) / most * (WIDTH - LABELS - MARGIN - 14)


def _number(value: float, *, percent: bool) -> str:
    return f"{value * 100:.0f} %" if percent else f"{value:.2f}"


def _line(x: float, top: float, bottom: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}">{escape(text)}</text>'


def _svg(height: int, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img">{"".join(parts)}</svg>'
