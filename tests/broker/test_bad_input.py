"""What agencies send by mistake: refused by name with everything kept, shown to nobody, sent again on command; good records pass by."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.topics import ALERTS, BY_NAME, FACTS, REJECTED, SCREENINGS, Topic
from schemas.wire import MAX_AHEAD, Reason
from streams.admit import MAX_KEY_BYTES
from streams.jose import EventSealer, event_pair
from streams.produce import Record
from streams.publish import record_of, sealed
from tests.broker.installation import Got, Installation, metric
from tests.broker.people import Event, Traveller
from tests.drills.workers import Worker, until

PARTITION = 5
"""Everything goes to one partition of its topic: good records lie between the bad ones."""
HEADERS = (("traceparent", b"00-4bf92f"), ("empty", b""), ("suar-redriven", b"not a number"))
PASSPORTS, CROSSINGS, PLACEMENTS = (
    BY_NAME["simkim.passports"],
    BY_NAME["simkim.crossings"],
    BY_NAME["siskop2mi.placements"],
)


@dataclass(frozen=True)
class Bad:
    """One mistake, and what admission must say about it."""

    name: str
    value: bytes
    reason: Reason
    where: str = ""
    topic: Topic = PASSPORTS
    who: Traveller = field(default_factory=Traveller)

    @property
    def key(self) -> bytes:
        """Some agencies use the traveller's number as key: it must be kept, and stay out of our keys."""
        return self.who.nik.encode()


def _text(event: Event, **changes: Any) -> bytes:
    return json.dumps({**event, **changes}).encode()


def _data(event: Event, **changes: Any) -> bytes:
    return _text(event, data={**event["data"], **changes})


def _mistakes() -> Iterator[Bad]:
    who = Traveller()
    issued, applied, attempted = who.issued(), who.applied(), who.attempted()
    naive, future = "2026-11-20T10:00:00", (datetime.now(UTC) + timedelta(days=1)).isoformat()
    yield Bad("truncated", _text(issued)[:-20], Reason.NOT_JSON, who=who)
    yield Bad("utf16", json.dumps(issued).encode("utf-16"), Reason.NOT_UTF8, who=who)
    yield Bad("utf16_without_mark", json.dumps(issued).encode("utf-16-le"), Reason.NOT_JSON, who=who)
    latin = json.dumps({**applied, "data": {**applied["data"], "name": "JOSÉ"}}, ensure_ascii=False).encode("latin-1")
    yield Bad("latin1", latin, Reason.NOT_UTF8, who=who)
    yield Bad("five_megabytes", _data(applied, address="x" * 5 * 1024 * 1024), Reason.TOO_LARGE, who=who)
    yield Bad("empty_value", b"", Reason.NOT_JSON, who=who)
    yield Bad("a_list", b"[1, 2]", Reason.NOT_AN_EVENT, who=who)
    yield Bad("unknown_field_in_data", _data(issued, colour="green"), Reason.UNKNOWN_FIELD, "colour", who=who)
    yield Bad("unknown_field_in_envelope", _text(issued, colour="green"), Reason.UNKNOWN_FIELD, "colour", who=who)
    yield Bad("field_named_by_a_nik", _data(issued, **{who.nik: 1}), Reason.UNKNOWN_FIELD, who=who)
    yield Bad("nik_as_number", _data(issued, nik=int(who.nik)), Reason.NIK_NOT_TEXT, "nik", who=who)
    yield Bad("nik_from_a_spreadsheet", _data(issued, nik="9.90101450690E+15"), Reason.NIK_ROUNDED, "nik", who=who)
    yield Bad("nik_in_the_id", _text(issued, id=f"evt-{who.nik}"), Reason.IDENTIFIER_IN_REFERENCE, "id", who=who)
    yield Bad("naive_time", _text(issued, time=naive), Reason.NAIVE_TIME, "time", who=who)
    yield Bad("future_time", _text(issued, time=future), Reason.FUTURE_TIME, "time", who=who)
    yield Bad("future_recorded", _text(issued, recorded_at=future), Reason.FUTURE_TIME, "recorded_at", who=who)
    yield Bad("naive_in_data", _data(attempted, scheduled_at=naive), Reason.NAIVE_TIME, "scheduled_at", CROSSINGS, who)
    yield Bad("before_year_one", _text(issued, time="0001-01-01T00:00:00+07:00"), Reason.WRONG_VALUE, "time", who=who)
    yield Bad("year_one", _text(attempted, time="0001-01-01T00:00:00Z"), Reason.WRONG_VALUE, "time", CROSSINGS, who)
    yield Bad("unknown_source", _text(issued, source="nobody"), Reason.UNKNOWN_SOURCE, who=who)
    yield Bad("unknown_type", _text(issued, type="passport_eaten"), Reason.UNKNOWN_TYPE, who=who)
    yield Bad("other_agency", _text(issued), Reason.WRONG_TOPIC, "source", PLACEMENTS, who)
    yield Bad("other_topic", _text(issued), Reason.WRONG_TOPIC, "type", CROSSINGS, who)
    yield Bad(
        "no_data",
        json.dumps({k: v for k, v in issued.items() if k != "data"}).encode(),
        Reason.MISSING_FIELD,
        "data",
        who=who,
    )
    strange = sealed(_text(issued), EventSealer(event_pair()[1]))
    yield Bad("sealed_for_somebody_else", strange, Reason.CANNOT_BE_OPENED, "kid", who=who)
    yield Bad("other_version", _text(issued, schema_version=9), Reason.UNSUPPORTED_VERSION, who=who)


