"""Erasure on the whole path: ordered by a command, obeyed everywhere, and still obeyed after a rebuild."""

import json
from datetime import UTC, datetime

import pytest

from schemas.alerts import Alert, State
from schemas.facts import ERASED
from schemas.topics import ALERTS, AUDIT
from streams.publish import heartbeats, record_of
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.drills.workers import until

pytestmark = pytest.mark.broker
FEED = "SUPERVISOR:A-CGK"


def _newest(suar: Installation, alert_id: str) -> Alert:
    told = [Alert.model_validate_json(one.value or b"") for one in suar.read(ALERTS)]
    return max((one for one in told if one.alert_id == alert_id), key=lambda one: one.revision)


def _dossiers(suar: Installation) -> bytes:
    return b"".join(suar.redis.get(key) or b"" for key in suar.redis.scan_iter(f"{suar.namespace}:*}}:d:*"))


def test_a_person_is_forgotten(suar: Installation) -> None:
    suar.publish(heartbeats(datetime.now(UTC)))
    suar.ready_worker()
    who, other = Traveller(), Traveller()
    for one in (who, other):
        suar.publish([record_of(one.applied()), record_of(one.issued()), record_of(one.attempted())])
    suar.publish(heartbeats(datetime.now(UTC)))
    suar.settle()
    assert suar.open(FEED) >= {who.alert_id, other.alert_id}
    assert who.crossing.encode() in _dossiers(suar)

    words = ("erase", "--by", "dpo-1", "--ground", "request 2026-117")
    assert suar.cli(*words, typed=f"{who.nik}\nn\n").exit_code == 2
    done = suar.cli(*words, typed=f"{who.nik}\ny\n")
    assert done.exit_code == 0, done.output
    assert who.nik not in done.output
    suar.settle()
    until(lambda: who.alert_id not in suar.open(FEED), "it left the feed", limit=20)
    _forgotten(suar, who, other)
    looks = [json.loads(one.value or b"") for one in suar.read(AUDIT)]
    assert [(one["who"], one["what"]) for one in looks] == [("dpo-1", "erase: request 2026-117")]

    suar.redis.flushall()
    until(lambda: suar.open(FEED) == {other.alert_id}, "the feed is back", limit=40)
    suar.settle()
    _forgotten(suar, who, other)


def _forgotten(suar: Installation, who: Traveller, other: Traveller) -> None:
    last = _newest(suar, who.alert_id)
    assert (last.state, last.reason, last.subject) == (State.WITHDRAWN, ERASED, ERASED)
    assert who.crossing.encode() not in _dossiers(suar)
    assert other.crossing.encode() in _dossiers(suar), "nobody else is"
    view = json.loads(suar.entries(FEED)[-1]) if suar.entries(FEED) else {}
    assert who.crossing not in json.dumps(view)
