"""Calls: alerts as paging sees them, and why nothing may be sent about one now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agents.ledger import Ledger
from agents.page_text import sentence
from agents.route import AT_THE_GATE
from schemas.alerts import OPEN_STATES, Alert, Role, Severity, State, Text, TriggerKind
from schemas.paging import Quiet, RotaBook, Silence

_GROUPS = frozenset({TriggerKind.CLUSTER, TriggerKind.COHORT})
_ANSWERED = frozenset({State.ACKNOWLEDGED, State.IN_SECONDARY})


@dataclass(frozen=True, slots=True)
class Call:
    """What paging knows of an alert: as much as decides, and a sentence for each rota that it may call."""

    alert_id: str
    revision: int
    trigger: TriggerKind
    subject: str
    members: frozenset[str]
    place: str
    severity: Severity
    rule: str
    rules: frozenset[str]
    state: State
    answered: bool
    at: datetime
    acknowledge_by: datetime | None
    decide_by: datetime | None
    expires_at: datetime
    since: datetime
    """When its first revision of this severity in this life was appended; page delays are counted from here."""
    rotas: Mapping[str, tuple[Role, Text]]
    """By name: the role for which it calls, and the sentence that this role may read."""
    below: bool
    """A recipient is called for graver alerts only."""


def call(alert: Alert, book: RotaBook, appended: datetime, before: Call | None) -> Call:
    """An alert as paging sees it. `appended` is when the revision came to the log, `before` the revision that it replaces."""
    rotas: dict[str, tuple[Role, Text]] = {}
    below = False
    for recipient in alert.recipients:
        rows = [one for one in book.routes if one.role is recipient.role and one.places & {"*", alert.place}]
        row = next((one for one in rows if alert.severity in one.severities), None)
        below = below or bool(rows and row is None)
        if row is not None and row.rota not in rotas:
            rotas[row.rota] = (recipient.role, sentence(alert, recipient.role))
    grave = next((one for one in alert.indications if one.severity == alert.severity), alert.indications[0])
    same = before is not None and before.state in OPEN_STATES and before.severity >= alert.severity
    return Call(
        alert_id=alert.alert_id,
        revision=alert.revision,
        trigger=alert.trigger,
        subject=alert.subject,
        members=frozenset(alert.members) if alert.trigger in _GROUPS else frozenset(),
        place=alert.place,
        severity=alert.severity,
        rule=grave.rule,
        rules=frozenset(one.rule for one in alert.indications),
        state=alert.state,
        answered=alert.state in _ANSWERED or (alert.state in OPEN_STATES and alert.taken_by is not None),
        at=alert.at,
        acknowledge_by=alert.acknowledge_by,
        decide_by=alert.decide_by,
        expires_at=alert.expires_at,
        since=before.since if same and before is not None else appended,
        rotas=rotas,
        below=below,
    )


@dataclass
class World:
    """All that a decision rests on. The log's readers keep it up to date; `due` and `still` only look."""

    book: RotaBook
    calls: dict[str, Call] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    silences: dict[str, Silence] = field(default_factory=dict)
    groups: dict[str, dict[str, Call]] = field(default_factory=dict)
    """Open group alerts by the subjects that belong to them."""

    def hear(self, alert: Alert, appended: datetime) -> None:
        """One more revision; one that is not newer than what is known changes nothing."""
        before = self.calls.get(alert.alert_id)
        if before is not None and before.revision >= alert.revision:
            return
        now = call(alert, self.book, appended, before)
        self.calls[alert.alert_id] = now
        if before is not None:
            self._part(before)
        for member in now.members if now.state in OPEN_STATES else ():
            self.groups.setdefault(member, {})[alert.alert_id] = now

    def forget(self, before: datetime) -> None:
        """Alerts that ended by themselves before that moment."""
        for name in [name for name, one in self.calls.items() if one.expires_at < before]:
            self._part(self.calls.pop(name))

    def _part(self, group: Call) -> None:
        for member in group.members:
            self.groups.get(member, {}).pop(group.alert_id, None)
            if not self.groups.get(member, True):
                del self.groups[member]


def still(world: World, one: Call, rota: str, now: datetime) -> Quiet | None:
    """Why nothing may be sent about an open alert to that rota; None: it may. Asked again before every try."""
    if now >= one.expires_at:
        return Quiet.EXPIRED
    if one.state not in OPEN_STATES or rota not in one.rotas:
        return Quiet.GONE
    if one.answered:
        return Quiet.ACKNOWLEDGED
    gate = timedelta(minutes=world.book.limits.gate_minutes)
    if one.rotas[rota][0] in AT_THE_GATE and one.decide_by is not None and now > one.decide_by + gate:
        return Quiet.GONE
    above = [
        group
        for group in world.groups.get(one.subject, {}).values()
        if group.alert_id != one.alert_id and group.severity >= one.severity and now < group.expires_at
    ]
    if any(_matches(silence, one, above) for silence in world.silences.values() if silence.holds(now)):
        return Quiet.SILENCED
    if not one.members and any(rota in group.rotas for group in above):
        return Quiet.INHIBITED
    return None


def _matches(silence: Silence, one: Call, groups: Iterable[Call]) -> bool:
    wanted = silence.matchers
    return (
        wanted.checkpoint in {None, one.place}
        and (wanted.rule is None or wanted.rule in one.rules)
        and wanted.severity in {None, one.severity.name}
        and (wanted.group is None or wanted.group in {one.alert_id, *(group.alert_id for group in groups)})
    )
