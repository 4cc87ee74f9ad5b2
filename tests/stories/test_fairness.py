"""Fairness: sex, age within adulthood and home province are never inputs. Every story is told anew with other ones."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.things import years
from schemas.alerts import State
from tests.stories.play import POLICY, T0, Story, World, every, offset, play, retold

STORIES = every()
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_BIRTHS = frozenset({"birth_date", "new_birth_date"})
_HOMES = frozenset({"desa_code", "previous_desa_code", "village_letter_desa"})
_WOMEN = 40
"""Added to the day of birth in a woman's NIK (Permendagri on NIK; domain 1.1)."""
_PRIORITY_LANE = 60
"""Years from which the priority lane is open to everybody (rule 28)."""
_SHIFTS = (-4, 4, -8, 8, -1, 1, -2, 2, -3, 3, -12, 12)
"""Years. Multiples of four first: they keep the calendar."""

Told = dict[str, Any]
Said = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]


def _said(world: World) -> Said:
    """Every standing alert and every answer, less whose it is: the number of a person is another one in another telling."""
    alerts = [
        (a.trigger, a.place, a.severity, sorted(i.rule for i in a.indications), sorted(r.feed for r in a.recipients))
        for a in world.standing().values()
        if a.state is not State.WITHDRAWN
    ]
    screenings = [
        (name, one.verdict, one.severity, sorted((u.rule, u.source or "") for u in one.undetermined))
        for name, one in world.answers().items()
    ]
    return sorted(alerts), sorted(screenings)


def _changed(value: Any, change: Callable[[str, Any], Any], name: str = "") -> Any:
    """The same shape, with `change` of each field's name and value."""
    if isinstance(value, dict):
        return {key: _changed(one, change, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_changed(one, change, name) for one in value]
    return change(name, value)


def _fields(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _fields(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from _fields(one, name)
    else:
        yield name, value


def _other_sex(name: str, value: Any) -> Any:
    """The field itself, and the day of birth that carries it inside a NIK, wherever that NIK stands."""
    if name == "sex":
        return {"F": "M", "M": "F"}.get(value, value)
    if isinstance(value, str):
        return re.sub(r"(?<!\d)(99\d{4})(\d{2})(\d{8})(?!\d)", _other_day, value) if name not in _CARDS else value
    return value


_CARDS = frozenset({"kk_no", "previous_kk_no"})
"""Family cards carry their own day of issue and nobody's sex."""


def _other_day(found: re.Match[str]) -> str:
    day = int(found[2])
    other = day - _WOMEN if day > _WOMEN else day + _WOMEN
    return f"{found[1]}{other:02d}{found[3]}" if 1 <= day <= 31 or 1 <= day - _WOMEN <= 31 else found[0]


def _other_province(name: str, value: Any) -> Any:
    """Homes move together: districts stay apart or alike, only the province's two digits are others."""
    if name in _HOMES and isinstance(value, str):
        return f"{(int(value[:2]) + 7) % 100:02d}{value[2:]}"
    return value


def _later(born: str, shift: int) -> str:
    day = date.fromisoformat(born)
    return day.replace(year=day.year + shift, day=28 if (day.month, day.day) == (2, 29) else day.day).isoformat()


def _other_years(shift: int) -> Callable[[str, Any], Any]:
    def change(name: str, value: Any) -> Any:
        return _later(value, shift) if name in _BIRTHS and _DATE.fullmatch(str(value)) else value

    return change


def _births(told: Told) -> list[str]:
    return [str(value) for name, value in _fields(told["events"]) if name in _BIRTHS and _DATE.fullmatch(str(value))]


def _ages_of_law(told: Told) -> frozenset[int]:
    need = POLICY.thresholds
    return frozenset({need.adult, need.registered_late, _PRIORITY_LANE, *POLICY.minimum_ages.values()})


def _sides(born: str, told: Told) -> list[bool]:
    """On which side of every age that law or rule names, at the first and at the last moment of the story."""
    zero = datetime.fromisoformat(told["t0"]).astimezone(UTC) if "t0" in told else T0
    moments = [zero + offset(event["at"]) for event in told["events"]]
    return [
        years(date.fromisoformat(born), at.date()) < age
        for at in (min(moments), zero, max(moments))
        for age in sorted(_ages_of_law(told))
    ]


def _shift(told: Told) -> int | None:
    """A number of years by which everybody can be older or younger without an age of law on the other side."""
    births = _births(told)
    return next(
        (s for s in _SHIFTS if all(_sides(_later(born, s), told) == _sides(born, told) for born in births)), None
    )


def _told(path: Path) -> Told:
    told: Told = yaml.safe_load(path.read_text())
    return told


def _as(path: Path, change: Callable[[str, Any], Any]) -> Story:
    told = _told(path)
    return retold(
        path.stem, told | {"events": [one | {"data": _changed(one["data"], change)} for one in told["events"]]}
    )


def _unchanged(path: Path, change: Callable[[str, Any], Any]) -> None:
    assert _said(play(_as(path, change)).world) == _said(play(retold(path.stem, _told(path))).world)


each_story = pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)


@each_story
def test_sex_changes_nothing(path: Path) -> None:
    """Women as men and men as women: the same alerts to the same people."""
    _unchanged(path, _other_sex)


_WITH_BIRTHS = [path for path in STORIES if _births(_told(path))]
_CAN_SHIFT = [path for path in _WITH_BIRTHS if _shift(_told(path)) is not None]


@pytest.mark.parametrize("path", _CAN_SHIFT, ids=lambda path: path.stem)
def test_age_within_adulthood_changes_nothing(path: Path) -> None:
    """Everybody some years older or younger, in the registry and in the passport alike, on the same side of the law."""
    shift = _shift(_told(path))
    assert shift is not None
    _unchanged(path, _other_years(shift))


def test_ages_can_be_shifted_in_nearly_every_story() -> None:
    """So that the test above cannot become empty by itself."""
    assert _CAN_SHIFT
    assert len(_CAN_SHIFT) >= 0.9 * len(_WITH_BIRTHS)


_FAR_FROM_HOME = frozenset({"far_domicile_corridor_exit"})
"""Rule 35 measures how far home is from the checkpoint; it is never shown and never counts alone."""


@pytest.mark.parametrize(
    "path", [one for one in STORIES if not _FAR_FROM_HOME & set(_told(one)["rules"])], ids=lambda path: path.stem
)
def test_home_province_changes_nothing(path: Path) -> None:
    """Every home in another province, districts as far apart as before."""
    _unchanged(path, _other_province)
