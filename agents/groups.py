"""Groups: when people who share a link are a group worth asking about, and what a member's own dossier makes of that."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from agents.case import Case
from agents.clusters import (
    APPLICATIONS,
    JOURNEYS,
    REGISTRATIONS,
    bought,
    departs,
    groups,
    of_type,
    one_a_person,
)
from agents.households import distinct, kabupaten, members
from agents.rules.rule import Hit, permitted, within
from agents.things import Trigger
from schemas.alerts import Family, Recipient, Role, Severity, TriggerKind
from schemas.facts import Fact
from schemas.identity import SubjectKind, kind_of
from schemas.policy import Policy

STRANGERS = "strangers_one_booking"
CONTACT = "handler_contact_cluster"
ONE_HAND = "one_hand_sends_strangers"
SPONSOR = "sponsor_or_address_cluster"
_LICENSED = frozenset({"TOUR", "PPIU", "COMPANY", "SCHOOL", "SPORTS", "CREW"})


def _standing(case: Case, policy: Policy) -> list[list[Fact]]:
    """Uses that count, less those under the allow-list: first those since an officer last cleared the group, then all.

    What was cleared is no new alert when one more comes; only a whole new group is.
    """
    uses = [use for use in case.mentions if not policy.allowed(case.subject, use.at)]
    cleared = [f.at for f in case.of("outcome_recorded") if f.text("outcome") in {"CLEARED", "CLEARED_WITH_ADVICE"}]
    return [[use for use in uses if use.at > max(cleared)], uses] if cleared else [uses]


MOST_SHOWN = 32
"""People of one group whom an alert names by subject and event: the newest."""


class _Sought(NamedTuple):
    """Groups of uses of these types within a window, of at least so many: fewer uses are not so many people."""

    types: frozenset[str]
    window: timedelta
    least: int
    when: Callable[[Fact], datetime] = lambda use: use.at


def _groups(case: Case, policy: Policy, sought: _Sought) -> Iterator[tuple[Fact, ...]]:
    if len(case.mentions) < sought.least:
        return
    for uses in _standing(case, policy):
        for found in groups(of_type(uses, sought.types), sought.window, sought.when, sought.least):
            yield found[-MOST_SHOWN:]


_ANY_USE = APPLICATIONS | JOURNEYS | REGISTRATIONS


def _group(severity: Severity, uses: Sequence[Fact]) -> Hit:
    places = sorted({place for use in uses if (place := use.text_or_none("checkpoint"))})
    return Hit(
        severity,
        tuple(uses),
        also=tuple(Recipient(role=Role.SUPERVISOR, at=place) for place in places),
        members=members(uses),
    )


def strangers_one_booking(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Rule 17: one booking, or one payer within a day, for people of several families and districts.

    Where everybody's way back is booked it is a prompt: friends and open trips look like this, and few strangers do.
    """
    kind = kind_of(case.subject)
    if kind not in {SubjectKind.BOOKING, SubjectKind.PAYER}:
        return None
    need = policy.thresholds
    when = departs if kind is SubjectKind.BOOKING else bought
    window = timedelta(hours=policy.windows.booking_hours)
    for found in _groups(case, policy, _Sought(JOURNEYS, window, need.strangers, when)):
        travellers = one_a_person(found)
        if (
            len(travellers) >= need.strangers
            and not _one_booking(travellers)
            and not any(use.flag("permitted") or use.text_or_none("group_kind") in _LICENSED for use in found)
            and distinct(travellers) >= need.strangers_households
            and len(kabupaten(travellers)) >= need.strangers_kabupaten
        ):
            back = all(use.flag("return_booked") for use in travellers)
            return _group(Severity.MEDIUM if back else Severity.HIGH, travellers)
    return None


def _one_booking(paid: Sequence[Fact]) -> bool:
    """Did a payer pay one booking, and nothing else? Then the booking is the group, and raises it."""
    bookings = {use.text_or_none("booking") for use in paid}
    return len(bookings) == 1 and None not in bookings


