"""What a grant lets its holder read and do."""

import pytest

from streams.feed.callers import Caller, Grant, GrantError
from streams.feed.fictional import FICTIONAL

AT_CGK = {"place": "A-CGK"}


def holder(*grants: str) -> Caller:
    return Caller("somebody", "person", frozenset(map(Grant.parse, grants)))


@pytest.mark.parametrize(
    ("grants", "feed", "readable"),
    [
        (["COUNTER:A-CGK"], "COUNTER:A-CGK", True),
        (["COUNTER:A-CGK"], "COUNTER:A-DPS", False),
        (["COUNTER:A-CGK"], "SUPERVISOR:A-CGK", False),
        (["SUPERVISOR:A-CGK"], "COORDINATOR:*", False),
        (["SUPERVISOR"], "SUPERVISOR:S-BTC", True),
        (["COUNTER:*"], "COUNTER:L-ENT", True),
        (["MISSION:MYS"], "MISSION:MYS", True),
        (["MISSION:MYS"], "MISSION:KHM", False),
        (["MISSION"], "MISSION:KHM", False),
        (["COORDINATOR"], "COORDINATOR:*", True),
        (["COORDINATOR"], "SUPERVISOR:A-CGK", False),
        (["COUNTER:A-CGK"], "SCREENING:A-CGK", True),
        (["COUNTER:A-CGK"], "SCREENING:A-DPS", False),
        (["MISSION:MYS"], "SCREENING:A-CGK", False),
        (["AGENCY:polri"], "POLRI:*", False),
        (["OPERATOR"], "OPERATOR:*", False),
        (["VILLAGE:9901012001"], "VILLAGE:9901012001", False),
    ],
)
def test_a_feed_is_read_by_its_own(grants: list[str], feed: str, readable: bool) -> None:
    assert holder(*grants).may_read(feed) is readable


@pytest.mark.parametrize(
    ("grant", "command", "able"),
    [
        ("COUNTER:A-CGK", "acknowledge", True),
        ("COUNTER:A-CGK", "secondary", True),
        ("COUNTER:A-CGK", "outcome", False),
        ("COUNTER:A-CGK", "take", False),
        ("COUNTER:A-DPS", "acknowledge", False),
        ("SUPERVISOR:A-CGK", "outcome", True),
        ("SUPERVISOR:A-CGK", "hand-over", True),
        ("SUPERVISOR:A-CGK", "snooze", False),
        ("SUPERVISOR:A-DPS", "outcome", False),
        ("AGENCY:simkim", "acknowledge", False),
        ("VILLAGE:9901012001", "acknowledge", False),
        ("MISSION:MYS", "acknowledge", False),
    ],
)
def test_a_command_at_the_alerts_own_place(grant: str, command: str, able: bool) -> None:
    assert holder(grant).may(command, AT_CGK) is able


def test_others_act_on_what_stands_in_their_own_feed() -> None:
    mission = holder("MISSION:MYS")
    assert mission.may("note", AT_CGK, feed="MISSION:MYS")
    assert not mission.may("note", AT_CGK, feed="MISSION:KHM")
    assert not mission.may("outcome", AT_CGK, feed="MISSION:MYS")
    named = {**AT_CGK, "recipients": [{"role": "MISSION", "at": "MYS"}]}
    assert mission.may("take", named)


def test_a_coordinator_snoozes_what_coordinators_were_told() -> None:
    coordinator = holder("COORDINATOR")
    assert coordinator.may("snooze", AT_CGK, feed="COORDINATOR:*")
    assert not coordinator.may("snooze", AT_CGK)


def test_a_supervisor_reads_the_feed_that_shows_most() -> None:
    both = holder("COUNTER:A-CGK", "SUPERVISOR:A-CGK")
    assert both.best_feed("A-CGK") == "SUPERVISOR:A-CGK"
    assert holder("COUNTER:A-CGK").best_feed("A-CGK") == "COUNTER:A-CGK"
    assert both.best_feed("A-DPS") is None


def test_only_roles_with_alerts_have_feeds() -> None:
    assert holder("AGENCY:polri", "OPERATOR", "VILLAGE:9901012001", "MISSION:MYS").feeds() == ("MISSION:MYS",)


@pytest.mark.parametrize("text", ["", "ADMIN", "counter:A-CGK", "AGENCY", "AGENCY:nobody", "*"])
def test_what_is_no_grant_is_refused(text: str) -> None:
    with pytest.raises(GrantError):
        Grant.parse(text)


def test_every_role_has_a_fictional_user() -> None:
    from streams.feed.callers import ROLES

    assert {grant.role for user in FICTIONAL.values() for grant in user.grants} == ROLES


def test_an_agency_speaks_for_its_own_system_alone() -> None:
    agency = holder("AGENCY:siskop2mi")
    assert agency.has("AGENCY", "siskop2mi")
    assert not agency.has("AGENCY", "simkim")
    assert agency.has("AGENCY")
    assert not agency.has("OPERATOR")


@pytest.mark.parametrize(
    ("grants", "areas"),
    [
        (["VILLAGE:9901012001"], ("9901012001",)),
        (["VILLAGE:9901", "VILLAGE:9902012001", "COUNTER:A-CGK"], ("9901", "9902012001")),
        (["VILLAGE:9901", "DISNAKER:9902"], ("",)),
        (["OPERATOR"], ("",)),
        (["VILLAGE"], ()),
        (["VILLAGE:"], ()),
        (["VILLAGE:99"], ()),
        (["VILLAGE:990101"], ()),
        (["VILLAGE:9901012001 "], ()),
        (["SUPERVISOR", "POLRI", "AGENCY:dukcapil"], ()),
    ],
)
def test_counts_of_areas_are_seen_by_their_own_and_by_those_who_look_after_all(
    grants: list[str], areas: tuple[str, ...]
) -> None:
    assert holder(*grants).areas == areas
