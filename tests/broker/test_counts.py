"""Counts on real servers: what villages read, what a budget shows, and that a rebuild tells neither anew nor otherwise."""

from datetime import UTC, datetime

import pytest

from schemas.areas import AreaCount, Indicator
from schemas.topics import ALERTS, AREAS, FACTS, SCREENINGS
from streams import stories
from streams.publish import heartbeats, record_of
from tests.broker.installation import Installation, metric
from tests.drills.workers import Worker, until

STORY = "declared_visit_but_cpmi_in_process_counted_at_home"
"""Three people of three villages of one district, registered for work, let go as visitors."""
REBUILT = (FACTS, ALERTS, SCREENINGS)
"""What a rebuild folds again; admission goes on from Kafka's commit."""


@pytest.fixture(scope="module")
def told(suar: Installation) -> Worker:
    """The story, told to one worker, with every source up to date."""
    worker, now = suar.ready_worker(), datetime.now(UTC)
    events = stories.events(stories.load(STORY), now, "t1", suar.settings.key)
    suar.publish([record_of(event) for event in events])
    suar.publish(heartbeats(datetime.now(UTC)))
    until(lambda: len(suar.read(AREAS)) >= 2, "the district is counted", limit=40)
    suar.settle()
    return worker


def _counts(suar: Installation) -> dict[Indicator, AreaCount]:
    read = [AreaCount.model_validate_json(one.value) for one in suar.read(AREAS)]
    return {one.indicator: one for one in sorted(read, key=lambda one: one.revision)}


def test_the_district_reads_how_many_and_no_village_is_named(suar: Installation, told: Worker) -> None:
    found = _counts(suar)
    assert {name: one.people for name, one in found.items()} == {
        Indicator.PASSPORTS: 3,
        Indicator.REGISTERED_WITHOUT_EPMI: 3,
    }
    assert {one.area for one in found.values()} == {"9901"}
    assert metric(told, "suar_areas_total", level="KABUPATEN") == 2
    assert metric(told, "suar_areas_total", level="DESA") == 0


def test_keys_and_bytes_hold_no_pseudonym(suar: Installation, told: Worker) -> None:
    people = {one.key.partition(b":")[2] for one in suar.read(ALERTS, SCREENINGS)}
    for one in suar.read(AREAS):
        assert one.key in {b"9901/PASSPORTS", b"9901/REGISTERED_WITHOUT_EPMI"}
        assert b"person" not in one.value
        assert not any(name and name in one.value for name in people)


def test_the_table_says_the_rate(suar: Installation, told: Worker) -> None:
    shown = suar.cli("areas")
    assert shown.exit_code == 0
    assert "≈ 10,000.0" in shown.output, "three of three"
    assert suar.cli("areas", "--area", "32").exit_code == 2
    assert '"indicator":"PASSPORTS"' in suar.cli("areas", "--json").output


def test_the_budget_counts_attempts_and_alerts_of_the_day(suar: Installation, told: Worker) -> None:
    """Three alerts among three departures are far beyond what any budget allows."""
    shown = suar.cli("budget", "--checkpoint", "A-CGK", "--days", "2")
    assert shown.exit_code == 0
    assert "!" in shown.output
    assert metric(told, "suar_alert_budget_exceeded", checkpoint="A-CGK", severity="HIGH") in {0.0, 1.0}
    lines = [line.strip() for line in shown.output.splitlines() if line.strip().startswith("A-CGK")]
    assert sum(int(line.split()[2]) for line in lines) == 3


def test_a_rebuild_publishes_nothing_and_counts_the_same(suar: Installation, told: Worker) -> None:
    """What Kafka remembers as done is not said again."""
    until(lambda: suar.committed("react", FACTS) == suar.ends((FACTS,)), "all is committed", limit=40)
    before, shown = len(suar.read(AREAS)), suar.cli("budget", "--checkpoint", "A-CGK", "--days", "2").output
    suar.cli("rebuild", "--yes")
    suar.settle(REBUILT)
    until(lambda: suar.cli("budget", "--checkpoint", "A-CGK", "--days", "2").output == shown, "counted again", limit=40)
    assert len(suar.read(AREAS)) == before
