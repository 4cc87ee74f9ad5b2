"""Drawing: a network laid out on the server, the same every time: what is shared in the middle, the people left and right."""

from dataclasses import dataclass
from typing import Final

from streams.web.related import Link, Network, Person

WIDTH: Final = 880
_LEFT, _MIDDLE, _RIGHT = 130, WIDTH // 2, WIDTH - 130
_STEP, _MARGIN = 56, 44


@dataclass(frozen=True, slots=True)
class Spot:
    """Somebody or something at a place in the drawing."""

    x: int
    y: int
    thing: Person | Link


@dataclass(frozen=True, slots=True)
class Edge:
    """Who shares what, as the path of a curve."""

    path: str
    link: Link
    person: Person


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole drawing, in pixels."""

    people: tuple[Spot, ...]
    links: tuple[Spot, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int


def layout(network: Network) -> Layout:
    """Odd numbers on the left, even ones on the right; links spread over the same height."""
    rows = max((len(network.people) + 1) // 2, len(network.links), 1)
    height = 2 * _MARGIN + (rows - 1) * _STEP
    people = tuple(
        Spot(_LEFT if index % 2 == 0 else _RIGHT, _row(index // 2, _on_side(network, index), height), one)
        for index, one in enumerate(network.people)
    )
    links = tuple(
        Spot(_MIDDLE, _row(index, len(network.links), height), one) for index, one in enumerate(network.links)
    )
    edges = tuple(
        Edge(_curve(link, person), link.thing, person.thing)
        for link in links
        for person in people
        if isinstance(link.thing, Link) and isinstance(person.thing, Person)
        if person.thing.subject in link.thing.people
    )
    return Layout(people, links, edges, WIDTH, height)


def _on_side(network: Network, index: int) -> int:
    """How many people stand on that side."""
    return (len(network.people) + 1 - index % 2) // 2


def _row(index: int, count: int, height: int) -> int:
    """Centred: few rows do not cling to the top."""
    return height // 2 + round((index - (count - 1) / 2) * _STEP)


def _curve(link: Spot, person: Spot) -> str:
    side = -1 if person.x < link.x else 1
    start, end = link.x + side * 74, person.x - side * 62
    middle = (start + end) // 2
    return f"M{start} {link.y}C{middle} {link.y} {middle} {person.y} {end} {person.y}"
