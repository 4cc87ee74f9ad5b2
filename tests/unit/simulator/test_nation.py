"""Parameter files: read strictly, complete, and with a second set that differs."""

from pathlib import Path

import pytest

from streams import policy as policies
from streams.settings import ROOT
from streams.simulator.nation import DEFAULT, NationError, load
from streams.simulator.people import BEFORE, kk_of, nik_of, number_of, passport_of, phone_of

SECOND, HARD = DEFAULT.with_name("nation-b.toml"), DEFAULT.with_name("nation-hard.toml")


@pytest.mark.parametrize("path", [DEFAULT, SECOND, HARD])
def test_checkpoints_and_homes_are_the_policys(path: Path) -> None:
    nation, policy = load(path), policies.load(ROOT / "deploy/policy/2026-11.toml")
    assert set(nation.checkpoints) <= set(policy.checkpoints)
    assert all(policy.checkpoints[code].province == place.province for code, place in nation.checkpoints.items())
    assert all(code in nation.checkpoints for how in nation.modi.values() for code in how.checkpoints)
    assert all(place.goes in nation.destinations for place in nation.checkpoints.values())
    assert sum(nation.weekdays.factors) / 7 == pytest.approx(1.0, abs=0.01)
    assert set(nation.placements.schemes) == set(policy.documents)


@pytest.mark.parametrize("path", [SECOND, HARD])
def test_another_nation_differs_and_keeps_what_is_published(path: Path) -> None:
    one, other = load(), load(path)
    assert one.name != other.name
    assert one.checkpoints == other.checkpoints
    assert one.refusals == other.refusals
    assert one.networks != other.networks
    assert one.innocent != other.innocent


def test_a_wrong_name_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "n.toml"
    path.write_text(DEFAULT.read_text().replace("lives_days", "lives_dayz"))
    with pytest.raises(NationError, match=r"lives_day.*networks"):
        load(path)
    with pytest.raises(NationError, match="No such file"):
        load(tmp_path / "none.toml")


def test_numbers_of_people_are_their_own() -> None:
    numbers = [number_of(day, local) for day in (-BEFORE, -1, 0, 1, 700) for local in range(0, 131_072, 97)]
    assert len({nik_of(number, 1990, "F", "3212") for number in numbers}) == len(numbers)
    assert len({kk_of(number, "3212", 2010) for number in numbers}) == len(numbers)
    assert len({phone_of(number) for number in numbers}) == len(numbers)
    assert len({passport_of(number, book) for number in numbers for book in (0, 1)}) == 2 * len(numbers)
