"""Which line of a TOML file says what. `tomllib` keeps no positions, and neither does tomlkit once it has read a file."""

import tomllib
from collections.abc import Iterator

Place = tuple[str | int, ...]


class Lines:
    """The line of every key, and of every entry of a list, in a text that `tomllib` has read without fault."""

    def __init__(self, text: str) -> None:
        self._of: dict[Place, int] = {}
        table: Place = ()
        for number, statement in _statements(text):
            if statement.lstrip().startswith("["):
                table = self._header(statement)
                self._of.setdefault(table, number)
            else:
                for place, line in _keys(statement):
                    self._of.setdefault(table + place, number + line)

    def _header(self, statement: str) -> Place:
        """The table that a header opens; of `[[rows]]` the next row, of `[rows.part]` a part of the last."""
        place: Place = ()
        told: object = tomllib.loads(statement)
        while isinstance(told, dict) and told:
            [(name, told)] = told.items()
            place += (name,)
            rows = self._rows(place)
            if isinstance(told, list):
                return (*place, rows)
            if rows:
                place += (rows - 1,)
        return place

    def _rows(self, place: Place) -> int:
        count = 0
        while (*place, count) in self._of:
            count += 1
        return count

    def line(self, place: Place) -> int:
        """The line of that place; where nothing is said of it, the line of what it would belong to, and at last 1."""
        while place and place not in self._of:
            place = place[:-1]
        return self._of.get(place, 1)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Headers and assignments with the number of their first line; one is complete as soon as it can be read alone."""
    begun, held = 0, ""
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        begun, held = (begun, held + line) if held else (number, line)
        if (found := _read(held)) is not None:
            if found:
                yield begun, held
            held = ""


def _read(statement: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return None


def _keys(statement: str) -> Iterator[tuple[Place, int]]:
    """The places that one assignment fills, each with its line counted from the statement's first."""
    place: Place = ()
    told: object = tomllib.loads(statement)
    while isinstance(told, dict) and len(told) == 1:
        [(name, told)] = told.items()
        place += (name,)
        yield place, 0
    if isinstance(told, list):
        yield from (((*place, entry), line) for entry, line in enumerate(_entries(statement, len(told))))
    elif isinstance(told, dict):
        yield from (((*place, name), 0) for name in told)


def _entries(statement: str, count: int) -> list[int]:
    """The line on which each entry of a list ends: how many there are when it is cut off there."""
    found: list[int] = []
    lines = statement.splitlines()
    for number in range(len(lines)):
        cut = "\n".join(lines[: number + 1])
        told: object = _read(cut + "\n]") or _read(cut)
        while isinstance(told, dict) and told:
            told = next(iter(told.values()))
        if isinstance(told, list):
            found += [number] * (len(told) - len(found))
    return found + [0] * (count - len(found))
