"""Numbers: conditions under which the registry contradicts itself, or the papers made with one of its numbers."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations

from agents.case import Case
from agents.rules.rule import Hit, within
from agents.things import Trigger, years
from schemas.alerts import Recipient, Role, Severity, TriggerKind
from schemas.births import BirthAgreement, compare_births
from schemas.facts import GATHERED, Fact
from schemas.names import Verdict, compare_sketches, stored_sketch
from schemas.policy import Policy


def two_identities(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """One face for two active numbers; or a passport on each of two with the same date of birth, mother and name.

    A comparison of faces outweighs the particulars: twins and namesakes whom it told apart stay apart (BR034).
    """
    if case.switched_off() is not None:
        return None
    found: list[Fact] = []
    for other, fact in case.compared.items():
        told = [answer for answer in case.answers(case.face_use(other)) if answer.flag("same_face")]
        if told and (trigger.kind is TriggerKind.REGISTRY or fact.at <= trigger.closes):
            found.append(fact)
    if trigger.kind is not TriggerKind.REGISTRY:
        answers = (one for one in case.of(GATHERED) if one.at <= trigger.closes)
        found += [one for one in answers if _not_told_apart(case, one, "passports")]
    return Hit(Severity.CRITICAL, (trigger.fact, *_less(found, trigger.fact))) if found else None


def possible_same_person(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """An earlier application or registration under another number has the same name, mother and date of birth."""
    answers = [one for one in case.answers(trigger.key) if _not_told_apart(case, one, "alike")]
    return Hit(Severity.MEDIUM, (trigger.fact, *answers)) if answers else None


def _not_told_apart(case: Case, answer: Fact, field: str) -> bool:
    """Is anybody in it whom the registry has not compared by face or finger and found to be somebody else?"""
    told = answer.data.get(field)
    apart = {other for other, fact in case.compared.items() if fact.text("result") in {"DIFFERENT", "BORDERLINE"}}
    return isinstance(told, list) and bool({str(one) for one in told} - apart)


def _less(facts: list[Fact], trigger: Fact) -> list[Fact]:
    return [fact for fact in facts if fact.id != trigger.id]


def identity_conflict(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Two people on one number, or one passport on two: the records are shown side by side, and none gives way by itself."""
    lost = [fact for fact in case.of(GATHERED) if fact.flag("contested")] if case.contested else []
    found = {fact.id: fact for fact in (*_two_people(case), *case.contested, *lost)}
    return Hit(Severity.HIGH, (trigger.fact, *_less([*found.values()], trigger.fact))) if found else None


def _two_people(case: Case) -> Iterator[Fact]:
    """Registrations, or applications, whose dates of birth and names both differ, with no change of either on record."""
    if any(fact.text("field") in {"NAME", "BIRTH_DATE"} for fact in case.of("biodata_changed")):
        return
    for kind in ("resident_registered", "passport_application_submitted"):
        for one, other in combinations(case.own(kind), 2):
            if _somebody_else(one, other):
                yield one
                yield other


def _somebody_else(one: Fact, other: Fact) -> bool:
    """The name and the date of birth both differ; what is not stated differs from nothing."""
    births = compare_births(one.day("birth_date"), other.day("birth_date"))
    return births is BirthAgreement.DIFFERENT and _names(one, other, "name") is Verdict.DIFFERENT


def _names(one: Fact, other: Fact, field: str) -> Verdict:
    return compare_sketches(stored_sketch(one.data.get(field)), stored_sketch(other.data.get(field))).verdict


