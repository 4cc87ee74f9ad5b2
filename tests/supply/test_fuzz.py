"""A part of the audit's fuzzing that takes seconds, always the same inputs; `make audit` puts hundreds of thousands of new ones."""

import json
from pathlib import Path
from random import Random

import pytest
from fastapi.exceptions import RequestValidationError

from schemas.mrz import LINE, read_zone
from schemas.simkim_passports import PassportIssued
from schemas.topics import BY_NAME
from schemas.wire import BadRecord, Reason, admit
from streams import policy as policies
from streams.feed.problems import wrong_fields
from tests.examples import example, message
from tests.supply.fuzz import KEY, NOW, fuzzed, opened, zone_lines


@pytest.mark.parametrize(
    ("door", "inputs", "outcomes"),
    [
        (
            "wire",
            6_000,
            {"admitted", "heartbeat", "not_json", "not_utf8", "wrong_value", "unknown_field", "nik_not_text"},
        ),
        ("jose", 3_000, {"opened", "cannot_be_opened", "cannot_be_opened header", "cannot_be_opened kid"}),
        ("zone", 15_000, {"read", "repaired", "name_unreadable", "unreadable"}),
        ("policy", 150, {"read", "refused"}),
    ],
)
def test_nothing_gets_through_wrongly(door: str, inputs: int, outcomes: set[str]) -> None:
    with opened(door) as opens:
        done = fuzzed(opens, inputs, seed=1)
    assert done.findings == [], f"`python -m tests.supply.fuzz {door} 1 1 NUMBER` shows one again"
    assert done.inputs == inputs
    assert outcomes <= done.outcomes.keys(), "the inputs reach every kind of answer"


def test_a_finding_is_named_by_its_number_and_not_shown() -> None:
    def door(roll: object) -> str:
        raise ValueError("9901014506900001")

    done = fuzzed(door, 30, seed=1)
    assert len(done.findings) == 20
    number, told = done.findings[0]
    assert number == 0
    assert told.startswith("ValueError at test_fuzz.py:")
    assert "9901014506900001" not in told


# What was found, once by itself


def test_a_number_in_the_place_of_a_fields_name_is_not_repeated() -> None:
    number = "nik_9901014506900001"
    value = message(PassportIssued, {**example(PassportIssued), number: 1})
    with pytest.raises(BadRecord) as bad:
        admit(json.dumps(value).encode(), topic=BY_NAME["simkim.passports"], at=NOW, now=NOW, key=KEY)
    assert (bad.value.reason, bad.value.where) == (Reason.UNKNOWN_FIELD, "")
    told = wrong_fields(RequestValidationError([{"loc": ("body", number), "type": "extra_forbidden"}]))
    assert told == [{"field": "body.…", "problem": "extra_forbidden"}]


def test_a_nationality_with_holes_is_not_trusted() -> None:
    first, second = zone_lines(Random(1))
    assert len(second) == LINE
    good, holed = read_zone(first, second), read_zone(first, second[:10] + "<DN" + second[13:])
    assert (good.nationality, holed.nationality) == ("IDN", None)
    assert holed.number == good.number


def test_a_policy_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(b'version = "1"\nsigned_by = "\xff"\n')
    with pytest.raises(policies.PolicyError, match=r"policy\.toml:2: not UTF-8: "):
        policies.load(file)
