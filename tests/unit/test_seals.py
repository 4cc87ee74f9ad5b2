"""Whoever changes, takes out, adds or cuts off a record of a sealed log is found, and nobody else is accused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.seals import START, Fault, Finding, Partition, linked
from schemas.audit import Seal

AT = datetime(2026, 11, 20, tzinfo=UTC)
Record = tuple[int, int, bytes | None, bytes | None]
LOG: list[Record] = [(offset, 1_000 + offset, b"key", b"look %d" % offset) for offset in range(30)]


def seals(log: list[Record], *cuts: int, begin: int = 0) -> list[Seal]:
    """Seals that end at these offsets."""
    made, head, first = [], START, begin
    for cut in cuts:
        previous = head
        for record in log:
            if first <= record[0] < cut:
                head = linked(head, *record)
        made.append(Seal(0, first, cut, cut - first, previous.hex(), head.hex(), AT, "k"))
        first = cut
    return made


def compared(
    log: list[Record], made: list[Seal], *, trusted: list[Seal] | None = None, begin: int = 0
) -> list[Finding]:
    end = log[-1][0] + 1 if log else begin
    partition = Partition(made, made if trusted is None else trusted, begin, end)
    for record in log:
        partition.meet(*record)
    return list(partition.findings())


def test_a_log_as_it_was_sealed_has_no_fault() -> None:
    made = seals(LOG, 10, 17, 25)
    partition = Partition(made, made, 0, 30)
    for record in LOG:
        partition.meet(*record)
    assert partition.findings() == []
    assert (partition.sealed, partition.records) == (25, 30)


@pytest.mark.parametrize("part", range(1, 4), ids=["stamp", "key", "value"])
def test_a_changed_record_is_found_where_it_is(part: int) -> None:
    made = seals(LOG, 10, 17, 25)
    changed = list(LOG[12])
    changed[part] = 9 if part == 1 else b"other"
    log = [*LOG[:12], tuple(changed), *LOG[13:]]
    assert compared(log, made) == [Finding(Fault.ALTERED, 10, 17)]


def test_a_record_taken_out_of_the_middle_is_found() -> None:
    assert compared([*LOG[:12], *LOG[13:]], seals(LOG, 10, 17, 25)) == [Finding(Fault.ALTERED, 10, 17)]


def test_a_tombstone_is_not_an_empty_value() -> None:
    sealed = [*LOG[:5], (5, 1, b"key", None)]
    assert compared([*LOG[:5], (5, 1, b"key", b"")], seals(sealed, 6)) == [Finding(Fault.ALTERED, 0, 6)]


def test_a_log_that_was_cut_off_or_made_anew_misses_records() -> None:
    assert compared(LOG[:20], seals(LOG, 10, 25)) == [Finding(Fault.MISSING, 20, 25)]
    assert compared([], seals(LOG, 10)) == [Finding(Fault.MISSING, 0, 10)]


def test_a_forged_seal_hides_nothing() -> None:
    """Somebody changes a record and writes a seal that fits: it bears no signature of ours."""
    log = [*LOG[:12], (12, 1012, b"key", b"nobody looked"), *LOG[13:]]
    real, forged = seals(LOG, 10, 17), seals(log, 10, 17)
    found = compared(log[:17], [*real, *forged], trusted=real)
    assert found == [Finding(Fault.ALTERED, 10, 17), Finding(Fault.UNSIGNED, 10, 17)]


def test_a_seal_that_was_taken_away_is_missed() -> None:
    first, second, third = seals(LOG, 10, 17, 25)
    assert compared(LOG, [first, third]) == [Finding(Fault.UNSEALED, 10, 17)]
    log = [*LOG[:12], (12, 1012, b"key", b"nobody looked"), *LOG[13:]]
    assert Finding(Fault.ALTERED, 10, 17) in compared(log, [first, third]), "the chain goes through the gap"
    assert second not in (first, third)


def test_what_retention_removed_is_no_fault() -> None:
    made = seals(LOG, 10, 17, 25)
    assert compared(LOG[12:], made, begin=12) == []
    changed = [*LOG[12:20], (20, 1, None, None), *LOG[21:]]
    assert compared(changed, made, begin=12) == [Finding(Fault.ALTERED, 17, 25)]


def test_two_sealers_that_said_the_same_are_one() -> None:
    made = seals(LOG, 10, 17, 25)
    again = seals(LOG, 10, 14, 25)
    assert compared(LOG, [*made, *again, *made]) == []


@given(
    cuts=st.lists(st.integers(1, 30), unique=True, min_size=1).map(sorted),
    at=st.integers(0, 29),
    value=st.binary(max_size=5),
)
def test_any_change_of_a_sealed_record_is_found_and_no_other_is_accused(cuts: list[int], at: int, value: bytes) -> None:
    made = seals(LOG, *cuts)
    log = [*LOG[:at], (at, LOG[at][1], LOG[at][2], value), *LOG[at + 1 :]]
    found = compared(log, made)
    if at >= cuts[-1]:
        assert found == []
    else:
        [one] = found
        assert one.fault is Fault.ALTERED
        assert one.first <= at < one.next
        assert one.next in cuts
