"""AGE: children who travel without their own people, and ages that were made to fit."""

from datetime import date, datetime, timedelta

from agents.case import Case
from agents.households import cards, distinct
from agents.rules.rule import ORGANISED, WORK, Hit, Rule, local_time, says
from agents.things import Trigger, years
from schemas.alerts import Family, Recipient, Role, Severity, Strength, TriggerKind
from schemas.envelope import System
from schemas.facts import MENTIONED, Fact
from schemas.outcomes import GroundCode
from schemas.policy import Policy

_FOR_A_CHILD = (Recipient(role=Role.CHILD_PROTECTION), Recipient(role=Role.COORDINATOR))


def _age_manipulation(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """The registry's date as it was by then and as it is now both count: what was mended since is no difference any more."""
    stated = _stated(case, trigger)
    known = [(fact, born) for fact, born in case.registered_births if fact.at <= trigger.closes]
    registered = case.registered_birth
    if stated is None or not known or registered is None:
        return None
    on = local_time(trigger.at, trigger.place, policy).date()
    ages = {policy.thresholds.adult, policy.least_age(_destination(trigger))}
    if not all(_far(born, stated[0], on, ages, policy) for born in (known[-1][1], registered)):
        return None
    if _by_court(case, stated[0]) or _old_data(case, stated[0], on, ages, policy):
        return None
    child = years(registered, on) < policy.thresholds.adult
    return Hit(
        Severity.CRITICAL if child and _for_work(case, trigger) else Severity.HIGH,
        (trigger.fact, *(f for f in (stated[1], known[-1][0]) if f.id != trigger.fact.id)),
        also=(*(_FOR_A_CHILD if child else ()), *_asked_how(case, trigger, on, policy)),
        grounds=(GroundCode.CHILD_PROTECTION,) if child else (),
    )


def _stated(case: Case, trigger: Trigger) -> tuple[date, Fact] | None:
    """The date of birth in the document presented, or in the application."""
    if trigger.attempt is None:
        born, told = trigger.fact.day("birth_date"), trigger.fact
    else:
        issued = case.issuance(trigger.attempt.document)
        if issued is None:
            return None
        born, told = case.birth_in(issued), issued
    return (born, told) if born is not None else None


def _destination(trigger: Trigger) -> str | None:
    return trigger.attempt.destination if trigger.attempt else trigger.fact.text_or_none("destination")


def _far(registered: date, stated: date, on: date, ages: set[int], policy: Policy) -> bool:
    """A year and more apart, or on either side of an age that the law asks for (UU 18/2017 Art. 5; the destination's)."""
    crosses = any((years(registered, on) < age) is not (years(stated, on) < age) for age in ages)
    return crosses or abs((registered - stated).days) >= policy.thresholds.birth_date_days


def _by_court(case: Case, stated: date) -> bool:
    """The registry's date was corrected by a court, and the document still carries the one from before."""
    ordered = [fact.at for fact, _ in case.registered_births if fact.text_or_none("court_order_no")]
    if not ordered:
        return False
    before = {born for fact, born in case.registered_births if fact.at < max(ordered)}
    return not before or stated in before


def _old_data(case: Case, stated: date, on: date, ages: set[int], policy: Policy) -> bool:
    """A grown-up whose passports have carried that date for years: returning workers often do (domain 7, rule 14)."""
    born = case.registered_birth
    if born is None or years(born, on) < max(ages):
        return False
    until = on - timedelta(days=policy.windows.legacy_data)
    dated = [(fact.day("issued_on"), case.birth_in(fact)) for fact in case.of("passport_issued")]
    return any(issued is not None and issued <= until and birth == stated for issued, birth in dated)


def _for_work(case: Case, trigger: Trigger) -> bool:
    asked = (
        {trigger.attempt.visa, trigger.attempt.purpose} if trigger.attempt else {trigger.fact.text_or_none("purpose")}
    )
    return bool(asked & WORK) or any(permit.fact.at <= trigger.at for permit in case.permits)


def _asked_how(case: Case, trigger: Trigger, on: date, policy: Policy) -> tuple[Recipient, ...]:
    """Internal compliance, when the passport is new: somebody keyed or accepted the date lately."""
    issued = case.issuance(trigger.attempt.document) if trigger.attempt else None
    since = issued.day("issued_on") if issued else None
    lately = since is not None and on - timedelta(days=policy.windows.recently_issued) <= since <= on
    return (Recipient(role=Role.COMPLIANCE),) if lately else ()


def _unaccompanied(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """CRITICAL where it is known that nobody of the family comes along; else MEDIUM: the parents may come seconds later.

    A grown-up whose family card is unknown is no stranger for that (missing is never evidence).
    """
    attempt, age = trigger.attempt, case.age(trigger.at)
    if attempt is None or age is None or age >= policy.thresholds.adult or attempt.border_pass:
        return None
    if trigger.fact.flag("guardian_consent") or attempt.group in ORGANISED:
        return None
    answers = _company(case, trigger)
    if any(answer.flag("kin") for answer in answers):
        return None
    named = "companion_passport_no" in trigger.fact.data
    if named and not answers:
        return (
            None  # the grown-up's own document answers at once: until then nothing is known, and no counter need see it
        )
    accompanied = named or any(answer.flag("accompanied") for answer in answers)
    alone = not accompanied and (attempt.lane == "AUTOGATE" or trigger.fact.data.get("group_size") == 1)
    strangers = [answer for answer in answers if answer.flag("kin") is False]
    unknown = [answer for answer in answers if answer.flag("accompanied") and answer.flag("kin") is None]
    if unknown and not alone:
        return None
    if alone or any(answer.flag("announced") for answer in strangers):
        grounds = (GroundCode.CHILD_PROTECTION,)
        return Hit(Severity.CRITICAL, (trigger.fact, *strangers), also=_FOR_A_CHILD, grounds=grounds)
    return Hit(Severity.MEDIUM, (trigger.fact, *strangers))


def _company(case: Case, trigger: Trigger) -> list[Fact]:
    """What the booking, the carrier's announcement and the grown-up at the counter answered about who comes along."""
    names = {trigger.key}
    document = trigger.fact.text("passport_no")
    for entry in case.of("manifest_entry"):
        leaves = entry.moment("scheduled_at") or entry.at
        if entry.text("passport_no") == document and abs(leaves - trigger.at) <= trigger.closes - trigger.at:
            names.add(f"{TriggerKind.MANIFEST.value}/{entry.id}")
    return [answer for name in sorted(names) for answer in case.answers(name)]


def _serial_guardian(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Minors who named this adult's document, up to the children who follow through the gate."""
    if MENTIONED not in case.by_kind or trigger.attempt is None:
        return None
    earliest, latest = trigger.at - timedelta(days=policy.windows.guardian), trigger.closes
    minors = [
        use for use in case.mentions if use.flag("minor") and not use.flag("entrusted") and earliest <= use.at <= latest
    ]
    strangers = _of_others(case, trigger.at, minors, policy)
    if strangers is None:
        return None
    members = frozenset(use.text("member") for use in strangers)
    return Hit(Severity.CRITICAL, (trigger.fact, *strangers), members=members)


def _of_others(case: Case, at: datetime, minors: list[Fact], policy: Policy) -> list[Fact] | None:
    """Enough minors of other families; where the adult's own card is unknown, one family may be its own."""
    mine = case.households(at, policy.windows.household)
    need = policy.thresholds.guardian_minors
    others = [use for use in minors if cards(use) and not mine & cards(use)]
    if mine:
        return others if len({use.text("member") for use in others}) >= need else None
    return others if distinct(others) > need else None


AGE: tuple[Rule, ...] = (
    Rule(
        id="age_manipulation",
        number=14,
        version=1,
        family=Family.AGE,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT, TriggerKind.APPLICATION}),
        needs=(System.DUKCAPIL, System.SIMKIM),
        absence=False,
        why=says(
            "Tanggal lahir di paspor jauh berbeda dari catatan kependudukan, atau melewati batas usia yang diminta hukum.",
            "The date of birth in the passport is far from the registry's, or on the other side of an age that the law asks for.",
        ),
        innocent=(
            says(
                "Catatan kependudukan diperbaiki lewat penetapan pengadilan.",
                "The registry was corrected by a court order.",
            ),
            says(
                "Data lama seorang pekerja yang kembali; kesalahan itu bukan perbuatannya.",
                "Old data of a returning worker; the mistake was not theirs.",
            ),
        ),
        clears=(
            says(
                "Akta kelahiran, penetapan pengadilan, atau perbaikan data oleh Dukcapil atau kantor imigrasi.",
                "A birth certificate, a court order, or a correction by Dukcapil or the immigration office.",
            ),
            says(
                "Orang dewasa: perbedaannya dicatat dan diperbaiki; pekerja tidak dikenai sanksi.",
                "An adult: the difference is noted and mended; the worker is not punished.",
            ),
        ),
        questions=(
            says("Kapan dan di mana Anda lahir?", "When and where were you born?"),
            says("Siapa yang mengurus dokumen Anda?", "Who arranged your documents?"),
            says(
                "Tahun berapa Anda mulai sekolah, dan siapa yang dapat kami hubungi di rumah?",
                "In which year did you start school, and whom may we call at home?",
            ),
        ),
        grounds=(GroundCode.NO_VALID_DOCUMENT, GroundCode.UNTRUE_STATEMENT),
        recipients=(Role.SUPERVISOR, Role.PASSPORT_OFFICE),
        judge=_age_manipulation,
        only_with=frozenset({"resident_registered", "biodata_changed"}),
    ),
    Rule(
        id="unaccompanied_or_serial_guardian_minor",
        number=16,
        version=2,
        family=Family.AGE,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT}),
        needs=(System.DUKCAPIL, System.SIMKIM),
        absence=False,
        why=says(
            "Seorang anak berangkat, dan sejauh diketahui tidak ada keluarganya yang ikut serta.",
            "A child is leaving, and as far as is known nobody of the family comes along.",
        ),
        innocent=(
            says("Perjalanan sekolah, pesantren, atau sekolah berasrama.", "A trip of a school or boarding school."),
            says("Atlet atau peserta lomba.", "An athlete, or somebody on the way to a competition."),
            says("Kerabat di seberang perbatasan.", "Kin just across the border."),
            says("Mengunjungi orang tua yang berpisah.", "A visit to a divorced parent."),
        ),
        clears=(
            says(
                "Orang tua atau keluarga satu kartu keluarga yang ikut, atau persetujuan orang tua di hadapan notaris.",
                "A parent or family on the same card who comes along, or the parents' notarised consent.",
            ),
            says(
                "Daftar rombongan sekolah atau olahraga yang berizin.",
                "The list of a licensed school or sports group.",
            ),
        ),
        questions=(
            says(
                "Dengan siapa kamu pergi, dan siapa yang menjemput?", "With whom are you going, and who picks you up?"
            ),
            says("Boleh kami menelepon ayah atau ibumu?", "May we call your father or mother?"),
        ),
        grounds=(GroundCode.CHILD_PROTECTION,),
        recipients=(Role.COUNTER, Role.SUPERVISOR),
        judge=_unaccompanied,
        only_with=frozenset(
            {"resident_registered", "biodata_changed", "passport_application_submitted", "passport_issued"}
        ),
    ),
    Rule(
        id="serial_guardian",
        number=16,
        version=1,
        family=Family.AGE,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT}),
        needs=(System.DUKCAPIL, System.SIMKIM),
        absence=False,
        why=says(
            "Dalam enam bulan beberapa anak dari keluarga lain berangkat bersama orang dewasa ini.",
            "Within six months several children of other families have left with this adult.",
        ),
        innocent=(
            says("Guru, pelatih, atau pengasuh asrama.", "A teacher, a coach, or a boarding-school warden."),
            says(
                "Keponakan atau anak tetangga, dengan izin orang tuanya.",
                "Nieces or neighbours' children, with their parents' leave.",
            ),
        ),
        clears=(
            says(
                "Persetujuan orang tua setiap anak di hadapan notaris, atau daftar rombongan yang berizin.",
                "The notarised consent of each child's parents, or the list of a licensed group.",
            ),
        ),
        questions=(
            says("Apa hubungan Anda dengan anak-anak ini?", "How are you related to these children?"),
            says("Bagaimana kami dapat menghubungi orang tua mereka?", "How can we reach their parents?"),
        ),
        grounds=(GroundCode.CHILD_PROTECTION,),
        recipients=(Role.SUPERVISOR, Role.CHILD_PROTECTION, Role.COORDINATOR),
        judge=_serial_guardian,
        only_with=frozenset({MENTIONED}),
    ),
)
