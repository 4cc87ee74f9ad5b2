"""What a terminal says by itself, Indonesian first. Short enough to be read while a traveller stands there."""

from enum import StrEnum
from typing import Final

from schemas.alerts import Severity
from streams.counter.seen import Said


class Language(StrEnum):
    """Of everything shown."""

    ID = "id"
    EN = "en"


def say(text: Said, language: Language) -> str:
    """A text in the language asked for."""
    return text.id if language is Language.ID else text.en


SHAPES: Final = {Severity.LOW: "○", Severity.MEDIUM: "◆", Severity.HIGH: "▲", Severity.CRITICAL: "■"}
"""A severity is told by its word and its shape, so that nobody needs colours."""
SEVERITIES: Final = {
    Severity.LOW: Said(id="RENDAH", en="LOW"),
    Severity.MEDIUM: Said(id="SEDANG", en="MEDIUM"),
    Severity.HIGH: Said(id="TINGGI", en="HIGH"),
    Severity.CRITICAL: Said(id="KRITIS", en="CRITICAL"),
}
STEPS: Final = {
    Severity.LOW: Said(id="Tidak ada yang perlu dilakukan di sini.", en="Nothing to do here."),
    Severity.MEDIUM: Said(
        id="Ajukan dua pertanyaan ini dengan ramah, lalu putuskan.", en="Ask these two questions kindly, then decide."
    ),
    Severity.HIGH: Said(
        id="Antar dengan tenang ke pemeriksaan lanjutan; pelintas tidak dituduh.",
        en="Bring the traveller quietly to secondary inspection; nobody is accused.",
    ),
    Severity.CRITICAL: Said(
        id="Antar dengan tenang ke pemeriksaan lanjutan sekarang; koordinator piket ikut dipanggil.",
        en="Bring the traveller quietly to secondary inspection now; the coordinator on call is paged too.",
    ),
}
"""For a role that may not know why: what to do, in one sentence (domain 4.2 and 5.4)."""
NEUTRAL: Final = (
    Said(id="Ke mana tujuan akhir perjalanan Anda?", en="Where are you going finally?"),
    Said(id="Apa rencana Anda pada tiga hari pertama?", en="What will you do the first three days?"),
)
"""The same as the gateway sends when a counter may not know why; here for when no gateway answers."""

NOTHING: Final = Said(id="TIDAK ADA TEMUAN", en="NOTHING FOUND")
NOTHING_STEP: Final = Said(id="Lanjutkan pemeriksaan seperti biasa.", en="Go on with the usual check.")
UNDETERMINED: Final = Said(id="BELUM TERJAWAB", en="UNDETERMINED")
UNDETERMINED_STEP: Final = Said(
    id="Data belum cukup untuk menjawab; ajukan dua pertanyaan ini, lalu putuskan.",
    en="The data cannot answer yet; ask these two questions, then decide.",
)
OFFLINE: Final = Said(id="offline: belum terjawab", en="offline: not answered yet")
OFFLINE_STEP: Final = Said(
    id="Tidak ada sambungan; ajukan dua pertanyaan ini, lalu putuskan. Percobaan dikirim bila tersambung.",
    en="No connection; ask these two questions, then decide. The attempt is sent when the line is back.",
)
REFUSED: Final = Said(id="TIDAK DITERIMA", en="NOT ACCEPTED")
REFUSED_STEP: Final = Said(
    id="Gateway tidak menerima percobaan ini; beri tahu pengawas sistem.",
    en="The gateway does not accept this attempt; tell the operator of the system.",
)
TO_A_COUNTER: Final = Said(id="arahkan ke konter", en="route to a counter")
"""All that a gate says: quietly, as for a bad scan."""

STATES: Final = {
    "ACKNOWLEDGED": Said(id="sudah dilihat", en="seen"),
    "IN_SECONDARY": Said(id="di pemeriksaan lanjutan", en="in secondary inspection"),
}
"""What officers have said of an open alert."""
ASK: Final = Said(id="Tanyakan", en="Ask")
CLEARS: Final = Said(id="Yang menjernihkan", en="What clears it")
LOWERED: Final = Said(
    id="Data tidak lengkap; keparahan sudah diturunkan satu tingkat.",
    en="Data is incomplete; the severity was lowered by one.",
)
SILENT: Final = Said(id="{source} senyap {for_}", en="{source} silent for {for_}")
NEVER_HEARD: Final = Said(id="{source} belum pernah terdengar", en="{source} has never been heard")
LEFT: Final = Said(id="sisa {minutes} mnt", en="{minutes} min left")
OVER: Final = Said(id="waktu habis", en="time is over")
MINUTES: Final = Said(id="{minutes} mnt", en="{minutes} min")
HOURS: Final = Said(id="{hours} jam {minutes} mnt", en="{hours} h {minutes} min")
LATE: Final = Said(
    id="Jawaban terlambat: orangnya sudah melewati konter", en="Late answers: the traveller has passed the counter"
)
DEPARTED: Final = Said(id="jadwal berangkat {at} sudah lewat", en="was to leave at {at}")
"""Of the service. Whether the traveller was on it, nobody here knows."""
BOARDS: Final = Said(id="berangkat {at}", en="leaves at {at}")
PASSED: Final = Said(id="sudah lewat konter", en="has passed the counter")
QUIET: Final = Said(id="Tenang: tidak ada yang perlu ditanyakan.", en="Quiet: nothing to ask.")
CONNECTED: Final = Said(id="tersambung", en="connected")
STALE: Final = Said(
    id="gateway menunggu datanya; layar mungkin tertinggal", en="the gateway waits for its data; the screen may lag"
)
CUT: Final = Said(id="offline sejak {at}", en="offline since {at}")
WAITING: Final = Said(id="{count} percobaan menunggu", en="{count} attempts wait")
GAP: Final = Said(
    id="Jeda {since}–{until}: layar dilengkapi dari keadaan sekarang.",
    en="Gap {since}–{until}: the screen was filled from what is open now.",
)
UNREADABLE: Final = Said(
    id="{count} pesan tak terbaca: perbarui program ini.", en="{count} messages cannot be read: update this program."
)
KEYS: Final = Said(
    id="↑↓ pilih · a sudah saya lihat · t jawaban terlambat · e English · q keluar",
    en="↑↓ select · a I have seen it · t late answers · e Indonesia · q quit",
)
