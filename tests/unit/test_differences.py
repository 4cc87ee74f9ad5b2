"""What differs between two policies: fields, members, rows."""

import pytest

from streams.differences import Difference, differences

ROW = {"country": "SAU", "rule": "OPEN", "valid_to": None}

CASES: list[tuple[str, object, object, list[tuple[str, str, str]]]] = [
    ("nothing", {"a": 1}, {"a": 1}, []),
    ("a field", {"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", "1", "2")]),
    ("a field that comes", {}, {"a": True}, [("a", "", "true")]),
    ("a table that goes", {"a": {"b": "x"}}, {}, [("a", "b x", "")]),
    ("members", {"a": ["KHM", "LAO"]}, {"a": ["LAO", "MMR"]}, [("a", "KHM", ""), ("a", "", "MMR")]),
    ("a row that comes", {"rows": []}, {"rows": [ROW]}, [("rows", "", "country SAU, rule OPEN")]),
    (
        "a row that changes",
        {"rows": [ROW]},
        {"rows": [{**ROW, "valid_to": "2026-11-30"}]},
        [("rows", "country SAU, rule OPEN", ""), ("rows", "", "country SAU, rule OPEN, valid_to 2026-11-30")],
    ),
    (
        "a named row that changes",
        {"rows": [{"id": "x", "lines": [1]}, {"id": "y"}]},
        {"rows": [{"id": "x", "lines": [1, 2]}, {"id": "z"}]},
        [("rows.x.lines", "", "2"), ("rows.y", "id y", ""), ("rows.z", "", "id z")],
    ),
    ("another order", {"a": [1, 2]}, {"a": [2, 1]}, [("a", "in this order", "in another order")]),
]


@pytest.mark.parametrize(("before", "after", "found"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_differences(before: object, after: object, found: list[tuple[str, str, str]]) -> None:
    assert list(differences(before, after)) == [Difference(*one) for one in found]
