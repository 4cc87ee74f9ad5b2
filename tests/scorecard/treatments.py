"""What offices, airlines and machines do to one person's name. Each treatment makes a pair that is always of one person."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from tests.scorecard.people import LAST, given, words

Pair = tuple[str, str]
Treatment = Callable[[Random], Pair | None]
"""None when the name that came up has nothing to which the treatment applies."""

_OLD = (("KH", "CH"), ("Y", "J"), ("C", "TJ"), ("U", "OE"))


def old_spelling(chance: Random) -> Pair | None:
    """EJAAN VAN OPHUIJSEN: all of it, on the whole name."""
    name = " ".join(words(chance))
    if "CH" in name:
        return None
    old = name.replace("J", "\0")
    for new, was in _OLD:
        old = old.replace(new, was) if new != "C" else old.replace("CH", "\1").replace("C", was).replace("\1", "CH")
    return _changed(name, old.replace("\0", "DJ"))


def arabic_family(chance: Random) -> Pair | None:
    """MUHAMMAD, AHMAD, SITI and NUR in their written forms."""
    family = chance.choice(
        (
            (
                "MUHAMMAD",
                "MOHAMMAD",
                "MOHAMAD",
                "MUHAMAD",
                "MOCHAMAD",
                "MOCHAMMAD",
                "MOH.",
                "MUH.",
                "MOCH.",
                "M.",
                "MOHD",
            ),
            ("AHMAD", "ACHMAD", "AKHMAD", "ACH."),
            ("SITI", "SITTI", "ST."),
            ("NUR", "NOOR", "NOER"),
        )
    )
    rest = " ".join(words(chance, 1, 2, but=family))
    one, other = chance.sample(family, 2)
    return f"{one} {rest}", f"{other} {rest}"


def patronymic_added(chance: Random) -> Pair | None:
    """A pilgrim's passport goes on with the father's and grandfather's name, with or without BIN."""
    name = words(chance, 2, 3)
    mark = chance.choice(([], [], ["BIN"], ["BINTI"]))
    return " ".join(name), " ".join([*name, *mark, *_others(chance, name, chance.choice((1, 2)))])


def bin_binti(chance: Random) -> Pair | None:
    """The mark itself, written or not, long or short."""
    name = words(chance, 2, 3)
    marks = chance.sample(["", "BIN", "BINTI", "B.", "BT."], 2)
    one, other = (" ".join([*name[:-1], *([mark] if mark else []), name[-1]]) for mark in marks)
    return one, other


def title(chance: Random) -> Pair | None:
    """Before and behind."""
    name = " ".join(words(chance))
    before = chance.choice(("H. ", "HJ. ", "DRS. ", "R. ", "IR. ", "RR. ", ""))
    behind = chance.choice((", S.E.", ", S.Pd., M.M.", " SE", " S.H.", "")) if before else ", S.Kom."
    return name, f"{before}{name}{behind}"


def birth_prefix(chance: Random) -> Pair | None:
    """Balinese I, NI, IDA, GUSTI and Bugis ANDI, on one side only."""
    name = words(chance, 2, 3)
    prefix = chance.choice(("I", "NI", "I GUSTI", "GUSTI", "IDA BAGUS", "IDA AYU", "ANDI"))
    bare = [*prefix.split()[1:], *name] if prefix.startswith("IDA") else name
    return " ".join(bare), " ".join([*prefix.split()[:1], *bare] if prefix.startswith("IDA") else [prefix, *name])


def cut_at_34(chance: Random) -> Pair | None:
    """A data page of an Indonesian passport."""
    name = " ".join(_long(chance))
    return (name, name[:34].strip()) if len(name) > 34 else None


def cut_at_39(chance: Random) -> Pair | None:
    """An MRZ whose primary identifier is the last word, which reorders the name as well."""
    name = _long(chance)
    field = f"{name[-1]}<<{'<'.join(name[:-1])}"
    return (" ".join(name), field[:39]) if len(field) > 39 else None


def airline(chance: Random) -> Pair | None:
    """FNU, LNU and MR of a booking."""
    name = " ".join(words(chance))
    return name, chance.choice((f"FNU {name}", f"{name} LNU", f"{name} MR", f"{name} MRS", f"LNU/{name} MS"))


