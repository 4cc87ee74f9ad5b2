"""Cards: read in twenty seconds, in two languages, without colours, and no more than a counter may know."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console, RenderableType

from agents import route
from schemas.alerts import Severity
from streams.counter import words
from streams.counter.cards import View, drawn, of_alert, of_answer, of_waiting, span
from streams.counter.counter import BackOff
from streams.counter.frames import Frame
from streams.counter.outbox import Outbox, attempt
from streams.counter.screen import Window, drawing, on_screen, screen
from streams.counter.seal import Seal
from streams.counter.seen import SeenAlert, read, read_alert, read_answer
from streams.counter.store import Store
from streams.counter.words import Language
from tests.feed.counter_line import CODE, PASSPORT, START, alert, screening

NOW = START + timedelta(minutes=1)
Tell = Callable[..., None]


def view(language: Language = Language.ID, minutes: float = 1.0) -> View:
    return View(language, ZoneInfo("Asia/Jakarta"), START + timedelta(minutes=minutes))


def text(what: RenderableType) -> str:
    out = StringIO()
    Console(file=out, width=100, color_system=None).print(what)
    return out.getvalue()


def seen(**more: Any) -> SeenAlert:
    return read_alert(alert(1, **more))


def test_a_card_says_it_all_in_a_few_lines() -> None:
    card = text(drawn(of_alert(seen()), view()))
    for part in (
        "▲ TINGGI",
        "14:00 WIB",
        "Antar dengan tenang",
        "1. Siapa yang menjemput",
        "2. Di mana",
        "e-PMI",
        "sisa 44 mnt",
    ):
        assert part in card
    assert len(card.splitlines()) <= 12
    assert len(card.split()) <= 70, "twenty seconds at 200 words a minute"


def test_a_card_in_english() -> None:
    card = text(drawn(of_alert(seen()), view(Language.EN)))
    for part in ("▲ HIGH", "quietly to secondary", "Who will meet you?", "What clears it", "44 min left"):
        assert part in card


def test_never_more_than_two_questions() -> None:
    many = [{"id": f"T{number}?", "en": f"Q{number}?"} for number in range(9)]
    assert len(of_alert(seen(questions=many)).questions) == 2
    assert len(of_answer(read_answer(screening("C", "ALERT", questions=many))).questions) == 2


def test_a_severity_has_a_word_and_a_shape_of_its_own() -> None:
    cards = [of_alert(seen(severity=severity.value)) for severity in Severity]
    assert len({card.shape for card in cards}) == len({card.word.id for card in cards}) == 4
    assert of_alert(seen(severity="HIGH")) == of_alert(seen(severity=3))


def test_who_may_know_why_reads_why() -> None:
    why = {"rule": "x", "why": {"id": "Visa kerja tanpa e-PMI.", "en": "A work visa without an e-PMI."}}
    assert of_alert(seen(indications=[why])).sentence.id == "Visa kerja tanpa e-PMI."


def test_a_lowered_severity_says_so_and_names_the_silent_source() -> None:
    ages = [
        {"source": "siskop2mi", "age_seconds": 2520.0, "live": False},
        {"source": "simkim", "age_seconds": 1.0, "live": True},
    ]
    answer = read_answer(screening("CROSSING-1", "ALERT", freshness=ages))
    card = text(drawn(of_alert(seen(confidence="DEGRADED"), answer), view()))
    assert "diturunkan satu tingkat" in card
    assert "SISKOP2MI senyap 42 mnt" in card
    assert "SIMKIM" not in card


@pytest.mark.parametrize(("minutes", "said"), [(44.5, "sisa 0 mnt"), (45, "waktu habis"), (500, "waktu habis")])
def test_time_that_is_left(minutes: float, said: str) -> None:
    assert said in text(drawn(of_alert(seen()), view(minutes=minutes)))


def test_nothing_found_asks_nothing() -> None:
    card = of_answer(read_answer(screening("C", questions=[])))
    assert (card.questions, card.clears) == ((), ())
    low = of_answer(read_answer(screening("C", "ALERT", severity=1)))
    assert low.questions == (), "LOW is never shown at a checkpoint"


def test_the_neutral_questions_are_those_of_the_gateway() -> None:
    assert [(one.id, one.en) for one in words.NEUTRAL] == [(one.id, one.en) for one in route.NEUTRAL]


def test_words_accuse_nobody() -> None:
    whole = Path(words.__file__).read_text().lower()
    for word in ("illegal", "blacklist", "deny", "suspect", "tersangka", "cegah", "tolak"):
        assert word not in whole


@pytest.mark.parametrize(
    ("minutes", "said"), [(0, "0 mnt"), (59.9, "59 mnt"), (60, "1 jam 0 mnt"), (125, "2 jam 5 mnt")]
)
def test_spans_are_cut_to_the_minute(minutes: float, said: str) -> None:
    assert span(timedelta(minutes=minutes), Language.ID) == said


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "s.sqlite3", timedelta(minutes=5))


@pytest.fixture
def tell(store: Store) -> Tell:
    def told(event: str, body: object, minutes: float = 0.1) -> None:
        store.take([read(Frame(None, event, json.dumps(body)))], START + timedelta(minutes=minutes))

    return told


WINDOW = Window(CODE, "", timedelta(minutes=5))


def test_the_gravest_comes_first_and_low_does_not_come(store: Store, tell: Tell) -> None:
    for number, severity in enumerate([2, 4, 1, 3]):
        tell("alert", alert(number, severity=severity))
    shown = screen(store, WINDOW, NOW, None)
    assert [card.word.en for card in shown.cards] == ["CRITICAL", "HIGH", "MEDIUM"]


def test_an_alert_and_its_answer_are_one_card(store: Store, tell: Tell) -> None:
    tell("screening", screening("CROSSING-1", "ALERT", alert_id="alert-0001"))
    assert len(screen(store, WINDOW, NOW, None).cards) == 1
    tell("alert", alert(1))
    shown = screen(store, WINDOW, NOW, None)
    assert [card.ref for card in shown.cards] == ["CROSSING-1"]
    assert on_screen(shown) == [("alert-0001", 1)]
    tell("alert", alert(1, 2, state="CLEARED"))
    assert screen(store, WINDOW, NOW, None).cards == (), "nor does the answer stay behind"


def test_late_answers_are_listed_quietly(store: Store, tell: Tell) -> None:
    outbox = Outbox(store, Seal(b"k" * 32))
    for crossing, hours in (("CROSSING-1", 1), ("CROSSING-2", 3)):
        leaves = (START + timedelta(hours=hours)).isoformat()
        given = {"passport_no": PASSPORT, "lane": "COUNTER", "crossing_id": crossing, "scheduled_at": leaves}
        outbox.put(attempt(json.dumps(given), CODE, START), START)
    tell("alert", alert(1), 120)
    tell("screening", screening("CROSSING-2", "ALERT"), 120)
    tell("screening", screening("CROSSING-3"), 120)
    shown = screen(store, WINDOW, START + timedelta(hours=2), None)
    assert shown.cards == ()
    assert [late.card.ref for late in shown.late] == ["CROSSING-1", "CROSSING-2"]
    drawn_late = text(drawing(shown, view(minutes=120)))
    assert "orangnya sudah melewati konter" in drawn_late
    assert "jadwal berangkat 15:00 WIB sudah lewat" in drawn_late
    assert "berangkat 17:00 WIB" in drawn_late
    assert PASSPORT not in drawn_late


def test_offline_asks_the_neutral_questions(store: Store) -> None:
    outbox = Outbox(store, Seal(b"k" * 32))
    outbox.put(attempt(json.dumps({"passport_no": PASSPORT, "lane": "COUNTER"}), CODE, START), START)
    shown = screen(store, WINDOW, NOW, START)
    told = text(drawing(shown, view()))
    assert "offline: belum terjawab" in told
    assert "Ke mana tujuan akhir" in told
    assert "offline sejak 14:00 WIB" in told
    assert "1 percobaan menunggu" in told
    kept = outbox.next(START)
    assert kept is not None
    assert of_waiting(kept).alert is None


def test_a_quiet_screen_says_whether_it_may_be_believed(store: Store, tell: Tell) -> None:
    tell("here", {"live": True, "sources": [{"source": "siskop2mi", "age_seconds": 2400.0, "live": False}]})
    told = text(drawing(screen(store, WINDOW, NOW, None), view(Language.EN)))
    assert "Quiet: nothing to ask." in told
    assert "SISKOP2MI silent for 40 min" in told
    tell("here", {"live": False, "sources": []})
    told = text(drawing(screen(store, WINDOW, NOW, None), view(Language.EN)))
    assert "the gateway waits for its data" in told
    assert "Quiet" not in told


def test_an_alert_that_has_ended_by_the_clock_is_not_shown(store: Store, tell: Tell) -> None:
    tell("alert", alert(1))
    assert screen(store, WINDOW, START + timedelta(hours=6), None).cards == ()


def test_pauses_double_to_a_limit_and_differ() -> None:
    back_off = BackOff(1.0, 30.0)
    pauses = [back_off.next() for _ in range(12)]
    for number, pause in enumerate(pauses):
        whole = min(30.0, 2.0**number)
        assert whole / 2 <= pause <= whole
    assert len(set(pauses)) == 12
    assert back_off.next(90.0) == 90.0, "as the gateway asks"
    back_off.reset()
    assert back_off.next() <= 1.0
