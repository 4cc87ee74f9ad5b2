"""Identifiers: what is accepted, what joins, and what never shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.identity import (
    Email,
    Identifier,
    KkNo,
    Nik,
    PassportNo,
    Phone,
    RecruiterName,
    SubjectKind,
    kind_of,
    pseudonym,
    subject,
)
from schemas.nik import usable_nik

KEY = b"only for tests: thirty-two bytes"
NIK = TypeAdapter(Nik)
PASSPORT = TypeAdapter(PassportNo)
PHONE = TypeAdapter(Phone)


@pytest.mark.parametrize(
    "nik",
    ["0000000000000000", "1111111111111111", "9999999999999999", "1234567890123456", "0123456789012345"],
)
def test_br001_a_placeholder_is_never_a_join_key(nik: str) -> None:
    """Accepted as text, since the event is real, and joined with nothing."""
    assert NIK.validate_python(nik) == nik
    assert not usable_nik(nik)


@pytest.mark.parametrize("nik", ["9901010101900000", "9901010000000001"])
def test_br001_no_serial_and_no_date_of_birth(nik: str) -> None:
    """Serial 0000 and a date of zeros are what registries type when there is none."""
    assert not usable_nik(nik)


@pytest.mark.parametrize("day", [*range(1, 32), *range(41, 72)])
def test_br010_every_day_of_birth_is_a_usable_nik(day: int) -> None:
    """Days 1 to 31, and 41 to 71 for women; day 10 is not a placeholder."""
    nik = f"990101{day:02d}01900001"
    assert NIK.validate_python(nik) == nik
    assert usable_nik(nik)


@pytest.mark.parametrize("value", [9901014501900001, 9901014501900001.0, True, None, ["9901014501900001"]])
def test_br005_a_nik_is_text(value: object) -> None:
    """A number has lost its last digits or its leading zero before we see it."""
    with pytest.raises(ValidationError):
        NIK.validate_python(value)


@pytest.mark.parametrize("value", ["9.90101450190000E+15", "9.9e15", "9901014501900001.0", "9901014501900001."])
def test_br005_a_spreadsheet_rounds(value: str) -> None:
    """Exponents and decimals say by name that a spreadsheet was here."""
    with pytest.raises(ValidationError, match="nik_rounded"):
        NIK.validate_python(value)


@pytest.mark.parametrize("value", ["", "990101450190000", "99010145019000011", "99010145019O0001", "٩٩٠١٠١٤٥٠١٩٠٠٠٠١"])
def test_a_nik_is_sixteen_ascii_digits(value: str) -> None:
    """Not fifteen, not seventeen, no letter O, no digits of another script."""
    with pytest.raises(ValidationError):
        NIK.validate_python(value)


def test_a_nik_may_carry_the_spaces_of_a_form() -> None:
    """Around it, not inside."""
    assert NIK.validate_python(" 9901014501900001 ") == "9901014501900001"
    with pytest.raises(ValidationError):
        NIK.validate_python("9901 0145 0190 0001")


@pytest.mark.parametrize("written", ["x1234567", "X 1234567", "X-1234567", "X1234567<", " X1234567\t"], ids=repr)
def test_a_passport_number_is_one_however_it_is_read(written: str) -> None:
    """Case, spaces, hyphens and MRZ fillers do not make another document."""
    assert PASSPORT.validate_python(written) == "X1234567"


@pytest.mark.parametrize("written", ["", "X1", "X123456789", "X12345É7", 1234567])
def test_what_is_no_passport_number(written: object) -> None:
    """Six to nine of A-Z and 0-9, as text."""
    with pytest.raises(ValidationError):
        PASSPORT.validate_python(written)


@pytest.mark.parametrize(
    "written", ["084000000001", "6284000000001", "+6284000000001", "0840-0000-0001", "+62 840 0000 0001"]
)
def test_a_telephone_number_is_one_however_it_is_written(written: str) -> None:
    """E.164, Indonesian when it names no country."""
    expected = "+6284000000001"
    assert PHONE.validate_python(written) == expected


def test_a_foreign_telephone_number_stays_foreign() -> None:
    """A number with a country code keeps it."""
    assert PHONE.validate_python("+60 12-345 6789").startswith("+60")


@pytest.mark.parametrize("written", ["", "112", "none", "0" * 33, "+62" + "8" * 20])
def test_what_is_no_telephone_number(written: str) -> None:
    """Refused, and the error repeats none of it."""
    with pytest.raises(ValidationError) as refused:
        PHONE.validate_python(written)
    assert not written or written not in str(refused.value.errors(include_input=False))


def test_a_blank_recruiter_is_nobody() -> None:
    """A blank name must not become one recruiter shared by all."""
    assert TypeAdapter(RecruiterName).validate_python("  Agen CONTOH ") == "agen contoh"
    with pytest.raises(ValidationError):
        TypeAdapter(RecruiterName).validate_python("   ")
    assert TypeAdapter(Email).validate_python("Contoh@Example.ORG") == "contoh@example.org"


def test_br031_an_identifier_is_issuer_type_and_value() -> None:
    """One value under another issuer or type is another identifier."""
    value = "9901014501900001"
    names = {
        pseudonym(KEY, Identifier(issuer, kind, value))
        for issuer, kind in (("dukcapil", "nik"), ("dukcapil", "kk_no"), ("kp2mi", "nik"), ("IDN", "travel_document"))
    }
    assert len(names) == 4


def test_parts_of_an_identifier_do_not_run_into_one_another() -> None:
    """Moving a letter from one part to the next makes another name."""
    assert pseudonym(KEY, Identifier("a", "bc", "d")) != pseudonym(KEY, Identifier("ab", "c", "d"))


@given(key=st.binary(min_size=16, max_size=64), value=st.text(min_size=1, max_size=40))
def test_a_pseudonym_is_fixed_and_needs_the_key(key: bytes, value: str) -> None:
    """Thirty-two hex digits, the same each time, another under another key."""
    identifier = Identifier("dukcapil", "nik", value)
    name = pseudonym(key, identifier)
    assert name == pseudonym(key, identifier)
    assert len(name) == 32
    assert set(name) <= set("0123456789abcdef")
    assert name != pseudonym(key + b"!", identifier)


def test_an_identifier_shows_no_value() -> None:
    """Neither printed nor formatted nor in a container."""
    identifier = Identifier("dukcapil", "nik", "9901014501900001")
    shown = f"{identifier} {identifier!r} {[identifier]} {identifier!s:>40}"
    assert "dukcapil/nik" in shown
    assert "9901" not in shown


@pytest.mark.parametrize("kind", SubjectKind)
def test_a_subject_says_its_kind(kind: SubjectKind) -> None:
    """The key begins with the kind and nothing else is read out of it."""
    assert kind_of(subject(kind, "a:b")) is kind


def test_a_family_card_number_has_the_form_of_a_nik() -> None:
    """Sixteen digits as text, and no subject of its own."""
    with pytest.raises(ValidationError):
        TypeAdapter(KkNo).validate_python(9901011203150001)
