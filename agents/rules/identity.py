"""IDENTITY: a document that is not what it seems, or not where it should be."""

from agents.case import Case
from agents.rules.rule import Hit, Rule, document_state, says, within
from agents.things import Trigger
from schemas.alerts import Family, Role, Severity, Strength, TriggerKind
from schemas.envelope import System
from schemas.facts import Fact
from schemas.outcomes import GroundCode
from schemas.policy import Policy


def _passport_lost_while_seized(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    if trigger.lost_document is None:
        return None
    held = _seizures(case, trigger) or _held_by_others(case, trigger)
    return Hit(Severity.CRITICAL, (trigger.fact, *held)) if held else None


def _seizures(case: Case, trigger: Trigger) -> tuple[Fact, ...]:
    document = trigger.lost_document
    state, seized = document_state(case, document, trigger.at) if document else ("VALID", None)
    return (seized,) if state == "SEIZED" and seized is not None else ()


def _held_by_others(case: Case, trigger: Trigger) -> tuple[Fact, ...]:
    """Open complaints that say somebody else keeps the passport: this one, or an unstated one."""
    closed = {fact.text("case_no") for fact in case.of("case_closed") if fact.at <= trigger.at}
    return tuple(
        fact
        for fact in case.of("complaint_filed")
        if fact.at <= trigger.at
        and fact.flag("passport_held")
        and fact.text("case_no") not in closed
        and fact.text_or_none("passport_no") in {None, trigger.lost_document}
    )


def _invalid_document_presented(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    attempt = trigger.journey
    if attempt is None:
        return None
    state, since = document_state(case, attempt.document, trigger.at)
    if state in {"LOST", "SEIZED", "REVOKED", "REPLACED"} and since is not None:
        return Hit(Severity.CRITICAL, (trigger.fact, since))
    others = () if attempt.border_pass else _other_valid_passport(case, trigger, policy)
    return Hit(Severity.CRITICAL, (trigger.fact, *others)) if others else None


def _other_valid_passport(case: Case, trigger: Trigger, policy: Policy) -> tuple[Fact, ...]:
    """Uses, within the window, of a second ordinary passport that is still valid."""
    attempt = trigger.journey
    if len(case.by_kind.get("passport_issued", ())) <= 1:
        return ()
    ordinary = {
        fact.text("passport_no") for fact in case.of("passport_issued") if fact.text("passport_type") in _ORDINARY
    }
    if attempt is None or attempt.document not in ordinary:
        return ()
    used = within(case.of("crossing_attempted"), trigger, policy.windows.two_passports)
    return tuple(
        fact
        for fact in used
        if (other := fact.text("passport_no")) in ordinary
        and other != attempt.document
        and document_state(case, other, trigger.at)[0] == "VALID"
        and not _expired(case, other, trigger)
    )


_ORDINARY = frozenset({"ORDINARY", "ELECTRONIC", "ORDINARY_24", "ORDINARY_48"})


def _expired(case: Case, document: str, trigger: Trigger) -> bool:
    """The state has let it run out: an expired book is not a second valid one."""
    for fact in case.of("passport_issued"):
        until = fact.day("expires_on")
        if fact.text("passport_no") == document and until is not None:
            return until < trigger.at.date()
    return False


IDENTITY: tuple[Rule, ...] = (
    Rule(
        id="passport_lost_while_seized",
        number=8,
        version=1,
        family=Family.IDENTITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.LOSS_REPORT}),
        needs=(System.POLRI, System.PEDULIWNI),
        absence=False,
        why=says(
            "Paspor ini dilaporkan hilang, padahal tercatat disita sebagai barang bukti atau ditahan pihak lain.",
            "This passport is reported lost, yet it is on record as seized evidence or kept by somebody else.",
        ),
        innocent=(
            says("Petugas memilih HILANG, seharusnya DISITA.", "A clerk chose LOST instead of SEIZED."),
            says(
                "Paspor benar-benar dibuang oleh jaringan; jejak SPLP menjelaskannya.",
                "The network really threw it away; the SPLP trail explains it.",
            ),
        ),
        clears=(
            says(
                "Pengembalian oleh penyidik, atau koreksi sebab penggantian.",
                "Return by the investigator, or a corrected cause of replacement.",
            ),
        ),
        questions=(
            says("Siapa yang terakhir memegang paspor Anda?", "Who held your passport last?"),
            says("Apakah ada yang menyuruh Anda melapor hilang?", "Did anyone tell you to report it lost?"),
        ),
        grounds=(GroundCode.UNDER_INVESTIGATION, GroundCode.UNTRUE_STATEMENT),
        recipients=(Role.PASSPORT_OFFICE, Role.COORDINATOR),
        judge=_passport_lost_while_seized,
    ),
    Rule(
        id="invalid_document_presented",
        number=29,
        version=1,
        family=Family.IDENTITY,
        strength=Strength.STRONG,
        triggers=frozenset({TriggerKind.ATTEMPT, TriggerKind.MANIFEST}),
        needs=(System.SIMKIM,),
        absence=False,
        why=says(
            "Paspor yang ditunjukkan tercatat hilang, disita, dicabut atau sudah diganti; atau ada dua paspor biasa yang berlaku.",
            "The passport shown is on record as lost, seized, revoked or replaced; or two ordinary passports are valid at once.",
        ),
        innocent=(
            says("Buku lama dibawa karena visanya.", "The old book is carried for its visa."),
            says(
                "Paspor ditemukan kembali setelah dilaporkan hilang.", "The passport was found again after the report."
            ),
        ),
        clears=(
            says(
                "Paspor lain yang berlaku, atau pencabutan laporan hilang.",
                "Another passport that is valid, or a withdrawn loss report.",
            ),
        ),
        questions=(
            says("Apakah Anda membawa paspor yang lain?", "Do you carry another passport?"),
            says(
                "Pernahkah paspor ini dilaporkan hilang lalu ditemukan?",
                "Was this passport ever reported lost and then found?",
            ),
        ),
        grounds=(GroundCode.NO_VALID_DOCUMENT, GroundCode.UNDER_INVESTIGATION),
        recipients=(Role.COUNTER, Role.SUPERVISOR, Role.COORDINATOR),
        judge=_invalid_document_presented,
    ),
)
