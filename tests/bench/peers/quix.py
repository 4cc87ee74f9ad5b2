"""Quix Streams with its durable state (RocksDB with a changelog), all four topics in one stream. Runs in a venv of its own."""

from typing import Any

from quixstreams import Application, State

from tests.bench.join import Alert, Event, step
from tests.bench.peers.brief import Brief


def main() -> None:
    """Until the last event."""
    brief = Brief()
    app = Application(
        broker_address=brief.kafka,
        consumer_group=brief.group,
        auto_offset_reset="earliest",
        state_dir=brief.folder,
        loglevel="WARNING",
        commit_interval=5.0,
        auto_create_topics=True,
    )

    def join(event: Event, state: State) -> Alert | None:
        brief.begin()
        dossier: dict[str, Any] = state.get("person", None) or {}
        alert = step(dossier, event)
        state.set("person", dossier)
        if brief.count():
            app.stop()  # in order: what this event says is still produced and committed
        return alert

    first, *others = (app.topic(name, value_deserializer="json", key_deserializer="bytes") for name in brief.topics)
    stream = app.dataframe(first)
    for topic in others:
        stream = stream.concat(app.dataframe(topic))
    alerts = app.topic(brief.alerts, value_serializer="json", key_serializer="bytes")
    stream.apply(join, stateful=True).filter(lambda alert: alert is not None).to_topic(alerts)
    app.run()
    brief.answer()


if __name__ == "__main__":
    main()