def abdul(chance: Random) -> Pair | None:
    """Joined, split, shortened, and with the sound of the next letter."""
    name = chance.choice(("RAHMAN", "AZIZ", "SALAM", "MALIK", "HAMID", "LATIF", "ROHIM", "GANI", "WAHID"))
    forms = [f"ABDUL {name}", f"ABDUL{name}", f"ABD. {name}"]
    if name[0] in "RS":
        forms.append(f"ABDU{name[0]}{name}")
    rest = " ".join(words(chance, 1, 2))
    one, other = chance.sample(forms, 2)
    return f"{one} {rest}", f"{other} {rest}"


def one_typo(chance: Random) -> Pair | None:
    """One letter changed, missing, doubled by another or swapped with its neighbour, in any word and any place."""
    name = words(chance, 2, 4)
    at = chance.randrange(len(name))
    word, place, letter = name[at], chance.randrange(len(name[at])), chance.choice("ABDEGHIKLMNOPRSTUWY")
    kind = chance.randrange(4)
    if kind == 3 and place + 1 < len(word):
        wrong = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    else:
        wrong = word[:place] + ("", letter, letter + word[place], letter)[kind] + word[place + 1 :]
    return _changed(" ".join(name), " ".join([*name[:at], wrong, *name[at + 1 :]]))


def swapped_order(chance: Random) -> Pair | None:
    """Family name first, as foreign forms ask."""
    name = words(chance, 2, 4)
    return " ".join(name), " ".join([name[-1], *name[:-1]])


def doubled_name(chance: Random) -> Pair | None:
    """A single name written twice where two are asked for."""
    name = given(chance)
    return name, f"{name} {name}"


def mononym(chance: Random) -> Pair | None:
    """A single name, and the same with the father's name."""
    name = given(chance)
    return name, " ".join([name, *_others(chance, [name], 1)])


def mrz_fillers(chance: Random) -> Pair | None:
    """The name field of an MRZ as it stands, the last word as primary identifier."""
    name = words(chance)
    field = f"{name[-1]}<<{'<'.join(name[:-1])}".ljust(39, "<")
    return (" ".join(name), field) if len(field) == 39 else None


def one_space(chance: Random) -> Pair | None:
    """A compound written as one word or as two."""
    first, second = chance.choice(("NUR", "SITI", "DWI", "SRI", "TRI")), given(chance, but=("DWI",))
    rest = " ".join(words(chance, 1, 2, but=(first, second)))
    return f"{first} {second} {rest}", f"{first}{second} {rest}"


_SINGLE = (
    *(old_spelling, arabic_family, patronymic_added, bin_binti, title, birth_prefix, cut_at_34, cut_at_39, airline),
    *(abdul, one_typo, swapped_order, doubled_name, mononym, mrz_fillers, one_space),
)


def two_at_once(chance: Random) -> Pair | None:
    """Any of the above on the one side, and on the other a courtesy, another order or, if it has none yet, a father's name."""
    treatment = chance.choice(_SINGLE)
    pair = treatment(chance)
    if pair is None:
        return None
    first, *rest = pair[0].split()
    more = (f"{pair[0]} MR", " ".join([*rest, first]), f"{pair[0]} {_others(chance, [first, *rest], 1)[0]}")
    has_father = treatment in (patronymic_added, mononym)
    return chance.choice(more[:2] if has_father else more), pair[1]


INNOCENT: Final[Mapping[str, Treatment]] = {one.__name__: one for one in (*_SINGLE, two_at_once)}
"""In the order of the report."""
BY_DESIGN_REVIEW: Final = frozenset({"one_typo", "mononym", "two_at_once"})
"""The rules of the matcher leave these to a person: a letter, a missing half of the name or several changes at once may also be
somebody else."""


def _long(chance: Random) -> list[str]:
    first = words(chance, 3, 4)
    return [*first, *words(chance, 2, 3, but=tuple(first))]


def _others(chance: Random, name: list[str], count: int) -> list[str]:
    return chance.sample([word for word in LAST if word not in name], count)


def _changed(one: str, other: str) -> Pair | None:
    return (one, other) if one != other else None
