"""The line of every place in a TOML file, however it is written."""

import pytest

from streams.policy_lines import Lines, Place

TEXT = '''# a comment
version = "x"
"a b".c = 1

[[rows]]
name = "first"

[[rows]]
name = "second"
[rows.part]
deep = 1

[t]
list = [  # of rows
  {name = "one"},
  {name = "two"}, {name = "three"},

  {name = "four"}]
text = """
[rows]
version = 9
"""
after = {x = 1, y = 2}
'''

PLACES: list[tuple[Place, int]] = [
    (("version",), 2),
    (("a b",), 3),
    (("a b", "c"), 3),
    (("rows", 0), 5),
    (("rows", 0, "name"), 6),
    (("rows", 1), 8),
    (("rows", 1, "name"), 9),
    (("rows", 1, "part", "deep"), 11),
    (("t", "list"), 14),
    (("t", "list", 0, "name"), 15),
    (("t", "list", 2), 16),
    (("t", "list", 3), 18),
    (("t", "text"), 19),
    (("t", "after", "y"), 23),
]
MISSING: list[tuple[Place, int]] = [
    (("t", "nothing"), 13),
    (("rows", 0, "nothing", "deeper"), 5),
    (("nothing",), 1),
    ((), 1),
]


@pytest.mark.parametrize(("place", "line"), PLACES, ids=[".".join(map(str, row[0])) for row in PLACES])
def test_what_is_said_has_a_line(place: Place, line: int) -> None:
    assert Lines(TEXT).line(place) == line


@pytest.mark.parametrize(("place", "line"), MISSING, ids=[".".join(map(str, row[0])) or "all" for row in MISSING])
def test_what_is_missing_has_the_line_of_what_it_belongs_to(place: Place, line: int) -> None:
    assert Lines(TEXT).line(place) == line


def test_windows_line_ends() -> None:
    assert Lines(TEXT.replace("\n", "\r\n")).line(("t", "list", 3)) == 18
