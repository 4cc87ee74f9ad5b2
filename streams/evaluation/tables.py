"""The report as tables: for a terminal, and in Markdown."""

from collections.abc import Iterable, Iterator

import msgspec
from rich.console import RenderableType
from rich.table import Column, Table

from streams.evaluation.bias import Group
from streams.evaluation.report import Named, Report, Row
from streams.evaluation.shares import Share, Span

Cells = tuple[str, ...]
HEAD: Cells = (
    "of",
    "departures",
    "alerts",
    "per 1,000",
    "budget",
    "trafficked",
    "or without papers",
    "recall",
    "lead, min",
    "withdrawn after, min",
)


def percent(one: Share) -> str:
    """`31 % (25-38)`: a share and its interval; a dash for the share of nothing."""
    return "–" if one.share is None else f"{one.share:.1%} ({one.low * 100:.0f}–{one.high * 100:.0f})"


def minutes(one: Span) -> str:
    """The median and the span from the 10th to the 90th percentile."""
    if one.p10 is None or one.p50 is None or one.p90 is None:
        return "–"
    return f"{one.p50:.0f} ({one.p10:.0f}–{one.p90:.0f})"


def cells(row: Row) -> Cells:
    """A row of figures, in the order of HEAD."""
    budget = "" if row.budget is None else f"{row.budget:g}"
    shares = (percent(row.precision), percent(row.wide), percent(row.recall))
    counts = (row.name, f"{row.precision.of:,}", f"{row.alerts:,}", f"{row.per_thousand:.2f}", budget)
    return (*counts, *shares, minutes(row.lead), minutes(row.withdrawn))


def rows(found: Report) -> list[Cells]:
    """Severities, both that stop people together, and rules."""
    return [cells(row) for row in (*found.severities, found.composed, *found.rules)]


def unit(found: Report) -> str:
    """What is counted, in one sentence."""
    return (
        f"Counted: {found.departures:,} departure attempts through checkpoints ({found.trafficked:,} trafficked, "
        f"{found.without_papers:,} workers without papers), each with the answer as it stood when its gate closed; policy "
        f"{found.policy}. {found.elsewhere:,} departures pass no checkpoint ({found.trafficked_elsewhere:,} trafficked) and "
        f"are in no recall. Shares with their 95 % interval."
    )


_PARTS = ((0, 1, 5, 6), (0, 2, 3, 4, 7), (0, 8, 9))
"""Columns of HEAD that find room beside each other on 80 cells."""


def terminal(found: Report) -> Iterator[RenderableType]:
    """Every table of the report."""
    yield unit(found)
    for some in _PARTS:
        yield _table("", tuple(HEAD[n] for n in some), (tuple(row[n] for n in some) for row in rows(found)))
    yield (
        f"Undetermined at the gate: {percent(found.undetermined)}; without an answer: {found.unanswered:,}; with a prompt or more: "
        f"{percent(found.prompted)} of the trafficked; alerts about the hajj or paperwork alone: {found.aside:,}"
    )
    for title, named in (
        ("undetermined: waited for", found.undetermined_by),
        ("found by modus", found.modi),
        ("false stops: what would have cleared them", found.false_stops),
    ):
        if named:
            yield _table(title, ("name", "share", "count"), (_named(one) for one in named))
    yield _table("stopped against what the truth explains", _BIAS, (_group(one) for one in found.bias))


_BIAS = ("by", "group", "departures", "stopped", "explained", "ratio", "95 %")


def _table(title: str, head: Cells, lines: Iterable[Cells]) -> Table:
    columns = (
        Column(name, justify="left" if number == 0 else "right", overflow="fold") for number, name in enumerate(head)
    )
    table = Table(*columns, box=None, title=title or None, title_justify="left")
    for line in lines:
        table.add_row(*line)
    return table


def _named(one: Named) -> Cells:
    return one.name, percent(one.share), f"{one.share.hits:,} of {one.share.of:,}"


def _group(one: Group) -> Cells:
    ratio = "–" if one.ratio is None else f"{one.ratio:.2f}{' !' if one.beyond_chance else ''}"
    of = one.stopped.of
    explained = f"{one.expected / of:.2%}" if of else "–"
    return one.by, one.name, f"{of:,}", percent(one.stopped), explained, ratio, f"{one.low:.2f}–{one.high:.2f}"


def markdown(held: bytes) -> str:
    """The figures of a report that `suar evaluate --json` wrote, as a Markdown table under the sentence that says what is
    counted. Raises msgspec.MsgspecError when it is none.
    """
    found = msgspec.json.decode(held, type=Report)
    lines = ["| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
    lines += ["| " + " | ".join((f"`{first}`", *rest)) + " |" for first, *rest in rows(found)]
    return "\n".join((unit(found), "", *lines))
