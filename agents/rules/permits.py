"""Permits: what the PROCEDURE rules look at when somebody leaves. Whether an e-PMI covers this journey, or one is on its way."""

from datetime import timedelta

from agents.case import Case
from agents.rules.rule import VISIT, WORK, Hit, active, covers, document_state, permitted, within
from agents.things import Attempt, Permit, Trigger
from schemas.alerts import Severity
from schemas.facts import Fact
from schemas.policy import Policy


def work_visa_without_epmi(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    attempt = trigger.journey
    if attempt is None or attempt.exemption is not None or not {attempt.visa, attempt.purpose} & WORK:
        return None
    if permitted(case, attempt, policy):
        return None
    exits = [
        fact
        for fact in within(case.exits(attempt), trigger, policy.windows.earlier_exits)
        if fact.text_or_none("destination") == attempt.destination is not None
    ]
    if len(exits) >= policy.earlier_exits_needed:
        return Hit(Severity.MEDIUM, (trigger.fact, *exits))
    known = _on_leave(case, trigger, exits, policy) or _card_to_come(case, trigger, attempt.destination, policy)
    return Hit(Severity.MEDIUM if known else Severity.HIGH, (trigger.fact, *known))


def _on_leave(case: Case, trigger: Trigger, exits: list[Fact], policy: Policy) -> list[Fact]:
    """The way there and the way home of somebody who works in that country and is going back; empty for others."""
    if not exits:
        return []
    out, stayed = exits[-1], timedelta(days=policy.windows.worked_abroad)
    for entry in within(case.of("entry_cleared"), trigger, policy.windows.leave):
        there = entry.text_or_none("from_country") in {None, out.text_or_none("destination")}
        if there and entry.at - out.at >= stayed and not entry.flag("deportee"):
            return [out, entry]
    return []


_LAST_STEPS = ("social_security_registered", "opp_completed")
"""Insurance and orientation come before the card; where it came first, `procedure_order_broken` says so."""


def _card_to_come(case: Case, trigger: Trigger, destination: str | None, policy: Policy) -> list[Fact]:
    """The last steps of somebody who went through the whole procedure for that country and lacks the card alone."""
    if destination is None:
        return []
    last = {
        fact.kind: fact
        for fact in within(case.of(*_LAST_STEPS), trigger, policy.windows.cpmi_in_process)
        if fact.text_or_none("country") == destination
    }
    if len(last) < len(_LAST_STEPS):
        return []
    ended = (
        *case.of("placement_cancelled"),
        *case.of("epmi_issued"),
    )  # a card that was issued, and ended, is not to come
    since = min(fact.at for fact in last.values())
    over = any(since <= end.at <= trigger.at and end.text_or_none("country") in {None, destination} for end in ended)
    return [] if over else list(last.values())


def declared_visit_but_cpmi_in_process(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    attempt = trigger.journey
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


def epmi_route_mismatch(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    journey = trigger.journey
    if not case.permits or journey is None or journey.destination is None or journey.border_pass:
        return None
    standing = [permit for permit in case.permits if active(case, permit, journey, policy)]
    if here := [permit for permit in standing if covers(permit, journey)]:
        return _other_passport(case, trigger, journey, here)
    cards = [permit for permit in standing if permit.number is not None]
    if not cards or any(_leads_to(case, journey, card, policy) for card in cards):
        return None
    return Hit(Severity.HIGH, (trigger.fact, *(card.fact for card in cards)))


def _leads_to(case: Case, journey: Attempt, card: Permit, policy: Policy) -> bool:
    """A transit to the country of the e-PMI, by any ticket known up to now; or the holder works there already and is on leave."""
    leaves = journey.leaves_at or journey.fact.at
    transit = timedelta(hours=policy.windows.transit_hours)
    stops = {journey.first_stop}
    for entry in case.of("manifest_entry"):
        ticket = case.journey(entry)
        if entry.at <= journey.fact.at and -_SAME_SERVICE <= (ticket.leaves_at or entry.at) - leaves <= transit:
            stops |= {ticket.first_stop, ticket.destination}
    at_work = (left for left in case.exits(journey) if left.at >= card.fact.at)
    return card.country in stops or any(left.text_or_none("destination") == card.country for left in at_work)


_SAME_SERVICE = timedelta(hours=12)
"""A carrier's announcement of the very departure may name a time before the attempt."""


def _other_passport(case: Case, trigger: Trigger, journey: Attempt, permits: list[Permit]) -> Hit | None:
    """Every permit for that country names another passport that is still good, and this one did not take its place."""
    for permit in permits:
        document = permit.fact.text_or_none("passport_no")
        if document is None or document == journey.document or _gave_way(case, journey, document):
            return None
    return Hit(Severity.HIGH, (trigger.fact, *(permit.fact for permit in permits)), absence=True)


def _gave_way(case: Case, journey: Attempt, old: str) -> bool:
    """Replaced by the one presented, or no good any more: lost, withdrawn or expired, so that a new one was needed."""
    at = journey.fact.at
    if case.replaces(journey.document, old, at) or document_state(case, old, at)[0] != "VALID":
        return True
    issued = case.issuance(old)
    until = issued.day("expires_on") if issued else None
    return until is not None and until < at.date()
