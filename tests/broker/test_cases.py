"""Starts, alones and lost memories on real servers: what has stopped or misled others, and must not do so here."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions  # type: ignore[attr-defined]  # its stub forgets NewPartitions

from agents import dossier as dossiers
from schemas.alerts import Alert, Screening, State, Verdict
from schemas.envelope import System
from schemas.topics import ALERTS, BY_NAME, FACT_DAYS, FACTS, REJECTED, SCREENINGS, Topic
from schemas.wire import Reason
from streams.local import Local
from streams.produce import Record
from streams.publish import heartbeats, record_of
from streams.store import place
from tests.broker.installation import Installation, metric
from tests.broker.people import Event, Traveller
from tests.drills.workers import Worker, until

PASSPORTS, CROSSINGS, PLACEMENTS = (
    BY_NAME["simkim.passports"],
    BY_NAME["simkim.crossings"],
    BY_NAME["siskop2mi.placements"],
)
SLOW, PLACE = 7, 5
REBUILT = (FACTS, ALERTS, SCREENINGS)
"""What a rebuild folds again; admission goes on from Kafka's commit."""
WOKEN_WITHIN = 5.0
"""Seconds from the broker's append of the last heartbeat to that of the verdict: a look a second, and the way there."""
READY_WITHIN = 30.0
OTHER_KEY = "another-key-of-nobody-another-key-of-nobody"


def _worker(suar: Installation) -> Worker:
    """The one that runs, or a new one."""
    running = [one for one in suar.workers if one.running]
    worker = running[0] if running else suar.worker()
    _ready(suar, worker)
    return worker


def _ready(suar: Installation, worker: Worker) -> None:
    until(lambda: worker.ready and not worker.health["unclaimed"], "the worker is ready")
    suar.settle()


def _stopped(suar: Installation) -> None:
    for one in suar.workers:
        if one.running:
            one.stop()


def _publish(suar: Installation, *events: Event) -> None:
    suar.publish([record_of(event) for event in events])
    suar.settle()


def _answers(suar: Installation, who: Traveller) -> list[Screening]:
    found = [one for one in suar.read(SCREENINGS) if one.key == who.crossing.encode()]
    return sorted((Screening.model_validate_json(one.value or b"") for one in found), key=lambda one: one.revision)


def _last(suar: Installation, who: Traveller) -> Verdict | None:
    answers = _answers(suar, who)
    return answers[-1].verdict if answers else None


def _states(suar: Installation, who: Traveller) -> list[State]:
    """Of the alert about the attempt, revision by revision."""
    found = [
        Alert.model_validate_json(one.value or b"") for one in suar.read(ALERTS) if one.key == who.alert_id.encode()
    ]
    return [one.state for one in sorted(found, key=lambda one: one.revision)]


def _admitted(suar: Installation, event: Event) -> bool:
    name = f'"id":"{event["source"]}/{event["id"]}"'.encode()
    return any(name in (one.value or b"") for one in suar.read(FACTS))


def _refused(suar: Installation, mark: bytes) -> list[tuple[bytes, bytes]]:
    """Reason and place in the contract of every refused record that holds the mark."""
    headers = [dict(one.headers) for one in suar.read(REJECTED) if mark in (one.value or b"")]
    return [(one["suar-reason"], one["suar-where"]) for one in headers]


def _admin(suar: Installation) -> AdminClient:
    return AdminClient({"bootstrap.servers": suar.local.kafka.address, "log_level": 0})


def _forget(suar: Installation, topic: Topic, upto: dict[int, int]) -> None:
    """What retention does: the log begins there."""
    wanted = [TopicPartition(topic.name, number, offset) for number, offset in upto.items()]
    admin = _admin(suar)  # it must outlive its answers
    for one in admin.delete_records(wanted).values():
        one.result(20)


# A worker begins


def test_br051_br052_who_begins_judges_nobody_by_what_was_not_read_yet(suar: Installation) -> None:
    """Redis is empty and away, the topics are full, permits stand behind the attempts. Not ready and silent until all is
    claimed; and then no verdict about absence before the marks, so that those who hold a permit never hear an alert.
    """
    people = [Traveller() for _ in range(24)]
    holders, others = people[::2], people[1::2]
    suar.publish(record_of(event) for who in people for event in (who.issued(), who.attempted()))
    suar.publish(record_of(who.permitted()) for who in holders)
    suar.publish(heartbeats(datetime.now(UTC)))
    suar.local.redis.kill()
    try:
        worker = suar.worker()
        until(lambda: worker.waits_for == {"redis"}, "it waits for its tables")
        assert worker.health["unclaimed"]
        assert not worker.ready
        assert sum(suar.ends([FACTS, ALERTS, SCREENINGS]).values()) == 0
    finally:
        suar.local.redis.start()
    _ready(suar, worker)
    until(lambda: {_last(suar, who) for who in others} == {Verdict.ALERT}, "those without a permit", limit=20)
    for who in holders:
        verdicts = [one.verdict for one in _answers(suar, who)]
        assert verdicts[-1] is Verdict.NOTHING_FOUND
        assert Verdict.ALERT not in verdicts
        assert _states(suar, who) == []
    assert [_states(suar, who) for who in others] == [[State.RAISED]] * len(others)


