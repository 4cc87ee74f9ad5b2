"""The report as one page of HTML: Indonesian first, English one click away; no script, nothing from elsewhere."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from streams.evaluation import plots, tables
from streams.evaluation.plots import Bar
from streams.evaluation.report import Report, Row
from streams.evaluation.shares import Share
from streams.evaluation.targets import Composed, Floor, Miss, Targets, unfair

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_LONGEST_LEAD = 240
"""Minutes; what is longer stands in the last column."""


def page(found: Report, targets: Targets | None, missed: list[Miss]) -> str:
    """The whole page. Without targets nothing is marked as missed."""
    wanted = targets or Targets()
    drawn = {
        "precision": plots.ranges([_precision(row, wanted) for row in (*found.severities, found.composed)], most=1.0),
        "rules": plots.ranges([_precision(row, wanted) for row in found.rules], most=1.0),
        "budget": _budget(found, wanted.composed),
        "modi": plots.ranges([_bar(one.name, one.share) for one in found.modi], most=1.0),
        "leads": plots.histogram(found.leads, most=_LONGEST_LEAD),
        "bias": _bias(found, wanted.composed),
    }
    return _TEMPLATES.get_template("page.html.j2").render(
        found=found,
        head=tables.HEAD,
        rows=tables.rows(found),
        percent=tables.percent,
        missed=missed,
        judged=targets is not None,
        plots={name: Markup(svg) for name, svg in drawn.items()},  # noqa: S704 - drawn here, every name escaped
    )


def _bar(name: str, one: Share) -> Bar:
    return Bar(name, one.share, one.low, one.high)


def _precision(row: Row, wanted: Targets) -> Bar:
    floor = wanted.severities.get(row.name) or wanted.rules.get(row.name) or Floor()
    one = row.precision
    wrong = one.share is not None and one.of >= floor.least and one.share < floor.precision
    return Bar(row.name, one.share, one.low, one.high, floor.precision or None, wrong)


def _budget(found: Report, wanted: Composed) -> str:
    """Alerts for 1,000 departures; the ticks are what the policy, or for both together the target, allows."""
    lines = [(row, row.budget) for row in found.severities]
    composed = wanted.per_thousand if wanted.per_thousand < Composed().per_thousand else found.composed.budget
    lines.append((found.composed, composed))
    most = max(1.0, *(max(row.per_thousand, limit or 0.0) for row, limit in lines)) * 1.1
    bars = [
        Bar(row.name, row.per_thousand, 0.0, row.per_thousand, limit, limit is not None and row.per_thousand > limit)
        for row, limit in lines
    ]
    return plots.ranges(bars, most=most, percent=False)


def _bias(found: Report, wanted: Composed) -> str:
    limit = wanted.bias if wanted.bias < Composed().bias else None
    bars = [
        Bar(f"{one.by} {one.name}", one.ratio, one.low, one.high, None, limit is not None and unfair(one, limit))
        for one in found.bias
        if one.ratio is not None
    ]
    return plots.ranges(bars, most=3.0, guides=(1.0, *([limit] if limit else [])), percent=False)
