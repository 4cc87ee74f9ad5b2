"""Explains each token of two names by one of the other side, in letters or in codes, and says which explanations it took."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

from schemas.name_parts import Name, Part, Ways

_SLIP_ALONE_FROM: Final = 5
"""A one-letter difference in a name of a single token needs so many letters: ANI and ADI are two names."""
_Pairs = list[tuple[int, int]]
"""Places on the one side and on the other."""


class NameReason(StrEnum):
    """Why a score is not 1."""

    REORDERED = "REORDERED"
    """The same tokens in another order."""
    JOINED = "JOINED"
    """One side writes as one word what the other writes as two."""
    PREFIX_LEFT_OUT = "PREFIX_LEFT_OUT"
    """ANDI in first place on one side only."""
    PATRONYMIC_ADDED = "PATRONYMIC_ADDED"
    """One side goes on where the other ends, as pilgrims' passports do with the father's name."""
    PART_MISSING = "PART_MISSING"
    """One side has a token before or between those of the other."""
    TRUNCATED = "TRUNCATED"
    """One side is as long as a data page (34) or an MRZ (39) allows and ends where the other goes on."""
    MONONYM = "MONONYM"
    """One side is a single name, the other begins with it or holds it."""
    SAME_MOTHER = "SAME_MOTHER"
    """The mothers' names agree, which lifts a mononym."""
    INITIAL = "INITIAL"
    """A single letter stands for a token."""
    SPELLING = "SPELLING"
    """One letter, or two neighbouring ones, differ in one token."""
    OTHER_NAME = "OTHER_NAME"
    """Each side has a token that nothing on the other side explains."""
    MISSING = "MISSING"
    """A side has no name."""


@dataclass
class _Rest:
    """One side while it is being explained: the name, and the places of tokens that nothing explains yet."""

    name: Name
    places: list[int]

    def part(self, place: int) -> Part:
        return self.name.parts[place]


def reasons_between(left: Name, right: Name, ways: Ways) -> tuple[NameReason, ...]:
    """What explains each token of either side, the strongest explanation first. OTHER_NAME alone when something stays unexplained."""
    one, other = (_Rest(name, list(range(len(name.parts)))) for name in (left, right))
    pairs = _paired(one, other, lambda a, b: a == b)
    found = []
    if joined := _joined(one, other, ways) + [(j, i) for i, j in _joined(other, one, ways)]:
        found.append(NameReason.JOINED)
    pairs += joined
    whole = len(pairs)
    if cut := _cut(one, other, ways) or [(j, i) for i, j in _cut(other, one, ways)]:
        found.append(NameReason.TRUNCATED)
    if initials := _paired(one, other, ways.initial) if whole else []:
        found.append(NameReason.INITIAL)
    if slips := _slip(one, other, ways, alone=not whole):
        found.append(NameReason.SPELLING)
    pairs += cut + initials + slips
    missing = _left_over(one, other, pairs)
    return missing if NameReason.OTHER_NAME in missing else tuple(dict.fromkeys((*found, *missing, *_order(pairs))))


def _paired(one: _Rest, other: _Rest, same: Callable[[str, str], bool]) -> _Pairs:
    """Takes what belongs together out of both sides, in order."""
    pairs: _Pairs = []
    for i in tuple(one.places):
        j = next((j for j in other.places if same(one.part(i).body, other.part(j).body)), None)
        if j is not None:
            pairs.append((i, j))
            one.places.remove(i)
            other.places.remove(j)
    return pairs


def _joined(one: _Rest, other: _Rest, ways: Ways) -> _Pairs:
    pairs: _Pairs = []
    for i in tuple(one.places):
        for j in tuple(other.places):
            if j + 1 in other.places and ways.joins(one.part(i).body, other.part(j).body, other.part(j + 1).body):
                pairs.append((i, j))
                one.places.remove(i)
                other.places = [place for place in other.places if place not in {j, j + 1}]
                break
    return pairs


def _cut(one: _Rest, other: _Rest, ways: Ways) -> _Pairs:
    """The last token of a name that may have been cut, when it is the beginning of one on the other side."""
    last = len(one.name.parts) - 1
    if not one.name.cut or one.places != [last]:
        return []
    return _paired(one, other, ways.begins)


def _slip(one: _Rest, other: _Rest, ways: Ways, *, alone: bool) -> _Pairs:
    """At most one, and not between two well-known names; a short token needs another one beside it that agrees."""
    for i, j in product(one.places, other.places):
        a, b = one.part(i), other.part(j)
        sizes = ways.size(a.body), ways.size(b.body)
        if (a.known and b.known) or (alone and max(sizes) < _SLIP_ALONE_FROM) or not ways.slip(a.body, b.body):
            continue
        one.places.remove(i)
        other.places.remove(j)
        return [(i, j)]
    return []


def _left_over(one: _Rest, other: _Rest, pairs: _Pairs) -> tuple[NameReason, ...]:
    """Tokens of one side that the other lacks; on both sides at once they are two names."""
    if not one.places and not other.places:
        return ()
    if not pairs or (one.places and other.places):
        return (NameReason.OTHER_NAME,)
    if one.places:
        return _missing(one, other.name, [(j, i) for i, j in pairs])
    return _missing(other, one.name, pairs)


def _missing(longer: _Rest, shorter: Name, pairs: _Pairs) -> tuple[NameReason, ...]:
    found: list[NameReason] = []
    if longer.places[0] == 0 and longer.part(0).left_out:
        longer.places.pop(0)
        found.append(NameReason.PREFIX_LEFT_OUT)
    if shorter.cut and longer.places == _run_behind(max(pairs)[1], len(longer.places)):
        return (*found, *([NameReason.TRUNCATED] if longer.places else []))
    last = max(j for _, j in pairs)
    behind = all(place > last for place in longer.places)
    if len(shorter.parts) == 1:
        found.append(NameReason.MONONYM)
    elif longer.places and behind:
        found.append(NameReason.PATRONYMIC_ADDED)
    return (*found, *(() if behind else (NameReason.PART_MISSING,)))


def _run_behind(place: int, length: int) -> list[int]:
    """An MRZ puts the last word first: what a cut takes away stands behind what the cut name ends with, not always at the end."""
    return list(range(place + 1, place + 1 + length))


def _order(pairs: _Pairs) -> tuple[NameReason, ...]:
    places = [j for _, j in sorted(pairs)]
    return () if places == sorted(places) else (NameReason.REORDERED,)
