"""Keyed chance: the same seed and the same name always roll the same, in every process and on every machine."""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

Item = TypeVar("Item")


def dice(seed: int, *name: int | str) -> Random:
    """A generator of its own for everything that has a name."""
    text = "\x1f".join(map(str, (seed, *name)))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return Random(int.from_bytes(digest, "big"))  # noqa: S311 - a model of chance, no secret


def share_of(seed: int, *name: int | str) -> float:
    """A number in [0, 1) that belongs to a name."""
    text = "\x1f".join(map(str, (seed, *name)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big") / (1 << 56)


class Odds(Generic[Item]):
    """Items drawn by weight. Weights need no sum of 1."""

    __slots__ = ("_items", "_steps", "_total")

    def __init__(self, weights: Mapping[Item, float]) -> None:
        pairs = [(item, weight) for item, weight in weights.items() if weight > 0]
        self._items: Sequence[Item] = [item for item, _ in pairs]
        self._steps = list(accumulate(weight for _, weight in pairs))
        self._total = self._steps[-1]

    def draw(self, roll: Random) -> Item:
        """One of the items."""
        return self._items[bisect_right(self._steps, roll.random() * self._total, 0, len(self._items) - 1)]


def poisson(roll: Random, mean: float) -> int:
    """How many of what happens `mean` times on average; a normal approximation beyond 50."""
    if mean > 50:
        return max(0, round(roll.gauss(mean, mean**0.5)))
    count, product, floor = 0, roll.random(), 2.718281828459045**-mean
    while product > floor:
        count += 1
        product *= roll.random()
    return count
