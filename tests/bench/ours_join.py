"""The join on Suar's own seam: its sources, lanes, store and outbox inside a Faust worker. `python -m tests.bench.ours_join arrival|event-time`.

`arrival` runs the same step as every peer, as right as the order in which topics interleave. `event-time` keeps a
person's events, judges them again in their own order, and takes back what no longer stands: the alerts are the truth.
"""

import os
import sys
from abc import ABC, abstractmethod
from bisect import insort
from collections import deque
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import faust
import msgspec
import uvloop
from aiokafka import TopicPartition
from pydantic import SecretStr

from streams.app import CHANNEL, Stage, connect
from streams.conductor import Conductor
from streams.health import Health
from streams.lanes import Deps, Fold, Folded, Lane, Records
from streams.produce import Outbox, Record
from streams.settings import Settings
from streams.source import Source
from streams.store import Batch, Store
from streams.teller import OneTeller, Teller
from tests.bench.join import Alert, Dossier, Event, step
from tests.bench.peers.brief import Brief
from tests.bench.topics import create

_read_event = msgspec.json.Decoder().decode
_write_alert = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode
KEPT = {
    "passport_application": ("event_id", "kind", "occurred_at", "stated_purpose"),
    "placement": ("event_id", "kind", "status", "valid_until"),
    "complaint": ("event_id", "kind", "occurred_at"),
    "crossing": ("event_id", "kind", "occurred_at", "nik", "direction", "destination", "visa", "checkpoint"),
}
"""What the step reads of an event, by kind."""


class SharedStore(Store):
    """Four topics meet in the dossiers of one partition; each topic keeps its own progress beside them, in the same slot."""

    def __init__(self, teller: Teller, namespace: str, place: TopicPartition) -> None:
        super().__init__(teller, namespace, "join", place.partition)
        self._topic = place.topic

    def _key(self, name: str) -> str:
        return super()._key(name if name.startswith("d:") else f"{self._topic}:{name}")


class Mind(ABC):
    """How one person's dossier meets one event."""

    @abstractmethod
    def meet(self, dossier: Dossier, event: Event) -> list[Alert]:
        """Changes the dossier and says what follows."""


class ByArrival(Mind):
    """What every peer does."""

    def meet(self, dossier: Dossier, event: Event) -> list[Alert]:
        """At most one alert, never taken back."""
        alert = step(dossier, event)
        return [] if alert is None else [alert]


class ByEventTime(Mind):
    """What Suar does: the alerts follow from the set of events."""

    def meet(self, dossier: Dossier, event: Event) -> list[Alert]:
        """Alerts raised, changed or withdrawn by this event, wherever in time it belongs."""
        held: list[Event] = dossier.setdefault("held", [])
        kept = {name: event[name] for name in KEPT[event["kind"]]}
        if held and kept["event_id"] < held[-1]["event_id"]:
            insort(held, kept, key=itemgetter("event_id"))
            return self._again(dossier, held)
        held.append(kept)
        alert = step(dossier.setdefault("now", {}), event)
        if alert is None:
            return []
        dossier.setdefault("said", {})[alert["alert_id"]] = alert["reasons"]
        return [alert]

    def _again(self, dossier: Dossier, held: list[Event]) -> list[Alert]:
        """Something came late: everything is judged once more, and only differences are said."""
        said: dict[str, list[str]] = dossier.get("said", {})
        now: Dossier = {}
        alerts = {alert["alert_id"]: alert for event in held if (alert := step(now, event)) is not None}
        dossier["now"], dossier["said"] = now, {name: alert["reasons"] for name, alert in alerts.items()}
        changed = [alert for name, alert in alerts.items() if said.get(name) != alert["reasons"]]
        return changed + [{"alert_id": name, "withdrawn": True} for name in said if name not in alerts]


class JoinFold(Fold):
    """One partition of one topic. The four topics of a partition take turns: their dossiers are the same."""

    stage = "join"

    def __init__(self, mind: Mind, brief: Brief, partition: int) -> None:
        self._mind, self._brief, self.turn = mind, brief, partition
        self._folded: deque[int] = deque()

    async def begin(self, quiet_below: int) -> None:
        """Nothing to remember beside the dossiers."""
        self._folded.clear()

    def reads(self, records: Records) -> Sequence[str]:
        """The dossiers of whom the records are about, each once."""
        self._brief.begin()
        self._names = {record.key: f"d:{record.key.decode()}" for record in records}
        return list(self._names.values())

    async def fold(self, records: Records, blobs: Sequence[bytes | None]) -> Folded:
        """Folds in memory and says the alerts."""
        dossiers: dict[bytes, Dossier] = {
            key: _unpack(blob) if blob else {} for key, blob in zip(self._names, blobs, strict=True)
        }
        out = [
            Record(self._brief.alerts, record.key, _write_alert(alert), record.partition)
            for record in records
            for alert in self._mind.meet(dossiers[record.key], _read_event(record.value))
        ]
        self._folded.append(len(records))
        blobs_after = {name: _pack(dossiers[key]) for key, name in self._names.items()}
        return Folded(Batch(records[-1].offset + 1, blobs_after), out)

    def saved(self) -> None:
        """Durable: only now does an event count as done."""
        if self._brief.count(self._folded.popleft()):
            self._brief.answer()
            os._exit(0)


def build(brief: Brief, mind: Mind, redis: str) -> faust.App:
    """A Faust app of one stage with four sources."""
    settings = Settings(
        kafka=brief.kafka,
        redis=redis,
        namespace=brief.group,
        pseudonym_key=SecretStr("no person has this key, none at all"),
    )
    app = faust.App(
        f"{brief.group}-worker",
        broker=f"kafka://{brief.kafka}",
        datadir=brief.folder,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        autodiscover=False,
    )
    channel: Any = app.channel(maxsize=CHANNEL)
    teller, outbox = OneTeller(connect(redis)), Outbox(brief.kafka)
    health = Health()

    def lane(place: TopicPartition, source: Source, conductor: Conductor) -> Lane:
        store = SharedStore(teller, brief.group, place)
        fold = JoinFold(mind, brief, place.partition)
        return Lane(place, fold, store, Deps(settings, health, source, conductor.ready))

    sources = tuple(Source(stage="join", topic=topic, channel=channel, settings=settings) for topic in brief.topics)
    stage = Stage("join", sources, lane, lambda lanes: Conductor("join", lanes, teller, outbox, settings))
    app.agent(channel, name="join")(stage.hand_over)
    for source in sources:
        app.service(source)

    @app.agent(app.topic(control_of(brief), value_serializer="raw"), name="control")
    async def control(stream: Any) -> None:
        """Faust does not start without a topic of its own."""
        async for _ in stream:
            pass

    return app


def control_of(brief: Brief) -> str:
    """The topic that Faust itself reads."""
    return f"{brief.group}-control"


def main() -> None:
    """Until the last event is durable."""
    mind: Mind = {"arrival": ByArrival, "event-time": ByEventTime}[sys.argv.pop()]()
    brief = Brief()
    create(brief.kafka, [control_of(brief)], 1)
    uvloop.install()
    app = build(brief, mind, os.environ["BENCH_REDIS"])
    sys.argv.append("worker")
    faust.Worker(app, loglevel="warning", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
