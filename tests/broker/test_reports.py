"""The monthly pack and the export of cases, from what agencies published on a real broker."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.envelope import System
from streams.publish import heartbeats, record_of
from tests.broker.installation import Installation
from tests.broker.people import Event, Traveller

pytestmark = pytest.mark.broker


def complained(who: Traveller) -> tuple[Event, Event]:
    """The mission hears of somebody in a compound, and finds a victim."""
    case = {"case_no": f"KBRI-{who.number}", "nik": who.nik}
    return (
        who.says(
            System.PEDULIWNI,
            "complaint_filed",
            timedelta(hours=9),
            {**case, "country": "KHM", "category": "ONLINE_SCAM"},
        ),
        who.says(System.PEDULIWNI, "case_assessed", timedelta(hours=8), {**case, "victim_status": "CONFIRMED"}),
    )


def test_the_pack_and_the_cases(suar: Installation, tmp_path: Path) -> None:
    people, victims = [Traveller() for _ in range(4)], [Traveller() for _ in range(3)]
    worker = suar.ready_worker()
    suar.publish(heartbeats(datetime.now(UTC) + timedelta(minutes=1)))
    suar.publish(
        record_of(event) for who in people for event in (who.issued(), who.attempted(visa_class="WORK", purpose="WORK"))
    )
    suar.publish(record_of(event) for who in victims for event in complained(who))
    suar.settle()
    worker.stop()

    month = f"{people[0].now:%Y-%m}"
    answer = suar.cli("report", "monthly", "--month", month, "--out", str(tmp_path))
    assert answer.exit_code == 0, answer.output
    [head, *rows] = csv.reader((tmp_path / f"{month}-departures_screened.csv").read_text().splitlines())
    whole = dict(zip(head, rows[-1], strict=True))
    assert (whole["checkpoint"], whole["screened"], whole["ALERT"]) == ("ALL", "4", "4")
    page = (tmp_path / f"indicators-{month}.html").read_text()
    assert not any(secret.decode() in page for who in people + victims for secret in who.secrets)

    answer = suar.cli("report", "htcds", "--out", str(tmp_path / "cases.csv"))
    assert "3 cases" in answer.output
    [first, *_] = csv.DictReader((tmp_path / "cases.csv").read_text().splitlines())
    assert (first["hte_Country"], first["vic_TypeOfLabourExploitation"]) == ("KH", "IllicitActivities")
    assert suar.cli("report", "monthly", "--month", "soon").exit_code == 2
