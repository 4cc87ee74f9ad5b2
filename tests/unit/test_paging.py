"""Which pages are due: told with a clock. Push at a second, expect at another."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.ledger import flood_key, page_key
from agents.paging import due
from schemas.alerts import Alert, Recipient, Role, Severity, State
from schemas.facts import digest
from schemas.paging import Claim, Page, PageKind, Quiet
from tests.feed.pager_alerts import START, alert, group, later
from tests.unit.paging_desk import ALL, Desk, silence


def test_critical_is_paged_at_once_and_escalates_every_five_minutes_until_the_named_limit() -> None:
    desk = Desk(repeats=2)
    desk.hear(0, alert())
    assert desk.watch(0, 3600) == [
        (0, PageKind.FIRST, 0, 1),
        (300, PageKind.ESCALATED, 1, 1),
        (600, PageKind.ESCALATED, 2, 1),
        (900, PageKind.REPEATED, 2, 1),
        (1200, PageKind.REPEATED, 2, 1),
    ]
    assert set(desk.found.quiet.values()) == {Quiet.REPEATED_ENOUGH}


def test_high_gathers_for_thirty_seconds_and_escalates_after_thirty_minutes() -> None:
    desk = Desk()
    desk.hear(0, alert(severity=Severity.HIGH))
    assert desk.watch(0, 1900) == [(30, PageKind.FIRST, 0, 1), (1800, PageKind.ESCALATED, 1, 1)]


def test_below_its_severity_nobody_is_called_and_the_reason_says_so() -> None:
    desk, one = Desk(), alert(severity=Severity.MEDIUM)
    desk.hear(0, one)
    assert desk.look(100) == []
    assert desk.why(one, "") is Quiet.BELOW_SEVERITY


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.IN_SECONDARY])
def test_an_answered_alert_pages_no_more(state: State) -> None:
    desk, one = Desk(), alert()
    desk.hear(0, one)
    desk.look(0)
    desk.hear(100, later(one, state))
    assert desk.watch(100, 4000) == []
    assert desk.why(one) is Quiet.ACKNOWLEDGED


def test_an_answered_alert_that_becomes_graver_pages_no_more() -> None:
    desk, one = Desk(), alert(severity=Severity.HIGH)
    desk.hear(0, one)
    desk.watch(0, 40)
    desk.hear(50, later(one, State.ACKNOWLEDGED, severity=Severity.CRITICAL))
    assert desk.watch(50, 400) == []


def test_nothing_after_expiry_not_even_the_first_page() -> None:
    """A four-month-old alert that somebody had acknowledged paged at half past five (BR110)."""
    desk, one = Desk(), alert(expires_at=START + timedelta(seconds=200))
    old = alert(expires_at=START)
    desk.hear(0, one, old)
    assert desk.watch(0, 4000) == [(0, PageKind.FIRST, 0, 1)]
    assert desk.why(one) is desk.why(old) is Quiet.EXPIRED
    desk.hear(4001, later(one, State.EXPIRED))
    assert [page.channels for page in desk.look(4001)] == [()], "noted, and not told"


def test_more_revisions_page_only_when_the_severity_rises() -> None:
    desk, one = Desk(), alert(severity=Severity.HIGH)
    desk.hear(0, one)
    assert len(desk.watch(0, 40)) == 1
    more = later(one, State.RAISED)
    desk.hear(50, more)
    assert desk.watch(50, 60) == []
    assert desk.why(one) is Quiet.ALREADY_PAGED
    graver = later(more, State.RAISED, severity=Severity.CRITICAL)
    desk.hear(61, graver)
    assert desk.watch(61, 70) == [(61, PageKind.RISEN, 0, 1)]
    milder = later(graver, State.RAISED, severity=Severity.HIGH)
    desk.hear(71, milder)
    again = later(milder, State.RAISED, severity=Severity.CRITICAL)
    desk.hear(80, again)
    assert desk.watch(80, 200) == [], "it was as grave before"


def test_a_fallen_severity_still_escalates() -> None:
    desk, one = Desk(), alert()
    desk.hear(0, one)
    desk.look(0)
    desk.hear(10, later(one, State.RAISED, severity=Severity.HIGH))
    assert desk.watch(10, 400) == [(300, PageKind.ESCALATED, 1, 1)]
    assert desk.look(500) == []


def test_one_place_and_rule_within_thirty_seconds_is_one_page_that_says_how_many() -> None:
    desk = Desk()
    for second in range(0, 50, 10):
        desk.hear(second, alert(severity=Severity.HIGH), alert(severity=Severity.HIGH, place="A-DPS"))
    desk.hear(40, alert(severity=Severity.HIGH, rule="another_rule"))
    assert sorted((at, count) for at, _, _, count in desk.watch(40, 200)) == [(70, 1), (70, 5), (70, 5)]


def test_a_group_waits_two_minutes_at_most() -> None:
    desk, made = Desk(), []
    for second in range(200):
        desk.hear(second, alert(severity=Severity.HIGH))
        made += desk.watch(second, second)
    assert made == [(120, PageKind.FIRST, 0, 121)]


def test_after_a_critical_page_the_rest_of_its_kind_is_one_page_and_escalates_as_one() -> None:
    desk = Desk()
    desk.hear(0, alert())
    assert len(desk.look(0)) == 1
    desk.hear(1, *(alert() for _ in range(40)))
    assert desk.watch(1, 200) == [(31, PageKind.FIRST, 0, 40)]
    assert sorted((kind, level, count) for _, kind, level, count in desk.watch(201, 400)) == [
        (PageKind.ESCALATED, 1, 1),
        (PageKind.ESCALATED, 1, 40),
    ]


def test_the_alert_of_a_group_mutes_its_members_where_it_calls_itself() -> None:
    desk = Desk()
    members = tuple(alert(rule=f"rule_{n}") for n in range(3))
    grave = tuple(Recipient(role=role, at=at) for role, at in ((Role.COORDINATOR, "*"), (Role.SUPERVISOR, "A-DPS")))
    elsewhere = members[0].model_copy(update={"place": "A-DPS", "recipients": grave})
    whole = group(members)
    desk.hear(0, elsewhere, *members[1:], whole)
    pages = desk.look(0)
    assert [(page.rota, page.claims[0].alert_id) for page in pages if page.rota == "desk"] == [("desk", whole.alert_id)]
    assert [page.rota for page in pages if page.rota == "port"] == ["port"], "the group does not call that rota"
    assert {desk.why(one) for one in members} == {Quiet.INHIBITED}


def test_a_milder_group_mutes_nobody_and_one_that_is_withdrawn_no_more() -> None:
    desk, one = Desk(), alert()
    mild = group((one,), severity=Severity.HIGH)
    desk.hear(0, mild, one)
    assert [page.claims[0].alert_id for page in desk.look(0)] == [one.alert_id]
    desk, one = Desk(), alert()
    whole = group((one,))
    desk.hear(0, whole, one)
    desk.look(0)
    desk.hear(60, later(whole, State.WITHDRAWN))
    assert {page.claims[0].alert_id: page.kind for page in desk.look(60)} == {
        one.alert_id: PageKind.FIRST,
        whole.alert_id: PageKind.ENDED,
    }


@pytest.mark.parametrize(
    ("matchers", "muted"),
    [
        ({"checkpoint": "A-CGK"}, True),
        ({"checkpoint": "A-DPS"}, False),
        ({"rule": "one_way_ticket"}, True),
        ({"rule": "another_rule"}, False),
        ({"severity": "CRITICAL"}, True),
        ({"severity": "HIGH"}, False),
        ({"checkpoint": "A-CGK", "rule": "another_rule"}, False),
        ({"group": digest("alert", "ATTEMPT", "named")}, True),
        ({"group": digest("alert", "ATTEMPT", "other")}, False),
    ],
)
def test_a_silence_mutes_what_fits_all_its_matchers_until_it_ends(matchers: dict[str, Any], muted: bool) -> None:
    desk, one = Desk(), alert("named")
    desk.world.silences["s"] = silence(until=120, **matchers)
    desk.hear(0, one)
    assert bool(desk.look(0)) is not muted
    if muted:
        assert desk.why(one) is Quiet.SILENCED
        assert desk.watch(1, 130) == [(120, PageKind.FIRST, 0, 1)]


def test_a_silence_of_a_group_mutes_its_members_and_a_lifted_one_mutes_nothing() -> None:
    desk, one = Desk(), alert()
    whole = group((one,), severity=Severity.CRITICAL)
    muted = desk.world.silences["s"] = silence(group=whole.alert_id)
    desk.hear(0, one, whole)
    assert desk.look(0) == []
    assert {desk.why(one), desk.why(whole)} == {Quiet.SILENCED}
    desk.world.silences["s"] = muted.model_copy(update={"lifted_by": "officer-1", "lifted_at": START})
    assert len(desk.look(10)) == 1


def test_the_limit_cuts_the_mildest_says_how_many_and_what_was_cut_escalates() -> None:
    desk = Desk(flood_per_minute=3, group_seconds=0)
    desk.hear(0, *(alert(severity=Severity.HIGH, rule=f"rule_{n}") for n in range(9)))
    desk.hear(0, *(alert(rule=f"rule_{n}") for n in range(2)))
    first = desk.look(0)
    assert sorted(page.severity.name for page in first if page.channels) == ["CRITICAL", "CRITICAL", "HIGH"]
    assert {page.reason for page in first if not page.channels} == {"flood_limited"}
    assert desk.watch(1, 59) == []
    [notice] = desk.look(60)
    assert (notice.kind, notice.cut_pages, notice.cut_alerts, notice.channels) == (PageKind.FLOOD, 8, 8, ("first",))
    assert desk.watch(61, 290) == [], "the notice comes once"
    desk.hear(1790, *())
    assert {kind for _, kind, _, _ in desk.watch(1795, 1801)} >= {PageKind.ESCALATED}


def test_an_ending_is_told_only_where_a_page_was_sent() -> None:
    desk, one, unheard = Desk(), alert(), alert(rule="another_rule")
    desk.hear(0, one)
    desk.look(0)
    desk.reached = False
    desk.hear(1, unheard)
    desk.look(1)
    desk.hear(60, later(one, State.WITHDRAWN), later(unheard, State.WITHDRAWN), later(alert(), State.WITHDRAWN))
    told = {page.claims[0].alert_id: page for page in desk.look(60)}
    assert told[one.alert_id].channels == ("first",)
    assert told[unheard.alert_id].channels == ()
    assert set(told) == {one.alert_id, unheard.alert_id}, "of what never called nothing is said"
    assert desk.watch(61, 4000) == [], "once"


def test_endings_of_one_page_are_one_word() -> None:
    desk = Desk()
    many = [alert() for _ in range(20)]
    desk.hear(0, *many)
    assert desk.watch(0, 40) == [(0, PageKind.FIRST, 0, 20)]
    desk.hear(50, *(later(one, State.WITHDRAWN) for one in many))
    assert desk.watch(50, 60) == [(50, PageKind.ENDED, 0, 20)]


def test_what_is_raised_again_after_its_end_is_paged_again() -> None:
    desk, one = Desk(), alert()
    desk.hear(0, one)
    desk.look(0)
    gone = later(one, State.WITHDRAWN)
    desk.hear(60, gone)
    desk.look(60)
    desk.hear(120, later(gone, State.RAISED))
    [again] = desk.look(120)
    assert (again.kind, again.claims[0].life) == (PageKind.FIRST, 1)
    assert again.key != desk.pages[0].key


def test_the_gate_is_not_called_when_the_door_is_closed() -> None:
    at_gate = (Recipient(role=Role.SUPERVISOR, at="A-DPS"),)
    one = alert(place="A-DPS", recipients=at_gate, decide_by=START + timedelta(minutes=10))
    desk = Desk(gate_minutes=20)
    desk.hear(0, one)
    assert [second for second, *_ in desk.watch(0, 3600)] == [0, 300, 600]
    late = Desk(gate_minutes=20)
    late.hear(1801, one)
    assert late.look(1801) == []
    assert late.why(one, "port") is Quiet.GONE


def test_an_alert_addressed_to_others_is_over_here() -> None:
    desk, one = Desk(), alert()
    desk.hear(0, one)
    desk.look(0)
    desk.hear(10, later(one, State.RAISED, recipients=(Recipient(role=Role.MISSION, at="MYS"),)))
    [ended] = desk.look(10)
    assert (ended.kind, ended.reason, ended.channels) == (PageKind.ENDED, "rerouted", ("first",))


def test_a_key_is_the_same_whenever_it_is_made_and_in_whatever_zone() -> None:
    """Nanoseconds here and seconds there were an alert every minute for hours (BR124)."""
    moment = datetime(2026, 11, 25, 3, 0, 17, 999_999, tzinfo=UTC)
    same = [moment, moment.replace(microsecond=0), moment.astimezone(timezone(timedelta(hours=7)))]
    assert len({flood_key("desk", one) for one in same}) == 1
    assert len({digest("x", one) for one in same}) == 1
    assert flood_key("desk", moment) != flood_key("desk", moment + timedelta(minutes=1))
    page = Desk()
    page.hear(0, alert())
    [made] = page.look(0)
    read = Page.model_validate_json(made.model_dump_json())
    assert page_key(read.rota, read.severity, read.step, read.claims) == made.key == read.key
    assert len(made.key) == 32


_WORLDS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from([State.RAISED, State.ACKNOWLEDGED, State.WITHDRAWN, State.EXPIRED]),
        st.sampled_from(list(Severity)),
        st.integers(0, 400),
    ),
    max_size=25,
)


@given(_WORLDS)
def test_whatever_happens_no_call_is_made_twice_and_what_is_made_is_due_no_more(
    steps: list[tuple[int, State, Severity, int]],
) -> None:
    desk, second, newest = Desk(flood_per_minute=2), 0.0, dict[int, Alert]()
    for number, state, severity, wait in steps:
        one = newest.get(number) or alert(f"drawn-{number}", revision=1)
        newest[number] = later(one, state, severity=severity)
        desk.hear(second, newest[number])
        desk.look(second)
        assert due(desk.world, ALL, START + timedelta(seconds=second), "again").pages == ()
        second += wait
    sent = [
        (page.rota, one.alert_id, one.life, page.kind is PageKind.ENDED, page.key)
        for page in desk.pages
        for one in page.claims
        if page.channels
    ]
    assert len(sent) == len(set(sent))


def test_of_two_pagers_only_the_first_on_the_log_has_the_call() -> None:
    one, other = Desk(), Desk()
    alerts = [alert(), alert()]
    one.hear(0, *alerts)
    other.hear(0, *alerts)
    [first] = due(one.world, ALL, START, "one").pages
    other.hear(0, third := alert())
    [second] = due(other.world, ALL, START, "other").pages
    for desk in (one, other):
        assert desk.world.ledger.claim(first) == first
        left = desk.world.ledger.claim(second)
        assert left is not None
        assert left.claims == (Claim(alert_id=third.alert_id, life=0, revision=1),)


def test_the_end_of_what_has_expired_is_noted_and_not_told() -> None:
    desk, one = Desk(), alert(expires_at=START + timedelta(seconds=100))
    desk.hear(0, one)
    desk.look(0)
    desk.hear(200, later(one, State.WITHDRAWN))
    assert [(page.kind, page.channels) for page in desk.look(200)] == [(PageKind.ENDED, ())]


def test_delays_are_counted_from_the_revision_that_was_grave_enough() -> None:
    desk, one = Desk(), alert(severity=Severity.HIGH)
    desk.hear(0, one)
    desk.hear(50, more := later(one, State.RAISED))
    assert desk.world.calls[one.alert_id].since == START
    desk.hear(100, later(more, State.RAISED, severity=Severity.CRITICAL))
    assert desk.world.calls[one.alert_id].since == START + timedelta(seconds=100)


def test_an_older_revision_that_comes_late_changes_nothing() -> None:
    desk, one = Desk(), alert()
    desk.hear(0, later(one, State.ACKNOWLEDGED), one)
    assert desk.watch(0, 400) == []


def test_what_was_as_grave_before_does_not_rise_again_after_an_escalation() -> None:
    desk, one = Desk(), alert()
    desk.hear(0, one)
    desk.look(0)
    desk.hear(10, milder := later(one, State.RAISED, severity=Severity.HIGH))
    assert len(desk.watch(299, 301)) == 1
    desk.hear(310, later(milder, State.RAISED, severity=Severity.CRITICAL))
    assert [kind for _, kind, _, _ in desk.watch(310, 500)] == []