def handler_contact_cluster(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Rule 18: one number, address or account in the papers of several families within a month."""
    if kind_of(case.subject) not in {SubjectKind.CONTACT, SubjectKind.PAYER}:
        return None
    need = policy.thresholds
    window = timedelta(days=policy.windows.contact)
    for found in _groups(case, policy, _Sought(_ANY_USE, window, need.contact_uses)):
        people = [use for use in one_a_person(found) if use.text_or_none("group_kind") not in _LICENSED]
        if (
            len(people) >= need.contact_uses
            and distinct(people) >= need.contact_households
            and not _one_booking(people)
        ):
            return Hit(Severity.HIGH, tuple(people), members=members(people))
    return None


def one_hand_sends_strangers(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Rule 18: who shares a number or a payer leaves for one country within days, half or more on a new passport, and with no way back.

    An agency's customers share it as well: they come home, and go everywhere. What is not stated counts as harmless.
    """
    if kind_of(case.subject) not in {SubjectKind.CONTACT, SubjectKind.PAYER}:
        return None
    need, window = policy.thresholds.one_hand, timedelta(days=policy.windows.one_hand)
    for uses in _standing(case, policy):
        for going in _by_country(uses):
            for found in groups(going, window, _leaves, need):
                people = one_a_person(found[-MOST_SHOWN:])
                if _strangers_sent(people, need):
                    return _group(Severity.HIGH, people)
    return None


def _by_country(uses: Sequence[Fact]) -> list[list[Fact]]:
    """Journeys, and applications of which one came, by where the ticket ends; less those that say of themselves why people stay."""
    found: dict[str, list[Fact]] = {}
    for use in uses:
        country = use.text_or_none("onward") or use.text_or_none("destination")
        leaves = use.text("type") in JOURNEYS or "leaves" in use.data
        licensed = use.text_or_none("group_kind") in _LICENSED
        if country is not None and leaves and not (licensed or use.flag("permitted") or use.flag("settled")):
            found.setdefault(country, []).append(use)
    return list(found.values())


def _leaves(use: Fact) -> datetime:
    return use.moment("leaves") or departs(use)


def _strangers_sent(people: Sequence[Fact], need: int) -> bool:
    """Of several families and hardly two of one; and half of them or more new to travel, and as many with no way back."""
    families = distinct(people)
    one_way = sum(use.flag("return_booked") is False for use in people)
    new = sum(bool(use.flag("new")) for use in people)
    return families >= need and 2 * len(people) <= 3 * families and 2 * min(one_way, new) >= len(people)


def sponsor_or_address_cluster(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Rule 19: one guarantor, or one temporary address near a way out, for many who are no kin."""
    kind = kind_of(case.subject)
    need = policy.thresholds
    if kind is SubjectKind.RECRUITER:
        window = timedelta(days=policy.windows.sponsor)
        for found in _groups(case, policy, _Sought(APPLICATIONS, window, need.sponsor_applications)):
            people = one_a_person(found)
            if len(people) >= need.sponsor_applications and distinct(people) > 1:
                return Hit(Severity.HIGH, tuple(people), members=members(people))
    if kind is SubjectKind.ADDRESS:
        near = {code for row in policy.checkpoints.values() for code in row.nearby}
        window = timedelta(days=policy.windows.address)
        for found in _groups(case, policy, _Sought(APPLICATIONS, window, need.address_adults)):
            people = [
                use
                for use in one_a_person(found)
                if not use.flag("minor") and use.text_or_none("temporary_kabupaten") in near
            ]
            if (
                len(people) >= need.address_adults
                and distinct(people) >= need.address_adults
                and len(kabupaten(people)) >= need.address_kabupaten
            ):
                return Hit(Severity.HIGH, tuple(people), members=members(people))
    return None


def _in_a_group(case: Case, trigger: Trigger, rule: str) -> list[Fact]:
    """What links answered of this use, where they count it among such a group."""
    return _counting(case, trigger.key, rule)


def _counting(case: Case, use: str, rule: str) -> list[Fact]:
    return [
        answer for answer in case.answers(use) if isinstance(told := answer.data.get("rules"), list) and rule in told
    ]


def of_this_journey(case: Case, trigger: Trigger, rule: str, policy: Policy) -> list[Fact]:
    """What links answered of a journey, its announcement and the applications of the last weeks, where they count such a group."""
    asked = within(case.of("passport_application_submitted"), trigger, policy.windows.corridor_passport)
    announced = case.announced(trigger.journey) if trigger.journey else ()
    names = [
        trigger.key,
        *(f"{TriggerKind.MANIFEST.value}/{entry.id}" for entry in announced),
        *(f"{TriggerKind.APPLICATION.value}/{fact.text('application_no')}" for fact in asked),
    ]
    return [answer for name in dict.fromkeys(names) for answer in _counting(case, name, rule)]


def travels_with_strangers(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Rule 17 at a member: the booking says that it belongs to such a group."""
    told = _in_a_group(case, trigger, STRANGERS)
    if not told:
        return None
    gravest = max(_number(answer, "severity") for answer in told)
    severity = Severity.HIGH if gravest >= Severity.HIGH else Severity.MEDIUM
    return Hit(severity, (trigger.fact, *told), group=told[0].text("alert"))


def shares_a_handler(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Rule 18 at a member."""
    told = _in_a_group(case, trigger, CONTACT)
    return Hit(Severity.MEDIUM, (trigger.fact, *told), group=told[0].text("alert")) if told else None


def sent_by_one_hand(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Rule 18 at a member: what links answered of this journey, of its announcement, and of the form for its passport.

    An agency or a broker of the lawful kind can look the same: only the road itself makes it graver.
    """
    journey = trigger.journey
    if journey is None or permitted(case, journey, policy):
        return None
    told = of_this_journey(case, trigger, ONE_HAND, policy)
    if not told:
        return None
    return Hit(Severity.HIGH, (trigger.fact, *told), group=told[0].text("alert"), raised_beside=Family.ROUTE)


def complaint_recruiter_in_pipeline(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Rule 20: what links answered about complaints, at this step or on the road that led here.

    Few complaints about a company that places many are a prompt: everybody else whom it places would be stopped for them.
    """
    answers = [a for a in case.answers(trigger.key) if a.data.get("complaints") or a.flag("listed")]
    if trigger.kind in {TriggerKind.ATTEMPT, TriggerKind.MANIFEST}:
        answers += _of_the_road_here(case, trigger, policy)
    certain = [answer for answer in answers if not _only_a_name(answer)]
    if not certain:
        return Hit(Severity.LOW, (trigger.fact, *answers)) if answers else None
    telling = [answer for answer in certain if not answer.flag("rare")]
    if not telling:
        return Hit(Severity.MEDIUM, (trigger.fact, *certain))
    grave = any(
        answer.flag("indicated") or _number(answer, "complaints") >= policy.thresholds.complaints for answer in telling
    )
    return Hit(Severity.CRITICAL if grave else Severity.HIGH, (trigger.fact, *certain))


def _of_the_road_here(case: Case, trigger: Trigger, policy: Policy) -> list[Fact]:
    """Answers about the application, the agreement or the e-PMI that led to this journey."""
    earliest = trigger.at - timedelta(days=policy.windows.complaint)
    return [
        answer
        for other in case.triggers
        if other.kind in _PIPELINE and earliest <= other.at <= trigger.at
        for answer in case.answers(other.key)
        if answer.data.get("complaints") or answer.flag("listed")
    ]


_PIPELINE = frozenset({TriggerKind.APPLICATION, TriggerKind.PLACEMENT})


def _only_a_name(answer: Fact) -> bool:
    """A recruiter known by name alone may be a namesake: that is for review, never for a stop."""
    return answer.text("link").startswith(f"{SubjectKind.RECRUITER.value}:")


def _number(answer: Fact, field: str) -> int:
    value = answer.data.get(field)
    return value if isinstance(value, int) else 0


def departed_cohort_silent(case: Case, trigger: Trigger, policy: Policy) -> Hit | None:
    """Rule 21: enough of a group left, and for long no word came of them."""
    gone = _gone(case, policy)
    silent = [
        use
        for use in gone
        if not use.flag("back")
        and not use.flag("reported")
        and case.now >= _left(use) + timedelta(days=policy.windows.cohort_silent)
    ]
    if len(silent) < policy.thresholds.cohort or distinct(silent) < policy.thresholds.cohort:
        return None
    complained = any(use.flag("complained") for use in gone)
    moments = sorted(_left(use) + timedelta(days=policy.windows.cohort_silent) for use in silent)
    places = sorted({place for use in silent if (place := use.text_or_none("abroad"))})
    return Hit(
        Severity.HIGH if complained else Severity.MEDIUM,
        tuple(silent),
        also=tuple(Recipient(role=Role.MISSION, at=place) for place in places),
        members=members(silent),
        since=moments[policy.thresholds.cohort - 1],
    )


def cohort_wakes(case: Case, trigger: Trigger, policy: Policy) -> datetime | None:
    """The next day on which another of those who left has been silent for long."""
    moments = [
        _left(use) + timedelta(days=policy.windows.cohort_silent)
        for use in _gone(case, policy)
        if not use.flag("back") and not use.flag("reported")
    ]
    return min((moment for moment in moments if moment > case.now), default=None)


def _gone(case: Case, policy: Policy) -> list[Fact]:
    """Linked people who left for a corridor country, where a cluster stands on this link; nobody when they are too few to count."""
    roads = set().union(policy.scam_corridor.countries, policy.scam_corridor.transits, *policy.corridors.values())
    left = [use for use in case.mentions if use.text_or_none("left") and use.text_or_none("abroad") in roads]
    people = one_a_person(left)
    linked = len(people) >= policy.thresholds.cohort and any(
        rule(case, Trigger(TriggerKind.CLUSTER, case.subject, case.mentions[-1]), policy) is not None
        for rule in (strangers_one_booking, handler_contact_cluster, sponsor_or_address_cluster)
    )
    return people if linked else []


def _left(use: Fact) -> datetime:
    return use.moment("left") or use.at
