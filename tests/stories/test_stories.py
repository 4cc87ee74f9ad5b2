"""Every story ends as its file says."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.alerts import Alert, Screening
from streams.stories import subject_of, trigger_of
from tests.stories.play import KEY, every, play, read


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "trigger_id": alert.trigger_id,
        "state": alert.state.value,
        "severity": alert.severity.name,
        "confidence": alert.confidence.value,
        "reason": alert.reason,
        "revision": alert.revision,
        "rules": sorted(one.rule for one in alert.indications),
        "evidence": sorted("suar" if one.system == "suar" else one.event_id for one in alert.evidence),
        "members": len(alert.members),
        "recipients": sorted(one.feed for one in alert.recipients),
        "handling": [one.event_id.removeprefix("checkpoint/") for one in alert.handling],
        "taken_by": alert.taken_by,
    }


def _screening(screening: Screening) -> dict[str, Any]:
    return {
        "verdict": screening.verdict.value,
        "severity": screening.severity.name if screening.severity else None,
        "reason": screening.reason,
        "revision": screening.revision,
    }


def _differences(place: str, expected: dict[str, Any], found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return [f"{place}: nothing was said"]
    lists = {name: sorted(value) if name in _SETS else value for name, value in expected.items()}
    return [
        f"{place}.{name}: expected {lists[name]}, got {found[name]}" for name in lists if lists[name] != found[name]
    ]


_SETS = {"rules", "evidence", "recipients"}


def test_every_scenario_that_an_expert_would_try_first_is_told() -> None:
    """Domain 9.3, numbers 1 to 20."""
    told = [yaml.safe_load(path.read_text()).get("scenario") for path in every()]
    assert sorted(number for number in told if number is not None) == list(range(1, 21))


def test_br103_two_departures_on_two_days_are_two_alerts() -> None:
    """A key that is too wide drops what must be kept."""
    alerts = play(read(next(path for path in every() if path.stem == "two_departures_on_two_days"))).world.standing()
    assert len(alerts) == 2
    assert len({alert.alert_id for alert in alerts.values()}) == 2


def _name(expected: dict[str, Any]) -> str:
    """`trigger_id` as the alert carries it: a group's is its link; the kind tells a cohort from the cluster it left."""
    name, _, kind = expected["trigger_id"].rpartition(" ")
    if kind not in {"COHORT", "REGISTRY"}:
        name, kind = expected["trigger_id"], ""
    written = trigger_of(name, KEY)
    expected["trigger_id"] = written
    if expected.get("taken_by"):
        expected["taken_by"] = subject_of(f"officer/{expected['taken_by']}", KEY).partition(":")[2]
    return f"{written} {kind}" if kind else written


@pytest.mark.parametrize("path", every(), ids=lambda path: path.stem)
def test_story(path: Path) -> None:
    """Screenings and alerts at the end: all that the file names, and no others."""
    story = read(path)
    played = play(story)
    alerts = {name: _alert(alert) for name, alert in played.world.standing().items()}
    screenings = {name: _screening(one) for name, one in played.world.answers().items()}
    expected_alerts = {_name(one): one for one in story.expect["alerts"]}
    expected_screenings = story.expect["screenings"]

    wrong = [
        line
        for place, expected, found in (
            ("alert", expected_alerts, alerts),
            ("screening", expected_screenings, screenings),
        )
        for name, one in expected.items()
        for line in _differences(f"{place} {name}", one, found.get(name))
    ]
    wrong += [f"alert {name}: not expected: {alerts[name]}" for name in alerts.keys() - expected_alerts.keys()]
    wrong += [
        f"screening {name}: not expected: {screenings[name]}" for name in screenings.keys() - expected_screenings.keys()
    ]
    counts = {name: one.people for name, one in played.world.counts().items()}
    if counts != story.expect.get("areas", counts):
        wrong.append(f"areas: expected {story.expect['areas']}, got {counts}")
    if len(played.rejected) != story.expect.get("rejected", 0):
        wrong.append(f"rejected: {[reason.value for reason in played.rejected]}")
    assert not wrong, "\n" + "\n".join(wrong)
