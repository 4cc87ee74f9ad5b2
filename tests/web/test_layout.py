"""Timeline, network and clocks as values: the same input draws the same picture."""

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from schemas.alerts import Role
from streams.feed.access import local_path
from streams.web.drawing import layout
from streams.web.places import Places
from streams.web.related import network
from streams.web.shown import Seen, Shown, shown
from streams.web.timeline import FIVE, drawn
from tests.stories.play import POLICY, every, play, read
from tests.web.views import coordinator_views

AT = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)


def _seen(number: int, system: str, after: timedelta) -> Seen:
    return Seen(f"{system}/{number}", system, "crossing_attempted", AT + after, ())


def test_events_of_one_moment_and_system_share_a_mark() -> None:
    evidence = [_seen(1, "simkim", timedelta()), _seen(2, "simkim", timedelta()), _seen(3, "polri", timedelta(hours=5))]
    picture = drawn(evidence)
    assert [mark.label for mark in picture.marks] == ["1–2", "3"]
    assert [lane.system for lane in picture.lanes] == [*FIVE, "polri"]
    assert [lane.empty for lane in picture.lanes] == [False, True, True, True, True, False]
    assert [column.gap for column in picture.columns] == [None, timedelta(hours=5)]


def test_every_event_of_every_story_has_its_place_in_the_picture() -> None:
    for path in every()[::7]:
        for alert in play(read(path)).world.standing().values():
            evidence = tuple(Seen(one.event_id, one.system, one.type, one.at, one.rules) for one in alert.evidence)
            picture = drawn(evidence)
            numbers = sorted(number for mark in picture.marks for number in mark.numbers)
            assert numbers == list(range(1, len(evidence) + 1))
            assert all(0 < mark.x < picture.width and 0 < mark.y < picture.height for mark in picture.marks)


def _group() -> tuple[Shown, list[bytes]]:
    """A group, two members' own alerts, another group that shares two people, and somebody else."""
    view = next(one for one in coordinator_views() if one["trigger"] == "CLUSTER" and len(one["members"]) >= 4)
    people = view["members"]
    other = {
        **view,
        "alert_id": "b" * 32,
        "subject": "payer:" + "c" * 32,
        "members": [*people[:2], "person:" + "d" * 32],
    }
    own = {**view, "trigger": "ATTEMPT", "members": []}
    mine = [{**own, "alert_id": str(number) * 32, "subject": people[number]} for number in (1, 2)]
    stranger = {**own, "alert_id": "e" * 32, "subject": "person:" + "f" * 32}
    others = {**view, "alert_id": "9" * 32, "subject": "payer:" + "8" * 32, "members": ["person:" + "d" * 32]}
    return shown(view), [msgspec.json.encode(one) for one in (view, other, *mine, stranger, others)]


def test_all_members_of_a_group_open_from_it_and_nobody_else() -> None:
    """BR107: each member's own alert, and every group that shares somebody with this one."""
    group, raws = _group()
    found = network(group, raws)
    assert [one.subject for one in found.people] == sorted(group.members)
    assert {alert.alert_id for person in found.people for alert in person.alerts} == {"1" * 32, "2" * 32}
    assert [link.alert.alert_id for link in found.links] == [group.alert_id, "b" * 32]
    assert found.links[1].people == frozenset(group.members[:2])


def test_a_network_is_drawn_the_same_in_any_order_of_arrival() -> None:
    group, raws = _group()
    first = layout(network(group, raws))
    for seed in range(5):
        shuffled = random.Random(seed).sample(raws, len(raws))
        assert layout(network(group, shuffled)) == first
    assert len(first.edges) == len(group.members) + 2
    assert all(0 < spot.x < first.width and 0 < spot.y < first.height for spot in (*first.people, *first.links))


def test_from_a_member_the_way_leads_to_its_group() -> None:
    group, raws = _group()
    member = msgspec.json.decode(raws[2], type=Shown, strict=False)
    found = network(member, raws)
    assert {link.alert.alert_id for link in found.links} == {group.alert_id, "b" * 32}
    assert all(member.alert_id != one.alert_id for person in found.people for one in person.alerts)


def test_who_may_not_see_links_gets_no_network() -> None:
    view = next(one for one in coordinator_views(Role.SUPERVISOR) if one["trigger"] == "CLUSTER")
    assert "members" not in view
    assert network(shown(view), [msgspec.json.encode(view)]).people == ()


@pytest.mark.parametrize(
    ("code", "said"),
    [("A-CGK", "10.00 WIB"), ("A-DPS", "11.00 WITA"), ("A-DJJ", "12.00 WIT"), ("KANIM-1", "10.00 WIB")],
)
def test_times_are_of_the_place(code: str, said: str) -> None:
    places = Places(POLICY)
    assert places.clock(AT, code, AT) == said
    assert places.clock(AT, code, AT + timedelta(days=1)) == f"10-03-26 {said}"


@pytest.mark.parametrize(("hour", "dark"), [(10, False), (11, True), (20, True), (22, True), (23, False)])
def test_it_is_dark_from_six_to_six_at_the_place(hour: int, dark: bool) -> None:
    assert Places(POLICY).night(AT.replace(hour=hour), "A-CGK") is dark


@pytest.mark.parametrize(
    "to", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "/a\nb", ""]
)
def test_a_link_leads_nobody_away(to: str) -> None:
    assert local_path(to) == "/"
