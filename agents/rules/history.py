"""HISTORY: what happened to this person before, and is about to happen again."""

from agents.case import Case
from agents.rules.rule import Hit, Rule, permitted, says, within
from agents.things import Trigger
from schemas.alerts import Family, Recipient, Role, Severity, Strength, TriggerKind
from schemas.envelope import System
from schemas.facts import digest
from schemas.identity import SubjectKind, subject
from schemas.outcomes import GroundCode
from schemas.policy import Policy

_VICTIM = frozenset({"INDICATED", "CONFIRMED"})
_NON_PROCEDURAL = frozenset({"CPMI_NP", "TPPO"})
_REFUSED = frozenset({"CPMI_NP", "UNTRUE_STATEMENT"})
_COVER = frozenset({"TOURISM", "UMRAH"})
_FAMILY = frozenset({"FAMILY_SETTLED", "SPOUSE", "PERMANENT_RESIDENT"})


def _repatriated_victim_redeparture(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    attempt = trigger.journey
    if not case.repatriations or attempt is None or attempt.destination is None or permitted(case, attempt, policy):
        return None
    corridor = policy.corridor(attempt.destination)
    recent = {fact.id for fact in within(case.of("repatriation_completed"), trigger, policy.windows.victim_redeparture)}
    returns = [
        back.fact
        for back in case.repatriations
        if back.fact.id in recent and back.country in corridor and case.victim_status(back.case, trigger.at) in _VICTIM
    ]
    return Hit(Severity.HIGH, (trigger.fact, *returns)) if returns else None


def _passport_soon_after_repatriation(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Every returnee needs a new passport: only a far office, or a purpose that served as cover before, is worth a talk.

    An office is far when the policy says which districts it serves and the known home is not among them.
    """
    application = trigger.application
    if application is None:
        return None
    splp = (fact for fact in case.of("entry_cleared") if fact.text_or_none("document_type") == "SPLP")
    returns = within([*case.of("repatriation_completed"), *splp], trigger, policy.windows.returnee_passport)
    served, home = policy.office_areas.get(application.office), case.kabupaten(trigger.at)
    far = served is not None and home is not None and home not in served
    if not returns or not (far or application.purpose in _COVER):
        return None
    return Hit(Severity.MEDIUM, (trigger.fact, *returns))


def _deferred_then_other_checkpoint(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    attempt = trigger.journey
    if not case.deferrals or attempt is None or permitted(case, attempt, policy):
        return None
    recent = {fact.id for fact in within(case.of("departure_deferred"), trigger, policy.windows.deferral)}
    earlier = [
        deferral
        for deferral in case.deferrals
        if deferral.fact.id in recent
        and deferral.reason in _NON_PROCEDURAL
        and deferral.crossing != attempt.crossing
        and (deferral.checkpoint != attempt.checkpoint or attempt.lane not in {deferral.lane, "UNKNOWN"})
        and not _cured(case, deferral.crossing, trigger)
    ]
    if not earlier:
        return None
    last = earlier[-1]
    lately = bool(within([last.fact], trigger, policy.windows.deferred_group))
    link = digest("deferred_group", last.group) if last.group and lately else None
    together = link is not None and case.gathered(subject(SubjectKind.BOOKING, link)) >= policy.group_size
    return Hit(
        Severity.CRITICAL if together else Severity.HIGH,
        (trigger.fact, *(deferral.fact for deferral in earlier)),
        also=(Recipient(role=Role.SUPERVISOR, at=last.checkpoint),),
        mention=link,
    )


def _cured(case: Case, crossing: str, trigger: Trigger) -> bool:
    """The deferred crossing was let go after all, or an officer cleared it."""
    cleared = any(f.text("crossing_id") == crossing and f.at <= trigger.at for f in case.of("crossing_cleared"))
    outcomes = (f for f in case.of("outcome_recorded") if f.text("trigger_id") == crossing and f.at <= trigger.at)
    return cleared or any(f.text("outcome") in {"CLEARED", "CLEARED_WITH_ADVICE"} for f in outcomes)


def _refused_passport_other_office(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    now = trigger.application
    if now is None:
        return None
    recent = {
        fact.id
        for fact in within(
            case.of("passport_application_refused", "passport_application_deferred"), trigger, policy.windows.refusal
        )
    }
    before = {application.number: application for application in case.applications}
    refusals = []
    for refusal in case.refusals:
        if refusal.fact.id not in recent or refusal.reason not in _REFUSED or refusal.number == now.number:
            continue
        first = before.get(refusal.number)
        changed = first is not None and (
            first.purpose != now.purpose
            or bool(first.contacts and now.contacts and not first.contacts & now.contacts)
            or bool(first.sponsor and now.sponsor and first.sponsor != now.sponsor)
        )
        if refusal.office != now.office or changed:
            refusals.append(refusal.fact)
    return Hit(Severity.HIGH, (trigger.fact, *refusals)) if refusals else None


def _deported_then_back(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    attempt = trigger.journey
    if (
        not case.deportations
        or attempt is None
        or attempt.destination is None
        or attempt.exemption in _FAMILY
        or permitted(case, attempt, policy)
    ):
        return None
    recent = {fact.id for fact in within(case.of("entry_cleared"), trigger, policy.windows.deported)}
    returns = [b.fact for b in case.deportations if b.fact.id in recent and b.country == attempt.destination]
    if not returns:
        return None
    row = policy.checkpoints.get(attempt.checkpoint)
    grave = row is not None and row.deportation_corridor
    return Hit(Severity.HIGH if grave else Severity.MEDIUM, (trigger.fact, *returns))


HISTORY: tuple[Rule, ...] = (
    Rule(
        id="repatriated_victim_redeparture",
        number=6,
        version=1,
        family=Family.HISTORY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT, TriggerKind.MANIFEST}),
        needs=(System.PEDULIWNI, System.SISKOP2MI),
        absence=False,
        why=says(
            "Pernah dipulangkan dari negara atau jalur yang sama dengan pendampingan; perlu dibicarakan secara pribadi.",
            "Was brought home from the same country or corridor with assistance; talk in private.",
        ),
        innocent=(
            says(
                "Perjalanan sebagai saksi, menemui keluarga, atau pemulihan.",
                "Travel as a witness, to family, or to recover.",
            ),
            says("Pekerjaan baru yang sah.", "A new and lawful job."),
        ),
        clears=(
            says("e-PMI aktif untuk negara tujuan.", "An active e-PMI for the destination."),
            says(
                "Orang dewasa yang menyatakan bebas dari ancaman dan utang; pilihannya dihormati.",
                "An adult who says they are free of threat and debt; their choice is respected.",
            ),
        ),
        questions=(
            says(
                "Apakah ada yang memaksa atau mengancam Anda untuk berangkat?",
                "Is anyone forcing or threatening you to leave?",
            ),
            says(
                "Apakah Anda berutang untuk perjalanan ini, dan kepada siapa Anda menelepon bila ada masalah?",
                "Do you owe money for this trip, and whom would you call if something goes wrong?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.SUPERVISOR, Role.COORDINATOR, Role.SHELTER),
        circle=frozenset({Role.SUPERVISOR, Role.COORDINATOR, Role.SHELTER}),
        judge=_repatriated_victim_redeparture,
        only_with=frozenset({"repatriation_completed"}),
    ),
    Rule(
        id="passport_soon_after_repatriation",
        number=7,
        version=1,
        family=Family.HISTORY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.APPLICATION}),
        needs=(System.PEDULIWNI, System.SIMKIM),
        absence=False,
        why=says(
            "Belum lama pulang dari luar negeri dengan bantuan; wawancara yang mendukung dapat menolong.",
            "Came home from abroad with assistance not long ago; a supportive interview can help.",
        ),
        innocent=(
            says(
                "Setiap orang yang pulang dengan SPLP memerlukan paspor baru.",
                "Everybody who came home on an SPLP needs a new passport.",
            ),
            says("Pindah rumah setelah pulang.", "Moved home after the return."),
        ),
        clears=(
            says(
                "Rencana perjalanan yang diceritakan dengan bebas; paspor diterbitkan kecuali ada dasar hukum.",
                "A plan told freely; the passport is issued unless there is a legal ground.",
            ),
        ),
        questions=(
            says(
                "Apakah ada yang dapat kami bantu setelah kepulangan Anda?",
                "Is there anything we can help with since your return?",
            ),
            says(
                "Apakah ada yang mengajak atau menagih Anda untuk berangkat lagi?",
                "Is anyone asking you, or pressing you over a debt, to leave again?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL, GroundCode.UNTRUE_STATEMENT),
        recipients=(Role.PASSPORT_OFFICE,),
        circle=frozenset({Role.PASSPORT_OFFICE, Role.COORDINATOR}),
        judge=_passport_soon_after_repatriation,
    ),
    Rule(
        id="deferred_then_other_checkpoint",
        number=9,
        version=1,
        family=Family.HISTORY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT, TriggerKind.MANIFEST}),
        needs=(System.SISKOP2MI,),
        absence=True,
        why=says(
            "Keberangkatan pernah ditunda di tempat lain belum lama ini, dan belum ada dokumen baru yang menjawab alasannya.",
            "A departure was deferred elsewhere not long ago, and no new document answers the reason.",
        ),
        innocent=(
            says("Kekurangannya sudah dipenuhi.", "What was lacking has been supplied."),
            says("Penundaan yang pertama keliru.", "The first deferral was mistaken."),
        ),
        clears=(
            says(
                "e-PMI baru atau dokumen yang menjawab alasan pada surat penundaan.",
                "A new e-PMI, or a document that answers the reason on the first notice.",
            ),
        ),
        questions=(
            says("Boleh saya lihat surat penundaan yang pertama?", "May I see the first deferral notice?"),
            says("Apa yang sudah Anda lengkapi sejak saat itu?", "What have you completed since then?"),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL,),
        recipients=(Role.COUNTER, Role.SUPERVISOR),
        judge=_deferred_then_other_checkpoint,
        only_with=frozenset({"departure_deferred"}),
    ),
    Rule(
        id="refused_passport_other_office",
        number=10,
        version=1,
        family=Family.HISTORY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.APPLICATION}),
        needs=(System.SIMKIM,),
        absence=False,
        why=says(
            "Permohonan paspor pernah ditolak atau ditunda; kini diajukan di kantor lain atau dengan keterangan berbeda.",
            "A passport application was refused or deferred; it is now made at another office or with other particulars.",
        ),
        innocent=(
            says("Pindah rumah.", "Moved home."),
            says(
                "Kekurangannya sudah dipenuhi; boleh mengajukan lagi dengan jujur dan lengkap.",
                "What was lacking is cured; one may apply again, honestly and completely.",
            ),
        ),
        clears=(says("Bukti yang menjawab alasan penolakan terdahulu.", "Proof that answers the earlier reason."),),
        questions=(
            says(
                "Apa alasan penolakan yang dahulu, menurut Anda?",
                "What was the reason given last time, as you understood it?",
            ),
            says("Apa yang berubah sejak saat itu?", "What has changed since then?"),
        ),
        grounds=(GroundCode.UNTRUE_STATEMENT, GroundCode.CPMI_NON_PROCEDURAL),
        recipients=(Role.PASSPORT_OFFICE,),
        judge=_refused_passport_other_office,
        only_with=frozenset({"passport_application_refused", "passport_application_deferred"}),
    ),
    Rule(
        id="deported_then_back",
        number=30,
        version=1,
        family=Family.HISTORY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT, TriggerKind.MANIFEST}),
        needs=(System.SIMKIM, System.SISKOP2MI),
        absence=False,
        why=says(
            "Belum lama dideportasi dari negara ini dan akan kembali ke sana tanpa e-PMI.",
            "Deported from this country not long ago, and going back there without an e-PMI.",
        ),
        innocent=(
            says(
                "Keluarga menetap di sana; banyak yang lahir di sana tanpa dokumen.",
                "Family is settled there; many were born there without papers.",
            ),
        ),
        clears=(
            says(
                "Keluarga yang menetap di negara tujuan, atau e-PMI aktif.",
                "Family settled in the destination, or an active e-PMI.",
            ),
        ),
        questions=(
            says("Siapa yang menunggu Anda di sana?", "Who is waiting for you there?"),
            says(
                "Apakah Anda ingin dibantu BP3MI untuk bekerja lewat jalur resmi?",
                "Would you like BP3MI to help you work there through the official route?",
            ),
        ),
        grounds=(GroundCode.CPMI_NON_PROCEDURAL, GroundCode.NO_VALID_DOCUMENT),
        recipients=(Role.COUNTER, Role.SUPERVISOR, Role.BP3MI),
        judge=_deported_then_back,
        only_with=frozenset({"entry_cleared"}),
    ),
)