MISTAKES = tuple(_mistakes())


@dataclass
class Mess:
    """All mistakes, with good records before and behind each, and records that say nothing."""

    suar: Installation
    worker: Worker
    sent: dict[str, Record]
    good: list[Event]
    rejected: list[Got]

    def of(self, name: str) -> Got:
        """What stands in `suar.rejected` about a mistake, found by its place: they lie in the order of sending."""
        [one] = [one for one in self.rejected if _header(one, "suar-case") == name.encode()]
        return one


def _header(record: Got, name: str) -> bytes | None:
    headers = dict(record.headers)
    return headers.get(name, headers.get(f"original-{name}"))


@pytest.fixture(scope="module")
def mess(suar: Installation) -> Mess:
    worker = suar.ready_worker()
    good = [Traveller().issued() for _ in range(len(MISTAKES) + 1)]
    sent = {
        one.name: Record(one.topic.name, one.key, one.value, PARTITION, (*HEADERS, ("suar-case", one.name.encode())))
        for one in MISTAKES
    }
    records = [_at(record_of(good[0]))]
    for bad, event in zip(sent.values(), good[1:], strict=True):
        records += [bad, _at(record_of(event))]
    nothing = [Record(PASSPORTS.name, b"some-key", None, PARTITION), Record(PASSPORTS.name, b"", None, PARTITION)]
    suar.publish(records + nothing)
    suar.settle()
    return Mess(suar, worker, sent, good, suar.read(REJECTED))


def _at(record: Record, partition: int = PARTITION) -> Record:
    return Record(record.topic, record.key, record.value, partition, record.headers)


@pytest.mark.parametrize("bad", MISTAKES, ids=[bad.name for bad in MISTAKES])
def test_br083_refused_by_name_and_kept(mess: Mess, bad: Bad) -> None:
    one = mess.of(bad.name)
    assert (one.value == bad.value, _header(one, "suar-key") == bad.key) == (True, True)
    assert _header(one, "suar-reason") == bad.reason.value.encode()
    assert _header(one, "suar-where") == bad.where.encode()
    assert _header(one, "suar-topic") == bad.topic.name.encode()
    assert _header(one, "suar-partition") == str(PARTITION).encode()
    place = int(_header(one, "suar-offset") or b"")
    assert one.key == f"{bad.topic.name}/{PARTITION}/{place}".encode()
    assert [(f"original-{name}", value) for name, value in HEADERS] == [
        header for header in one.headers if header[0].startswith("original-")
    ][: len(HEADERS)]


