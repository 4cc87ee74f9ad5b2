"""Figures of an evaluation, each counted by hand on a small world."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from schemas.alerts import Severity, State
from schemas.truth import Departure, Traveller
from streams.evaluation import tables
from streams.evaluation.attempts import Judged, Words, gate
from streams.evaluation.page import page
from streams.evaluation.report import Report, report
from streams.evaluation.shares import percentile, share, span
from streams.evaluation.targets import Composed, Floor, Targets, load, misses
from streams.replay.team import ReplayError
from tests.stories.play import POLICY
from tests.unit.evaluation.made import AT, CLUSTER, EPMI, GATE, World, alert, answer, world


def test_wilson() -> None:
    """Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662, 0 of 20 gives 0 to 0.1611, 15 of 148 0.0624 to 0.1605."""
    found = [share(81, 263), share(0, 20), share(15, 148)]
    assert [(round(one.low, 4), round(one.high, 4)) for one in found] == [
        (0.2553, 0.3662),
        (0.0, 0.1611),
        (0.0624, 0.1605),
    ]
    assert share(0, 0).share is None
    with pytest.raises(ValueError, match="2 of 1"):
        share(2, 1)


def test_percentiles_by_nearest_rank() -> None:
    assert [percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], part) for part in (0.1, 0.5, 0.9, 1.0)] == [1, 5, 9, 10]
    assert span([]).p50 is None


def test_counts() -> None:
    found = world().report()
    assert (found.departures, found.trafficked, found.without_papers) == (20, 4, 3)
    assert (found.elsewhere, found.trafficked_elsewhere) == (1, 1)
    assert (found.undetermined.hits, found.unanswered, found.aside) == (1, 1, 1)
    assert [(one.name, one.share.hits) for one in found.undetermined_by] == [("siskop2mi", 1)]


def test_severities_and_both_together() -> None:
    found = world().report()
    rows = {row.name: row for row in (*found.severities, found.composed)}
    hits = {name: (row.precision.hits, row.precision.of, row.wide.hits, row.alerts) for name, row in rows.items()}
    assert hits == {
        "CRITICAL": (1, 1, 1, 1),
        "HIGH": (2, 4, 3, 4),
        "MEDIUM": (0, 1, 0, 1),
        "HIGH+CRITICAL": (3, 5, 4, 5),
    }
    assert (found.composed.recall.hits, found.composed.recall.of) == (3, 4)
    assert (found.prompted.hits, found.prompted.of) == (3, 4)
    assert found.composed.per_thousand == 250.0
    assert found.composed.budget == POLICY.budget.critical + POLICY.budget.high


def test_rules_lead_time_and_modi() -> None:
    found = world().report()
    rules = {row.name: (row.precision.hits, row.precision.of, row.alone) for row in found.rules}
    assert rules == {CLUSTER: (2, 4, 3), EPMI: (2, 3, 2)}
    assert (found.composed.lead.p10, found.composed.lead.p50, found.composed.lead.p90) == (30.0, 50.0, 60.0)
    assert {one.name: (one.share.hits, one.share.of) for one in found.modi} == {"gulf": (2, 2), "scam": (1, 2)}
    assert [(one.name, one.share.hits, one.share.of) for one in found.false_stops] == [("tour", 1, 1)]


def test_the_answer_counts_as_it_stood_when_the_gate_closed() -> None:
    """A withdrawal in time undoes a stop, one that comes after the gate does not; nor does an alert that came too late help."""
    made = World()
    mended, late, afterwards = (
        made.stop(Traveller.HOLIDAY, Severity.HIGH, EPMI),
        made.stop(Traveller.HOLIDAY, Severity.HIGH, EPMI),
        made.leave(Traveller.TRAFFICKED),
    )
    for name, minutes in ((mended, 21), (late, 121)):
        gone = alert(f"a-{name}", Severity.HIGH, EPMI, revision=2, state=State.WITHDRAWN)
        made.say(minutes, gone, answer(name, revision=2))
    made.say(1, answer(afterwards))
    made.say(90, answer(afterwards, Severity.CRITICAL, "a", revision=2), alert("a", Severity.CRITICAL, EPMI))
    assert [one.stopped for one in made.judged()] == [False, True, False]
    assert made.report().composed.withdrawn == span([timedelta(minutes=20), timedelta(minutes=120)])


def test_a_revision_that_came_behind_a_higher_one_is_passed_over() -> None:
    made = World()
    name = made.leave(Traveller.HOLIDAY)
    made.say(1, answer(name, revision=3))
    made.say(2, answer(name, Severity.HIGH, "a", revision=2))
    assert not made.judged()[0].stopped


def test_the_alert_of_a_group_counts_once() -> None:
    made = World()
    for _ in range(4):
        made.say(1, answer(made.leave(Traveller.TRAFFICKED), Severity.HIGH, "group"))
    made.say(1, alert("group", Severity.HIGH, CLUSTER))
    row = made.report().composed
    assert (row.alerts, row.precision.of, row.per_thousand) == (1, 4, 250.0)
    assert [one.name for one in made.report().rules] == [CLUSTER]


def test_gates_close_at_the_service_or_after_the_policys_minutes() -> None:
    assert gate(AT, "A-CGK", AT + timedelta(minutes=40), POLICY) == AT + timedelta(minutes=40)
    assert [gate(AT, place, None, POLICY) - AT for place in ("A-CGK", "S-BTC", "L-ENT")] == [
        timedelta(minutes=minutes) for minutes in (180, 60, 30)
    ]


def test_bias_by_hand() -> None:
    """Women: 4 of 5 are stopped. By truth 3 of 4 trafficked, 1 of 3 without papers and 1 of 13 others are: explained are
    2 × 3/4 + 1/3 + 2/13 = 1.987 of the women, so the ratio is 2.01; small numbers: not beyond chance.
    """
    women = next(one for one in world().report().bias if (one.by, one.name) == ("sex", "F"))
    assert (women.stopped.hits, women.stopped.of) == (4, 5)
    assert round(women.expected, 3) == 1.987
    assert women.ratio is not None
    assert round(women.ratio, 2) == 2.01
    assert not women.beyond_chance


def test_a_rule_that_looks_at_sex_is_found_out() -> None:
    made = World()
    for _ in range(40):
        made.stop(Traveller.HOLIDAY, Severity.HIGH, EPMI, sex="F")
    made.let_go(Traveller.HOLIDAY, 160, sex="F")
    made.let_go(Traveller.HOLIDAY, 200, sex="M")
    missed = misses(made.report(), Targets(Composed(bias=1.25)))
    assert [(one.of, one.figure, one.found) for one in missed] == [("sex F", "bias ratio", 2.0)]


def test_one_tour_group_is_no_proof_of_bias() -> None:
    """Forty of one province in one alert are one finding, however many they are."""
    made = World()
    for _ in range(40):
        made.say(1, answer(made.leave(Traveller.HOLIDAY, province="91"), Severity.HIGH, "group"))
    made.say(1, alert("group", Severity.HIGH, CLUSTER))
    made.let_go(Traveller.HOLIDAY, 400, province="32")
    group = next(one for one in made.report().bias if one.name == "91")
    assert group.stopped.hits == 40
    assert group.ratio == pytest.approx(11.0)
    assert not group.beyond_chance


def _bulk() -> World:
    made = World()
    for number in range(40):
        made.stop(Traveller.TRAFFICKED if number < 30 else Traveller.HOLIDAY, Severity.CRITICAL, EPMI)
    made.let_go(Traveller.HOLIDAY, 960)
    return made


def test_shuffled_labels_destroy_the_score() -> None:
    """The figures come from what is true of each departure: dealt out anew among them, three in four right becomes one in 33."""
    made = _bulk()
    attempts = made.judged()
    travellers = [one.departure.traveller for one in attempts]
    random.Random(1).shuffle(travellers)
    shuffled = [
        replace(one, departure=msgspec.structs.replace(one.departure, traveller=traveller))
        for one, traveller in zip(attempts, travellers, strict=True)
    ]
    before, after = (_found(made, some) for some in (attempts, shuffled))
    assert before.composed.precision.share == 0.75
    assert before.composed.recall.share == 1.0
    assert after.composed.precision.high < 0.3
    assert after.composed.recall.high < 0.3


def _found(made: World, attempts: list[Judged]) -> Report:
    return report([one.departure for one in attempts], attempts, Words.of(made.said), POLICY)


def test_targets_name_what_falls_short() -> None:
    found = _bulk().report()
    reached = Targets(Composed(recall=0.6, per_thousand=50), {"CRITICAL": Floor(0.7)}, {EPMI: Floor(0.7, recall=0.9)})
    assert misses(found, reached) == []
    missed = Targets(
        Composed(per_thousand=3.5), {"CRITICAL": Floor(0.8)}, {EPMI: Floor(0.9), "silent": Floor(recall=0.1)}
    )
    assert [str(one) for one in misses(found, missed)] == [
        "HIGH+CRITICAL: alerts per 1,000 departures is 40, the target is 3.5",
        "CRITICAL: precision is 0.75, the target is 0.8",
        f"{EPMI}: precision is 0.75, the target is 0.9",
        "silent: recall is 0, the target is 0.1",
    ]


def test_a_share_of_few_is_no_miss() -> None:
    assert misses(world().report(), Targets(severities={"MEDIUM": Floor(0.9)})) == []


def test_files_of_targets(tmp_path: Path) -> None:
    file = tmp_path / "targets.toml"
    file.write_text("[composed]\nrecall = 0.6\n[severities.HIGH]\nprecision = 0.3\n")
    assert load(file) == Targets(Composed(recall=0.6), {"HIGH": Floor(0.3)})
    file.write_text("[severities.GRAVE]\nprecision = 0.3\n")
    with pytest.raises(ReplayError, match="no severity GRAVE"):
        load(file)
    file.write_text("[composed]\nrecal = 0.6\n")
    with pytest.raises(ReplayError, match="recal"):
        load(file)


def test_the_page_stands_alone_in_two_languages() -> None:
    found = world().report()
    wanted = Targets(Composed(recall=0.9))
    text = page(found, wanted, misses(found, wanted))
    assert "HIGH+CRITICAL: recall is 0.75, the target is 0.9" in text
    assert text.count('<span lang="id">') == text.count('<span lang="en">') > 15
    assert text.count("<svg") == 6
    assert "http" not in text
    assert "<script" not in text
    assert "Every target is reached" not in page(found, None, [])


def test_markdown_is_made_from_json() -> None:
    found = world().report()
    text = tables.markdown(json.dumps(msgspec.to_builtins(found)).encode())
    assert (
        "| `HIGH+CRITICAL` | 5 | 5 | 250.00 | 3.5 | 60.0% (23–88) | 80.0% (38–96) | 75.0% (30–95) | 50 (30–60) | – |"
        in text
    )
    assert text.startswith("Counted: 20 departure attempts")


def test_departures_elsewhere_are_never_judged() -> None:
    made = World([Departure("p", AT, Traveller.TRAFFICKED)])
    assert made.judged() == []
    assert made.report().composed.recall.share is None
    assert GATE > AT
