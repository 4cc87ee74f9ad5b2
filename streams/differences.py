"""What differs between two policies, place by place: fields, members of sets, rows added and removed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One place that differs; empty text where one of the two says nothing."""

    place: str
    before: str
    after: str


def differences(before: object, after: object, place: str = "") -> Iterator[Difference]:
    """In the order of names. Values are plain: mappings, lists, texts, numbers."""
    if before == after:
        return
    match before, after:
        case dict(), dict():
            yield from _mappings(before, after, place)
        case list(), list():
            yield from _lists(before, after, place)
        case _:
            yield Difference(place, _text(before), _text(after))


def _mappings(before: Mapping[str, object], after: Mapping[str, object], place: str) -> Iterator[Difference]:
    for name in sorted({*before, *after}):
        yield from differences(before.get(name), after.get(name), f"{place}.{name}" if place else name)


def _lists(before: Sequence[object], after: Sequence[object], place: str) -> Iterator[Difference]:
    """Rows with an `id` are the same row when it is; others are there or not, and their order means nothing alone."""
    old, new = _by_id(before), _by_id(after)
    if old is not None and new is not None:
        yield from _mappings(old, new, place)
        return
    gone, come = [one for one in before if one not in after], [one for one in after if one not in before]
    yield from (Difference(place, _text(one), "") for one in gone)
    yield from (Difference(place, "", _text(one)) for one in come)
    if not gone and not come:
        yield Difference(place, "in this order", "in another order")


def _by_id(rows: Sequence[object]) -> dict[str, object] | None:
    named: dict[str, object] = {
        str(row["id"]): row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)
    }
    return named if len(named) == len(rows) else None


def _text(value: object) -> str:
    """A row on one line: what it does not state is left out."""
    match value:
        case None:
            return ""
        case str():
            return value
        case dict():
            return ", ".join(f"{name} {_text(one)}" for name, one in value.items() if one not in (None, [], {}, ""))
        case list():
            return ", ".join(map(_text, value)) or "[]"
        case _:
            return json.dumps(value)
