"""What a rule is: a pure judgement, the sentences that people read, and the conditions under which it may speak."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agents.case import Attempt, Case, Permit, Trigger
from schemas.alerts import Family, Recipient, Role, Severity, Strength, Text, TriggerKind
from schemas.envelope import System
from schemas.facts import Fact
from schemas.outcomes import GroundCode
from schemas.policy import Policy

WORK = frozenset({"WORK"})
VISIT = frozenset({"TOURISM", "FAMILY_VISIT", "VISIT", "TOURIST", "VISA_FREE"})


@dataclass(frozen=True, slots=True)
class Hit:
    """The rule's condition holds: how grave, on which facts, and who else should know."""

    severity: Severity
    evidence: tuple[Fact, ...]
    also: tuple[Recipient, ...] = ()
    mention: str | None = None
    """A link (such as a group stopped together) whose other members make this graver."""


@dataclass(frozen=True)
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


def says(indonesian: str, english: str) -> Text:
    """A sentence in both languages."""
    return Text(id=indonesian, en=english)


def within(facts: Iterable[Fact], trigger: Trigger, days: int) -> list[Fact]:
    """Facts of the last `days` days up to and including the trigger's moment."""
    earliest = trigger.at - timedelta(days=days)
    return [fact for fact in facts if earliest <= fact.at <= trigger.at]


def permitted(case: Case, attempt: Attempt, policy: Policy) -> bool:
    """`ok_epmi` of the rule book: a permit issued up to the attempt's second, not ended, for that country or an unstated one."""
    return any(_covers(case, permit, attempt, policy) for permit in case.permits)


def _covers(case: Case, permit: Permit, attempt: Attempt, policy: Policy) -> bool:
    at = attempt.fact.at
    if permit.fact.at > at or not _same_country(permit.country, attempt.destination):
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
