"""Renders deploy/docs/CAPACITY.md: what a nation needs, derived from the last benchmark run and the load arithmetic beside it."""

import json
from dataclasses import dataclass
from math import ceil

from schemas.topics import AGENCY_DAYS, FACT_DAYS, PARTITIONS
from tests.docs.tables import README, RESULTS, table

PAGE = README.parent / "deploy" / "docs" / "CAPACITY.md"

A_DAY = {
    "crossings, attempt and decision: 155,000 a day": 310_000,
    "carriers' messages: 42 million a year": 115_000,
    "passports: 5 million a year, six events each": 82_000,
    "registry changes: 30 million a year": 82_000,
    "placements: 300,000 a year, twelve events, half again for those who drop out": 15_000,
    "job seekers: 500,000 a year, five events": 7_000,
    "complaints, repatriations, self-reports: 650,000 a year": 2_000,
}
WORST_MINUTE = 75
"""Events a second: 17.5 attempts a second, a passport office's morning and a manifest at once."""
OUTAGE = 1_700_000
"""Events that wait after sixty hours without agencies."""
DOSSIERS = 15_000_000
"""Ten million who applied for a passport in two years, five million other travellers, workers, cases."""
HEADROOM, SPARE, REPLICAS, FRAGMENTED = 2, 1, 3, 1.3

_FOREWORD = """# Capacity

What to order for the nation, and for ten times as much. The load is arithmetic from published figures (crossings of 2024 grown by 8 % a year,
peak day 1.5 times the mean, peak hour 9 % of a day, peak minute three times that); what a worker, a dossier and an event cost was measured by
`make bench` on {date} ({cores} cores with broker and Redis on the same machine, so a worker of its own machine does better). `python -m tests.docs`
writes this page anew after a run.

"""
_AFTERWORD = """
- **Workers** share the partitions: {partitions}, so no more than {partitions} workers. Each needs a core. Half of a worker's rate is kept free, and one worker is spare.
- **A rebuild** is what follows when Redis *and* its replica and append-only file are lost. It pages nobody and alerts go on for whoever is rebuilt; but it
  takes as long as the table says, so run Redis with a replica and `appendfsync everysec` (`deploy/redis`).
- **Brokers**: three, for three replicas of everything. The rates here are far below what one of them can do; the disks decide.
- **More workers than partitions** need more partitions, and those cannot be added to a running topic: a subject's facts would lie in two of them. `suar topics grow`
  gives a stopped installation a multiple of them ({partitions}, {twice}, ...) and counts every record again; workers then rebuild, which takes what the table says.
- **Bytes on disk and in Redis** are those of the benchmark's mix of travellers, most of whom are known by a passport and cross once; people with long histories weigh more.
"""


@dataclass(frozen=True)
class Costs:
    """What the benchmark measured."""

    events_a_second: float
    rebuilt_a_second: float
    bytes_a_dossier: float
    bytes_an_event: float
    facts_an_event: float


def rendered() -> str:
    """The whole page. Raises KeyError when the last run lacks a figure."""
    run = json.loads(RESULTS.with_name("results.json").read_text())
    figures = {row["what"]: row["figures"][0]["value"] for row in run["rows"] if row["bench"] == "scale"}
    costs = Costs(
        figures["agency topic → screening, 1 worker"],
        figures["rebuild after Redis was emptied, one worker"],
        figures["Redis, feeds and indexes included"],
        figures["log of facts on disk, one replica"],
        figures["facts and notes"],
    )
    loads = table(("load", "events a day"), [(name, f"{count:,}") for name, count in A_DAY.items()])
    crews = table(
        ("workers on this machine", "events/s"),
        [
            (name.removeprefix("agency topic → screening, ").split(" ", maxsplit=1)[0], f"{value:,.0f}")
            for name, value in figures.items()
            if name.startswith("agency topic")
        ],
    )
    needs = table(("", "nation", "ten times"), zip(_LABELS, _needs(costs, 1), _needs(costs, 10), strict=True))
    foreword = _FOREWORD.format(date=run["date"], cores=run["machine"]["cores"])
    total = f"\nTogether {sum(A_DAY.values()):,} a day; {WORST_MINUTE} a second in the worst minute.\n"
    return f"{foreword}{needs}\n\n{loads}\n{total}\n{crews}\n{_AFTERWORD.format(partitions=PARTITIONS, twice=2 * PARTITIONS)}"


_LABELS = (
    "worst minute, events/s",
    "workers, one of them spare",
    "sixty hours without agencies are caught up in",
    "Redis memory, and as much for its replica",
    "log of facts on the brokers' disks, three replicas",
    "agency topics on the brokers' disks, three replicas",
    "rebuild of everything by all workers",
)


def _needs(costs: Costs, times: int) -> tuple[str, ...]:
    day = sum(A_DAY.values()) * times
    workers = min(PARTITIONS, ceil(WORST_MINUTE * times * HEADROOM / costs.events_a_second) + SPARE)
    busy = workers - SPARE
    facts = day * costs.facts_an_event * FACT_DAYS.days
    return (
        f"{WORST_MINUTE * times:,}",
        f"{workers}",
        f"{OUTAGE * times / (busy * costs.events_a_second) / 60:,.0f} min",
        _bytes(DOSSIERS * times * costs.bytes_a_dossier * FRAGMENTED),
        _bytes(day * FACT_DAYS.days * costs.bytes_an_event * REPLICAS),
        _bytes(day * AGENCY_DAYS.days * RAW * REPLICAS),
        f"{facts / (busy * costs.rebuilt_a_second) / 3600:,.0f} h",
    )


RAW = 450
"""Bytes of an agency's event as JSON, before its codec."""


def _bytes(count: float) -> str:
    return f"{count / 1e12:,.1f} TB" if count >= 1e12 else f"{count / 1e9:,.0f} GB"