def test_br029_whichever_way_it_comes_it_is_read_alike(suar: Installation, tmp_path: Path) -> None:
    """From an agency's client, by `suar publish`, and sent again from what was refused: one admission, one reason, one effect."""
    _worker(suar)
    who = Traveller()
    bad = {**who.issued(), "id": f"number-{who.number}", "data": {**who.issued()["data"], "nik": int(who.nik)}}
    mark, file = bad["id"].encode(), tmp_path / "events.ndjson"
    file.write_text("\n".join(json.dumps(event) for event in (bad, who.issued(), who.attempted())))
    _publish(suar, bad, who.issued())
    assert suar.cli("publish", str(file)).exit_code == 0
    suar.settle()
    assert len(_refused(suar, mark)) == 2
    assert "2 sent again" in suar.cli("rejected", "redrive", "--topic", PASSPORTS.name).output
    suar.settle()
    assert _refused(suar, mark) == [(Reason.NIK_NOT_TEXT.value.encode(), b"nik")] * 4
    assert not _admitted(suar, bad)
    said = suar.ends([ALERTS, SCREENINGS])
    assert _last(suar, who) is Verdict.ALERT
    _publish(suar, who.issued(), who.attempted())
    assert suar.cli("publish", str(file), "--from", "2").exit_code == 0
    suar.settle()
    assert suar.ends([ALERTS, SCREENINGS]) == said


# It begins again


def test_br061_three_restarts_leave_as_much_as_was_told(suar: Installation) -> None:
    """A dossier for each person and each document, with each fact once, and nothing that anybody forgot to remove."""
    _worker(suar)
    before = _dossiers(suar)
    people = [Traveller() for _ in range(10)]
    for event in ("issued", "permitted", "attempted"):
        _publish(suar, *(getattr(who, event)() for who in people))
        _stopped(suar)
        _worker(suar)
    new = _dossiers(suar).items() - before.items()
    held = sorted((name.partition(":")[0], facts) for name, facts in new)
    assert held == [("document", 2)] * len(people) + [("person", 3)] * len(people)


def _dossiers(suar: Installation) -> dict[str, int]:
    """By subject, how many facts are held."""
    found = [dossiers.decode(blob) for blob in _blobs(suar).values()]
    return {str(one.subject): len(one.held) for one in found}


def _blobs(suar: Installation) -> dict[bytes, bytes]:
    """Every dossier as it is kept, by its key."""
    names = suar.redis.scan_iter(f"{suar.namespace}:*:d:*")
    return {name: blob for name in names if isinstance(blob := suar.redis.get(name), bytes)}


def test_br094_what_was_consumed_once_is_never_consumed_again(suar: Installation) -> None:
    """A memory that ended after some days would let a late replay through. Ours ends no sooner than the log of facts, three
    years after the last word, and everything that was ever published, sent again to another worker, changes no dossier and says nothing.
    """
    _worker(suar)
    who = Traveller()
    _publish(suar, who.issued(), who.attempted())
    before, said = _blobs(suar), suar.ends([ALERTS, SCREENINGS])
    assert min(suar.redis.ttl(name) for name in before) > (FACT_DAYS - timedelta(minutes=5)).total_seconds()
    _stopped(suar)
    everything = [
        Record(one.topic, one.key or b"", one.value, one.partition)
        for one in suar.read(PASSPORTS, CROSSINGS, PLACEMENTS)
    ]
    assert len(everything) > 50
    suar.publish(everything)
    _worker(suar)
    assert _blobs(suar) == before
    assert suar.ends([ALERTS, SCREENINGS]) == said


@pytest.mark.parametrize("topic", [FACTS, PASSPORTS, ALERTS], ids=lambda topic: topic.name)
def test_br074_an_offset_beyond_the_log_s_end_is_a_full_rebuild(suar: Installation, topic: Topic) -> None:
    """What Redis remembers is not on the log: the lane begins anew, is ready in time, and says nothing a second time."""
    _worker(suar)
    _stopped(suar)
    said, entries = suar.ends([ALERTS, SCREENINGS]), suar.entries("SUPERVISOR:A-CGK")
    for (name, number), end in suar.ends([topic]).items():
        suar.redis.set(f"{place(suar.namespace, name, number)}next", end + 1000)
    began = time.monotonic()
    worker = _worker(suar)
    assert time.monotonic() - began < READY_WITHIN
    assert "is beyond the log's end" in worker.log.read_text()
    assert suar.folded([topic]) == suar.ends([topic])
    assert suar.ends([ALERTS, SCREENINGS]) == said
    assert suar.entries("SUPERVISOR:A-CGK") == entries


