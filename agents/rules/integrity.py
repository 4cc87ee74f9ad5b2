"""INTEGRITY: patterns in the decisions of officers; for internal compliance, never for a checkpoint."""

from datetime import timedelta

from agents.case import Case
from agents.clusters import groups
from agents.households import members
from agents.rules.rule import Hit, Rule, says
from agents.things import Trigger
from schemas.alerts import Family, Role, Severity, Strength, TriggerKind
from schemas.envelope import System
from schemas.facts import Fact
from schemas.outcomes import GroundCode
from schemas.policy import Policy

_FAST = frozenset({"PRIORITY", "PMI_LANE"})


def _decisions(case: Case, least: Severity) -> list[Fact]:
    """Travellers with an open alert of that severity whom this officer let go on without a reason code."""
    return [
        use
        for use in case.mentions
        if use.text("use").startswith("decision/")
        and not use.flag("reasoned")
        and isinstance(severity := use.data.get("severity"), int)
        and severity >= least
    ]


def _override_without_reason(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    need = policy.thresholds
    let_go = _decisions(case, Severity.HIGH)
    for found in groups(let_go, timedelta(days=policy.windows.overrides)):
        if len(members(found)) >= need.overrides:
            return Hit(Severity.HIGH, found)
    fast = [use for use in let_go if use.text_or_none("lane") in _FAST]
    for found in groups(fast, timedelta(hours=policy.windows.shift_hours)):
        if len(members(found)) >= need.overrides_in_a_shift:
            return Hit(Severity.HIGH, found)
    return None


def _priority_lane_without_ground(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    passed = [
        use
        for use in case.mentions
        if use.text("use").startswith("priority/")
        and isinstance(severity := use.data.get("severity"), int)
        and severity >= Severity.MEDIUM
    ]
    return Hit(Severity.MEDIUM, tuple(passed)) if passed else None


def _hasty_verification(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    cards = [use for use in case.mentions if use.text("type") == "epmi_issued"]
    for found in groups(cards, timedelta(minutes=policy.windows.hasty_minutes)):
        if len(members(found)) >= policy.thresholds.hasty_epmis:
            return Hit(Severity.MEDIUM, found, members=members(found))
    return None


INTEGRITY: tuple[Rule, ...] = (
    Rule(
        id="override_without_reason",
        number=27,
        version=1,
        family=Family.INTEGRITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.OFFICER}),
        needs=(System.CHECKPOINT,),
        absence=False,
        why=says(
            "Beberapa pelintas dengan peringatan terbuka diloloskan oleh petugas yang sama tanpa kode alasan.",
            "One officer let several travellers with open alerts go on without a reason code.",
        ),
        innocent=(
            says("Sistem sedang bermasalah.", "The system was down."),
            says("Peringatan keliru yang banyak pada hari itu.", "Many mistaken alerts on that day."),
        ),
        clears=(
            says(
                "Alasan yang dicatat kemudian, atau rekaman yang menunjukkan pemeriksaan dilakukan.",
                "Reasons recorded afterwards, or footage that shows the checks were made.",
            ),
        ),
        questions=(
            says("Apa yang menjadi dasar meloloskan?", "On what ground were they let through?"),
            says("Apakah sistem dapat dipakai saat itu?", "Could the system be used at the time?"),
        ),
        grounds=(GroundCode.UNDER_INVESTIGATION,),
        recipients=(Role.COMPLIANCE, Role.INSPECTORATE),
        judge=_override_without_reason,
    ),
    Rule(
        id="priority_lane_without_ground",
        number=28,
        version=1,
        family=Family.INTEGRITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.OFFICER}),
        needs=(System.SIMKIM,),
        absence=False,
        why=says(
            "Pelintas dengan peringatan terbuka melewati jalur prioritas tanpa alasan jalur prioritas.",
            "A traveller with an open alert went through the priority lane without a ground for it.",
        ),
        innocent=(
            says("Mendampingi orang yang berhak atas jalur prioritas.", "Accompanied somebody entitled to the lane."),
        ),
        clears=(says("Alasan jalur prioritas yang dicatat.", "The ground for the lane, recorded."),),
        questions=(
            says("Siapa yang didampingi?", "Who was accompanied?"),
            says("Mengapa jalur prioritas dipakai?", "Why was the priority lane used?"),
        ),
        grounds=(GroundCode.UNDER_INVESTIGATION,),
        recipients=(Role.COMPLIANCE,),
        judge=_priority_lane_without_ground,
    ),
    Rule(
        id="hasty_verification",
        number=24,
        version=1,
        family=Family.INTEGRITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.OFFICER}),
        needs=(System.SISKOP2MI,),
        absence=False,
        why=says(
            "Banyak e-PMI diverifikasi oleh satu orang dalam beberapa menit.",
            "Many e-PMIs were verified by one person within minutes.",
        ),
        innocent=(says("Pengetikan berkas yang menumpuk sekaligus.", "A backlog of files keyed at once."),),
        clears=(says("Berkas yang lengkap pada tiap e-PMI.", "A complete file behind each e-PMI."),),
        questions=(
            says("Apakah tiap berkas diperiksa?", "Was each file checked?"),
            says("Mengapa diterbitkan sekaligus?", "Why were they issued at once?"),
        ),
        grounds=(GroundCode.UNDER_INVESTIGATION,),
        recipients=(Role.KP2MI, Role.COMPLIANCE),
        judge=_hasty_verification,
    ),
)
