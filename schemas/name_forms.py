"""What a name is reduced to before names are compared: one spelling for each way in which Indonesian offices write it."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

CUT_LENGTHS: Final = frozenset({33, 34, 37, 38, 39})
"""Letters and spaces of a name that may have been cut: 34 on an Indonesian data page, 39 in the MRZ (ICAO 9303 part 4),
less the space or the double filler that a cut leaves at the end or that one space stands for."""

_NO_NAME = frozenset({"NO NAME", "NONAME", "TANPA NAMA", "TIDAK ADA", "TIDAK DIKETAHUI", "UNKNOWN", "NIHIL"})
_STAND_INS = frozenset({"FNU", "LNU", "XXX"})
_COURTESIES = frozenset({"MR", "MRS", "MS", "MISS", "MSTR", "TN", "NY", "SDR", "SDRI"})
_TITLES = frozenset(
    {"H", "HJ", "HAJI", "HAJJAH", "R", "RR", "RA", "RADEN", "DRS", "DRA", "DR", "IR", "PROF", "KH", "ALM", "ALMH"}
)
_DEGREE_LIST = "SE SH ST SKOM SPD SSOS SAG SIP SKEP SFARM SI SSI SKM MM MH MT MSI MPD MKOM MAG AMD AMK NERS LC"
_DEGREES = frozenset(_DEGREE_LIST.split())
_PATRONYM_MARKS = frozenset({"BIN", "BINTI", "BINTE", "BTE", "BT", "B", "BTI", "IBNU", "IBN"})
_BALINESE = frozenset({"I", "NI", "GUSTI"})
_AFTER_IDA = frozenset({"BAGUS", "AYU", "PEDANDA", "PUTU", "MADE", "NYOMAN", "KETUT", "WAYAN", "KADE", "KOMANG"})
_MUHAMMAD = re.compile(r"M(O|U|OE)(H|CH|KH)(A?M{1,2}[AE]D|D)?|MHD|MD")
_WORDS = {"ST": "SITI", "SITTI": "SITI", "NOOR": "NUR", "NOER": "NUR", "ACH": "AHMAD", "AKH": "AHMAD"}
_ABDUL = frozenset({"ABD", "ABDUL", "ABDU", "ABDOEL"})
_SUN_LETTER = re.compile(r"^ABDUL(?=[DLNRSTZ])")
"""The article takes the sound of a following sun letter: ABDUL RAHMAN is also written ABDURRAHMAN."""
_SPELLING: Final = tuple(
    (re.compile(old), new)
    for old, new in (
        (r"^NOOR", "NUR"),
        (r"OE", "U"),
        (r"CHR", "KR"),
        (r"^CHAND", "CAND"),
        (r"CH", "KH"),
        (r"KH", "H"),
        (r"TJ", "C"),
        (r"DJ", "J"),
        (r"I[JY](?=[AEOU]|$)", "I"),
        (r"(.)\1+", r"\1"),
        (r"[JY]", "I"),
    )
)
"""In this order. CH, KH and H become one (ACHMAD, AKHMAD, AHMAD), a doubled letter a single one. Old J is modern Y and old DJ
modern J, a name often mixes both spellings, and Y is written I and left out before vowels (RIZKY, SETYAWAN, SUPRIADI): so
J, Y and I become one, and SJ and NJ with them."""


@dataclass(frozen=True, repr=False)
class Form:
    """A normalised name: its tokens in the order given, and whether its end may have been cut off. Its text shows no name."""

    tokens: tuple[str, ...]
    cut: bool = False

    def __repr__(self) -> str:
        return f"Form({len(self.tokens)} tokens)"


NO_FORM: Final = Form(())


def normalise(name: str) -> Form:
    """The form of a name, whatever alphabet or case it is in; no tokens when the field holds a stand-in such as FNU LNU.

    Dropped: punctuation, titles, degrees, courtesies, BIN and BINTI, I, NI, GUSTI and the title IDA, a repeated name.
    """
    text = _plain(name)
    words = _words(text).split()
    if " ".join(words) in _NO_NAME:
        return NO_FORM
    cut = len(" ".join(words)) in CUT_LENGTHS
    words = _without_frame([word for word in words if word not in _STAND_INS])
    words = _without_titles_of_birth(_without_patronym_marks(words))
    tokens = [_spelled(word) for word in _joined_abdul(_families(words))]
    return Form(_once(tuple(tokens)), cut)


def spelled_as_token(word: str) -> str:
    """A single word in the spelling of a token."""
    return _spelled(word.upper())


def _plain(name: str) -> str:
    """Upper case without accents, apostrophes, degrees after a comma and an airline's courtesy glued to the given name."""
    text = name.upper() if name.isascii() else _without_accents(name).upper()
    text = re.sub(r"['’‘`ʼ]", "", text)  # noqa: RUF001 - the apostrophes that forms and phones write
    before, comma, after = text.partition(",")
    if comma and all(word in _DEGREES for word in _words(after.replace(".", "")).split()):
        text = before
    if "/" in text:
        text = re.sub(r"(?<=[A-Z]{2})(MRS|MR|MISS|MSTR)\s*$", "", text)
    return re.sub(r"(?<=\w)\s+([SM])\.\s?([A-Z]{1,4})\.?\s*$", _degree, text)


