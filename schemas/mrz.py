"""The machine-readable zone of a passport (ICAO 9303 part 4, TD3): two lines of 44, read as far as they can be trusted.

Line 2 protects its number and dates by check digits; line 1, the name, is protected by nothing. So a number is given only
when its own check digit and the composite one hold, and a name only when nothing about it looks misread.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

LINE: Final = 44
NAME: Final = 39
"""Characters of the name; a name that fills them all may have been cut."""
_WEIGHTS: Final = (7, 3, 1)
_TO_DIGIT: Final = str.maketrans("OQDIBSZG", "00018526")
_TO_LETTER: Final = str.maketrans("018526", "OIBSZG")
_CONFUSED: Final = {
    "O": "0",
    "0": "O",
    "I": "1",
    "1": "I",
    "B": "8",
    "8": "B",
    "S": "5",
    "5": "S",
    "Z": "2",
    "2": "Z",
} | {
    "G": "6",
    "6": "G",
    "C": "<",
    "K": "<",
}
"""What readers take for one another. G and 6 differ by ten and K and the filler by twenty, so no check digit tells them apart."""
_INDONESIAN: Final = re.compile(r"[A-Z][0-9]{7}<")
"""The common form of an Indonesian number in its nine places: a letter, seven digits, a filler."""


class Confidence(StrEnum):
    """How far a zone can be trusted."""

    READ = "READ"
    """Every check digit holds as read."""
    REPAIRED = "REPAIRED"
    """Every check digit holds after characters that readers confuse were exchanged, or fillers of the name were restored."""
    NAME_UNREADABLE = "NAME_UNREADABLE"
    """The number holds, the name does not: match on the number only."""
    UNREADABLE = "UNREADABLE"
    """No number can be trusted."""


@dataclass(frozen=True, repr=False)
class Zone:
    """What a zone says. Fields are None when not trusted or not stated; the text of a zone shows its confidence only.

    `birth` and `expiry` are YYMMDD without a century; parts of the birth date that are not known stand as fillers.
    `primary` and `secondary` are ICAO's identifiers with spaces for fillers, either may be empty.
    """

    confidence: Confidence
    number: str | None = None
    issuer: str | None = None
    nationality: str | None = None
    birth: str | None = None
    sex: str | None = None
    expiry: str | None = None
    personal_number: str | None = None
    primary: str | None = None
    secondary: str | None = None
    cut: bool = False

    def __repr__(self) -> str:
        return f"Zone({self.confidence.value})"

    @property
    def name(self) -> str | None:
        """Secondary and primary identifier in the order in which people say them; None when not trusted."""
        if self.primary is None or self.secondary is None:
            return None
        return f"{self.secondary} {self.primary}".strip()

    @property
    def mononym(self) -> bool:
        """One identifier only, whichever it stands in."""
        return self.name is not None and not (self.primary and self.secondary)


UNREADABLE: Final = Zone(Confidence.UNREADABLE)


def read_zone(first: str, second: str) -> Zone:
    """Reads the two lines of a TD3 document; never raises, whatever they hold."""
    name_line, number_line = _line(first), _line(second)
    fields = _number_line(number_line) if len(number_line) == LINE else None
    if fields is None:
        return UNREADABLE
    zone, repaired = fields
    name = _name(name_line) if len(name_line) == LINE else None
    if name is None:
        return _with(zone, Confidence.NAME_UNREADABLE, None)
    return _with(zone, Confidence.REPAIRED if repaired or name.repaired else Confidence.READ, name)


def check_digit(text: str) -> str:
    """ICAO 9303 part 3: weights 7, 3, 1; A is 10, the filler 0. Other characters count as the filler."""
    return str(sum(_value(char) * _WEIGHTS[at % 3] for at, char in enumerate(text)) % 10)


def _value(char: str) -> int:
    if "0" <= char <= "9":
        return ord(char) - ord("0")
    return ord(char) - ord("A") + 10 if "A" <= char <= "Z" else 0


def _line(text: str) -> str:
    """Without spaces, in upper case; fillers that were lost at the end of a line are put back, up to a quarter of it."""
    line = re.sub(r"\s", "", text).replace("«", "<<").upper()
    return line.ljust(LINE, "<") if LINE * 3 // 4 <= len(line) < LINE and not line[-1:].isdigit() else line


# Line 2


@dataclass(frozen=True, repr=False)
class _Field:
    text: str
    check: str
    repaired: bool


def _number_line(line: str) -> tuple[Zone, bool] | None:
    """The fields of line 2 and whether any was repaired; None when a check digit cannot be made to hold."""
    nationality = line[10:13].translate(_TO_LETTER)
    number = _number(line[:9], line[9], nationality)
    birth = _date(line[13:19], line[19], expires=False)
    expiry = _date(line[21:27], line[27], expires=True)
    personal = _personal(line[28:42], line[42])
    if number is None or birth is None or expiry is None or personal is None:
        return None
    covered = "".join(field.text + field.check for field in (number, birth, expiry, personal))
    composite = line[43].translate(_TO_DIGIT)
    if check_digit(covered) != composite or not re.fullmatch(r"[A-Z<]{3}", nationality):
        return None
    zone = Zone(
        confidence=Confidence.READ,
        number=number.text.rstrip("<"),
        nationality=nationality.rstrip("<") if re.fullmatch(r"[A-Z]{1,3}<*", nationality) else None,
        birth=birth.text,
        sex=line[20] if line[20] in "MF" else None,
        expiry=expiry.text,
        personal_number=None if personal.repaired else personal.text.strip("<") or None,
    )
    exchanged = composite != line[43] or nationality != line[10:13]
    return zone, exchanged or any(field.repaired for field in (number, birth, expiry, personal))


def _number(text: str, check: str, nationality: str) -> _Field | None:
    """As read; else in the common form, where one is expected. Nothing is tried out: one guess in ten satisfies a check digit,
    and a wrong number is another person."""
    check_read = check.translate(_TO_DIGIT)
    home = nationality == "IDN"
    for usual in (_silent(text) if home else text, _usual(text) if home else text):
        if _is_number(usual) and check_digit(usual) == check_read:
            return _Field(usual, check_read, repaired=(usual, check_read) != (text, check))
    return None


def _silent(text: str) -> str:
    """What no check digit can tell but the common form can: a G among its digits, letters whose faults cancel out (two zeros
    read as O), a K for its filler. One letter in the second place alone is another form."""
    if not re.fullmatch(r"[A-Z][0-9OQDIBSZG]{7}[<K]", text) or re.fullmatch(r"[A-Z]{2}[0-9]{6}.", text):
        return text
    return text[0] + text[1:8].translate(_TO_DIGIT) + "<"


def _usual(text: str) -> str:
    """The common form, letters and digits exchanged where the form asks for the other; the text itself when that fails."""
    filler = "<" if text[8] in "<KC" else text[8]
    form = text[0].translate(_TO_LETTER) + text[1:8].translate(_TO_DIGIT) + filler
    return form if _INDONESIAN.fullmatch(form) else text


def _is_number(text: str) -> bool:
    """Six to nine letters and digits, then fillers."""
    return re.fullmatch(r"[A-Z0-9]{6,9}<{0,3}", text) is not None


def _date(text: str, check: str, *, expires: bool) -> _Field | None:
    """A date in digits; unknown parts of a date of birth are fillers."""
    digits, check_read = text.translate(_TO_DIGIT), check.translate(_TO_DIGIT)
    if check_digit(digits) != check_read or not (_is_date(digits) or (not expires and _is_part_of_date(digits))):
        return None
    return _Field(digits, check_read, repaired=(digits, check_read) != (text, check))


def _is_date(digits: str) -> bool:
    if not re.fullmatch(r"[0-9]{6}", digits):
        return False
    try:
        date(2000 + int(digits[:2]), int(digits[2:4]), min(int(digits[4:]), 28))
    except ValueError:
        return False
    return int(digits[4:]) <= 31


def _is_part_of_date(digits: str) -> bool:
    return re.fullmatch(r"([0-9]{2}|<<)([0-9]{2}|<<)<<|<{6}", digits) is not None


def _personal(text: str, check: str) -> _Field | None:
    """Optional: a filler or 0 stands for its check digit when it is empty. A long tail of K and C is one of fillers."""
    if not re.fullmatch(r"[A-Z0-9<]{14}", text):
        return None
    check_read = check.translate(_TO_DIGIT)
    plain = re.sub(r"[<KC]{3,}$", lambda run: "<" * len(run[0]), text)
    for field in (plain, text):
        empty = not field.strip("<")
        if check_read == check_digit(field) or (empty and check_read == "<"):
            return _Field(field, check_read, repaired=(field, check_read) != (text, check))
    return _only(_exchanged(text), check_read)


def _only(candidates: list[str], check: str) -> _Field | None:
    """The one candidate that satisfies the check digit; none when several do, since chance satisfies it one time in ten."""
    fitting = [one for one in candidates if check_digit(one) == check]
    return _Field(fitting[0], check, repaired=True) if len(fitting) == 1 else None


def _exchanged(text: str) -> list[str]:
    """The text with one character exchanged for what readers take it for."""
    return [text[:at] + _CONFUSED[char] + text[at + 1 :] for at, char in enumerate(text) if char in _CONFUSED]


# Line 1


@dataclass(frozen=True, repr=False)
class _Name:
    issuer: str
    primary: str
    secondary: str
    cut: bool
    repaired: bool


def _name(line: str) -> _Name | None:
    """The identifiers of line 1, or None when something about them looks misread."""
    issuer = line[2:5].translate(_TO_LETTER)
    field = _fillers_restored(line[5:].translate(_TO_LETTER))
    if line[0] != "P" or not re.fullmatch(r"[A-Z]{3}|D<<", issuer) or field is None or not field.strip("<"):
        return None
    repaired = field != line[5:] or issuer != line[2:5]
    primary, _, secondary = field.rstrip("<").partition("<<")
    if field.startswith("<<"):
        primary, secondary = "", field[2:].rstrip("<")
    elif "<<" not in field.rstrip("<") and re.search(r"<[CK]", field.rstrip("<")):
        return None  # `EISENBERG<CANDREW` may be EISENBERG<<ANDREW, and may not
    if "<<" in secondary:
        return None
    cut = not field.endswith("<")
    return _Name(
        issuer.rstrip("<"), primary.replace("<", " ").strip(), secondary.replace("<", " ").strip(), cut, repaired
    )


def _fillers_restored(field: str) -> str | None:
    """Behind three fillers only fillers follow: K and C there are fillers misread, anything else makes the name unreadable.

    A run of K and C right behind a letter is left to nobody's guess: where the name ends cannot be told.
    """
    if not re.fullmatch(r"[A-Z<]*", field):
        return None
    end = field.find("<<<", 0 if not field.startswith("<<") else 2)
    if end >= 0:
        behind = field[end:]
        return field[:end] + "<" * len(behind) if re.fullmatch(r"[<KC]*", behind) else None
    return None if re.search(r"[KC]{3,}|[<KC]{4,}$", field) else field


def _with(zone: Zone, confidence: Confidence, name: _Name | None) -> Zone:
    return Zone(
        confidence=confidence,
        number=zone.number,
        issuer=name.issuer if name else None,
        nationality=zone.nationality,
        birth=zone.birth,
        sex=zone.sex,
        expiry=zone.expiry,
        personal_number=zone.personal_number,
        primary=name.primary if name else None,
        secondary=name.secondary if name else None,
        cut=name.cut if name else False,
    )