def test_br083_each_once(mess: Mess) -> None:
    assert len(mess.rejected) == len(MISTAKES)
    assert metric(mess.worker, "suar_rejected_total") >= len(MISTAKES)


def test_good_records_pass_by(mess: Mess) -> None:
    assert [event["id"] for event in mess.good if not _admitted(mess, event)] == []


def test_br077_br095_tombstone_and_key_without_value(mess: Mess) -> None:
    assert metric(mess.worker, "suar_records_total", topic=PASSPORTS.name, outcome="tombstone") == 2


def test_reason_and_log_never_print_the_value(mess: Mess) -> None:
    secrets = [secret for bad in MISTAKES for secret in bad.who.secrets] + [b"JOS", b"9.90101"]
    said = mess.worker.log.read_bytes()
    for one in mess.rejected:
        said += b" ".join(
            [one.key or b"", *(v or b"" for n, v in one.headers if n.startswith("suar-") and n != "suar-key")]
        )
    assert [secret for secret in secrets if secret in said] == []


def _garbage(topic: Topic) -> list[Record]:
    values = (b"not json", b"\xff\xfe", b"{}", b"[]", b"", b'{"id":1}')
    keys = (b"person:0", b"\xff\xfe", b"nobody", b"")
    return [Record(topic.name, keys[i % 4], value, PARTITION) for i, value in enumerate(values)]


def test_garbage_on_facts_is_counted_and_passed_over(mess: Mess) -> None:
    before = metric(mess.worker, "suar_unreadable_facts_total")
    mess.suar.publish(_garbage(FACTS))
    who = Traveller()
    mess.suar.publish([record_of(who.issued()), record_of(who.attempted())])
    mess.suar.settle()
    assert metric(mess.worker, "suar_unreadable_facts_total") - before == len(_garbage(FACTS))
    assert who.crossing.encode() in {one.key for one in mess.suar.read(SCREENINGS)}


@pytest.mark.parametrize("topic", [ALERTS, SCREENINGS], ids=lambda topic: topic.name)
def test_garbage_on_what_we_say_is_counted_and_passed_over(mess: Mess, topic: Topic) -> None:
    before = metric(mess.worker, "suar_unreadable_said_total", topic=topic.name)
    mess.suar.publish(_garbage(topic))
    mess.suar.settle()
    assert metric(mess.worker, "suar_unreadable_said_total", topic=topic.name) - before == len(_garbage(topic))
    assert mess.worker.ready


def test_rejected_list_counts_by_reason(mess: Mess) -> None:
    done = mess.suar.cli("rejected", "list", "--most", "100")
    assert done.exit_code == 0, done.output
    for bad in MISTAKES:
        assert bad.reason.value in done.output
        assert f"{bad.topic.name}/{PARTITION}/" in done.output
    assert [bad.name for bad in MISTAKES if any(secret.decode() in done.output for secret in bad.who.secrets)] == []


def test_rejected_list_filters(mess: Mess) -> None:
    done = mess.suar.cli("rejected", "list", "--topic", PLACEMENTS.name)
    assert "wrong_topic" in done.output
    assert "not_utf8" not in done.output
    assert "nothing was refused" in mess.suar.cli("rejected", "list", "--topic", "polri.cases").output


def test_rejected_show(mess: Mess) -> None:
    one = mess.of("unknown_field_in_data")
    place = (one.key or b"").decode()
    done = mess.suar.cli("rejected", "show", place)
    assert done.output.strip() == f"{place}: unknown_field at colour, {len(one.value or b'')} bytes"
    original = mess.suar.cli("rejected", "show", place, "--original")
    assert '"colour": "green"' in original.output
    missing = mess.suar.cli("rejected", "show", f"{PASSPORTS.name}/{PARTITION}/999999")
    assert missing.exit_code == 5
    assert "suar rejected list" in missing.output


