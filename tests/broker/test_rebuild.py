"""What people do with an alert comes back as a revision on every feed, and a flushed Redis gets the same feeds again."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from schemas.alerts import Alert, Screening
from schemas.envelope import System
from schemas.topics import ALERTS, FACTS, SCREENINGS
from streams.publish import envelope, heartbeats, record_of
from tests.broker.installation import Installation
from tests.broker.people import Event, Traveller

COUNTER, SUPERVISOR, SCREENED = "COUNTER:A-CGK", "SUPERVISOR:A-CGK", "SCREENING:A-CGK"
OFFICER = "PENYELIA-7"


@dataclass
class Desk:
    """Two alerts: one that was taken, with a note; one that was cleared."""

    suar: Installation
    taken: Traveller
    cleared: Traveller

    def key(self, name: str) -> str:
        return f"{self.suar.namespace}:{{feed}}:{name}"

    def entries(self, feed: str) -> list[tuple[str, dict[str, int], dict[str, Any]]]:
        """Place, upto and content of each entry, in the order of the stream."""
        redis: Any = self.suar.redis
        return [
            (fields[b"place"].decode(), msgspec.json.decode(fields[b"upto"]), msgspec.json.decode(fields[b"entry"]))
            for _, fields in redis.xrange(self.key(f"stream:{feed}"))
        ]

    def of(self, feed: str, who: Traveller) -> list[dict[str, Any]]:
        return [one for _, _, one in self.entries(feed) if one.get("alert_id") == who.alert_id]

    def places(self, feed: str) -> list[str]:
        """In the order of each partition; partitions may come side by side."""
        found = [place for place, _, _ in self.entries(feed)]
        return sorted(found, key=lambda place: place.partition(":")[0])

    def everything(self) -> dict[str, Any]:
        """All that stands of the two alerts, by key."""
        redis: Any = self.suar.redis
        names = [self.key(f"{kind}:{who.alert_id}") for who in (self.taken, self.cleared) for kind in ("alert", "past")]
        return {
            name: redis.hgetall(name) if redis.type(name) == b"hash" else redis.lrange(name, 0, -1) for name in names
        }


def _did(alert: Alert, kind: str, name: str, **data: Any) -> Event:
    about = {
        "alert_id": alert.alert_id,
        "subject": alert.subject,
        "trigger_id": alert.trigger_id,
        "revision_seen": alert.revision,
        "via": "A-CGK",
        "by": OFFICER,
    }
    return envelope(System.CHECKPOINT, kind, name=name, time=datetime.now(UTC), data=about | data)


@pytest.fixture(scope="module")
def desk(suar: Installation) -> Desk:
    taken, cleared = Traveller(), Traveller()
    suar.publish(heartbeats(datetime.now(UTC) - timedelta(seconds=60)))
    suar.ready_worker()
    suar.publish([record_of(who.issued()) for who in (taken, cleared)])
    suar.settle()
    suar.publish([record_of(who.attempted()) for who in (taken, cleared)])
    suar.settle()
    newest = {one.key: Alert.model_validate_json(one.value or b"") for one in suar.read(ALERTS)}
    first, second = (newest[who.alert_id.encode()] for who in (taken, cleared))
    done = [
        _did(first, "alert_taken", "take-1"),
        _did(first, "note_added", "note-1", sealed="Y2F0YXRhbiBjb250b2g="),
        _did(second, "outcome_recorded", "clear-1", outcome="CLEARED"),
    ]
    for event in (*done, done[0], _did(second, "alert_acknowledged", "late-1")):
        suar.publish([record_of(event)])
        suar.settle()
    return Desk(suar, taken, cleared)


def test_each_thing_done_is_one_revision_on_every_feed(desk: Desk) -> None:
    """The first one, published twice, is one."""
    supervisor = desk.of(SUPERVISOR, desk.taken)
    assert [one["state"] for one in supervisor] == ["RAISED", "ACKNOWLEDGED", "ACKNOWLEDGED"]
    assert [[done["what"] for done in one["handling"]] for one in supervisor] == [
        [],
        ["alert_taken"],
        ["alert_taken", "note_added"],
    ]
    assert [one["taken"] for one in desk.of(COUNTER, desk.taken)] == [False, True, True]
    assert [one["state"] for one in desk.of(SUPERVISOR, desk.cleared)] == ["RAISED", "CLEARED", "CLEARED"]
    assert desk.suar.open(SUPERVISOR) == {desk.taken.alert_id}


def test_the_officers_name_stands_nowhere(desk: Desk) -> None:
    redis: Any = desk.suar.redis
    assert [key for key in redis.scan_iter() if OFFICER.encode() in redis.dump(key)] == []
    assert [one for one in desk.suar.read(ALERTS) if OFFICER.encode() in (one.value or b"")] == []


@pytest.mark.parametrize("feed", [COUNTER, SUPERVISOR, SCREENED])
def test_places_are_those_of_the_log(desk: Desk, feed: str) -> None:
    topic, initial, model = (SCREENINGS, "s", Screening) if feed == SCREENED else (ALERTS, "a", Alert)
    log = {
        f"{initial}{one.partition}:{one.offset}": model.model_validate_json(one.value or b"")
        for one in desk.suar.read(topic)
    }
    upto: dict[str, int] = {}
    assert desk.entries(feed)
    for place, told, content in desk.entries(feed):
        assert log[place].revision == content["revision"]
        name, _, offset = place.partition(":")
        upto[name] = int(offset)
        assert told == upto


def test_a_flushed_redis_gets_the_same_feeds_again(desk: Desk) -> None:
    """Same places, same views, same histories, from another epoch on; nothing is said anew on the log."""
    redis: Any = desk.suar.redis
    epoch, said = redis.get(desk.key("epoch")), desk.suar.ends([ALERTS, SCREENINGS])
    before = {feed: desk.places(feed) for feed in (COUNTER, SUPERVISOR, SCREENED)}
    last = {feed: desk.entries(feed)[-1][1] for feed in before}
    held = desk.everything()
    assert all(held.values())
    redis.flushall()
    desk.suar.settle((FACTS, ALERTS, SCREENINGS))  # what was admitted is in the log, and Kafka remembers how far
    assert {feed: desk.places(feed) for feed in before} == before
    assert {feed: desk.entries(feed)[-1][1] for feed in before} == last
    assert desk.everything() == held
    assert desk.suar.open(SUPERVISOR) == {desk.taken.alert_id}
    assert desk.suar.ends([ALERTS, SCREENINGS]) == said
    assert epoch != redis.get(desk.key("epoch")) is not None
