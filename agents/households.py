"""Households: how many families stand behind a group of uses. Sharing a family card now or lately makes one family of two."""

from collections.abc import Iterable

from schemas.facts import Fact


def cards(use: Fact) -> frozenset[str]:
    """Family cards of a member, as its mention tells them; empty when they are not known."""
    value = use.data.get("families")
    return frozenset(str(one) for one in value) if isinstance(value, list) else frozenset()


def distinct(uses: Iterable[Fact]) -> int:
    """Distinct households among the members. One whose card is unknown is counted in none: missing is never evidence."""
    parent: dict[str, str] = {}

    def root(card: str) -> str:
        while parent[card] != card:
            parent[card] = card = parent[parent[card]]
        return card

    for use in uses:
        mine = cards(use)
        for card in mine:
            parent.setdefault(card, card)
        first = next(iter(mine), None)
        for card in mine:
            parent[root(card)] = root(first or card)
    return sum(1 for card in parent if parent[card] == card)


def members(uses: Iterable[Fact]) -> frozenset[str]:
    """The people behind a set of uses."""
    return frozenset(use.text("member") for use in uses)


def kabupaten(uses: Iterable[Fact]) -> frozenset[str]:
    """Home kabupaten that are known among them."""
    return frozenset(code for use in uses if (code := use.text_or_none("kabupaten")))
