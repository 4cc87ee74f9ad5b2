"""Flat cost of a crowd: one more use of a telephone number costs the same after ten uses as after ten thousand."""

import time
from datetime import UTC, datetime, timedelta

from agents import dossier as dossiers
from agents.assess import Context
from agents.dossier import Dossier
from agents.react import react
from schemas.facts import MENTIONED, Fact
from schemas.identity import Subject
from tests.bench.ground import Ground
from tests.bench.replay import context
from tests.bench.rows import Figure, Goal, Row

FEW, MANY, MEASURED = 10, 10_000, 400
GOAL = Goal(1.3, 1.1, most=True)
LINK = Subject(f"contact:{1:032x}")
T0 = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)


def run(ground: Ground) -> list[Row]:
    """Two rows; the second has the ratio. Everybody is of a family of their own: the worst case, an alert that stands."""
    ground.say(f"folding {MANY:,} uses of one number")
    given = context()
    few, many = _each(FEW, given), _each(MANY, given)
    return [
        Row("flat cost", f"one number, {FEW} uses", (Figure(few * 1e6, "µs a fact"),), "decoded, judged, encoded"),
        Row(
            "flat cost",
            f"one number, {MANY:,} uses",
            (Figure(many * 1e6, "µs a fact"), Figure(many / few, f"× {FEW} uses", GOAL)),
        ),
    ]


def _each(uses: int, given: Context) -> float:
    """Seconds for the fact after so many, over many tries at the same blob."""
    blob = dossiers.encode(Dossier(LINK))
    for number in range(uses):
        blob = _folded(blob, number, given)
    began = time.perf_counter()
    for number in range(MEASURED):
        _folded(blob, uses + number, given)
    return (time.perf_counter() - began) / MEASURED


def _folded(blob: bytes, number: int, given: Context) -> bytes:
    return dossiers.encode(react(dossiers.decode(blob), _use(number), given).dossier)


def _use(number: int) -> Fact:
    name = f"{number:032x}"
    at = T0 + timedelta(minutes=number)
    return Fact(
        id=f"suar/{name}",
        kind=MENTIONED,
        source="suar",
        at=at,
        admitted_at=at,
        data={
            "link": LINK,
            "use": f"APPLICATION/A-{number}",
            "member": f"person:{name}",
            "stands": True,
            "event": f"simkim/a{number}",
            "system": "simkim",
            "type": "passport_application_submitted",
            "families": [name],
            "kabupaten": f"99{number % 50:02}",
        },
        epoch=1,
    )
