"""The count at the end of a drill: every record, every dossier, every answer and every alert, against two oracles.

`Truth` knows what must come out of the set of records; `Replay` knows what a worker that never failed makes of the log.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from confluent_kafka import Message

from agents import dossier as dossiers
from agents.dossier import Dossier
from schemas import wire
from schemas.alerts import Alert, Screening
from schemas.policy import Policy
from schemas.topics import AGENCY_TOPICS, ALERTS, FACTS, MAX_RECORD_BYTES, REJECTED, SCREENINGS, Topic
from streams.settings import Settings
from streams.store import place
from tests.drills.ground import NAMESPACE, Ground
from tests.drills.replay import Replay, read
from tests.drills.truth import Truth, answer_of, facts_of, members_of, newest, standing_of

LESS = timedelta(seconds=Settings.model_fields["mark_seconds"].default)
"""A heartbeat that advances a feed by less than this is heard with the next one."""
Name = TypeVar("Name", bound=Hashable)
Said = dict[tuple[str, int], bytes]


@dataclass
class Audit:
    """Run once, when nothing moves any more. Every method that finds a fault raises AssertionError and names no person."""

    ground: Ground
    truth: Truth
    policy: Policy
    figures: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Prints `N in, N accounted for` and fails on any difference."""
        kafka = self.ground.local.kafka.address
        self.ground.say("auditing")
        replay = Replay(self.policy)
        replay.run(kafka)
        self._records(kafka, replay)
        held = self._dossiers(replay)
        self._held(held)
        alerts, screenings = self._said(kafka, ALERTS, replay), self._said(kafka, SCREENINGS, replay)
        self._nothing_unsaid(replay, alerts, screenings)
        self._answers(screenings)
        self._alerts(alerts)
        self._feeds("alert", alerts)
        self._feeds("screening", screenings)
        self._report(replay)

    def _records(self, kafka: str, replay: Replay) -> None:
        """Each record of each agency topic is found again by what became of it."""
        refused = self._refused(kafka)
        for topic in AGENCY_TOPICS:
            for message in read(kafka, topic):
                place = (topic.name, int(message.partition() or 0), int(message.offset() or 0))
                self.figures["in"] += 1
                self.figures[self._fate(message.value(), place, replay, refused)] += 1
        lost = {name: count for name, count in self.figures.items() if name.startswith("lost")}
        assert not lost, f"of {self.figures['in']} records: {lost}"

    def _refused(self, kafka: str) -> dict[tuple[str, int, int], tuple[str, bytes | None]]:
        found = {}
        for message in read(kafka, REJECTED):
            headers = _texts(message)
            place = (headers["suar-topic"], int(headers["suar-partition"]), int(headers["suar-offset"]))
            found[place] = (headers["suar-reason"], message.value())
            self.figures["copies in suar.rejected"] += 1
        return found

    def _fate(
        self,
        value: bytes | None,
        place: tuple[str, int, int],
        replay: Replay,
        refused: dict[tuple[str, int, int], tuple[str, bytes | None]],
    ) -> str:
        if value is None:
            return "tombstones"
        outcome = self.truth.outcomes[value]
        if isinstance(outcome, wire.Admitted):
            there = all((note.subject, note.fact.id, 0) in replay.written for note in outcome.notes)
            return "admitted" if there else "lost events"
        if isinstance(outcome, wire.Heartbeat):
            known = [marks.get(f"{place[0]}/{place[1]}") for marks in replay.marks.values()]
            heard = len(known) == FACTS.partitions and all(one and one > outcome.complete_up_to - LESS for one in known)
            return "heartbeats" if heard else "lost heartbeats"
        return "rejected" if refused.get(place) == (outcome.value, value[:MAX_RECORD_BYTES]) else "lost rejections"

    def _dossiers(self, replay: Replay) -> dict[str, Dossier]:
        """State in Redis is the fold of the log: each fact once, in order."""
        found: dict[str, Dossier] = {}
        redis = self.ground.redis
        for partition in range(FACTS.partitions):
            prefix = f"{place(NAMESPACE, FACTS.name, partition)}d:"
            names = list(redis.scan_iter(f"{prefix.replace('{', '[{]').replace('}', '[}]')}*", count=5000))
            for start in range(0, len(names), 2000):
                some = names[start : start + 2000]
                for name, blob in zip(some, redis.mget(some), strict=True):
                    found[name.decode().removeprefix(prefix)] = dossiers.decode(blob)
        wanted = {name: one for name, one in replay.dossiers.items() if one != Dossier(one.subject)}
        self._matches(found, wanted)
        keys = [f"{place(NAMESPACE, FACTS.name, partition)}marks" for partition in range(FACTS.partitions)]
        marks = [msgspec.json.decode(blob or b"{}", type=dict[str, datetime]) for blob in self.ground.values(keys)]
        _same("marks against the log", dict(enumerate(marks)), replay.marks)
        self.figures["dossiers"] = len(found)
        return found

    def _matches(self, found: Mapping[str, Dossier], wanted: Mapping[str, Dossier]) -> None:
        _same("dossiers against the fold of the log", found, wanted)

    def _held(self, found: dict[str, Dossier]) -> None:
        """State in Redis is the truth of the set."""
        held = {name: facts for name, one in found.items() if (facts := facts_of(one))}
        _same("facts of dossiers", held, self.truth.held)
        members = {name: who for name, one in found.items() if (who := members_of(one))}
        _same("members of links", members, self.truth.members)
        self.figures["facts held"] = sum(len(facts) for facts in held.values())

    def _said(self, kafka: str, topic: Topic, replay: Replay) -> Said:
        """Everything on a topic; what was sent twice must be the same to the byte."""
        found: Said = {}
        for message in read(kafka, topic):
            name, value = bytes(message.key() or b"").decode(), message.value() or b""
            revision = msgspec.json.decode(value, type=_Revision).revision
            self.figures[f"{topic.name} copies"] += (name, revision) in found
            self._repeats(topic, found.setdefault((name, revision), value), value)
        return found

    def _repeats(self, topic: Topic, before: bytes, value: bytes) -> None:
        assert before == value, f"{topic.name}: two versions of one revision"

    def _nothing_unsaid(self, replay: Replay, alerts: Said, screenings: Said) -> None:
        """Nothing more and nothing less than a worker that never failed would have said, to the byte."""
        _same("everything said", alerts | screenings, replay.said)
        missing = [name for name in replay.owed if name not in replay.written]
        assert not missing, f"{len(missing)} notes were never written, such as {missing[:3]}"

    def _answers(self, screenings: Said) -> None:
        """One final answer for each attempt."""
        last: dict[str, Screening] = {}
        for (name, _), value in screenings.items():
            newest(last, name, Screening.model_validate_json(value))
        _same("answers", {name: answer_of(one) for name, one in last.items()}, self.truth.answers)
        self.figures["attempts answered"] = len(last)

    def _alerts(self, alerts: Said) -> None:
        last: dict[str, Alert] = {}
        for (name, _), value in alerts.items():
            newest(last, name, Alert.model_validate_json(value))
        _same("standing alerts", standing_of(last), self.truth.standing)
        self.figures["alerts standing"] = len(self.truth.standing)

    def _feeds(self, kind: str, said: Said) -> None:
        """Deliver holds the newest revision of everything that was said."""
        wanted: dict[str, int] = {}
        for name, revision in said:
            wanted[name] = max(revision, wanted.get(name, 0))
        pipe = self.ground.redis.pipeline()
        for name in wanted:
            pipe.hget(f"{NAMESPACE}:{{feed}}:{kind}:{name}", "revision")
        found = {name: int(value or 0) for name, value in zip(wanted, pipe.execute(), strict=True)}
        _same(f"{kind} revisions on the feeds", found, wanted)

    def _report(self, replay: Replay) -> None:
        accounted = sum(self.figures[name] for name in ("admitted", "rejected", "tombstones", "heartbeats"))
        self.figures["suar.facts copies"] = replay.records - len(replay.written)
        rest = ", ".join(f"{count:,} {name}" for name, count in self.figures.items() if name != "in")
        print(f"\n{self.ground.title}: {self.figures['in']:,} in, {accounted:,} accounted for ({rest})", flush=True)
        assert accounted == self.figures["in"]


def _texts(message: Message) -> dict[str, str]:
    """Our headers; a key or a header of the agency's may be anything."""
    headers = [pair for pair in message.headers() or () if isinstance(pair, tuple)]
    return {
        name: bytes(value or b"").decode() for name, value in headers if name.startswith("suar-") and name != "suar-key"
    }


class _Revision(msgspec.Struct):
    revision: int


def _same(what: str, found: Mapping[Name, object], wanted: Mapping[Name, object]) -> None:
    """Compares by name, and names only the first few."""
    wrong = [name for name in {**found, **wanted} if found.get(name) != wanted.get(name)]
    missing = sum(name not in found for name in wrong)
    surplus = sum(name not in wanted for name in wrong)
    assert not wrong, (
        f"{what}: {len(wrong)} of {len(wanted)} differ ({missing} missing, {surplus} too many), such as {wrong[:3]}:"
        f" {[(found.get(name), wanted.get(name)) for name in wrong[:1]]}"
    )