def test_br092_what_retention_took_is_named_counted_and_passed(suar: Installation) -> None:
    """A worker was away for longer than an agency's topic is kept: so many records are lost, it says so, and goes on."""
    _worker(suar)
    _stopped(suar)
    begin = suar.folded([PASSPORTS])[PASSPORTS.name, PLACE]
    events = [Traveller().issued() for _ in range(30)]
    suar.publish(Record(PASSPORTS.name, b"key", json.dumps(event).encode(), PLACE) for event in events)
    end = suar.ends([PASSPORTS])[PASSPORTS.name, PLACE]
    _forget(suar, PASSPORTS, {PLACE: end - 10})
    worker = _worker(suar)
    lost = end - 10 - begin
    assert metric(worker, "suar_retention_skipped_total", topic=PASSPORTS.name) == lost >= 20
    assert f"retention removed offsets {begin} to {end - 11} unread" in worker.log.read_text()
    assert [_admitted(suar, event) for event in events] == [False] * 20 + [True] * 10
    assert worker.ready


def test_br086_a_changed_pseudonym_key_and_ciphertext_stop_nobody(suar: Installation) -> None:
    """No record on our log is encrypted, so no lost key can make one unreadable. A changed key makes strangers of the same
    people, joins nobody and stops nothing; and what an agency sends in cipher is refused by name, once, and passed.
    """
    _worker(suar)
    who, later = Traveller(), Traveller()
    _publish(suar, who.issued(), who.attempted())
    assert _states(suar, who) == [State.RAISED]
    _stopped(suar)
    worker = suar.worker(SUAR_PSEUDONYM_KEY=OTHER_KEY)
    _ready(suar, worker)
    ciphers = [b"cipher" + bytes([200 + number, 255, 0]) * 30 for number in range(18)]
    suar.publish(Record(PASSPORTS.name, b"key", cipher, PLACE) for cipher in ciphers)
    _publish(suar, who.permitted(), later.issued(), later.attempted())
    assert _refused(suar, b"cipher") == [(Reason.NOT_UTF8.value.encode(), b"")] * len(ciphers)
    assert _states(suar, who) == [State.RAISED]
    assert _last(suar, later) is Verdict.ALERT
    assert worker.ready
    _stopped(suar)


# It must not begin


def _ends_with(suar: Installation) -> str:
    """The one line of a worker that refuses to start."""
    worker = suar.worker()
    worker.wanted = False
    assert worker.ended(limit=30) == 2, worker.last_words()
    [line] = worker.log.read_text().splitlines()
    return line


def test_br091_no_start_without_a_place_for_what_is_refused(suar: Installation) -> None:
    """A bad record would have nowhere to go, and would come again every second."""
    _stopped(suar)
    suar.delete(REJECTED)
    try:
        line = _ends_with(suar)
        assert "suar.rejected: it is missing, must be created" in line
        assert "suar topics create" in line
    finally:
        suar.recreate([REJECTED])


@pytest.mark.parametrize("topic", [FACTS, PLACEMENTS], ids=lambda topic: topic.name)
def test_br082_a_topic_that_grew_is_refused(suar: Installation, topic: Topic) -> None:
    """Keys would move, and a person's facts would lie in two places."""
    _stopped(suar)
    admin = _admin(suar)
    [grown] = admin.create_partitions([NewPartitions(topic.name, topic.partitions + 1)]).values()
    grown.result(20)
    try:
        until(lambda: f"{topic.name}: partitions is 13, must be 12" in suar.cli("topics", "check").output, "it grew")
        assert f"{topic.name}: partitions is 13, must be 12" in _ends_with(suar)
    finally:
        suar.recreate([topic])


# Alone: these begin on topics of their own, and so come last


@pytest.fixture
def alone(local: Local, server_folder: Path) -> Iterator[Installation]:
    """Topics and memory that nothing was written to yet, not even a heartbeat."""
    one = Installation(local, server_folder / f"alone-{uuid4().hex[:6]}")
    one.reset()
    yield one
    one.close()


