"""ROUTE: where a journey goes, and whether that fits what was said of it. Going anywhere is lawful."""

from agents.holder import HOMES
from agents.rules import journeys
from agents.rules.rule import Rule, says
from schemas.alerts import Family, Role, Strength, TriggerKind
from schemas.envelope import System
from schemas.outcomes import GroundCode

_JOURNEYS = frozenset({TriggerKind.ATTEMPT, TriggerKind.MANIFEST})

ROUTE: tuple[Rule, ...] = (
    Rule(
        id="passport_purpose_conflict",
        number=3,
        version=1,
        family=Family.ROUTE,
        strength=Strength.WEAK,
        triggers=_JOURNEYS,
        needs=(System.SIMKIM,),
        absence=False,
        why=says(
            "Perjalanan pertama dengan paspor baru tidak menuju ke tempat yang sesuai dengan tujuan yang dinyatakan saat memohonnya.",
            "The first journey on a new passport does not lead where the purpose declared for it would.",
        ),
        innocent=(
            says("Rencana berubah; itu wajar.", "Plans changed; they do."),
            says("Umrah yang digabung dengan wisata.", "Umrah together with a tour."),
        ),
        clears=(
            says(
                "Penjelasan yang wajar tentang perjalanan ini; perubahan rencana tidak perlu dibuktikan.",
                "An ordinary explanation of this trip; a change of plans needs no proof.",
            ),
        ),
        questions=(
            says("Apa rencana perjalanan Anda kali ini?", "What are your plans for this trip?"),
            says(
                "Apakah rencana Anda berubah sejak membuat paspor?",
                "Have your plans changed since you applied for the passport?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COUNTER, Role.SUPERVISOR),
        judge=journeys.passport_purpose_conflict,
        only_with=frozenset({"passport_application_submitted"}),
    ),
    Rule(
        id="gulf_visit_visa_household_pattern",
        number=4,
        version=1,
        family=Family.ROUTE,
        strength=Strength.STRONG,
        triggers=_JOURNEYS,
        needs=(System.SIMKIM, System.SISKOP2MI),
        absence=False,
        why=says(
            "Berangkat dengan visa kunjungan, umrah, atau ziarah tanpa kepulangan dalam waktu dekat, ke negara yang tertutup bagi "
            "penempatan pada pemberi kerja perseorangan.",
            "Leaving on a visit, umrah or ziarah visa with no return for long, to a country that is closed for placement in "
            "private households.",
        ),
        innocent=(
            says(
                "Umrah mandiri: lebih dari seperlima jemaah tidak tercatat pada PPIU.",
                "Umrah on one's own: more than one pilgrim in five is in no PPIU's count.",
            ),
            says("Rombongan PPIU.", "A PPIU's group."),
            says("Mengunjungi keluarga yang tinggal di sana.", "Visiting family who live there."),
        ),
        clears=(
            says(
                "Tiket pulang, penginapan, atau nama ketua rombongan; keyakinan dan pakaian bukan urusan pemeriksaan.",
                "A return ticket, a place to stay, or a group leader's name; faith and dress are no part of it.",
            ),
            says("e-PMI aktif untuk negara itu.", "An active e-PMI for that country."),
        ),
        questions=(
            says("Di mana Anda menginap, dan kapan pulang?", "Where will you stay, and when do you come back?"),
            says(
                "Siapa ketua rombongan atau keluarga yang Anda temui?",
                "Who leads your group, or which family do you visit?",
            ),
            says(
                "Apakah ada yang menawarkan pekerjaan di sana? Anda berhak memegang paspor sendiri.",
                "Has anyone offered you work there? You have the right to keep your own passport.",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COUNTER, Role.SUPERVISOR, Role.BP3MI),
        judge=journeys.gulf_visit_visa,
    ),
    Rule(
        id="scam_corridor_composite",
        number=5,
        version=2,
        family=Family.ROUTE,
        strength=Strength.STRONG,
        triggers=_JOURNEYS,
        needs=(System.SIMKIM,),
        absence=False,
        why=says(
            "Menuju wilayah tempat banyak orang ditipu untuk bekerja, dengan beberapa tanda yang sering menyertai penipuan itu. "
            "Perjalanannya sendiri sah.",
            "Going where many were deceived into work, with several signs that often come with that deceit. The journey itself "
            "is lawful.",
        ),
        innocent=(
            says(
                "Berwisata, misalnya ke Angkor, atau bepergian hemat.",
                "A tourist, to Angkor for instance, or a backpacker.",
            ),
            says("Urusan usaha.", "Business."),
            says("Bekerja resmi atau awak kapal.", "Lawful work, or ship's crew."),
        ),
        clears=(
            says(
                "Jawaban yang masuk akal tentang tujuan, tempat menginap, dan kepulangan: bepergian ke sana tidak dilarang.",
                "Answers that stand about purpose, lodging and return: nobody is forbidden to go there.",
            ),
        ),
        questions=(
            says(
                "Apa yang akan Anda lakukan di sana, dan di mana menginap?",
                "What will you do there, and where will you stay?",
            ),
            says("Siapa yang membelikan tiket dan menjemput Anda?", "Who bought your ticket, and who will meet you?"),
            says(
                "Bolehkah kami tunjukkan selebaran peringatan dan nomor yang dapat Anda telepon dengan aman?",
                "May we show you the warning leaflet and a number that you can call safely?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COUNTER, Role.SUPERVISOR),
        judge=journeys.scam_corridor,
    ),
    Rule(
        id="interview_and_gate_story_differ",
        number=33,
        version=1,
        family=Family.ROUTE,
        strength=Strength.WEAK,
        triggers=frozenset({TriggerKind.ATTEMPT}),
        needs=(System.SIMKIM,),
        absence=False,
        why=says(
            "Jawaban di pemeriksaan lanjutan berbeda dari jawaban saat wawancara paspor belum lama ini; ini hanya keterangan tambahan.",
            "Answers in secondary differ from those at a passport interview not long ago; this only adds to other evidence.",
        ),
        innocent=(
            says("Rencana berubah.", "Plans changed."),
            says(
                "Gugup, atau pertanyaan kurang dipahami karena bahasa.",
                "Nerves, or a question not understood in that language.",
            ),
        ),
        clears=(says("Penjelasan tentang apa yang berubah.", "An explanation of what changed."),),
        questions=(
            says(
                "Apakah rencana Anda berubah sejak wawancara paspor?",
                "Have your plans changed since the passport interview?",
            ),
            says("Dalam bahasa apa Anda lebih nyaman bercerita?", "In which language would you rather tell it?"),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.SUPERVISOR,),
        judge=journeys.stories_differ,
        only_with=frozenset({"passport_interview_completed"}),
    ),
    Rule(
        id="hajj_without_hajj_visa",
        number=34,
        version=1,
        family=Family.ROUTE,
        strength=Strength.STRONG,
        triggers=_JOURNEYS,
        needs=(System.SIMKIM,),
        absence=False,
        why=says(
            "Menuju Arab Saudi pada musim haji dengan visa selain visa haji; ini perkara haji, bukan perdagangan orang.",
            "To Saudi Arabia in the hajj season on a visa that is no hajj visa; a matter of the hajj, not of trafficking.",
        ),
        innocent=(
            says(
                "Menetap, bekerja secara sah, bertugas, atau menemui keluarga di sana.",
                "Living there, working lawfully, on duty, or visiting family.",
            ),
            says(
                "Umrah atau ziarah yang selesai sebelum hari haji.",
                "Umrah or ziarah that ends before the days of hajj.",
            ),
        ),
        clears=(
            says("Visa haji, atau tujuan lain yang jelas.", "A hajj visa, or another purpose that is clear."),
            says("Kepulangan sebelum hari haji.", "A return before the days of hajj."),
        ),
        questions=(
            says("Apa tujuan perjalanan Anda ke Arab Saudi?", "What takes you to Saudi Arabia?"),
            says("Kapan Anda pulang?", "When do you come back?"),
            says(
                "Apakah ada yang menjanjikan haji dengan visa ini, dan berapa yang Anda bayar?",
                "Did anyone promise you the hajj on this visa, and what did you pay?",
            ),
        ),
        grounds=(GroundCode.HAJJ,),
        recipients=(Role.COUNTER, Role.SUPERVISOR),
        judge=journeys.hajj_without_visa,
        category="HAJJ",
    ),
    Rule(
        id="far_domicile_corridor_exit",
        number=35,
        version=1,
        family=Family.ROUTE,
        strength=Strength.WEAK,
        triggers=_JOURNEYS,
        needs=(System.SIMKIM, System.DUKCAPIL),
        absence=False,
        why=says(
            "Berangkat dari pelabuhan yang jauh dari rumah dengan paspor baru dan tanpa tiket pulang yang diketahui; sendirian ini "
            "tidak berarti apa-apa.",
            "Leaving from a port far from home on a new passport and with no return that is known of; alone this means nothing.",
        ),
        innocent=(
            says("Batam adalah jalan murah ke Singapura.", "Batam is a cheap way to Singapore."),
            says(
                "Tinggal di sana tanpa memindahkan KTP; setiap orang boleh berangkat dari mana saja.",
                "Living there without having moved the KTP; everybody may leave from anywhere.",
            ),
            says("Bepergian dengan keluarga.", "Travelling with family."),
        ),
        clears=(
            says("Tidak perlu ada yang dijelaskan tentang ini saja.", "Nothing needs explaining about this alone."),
        ),
        questions=(
            says("Bagaimana rencana Anda untuk pulang?", "How do you plan to come back?"),
            says("Siapa yang menunggu Anda di tujuan?", "Who is waiting for you where you go?"),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.SUPERVISOR,),
        judge=journeys.far_domicile,
        only_with=frozenset(HOMES),
    ),
)
