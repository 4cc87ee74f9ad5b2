"""What a page says and how a receiver knows it: never who, and signed."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from agents.calls import World
from agents.page_text import NO_REASON, sentence, words
from agents.paging import due
from agents.rules import RULES
from schemas.alerts import Role, Severity
from schemas.facts import digest
from schemas.paging import Language, Matchers, Page, PageKind, Silence
from streams.paging.channels import alertmanager, payload
from streams.paging.pager import pause
from streams.paging.signature import holds, sign
from tests.feed.pager_alerts import START, WHY, alert, book

BASE = "https://suar.example"
SECRET = "nobody's secret"


def page(count: int = 1) -> Page:
    world = World(book())
    for _ in range(count):
        world.hear(alert(), START)
    [made] = due(world, {"desk"}, START, "me").pages
    return made


def test_a_page_is_severity_place_a_sentence_how_many_and_where_to_look() -> None:
    one, three = page(), page(3)
    said = words(one, Language.ID, BASE)
    assert (said.title, said.body) == ("KRITIS A-CGK", f"{WHY.id}\n{BASE}/alerts/{one.claims[0].alert_id}")
    assert words(three, Language.EN, BASE).body.startswith(f"{WHY.en} 3 alerts of the same place and rule.\n")


def test_no_page_names_anybody() -> None:
    one = page()
    subject = digest("trigger")
    for text in (*vars_of(one), json.dumps(payload(one, BASE)), json.dumps(alertmanager(one, BASE, START))):
        assert "person:" not in text
        assert subject not in text


def vars_of(one: Page) -> tuple[str, ...]:
    return one.model_dump_json(), words(one, Language.ID, BASE).body, words(one, Language.EN, BASE).body


def test_a_role_outside_the_circle_is_not_told_which_rule_spoke() -> None:
    secret = next(rule for rule in RULES if rule.circle and Role.COORDINATOR in rule.circle)
    outside = next(role for role in Role if role not in secret.circle and role is not Role.COUNTER)
    one = alert(rule=secret.id)
    assert sentence(one, Role.COORDINATOR) == WHY
    assert sentence(one, outside) == NO_REASON
    assert sentence(alert(), Role.COUNTER) == NO_REASON
    assert sentence(alert(), outside) == WHY


def test_a_flood_notice_says_how_many_were_cut() -> None:
    notice = page().model_copy(
        update={"kind": PageKind.FLOOD, "claims": (), "place": "*", "cut_pages": 7, "cut_alerts": 4_321}
    )
    said = words(notice, Language.EN, BASE)
    assert "7 pages about 4321 alerts" in said.body
    assert said.link == f"{BASE}/"
    assert payload(notice, BASE)["count"] == 4_321


def test_a_signature_holds_for_this_body_this_secret_and_five_minutes() -> None:
    now, body = datetime(2026, 11, 25, 3, 0, 0, 5, tzinfo=UTC), b'{"id": "x"}'
    header = sign(SECRET, body, now)
    assert header.startswith(f"t={int(now.timestamp())},v1=")
    assert holds(SECRET, body, header, now + timedelta(minutes=4))
    assert not holds(SECRET, body, header, now + timedelta(minutes=6))
    assert not holds("another", body, header, now)
    assert not holds(SECRET, body + b" ", header, now)
    assert not holds(SECRET, body, header.replace("t=1", "t=2"), now)
    assert not holds(SECRET, body, "t=,v1=", now)


def test_the_signature_is_what_the_documents_say() -> None:
    """A fixed example, computed with `openssl dgst -sha256 -hmac`."""
    now = datetime(2026, 11, 25, tzinfo=UTC)
    expected = "b70a5810d21f108cb1e8e70fd16f88d0321e6b30dcd06b7e92bc76b3ec7f781d"
    assert sign("key", b"{}", now) == f"t=1795564800,v1={expected}"


def test_pauses_double_with_jitter_and_have_an_end() -> None:
    for attempts, whole in ((1, 0.5), (2, 1.0), (5, 8.0), (19, 60.0)):
        drawn = [pause(0.5, attempts) for _ in range(50)]
        assert all(whole / 2 <= one <= whole for one in drawn)
        assert len(set(drawn)) > 1


def test_alertmanager_knows_an_alert_by_the_same_labels_until_it_ends() -> None:
    one = page()
    [begun] = alertmanager(one, BASE, START)
    graver = one.model_copy(update={"severity": Severity.CRITICAL, "kind": PageKind.ENDED})
    [ended] = alertmanager(graver, BASE, START + timedelta(minutes=1))
    assert begun["labels"] == ended["labels"]
    assert str(begun["endsAt"]) > START.isoformat()
    assert ended["endsAt"] == (START + timedelta(minutes=1)).isoformat()


@pytest.mark.parametrize(
    "comment",
    ["NIK 9901014506900001 seen", "call 0899 0000 0001", "passport X9900001", "no", "0899-0000-0001 please"],
)
def test_a_comment_with_a_number_of_somebody_is_refused_and_not_repeated(comment: str) -> None:
    with pytest.raises(ValidationError) as refused:
        make(comment=comment)
    assert comment not in str(refused.value)


def make(comment: str = "drill on 2026-11-26, see 12 pages", **more: object) -> Silence:
    usual: dict[str, object] = {
        "id": digest("silence"),
        "matchers": {"checkpoint": "A-CGK"},
        "comment": comment,
        "by": "officer-1",
        "at": START,
        "until": START + timedelta(hours=1),
    }
    return Silence.model_validate({**usual, **more})


def test_a_silence_has_an_end_and_says_what_it_mutes() -> None:
    assert make().holds(START)
    assert not make().holds(START + timedelta(hours=1))
    for until in (START, START + timedelta(days=7, seconds=1)):
        with pytest.raises(ValidationError):
            make(until=until)
    with pytest.raises(ValidationError):
        Matchers()