def test_br073_a_log_that_begins_late_is_rebuilt_in_time(alone: Installation) -> None:
    """Its first facts are gone and Redis is empty: what is left is folded, within half a minute, and pages nobody."""
    people = [Traveller() for _ in range(12)]
    alone.publish(heartbeats(datetime.now(UTC)))
    _worker(alone)
    _publish(alone, *(event for who in people for event in (who.issued(), who.attempted())))
    _stopped(alone)
    assert _committed(alone, "admit", PASSPORTS, CROSSINGS, PLACEMENTS), (
        "the last word of who stops: all that was folded"
    )
    assert _committed(alone, "react", FACTS)
    said = alone.ends([ALERTS, SCREENINGS])
    assert sum(said.values()) >= 2 * len(people)
    _forget(alone, FACTS, {number: max(0, end - 2) for (_, number), end in alone.ends([FACTS]).items()})
    assert alone.cli("rebuild", "--yes").exit_code == 0
    began, worker = time.monotonic(), alone.worker()
    until(lambda: worker.ready, "the worker is ready")
    alone.settle(REBUILT)
    assert time.monotonic() - began < READY_WITHIN
    assert alone.ends([ALERTS, SCREENINGS]) == said
    later = Traveller()
    alone.publish([record_of(later.issued()), record_of(later.attempted()), *heartbeats(datetime.now(UTC))])
    until(lambda: _last(alone, later) is Verdict.ALERT, "the next one is answered", limit=20)


def _committed(suar: Installation, stage: str, *topics: Topic) -> bool:
    """Does Kafka know of everything that Redis knows of?"""
    known = {place: at for topic in topics for place, at in suar.committed(stage, topic).items()}
    return known.items() >= {place: at for place, at in suar.folded(topics).items() if at}.items()


def _feed_age(worker: Worker, source: System) -> float | None:
    """As the page shows it; None when the page says nothing of that source."""
    page = (worker.ask("/metrics") or b"").decode().splitlines()
    found = [line for line in page if line.startswith(f'suar_feed_age_seconds{{source="{source.value}"}}')]
    return float(found[0].rpartition(" ")[2]) if found else None


def test_br082_records_from_before_a_group_existed_are_read(alone: Installation) -> None:
    """Nobody committed anything yet: the beginning counts, not the end."""
    events = [Traveller().issued() for _ in range(24)]
    alone.publish(record_of(event) for event in events)
    _worker(alone)
    assert [event["id"] for event in events if not _admitted(alone, event)] == []
    assert metric(alone.workers[0], "suar_records_total", topic=PASSPORTS.name, outcome="admitted") == len(events)


def test_br046_br048_br055_to_br058_br062_a_silent_feed_and_a_lone_attempt(alone: Installation) -> None:
    """Never heard is an age beyond any limit, not a missing line. One slow partition holds a verdict back; its heartbeat is
    the only thing that still comes, and brings the verdict within seconds, once.
    """
    worker, who, now = _worker(alone), Traveller(), datetime.now(UTC)
    until(lambda: {_feed_age(worker, source) for source in System} == {float("inf")}, "every feed is unheard", limit=10)
    _publish(alone, who.issued())
    _publish(alone, who.attempted())
    beats = heartbeats(now)
    slow = [one for one in beats if (one.topic, one.partition) == (PLACEMENTS.name, SLOW)]
    alone.publish(one for one in beats if one not in slow)
    alone.settle()
    until(lambda: (_feed_age(worker, System.SIMKIM) or 0.0) < 60, "the others are heard", limit=10)
    assert _feed_age(worker, System.SISKOP2MI) == float("inf")
    [waiting] = _answers(alone, who)
    assert (waiting.verdict, waiting.reason) == (Verdict.UNDETERMINED, "feed_not_live")
    silent = [one for one in waiting.freshness if one.source is System.SISKOP2MI]
    assert [(one.complete_up_to, one.age_seconds, one.live) for one in silent] == [(None, None, False)]

    alone.publish(slow)
    until(lambda: _last(alone, who) is Verdict.ALERT, "the lone attempt is answered", limit=20)
    beaten = max(one.timestamp for one in alone.read(PLACEMENTS) if one.partition == SLOW)
    answered = max(one.timestamp for one in alone.read(SCREENINGS))
    assert 0 <= answered - beaten < WOKEN_WITHIN * 1000
    until(lambda: (_feed_age(worker, System.SISKOP2MI) or float("inf")) < 60, "the feed is heard", limit=10)
    looked = time.monotonic()
    until(lambda: time.monotonic() - looked > 3, "some more looks")
    alone.settle()
    assert [one.verdict for one in _answers(alone, who)] == [Verdict.UNDETERMINED, Verdict.ALERT]
    assert _states(alone, who) == [State.RAISED]
    assert metric(worker, "suar_ticks_total") == 1
