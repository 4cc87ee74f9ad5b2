"""A backup among more partitions: who shared a partition stays in order, what is for everybody reaches everybody."""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.freshness import complete, marked
from schemas.facts import MARK, POLICY_IN_FORCE, Fact, decode, encode
from schemas.topics import AGENCY_TOPICS, ALERTS, FACTS, POLICY, Topic
from streams.backup.files import BackupError, Kept, Part, Writer
from streams.backup.spread import Spread, Tally, rehearse
from streams.produce import partition_of

AT = datetime(2026, 11, 25, tzinfo=UTC)
OLD = 12


def _parts(topic: Topic, said: int = 0) -> list[Part]:
    return [Part(topic.name, number, f"{topic.name}/{number:02}.gz", "", 0, 100, 0, said) for number in range(OLD)]


def _fact(kind: str, **data: object) -> bytes:
    return encode(Fact(id=f"suar/{kind}", kind=kind, source="suar", at=AT, admitted_at=AT, data=data))


@given(keys=st.lists(st.binary(min_size=1, max_size=20), max_size=60), times=st.integers(2, 5))
def test_what_shared_a_key_stays_in_order_and_lies_where_a_producer_would_put_it(keys: list[bytes], times: int) -> None:
    spread = Spread(ALERTS, _parts(ALERTS), OLD * times)
    before, after = defaultdict(list), defaultdict(list)
    for number, key in enumerate(keys):
        value = str(number).encode()
        before[key].append(value)
        for partition, kept in spread.of(spread.parts[partition_of(key, OLD)], Kept(number, 0, key, value)):
            assert partition == partition_of(key, OLD * times)
            after[kept.key].append(kept.value)
    assert after == before
    assert spread.tally.records == len(keys)


def test_a_mark_holds_for_all_that_come_from_its_partition() -> None:
    spread = Spread(FACTS, _parts(FACTS), 24)
    seen: dict[int, dict[str, datetime]] = defaultdict(dict)
    for topic in AGENCY_TOPICS:
        for number in range(OLD):
            mark = _fact(MARK, topic=topic.name, partition=number, complete_up_to=AT.isoformat())
            for part in spread.parts:
                for partition, kept in spread.of(part, Kept(0, 0, b"feed", mark)):
                    seen[partition] = marked(seen[partition], decode(kept.value or b""))
    assert set(seen) == set(range(24))
    assert {len(complete(one, 24)) for one in seen.values()} == {
        len({topic.system for topic in AGENCY_TOPICS} - {None})
    }
    silent = {place: at for place, at in seen[0].items() if place != f"{AGENCY_TOPICS[0].name}/23"}
    assert len(complete(silent, 24)) == len(complete(seen[0], 24)) - 1
    assert complete(silent, 12) == complete(seen[0], 12)


def test_a_policy_reaches_every_partition_and_a_person_one() -> None:
    spread = Spread(FACTS, _parts(FACTS), 36)
    policy = Kept(0, 0, b"policy", _fact(POLICY_IN_FORCE))
    assert list(spread.of(spread.parts[5], policy)) == [(5, policy), (17, policy), (29, policy)]
    deep = b'{"id":"x","kind":"k","source":"s","at":' + b"[" * 100_000
    marks = (_fact(MARK), _fact(MARK, topic="t", partition="7", complete_up_to=AT.isoformat()), _fact(MARK, topic=1))
    for unreadable in (b"", b"{", None, b'{"id":"\xff"}', deep, *marks):
        assert len(list(spread.of(spread.parts[5], Kept(1, 0, b"who", unreadable)))) == 1


def test_it_knows_up_to_where_everything_was_said() -> None:
    spread = Spread(FACTS, _parts(FACTS, said=103), 24)
    keys = [key for number in range(200) if partition_of(key := f"p{number}".encode(), OLD) == 7][:6]
    landed = [next(spread.of(spread.parts[7], Kept(100 + n, 0, key, b"")))[0] for n, key in enumerate(keys)]
    assert spread.said == {place: landed[:3].count(place) for place in set(landed[:3])}


@pytest.mark.parametrize("partitions", [13, 18, 6])
def test_no_multiple_is_refused(partitions: int) -> None:
    with pytest.raises(BackupError, match=f"has 12 partitions of suar.facts, this installation {partitions}"):
        Spread(FACTS, _parts(FACTS), partitions)


def test_a_topic_of_one_partition_stays_as_it_is() -> None:
    spread = Spread(POLICY, [Part(POLICY.name, 0, "", "", 0, 0, 0)], 1)
    one = Kept(0, 0, b"k", b"v")
    assert list(spread.of(spread.parts[0], one)) == [(0, one)]


def test_a_tally_tells_order_apart_from_content() -> None:
    def sum_of(*records: tuple[int, bytes | None, bytes | None]) -> Tally:
        tally = Tally()
        for record in records:
            tally.take(*record)
        return tally

    one, other = (0, b"a", b"bc"), (1, b"x", None)
    assert sum_of(one, other) == sum_of(other, one)
    assert (
        len({sum_of(it).sum for it in (one, (1, b"a", b"bc"), (0, b"ab", b"c"), (0, b"a", b""), (0, b"a", None))}) == 5
    )


def test_a_backup_that_cannot_be_read_is_found_out_before_anything_is_deleted(tmp_path: Path) -> None:
    with Writer(tmp_path, POLICY.name, 0) as writer:
        writer.write(Kept(0, 0, b"k", b"v"))
    whole = writer.part(0, 1)
    rehearse(tmp_path, Spread(POLICY, [whole], 1))
    with pytest.raises(BackupError, match="holds 1 records, the manifest says 2"):
        rehearse(tmp_path, Spread(POLICY, [replace(whole, records=2)], 1))
