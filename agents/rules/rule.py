"""What a rule is: a pure judgement, the sentences that people read, and the conditions under which it may speak."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from agents.case import Case
from agents.things import Attempt, Permit, Trigger
from schemas.alerts import Family, Recipient, Role, Severity, Strength, Text, TriggerKind
from schemas.envelope import System
from schemas.facts import Fact
from schemas.outcomes import GroundCode
from schemas.policy import Policy

WORK = frozenset({"WORK"})
ORGANISED = frozenset({"SCHOOL", "SPORTS"})
"""Licensed groups in which children travel without their own people."""
SETTLED_VISAS = frozenset({"RESIDENCE", "STUDY", "CREW", "HAJJ"})
"""Visas with which people stay for a reason that no network has, whatever their tickets say."""
VISIT = frozenset({"TOURISM", "FAMILY_VISIT", "VISIT", "TOURIST", "VISA_FREE"})


class Hit(msgspec.Struct, frozen=True):
    """The rule's condition holds: how grave, on which facts, and who else should know."""

    severity: Severity
    evidence: tuple[Fact, ...]
    also: tuple[Recipient, ...] = ()
    mention: str | None = None
    """A link (such as a group stopped together) whose other members make this graver."""
    group: str | None = None
    """The alert of the group that this person belongs to: no alert of its own then."""
    since: datetime | None = None
    """When a silence became one, where the evidence is older than what it means."""
    grounds: tuple[GroundCode, ...] = ()
    """Legal grounds that fit this very finding, beside those of the rule."""
    members: frozenset[str] = frozenset()
    """Of a group: the subjects that it consists of."""
    raised_beside: Family | None = None
    """One level graver when a rule of this family speaks as well."""
    absence: bool | None = None
    """Of a rule with several conditions: does this finding rest on something missing? None: as the rule says."""
    rests_on: tuple[System, ...] | None = None
    """The sources among the rule's needs that this finding rests on; None: all of them."""


@dataclass(frozen=True, eq=False)
class Rule:
    """One row of the rule book.

    `needs` are the sources that must be fresh. With `absence`, the rule rests on something missing: on a stale feed or
    an unknown identity it is undetermined; otherwise a stale feed lowers it by one severity (rule 36).
    """

    id: str
    number: int
    version: int
    family: Family
    strength: Strength
    triggers: frozenset[TriggerKind]
    needs: tuple[System, ...]
    absence: bool
    why: Text
    innocent: tuple[Text, ...]
    clears: tuple[Text, ...]
    questions: tuple[Text, ...]
    grounds: tuple[GroundCode, ...]
    recipients: tuple[Role, ...]
    judge: Callable[[Case, Trigger, Policy], Hit | None] = field(repr=False)
    only_with: frozenset[str] = frozenset()
    """Kinds of facts without any of which the rule has nothing to say, so that it need not be asked. Empty: it is always asked."""
    wakes: Callable[[Case, Trigger, Policy], datetime | None] | None = field(default=None, repr=False)
    """When a rule about silence wants to look again."""
    told_to_members: bool = False
    """Of a group's rule: every member's own dossier hears that it belongs to the group."""
    circle: frozenset[Role] = frozenset()
    """Who alone may know that this rule spoke; empty: everybody whom the alert reaches."""
    category: str = "TPPO"
    """HAJJ and PAPERWORK are classes of their own, never in trafficking statistics."""


def says(indonesian: str, english: str) -> Text:
    """A sentence in both languages."""
    return Text(id=indonesian, en=english)


def within(facts: Iterable[Fact], trigger: Trigger, days: int) -> list[Fact]:
    """Facts of the last `days` days up to and including the trigger's moment."""
    earliest = trigger.at - timedelta(days=days)
    return [fact for fact in facts if earliest <= fact.at <= trigger.at]


def permitted(case: Case, attempt: Attempt, policy: Policy) -> bool:
    """`ok_epmi` of the rule book: a permit issued up to the attempt's second, not ended, for that country or an unstated one."""
    return any(covers(permit, attempt) and active(case, permit, attempt, policy) for permit in case.permits)


def covers(permit: Permit, attempt: Attempt) -> bool:
    """Is it a permit for where the ticket ends? An unstated country is no other one."""
    return _same_country(permit.country, attempt.destination)


def active(case: Case, permit: Permit, attempt: Attempt, policy: Policy) -> bool:
    """Issued up to the attempt's second, in force on that day at the checkpoint, and not ended; whatever its country."""
    at = attempt.fact.at
    if permit.fact.at > at:
        return False
    if permit.valid_to is not None and permit.valid_to < local_time(at, attempt.checkpoint, policy).date():
        return False
    return not any(permit.fact.at <= end.at <= at and _ends(end, permit) for end in case.of(*_ENDS))


_ENDS = ("epmi_revoked", "placement_cancelled")


def _ends(end: Fact, permit: Permit) -> bool:
    if end.kind == "epmi_revoked":
        return permit.number is not None and end.text("epmi_no") == permit.number
    return _same_country(end.text_or_none("country"), permit.country)


def _same_country(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def passport_days(case: Case, attempt: Attempt, policy: Policy) -> int | None:
    """Days since the presented passport was issued, by the checkpoint's calendar; None when no issuance is known."""
    issued = case.issuance(attempt.document)
    day = issued.day("issued_on") if issued else None
    return None if day is None else (local_time(attempt.fact.at, attempt.checkpoint, policy).date() - day).days


def is_new(case: Case, attempt: Attempt, policy: Policy) -> bool:
    """Is the passport no older than rules 5, 18 and 35 call new? False where no issuance is known."""
    days = passport_days(case, attempt, policy)
    return days is not None and 0 <= days <= policy.windows.corridor_passport


def far_from_home(case: Case, attempt: Attempt, policy: Policy) -> bool:
    """Is the checkpoint an exit corridor, and 500 km or more from home by the policy's table? False where home is not known.

    A distance, not a score of a province: everybody may leave from anywhere (UU 18/2017 Art. 6), and from the same province
    the same journey is near or far depending on the port.
    """
    row = policy.checkpoints.get(attempt.checkpoint)
    if row is None or not row.exit_corridor:
        return False
    home = case.home(attempt.fact.at)
    return home is not None and policy.far(home[:2], row.province)


def local_time(at: datetime, checkpoint: str, policy: Policy) -> datetime:
    """The moment on the clock of that checkpoint; WIB where the checkpoint is not in the table."""
    row = policy.checkpoints.get(checkpoint)
    return at.astimezone(ZoneInfo(row.zone if row else "Asia/Jakarta"))


def document_state(case: Case, document: str, at: datetime) -> tuple[str, Fact | None]:
    """What a document was at a moment. Recovery undoes only a loss, release only a seizure."""
    if not case.document_states:
        return "VALID", None
    standing: dict[str, Fact] = {}
    undone = {"RECOVERED": "LOST", "RELEASED": "SEIZED"}
    for change in case.document_states:
        if change.document != document or change.fact.at > at:
            continue
        if change.state in undone:
            standing.pop(undone[change.state], None)
        else:
            standing[change.state] = change.fact
    for state in ("SEIZED", "REVOKED", "WITHDRAWN", "LOST", "REPLACED"):
        if state in standing:
            return state, standing[state]
    return "VALID", None