def deceased_or_inactive(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Wrongly recorded deaths are common: who is verified as the holder goes on, and a correction mends what was said."""
    off = case.switched_off(trigger.at)
    if off is None:
        return None
    seen = [fact for fact in case.own("holder_verified") if off.at <= fact.at <= trigger.closes]
    result = seen[-1].text("result") if seen else "UNKNOWN"
    if result == "SAME":
        return None
    if result == "DIFFERENT":
        return Hit(Severity.CRITICAL, (trigger.fact, off, seen[-1]), also=(Recipient(role=Role.COORDINATOR),))
    return Hit(Severity.MEDIUM, (trigger.fact, off))


def not_matching_registry(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """The registry's answer to the office counts before what we compare ourselves; the last answer, so that one may re-key."""
    earliest = trigger.at - timedelta(days=1)
    told = [f for f in case.own("nik_verification_result") if earliest <= f.at <= trigger.closes]
    record = _registered(case, trigger, "NAME")
    last = told[-1] if told else None
    if last is not None and last.flag("found") is False:
        return Hit(Severity.HIGH, (trigger.fact, last)) if record is None else None
    if last is not None and "MATCH" in {last.text("name"), last.text("birth_date")}:
        return None
    if record is not None and _names(record, trigger.fact, "name") is not Verdict.UNKNOWN:
        return Hit(Severity.HIGH, (trigger.fact, record)) if _other_person(case, record, trigger) else None
    if last is not None and {last.text("name"), last.text("birth_date")} == {"MISMATCH"}:
        return Hit(Severity.HIGH, (trigger.fact, last))
    return None


def _registered(case: Case, trigger: Trigger, field: str) -> Fact | None:
    """The registration that stood then, unless that field was changed since: its new value does not travel."""
    found = [fact for fact in case.own("resident_registered") if fact.at <= trigger.closes]
    changed = (fact for fact in case.of("biodata_changed") if fact.text("field") == field)
    return None if not found or any(fact.at >= found[-1].at for fact in changed) else found[-1]


def _other_person(case: Case, record: Fact, trigger: Trigger) -> bool:
    births = compare_births(case.registered_birth, trigger.fact.day("birth_date"))
    return births is BirthAgreement.DIFFERENT and _names(record, trigger.fact, "name") is Verdict.DIFFERENT


def biodata_changed(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Changes by court order are what the law asks for; a new name alone is what a marriage brings."""
    recent = within(case.own("biodata_changed"), trigger, policy.windows.biodata)
    free = [fact for fact in recent if not fact.text_or_none("court_order_no")]
    moved = _birth_moved(case, free, policy)
    named = [fact for fact in free if fact.text("field") == "NAME"]
    parents = [fact for fact in free if fact.text("field") in {"MOTHER_NAME", "FATHER_NAME"}]
    found = [*moved, *(named + parents if named and parents else ())]
    return Hit(Severity.HIGH, (trigger.fact, *found)) if found else None


def _birth_moved(case: Case, free: list[Fact], policy: Policy) -> list[Fact]:
    """Changes of the date of birth that together moved it by a year or more; unknown while the old date is."""
    changes = [fact for fact in free if fact.day("new_birth_date")]
    if not changes:
        return []
    first = (changes[0].at, changes[0].id)
    before = [born for fact, born in case.registered_births if (fact.at, fact.id) < first]
    now = changes[-1].day("new_birth_date")
    far = before and now and abs((now - before[-1]).days) >= policy.thresholds.birth_date_days
    return changes if far else []


def new_adult(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Only where the registry said that there is neither a late-birth file nor a return: unsaid is not *no*."""
    found = [
        fact
        for fact in within(case.own("resident_registered"), trigger, policy.windows.biodata)
        if fact.flag("late_birth_file") is False
        and fact.flag("returned_from_abroad") is False
        and not fact.flag("temporary")
        and "replaces_nik" not in fact.data
        and _old_enough(fact.day("birth_date"), fact, policy)
    ]
    return Hit(Severity.HIGH, (trigger.fact, *found)) if found else None


def _old_enough(born: date | None, fact: Fact, policy: Policy) -> bool:
    return born is not None and years(born, fact.at.date()) >= policy.thresholds.registered_late


def mother_differs(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """The worst-keyed field of all: it adds to other evidence and says nothing alone."""
    record = _registered(case, trigger, "MOTHER_NAME")
    verdict = _names(record, trigger.fact, "mother_name") if record else Verdict.UNKNOWN
    if verdict is Verdict.DIFFERENT and record is not None:
        return Hit(Severity.MEDIUM, (trigger.fact, record))
    earliest = trigger.at - timedelta(days=1)
    told = [f for f in case.own("nik_verification_result") if earliest <= f.at <= trigger.closes]
    if verdict is Verdict.UNKNOWN and told and told[-1].text("mother_name") == "MISMATCH":
        return Hit(Severity.MEDIUM, (trigger.fact, told[-1]))
    return None
