"""A replay of the log of facts ends where the running installation stands, and says what it says whoever replays it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.alerts import Alert
from schemas.envelope import System
from schemas.facts import Fact, decode
from schemas.topics import ALERTS, FACTS
from streams.publish import envelope, heartbeats, record_of
from streams.replay import outcome
from tests.broker.installation import Installation
from tests.broker.people import Event, Traveller, taken_back

Standing = dict[str, tuple[str, str, tuple[str, ...]]]


@pytest.fixture(scope="module")
def live(suar: Installation) -> Standing:
    """Eight leave to work: two whose e-PMI comes late, one whose attempt is taken back, one whom an officer clears."""
    people = [Traveller() for _ in range(8)]
    suar.publish(heartbeats(datetime.now(UTC) - timedelta(seconds=60)))
    suar.ready_worker()
    suar.publish([record_of(who.issued()) for who in people[1:]])
    suar.publish([record_of(who.attempted()) for who in people])
    suar.publish(heartbeats(datetime.now(UTC)))
    suar.settle()
    suar.publish([record_of(who.permitted()) for who in people[1:3]])
    suar.publish([record_of(people[0].issued()), record_of(taken_back(people[3].attempted()))])
    suar.settle()
    suar.publish([record_of(_cleared(_newest(suar)[people[4].alert_id]))])
    suar.settle()
    return {name: _state(one) for name, one in _newest(suar).items()}


def _newest(suar: Installation) -> dict[str, Alert]:
    found: dict[str, Alert] = {}
    for record in suar.read(ALERTS):
        one = Alert.model_validate_json(record.value or b"")
        if one.alert_id not in found or one.revision > found[one.alert_id].revision:
            found[one.alert_id] = one
    return found


def _cleared(alert: Alert) -> Event:
    about = {"alert_id": alert.alert_id, "subject": alert.subject, "trigger_id": alert.trigger_id}
    data = {**about, "outcome": "CLEARED"}
    return envelope(System.CHECKPOINT, "outcome_recorded", name="cleared", time=datetime.now(UTC), data=data)


def _state(alert: Alert) -> tuple[str, str, tuple[str, ...]]:
    return alert.state.value, alert.severity.name, tuple(sorted({one.rule for one in alert.indications}))


def _replayed(suar: Installation, out: Path, *words: str) -> bytes:
    done = suar.cli("replay", *words, "--out", str(out))
    assert done.exit_code == 0, done.output
    return (out / "said.ndjson").read_bytes()


def test_the_same_alerts_stand(suar: Installation, live: Standing, tmp_path: Path) -> None:
    """What was raised and withdrawn within seconds may not have been said at all."""
    _replayed(suar, tmp_path, "--log", "--processes", "1")
    told = [one.alert for one in outcome.read(tmp_path / "alerts.ndjson") if one.alert is not None]
    ours = {one.alert_id: (one.state.value, one.severity.name, one.rules) for one in told}
    gone = {name for name, (state, *_) in live.items() if state == "WITHDRAWN"}
    assert ours.keys() | gone == live.keys()
    assert ours == {name: state for name, state in live.items() if name in ours}
    states = [state for state, _, _ in live.values()]
    assert (states.count("CLEARED"), states.count("WITHDRAWN")) == (1, 3)


def test_the_fetched_log_is_a_history_like_any_other(suar: Installation, live: Standing, tmp_path: Path) -> None:
    """Notes are left out and made anew; two processes say the same, to the byte."""
    once = _replayed(suar, tmp_path / "one", "--log", "--processes", "1")
    fetched = tmp_path / "one" / "log.facts.ndjson"
    assert _replayed(suar, tmp_path / "two", str(fetched), "--processes", "2") == once
    lines = [json.loads(line) for line in fetched.read_bytes().splitlines()]
    assert {line["fact"]["source"] for line in lines} == {system.value for system in System}
    assert all("via" not in line["fact"] for line in lines)
    clocks = [datetime.fromisoformat(line["clock"]) for line in lines]
    assert clocks == sorted(clocks)
    assert len(lines) < len(suar.read(FACTS))
    assert live


def test_what_became_known_and_what_was_said_live(suar: Installation, live: Standing) -> None:
    facts: list[Fact] = [decode(one.value or b"") for one in suar.read(FACTS)]
    attempts = {one.text("crossing_id") for one in facts if one.kind == "crossing_attempted"}
    done = suar.cli("evaluate", "--log", "--live", "--json", "--processes", "1")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output[done.output.index("{") :])
    assert found["departures"] == len(attempts) == 8
    stops = next(row for row in found["rows"] if row["name"] == "HIGH+CRITICAL")
    assert (stops["officers"]["hits"], stops["officers"]["of"]) == (0, 1)
    assert live
