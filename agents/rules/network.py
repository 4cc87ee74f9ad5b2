"""NETWORK: people who share a booking, a payer, a contact, a recruiter, an address. A group gets one alert, at the link."""

from agents import groups
from agents.rules.rule import Rule, says
from schemas.alerts import Family, Role, Strength, TriggerKind
from schemas.envelope import System
from schemas.facts import GATHERED
from schemas.outcomes import GroundCode

NETWORK: tuple[Rule, ...] = (
    Rule(
        id=groups.STRANGERS,
        number=17,
        version=3,
        family=Family.NETWORK,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.CLUSTER}),
        needs=(System.SIMKIM, System.DUKCAPIL),
        absence=False,
        why=says(
            "Beberapa orang dari keluarga dan kabupaten berbeda berangkat dengan satu pemesanan tanpa penyelenggara resmi.",
            "Several people of different families and districts leave on one booking without a licensed organiser.",
        ),
        innocent=(
            says(
                "Rombongan wisata, open trip, atau teman lama yang memesan bersama.",
                "A tour, an open trip, or old friends who booked together.",
            ),
            says("Tim olahraga, gim, atau awak kapal.", "A sports or gaming team, or a crew."),
            says("Kegiatan perusahaan atau pemasaran berjenjang.", "A company or sales-network outing."),
        ),
        clears=(
            says(
                "Keterangan penyelenggara berizin, atau jawaban masing-masing yang saling cocok.",
                "Word from a licensed organiser, or answers that agree when each is asked alone.",
            ),
        ),
        questions=(
            says(
                "Siapa saja yang berangkat bersama Anda, dan kenal dari mana?",
                "Who travels with you, and how do you know them?",
            ),
            says(
                "Siapa yang membeli tiket? Boleh saya lihat pemesanannya?",
                "Who bought the ticket? May I see the booking?",
            ),
            says("Apa rencana tiga hari pertama di sana?", "What will you do the first three days there?"),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COORDINATOR,),
        judge=groups.strangers_one_booking,
        told_to_members=True,
    ),
    Rule(
        id="travels_with_strangers",
        number=17,
        version=2,
        family=Family.NETWORK,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT, TriggerKind.MANIFEST}),
        needs=(System.SIMKIM, System.DUKCAPIL),
        absence=False,
        why=says(
            "Termasuk rombongan satu pemesanan yang ditangani bersama oleh satu supervisor.",
            "Belongs to a group on one booking that one supervisor meets together.",
        ),
        innocent=(says("Rombongan teman atau wisata.", "A group of friends, or a tour."),),
        clears=(says("Keterangan penyelenggara berizin.", "Word from a licensed organiser."),),
        questions=(
            says("Dengan siapa Anda berangkat?", "With whom are you travelling?"),
            says("Siapa yang membeli tiket Anda?", "Who bought your ticket?"),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COUNTER, Role.SUPERVISOR),
        judge=groups.travels_with_strangers,
        only_with=frozenset({GATHERED}),
    ),
    Rule(
        id=groups.CONTACT,
        number=18,
        version=2,
        family=Family.NETWORK,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.CLUSTER}),
        needs=(System.SIMKIM, System.DUKCAPIL),
        absence=False,
        why=says(
            "Satu nomor, surel, atau pembayar dipakai beberapa keluarga yang tidak berkerabat dalam 30 hari.",
            "One number, address or payer is used by several unrelated families within 30 days.",
        ),
        innocent=(
            says("Kepala keluarga besar.", "The head of a large family."),
            says("Warung atau biro yang membantu mengisi formulir.", "A shop that helps people fill in forms."),
            says("Perangkat desa.", "A village clerk."),
        ),
        clears=(
            says(
                "Pemilik nomor diketahui dan pekerjaannya wajar; lalu masukkan ke daftar nomor yang dikenal, dengan tanggal akhir.",
                "The number's owner is known and the use is ordinary; then put it on the list of known contacts, with an end date.",
            ),
        ),
        questions=(
            says("Siapa pemilik nomor atau rekening ini?", "Who owns this number or account?"),
            says("Apakah ia memungut biaya, dan untuk apa?", "Does the owner take a fee, and for what?"),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COORDINATOR,),
        judge=groups.handler_contact_cluster,
        told_to_members=True,
    ),
    Rule(
        id=groups.ONE_HAND,
        number=18,
        version=1,
        family=Family.NETWORK,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.CLUSTER}),
        needs=(System.SIMKIM, System.DUKCAPIL),
        absence=False,
        why=says(
            "Satu nomor atau pembayar mengurus beberapa keluarga yang dalam beberapa hari berangkat ke satu negara, separuh atau lebih dengan "
            "paspor baru dan tanpa tiket pulang.",
            "One number or payer arranged it for several families who leave for one country within days, half or more on new passports and "
            "with no way back.",
        ),
        innocent=(
            says(
                "Biro perjalanan dengan pelanggan yang kebetulan searah.",
                "A travel agency whose customers happen to go the same way.",
            ),
            says(
                "Teman sekampung yang pindah, kuliah, atau menikah di sana.",
                "People of one village who settle, study or marry there.",
            ),
            says(
                "Calo yang dipilih sendiri oleh pekerja; mereka dapat dibantu lewat jalur resmi.",
                "A broker whom workers chose themselves; they can be helped on to the official route.",
            ),
        ),
        clears=(
            says(
                "Penyelenggara berizin, atau e-PMI yang sudah terbit.",
                "A licensed organiser, or an e-PMI that has been issued.",
            ),
            says(
                "Jawaban masing-masing yang saling cocok tentang siapa yang mengurus dan kapan pulang.",
                "Answers that agree, asked one by one, on who arranged it and when they come home.",
            ),
        ),
        questions=(
            says(
                "Siapa yang mengurus paspor dan tiket Anda, dan berapa Anda membayarnya?",
                "Who arranged your passport and ticket, and what did you pay for it?",
            ),
            says(
                "Siapa lagi yang diurus orang itu, dan kapan mereka berangkat?",
                "Who else did that person arrange it for, and when do they leave?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COORDINATOR,),
        judge=groups.one_hand_sends_strangers,
        told_to_members=True,
    ),
    Rule(
        id="sent_by_one_hand",
        number=18,
        version=1,
        family=Family.NETWORK,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT, TriggerKind.MANIFEST}),
        needs=(System.SIMKIM, System.DUKCAPIL),
        absence=False,
        why=says(
            "Paspor atau tiket diurus oleh pihak yang dalam beberapa hari juga memberangkatkan keluarga lain ke negara yang sama.",
            "The passport or ticket was arranged by whoever sends other families to the same country within days.",
        ),
        innocent=(
            says("Pelanggan biro perjalanan.", "A travel agency's customer."),
            says("Pindah untuk keluarga atau kuliah.", "Leaving for family or to study."),
        ),
        clears=(
            says(
                "Rencana sendiri yang jelas: tempat tinggal, biaya, dan kapan pulang.",
                "A clear plan of one's own: where to stay, how to pay for it, when to come home.",
            ),
            says("e-PMI aktif untuk negara tujuan.", "An active e-PMI for the destination."),
        ),
        questions=(
            says("Siapa yang mengurus paspor dan tiket Anda?", "Who arranged your passport and your ticket?"),
            says(
                "Apa yang dijanjikan kepada Anda di sana, dan oleh siapa?",
                "What were you promised there, and by whom?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COUNTER, Role.SUPERVISOR),
        judge=groups.sent_by_one_hand,
        only_with=frozenset({GATHERED}),
    ),
    Rule(
        id="shares_a_handler",
        number=18,
        version=1,
        family=Family.NETWORK,
        strength=Strength.WEAK,
        triggers=frozenset({TriggerKind.ATTEMPT, TriggerKind.MANIFEST, TriggerKind.APPLICATION}),
        needs=(System.SIMKIM, System.DUKCAPIL),
        absence=False,
        why=says(
            "Memakai nomor atau pembayar yang juga dipakai beberapa keluarga lain.",
            "Uses a number or payer that several other families use as well.",
        ),
        innocent=(says("Orang yang membantu mengisi formulir.", "Somebody who helps with forms."),),
        clears=(says("Penjelasan siapa pemilik nomor itu.", "An explanation of whose number it is."),),
        questions=(
            says("Nomor siapa yang Anda cantumkan?", "Whose number did you give?"),
            says("Siapa yang mengurus dokumen Anda?", "Who arranged your documents?"),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COUNTER, Role.SUPERVISOR),
        judge=groups.shares_a_handler,
        only_with=frozenset({GATHERED}),
    ),
    Rule(
        id=groups.SPONSOR,
        number=19,
        version=1,
        family=Family.NETWORK,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.CLUSTER}),
        needs=(System.SIMKIM, System.DUKCAPIL),
        absence=False,
        why=says(
            "Satu penjamin atau satu alamat sementara dekat perbatasan dipakai banyak pemohon yang tidak berkerabat.",
            "One guarantor, or one temporary address near a border, is used by many unrelated applicants.",
        ),
        innocent=(
            says("Rumah kos, pesantren, atau masjid.", "A boarding house, a religious school or a mosque."),
            says("Mes perusahaan atau asrama P3MI yang terdaftar.", "A company mess, or a registered P3MI dormitory."),
        ),
        clears=(
            says(
                "Kunjungan kesejahteraan yang menemukan keadaan wajar; ini bukan penggerebekan.",
                "A welfare visit that finds all in order; it is not a raid.",
            ),
        ),
        questions=(
            says("Apakah para penghuni bebas keluar masuk?", "Are those who stay there free to come and go?"),
            says("Siapa yang memegang dokumen mereka?", "Who keeps their documents?"),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COORDINATOR, Role.POLRI),
        judge=groups.sponsor_or_address_cluster,
    ),
    Rule(
        id="complaint_recruiter_in_pipeline",
        number=20,
        version=2,
        family=Family.NETWORK,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.APPLICATION, TriggerKind.PLACEMENT, TriggerKind.MANIFEST, TriggerKind.ATTEMPT}),
        needs=(System.PEDULIWNI, System.SIMKIM),
        absence=False,
        why=says(
            "Perekrut, nomor, atau perusahaan yang dipakai terkait dengan perkara yang sedang ditangani.",
            "The recruiter, number or company used is linked to an open case.",
        ),
        innocent=(
            says("Nomor lama yang sudah dipakai orang lain.", "A number that has passed to somebody else."),
            says("Pengaduan yang bermaksud menjatuhkan nama.", "A complaint meant to harm a reputation."),
            says("Nama yang sama.", "A namesake."),
            says(
                "Perusahaan besar: sedikit pengaduan di antara banyak pekerja yang ditempatkannya.",
                "A large company: few complaints among the many workers whom it places.",
            ),
        ),
        clears=(
            says(
                "Penelusuran yang menunjukkan perekrutnya orang lain, atau perkara yang dinyatakan tidak berdasar.",
                "A check that shows another recruiter, or a case found to be without ground.",
            ),
        ),
        questions=(
            says("Siapa yang menawarkan perjalanan atau pekerjaan ini?", "Who offered you this trip or job?"),
            says(
                "Apa yang dijanjikan, dan apakah Anda sudah menandatangani sesuatu?",
                "What were you promised, and have you signed anything?",
            ),
            says("Siapa yang memegang paspor Anda setelah tiba?", "Who keeps your passport after arrival?"),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL, GroundCode.UNDER_INVESTIGATION),
        recipients=(Role.COORDINATOR, Role.KP2MI, Role.SUPERVISOR, Role.MISSION),
        judge=groups.complaint_recruiter_in_pipeline,
        only_with=frozenset({GATHERED}),
    ),
    Rule(
        id="departed_cohort_silent",
        number=21,
        version=1,
        family=Family.NETWORK,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.COHORT}),
        needs=(System.PEDULIWNI, System.SIMKIM),
        absence=True,
        why=says(
            "Beberapa orang yang saling terhubung berangkat bersama dan sejak itu tidak ada kabar.",
            "Several linked people left together, and nothing was heard of them since.",
        ),
        innocent=(
            says("Berlibur lama atau sudah berpindah tempat.", "A long holiday, or they moved on."),
            says("Masuk kembali lewat darat.", "They came back by land."),
        ),
        clears=(says("Kabar dari mereka, atau catatan kedatangan.", "Word from them, or a record of arrival."),),
        questions=(
            says("Apakah keadaan mereka baik?", "Are they well?"),
            says("Apakah dokumen mereka dipegang sendiri?", "Do they hold their own documents?"),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COORDINATOR,),
        judge=groups.departed_cohort_silent,
        wakes=groups.cohort_wakes,
    ),
)
