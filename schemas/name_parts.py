"""The tokens of a name in two notations, letters in clear and keyed codes, and the questions that can be asked of both.

A code stands for two neighbouring letters of a token with its edges, in the manner of privacy-preserving record linkage
(Schnell, Bachteler, Reiher 2009). The first code of a token comes first and its last one last, those between are sorted: so
an initial, a cut end and one wrong letter can still be told, and the order of letters cannot be read off.
"""

import hashlib
import hmac
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA, JaroWinkler

from schemas.name_forms import SOMETIMES_LEFT_OUT, WELL_KNOWN, Form

_ALPHABET: Final = string.ascii_letters + string.digits + "-_"
"""A code is one of 64: a dozen pairs of letters share each, which hides them, and by the scorecard costs nothing."""
CUT_MARK: Final = "~"
KNOWN_MARK: Final = "!"
LEFT_OUT_MARK: Final = "?"
_MARKS: Final = CUT_MARK + KNOWN_MARK + LEFT_OUT_MARK
_SWAP_FROM: Final = 5
"""Two neighbouring letters may differ in a token of at least so many."""


class Part(NamedTuple):
    """One token: letters or codes; whether it is a well-known name, and whether it is sometimes left out in first place."""

    body: str
    known: bool = False
    left_out: bool = False


class Name(NamedTuple):
    """The tokens in their order, and whether the end may have been cut off."""

    parts: tuple[Part, ...]
    cut: bool = False


@dataclass(frozen=True)
class Ways:
    """How one notation answers: each question takes two (or three) bodies."""

    size: Callable[[str], int]
    """Letters in a token."""
    initial: Callable[[str, str], bool]
    """One is the first letter of the other."""
    begins: Callable[[str, str], bool]
    """The first is the beginning of the second and shorter; its last letter may be half of a CH or KH and is not compared."""
    slip: Callable[[str, str], bool]
    """One letter is wrong, missing or too many, or two neighbouring ones are wrong or swapped."""
    joins: Callable[[str, str, str], bool]
    """The first is the other two written as one, the letter in which they meet once or twice."""
    likeness: Callable[[Name, Name], float]
    """0..1; for people to read, no verdict rests on it."""


def letters(form: Form) -> Name:
    """A name in clear as parts."""
    return Name(tuple(Part(t, t in WELL_KNOWN, t in SOMETIMES_LEFT_OUT) for t in form.tokens), form.cut)


def sketched(key: bytes, form: Form) -> list[str]:
    """A name as keyed codes, one string for each token, as it stands on `suar.facts`."""
    if not form.tokens:
        return []
    secret = _secret(key)
    tokens = [_marks(part) + _body(secret, part.body) for part in letters(form).parts]
    return [CUT_MARK, *tokens] if form.cut else tokens


def parsed(sketch: Sequence[str]) -> Name:
    """A sketch as parts; a token of marks alone is none."""
    cut = bool(sketch) and sketch[0] == CUT_MARK
    return Name(tuple(_part(token) for token in sketch if token.strip(_MARKS)), cut)


def _part(token: str) -> Part:
    left_out = token.startswith(LEFT_OUT_MARK)
    known = token.startswith(KNOWN_MARK, int(left_out))
    return Part(token[left_out + known :], known, left_out)


def _marks(part: Part) -> str:
    return LEFT_OUT_MARK * part.left_out + KNOWN_MARK * part.known


@lru_cache(maxsize=4)
def _secret(key: bytes) -> bytes:
    """A key of its own: a sketch and a pseudonym never share one."""
    return hmac.digest(key, b"suar/name-sketch/1", "sha256")


@lru_cache(maxsize=8192)
def _code(secret: bytes, pair: str) -> str:
    digest = hashlib.blake2b(pair.encode("utf-8", "surrogatepass"), key=secret, digest_size=1).digest()
    return _ALPHABET[digest[0] % len(_ALPHABET)]


def _body(secret: bytes, token: str) -> str:
    first, *inner = [_code(secret, a + b) for a, b in zip(f"^{token}", f"{token}$", strict=True)]
    return "".join((first, *sorted(inner[:-1]), inner[-1]))


# Letters


def _letters_initial(one: str, other: str) -> bool:
    return min(len(one), len(other)) == 1 and one[0] == other[0]


def _letters_begin(one: str, other: str) -> bool:
    return len(one) < len(other) and other.startswith(one[:-1])


def _letters_slip(one: str, other: str) -> bool:
    if min(len(one), len(other)) < 3:
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1 or _neighbours_differ(one, other)


def _neighbours_differ(one: str, other: str) -> bool:
    if len(one) != len(other) or len(one) < _SWAP_FROM:
        return False
    differ = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return len(differ) == 2 and differ[1] - differ[0] == 1


def _letters_join(whole: str, first: str, second: str) -> bool:
    return whole == first + second or (first[-1] == second[0] and whole == first + second[1:])


def _letters_likeness(one: Name, other: Name) -> float:
    left, right = (" ".join(sorted(part.body for part in name.parts)) for name in (one, other))
    return JaroWinkler.similarity(left, right)


LETTERS: Final = Ways(len, _letters_initial, _letters_begin, _letters_slip, _letters_join, _letters_likeness)

# Codes. A token of n letters has n + 1.


def _size(body: str) -> int:
    return len(body) - 1


def _shared(one: str, other: str) -> int:
    """Codes in both, each as often as in both."""
    rest, shared = list(other), 0
    for code in one:
        if code in rest:
            rest.remove(code)
            shared += 1
    return shared


def _codes_initial(one: str, other: str) -> bool:
    return min(_size(one), _size(other)) == 1 and one[0] == other[0]


def _codes_begin(one: str, other: str) -> bool:
    if _size(one) >= _size(other):
        return False
    begun = one[:-1]
    return _size(one) == 1 or (begun[0] == other[0] and _shared(begun, other) >= len(begun) - 1)


def _codes_slip(one: str, other: str) -> bool:
    short, long = sorted((_size(one), _size(other)))
    if short < 3 or long - short > 1:
        return False
    if one[0] != other[0] and one[-1] != other[-1]:
        return False
    missing = short + 1 - _shared(one, other)
    if long > short:
        return missing <= 1
    return missing <= (3 if short >= _SWAP_FROM else 2)


def _codes_join(whole: str, first: str, second: str) -> bool:
    edges = whole[0] == first[0] and whole[-1] == second[-1]
    if not edges or _size(first) + _size(second) - _size(whole) not in {0, 1}:
        return False
    inner = first[1:-1] + second[1:-1]
    return _shared(inner, whole[1:-1]) == len(inner)


def _codes_likeness(one: Name, other: Name) -> float:
    """Dice's coefficient of the sets of codes."""
    left, right = ({code for part in name.parts for code in part.body} for name in (one, other))
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0


CODES: Final = Ways(_size, _codes_initial, _codes_begin, _codes_slip, _codes_join, _codes_likeness)
