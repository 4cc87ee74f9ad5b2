"""Evidence: what an alert shows of the facts behind it: which system said what and when, never about whom."""

from agents.assess import Assessment
from schemas.alerts import Evidence, Text
from schemas.facts import MENTIONED, Fact, in_order


def evidence(assessment: Assessment) -> tuple[Evidence, ...]:
    """Everything that the rules leaned on, in event-time order, and which of them did."""
    facts: dict[str, Fact] = {fact.id: fact for one in assessment.spoken for fact in one.hit.evidence}
    ordered = sorted(facts.values(), key=in_order)
    rules: dict[str, list[str]] = {}
    for one in assessment.spoken:
        for fact in one.hit.evidence:
            rules.setdefault(fact.id, []).append(one.rule.id)
    return tuple(_seen(fact, tuple(dict.fromkeys(rules[fact.id]))) for fact in ordered)


def _seen(fact: Fact, rules: tuple[str, ...]) -> Evidence:
    """A mention stands for the event in which the link was used."""
    if fact.kind != MENTIONED:
        return Evidence(event_id=fact.id, system=fact.source, type=fact.kind, at=fact.at, rules=rules)
    event, system, kind = fact.text("event"), fact.text("system"), fact.text("type")
    return Evidence(event_id=event, system=system, type=kind, at=fact.at, rules=rules)


def event_of(fact: Fact) -> str:
    """The event that a fact stands for: a mention, that in which the link was used."""
    return fact.text("event") if fact.kind == MENTIONED else fact.id


def sentences(groups: list[tuple[Text, ...]]) -> tuple[Text, ...]:
    """Each sentence once, in the order of the rules."""
    return tuple({text.en: text for group in groups for text in group}.values())
