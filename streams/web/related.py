"""Related: the alerts beside one alert, found on the same feed: its group's members, and the groups its people belong to."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from streams.web.shown import GROUPS, Shown


class _Head(msgspec.Struct, frozen=True):
    """What decides whether a view belongs beside another; the rest is read only then."""

    alert_id: str
    trigger: str = ""
    subject: str = ""
    members: tuple[str, ...] = ()


_HEAD = msgspec.json.Decoder(_Head)
_SHOWN = msgspec.json.Decoder(Shown, strict=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a group. The label counts; it names nobody."""

    number: int
    subject: str
    alerts: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """What several people share. Of each kind they are counted from one."""

    kind: str
    number: int
    subject: str
    alert: Shown
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class Network:
    """People and what they share, each with the alerts that this feed holds of them."""

    people: tuple[Person, ...]
    links: tuple[Link, ...]


def network(alert: Shown, raws: Iterable[bytes]) -> Network:
    """The alert's group, and every other group on the feed that has people with it. Deterministic: by time, then id.

    `raws` are the views of the feed's open alerts. Empty when this feed does not see who belongs together.
    """
    mine = set(alert.members) if alert.group else {alert.subject} - {""}
    groups = {alert.alert_id: alert} if alert.group else {}
    own: dict[str, list[Shown]] = {}
    for raw in raws if mine else ():
        head = _HEAD.decode(raw)
        if head.trigger in GROUPS:
            if not mine.isdisjoint(head.members):
                groups.setdefault(head.alert_id, _SHOWN.decode(raw))
        elif head.subject in mine and head.alert_id != alert.alert_id:
            own.setdefault(head.subject, []).append(_SHOWN.decode(raw))
    ordered = sorted(groups.values(), key=lambda one: (one.alert_id != alert.alert_id, one.at, one.alert_id))
    names = sorted(mine if alert.group else mine.union(*(one.members for one in ordered)))
    people = (Person(number, name, _by_time(own.get(name, ()))) for number, name in enumerate(names, 1))
    return Network(tuple(people), tuple(_links(ordered, frozenset(names))))


def _by_time(alerts: Iterable[Shown]) -> tuple[Shown, ...]:
    return tuple(sorted(alerts, key=lambda one: (one.at, one.alert_id), reverse=True))


def _links(groups: Iterable[Shown], names: frozenset[str]) -> Iterable[Link]:
    counts: dict[str, int] = {}
    for one in groups:
        kind = one.subject.partition(":")[0] or "unkeyed"
        counts[kind] = counts.get(kind, 0) + 1
        yield Link(kind, counts[kind], one.subject, one, names & frozenset(one.members))
