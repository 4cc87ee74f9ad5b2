"""Placements: what the PROCEDURE rules look at before somebody leaves. Companies, offices, villages and ships' agents."""

from agents.case import Case
from agents.rules.rule import WORK, Hit, active, covers
from agents.things import Attempt, Permit, Trigger
from schemas.alerts import Recipient, Role, Severity, TriggerKind
from schemas.codes import Scheme, WorkDocument
from schemas.envelope import System
from schemas.facts import Fact
from schemas.identity import SubjectKind, subject
from schemas.policy import CountryRule, Policy

_NO_LICENCE = frozenset({"SUSPENDED", "REVOKED", "EXPIRED"})
_CREW = frozenset({"CREW", "CREW_JOINING"})
_SEA = frozenset({Scheme.SEA_MERCHANT.value, Scheme.SEA_FISHING.value})


def company_not_valid(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """What the company's dossier answered about the agreement or the e-PMI; at a departure, about the e-PMI that covers it."""
    journey = trigger.journey
    if journey is None:
        return _invalid(case, trigger, trigger.fact, Severity.HIGH)
    cards = _covering(case, journey, policy)
    return _invalid(case, trigger, cards[0].fact, Severity.MEDIUM) if cards else None


def _covering(case: Case, journey: Attempt, policy: Policy) -> list[Permit]:
    """The e-PMI cards under which somebody leaves, newest first."""
    found = [
        permit
        for permit in case.permits
        if permit.number is not None and covers(permit, journey) and active(case, permit, journey, policy)
    ]
    return found[::-1]


def _invalid(case: Case, trigger: Trigger, placement: Fact, severity: Severity) -> Hit | None:
    answers = _answers(case, placement)
    excused = _signed_while_valid(case, placement)
    known = [a for a in answers if a.flag("over_quota") or (_unlicensed(a) and not excused)]
    missing = [a for a in answers if a.flag("permit") is False and placement.kind == "epmi_issued"]
    grounds = tuple({fact.id: fact for fact in (trigger.fact, placement, *known, *missing)}.values())
    if known:
        return Hit(severity, grounds, absence=False)
    return Hit(severity, grounds) if missing else None


def _answers(case: Case, placement: Fact) -> list[Fact]:
    """From the placement company alone: the employer holds no licence of ours."""
    company = placement.text_or_none("p3mi_ref")
    if company is None:
        return []
    key = f"{TriggerKind.PLACEMENT.value}/{placement.id}"
    return [a for a in case.answers(key) if a.text("link") == subject(SubjectKind.COMPANY, company)]


def _unlicensed(answer: Fact) -> bool:
    return answer.text_or_none("licence") in _NO_LICENCE


def _signed_while_valid(case: Case, placement: Fact) -> bool:
    """The agreement with this company for this country came before the licence ended: the placement may be completed."""
    return any(
        agreement.at <= placement.at
        and agreement.id != placement.id
        and agreement.text("p3mi_ref") == placement.text_or_none("p3mi_ref")
        and agreement.text("country") == placement.text("country")
        and not any(_unlicensed(answer) for answer in _answers(case, agreement))
        for agreement in case.of("placement_agreement_signed")
    )


def procedure_order_broken(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Steps that the scheme asks for and that are not, or only later, on record. A late stamp is known; a missing one may be late."""
    card = trigger.fact
    if card.kind != "epmi_issued":
        return None
    asked = policy.documents.get(Scheme(card.text_or_none("scheme") or "UNKNOWN"), frozenset()) & _ORDERED.keys()
    late: list[Fact] = []
    missing: list[System] = []
    for document in sorted(asked):
        kind, source = _ORDERED[document]
        steps = [step for step in case.of(kind) if step.text_or_none("country") in {None, card.text("country")}]
        if not any(step.at <= card.at for step in steps):
            late += steps[:1]
            missing += () if steps else (source,)
    if late:
        return Hit(Severity.MEDIUM, (card, *late), absence=False, rests_on=())
    return Hit(Severity.MEDIUM, (card,), rests_on=tuple(dict.fromkeys(missing))) if missing else None


_ORDERED = {
    WorkDocument.DOC_OPP: ("opp_completed", System.SISKOP2MI),
    WorkDocument.DOC_BPJS_TK: ("social_security_registered", System.SISKOP2MI),
    WorkDocument.DOC_PLACEMENT_AGREEMENT: ("placement_agreement_signed", System.SIPMI),
}
"""What is safe to order before an e-PMI (domain 2.3), and who records it."""


def non_placement_country(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Work that is declared or contracted where placement has no agreement. Professionals with a legal entity are real."""
    fact = trigger.fact
    asked = trigger.application
    country = fact.text_or_none("destination" if asked else "country")
    if asked is not None and asked.purpose not in WORK:
        return None
    if policy.country_rule(country, trigger.at.date()) is not CountryRule.NO_AGREEMENT:
        return None
    if asked is not None:
        professional = fact.text_or_none("employer_kind") == "LEGAL_ENTITY" and asked.sponsor is None
        return Hit(Severity.MEDIUM if professional else Severity.HIGH, (fact,), rests_on=())
    alone = fact.text_or_none("scheme") == Scheme.INDEPENDENT.value
    return Hit(Severity.MEDIUM if alone else Severity.HIGH, (fact,), also=(Recipient(role=Role.KP2MI),), rests_on=())


def recommendation_or_letter(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """A letter that others used, or of another village, is there to be seen; a number that is not found may be late."""
    asked = trigger.fact
    reused = [answer for answer in case.answers(trigger.key) if answer.flag("reused")]
    if reused:
        return Hit(Severity.HIGH, (asked, *reused), absence=False, rests_on=(System.SIMKIM,))
    if elsewhere := _letter_of_another_village(case, trigger, policy):
        return Hit(Severity.HIGH, (asked, *elsewhere), absence=False, rests_on=(System.DUKCAPIL,))
    number = asked.text_or_none("recommendation_no")
    issued = (f for f in case.of("passport_recommendation_issued") if f.at <= trigger.at)
    if number is None or any(f.text("recommendation_no") == number for f in issued):
        return None
    return Hit(Severity.HIGH, (asked,), rests_on=(System.SIPMI,))


def _letter_of_another_village(case: Case, trigger: Trigger, policy: Policy) -> tuple[Fact, ...]:
    """The registry's homes, when the letter's desa is none of them, now or in the last year. No home on record is no answer."""
    village = trigger.fact.text_or_none("village_letter_desa")
    homes = case.domiciles(trigger.at, policy.windows.letter_domicile)
    at_home = any(home.text("desa_code") == village for home in homes)
    return () if village is None or at_home else homes


def seafarer_without_pkl(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """The PKL is seen at the counter, so an announcement alone tells nothing of it."""
    attempt = trigger.attempt
    if attempt is None or not ({attempt.visa, attempt.purpose} & _CREW or attempt.exemption == "CREW"):
        return None
    cards = [card.fact for card in _covering(case, attempt, policy) if card.fact.text_or_none("scheme") in _SEA]
    fishing = trigger.fact.text_or_none("vessel_kind") == "FISHING" or any(
        card.text_or_none("scheme") == Scheme.SEA_FISHING.value for card in cards
    )
    severity = Severity.HIGH if fishing else Severity.MEDIUM
    agents = [answer for card in cards for answer in _answers(case, card) if _unlicensed(answer)]
    if agents and not any(_signed_while_valid(case, card) for card in cards):
        return Hit(severity, (trigger.fact, *cards, *agents), absence=False, rests_on=(System.SIPMI,))
    if cards or trigger.fact.text_or_none("sea_contract_no"):
        return None
    return Hit(severity, (trigger.fact,), rests_on=(System.SISKOP2MI,))
