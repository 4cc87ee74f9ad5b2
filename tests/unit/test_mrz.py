"""The machine-readable zone: what can be trusted is read, what cannot is left out, and nothing raises."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.mrz import LINE, UNREADABLE, Confidence, Zone, check_digit, read_zone
from schemas.names import Verdict, compare

READ, REPAIRED = Confidence.READ, Confidence.REPAIRED
SPECIMEN = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
"""ICAO 9303 part 4, appendix B."""


def _first(name: str, issuer: str = "IDN") -> str:
    return f"P<{issuer}{name}".ljust(LINE, "<")[:LINE]


def _second(number: str = "X1234567", nationality: str = "IDN", birth: str = "900605", personal: str = "") -> str:
    number, personal = number.ljust(9, "<"), personal.ljust(14, "<")
    dates = f"{birth}{check_digit(birth)}", f"301120{check_digit('301120')}"
    tail = f"{personal}{check_digit(personal)}"
    covered = f"{number}{check_digit(number)}{dates[0]}{dates[1]}{tail}"
    return f"{number}{check_digit(number)}{nationality}{dates[0]}F{dates[1]}{tail}{check_digit(covered)}"


def _put(line: str, at: int, char: str) -> str:
    return line[:at] + char + line[at + 1 :]


def _named(name: str) -> Zone:
    return read_zone(_first(name), _second())


def test_the_specimen_of_the_standard() -> None:
    zone = read_zone(*SPECIMEN)
    assert (zone.confidence, zone.number, zone.issuer, zone.nationality) == (READ, "L898902C3", "UTO", "UTO")
    assert (zone.birth, zone.sex, zone.expiry, zone.personal_number) == ("740812", "F", "120415", "ZE184226B")
    assert (zone.primary, zone.secondary, zone.name) == ("ERIKSSON", "ANNA MARIA", "ANNA MARIA ERIKSSON")
    assert not zone.mononym


def test_a_number_of_eight_is_padded() -> None:
    zone = read_zone(_first("CONTOH<<SITI"), _second("X1234567"))
    assert (zone.confidence, zone.number) == (READ, "X1234567")


@pytest.mark.parametrize(("line", "name"), [("P<IND<<AHMADI", "AHMADI"), ("P<PAKZAHRA<<", "ZAHRA")])
def test_br013_empty_surname_or_given_name(line: str, name: str) -> None:
    zone = read_zone(line.ljust(LINE, "<"), _second())
    assert (zone.confidence, zone.name, zone.mononym) == (READ, name, True)


def test_br014_no_surname_keeps_the_one_name() -> None:
    zone = _named("<<SUKARNO")
    assert (zone.primary, zone.secondary, zone.name) == ("", "SUKARNO", "SUKARNO")


def test_br015_a_blank_surname_is_a_mononym() -> None:
    assert _named("<<ANI").mononym
    assert _named("ANI").mononym


def test_br016_a_filler_read_as_c() -> None:
    """Nothing tells EISENBERG CANDREW from EISENBERG, ANDREW: the name is left out, the number stands."""
    zone = read_zone("P<CANEISENBERG<CANDREW<DAVID".ljust(LINE, "<"), _second(nationality="CAN"))
    assert (zone.confidence, zone.name, zone.number) == (Confidence.NAME_UNREADABLE, None, "X1234567")


@pytest.mark.parametrize("tail", ["<<<<KK<<", "<<<C<<K<", "<<<CCCKK"])
def test_br016_fillers_read_as_k_and_c_behind_the_name(tail: str) -> None:
    zone = _named(f"CONTOH<<TAUFIK{tail}")
    assert (zone.confidence, zone.name) == (REPAIRED, "TAUFIK CONTOH")


def test_br016_a_name_whose_end_cannot_be_told() -> None:
    zone = _named("CONTOH<<AMINAHKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK")
    assert (zone.confidence, zone.number) == (Confidence.NAME_UNREADABLE, "X1234567")


def test_an_initial_k_is_no_filler() -> None:
    assert _named("CONTOH<<K").name == "K CONTOH"


def test_br017_a_surname_of_two_words_stays_whole() -> None:
    zone = _named("DE<BRUIJN<<WILLEKE<LISELOTTE")
    assert (zone.primary, zone.secondary) == ("DE BRUIJN", "WILLEKE LISELOTTE")


def test_br018_a_name_without_a_separator_is_one_name() -> None:
    zone = _named("SITI<AMINAH")
    assert (zone.confidence, zone.primary, zone.secondary, zone.mononym) == (READ, "SITI AMINAH", "", True)


def test_a_name_of_39_may_be_cut() -> None:
    zone = _named("MANGKUNEGARA<<ABIMANYU<KUSUMAWARDANI<DARMAWAN")
    assert zone.cut
    assert zone.secondary == "ABIMANYU KUSUMAWARDANI DAR"[: 39 - len("MANGKUNEGARA<<")]
    assert not _named("CONTOH").cut


def test_the_name_of_a_zone_compares() -> None:
    assert compare(_named("CONTOH<<SITI<AMINAH").name, "SITI AMINAH CONTOH").verdict is Verdict.SAME


@pytest.mark.parametrize(("digit", "letter"), [("0", "O"), ("1", "I"), ("8", "B"), ("5", "S"), ("2", "Z"), ("6", "G")])
def test_letters_for_digits_are_repaired(digit: str, letter: str) -> None:
    """In the number, in the date and in the check digits."""
    number = f"X1{digit}34{digit}67"
    good = _second(number, birth=f"90061{digit}")
    for at, char in enumerate(good):
        if char == digit and at not in {1, *range(10, 13), *range(28, 42)}:
            zone = read_zone(_first("CONTOH"), _put(good, at, letter))
            assert (zone.confidence, zone.number, zone.birth) == (REPAIRED, number, f"90061{digit}")


@pytest.mark.parametrize(
    ("number", "misread"), [("X9900123", "X99OO123"), ("X9922123", "X99ZZ123"), ("X9000010", "X9OOOO1O")]
)
def test_misread_digits_whose_faults_cancel_out_are_repaired(number: str, misread: str) -> None:
    """Both readings have the same check digits: weights 7 and 3 make ten of any fault that both share."""
    zone = read_zone(_first("CONTOH"), misread.ljust(9, "<") + _second(number)[9:])
    assert (zone.confidence, zone.number) == (REPAIRED, number)


@given(st.from_regex(r"[A-Z][0-9]{7}", fullmatch=True), st.sets(st.integers(2, 7)))
def test_no_digits_read_as_letters_make_another_number(number: str, misread: set[int]) -> None:
    """Nobody is taken for somebody else, however many of the digits look like letters."""
    letters = str.maketrans("018526", "OIBSZG")
    read = "".join(char.translate(letters) if at in misread else char for at, char in enumerate(number))
    assert read_zone(_first("CONTOH"), read.ljust(9, "<") + _second(number)[9:]).number == number


@pytest.mark.parametrize("filler", "KC")
def test_a_filler_of_the_number_is_repaired(filler: str) -> None:
    zone = read_zone(_first("CONTOH"), _put(_second(), 8, filler))
    assert (zone.confidence, zone.number) == (REPAIRED, "X1234567")


def test_digits_in_a_name_and_a_country_are_letters() -> None:
    zone = read_zone("P<1DNC0NT0H<<51T1".ljust(LINE, "<"), _second())
    assert (zone.confidence, zone.issuer, zone.name) == (REPAIRED, "IDN", "SITI CONTOH")
    assert read_zone(_first("CONTOH"), _put(_second(), 10, "1")).nationality == "IDN"


def test_a_foreign_number_is_opaque_and_repaired_only_when_one_way_fits() -> None:
    good = _second("AB123O567", nationality="UTO")
    zone = read_zone(_first("CONTOH", "UTO"), _put(good, 5, "0"))
    assert zone.number in {"AB123O567", None}


def test_a_wrong_digit_is_no_confusion() -> None:
    assert read_zone(_first("CONTOH"), _put(_second(), 3, "9")) == UNREADABLE


def test_every_single_digit_that_is_misread_is_noticed() -> None:
    """A number is never another number with confidence: digits differ by less than ten."""
    good = _second()
    for at, char in product(range(1, 8), "0123456789"):
        if good[at] != char:
            assert read_zone(_first("CONTOH"), _put(good, at, char)).number is None


def test_a_wrong_composite_digit_is_unreadable() -> None:
    good = _second()
    assert read_zone(_first("CONTOH"), _put(good, 43, str((int(good[43]) + 1) % 10))) == UNREADABLE


def test_an_unknown_date_of_birth_stays_one() -> None:
    assert read_zone(_first("CONTOH"), _second(birth="90<<<<")).birth == "90<<<<"


def test_a_personal_number_and_its_fillers() -> None:
    assert read_zone(_first("CONTOH"), _second(personal="AB12345")).personal_number == "AB12345"
    good = _second()
    assert read_zone(_first("CONTOH"), good[:28] + "K" * 14 + good[42:]).personal_number is None
    assert read_zone(_first("CONTOH"), _put(good, 42, "<")).confidence is READ


def test_lines_that_lost_spaces_and_fillers() -> None:
    assert read_zone(_first("CONTOH<<SITI<AMINAH<BUDI<LESTARI")[:-6], _second()).confidence is READ
    assert read_zone(" ".join(_first("CONTOH")), _second().lower()).number == "X1234567"


def test_a_zone_shows_its_confidence_only() -> None:
    assert f"{read_zone(*SPECIMEN)!r} {read_zone(*SPECIMEN)}" == "Zone(READ) Zone(READ)"


lines = st.text(max_size=60) | st.text("ABCK0158<", min_size=40, max_size=46)


@given(first=lines, second=lines)
def test_any_two_lines(first: str, second: str) -> None:
    zone = read_zone(first, second)
    assert (zone.number is None) == (zone.confidence is Confidence.UNREADABLE)
    assert (zone.name is None) == (zone.confidence in {Confidence.UNREADABLE, Confidence.NAME_UNREADABLE})


@given(name=st.text("ABCK<", max_size=39), at=st.integers(0, LINE - 1), char=st.characters())
def test_one_character_of_a_good_line_in_any_shape(name: str, at: int, char: str) -> None:
    read_zone(_put(_first(name), at, char), _second())
    zone = read_zone(_first(name), _put(_second(), at, char))
    read = _put("X1234567<", at, char.upper()[:1] or "<") if at < 9 else ""
    assert zone.number in {"X1234567", None} or check_digit(read) == check_digit("X1234567<"), "ten or twenty apart"
