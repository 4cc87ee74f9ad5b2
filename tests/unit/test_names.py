"""Names: innocent ways of writing one are one name, other people's names are not, and a sketch says what the name says."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.births import BirthAgreement, compare_births, stand_in
from schemas.likeness import StrongId, alike
from schemas.names import (
    IDENTICAL,
    NOT_COMPARABLE,
    Comparison,
    NameReason,
    Verdict,
    compare,
    compare_sketches,
    normalise,
    sketch,
    stored_sketch,
)

KEY = b"only for tests: thirty-two bytes"
SAME, REVIEW, DIFFERENT = Verdict.SAME, Verdict.REVIEW, Verdict.DIFFERENT
LONG = "Abimanyu Darmawan Kusumawardani Mangkunegara Wibisono"

ROWS: list[tuple[str, str, str, Verdict, tuple[NameReason, ...]]] = [
    ("case, accents and apostrophes", "Ai'nun", "AÏNUN", SAME, ()),
    ("old spelling", "SOEHARTO", "SUHARTO", SAME, ()),
    ("old spelling throughout", "DJOKO SOETJIPTO", "JOKO SUCIPTO", SAME, ()),
    ("J and Y", "JUSUF", "YUSUF", SAME, ()),
    ("SJ and SY", "SJAFRIL", "SYAFRIL", SAME, ()),
    ("CH, KH and H", "ACHMAD", "AHMAD", SAME, ()),
    ("NJ and NY", "NJOMAN", "NYOMAN", SAME, ()),
    ("a doubled letter", "HASSAN BASRI", "HASAN BASRI", SAME, ()),
    ("M. for Muhammad", "M. FIRMAN", "MOCHAMMAD FIRMAN", SAME, ()),
    ("MOH and MUH", "MOH ILHAM", "MUH. ILHAM", SAME, ()),
    ("SITI", "SITTI AMINAH", "ST. AMINAH", SAME, ()),
    ("NOER", "NOER HAYATI", "NOOR HAYATI", SAME, ()),
    ("ABDUL split", "ABDUL AZIZ", "ABDULAZIZ", SAME, ()),
    ("ABDUL with a sun letter", "ABD. RAHMAN", "ABDURRACHMAN", SAME, ()),
    ("BIN in the middle", "AHMAD BIN YUSUF", "AHMAD YUSUF", SAME, ()),
    ("titles and degrees", "Hj. Siti Rahma, S.Pd., M.M.", "SITI RAHMA", SAME, ()),
    ("a degree without a comma", "BUDI CONTOH S.E.", "BUDI CONTOH", SAME, ()),
    ("Balinese I", "I WAYAN SUDARMA", "WAYAN SUDARMA", SAME, ()),
    ("Balinese GUSTI", "NI GUSTI AYU CONTOH", "AYU CONTOH", SAME, ()),
    ("Balinese IDA", "IDA BAGUS CONTOH", "BAGUS CONTOH", SAME, ()),
    ("IDA as a name", "IDA LESTARI", "ANI LESTARI", DIFFERENT, (NameReason.OTHER_NAME,)),
    ("Bugis ANDI", "ANDI TENRI CONTOH", "TENRI CONTOH", SAME, (NameReason.PREFIX_LEFT_OUT,)),
    ("ANDI as a name", "ANDI CONTOH", "RUDI CONTOH", DIFFERENT, (NameReason.OTHER_NAME,)),
    ("a father's name behind", "SITI AMINAH", "SITI AMINAH BINTI YUSUF", SAME, (NameReason.PATRONYMIC_ADDED,)),
    ("one space", "NURHAYATI CONTOH", "NUR HAYATI CONTOH", SAME, (NameReason.JOINED,)),
    ("one space, one letter shared", "NURRAHMA", "NUR RAHMA", SAME, (NameReason.JOINED,)),
    ("cut at 34", LONG, LONG[:34], SAME, (NameReason.TRUNCATED,)),
    ("not cut, only shorter", "BUDI CONTOH WIBISONO", "BUDI CONTOH WIB", DIFFERENT, (NameReason.OTHER_NAME,)),
    ("an MRZ", "BUDI CONTOH", "CONTOH<<BUDI<<<<<<<<<<", SAME, (NameReason.REORDERED,)),
    ("one letter", "RIZKI CONTOH", "RISKI CONTOH", REVIEW, (NameReason.SPELLING,)),
    ("one letter between well-known names", "RIZKI CONTOH", "RIZKA CONTOH", DIFFERENT, (NameReason.OTHER_NAME,)),
    ("two letters in two words", "RIZKI WARDHANA", "RIZLI WARDHAMA", DIFFERENT, (NameReason.OTHER_NAME,)),
    ("letters swapped", "KUSUMAWARDANI", "KUSUAMWARDANI", REVIEW, (NameReason.SPELLING,)),
    ("an initial", "A WARDHANA", "AGUS WARDHANA", REVIEW, (NameReason.INITIAL,)),
    ("another initial", "B WARDHANA", "AGUS WARDHANA", DIFFERENT, (NameReason.OTHER_NAME,)),
    ("an initial alone", "A", "AGUS", DIFFERENT, (NameReason.OTHER_NAME,)),
    ("DWI and DEWI", "DWI LESTARI", "DEWI LESTARI", DIFFERENT, (NameReason.OTHER_NAME,)),
    ("a single name and more", "SUHARTO", "SUHARTO CONTOH", REVIEW, (NameReason.MONONYM,)),
    ("a child of its father", "BUDI CONTOH", "RATNA BUDI CONTOH", REVIEW, (NameReason.PART_MISSING,)),
    ("a single name behind another", "CONTOH", "BUDI CONTOH", REVIEW, (NameReason.MONONYM, NameReason.PART_MISSING)),
    ("two short names", "ANI", "ADI", DIFFERENT, (NameReason.OTHER_NAME,)),
    ("another alphabet", "李 小龍", "李 小龍", SAME, ()),
]


def _sketched(one: str, other: str) -> Comparison:
    return compare_sketches(sketch(KEY, one), sketch(KEY, other))


@pytest.mark.parametrize(("one", "other", "verdict", "reasons"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_pairs(one: str, other: str, verdict: Verdict, reasons: tuple[NameReason, ...]) -> None:
    for found in (compare(one, other), compare(other, one), _sketched(one, other), _sketched(other, one)):
        assert (found.verdict, found.reasons) == (verdict, reasons)


@pytest.mark.parametrize("name", ["Suharto", "Sukarno", "Ani"])
def test_br019_a_single_name_is_a_whole_name(name: str) -> None:
    assert len(normalise(name).tokens) == 1
    assert compare(name, name.upper()) == IDENTICAL
    assert len(sketch(KEY, name)) == 1


@pytest.mark.parametrize(
    "ticket", ["FNU CONTOH", "CONTOH LNU", "LNU/CONTOH MR", "LNU/CONTOHMRS", "CONTOH MRS", "MS CONTOH", "CONTOH CONTOH"]
)
def test_br020_what_a_booking_adds_is_no_name(ticket: str) -> None:
    assert compare("CONTOH", ticket) == IDENTICAL
    assert compare("SAZALI CONTOH", "CONTOH/SAZALIMR").verdict is SAME


def test_br020_a_name_that_ends_like_a_courtesy_stays_whole() -> None:
    assert normalise("CONTOHMR").tokens == ("CONTOHMR",)
    assert normalise("MR").tokens == ()


def test_br022_another_order_is_allowed_but_scores_lower() -> None:
    swapped = compare("BUDI CONTOH", "CONTOH BUDI")
    assert swapped.verdict is SAME
    assert swapped.score < compare("BUDI CONTOH", "BUDI CONTOH").score
    assert swapped.reasons == (NameReason.REORDERED,)


def test_br023_a_date_lifts_no_name() -> None:
    born = compare_births(date(1990, 6, 5), date(1990, 6, 5))
    assert alike(compare("BUDI CONTOH", "AGUS CONTOH"), born, StrongId.UNKNOWN) is DIFFERENT
    assert alike(NOT_COMPARABLE, born, StrongId.UNKNOWN) is Verdict.UNKNOWN
    assert alike(IDENTICAL, BirthAgreement.UNKNOWN, StrongId.UNKNOWN) is Verdict.UNKNOWN


@pytest.mark.parametrize("day", [date(1980, 1, 1), date(1980, 7, 1)])
def test_br025_a_stand_in_date_weighs_little(day: date) -> None:
    assert stand_in(day)
    assert compare_births(day, day) is BirthAgreement.EQUAL_STAND_IN
    assert compare_births(day, date(1980, 6, 5)) is BirthAgreement.SAME_YEAR_STAND_IN
    assert alike(IDENTICAL, compare_births(day, day), StrongId.UNKNOWN) is REVIEW


@pytest.mark.parametrize(
    ("left", "right", "agreement"),
    [
        (date(1990, 6, 5), date(1990, 6, 5), BirthAgreement.EQUAL),
        (date(1990, 6, 5), date(1990, 5, 6), BirthAgreement.DAY_AND_MONTH_SWAPPED),
        (date(1990, 6, 5), date(1991, 6, 5), BirthAgreement.YEAR_OFF_BY_ONE),
        (date(1974, 6, 5), date(1979, 6, 5), BirthAgreement.DIFFERENT),
        (date(1990, 6, 5), None, BirthAgreement.UNKNOWN),
        (None, None, BirthAgreement.UNKNOWN),
    ],
)
def test_two_dates_of_birth(left: date | None, right: date | None, agreement: BirthAgreement) -> None:
    assert compare_births(left, right) is compare_births(right, left) is agreement


@pytest.mark.parametrize("nothing", [None, "", "  ", "-", "FNU LNU", "TANPA NAMA", "NO NAME", "LNU"])
def test_br026_missing_is_no_evidence(nothing: str | None) -> None:
    """Neither against a name nor against another missing one."""
    assert compare(nothing, nothing) == compare("CONTOH", nothing) == NOT_COMPARABLE
    assert sketch(KEY, nothing or "") == []
    assert compare_sketches([], []) == compare_sketches(sketch(KEY, "CONTOH"), []) == NOT_COMPARABLE


def test_br028_a_different_number_pulls_down_unless_it_is_a_renewal() -> None:
    born = BirthAgreement.EQUAL
    assert alike(IDENTICAL, born, StrongId.DIFFERENT) is REVIEW
    assert alike(compare("SUHARTO", "SUHARTO CONTOH"), born, StrongId.DIFFERENT) is DIFFERENT
    assert alike(IDENTICAL, born, StrongId.SUCCESSIVE) is SAME
    assert alike(compare("BUDI", "SUHARTO"), born, StrongId.EQUAL) is REVIEW


def test_br034_siblings_share_a_father_and_stay_two() -> None:
    mothers = compare("SITI CONTOH", "SITI CONTOH")
    siblings = compare("RIZKI BUDI CONTOH", "RATNA BUDI CONTOH", mothers=mothers)
    assert siblings.verdict is DIFFERENT
    assert alike(siblings, BirthAgreement.EQUAL, StrongId.DIFFERENT) is DIFFERENT


def test_a_mother_lifts_a_single_name_that_stands_first() -> None:
    mothers = compare("AMINAH", "AMINAH")
    lifted = compare("SUHARTO", "SUHARTO CONTOH", mothers=mothers)
    assert (lifted.verdict, lifted.reasons) == (SAME, (NameReason.MONONYM, NameReason.SAME_MOTHER))
    assert compare("CONTOH", "BUDI CONTOH", mothers=mothers).verdict is REVIEW
    assert compare("SUHARTO", "SUHARTO CONTOH", mothers=NOT_COMPARABLE).verdict is REVIEW


def test_a_sketch_shows_no_letters_and_needs_its_key() -> None:
    one = sketch(KEY, "BUDI CONTOH")
    assert one == sketch(KEY, "Budi  Contoh")
    assert one != sketch(KEY + b"!", "BUDI CONTOH")
    assert not {"BUDI", "CONTOH"} & {token.strip("!?~") for token in one}
    assert "CONTOH" not in repr(normalise("CONTOH"))


@pytest.mark.parametrize("value", [None, True, 3, "!abc", {"a": 1}])
def test_what_is_no_stored_sketch_is_missing(value: object) -> None:
    assert stored_sketch(value) == []
    assert stored_sketch(["ab", 3]) == ["ab"]


@given(one=st.text(max_size=60), other=st.text(max_size=60))
def test_any_two_texts(one: str, other: str) -> None:
    """Never an error, always symmetric, and a name is like itself."""
    for found, back in (
        (compare(one, other), compare(other, one)),
        (_sketched(one, other), _sketched(other, one)),
    ):
        assert found.verdict is back.verdict
        assert 0 <= found.score <= 1
    assert compare(one, one) in {IDENTICAL, NOT_COMPARABLE}
    assert _sketched(one, one) == compare(one, one)


words = st.sampled_from(
    ["BUDI", "ANDI", "MUHAMMAD", "M", "SITI", "RIZKI", "RISKI", "DWI", "DEWI", "NUR", "HAYATI", "NURHAYATI"]
)


@given(one=st.lists(words, max_size=5).map(" ".join), other=st.lists(words, max_size=5).map(" ".join))
def test_names_of_like_words_in_any_order(one: str, other: str) -> None:
    assert compare(one, other).verdict is compare(other, one).verdict


@given(junk=st.lists(st.text(max_size=8), max_size=5))
def test_any_list_is_a_sketch_of_something(junk: list[str]) -> None:
    """What another version wrote, or nobody, raises nothing."""
    compare_sketches(junk, sketch(KEY, "BUDI CONTOH"))
    compare_sketches(sketch(KEY, "A"), junk)
