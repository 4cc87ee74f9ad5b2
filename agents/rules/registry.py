"""IDENTITY: numbers of the registry that contradict each other, or the papers made with them."""

from agents.holder import ENDINGS
from agents.rules import numbers
from agents.rules.rule import Rule, says
from schemas.alerts import Family, Role, Strength, TriggerKind
from schemas.envelope import System
from schemas.facts import GATHERED
from schemas.outcomes import GroundCode

REGISTRY: tuple[Rule, ...] = (
    Rule(
        id="two_identities_one_person",
        number=11,
        version=1,
        family=Family.IDENTITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.REGISTRY, TriggerKind.APPLICATION, TriggerKind.ATTEMPT}),
        needs=(System.DUKCAPIL, System.SIMKIM),
        absence=False,
        why=says(
            "Dua NIK aktif tampak milik satu orang.",
            "Two active NIKs appear to belong to one person.",
        ),
        innocent=(
            says("Saudara kembar.", "A twin."),
            says(
                "Data ganda di catatan kependudukan yang belum dibersihkan; bukan kesalahan orangnya.",
                "A duplicate that the registry has not cleaned up; not the person's mistake.",
            ),
            says(
                "Orang lain dengan nama dan tanggal lahir yang sama.",
                "Somebody else of the same name and date of birth.",
            ),
        ),
        clears=(
            says("Pencocokan sidik jari.", "A comparison of fingerprints."),
            says(
                "Penonaktifan nomor yang keliru oleh Dukcapil; perjalanan tidak perlu tertunda karena kesalahan negara.",
                "Dukcapil switches the wrong number off; nobody should lose the day for the state's error.",
            ),
        ),
        questions=(
            says(
                "Apakah Anda pernah didaftarkan dengan nomor atau nama lain?",
                "Were you ever registered under another number or name?",
            ),
            says("Apakah Anda punya saudara kembar?", "Do you have a twin?"),
        ),
        grounds=(GroundCode.NO_VALID_DOCUMENT, GroundCode.UNTRUE_STATEMENT),
        recipients=(Role.SUPERVISOR, Role.PASSPORT_OFFICE, Role.DUKCAPIL, Role.COORDINATOR),
        judge=numbers.two_identities,
        only_with=frozenset({GATHERED}),
    ),
    Rule(
        id="possible_same_person",
        number=11,
        version=1,
        family=Family.IDENTITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.APPLICATION}),
        needs=(System.DUKCAPIL, System.SIMKIM),
        absence=False,
        why=says(
            "Nomor lain tercatat dengan nama, nama ibu, dan tanggal lahir yang sama; mungkin orang yang sama.",
            "Another number has the same name, mother's name and date of birth; it may be the same person.",
        ),
        innocent=(
            says("Nama umum: dua orang yang berbeda.", "Common names: two different people."),
            says("Data ganda di catatan kependudukan.", "A duplicate in the registry."),
        ),
        clears=(
            says("Pencocokan wajah atau sidik jari oleh Dukcapil.", "A comparison of face or finger by Dukcapil."),
        ),
        questions=(
            says("Apakah Anda pernah didaftarkan dengan nomor lain?", "Were you ever registered under another number?"),
            says("Apakah Anda pernah punya paspor sebelumnya?", "Have you had a passport before?"),
        ),
        grounds=(GroundCode.UNTRUE_STATEMENT,),
        recipients=(Role.PASSPORT_OFFICE, Role.DUKCAPIL),
        judge=numbers.possible_same_person,
        only_with=frozenset({GATHERED}),
    ),
    Rule(
        id="identity_conflict",
        number=11,
        version=1,
        family=Family.IDENTITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.REGISTRY}),
        needs=(System.DUKCAPIL, System.SIMKIM),
        absence=False,
        why=says(
            "Satu NIK tercatat untuk dua orang, atau satu paspor untuk dua NIK.",
            "One NIK is on record for two people, or one passport for two NIKs.",
        ),
        innocent=(
            says("Nomor salah diketik di salah satu kantor.", "A number keyed wrongly in one of the offices."),
            says(
                "Perbaikan data yang belum sampai ke semua sistem.", "A correction that has not reached every system."
            ),
        ),
        clears=(
            says(
                "Pencabutan catatan yang keliru oleh instansi yang menerbitkannya.",
                "The agency that made the wrong record withdraws it.",
            ),
        ),
        questions=(
            says("Catatan mana yang didukung berkas asli?", "Which of the records do original papers support?"),
            says(
                "Apakah kedua orang sudah dihubungi dan tetap dapat memakai dokumennya?",
                "Have both people been reached, and can they go on using their documents?",
            ),
        ),
        grounds=(GroundCode.NO_VALID_DOCUMENT,),
        recipients=(Role.DUKCAPIL, Role.PASSPORT_OFFICE),
        judge=numbers.identity_conflict,
    ),
    Rule(
        id="deceased_or_inactive_nik_used",
        number=12,
        version=1,
        family=Family.IDENTITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.APPLICATION, TriggerKind.ATTEMPT}),
        needs=(System.DUKCAPIL,),
        absence=False,
        why=says(
            "Catatan kependudukan menyebut nomor ini sudah tidak aktif atau pemiliknya meninggal.",
            "The registry says that this number is inactive, or that its holder has died.",
        ),
        innocent=(
            says(
                "Kematian yang salah catat sering terjadi: orangnya hidup dan berdiri di depan Anda.",
                "Wrongly recorded deaths are common: the person is alive and stands before you.",
            ),
            says(
                "Pembersihan data ganda menghapus nomor yang keliru.",
                "The clean-up of duplicates removed the wrong number.",
            ),
        ),
        clears=(
            says(
                "Wajah atau sidik jari yang cocok: dipersilakan jalan, dan perbaikan data diajukan (3x24 jam).",
                "A matching face or finger: they go on, and a correction is asked for (3x24 hours).",
            ),
        ),
        questions=(
            says("Bolehkah kami mencocokkan wajah atau sidik jari Anda?", "May we compare your face or finger?"),
            says(
                "Pernahkah ada masalah dengan KTP atau NIK Anda?", "Has there been trouble with your KTP or NIK before?"
            ),
        ),
        grounds=(GroundCode.NO_VALID_DOCUMENT,),
        recipients=(Role.COUNTER, Role.SUPERVISOR, Role.PASSPORT_OFFICE, Role.DUKCAPIL),
        judge=numbers.deceased_or_inactive,
        only_with=frozenset(ENDINGS),
    ),
    Rule(
        id="nik_not_matching_registry",
        number=13,
        version=1,
        family=Family.IDENTITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.APPLICATION}),
        needs=(System.DUKCAPIL,),
        absence=False,
        why=says(
            "NIK tidak dikenal, atau nama dan tanggal lahirnya keduanya berbeda dari catatan kependudukan.",
            "The NIK is not known, or both the name and the date of birth differ from the registry.",
        ),
        innocent=(
            says("Salah ketik.", "A typing mistake."),
            says(
                "Wilayah yang dimekarkan sehingga kodenya berubah.", "A district that was split, so that codes changed."
            ),
            says("Nama yang ditambah untuk umrah.", "A name extended for the umrah."),
        ),
        clears=(
            says(
                "NIK yang diketik ulang dan cocok, atau kartu keluarga.",
                "A re-keyed NIK that matches, or the family card.",
            ),
        ),
        questions=(
            says("Boleh saya lihat KTP dan kartu keluarga Anda?", "May I see your KTP and family card?"),
            says(
                "Apakah nama Anda ditulis lain di dokumen lain?",
                "Is your name written differently in another document?",
            ),
        ),
        grounds=(GroundCode.UNTRUE_STATEMENT,),
        recipients=(Role.PASSPORT_OFFICE,),
        judge=numbers.not_matching_registry,
    ),
    Rule(
        id="biodata_changed_before_passport",
        number=15,
        version=1,
        family=Family.IDENTITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.APPLICATION}),
        needs=(System.DUKCAPIL,),
        absence=False,
        why=says(
            "Tanggal lahir, atau nama beserta orang tua, diubah belum lama ini tanpa penetapan pengadilan yang tercatat.",
            "The date of birth, or the name and a parent, was changed lately, and no court order is on record.",
        ),
        innocent=(
            says("Perbaikan data yang sah.", "A legitimate correction."),
            says("Pengangkatan anak.", "An adoption."),
            says("Perkawinan.", "A marriage."),
        ),
        clears=(
            says(
                "Penetapan pengadilan atau akta yang mendasari perubahan.",
                "The court order or certificate behind the change.",
            ),
        ),
        questions=(
            says("Apa yang diperbaiki pada data Anda, dan mengapa?", "What was corrected in your data, and why?"),
            says("Siapa yang mengurus perubahan itu?", "Who arranged that change?"),
        ),
        grounds=(GroundCode.UNTRUE_STATEMENT,),
        recipients=(Role.PASSPORT_OFFICE,),
        judge=numbers.biodata_changed,
    ),
    Rule(
        id="new_adult_nik",
        number=15,
        version=1,
        family=Family.IDENTITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.APPLICATION}),
        needs=(System.DUKCAPIL,),
        absence=False,
        why=says(
            "NIK baru dibuat saat pemiliknya sudah besar, tanpa berkas kelahiran terlambat atau kepulangan dari luar negeri.",
            "The NIK is new though its holder is grown up, with no file of a late birth registration or a return from abroad.",
        ),
        innocent=(
            says(
                "Pendaftaran terlambat biasa terjadi di daerah terpencil.",
                "Late registration is common in remote areas.",
            ),
            says("Anak pekerja migran yang lahir di luar negeri.", "A child of migrant workers, born abroad."),
        ),
        clears=(
            says(
                "Surat lahir, ijazah, atau keterangan desa tentang keluarganya.",
                "A birth letter, a school certificate, or the village's word on the family.",
            ),
        ),
        questions=(
            says("Di mana Anda tinggal sebelum punya KTP?", "Where did you live before you had a KTP?"),
            says("Siapa yang membantu membuat NIK Anda?", "Who helped you to get your NIK?"),
        ),
        grounds=(GroundCode.UNTRUE_STATEMENT,),
        recipients=(Role.PASSPORT_OFFICE,),
        judge=numbers.new_adult,
    ),
    Rule(
        id="mother_name_mismatch",
        number=15,
        version=1,
        family=Family.IDENTITY,
        strength=Strength.WEAK,
        triggers=frozenset({TriggerKind.APPLICATION}),
        needs=(System.DUKCAPIL,),
        absence=False,
        why=says(
            "Nama ibu pada permohonan berbeda dari catatan kependudukan; sendirian tidak berarti apa-apa.",
            "The mother's name in the application differs from the registry; alone it means nothing.",
        ),
        innocent=(
            says("Nama ibu paling sering salah ketik.", "Mothers' names are the worst-keyed field."),
            says("Nama ibu tiri atau wali yang ditulis.", "A stepmother's or guardian's name was written."),
        ),
        clears=(says("Akta kelahiran atau kartu keluarga.", "The birth certificate or the family card."),),
        questions=(
            says("Siapa nama ibu kandung Anda?", "What is your mother's name?"),
            says("Siapa yang mengisi formulir ini?", "Who filled in this form?"),
        ),
        grounds=(GroundCode.UNTRUE_STATEMENT,),
        recipients=(Role.PASSPORT_OFFICE,),
        judge=numbers.mother_differs,
    ),
)
