"""Names of two people, as alike as families and fashions make them.

Namesakes stand apart: by their names nobody could tell them, so they measure the world and not the matcher. They are why a
name is never a key.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from tests.scorecard.people import LAST, given, words

Pair = tuple[str, str]

_TWINS = (
    *(("HASAN", "HUSEN"), ("RINA", "RINI"), ("DINA", "DINI"), ("RANI", "RINI"), ("YUNI", "YANI"), ("FITRA", "FITRI")),
    *(("RIZKI", "RIZKA"), ("WAHYUDI", "WAHYUNI"), ("ANGGA", "ANGGI"), ("SALMA", "SALWA"), ("RAFA", "RAFI")),
    *(
        ("NAYLA", "NAYRA"),
        ("ALIFA", "ALIKA"),
        ("JIHAN", "JIDAN"),
        ("KEYSA", "KEYLA"),
        ("DAFA", "DAFI"),
        ("AZKA", "AZKI"),
    ),
)
_ENDINGS = (
    *(("SAPUTRA", "SAPUTRI"), ("SUSANTO", "SUSANTI"), ("SETIAWAN", "SETIAWATI"), ("HIDAYAT", "HIDAYATI")),
    *(("YULIANTO", "YULIANTI"), ("HERMAWAN", "HERMAWATI"), ("RAMADHAN", "RAMADHANI"), ("PRASETYO", "PRASETYA")),
    *(("KURNIAWAN", "KURNIAWATI"), ("PUTRA", "PUTRI"), ("DARMANTO", "DARMANTI")),
)


def unrelated(chance: Random) -> Pair:
    """By chance."""
    return " ".join(words(chance)), " ".join(words(chance))


def siblings(chance: Random) -> Pair:
    """Two given names, one father's name."""
    father = " ".join(chance.sample(LAST, chance.choice((1, 1, 2))))
    one = given(chance)
    return f"{one} {father}", f"{given(chance, but=(one,))} {father}"


def popular_first_name(chance: Random) -> Pair:
    """MUHAMMAD or SITI, then one name that differs and perhaps one that does not."""
    first, rest = chance.choice(("MUHAMMAD", "SITI", "AHMAD", "NUR")), chance.choice(("", chance.choice(LAST)))
    one = given(chance)
    return f"{first} {one} {rest}".strip(), f"{first} {given(chance, but=(one,))} {rest}".strip()


def dwi_and_dewi(chance: Random) -> Pair:
    """Two names, however alike."""
    rest = " ".join(words(chance, 1, 2, but=("DWI", "DEWI")))
    return f"DWI {rest}", f"DEWI {rest}"


def twins(chance: Random) -> Pair:
    """Rhyming names, half of them too rare for the matcher to know."""
    one, other = chance.choice(_TWINS)
    rest = " ".join(words(chance, 1, 2))
    return f"{one} {rest}", f"{other} {rest}"


def brother_and_sister(chance: Random) -> Pair:
    """Two given names, and one ending for each sex."""
    his, hers = chance.choice(_ENDINGS)
    one = given(chance)
    return f"{one} {his}", f"{given(chance, but=(one,))} {hers}"


def father_and_child(chance: Random) -> Pair:
    """The child bears the father's whole name behind its own."""
    father = words(chance, 2, 3)
    child = given(chance, but=tuple(father))
    return " ".join(father), " ".join([child, *father])


STRANGERS: Final[Mapping[str, Callable[[Random], Pair]]] = {
    one.__name__: one
    for one in (unrelated, siblings, popular_first_name, dwi_and_dewi, twins, brother_and_sister, father_and_child)
}


def one_name_two_people(chance: Random) -> Pair:
    """The same words, once with one more behind them."""
    name = words(chance, 2, 3)
    return " ".join(name), " ".join([*name, chance.choice([word for word in LAST if word not in name])])


def turned_round(chance: Random) -> Pair:
    """RAHMAT HIDAYAT and HIDAYAT RAHMAT."""
    name = words(chance, 2, 2)
    return " ".join(name), " ".join(reversed(name))


NAMESAKES: Final[Mapping[str, Callable[[Random], Pair]]] = {
    one.__name__: one for one in (one_name_two_people, turned_round)
}
