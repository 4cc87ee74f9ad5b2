"""The NIK: what its digits say, what stands for nobody, and what is never a reason to refuse one."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.births import BirthAgreement
from schemas.dukcapil import ResidentRegistered
from schemas.identity import Nik
from schemas.nik import (
    UNKNOWN_BIRTH,
    Century,
    NikFault,
    NikParts,
    birth_agreement,
    birth_in,
    placeholder,
    read_nik,
    usable_kk,
    usable_nik,
    written_by_a_spreadsheet,
)

TODAY = date(2026, 11, 25)
NIK = TypeAdapter(Nik)


def _read(nik: str) -> NikParts:
    parts = read_nik(nik)
    assert isinstance(parts, NikParts)
    return parts


@pytest.mark.parametrize(
    "number",
    [
        *("", "0", "0000000000000000", " ", "1111111111111111", "9999999999999999", "1234567890123456"),
        *("0123456789012345", "9876543210987654", "9901010000900001", "0000000506900001"),
    ],
    ids=repr,
)
def test_br001_a_placeholder_is_never_a_join_key(number: str) -> None:
    assert placeholder(number)
    assert not usable_nik(number)
    assert not usable_kk(number)


def test_br001_nik_zero_is_nobody_twice() -> None:
    assert read_nik("0000000000000000") is NikFault.PLACEHOLDER
    assert read_nik("0") is NikFault.NOT_SIXTEEN_DIGITS


def test_br002_a_look_up_of_a_placeholder_says_unknown() -> None:
    assert birth_in("0000000000000000", on=TODAY) == UNKNOWN_BIRTH
    assert birth_agreement("0000000000000000", date(1990, 6, 5), on=TODAY) is BirthAgreement.UNKNOWN


def test_br004_temporary_is_what_the_registry_says() -> None:
    """Missing is *not stated*, and nothing is read out of the digits."""
    stated = [ResidentRegistered(nik="9901010506900001", temporary=one).temporary for one in (None, True, False)]
    assert stated == [None, True, False]
    assert ResidentRegistered(nik="9901010506900001").temporary is None


def test_br005_a_spreadsheet_makes_the_last_digit_a_zero() -> None:
    """Told where the result is impossible: serial 0000 behind a real date. 0010 may be real and is left alone."""
    assert read_nik("9901010506900000") is NikFault.ROUNDED
    assert usable_nik("9901010506900010")
    with pytest.raises(ValidationError, match="nik_rounded") as refused:
        NIK.validate_python("9901010506900000")
    assert "990101" not in str(refused.value.errors(include_input=False))


@pytest.mark.parametrize(
    "text", ["9.90101450190000E+15", "9,90101E+15", "9.9e15", "9901014501900001.0", "9901014501900001."]
)
def test_br005_an_exponent_or_a_decimal_point_is_a_spreadsheet_s(text: str) -> None:
    assert written_by_a_spreadsheet(text)
    assert not written_by_a_spreadsheet("9901014501900001")


@pytest.mark.parametrize("day", range(1, 32))
def test_br010_every_day_is_itself(day: int) -> None:
    man, woman = _read(f"990101{day:02}0190{1:04}"), _read(f"990101{day + 40:02}0190{1:04}")
    assert (man.day, man.woman) == (day, False)
    assert (woman.day, woman.woman) == (day, True)
    assert birth_in(f"990101{day + 40:02}01900001", on=TODAY).born == date(1990, 1, day)


@pytest.mark.parametrize(
    ("year", "registered", "born", "century"),
    [
        (10, None, date(2010, 6, 5), Century.ONLY_PLAUSIBLE),
        (90, None, date(1990, 6, 5), Century.ONLY_PLAUSIBLE),
        (20, None, date(2020, 6, 5), Century.YOUNGER),
        (20, date(1920, 6, 5), date(1920, 6, 5), Century.REGISTERED),
        (20, date(1920, 1, 1), date(1920, 6, 5), Century.REGISTERED),
        (20, date(1974, 6, 5), date(2020, 6, 5), Century.YOUNGER),
        (16, None, date(2016, 6, 5), Century.YOUNGER),
        (15, None, date(2015, 6, 5), Century.ONLY_PLAUSIBLE),
    ],
)
def test_br011_the_century_is_that_of_a_plausible_age(
    year: int, registered: date | None, born: date, century: Century
) -> None:
    found = birth_in(f"9901010506{year:02}0001", on=TODAY, registered=registered)
    assert (found.born, found.century) == (born, century)


def test_a_child_of_tomorrow_was_born_a_hundred_years_ago() -> None:
    assert birth_in("9901012611260001", on=TODAY).born == date(1926, 11, 26)
    assert birth_in("9901012511260001", on=TODAY).born == date(2026, 11, 25)


@pytest.mark.parametrize(
    "digits", ["000190", "320190", "400190", "720190", "991290", "050090", "051390", "300290", "310490"]
)
def test_what_is_no_day_of_any_century(digits: str) -> None:
    assert read_nik(f"990101{digits}0001") is NikFault.NO_SUCH_DATE


def test_a_leap_day_needs_a_leap_year_in_one_century() -> None:
    assert birth_in("9901012902000001", on=TODAY).born == date(2000, 2, 29)
    assert birth_in("9901016902040001", on=TODAY).born == date(2004, 2, 29)
    assert read_nik("9901012902010001") is NikFault.NO_SUCH_DATE


@pytest.mark.parametrize("region", ["990101", "540101", "994799", "100000"])
def test_a_region_is_never_a_reason(region: str) -> None:
    """Codes move with new provinces; East Timor's 54 stands in numbers of today."""
    assert usable_nik(f"{region}0506900001")


def test_a_date_that_differs_is_weak_and_no_reason_to_refuse() -> None:
    assert NIK.validate_python("9901010506740001")
    assert birth_agreement("9901010506740001", date(1979, 6, 5), on=TODAY) is BirthAgreement.DIFFERENT
    assert birth_agreement("9901010506740001", date(1974, 5, 6), on=TODAY) is BirthAgreement.DAY_AND_MONTH_SWAPPED
    assert birth_agreement("9901010506740001", date(1974, 6, 5), on=TODAY) is BirthAgreement.EQUAL
    assert birth_agreement("9901010506740001", None, on=TODAY) is BirthAgreement.UNKNOWN


def test_nothing_shows_a_number() -> None:
    shown = f"{_read('9901010506740001')!r} {birth_in('9901010506740001', on=TODAY)!r}"
    assert "74" not in shown
    assert "9901" not in shown


@pytest.mark.parametrize(
    "text", ["٩٩٠١٠١٠٥٠٦٩٠٠٠٠١", "99010105069000O1", "990101050690000", "9901010506900001\n"], ids=repr
)
def test_what_is_not_sixteen_ascii_digits(text: str) -> None:
    assert read_nik(text) is NikFault.NOT_SIXTEEN_DIGITS


@given(
    text=st.text(max_size=20) | st.from_regex(r"[0-9]{16}", fullmatch=True),
    on=st.dates(date(1950, 1, 1), date(2099, 1, 1)),
)
def test_any_text(text: str, on: date) -> None:
    """Never an error; a birth is never in the future and nobody is older than 110."""
    read_nik(text)
    placeholder(text)
    usable_kk(text)
    born = birth_in(text, on=on).born
    assert born is None or (born <= on and on.year - born.year <= 110)
