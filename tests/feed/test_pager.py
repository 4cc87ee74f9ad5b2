"""The pager against a real broker: once, in time, and not after an answer, whatever dies."""

import os
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest

from agents.ledger import page_key
from schemas.alerts import Severity, State
from schemas.paging import Claim, Matchers, Page, PageEnd, PageKind, Silence
from schemas.topics import PAGES
from streams.paging.desk import record_of
from streams.paging.signature import holds
from streams.produce import Record
from streams.publish import heartbeats
from streams.publish import record_of as record_of_event
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.drills.workers import Worker, until
from tests.feed.pager_alerts import WHY, alert, group, later
from tests.feed.pagers import SECRET, Desk, desk

SLOW = {"CRITICAL": 60}
"""Minutes: no escalation within the test."""
QUICK = {"CRITICAL": 0.03, "HIGH": 0.03}
"""Minutes: 1.8 seconds."""


def now() -> datetime:
    return datetime.now(UTC)


def quiet_until(when: datetime) -> None:
    """Nothing may come until then: the one effect that cannot be waited for."""
    time.sleep(max(0.0, (when - now()).total_seconds()))


def test_a_page_is_signed_names_nobody_and_is_made_once_also_after_a_restart(suar: Installation) -> None:
    with desk(suar, waits=SLOW) as one:
        pager, first = one.pager(), alert(at=now())
        began = time.time()
        one.raise_(first)
        until(lambda: one.receiver.about(first.alert_id), "the page came", every=0.01)
        heard = one.receiver.heard[0]
        assert heard.at - began < 2.0
        assert holds(SECRET, heard.raw, heard.headers["suar-signature"], now())
        assert heard.headers["suar-id"] == f"{heard.body['id']}.first"
        assert heard.body["sentence"] == WHY.model_dump()
        assert first.subject.encode() not in heard.raw
        until(lambda: one.pages()[1], "the result is on the log")
        pager.kill()
        pager.start()
        until(lambda: pager.ready, "it is back")
        one.raise_(first, second := alert(at=now(), rule="another_rule"))
        until(lambda: one.receiver.about(second.alert_id), "the next page came")
        assert Counter(one_id for heard in one.receiver.heard for one_id in heard.alerts) == {
            first.alert_id: 1,
            second.alert_id: 1,
        }
        assert pager.metric("suar_pages_total") == 1
        assert pager.metric("suar_page_seconds_count") == 1


def test_escalation_calls_level_after_level_until_somebody_answers(suar: Installation) -> None:
    with desk(suar, waits=QUICK) as one:
        one.pager()
        first = alert(at=now(), acknowledge_by=now() + timedelta(seconds=2))
        one.raise_(first)
        until(lambda: len(one.receiver.about(first.alert_id)) == 3, "three levels were called", every=0.02)
        one.raise_(later(first, State.ACKNOWLEDGED))
        stored = now()
        quiet_until(stored + timedelta(seconds=5))
        came = one.receiver.about(first.alert_id)
        assert [heard.channel for heard in came] == ["first", "second", "third"]
        assert all(heard.at < stored.timestamp() + 1 for heard in came)


def test_nothing_is_tried_again_a_second_after_the_acknowledgement(suar: Installation) -> None:
    """The channel fails, so the pager is in the middle of its tries when somebody answers."""
    with desk(suar, waits=SLOW, attempts=20, first_pause_seconds=0.2) as one:
        one.receiver.answer = lambda heard: 503
        one.pager()
        first = alert(at=now())
        one.raise_(first)
        until(lambda: len(one.receiver.heard) >= 3, "it tries again", every=0.02)
        one.raise_(later(first, State.ACKNOWLEDGED))
        stored = time.time()
        until(lambda: one.pages()[1], "it gave up")
        assert [(end.result, end.reason) for end in one.pages()[1]] == [(PageEnd.NOT_NEEDED, "acknowledged")]
        assert all(heard.at < stored + 1 for heard in one.receiver.heard)
        assert len({heard.headers["suar-id"] for heard in one.receiver.heard}) == 1


def test_kill_9_while_a_page_is_under_way_sends_it_once_and_escalation_covers(suar: Installation) -> None:
    with desk(suar, waits=QUICK) as one:
        pager = one.pager()

        def dies(_: object) -> int:
            if pager.running and len(one.receiver.heard) == 1:
                os.kill(pager.pid, signal.SIGKILL)
            return 200

        one.receiver.answer = dies
        first = alert(at=now())
        one.raise_(first)
        until(lambda: not pager.running, "it is dead", every=0.01)
        pager.ended()
        assert one.pages()[1] == [], "it died before it could say how it ended"
        pager.start()
        until(lambda: one.receiver.first(first.alert_id, "escalated"), "the next level is called")
        assert [heard.channel for heard in one.receiver.first(first.alert_id)] == ["first"]


def test_an_intent_without_a_result_is_not_sent_again(suar: Installation) -> None:
    """As a pager leaves it that dies between intent and send."""
    with desk(suar, waits=QUICK) as one:
        first = alert(at=now())
        one.raise_(first)
        one.suar.publish([_intent(one, first.alert_id)])
        one.pager()
        until(lambda: one.receiver.first(first.alert_id, "escalated"), "the next level is called")
        assert one.receiver.first(first.alert_id) == []


