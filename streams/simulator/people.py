"""Fictional people: numbers that nobody holds, families that share a card, and what each is called."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from streams.simulator.clock import calendar_of, day_of
from streams.simulator.names import name_of, religion_of
from streams.simulator.nation import Nation

A_DAY = 1 << 17
"""Numbers of people that a day may use up."""
BEFORE = 400
"""Days before the first one whose cohorts have numbers of their own."""
_SPACE = 28 * 12 * 99 * 9999
_STEP, _SHIFT = 205_891_139, 91_184_507
"""Coprime to the space: consecutive people have birthdays and serials far apart."""


@dataclass(slots=True)
class Person:
    """Somebody. Only what an agency writes down in its events ever leaves this model; the rest is truth."""

    number: int
    nik: str
    name: str
    sex: str
    born: int
    """Day, counted from 1970-01-01."""
    home: str
    """Kabupaten."""
    desa: str
    kk: str
    mother: str
    phone: str
    religion: str
    passport: str = ""
    issued: int = 0
    """Day of issue."""
    known: bool = field(default=False)
    """Do the joined systems have more of this person than an old passport?"""

    def age(self, day: int) -> int:
        """Full years on a day."""
        born, on = calendar_of(self.born), calendar_of(day)
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def number_of(day: int, local: int) -> int:
    """The number of the `local`-th person of a day's cohort; days count from the first day of the simulation."""
    return (day + BEFORE) * A_DAY + local


def _parts(number: int) -> tuple[int, int, int, int]:
    """Day of month, month, kecamatan and serial: different for different people, so that no NIK is given twice."""
    mixed = (number * _STEP + _SHIFT) % _SPACE
    mixed, serial = divmod(mixed, 9999)
    mixed, district = divmod(mixed, 99)
    month, day = divmod(mixed, 28)
    return day + 1, month + 1, district + 1, serial + 1


def nik_of(number: int, year: int, sex: str, home: str) -> str:
    """A NIK of province 99, which does not exist; its kabupaten follows the home's."""
    day, month, district, serial = _parts(number)
    return f"99{int(home[2:]) % 69 + 1:02d}{district:02d}{day + 40 * (sex == 'F'):02d}{month:02d}{year % 100:02d}{serial:04d}"


def kk_of(number: int, home: str, year: int) -> str:
    """A family card number of province 99."""
    day, month, district, serial = _parts(number)
    return f"99{int(home[2:]) % 69 + 1:02d}{district:02d}{day:02d}{month:02d}{year % 100:02d}{serial:04d}"


def passport_of(number: int, book: int = 0) -> str:
    """Three letters and six digits: a form that no Indonesian passport has. `book` 0 or 1: people have several."""
    mixed = ((number * 2 + book) * 406_951_039 + 77_041) % (26 * 26 * 1_000_000)
    letters, digits = divmod(mixed, 1_000_000)
    return f"Z{chr(65 + letters // 26)}{chr(65 + letters % 26)}{digits:06d}"


def phone_of(number: int) -> str:
    """A telephone number under a prefix that no operator holds."""
    return f"+6284{(number * 622_614_493 + 5) % 8_000_000_000:010d}"


def birthday(number: int, age: int, today: int) -> tuple[int, int]:
    """Year and day of birth of somebody who is that old today."""
    on = calendar_of(today)
    day, month, _, _ = _parts(number)
    year = on.year - age - ((on.month, on.day) < (month, day))
    return year, day_of(on.replace(year=year, month=month, day=day))


@dataclass(slots=True)
class Family:
    """A household: one card, one home, one mother for the children."""

    home: str
    desa: str
    kk: str
    region: str
    mother: str
    father: str
    religion: str


def family(nation: Nation, roll: Random, number: int, home: str) -> Family:
    """A household of which nobody stands on record yet. Villages have numbers from 2001, under kecamatan 99."""
    region = nation.homes[home].names
    return Family(
        home,
        f"{home}99{2001 + int(roll.random() ** 2 * 40)}",
        kk_of(number, home, 2000 + int(roll.random() * 25)),
        region,
        name_of(roll, region, "F"),
        name_of(roll, region, "M").split()[0],
        religion_of(roll, region),
    )


def person(roll: Random, number: int, of: Family, sex: str, born_on: tuple[int, int]) -> Person:
    """A member of a household. `born_on`: age in years, and today."""
    year, born = birthday(number, *born_on)
    name = name_of(roll, of.region, sex, of.father)
    return Person(
        number,
        nik_of(number, year, sex, of.home),
        name,
        sex,
        born,
        of.home,
        of.desa,
        of.kk,
        of.mother,
        phone_of(number),
        of.religion,
    )


def household(roll: Random, number: int, of: Family, ages: Sequence[tuple[str, int]], today: int) -> list[Person]:
    """People of one card, by sex and age; the grown-ups have mothers of their own."""
    found = [person(roll, number + at, of, sex, (age, today)) for at, (sex, age) in enumerate(ages)]
    for one, (_, age) in zip(found, ages, strict=True):
        if age >= 22:
            one.mother = name_of(roll, of.region, "F")
    return found
