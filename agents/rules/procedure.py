"""PROCEDURE: leaving to work beside the route of UU 18/2017."""

from agents.case import Case, Trigger
from agents.rules.rule import VISIT, WORK, Hit, Rule, permitted, says, within
from schemas.alerts import Family, Role, Severity, Strength, TriggerKind
from schemas.envelope import System
from schemas.facts import Fact
from schemas.outcomes import GroundCode
from schemas.policy import Policy


def _work_visa_without_epmi(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    attempt = trigger.attempt
    if attempt is None or attempt.exemption is not None or not {attempt.visa, attempt.purpose} & WORK:
        return None
    if permitted(case, attempt, policy):
        return None
    exits = [
        fact
        for fact in within(case.of("crossing_cleared"), trigger, policy.windows.earlier_exits)
        if fact.text("direction") == "OUT"
        and fact.text_or_none("destination") == attempt.destination is not None
        and fact.text("crossing_id") != attempt.crossing
    ]
    known = len(exits) >= policy.earlier_exits_needed
    return Hit(Severity.MEDIUM if known else Severity.HIGH, (trigger.fact, *(exits if known else ())))


def _declared_visit_but_cpmi_in_process(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    attempt = trigger.attempt
    if (
        not case.process
        or attempt is None
        or not {attempt.visa, attempt.purpose} & VISIT
        or {attempt.visa, attempt.purpose} & WORK
    ):
        return None
    steps = _open_process(case, trigger, policy, attempt.destination)
    if not steps or permitted(case, attempt, policy):
        return None
    return Hit(Severity.HIGH, (trigger.fact, *steps))


def _open_process(case: Case, trigger: Trigger, policy: Policy, destination: str | None) -> tuple[Fact, ...]:
    """The steps towards that country, when the last change is recent and nothing ended the process since."""
    steps = [fact for fact in case.process if fact.at <= trigger.at]
    towards = [fact for fact in steps if destination is not None and fact.text_or_none("country") == destination]
    if not towards or not within(steps[-1:], trigger, policy.windows.cpmi_in_process):
        return ()
    for end in case.of("placement_cancelled", "epmi_issued"):
        ended = end.text_or_none("country") in {None, destination}
        if ended and towards[-1].at <= end.at <= trigger.at:
            return ()
    return (towards[-1],) if towards[-1] is steps[-1] else (towards[-1], steps[-1])


PROCEDURE: tuple[Rule, ...] = (
    Rule(
        id="work_visa_without_epmi",
        number=1,
        version=1,
        family=Family.PROCEDURE,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT}),
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
            says("e-PMI baru saja terbit dan belum tercatat.", "An e-PMI issued moments ago and not yet recorded."),
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
        judge=_work_visa_without_epmi,
    ),
    Rule(
        id="declared_visit_but_cpmi_in_process",
        number=2,
        version=1,
        family=Family.PROCEDURE,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT}),
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
        judge=_declared_visit_but_cpmi_in_process,
    ),
)