def _intent(one: Desk, alert_id: str) -> Record:
    claims = (Claim(alert_id=alert_id, life=0, revision=1),)
    page = Page(
        key=page_key("desk", Severity.CRITICAL, 0, claims),
        nonce=uuid4().hex,
        rota="desk",
        kind=PageKind.FIRST,
        severity=Severity.CRITICAL,
        step=0,
        level=0,
        place="A-CGK",
        rule="one_way_ticket",
        sentence=WHY,
        claims=claims,
        at=now(),
        expires_at=now() + timedelta(days=1),
        channels=("first",),
    )
    return Record(PAGES.name, b"desk", page.model_dump_json().encode())


def test_pagers_that_come_and_go_call_each_level_once_and_forget_nobody(suar: Installation) -> None:
    """What a killed pager had under way is not sent again by anybody: the next level covers it."""
    with desk(suar, waits={"CRITICAL": 0.1}, repeats=0, group_seconds=0, flood_per_minute=10_000) as one:
        pagers = [one.pager(SUAR_SESSION_TIMEOUT="6"), one.pager(SUAR_SESSION_TIMEOUT="6")]
        alerts = [alert(at=now(), rule=f"rule_{number}") for number in range(90)]
        for number, each in enumerate(alerts):
            one.raise_(each)
            if number in {20, 40, 60}:
                pagers[number // 20 % 2].kill()
                pagers[number // 20 % 2].start()
        until(lambda: all(one.receiver.about(each.alert_id) for each in alerts), "all were paged")
        calls = Counter((name, heard.body["level"]) for heard in one.receiver.heard for name in heard.alerts)
        assert set(calls.values()) == {1}
        first = [page for page in one.pages()[0] if page.kind is PageKind.FIRST]
        assert {name for page in first for name in _ids(page)} == {each.alert_id for each in alerts}
        assert len({page.nonce.partition("/")[0] for page in first}) > 1, "more than one pager had work"


def test_a_pager_that_was_relieved_while_it_slept_pages_nobody_twice(suar: Installation) -> None:
    with desk(suar, waits=SLOW) as one:
        pagers = [one.pager(SUAR_SESSION_TIMEOUT="6"), one.pager(SUAR_SESSION_TIMEOUT="6")]
        until(lambda: any("desk" in _rotas(pager) for pager in pagers), "somebody answers for the desk")
        sleeper = next(pager for pager in pagers if "desk" in _rotas(pager))
        sleeper.send(signal.SIGSTOP)
        first = alert(at=now())
        one.raise_(first)
        until(lambda: one.receiver.about(first.alert_id), "the other took over")
        sleeper.send(signal.SIGCONT)
        one.raise_(mark := alert(at=now(), rule="another_rule"))
        until(lambda: one.receiver.about(mark.alert_id), "somebody goes on")
        until(lambda: all(pager.ready for pager in pagers), "both are well")
        assert Counter(name for heard in one.receiver.heard for name in heard.alerts) == {
            first.alert_id: 1,
            mark.alert_id: 1,
        }


def _rotas(pager: Worker) -> list[str]:
    found = pager.health.get("rotas")
    return list(found) if isinstance(found, list) else []


def test_a_silence_survives_kill_9_and_its_end_lets_pages_through(suar: Installation) -> None:
    with desk(suar, waits=SLOW) as one:
        pager = one.pager()
        muted = Silence(
            id=uuid4().hex,
            matchers=Matchers(checkpoint="A-CGK"),
            comment="a drill",
            by="officer-1",
            at=now(),
            until=now() + timedelta(hours=1),
        )
        one.suar.publish([record_of(muted)])
        pager.kill()
        pager.start()
        until(lambda: pager.ready, "it is back")
        first, other = alert(at=now()), alert(at=now(), place="S-BTC")
        one.raise_(first, other)
        until(lambda: one.receiver.about(other.alert_id), "what no silence fits is paged")
        until(lambda: pager.metric("suar_pages_not_made_total") >= 1, "the reason is counted")
        assert one.receiver.about(first.alert_id) == []
        one.suar.publish([record_of(muted.model_copy(update={"lifted_by": "officer-1", "lifted_at": now()}))])
        until(lambda: one.receiver.about(first.alert_id), "a lifted silence mutes nothing")


def test_a_dead_letter_is_kept_and_sent_again_by_a_command(suar: Installation) -> None:
    with desk(suar, waits=SLOW, attempts=3) as one:
        one.receiver.answer = lambda heard: 503
        one.pager()
        first, second = alert(at=now()), alert(at=now(), rule="another_rule")
        one.raise_(first, second)
        until(lambda: len(one.pages()[1]) == 2, "both gave up")
        assert {(end.result, end.attempts, end.reason) for end in one.pages()[1]} == {
            (PageEnd.DEAD_LETTER, 3, "http_503")
        }
        one.raise_(later(second, State.ACKNOWLEDGED))
        one.receiver.heard.clear()
        one.receiver.answer = lambda heard: 200
        listed = one.suar.cli("pages", "list", **one.environment)
        assert "dead_letter" in listed.output, listed.output
        sent = one.suar.cli("pages", "resend", "--all", **one.environment)
        assert sent.exit_code == 0, sent.output
        assert [heard.alerts for heard in one.receiver.heard] == [[first.alert_id]], "the other was answered"
        assert one.suar.cli("pages", "resend", "--all", **one.environment).exit_code == 5, "no letter is left"


def test_a_channel_that_refuses_is_not_asked_again(suar: Installation) -> None:
    with desk(suar, waits=SLOW) as one:
        one.receiver.answer = lambda heard: 400
        one.pager(SUAR_CHANNEL_GATE="")
        one.raise_(alert(at=now()))
        until(lambda: one.pages()[1], "it gave up")
        assert [(end.reason, end.attempts) for end in one.pages()[1]] == [("http_400", 1)]


@pytest.mark.timeout(240)
def test_a_storm_of_5000_in_a_minute_pages_each_group_once_and_says_what_was_cut(suar: Installation) -> None:
    with desk(suar, waits=SLOW, group_seconds=3, group_at_most_seconds=30, flood_per_minute=5) as one:
        pager = one.pager()
        until(lambda: 2 < now().second < 40, "the minute has room")
        storm = [alert(at=now(), severity=Severity.HIGH, rule=f"rule_{number % 8}") for number in range(5000)]
        for begin in range(0, 5000, 500):
            one.raise_(*storm[begin : begin + 500])
        until(lambda: len({name for page in one.pages()[0] for name in _ids(page)}) == 5000, "all are accounted for")
        until(lambda: any(heard.body["kind"] == "flood" for heard in one.receiver.heard), "the notice came", limit=90)
        pages, _ = one.pages()
        first = [page for page in pages if page.kind is PageKind.FIRST]
        assert Counter(name for page in first for name in _ids(page)).most_common(1)[0][1] == 1
        assert Counter(page.rule for page in first) == {f"rule_{number}": 1 for number in range(8)}
        [notice] = [heard.body for heard in one.receiver.heard if heard.body["kind"] == "flood"]
        cut = [page for page in first if not page.channels]
        assert (notice["cut_pages"], notice["count"]) == (len(cut), sum(len(page.claims) for page in cut))
        sent = [heard for heard in one.receiver.heard if heard.body["kind"] == "first"]
        assert len(sent) + len(cut) == 8
        assert len(sent) == 5
        assert pager.metric("suar_unreadable_said_total") == 0


def _ids(page: Page) -> list[str]:
    return [one.alert_id for one in page.claims]


def test_a_wave_of_520_complaints_is_the_page_of_its_group(suar: Installation) -> None:
    with desk(suar, waits=SLOW, group_seconds=1) as one:
        one.pager()
        members = tuple(alert(at=now(), severity=Severity.HIGH, rule="complaint_wave") for _ in range(520))
        whole = group(members, at=now(), severity=Severity.CRITICAL, rule="shared_recruiter")
        one.raise_(whole, *members)
        until(lambda: one.receiver.about(whole.alert_id), "the group was paged")
        one.raise_(mark := alert(at=now(), place="S-BTC"))
        until(lambda: one.receiver.about(mark.alert_id), "the pager went on")
        quiet_until(now() + timedelta(seconds=3))
        assert [heard.alerts for heard in one.receiver.heard] == [[whole.alert_id], [mark.alert_id]]


@pytest.mark.timeout(300)
def test_a_flush_and_a_rebuild_page_nobody_again(suar: Installation) -> None:
    """From the agency's event to the page, with a worker; the pager itself needs no Redis."""
    with desk(suar, waits={"CRITICAL": 60, "HIGH": 60}, group_seconds=0) as one:
        suar.reset()
        worker, pager = suar.ready_worker(), one.pager()
        people = [Traveller() for _ in range(3)]
        suar.publish(heartbeats(now()))
        for number, who in enumerate(people):
            suar.publish(map(record_of_event, (who.applied(), who.issued(), who.attempted())))
            until(partial(one.receiver.about, who.alert_id), f"page {number} came")
            if number == 0:
                suar.redis.flushall()
            if number == 1:
                assert suar.cli("rebuild", "--yes").exit_code == 0
        pager.kill()
        pager.start()
        until(lambda: pager.ready, "it is back")
        worker.kill()
        told = Counter(name for heard in one.receiver.heard for name in heard.alerts)
        assert told == {who.alert_id: 1 for who in people}


def test_a_withdrawal_is_told_where_the_page_was_sent(suar: Installation) -> None:
    with desk(suar, waits=SLOW) as one:
        one.pager()
        first, never = alert(at=now()), later(alert(at=now()), State.WITHDRAWN)
        one.raise_(first)
        until(lambda: one.pages()[1], "it was sent")
        one.raise_(never, later(first, State.WITHDRAWN))
        until(lambda: one.receiver.first(first.alert_id, "ended"), "the end is told")
        assert one.receiver.about(never.alert_id) == []
