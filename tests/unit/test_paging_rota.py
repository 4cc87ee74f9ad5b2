"""Who is on call, on the clock of the place; and a rota that cannot be used says where it is wrong."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agents import rota as rotas
from schemas.paging import Rota, RotaBook
from streams import policy as policies
from streams.paging.rota import RotaError, load, refuse_short_sight
from streams.settings import ROOT
from tests.feed.pager_alerts import BOOK, book

FILE = ROOT / "deploy/paging/2026-11.toml"


def rota(zone: str = "Asia/Jakarta", swaps: tuple[dict[str, Any], ...] = (), **turns: Any) -> Rota:
    usual = {"posts": ["a", "b"], "begins": "2026-11-02", "hand_over": "08:00:00"}
    return Rota.model_validate(
        {
            "name": "desk",
            "title": {"id": "Meja", "en": "Desk"},
            "zone": zone,
            "levels": [{"turns": [{**usual, **turns}]}],
            "swaps": swaps,
        }
    )


def on(one: Rota, moment: str) -> tuple[str, ...]:
    return rotas.on_call(one, one.levels[0], datetime.fromisoformat(moment))


@pytest.mark.parametrize(
    ("moment", "who"),
    [
        ("2026-11-02T07:59:59+07:00", ()),
        ("2026-11-02T08:00:00+07:00", ("a",)),
        ("2026-11-09T00:59:59+00:00", ("a",)),
        ("2026-11-09T01:00:00+00:00", ("b",)),
        ("2026-11-16T08:00:00+07:00", ("a",)),
    ],
)
def test_a_week_is_handed_over_on_the_clock_of_the_place(moment: str, who: tuple[str, ...]) -> None:
    assert on(rota(), moment) == who


def test_a_hand_over_stays_at_its_hour_when_clocks_change() -> None:
    """Rome leaves summer time on 25 October 2026; Indonesian missions abroad live with that."""
    rome = rota("Europe/Rome", begins="2026-10-19", every_days=1)
    assert on(rome, "2026-10-24T05:59:59+00:00") == ("a",)
    assert on(rome, "2026-10-24T06:00:00+00:00") == ("b",)
    assert on(rome, "2026-10-26T06:59:59+00:00") == ("a",)
    assert on(rome, "2026-10-26T07:00:00+00:00") == ("b",)


def test_a_night_shift_lasts_past_midnight_and_a_swap_stands_in() -> None:
    swap = {"instead_of": "a", "takes": "c", "begins": "2026-11-04T19:00:00", "ends": "2026-11-05T07:00:00"}
    night = rota(swaps=(swap,), posts=["a"], hand_over="19:00:00", hours=["19:00:00", "07:00:00"])
    assert on(night, "2026-11-03T18:59:59+07:00") == ()
    assert on(night, "2026-11-03T23:00:00+07:00") == ("a",)
    assert on(night, "2026-11-05T06:59:59+07:00") == ("c",)
    assert on(night, "2026-11-05T07:00:00+07:00") == ()


def test_a_gap_is_found_and_the_rota_of_this_repository_has_none() -> None:
    begins = datetime(2026, 11, 25, tzinfo=UTC)
    assert list(rotas.gaps(load(FILE), begins, 60)) == []
    raw = {**BOOK, "posts": [{"name": name, "channels": ["first"]} for name in ("a", "b")]}
    day = rota(hours=["08:00:00", "20:00:00"]).model_dump(mode="json")
    partial = RotaBook.model_validate({**raw, "rotas": [day, *BOOK["rotas"][1:]]})
    found = list(rotas.gaps(partial, begins, 1))
    times = [
        ((since - begins) / timedelta(hours=1), (until - begins) / timedelta(hours=1)) for *_, since, until in found
    ]
    assert {(name, level) for name, level, _, _ in found} == {("desk", 1)}
    assert times == [(0, 1), (13, 24)], "before 08:00 and after 20:00 in Jakarta"
    assert rotas.channels(partial, partial.rotas[0], partial.rotas[0].levels[0], found[0][2]) == ()


def test_the_rota_of_this_repository_fits_its_policy() -> None:
    policy = policies.load(ROOT / "deploy/policy/2026-11.toml")
    refuse_short_sight(load(FILE), policy)
    with pytest.raises(RotaError, match="look_back_days"):
        refuse_short_sight(book(look_back_days=2), policy)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('zone = "Asia/Makassar"', 'zone = "Asia/Nowhere"', "no IANA time zone"),
        ('rota = "missions" }', 'rota = "nobody" }', "no rota is called nobody"),
        ('["hook-bp3mi"]', '["hook-nobody"]', "no channel is called hook-nobody"),
        ('posts = ["cgk-day"]', 'posts = ["cgk-noon"]', "no post is called cgk-noon"),
        ("waits = { CRITICAL = 5,", "waits = { GRAVE = 5,", "no severity GRAVE"),
        ("repeats = 3", "repeats = -1", "limits.repeats"),
        ("repeats = 3", "repeat = 3", "limits.repeat"),
        ('version = "2026-11"', 'version = "2026-11', "at line"),
    ],
)
def test_a_wrong_rota_says_where_and_why(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = FILE.read_text()
    assert old in text
    wrong = tmp_path / "rota.toml"
    wrong.write_text(text.replace(old, new, 1))
    with pytest.raises(RotaError, match=said):
        load(wrong)


def test_the_line_of_a_fault_is_told(tmp_path: Path) -> None:
    wrong = tmp_path / "rota.toml"
    wrong.write_text(FILE.read_text().replace("repeats = 3", "repeats = -1", 1))
    line = wrong.read_text().splitlines().index("repeats = -1") + 1
    with pytest.raises(RotaError, match=rf"rota.toml:{line}: "):
        load(wrong)
