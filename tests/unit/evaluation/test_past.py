"""What became known later, joined back by hand: ten people, nine departures, eight labels."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.alerts import Severity
from schemas.envelope import System
from streams.evaluation.attempts import Words
from streams.evaluation.past import Kind, PastReport, read, report
from streams.publish import envelope
from streams.replay.history import History
from streams.replay.outcome import Said
from tests.bench.people import nik, passport
from tests.stories.play import KEY, POLICY
from tests.unit.evaluation.made import EPMI, alert, answer

ZERO = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
LEFT = {"0": 0, "1": 0, "2": 0, "3": 0, "3-again": 10, "4": 0, "5": 95, "7": 0, "8": 0}
"""Days on which the persons left; person 3 left twice."""
STOPPED = ("0", "4", "5", "7", "8")


def _event(system: System, kind: str, day: float, name: str, **data: object) -> bytes:
    at = ZERO + timedelta(days=day)
    return json.dumps(envelope(system, kind, name=f"{kind}-{name}", time=at, data=data)).encode() + b"\n"


def _events() -> list[tuple[float, bytes]]:
    events: list[tuple[float, bytes]] = []

    def tell(system: System, kind: str, day: float, name: str, **data: object) -> None:
        events.append((day, _event(system, kind, day, name, **data)))

    for number in range(10):
        issued = {
            "passport_no": passport(number),
            "nik": nik(number),
            "issued_on": "2026-01-05",
            "office_code": "KANIM-X",
        }
        tell(System.SIMKIM, "passport_issued", -50, str(number), **issued)
    for name, day in LEFT.items():
        where = {"checkpoint": "A-CGK", "lane": "COUNTER", "direction": "OUT", "destination": "MYS"}
        where |= {"destination": "KHM"} if name == "3-again" else {}
        held = {"crossing_id": f"c-{name}", "passport_no": passport(int(name[0]))}
        tell(System.SIMKIM, "crossing_attempted", day, name, **held, **where)
    complaint = {"country": "MYS", "category": "DECEPTION"}
    for number, day in ((0, 20), (2, 30), (3, 50), (6, 60)):
        tell(System.PEDULIWNI, "complaint_filed", day, f"{number}", case_no=f"K-{number}", nik=nik(number), **complaint)
    home = {"case_no": "K-1", "passport_no": passport(1), "country": "MYS"}
    tell(System.PEDULIWNI, "repatriation_completed", 40, "1", **home)
    tell(System.PEDULIWNI, "case_assessed", 45, "1", **home, victim_status="CONFIRMED")
    tell(System.PEDULIWNI, "case_assessed", 35, "2", case_no="K-2", nik=nik(2), victim_status="NOT_VICTIM")
    for name, outcome in (("7", "REFERRED_BP3MI"), ("8", "CLEARED_WITH_ADVICE")):
        said = {"alert_id": f"a-{name}", "trigger_id": f"c-{name}", "subject": f"person:{name * 32}"}
        tell(System.CHECKPOINT, "outcome_recorded", 0.02, name, **said, outcome=outcome)
    tell(System.SIMKIM, "entry_cleared", 100, "end", passport_no=passport(9), checkpoint="A-CGK", direction="IN")
    return events


@pytest.fixture
def found(tmp_path: Path) -> PastReport:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"".join(line for _, line in sorted(_events())))
    said = []
    for name in STOPPED:
        at = ZERO + timedelta(days=LEFT[name], minutes=1)
        said.append(Said(at, alert(f"a-{name}", Severity.HIGH, EPMI), None))
        said.append(Said(at, None, answer(f"c-{name}", Severity.HIGH, f"a-{name}")))
    return report(read(History(file), KEY, POLICY), Words.of(said), POLICY)


def test_labels_find_their_departures(found: PastReport) -> None:
    """20, 40 and 50 days; a refuted complaint is no label, and one about the earlier country is about the earlier departure."""
    assert (found.departures, found.labelled, found.horizon_days) == (9, 3, 50.0)
    delays = {one.kind: (one.labels, one.joined, one.p50) for one in found.delays}
    assert delays[Kind.COMPLAINT] == (4, 3, 30.0)
    assert delays[Kind.REPATRIATED] == (1, 1, 40.0)
    assert delays[Kind.VICTIM] == (1, 1, 45.0)
    assert delays[Kind.NO_VICTIM] == (1, 1, 35.0)


def test_young_departures_count_as_nothing(found: PastReport) -> None:
    """Who left five days before the end may yet be heard of."""
    assert (found.young, found.quiet) == (1, 5)


def test_precision_and_recall_by_hand(found: PastReport) -> None:
    """Five were stopped: one is labelled, three are old and quiet, one is young. Three are labelled in all."""
    rows = {one.name: one for one in found.rows}
    for row in (rows["HIGH+CRITICAL"], rows["MEDIUM and more"], rows[EPMI]):
        assert (row.precision.hits, row.precision.of, row.young) == (1, 4, 1)
        assert (row.recall.hits, row.recall.of) == (1, 3)
        assert (row.officers.hits, row.officers.of) == (1, 2)


def test_a_history_without_labels_says_so(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"".join(line for _, line in sorted(_events()) if b"peduliwni" not in line))
    found = report(read(History(file), KEY, POLICY), Words.of([]), POLICY)
    assert (found.labelled, found.horizon_days, found.young, found.quiet) == (0, None, 9, 0)
    assert found.rows[0].precision.share is None