def _without_accents(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


def _degree(found: re.Match[str]) -> str:
    """`S.E.` at the end is a degree; `M. FIRMAN` is not."""
    return " " if found[1] + found[2] in _DEGREES else found[0]


def _words(text: str) -> str:
    return "".join(c if c.isalpha() else " " for c in text)


def _without_frame(words: list[str]) -> list[str]:
    """Titles and courtesies before the name, courtesies and degrees behind it; a title alone is a name, a courtesy is not."""
    first, last = 0, len(words)
    while last - first > 1 and words[first] in _TITLES | _COURTESIES:
        first += 1
    while last - first > 1 and words[last - 1] in _COURTESIES | _DEGREES:
        last -= 1
    return [] if words[first:last] and words[first] in _COURTESIES else words[first:last]


def _without_patronym_marks(words: list[str]) -> list[str]:
    """Between two names only: at the beginning B is an initial."""
    inner = [word for word in words[1:-1] if word not in _PATRONYM_MARKS]
    return [*words[:1], *inner, *words[-1:]] if len(words) > 1 else words


def _without_titles_of_birth(words: list[str]) -> list[str]:
    while len(words) > 1 and (words[0] in _BALINESE or (words[0] == "IDA" and words[1] in _AFTER_IDA)):
        words = words[1:]
    return words


def _families(words: list[str]) -> list[str]:
    return [_family(word, first=at == 0 and len(words) > 1) for at, word in enumerate(words)]


def _family(word: str, *, first: bool) -> str:
    """M stands for MUHAMMAD and ST for SITI only where a given name stands first."""
    if _MUHAMMAD.fullmatch(word) or (first and word == "M"):
        return "MUHAMMAD"
    return _WORDS.get(word, word) if first or word != "ST" else word


def _joined_abdul(words: list[str]) -> list[str]:
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in _ABDUL:
            joined[-1] = f"ABDUL{word}"
        else:
            joined.append(word)
    return [_SUN_LETTER.sub("ABDU", word) for word in joined]


def _spelled(word: str) -> str:
    for old, new in _SPELLING:
        word = old.sub(new, word)
    return word


def _once(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Where a form wants two names, a single name is written twice."""
    half = len(tokens) // 2
    if tokens[:half] == tokens[half:] and half:
        return tokens[:half]
    return tuple(token for at, token in enumerate(tokens) if at == 0 or token != tokens[at - 1])


_COMMON = """
ABDULLAH ADE ADI AGUNG AGUS AHMAD AINI AISAH AJI AKBAR ALI AMIN AMINAH AMIR ANA ANDI ANDRI ANGGA ANGGI ANI ANITA ANTON
ARI ARIF ARYA ASEP ASIH ASTUTI AYU BAMBANG BAYU BUDI CAHYA DANI DEDE DEDI DENI DESI DEWA DEWI DIAN DIDI DIMAS
DINA DINI DWI EDI EKA EKO ENDANG ENI ERNA ERNI EVA FAJAR FATIMAH FITRA FITRI GALIH GILANG GITA HADI HANDAYANI HARI
HASAN HASANAH HENDRA HENDRI HENI HERI HERU HIDAYAT HIDAYATI HUSEN HUSNA IDA IDRIS IIS IKA IMAM INDAH INDRA INTAN IRMA
IRWAN ISMAIL IWAN JOKO JONI JUNAIDI KARTIKA KARTINI KETUT KHOLIL KOMANG KUSUMA LESTARI LIA LINA LUSI MADE MARIA MARIANI
MARIATI MARYAM MAYA MEGA MUHAMMAD MULYADI MULYANI NANA NANI NENI NINA NINGSIH NITA NOVA NOVI NUR NURUL NURHAYATI
NYOMAN PERMANA PRASETYO PRATAMA PURNAMA PUTRA PUTRI PUTU RAHAYU RAHMA RAHMAN RAHMAT RAHMAWATI RAMADHAN
RAMADHANI RANI RATNA RATNO RENI RETNO RIAN RIANI RIDWAN RIKA RIKI RINA RINI RITA RIZA RIZAL RIZKA RIZKI
ROHANA ROHANI ROSA ROSI RUDI SALEH SANTI SANTOSO SAPUTRA SAPUTRI SARI SETIAWAN SETIAWATI SETYAWAN SITI SLAMET
SRI SUHARTINI SUHARTO SUKARNI SUKARNO SULASTRI SUMARNI SUMARNO SUPARMAN SUPARNI SURYA SUSANTI SUSANTO SUSILO SUTINI SUTRISNO
TINI TITIN TONI TRI TUTI UTAMA UTAMI UTOMO WAHYU WAHYUDI WAHYUNI WATI WAWAN WAYAN WIBOWO WIDODO WIJAYA WINDA YANI
YANTI YANTO YATI YOGA YUDI YULI YULIA YULIANA YULIANI YULIANTI YULIANTO YUNI YUSUF ZAINAL
"""
WELL_KNOWN: Final = frozenset(spelled_as_token(word) for word in _COMMON.split())
"""Names so common that one in place of another is another name and no slip of the pen: DWI is not DEWI, PUTRA not PUTRI.
Of spellings of one name (RIZKI and RISKI, SANTOSO and SANTOSA) one stands here, so that the other is a slip of it."""
SOMETIMES_LEFT_OUT: Final = frozenset({"ANDI"})
"""Before a Bugis name a title, elsewhere a given name: when the other side lacks it in first place, it says nothing."""
