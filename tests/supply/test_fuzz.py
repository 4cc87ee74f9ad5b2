"""A part of the audit's fuzzing that takes seconds, always the same inputs; `make audit` puts hundreds of thousands of new ones."""

import pytest

from tests.supply.fuzz import fuzzed, opened


@pytest.mark.parametrize(
    ("door", "inputs", "outcomes"),
    [
        (
            "wire",
            6_000,
            {"admitted", "heartbeat", "not_json", "not_utf8", "wrong_value", "unknown_field", "nik_not_text"},
        ),
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
