"""PROCEDURE: leaving to work beside the route of UU 18/2017."""

from agents.case import PROCESS
from agents.rules import permits, placements
from agents.rules.rule import Rule, says
from schemas.alerts import Family, Role, Strength, TriggerKind
from schemas.envelope import System
from schemas.facts import GATHERED
from schemas.outcomes import GroundCode

_JOURNEYS = frozenset({TriggerKind.ATTEMPT, TriggerKind.MANIFEST})

PROCEDURE: tuple[Rule, ...] = (
    Rule(
        id="work_visa_without_epmi",
        number=1,
        version=3,
        family=Family.PROCEDURE,
        strength=Strength.STRONG,
        triggers=_JOURNEYS,
        needs=(System.SISKOP2MI,),
        absence=True,
        why=says(
            "Berangkat dengan visa atau tujuan bekerja, tetapi e-PMI yang berlaku untuk negara itu belum ditemukan.",
            "Leaving on a work visa or to work, and no valid e-PMI for that country has been found.",
        ),
        innocent=(
            says(
                "Kembali bekerja setelah cuti, atau kontrak diperpanjang di luar negeri.",
                "Returning to work after leave, or a contract extended abroad.",
            ),
            says(
                "Semua langkah sudah dilalui; e-PMI baru saja terbit dan belum tercatat.",
                "Every step was taken; the e-PMI was issued moments ago and is not yet recorded.",
            ),
            says(
                "Ikut pasangan, penduduk tetap, atau awak kapal.",
                "Joining a spouse, a permanent resident, or ship's crew.",
            ),
        ),
        clears=(
            says(
                "e-PMI aktif atau perpanjangan kontrak untuk negara tujuan, dicari dengan paspor dan NIK.",
                "An active e-PMI or contract extension for the destination, looked up by passport and NIK.",
            ),
            says(
                "Izin kerja yang masih berlaku dengan surat cuti kembali.",
                "A work permit that is still valid, with a return-leave letter.",
            ),
        ),
        questions=(
            says(
                "Anda akan bekerja di perusahaan apa, dan sudah punya kontrak?",
                "Which company will you work for, and do you have a contract?",
            ),
            says(
                "Apakah Anda punya e-PMI, atau sedang kembali dari cuti?",
                "Do you have an e-PMI, or are you returning from leave?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL, GroundCode.NO_VALID_DOCUMENT),
        recipients=(Role.COUNTER, Role.SUPERVISOR, Role.BP3MI),
        judge=permits.work_visa_without_epmi,
    ),
    Rule(
        id="declared_visit_but_cpmi_in_process",
        number=2,
        version=1,
        family=Family.PROCEDURE,
        strength=Strength.STRONG,
        triggers=_JOURNEYS,
        needs=(System.SIPMI, System.SISKOP2MI),
        absence=False,
        why=says(
            "Sedang dalam proses penempatan kerja ke negara ini, tetapi berangkat sebagai pengunjung.",
            "In the process of being placed for work in this country, yet leaving as a visitor.",
        ),
        innocent=(
            says("Liburan atau wawancara kerja yang sebenarnya.", "A real holiday, or a trip to an interview."),
            says("Lowongan kerjanya sudah batal.", "The job order was cancelled."),
        ),
        clears=(
            says("Pembatalan penempatan, atau e-PMI yang sudah terbit.", "A cancelled placement, or an issued e-PMI."),
            says(
                "Konfirmasi BP3MI bahwa perjalanan ini di luar proses penempatan.",
                "BP3MI confirms that this trip is apart from the placement.",
            ),
        ),
        questions=(
            says(
                "Apakah perusahaan penempatan (P3MI) mengetahui perjalanan ini?",
                "Does the placement company (P3MI) know about this trip?",
            ),
            says(
                "Apakah ada yang meminta Anda berangkat dengan visa kunjungan?",
                "Did anyone ask you to travel on a visit visa?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COUNTER, Role.SUPERVISOR, Role.KP2MI),
        judge=permits.declared_visit_but_cpmi_in_process,
        only_with=PROCESS,
    ),
    Rule(
        id="p3mi_or_permit_not_valid",
        number=22,
        version=1,
        family=Family.PROCEDURE,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.PLACEMENT}) | _JOURNEYS,
        needs=(System.SIPMI,),
        absence=True,
        why=says(
            "Izin perusahaan penempatan tidak berlaku, izin rekrutnya tidak ditemukan, atau kuotanya terlampaui. Pekerjanya tidak "
            "berbuat salah.",
            "The placement company's licence was not in force, its recruiting permit is not found, or its quota is exceeded. The "
            "worker did nothing wrong.",
        ),
        innocent=(
            says("Izin sudah diperpanjang tetapi belum tercatat.", "The licence was renewed and not yet recorded."),
            says(
                "Perjanjian ditandatangani ketika izin masih berlaku.",
                "The agreement was signed while the licence was in force.",
            ),
        ),
        clears=(
            says(
                "Catatan perpanjangan izin atau izin rekrut (SIP2MI) untuk lowongan itu.",
                "A record of the renewed licence, or of the recruiting permit (SIP2MI) for that job order.",
            ),
            says(
                "Pengalihan ke perusahaan penempatan lain, yang ditawarkan kepada pekerja.",
                "A transfer to another placement company, which the worker is offered.",
            ),
        ),
        questions=(
            says(
                "Siapa yang mengurus penempatan Anda, dan kapan Anda menandatangani perjanjian?",
                "Who arranged your placement, and when did you sign the agreement?",
            ),
            says(
                "Apakah perusahaan memberi tahu Anda tentang izinnya? Anda boleh meminta pindah ke perusahaan lain.",
                "Did the company tell you about its licence? You may ask to be transferred to another company.",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.KP2MI, Role.BP3MI, Role.COUNTER, Role.SUPERVISOR),
        judge=placements.company_not_valid,
        only_with=frozenset({GATHERED}),
    ),
    Rule(
        id="epmi_route_mismatch",
        number=23,
        version=1,
        family=Family.PROCEDURE,
        strength=Strength.STRONG,
        triggers=_JOURNEYS,
        needs=(System.SISKOP2MI, System.SIMKIM),
        absence=False,
        why=says(
            "e-PMI berlaku untuk negara lain daripada tujuan akhir tiket, atau menyebut paspor lain daripada yang ditunjukkan.",
            "The e-PMI is for another country than the ticket's last one, or names another passport than the one presented.",
        ),
        innocent=(
            says("Rute transit menuju negara e-PMI.", "A transit on the way to the e-PMI's country."),
            says("Pekerja yang sedang cuti dari negara itu.", "A worker on leave from that country."),
            says("Paspor baru yang menggantikan paspor lama.", "A new passport in place of the old one."),
            says("Pemberi kerja pindah tempat.", "The employer moved."),
        ),
        clears=(
            says("Tiket lanjutan ke negara e-PMI.", "An onward ticket to the e-PMI's country."),
            says(
                "Catatan penggantian paspor, atau konfirmasi BP3MI.",
                "A record of the passport's replacement, or word from BP3MI.",
            ),
        ),
        questions=(
            says("Boleh saya lihat tiket lanjutan Anda?", "May I see your onward ticket?"),
            says(
                "Apakah tempat kerja Anda berubah, dan siapa yang memberi tahu Anda?",
                "Has your place of work changed, and who told you?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COUNTER, Role.SUPERVISOR, Role.BP3MI),
        judge=permits.epmi_route_mismatch,
        only_with=frozenset({"epmi_issued", "contract_extended"}),
    ),
    Rule(
        id="procedure_order_broken",
        number=24,
        version=1,
        family=Family.PROCEDURE,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.PLACEMENT}),
        needs=(System.SISKOP2MI, System.SIPMI),
        absence=True,
        why=says(
            "e-PMI terbit tanpa orientasi (OPP), jaminan sosial, atau perjanjian penempatan yang tercatat lebih dahulu. Ini "
            "pekerjaan rumah kantor, bukan pekerja.",
            "An e-PMI was issued without orientation (OPP), social security or placement agreement on record before it. A "
            "matter for the office, not for the worker.",
        ),
        innocent=(
            says("Dicatat belakangan.", "Recorded late."),
            says("Skema ini tidak mensyaratkannya.", "The scheme does not ask for it."),
        ),
        clears=(
            says(
                "Catatan OPP, BPJS Ketenagakerjaan, atau perjanjian yang bertanggal sebelum e-PMI.",
                "A record of OPP, BPJS Ketenagakerjaan or the agreement that is dated before the e-PMI.",
            ),
        ),
        questions=(
            says(
                "Apakah langkah itu memang sudah dijalani, dan kapan dicatat?",
                "Was that step really taken, and when was it recorded?",
            ),
            says(
                "Apa yang perlu diperbaiki agar pekerja tetap terlindungi?",
                "What must be mended so that the worker is protected?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.KP2MI, Role.COMPLIANCE),
        judge=placements.procedure_order_broken,
        category="PAPERWORK",
    ),
    Rule(
        id="non_placement_country_declared_work",
        number=25,
        version=1,
        family=Family.PROCEDURE,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.APPLICATION, TriggerKind.PLACEMENT}),
        needs=(System.SIMKIM,),
        absence=False,
        why=says(
            "Bekerja di negara yang belum memiliki perjanjian penempatan: di sana sulit dilindungi. Bepergian ke sana tetap sah.",
            "Work in a country with no agreement on placement, where protection is hard. Travelling there stays lawful.",
        ),
        innocent=(
            says(
                "Tenaga profesional pada perusahaan berbadan hukum, misalnya guru atau manajer.",
                "A professional with a legal entity, such as a teacher or a manager.",
            ),
            says("Salah memilih tujuan pada formulir.", "The wrong purpose was ticked on the form."),
        ),
        clears=(
            says(
                "Kontrak dengan perusahaan berbadan hukum yang dapat diperiksa oleh perwakilan RI.",
                "A contract with a legal entity that the Indonesian mission can check.",
            ),
            says("Pilihan bekerja resmi di negara lain.", "The choice of lawful work in another country."),
        ),
        questions=(
            says(
                "Siapa pemberi kerjanya, dan dari mana Anda tahu lowongan ini?",
                "Who is the employer, and how did you hear of this job?",
            ),
            says(
                "Apakah Anda ingin tahu negara mana yang terbuka dan dilindungi perjanjian?",
                "Would you like to know which countries are open and covered by an agreement?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.PASSPORT_OFFICE, Role.BP3MI),
        judge=placements.non_placement_country,
    ),
    Rule(
        id="recommendation_or_letter_not_found",
        number=26,
        version=1,
        family=Family.PROCEDURE,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.APPLICATION}),
        needs=(System.SIPMI, System.DUKCAPIL, System.SIMKIM),
        absence=True,
        why=says(
            "Rekomendasi Disnaker belum ditemukan, atau surat izin keluarga dari desa dipakai keluarga lain atau berasal dari desa "
            "lain.",
            "The labour office's recommendation has not been found, or the village's family permit was used by another household "
            "or comes from another village.",
        ),
        innocent=(
            says(
                "Kantor yang masih memakai kertas atau belum tersambung.", "An office on paper, or not connected yet."
            ),
            says("Surat untuk kakak beradik dalam satu keluarga.", "A letter for siblings of one family."),
            says("Pindah rumah dalam setahun terakhir.", "Moved home within the last year."),
        ),
        clears=(
            says(
                "Kantor atau desa penerbit membenarkan suratnya lewat telepon.",
                "The office or village that issued it confirms the letter by telephone.",
            ),
        ),
        questions=(
            says(
                "Dari kantor mana rekomendasi ini, dan kapan Anda mengurusnya?",
                "Which office gave this recommendation, and when did you go there?",
            ),
            says("Siapa yang mengurus surat dari desa untuk Anda?", "Who arranged the village letter for you?"),
        ),
        grounds=(GroundCode.UNTRUE_STATEMENT, GroundCode.CPMI_NON_PROCEDURAL),
        recipients=(Role.PASSPORT_OFFICE,),
        judge=placements.recommendation_or_letter,
    ),
    Rule(
        id="seafarer_without_pkl",
        number=32,
        version=1,
        family=Family.PROCEDURE,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT}),
        needs=(System.SISKOP2MI, System.SIPMI),
        absence=True,
        why=says(
            "Berangkat sebagai awak kapal, tetapi perjanjian kerja laut (PKL) belum ditemukan atau izin agen awak kapalnya tidak "
            "berlaku.",
            "Leaving to join a ship, and no seafarer's contract (PKL) has been found, or the manning agent's licence is not in "
            "force.",
        ),
        innocent=(
            says("Agen yang sedang beralih dari SIUPPAK.", "An agent in transition from SIUPPAK."),
            says("e-PKL sudah ada tetapi belum tersambung.", "An e-PKL that is there and not yet synchronised."),
        ),
        clears=(
            says(
                "PKL yang disahkan syahbandar, dengan nama kapal dan nomor IMO.",
                "A PKL validated by the syahbandar, with the ship's name and IMO number.",
            ),
            says("Konfirmasi syahbandar lewat telepon.", "The syahbandar confirms by telephone."),
        ),
        questions=(
            says("Boleh saya lihat buku pelaut dan PKL Anda?", "May I see your seafarer's book and your PKL?"),
            says(
                "Kapal apa, di pelabuhan mana, dan siapa agennya?", "Which ship, in which port, and who is the agent?"
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COUNTER, Role.SUPERVISOR),
        judge=placements.seafarer_without_pkl,
    ),
)
