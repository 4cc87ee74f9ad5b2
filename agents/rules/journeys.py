"""Journeys: what the ROUTE rules look at. Where a ticket leads, how it was bought, and what was said of it before."""

from datetime import timedelta

from agents import groups
from agents.case import Case
from agents.rules.rule import Hit, far_from_home, is_new, local_time, passport_days, permitted, within
from agents.things import Attempt, Trigger
from schemas.alerts import Family, Severity, TriggerKind
from schemas.facts import Fact
from schemas.policy import CountryRule, Policy

_SAUDI_ARABIA = "SAU"
_PILGRIMAGE = frozenset({"UMRAH", "HAJJ"})
_ABROAD_FOR_A_REASON = frozenset({"MEDICAL", "STUDY"})
_GULF_VISAS = frozenset({"VISIT", "TOURIST", "VISA_FREE", "UMRAH", "ZIARAH"})
_CREW = frozenset({"CREW", "CREW_JOINING"})
_ON_DUTY = frozenset({"OFFICIAL_DUTY", "MISSION_STAFF", "STATE_FUNDED"})
_RESIDENT_VISAS = frozenset({"HAJJ", "RESIDENCE", "CREW", "UNKNOWN"})


def passport_purpose_conflict(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """The first exit of a new passport goes where its declared purpose does not lead; an unstated end of the ticket is no conflict."""
    journey = trigger.journey
    issued = case.issuance(journey.document) if journey else None
    asked = case.applied_for(issued, trigger.at) if issued else None
    if journey is None or issued is None or asked is None:
        return None
    days = passport_days(case, journey, policy)
    if days is None or not 0 <= days <= policy.windows.new_passport or _leads_there(asked, journey):
        return None
    if any(fact.text("passport_no") == journey.document for fact in case.exits(journey)):
        return None
    return Hit(Severity.MEDIUM, (trigger.fact, asked, issued))


def _leads_there(asked: Fact, journey: Attempt) -> bool:
    """Umrah goes to Saudi Arabia, by any transit and with any journey on; study and treatment where they were said to be."""
    stops = {stop for stop in (journey.first_stop, journey.destination) if stop}
    purpose = asked.text("purpose")
    if not stops or journey.destination is None or purpose not in _PILGRIMAGE | _ABROAD_FOR_A_REASON:
        return True
    place = _SAUDI_ARABIA if purpose in _PILGRIMAGE else asked.text_or_none("destination")
    return place is None or place in stops


def gulf_visit_visa(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """PPIU counts lack 22 % of pilgrims, so no group is no evidence: only one way, or a long stay, is."""
    journey = trigger.journey
    if journey is None or journey.visa not in _GULF_VISAS or journey.group == "PPIU":
        return None
    on = local_time(trigger.at, journey.checkpoint, policy).date()
    if policy.country_rule(journey.destination, on) is not CountryRule.CLOSED_HOUSEHOLD:
        return None
    if not _stays(journey, policy.windows.long_stay) or permitted(case, journey, policy):
        return None
    if journey.exemption is not None and journey.exemption != "PILGRIM":
        return None
    return Hit(Severity.MEDIUM, (trigger.fact,), raised_beside=Family.NETWORK)


def _stays(journey: Attempt, days: int) -> bool:
    """A ticket that is said to be one-way, or a return later than so many days; what is not stated is neither."""
    leaves = journey.leaves_at or journey.fact.at
    late = journey.return_at is not None and journey.return_at - leaves > timedelta(days=days)
    return late or (journey.return_booked is False and journey.return_at is None)


def scam_corridor(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Two signs beside the destination, which alone is none: 123,000 citizens entered Cambodia in 2024, most as visitors."""
    journey = trigger.journey
    if journey is None or not _onto_the_road(case, journey, policy) or permitted(case, journey, policy):
        return None
    if {journey.visa, journey.purpose} & _CREW or journey.exemption in _ON_DUTY:
        return None
    signs = _signs(case, trigger, journey, policy)
    into = _into_the_corridor(case, journey, policy)
    need = policy.thresholds.scam_signs if into else policy.thresholds.scam_signs_by_land
    if len(signs) < need or not (into or _sent_on(case, trigger, journey, policy)):
        return None
    facts = {fact.id: fact for sign in signs for fact in sign if fact.id != trigger.fact.id}
    return Hit(Severity.HIGH, (trigger.fact, *facts.values()))


def _onto_the_road(case: Case, journey: Attempt, policy: Policy) -> bool:
    """Into the corridor, or to a country from which the road goes on by land (domain 3.1: Bangkok, Mae Sot, Myawaddy)."""
    return journey.destination in policy.scam_corridor.by_land or _into_the_corridor(case, journey, policy)


def _into_the_corridor(case: Case, journey: Attempt, policy: Policy) -> bool:
    """The ticket ends there; or the service ends at one of its airfields and the passenger's own end says nothing else."""
    roads = policy.scam_corridor
    if journey.destination in roads.countries:
        return True
    if journey.destination is not None and journey.destination not in roads.transits:
        return False
    routes = [
        route for entry in case.announced(journey) if isinstance(route := entry.data.get("route"), list) and route
    ]
    return any(route[-1] in roads.ports for route in routes)


def _signs(case: Case, trigger: Trigger, journey: Attempt, policy: Policy) -> list[tuple[Fact, ...]]:
    """Each sign with the facts that it rests on; how many there are is what counts."""
    signs: list[tuple[Fact, ...]] = []
    announced = case.announced(journey)
    if _stays(journey, policy.scam_corridor.visa_free_days):
        signs.append((trigger.fact,))
    issued = case.issuance(journey.document)
    if issued is not None and is_new(case, journey, policy):
        signs.append((issued,))
    if late := [entry for entry in announced if _bought_late(entry, policy)]:
        signs.append(tuple(late))
    signs += _shared_signs(case, trigger, policy)
    if _far_exit(case, trigger, journey, policy):
        signs.append((trigger.fact,))
    return signs


def _sent_on(case: Case, trigger: Trigger, journey: Attempt, policy: Policy) -> bool:
    """Of a road by land: with no way back, and by a number or payer of several families; friends and tours have one."""
    handled = groups.of_this_journey(case, trigger, groups.CONTACT, policy)
    return bool(handled) and _stays(journey, policy.scam_corridor.visa_free_days)


def _shared_signs(case: Case, trigger: Trigger, policy: Policy) -> list[tuple[Fact, ...]]:
    """Of each kind of group that this journey belongs to, what links answered."""
    told = (groups.of_this_journey(case, trigger, rule, policy) for rule in (groups.STRANGERS, groups.CONTACT))
    return [tuple(answers) for answers in told if answers]


def _bought_late(entry: Fact, policy: Policy) -> bool:
    booked, leaves = entry.moment("booked_at"), entry.moment("scheduled_at")
    if booked is None or leaves is None:
        return False
    return timedelta(0) <= leaves - booked <= timedelta(hours=policy.windows.ticket_hours)


def hajj_without_visa(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """To Saudi Arabia, by any transit, in the season, on a visa that is known and no hajj visa. Other lawful reasons are left out."""
    journey = trigger.journey
    if journey is None or _SAUDI_ARABIA not in {journey.destination, journey.first_stop}:
        return None
    if not policy.in_hajj_season(local_time(trigger.at, journey.checkpoint, policy).date()):
        return None
    if journey.visa in _RESIDENT_VISAS or journey.exemption not in {None, "PILGRIM"}:
        return None
    permit = permitted(case, journey, policy) and journey.visa == "WORK"
    return None if permit else Hit(Severity.MEDIUM, (trigger.fact,))


def far_domicile(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """It rests on no feed's freshness: nobody's answer waits for something that alone means nothing."""
    journey = trigger.journey
    issued = case.issuance(journey.document) if journey else None
    if journey is None or issued is None or not _far_exit(case, trigger, journey, policy):
        return None
    return Hit(Severity.LOW, (trigger.fact, issued), rests_on=())


def _far_exit(case: Case, trigger: Trigger, journey: Attempt, policy: Policy) -> bool:
    """Far from home, on a new passport, with no return that is known of, and nobody of the family card on the booking."""
    if not far_from_home(case, journey, policy) or not is_new(case, journey, policy):
        return False
    if journey.return_booked or journey.return_at is not None or journey.border_pass:
        return False
    names = [trigger.key, *(f"{TriggerKind.MANIFEST.value}/{entry.id}" for entry in case.announced(journey))]
    return not any(answer.flag("kin") for name in names for answer in case.answers(name))


def stories_differ(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """What was answered at the passport interview and in secondary, code by code; an answer that is missing is no difference."""
    interviews = within(case.of("passport_interview_completed"), trigger, policy.windows.interview)
    if trigger.attempt is None or not interviews:
        return None
    then, now = interviews[-1].data, trigger.fact.data
    answered = [(then.get(field), now.get(field)) for field in _ANSWERS]
    differ = [one for one in answered if not set(one) & {None, "UNKNOWN"} and one[0] != one[1]]
    return (
        Hit(Severity.MEDIUM, (interviews[-1], trigger.fact))
        if len(differ) >= policy.thresholds.stories_differ
        else None
    )


_ANSWERS = ("stated_purpose", "stated_country", "stated_companions")
