"""A dossier: the facts that one subject holds, idempotent by fact id, whatever order they came in."""

from datetime import datetime
from typing import Final

import msgspec

from agents.tally import Area
from schemas.facts import ERASED, MENTIONED, UNLINKED, Fact, in_order
from schemas.identity import Subject, SubjectKind, kind_of

CLOCK: Final = "clock"
MOST_OF_A_KIND: Final = 32
"""Newest facts of one kind that a dossier keeps, by event time, so that a daily border crosser costs what others cost."""


MOST_MEMBERS: Final = 256
"""The same for companies and recruiters, whose members must hear of a complaint that comes months later."""
_CROWDED = frozenset({SubjectKind.COMPANY, SubjectKind.RECRUITER})


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
    """Links that a rule asked for about this trigger."""
    severity: int = 0
    """Of the last alert revision; 0 when there was none, or it is withdrawn."""
    state: str = ""
    """Of the last alert revision; empty when there was none."""
    wake: datetime | None = None
    """When a rule wants to look again by the wall clock, whatever happens."""
    late: datetime | None = None
    """When a verdict that had waited for a feed was reached: after that, the gate may be closed."""


OWNERS: Final = 1000
"""A forwarded mention carries its forwarder's count of owners times this, and its own changes of mind."""
A_HOP: Final = 100
"""Each forwarder puts its own count of owners in front of those before it, two digits each; a document's stands last."""
MOST_HOPS: Final = 4
"""Forwardings of one fact; more is a ring of numbers that replace each other."""


def counts(owners: int) -> tuple[int, ...]:
    """The counts of owners that a fact passed, in the order in which it passed them; the first is the document's (0: none)."""
    found = [owners % A_HOP]
    while owners >= A_HOP:
        owners //= A_HOP
        found.append(owners % A_HOP)
    return tuple(found)


def rank(owners: int, own: int, *, document: bool) -> int:
    """A number that grows whenever anybody on the road changed its mind, whoever came first deciding most."""
    known = (own,) if document else counts(owners) + ((own,) if own else ())
    value = 0
    for one in (*known, *(0,) * (MOST_HOPS - len(known)))[:MOST_HOPS]:
        value = value * A_HOP + min(one, A_HOP - 1)
    return value


def passed(ranked: int) -> tuple[int, ...]:
    """The counts behind a rank, the document's first."""
    return tuple(ranked // A_HOP**n % A_HOP for n in reversed(range(MOST_HOPS)))


class Told(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """What was last told about one thing: how often minds changed, and a digest of what stands (empty: nothing does)."""

    epoch: int
    content: str = ""


class Dossier(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything one subject knows. A value: `after` gives a new one."""

    subject: Subject
    held: dict[str, Fact] = {}
    unlinked: dict[str, int] = {}
    """Documents that took back what they forwarded, with the last epoch that is void."""
    owner: Subject | None = None
    """Of a document: the person it belongs to, when SIMKIM said so. Of a temporary NIK: the person under the real one."""
    epoch: int = 0
    """Of a document: how often its owner changed."""
    said: dict[str, Said] = {}
    mentions: dict[str, Told] = {}
    """Uses that were told to links, by link and use."""
    answers: dict[str, Told] = {}
    """Of a link: what each mention was answered, by the mention's fact."""
    area: Area | None = None
    """Of a desa or kabupaten: whom it counts, instead of `held`."""
    erased: datetime | None = None
    """What happened up to then is forgotten, and is not taken in again, however late or often it comes."""

    def after(self, fact: Fact) -> "Dossier | None":
        """The dossier with the fact, or None when it is held already, void, or too old to be kept."""
        if fact.kind == UNLINKED:
            return self._unlinked(fact)
        if fact.kind == ERASED:
            return self._erased(fact.at)
        if self.erased is not None and fact.at <= self.erased:
            return None
        if fact.via is not None and self.unlinked.get(fact.via, -1) >= counts(owners_of(fact))[-1]:
            return None
        mine = self.held.get(fact.id)
        if mine is not None and _newness(mine) >= _newness(fact):
            return None
        held = {**self.held, fact.id: fact}
        dropped = _drop_oldest(held, fact.kind, _most(self.subject)) if len(held) > MOST_OF_A_KIND else frozenset()
        if fact.id in dropped:
            return None
        said = {key: one for key, one in self.said.items() if one.about not in dropped} if dropped else self.said
        return msgspec.structs.replace(self, held=held, said=said)

    def _unlinked(self, fact: Fact) -> "Dossier | None":
        document, epoch = fact.text("document"), fact.number("epoch")
        if self.unlinked.get(document, -1) >= epoch:
            return None
        held = {
            name: one for name, one in self.held.items() if one.via != document or counts(owners_of(one))[-1] > epoch
        }
        return msgspec.structs.replace(self, held=held, unlinked={**self.unlinked, document: epoch})

    def _erased(self, at: datetime) -> "Dossier | None":
        if self.erased is not None and self.erased >= at:
            return None
        held = {name: one for name, one in self.held.items() if one.at > at}
        return msgspec.structs.replace(self, held=held, erased=at)

    def looks(self) -> dict[str, datetime]:
        """When to look again, by clock: CLOCK is the wall's, the others are how far a source is complete."""
        due: dict[str, datetime] = {}
        if self.area is not None and self.area.wake is not None:
            due[CLOCK] = self.area.wake
        for said in self.said.values():
            waits = [*said.awaits.items(), *((CLOCK, at) for at in (said.expires, said.wake) if at is not None)]
            for clock, moment in waits:
                due[clock] = min(moment, due.get(clock, moment))
        return due

    def live(self) -> list[Fact]:
        """The facts that stand, in event-time order: what was retracted or superseded is left out, by whichever came first."""
        facts = sorted(self.held.values(), key=in_order)
        for fact in facts:
            if fact.retracts or fact.supersedes:
                break
        else:
            return facts
        dead = struck_out(self.held)
        return [fact for fact in facts if fact.id not in dead and fact.retracts is None]


def owners_of(fact: Fact) -> int:
    """How often the owners of its forwarders had changed when they forwarded the fact, as `counts` reads it."""
    return fact.epoch // OWNERS if fact.kind == MENTIONED else fact.epoch


def _newness(fact: Fact) -> tuple[tuple[int, ...], int]:
    """Which of two copies of one fact is the later word: the document's count first, then that of the numbers it passed."""
    return counts(owners_of(fact)), fact.epoch


def _most(of: Subject) -> int:
    return MOST_MEMBERS if kind_of(of) in _CROWDED else MOST_OF_A_KIND


def _drop_oldest(held: dict[str, Fact], kind: str, most: int) -> frozenset[str]:
    """Takes the oldest of a kind out of `held` when there are too many, and names them."""
    if len(held) <= most:
        return frozenset()
    alike = sorted((fact.at, fact.id) for fact in held.values() if fact.kind == kind)
    dropped = frozenset(name for _, name in alike[: max(0, len(alike) - most)])
    for name in dropped:
        del held[name]
    return dropped


def struck_out(held: dict[str, Fact]) -> set[str]:
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

    return {name for name in strikers if struck(name, frozenset())}


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Dossier)


def encode(dossier: Dossier) -> bytes:
    """The blob that the store keeps."""
    return _ENCODER.encode(dossier)


def decode(blob: bytes) -> Dossier:
    """Reads what `encode` wrote."""
    return _DECODER.decode(blob)
