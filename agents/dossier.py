"""A dossier: the facts that one subject holds, idempotent by fact id, whatever order they came in."""

from datetime import datetime
from typing import Final

import msgspec

from schemas.facts import UNLINKED, Fact
from schemas.identity import Subject

CLOCK: Final = "clock"
MOST_OF_A_KIND: Final = 32
"""Newest facts of one kind that a dossier keeps, by event time, so that a daily border crosser costs what others cost."""


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was last said about one trigger, so that nothing is said twice."""

    about: str
    """Id of the trigger's fact."""
    revision: int
    verdict: str = ""
    spoken: str = ""
    """Digest of the last screening's content."""
    alerted: str = ""
    """Digest of the last alert revision's content."""
    alert_revision: int = 0
    alert: str | None = None
    """The last alert revision as JSON."""
    seen: datetime | None = None
    """The latest moment at which the alert was looked at, so that an older fact brings no ended alert back."""
    expires: datetime | None = None
    """When the standing alert ends by itself; None when none is open."""
    awaits: dict[str, datetime] = {}
    """Sources that must be complete up to a moment before it is worth looking again."""
    links: tuple[str, ...] = ()
    """Link subjects that this trigger mentions."""
    late: datetime | None = None
    """When a verdict that had waited for a feed was reached: after that, the gate may be closed."""


class Dossier(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything one subject knows. A value: `after` gives a new one."""

    subject: Subject
    held: dict[str, Fact] = {}
    unlinked: dict[str, int] = {}
    """Documents that took back what they forwarded, with the last epoch that is void."""
    owner: Subject | None = None
    """Of a document: the person it belongs to, when SIMKIM said so."""
    epoch: int = 0
    """Of a document: how often its owner changed."""
    said: dict[str, Said] = {}
    mentions: dict[str, int] = {}
    """Of a person or document: links told, with the number of changes of mind (odd: the mention stands). Of a link:
    members told, with the count they know."""

    def after(self, fact: Fact) -> "Dossier | None":
        """The dossier with the fact, or None when it is held already, void, or too old to be kept."""
        if fact.kind == UNLINKED:
            return self._unlinked(fact)
        if fact.via is not None and self.unlinked.get(fact.via, -1) >= fact.epoch:
            return None
        mine = self.held.get(fact.id)
        if mine is not None and mine.epoch >= fact.epoch:
            return None
        held = {**self.held, fact.id: fact}
        dropped = _drop_oldest(held, fact.kind)
        if fact.id in dropped:
            return None
        said = {key: one for key, one in self.said.items() if one.about not in dropped} if dropped else self.said
        return msgspec.structs.replace(self, held=held, said=said)

    def _unlinked(self, fact: Fact) -> "Dossier | None":
        document, epoch = fact.text("document"), fact.number("epoch")
        if self.unlinked.get(document, -1) >= epoch:
            return None
        held = {name: one for name, one in self.held.items() if one.via != document or one.epoch > epoch}
        return msgspec.structs.replace(self, held=held, unlinked={**self.unlinked, document: epoch})

    def looks(self) -> dict[str, datetime]:
        """When to look again, by clock: CLOCK is the wall's, the others are how far a source is complete."""
        due: dict[str, datetime] = {}
        for said in self.said.values():
            waits = {**said.awaits, CLOCK: said.expires} if said.expires else said.awaits
            for clock, moment in waits.items():
                due[clock] = min(moment, due.get(clock, moment))
        return due

    def live(self) -> list[Fact]:
        """The facts that stand, in event-time order: what was retracted or superseded is left out, by whichever came first."""
        facts = sorted(self.held.values(), key=lambda fact: (fact.at, fact.id))
        if not any(fact.retracts or fact.supersedes for fact in facts):
            return facts
        dead = _dead(self.held)
        return [fact for fact in facts if fact.id not in dead and fact.retracts is None]


def _drop_oldest(held: dict[str, Fact], kind: str) -> frozenset[str]:
    """Takes the oldest of a kind out of `held` when there are too many, and names them."""
    if len(held) <= MOST_OF_A_KIND:
        return frozenset()
    alike = sorted((fact.at, fact.id) for fact in held.values() if fact.kind == kind)
    dropped = frozenset(name for _, name in alike[: max(0, len(alike) - MOST_OF_A_KIND)])
    for name in dropped:
        del held[name]
    return dropped


def _dead(held: dict[str, Fact]) -> set[str]:
    """Ids struck out by a fact that itself stands. A retraction can be retracted; a ring of them strikes nothing out twice."""
    strikers: dict[str, list[str]] = {}
    for fact in held.values():
        for target in (fact.retracts, fact.supersedes):
            if target is not None and target != fact.id:
                strikers.setdefault(target, []).append(fact.id)
    verdicts: dict[str, bool] = {}

    def struck(name: str, path: frozenset[str]) -> bool:
        if name in path:
            return False
        if name not in verdicts or path:
            answer = any(not struck(other, path | {name}) for other in sorted(strikers.get(name, ())))
            if path:
                return answer
            verdicts[name] = answer
        return verdicts[name]

    return {name for name in held if struck(name, frozenset())}


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Dossier)


def encode(dossier: Dossier) -> bytes:
    """The blob that the store keeps."""
    return _ENCODER.encode(dossier)


def decode(blob: bytes) -> Dossier:
    """Reads what `encode` wrote."""
    return _DECODER.decode(blob)