def test_redriven_event_is_admitted_once(mess: Mess) -> None:
    """Its clock was ahead: a few seconds later it is as good as any."""
    event = Traveller().issued()
    valid_at = datetime.now(UTC) + timedelta(seconds=2)
    early = {**event, "time": (valid_at + MAX_AHEAD).isoformat()}
    [before] = _redrivable(mess, early)
    until(lambda: datetime.now(UTC) > valid_at, "the event is not too far ahead any more")
    done = mess.suar.cli("rejected", "redrive", "--position", before)
    assert done.output.strip() == "1 sent again"
    mess.suar.settle()
    again = mess.suar.cli("rejected", "redrive", "--position", before)
    assert again.output.strip() == "0 sent again, 1 sent before and not refused since (--again sends them too)"
    of_person, of_document = _admitted(mess, event)
    assert {one.partition(b":")[0] for one in (of_person, of_document)} == {b"person", b"document"}
    anew = mess.suar.cli("rejected", "redrive", "--position", before, "--again")
    assert anew.output.strip() == "1 sent again"


def _admitted(mess: Mess, event: Event) -> list[bytes]:
    """Keys of the facts that an event became, less what a document passed on."""
    name = f'"id":"simkim/{event["id"]}"'.encode()
    return sorted(
        (
            one.key or b""
            for one in mess.suar.read(FACTS)
            if name in (one.value or b"") and b'"via"' not in (one.value or b"")
        ),
        reverse=True,
    )


def _redrivable(mess: Mess, event: Event) -> list[str]:
    """Publishes something bad and gives back where it was refused."""
    before = {one.key for one in mess.suar.read(REJECTED)}
    mess.suar.publish([record_of(event)])
    mess.suar.settle()
    return [(one.key or b"").decode() for one in mess.suar.read(REJECTED) if one.key not in before]


def test_br085_sent_again_three_times_and_then_held_back(mess: Mess) -> None:
    """Nothing grows: a record that fails again is one record, however often it came back."""
    topic = BY_NAME["polri.cases"]
    event = Traveller().issued() | {"source": "nobody"}
    mess.suar.publish([Record(topic.name, b"a-key", json.dumps(event).encode(), PARTITION)])
    mess.suar.settle()
    outputs = []
    for _ in range(4):
        outputs.append(mess.suar.cli("rejected", "redrive", "--topic", topic.name).output.strip())
        mess.suar.settle()
    assert outputs == ["1 sent again"] * 3 + ["0 sent again, 1 held back after 3 attempts"]
    refused = [one for one in mess.suar.read(REJECTED) if _header(one, "suar-topic") == topic.name.encode()]
    assert len(refused) == 4
    assert {one.value for one in refused} == {json.dumps(event).encode()}
    assert {_header(one, "suar-key") for one in refused} == {b"a-key"}


def test_huge_key_and_headers_are_cut(mess: Mess) -> None:
    """A copy must be one that the broker takes, or the worker would end over it."""
    headers = (("small", b"kept"), ("huge", b"h" * 3_000_000), ("behind", b"dropped"))
    mess.suar.publish([Record(PASSPORTS.name, b"k" * 2_000_000, b"not an event", PARTITION, headers)])
    mess.suar.settle()
    [one] = [one for one in mess.suar.read(REJECTED) if _header(one, "small") == b"kept"]
    kept = dict(one.headers)
    assert one.value == b"not an event"
    assert kept["suar-key-cut-from"] == b"2000000"
    assert int(kept["suar-headers-cut-from"]) > 3_000_000
    assert len(kept["suar-key"]) == MAX_KEY_BYTES
    assert {name for name in kept if name.startswith("original-")} == {"original-small"}


def test_what_somebody_else_wrote_to_rejected_is_passed_over(mess: Mess) -> None:
    mess.suar.publish([Record(REJECTED.name, b"a-key", b"something", PARTITION)])
    done = mess.suar.cli("rejected", "list", "--topic", PASSPORTS.name)
    assert done.exit_code == 0, done.output


def test_the_worker_lives(mess: Mess) -> None:
    assert mess.worker.ready
