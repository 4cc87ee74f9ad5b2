"""Stock Faust as its documentation has it: an agent, a table with a changelog, `send` for each alert."""

import os
from typing import Any

import faust

from tests.bench.join import step
from tests.bench.peers.brief import Brief

brief = Brief()
app = faust.App(
    brief.group,
    broker=f"kafka://{brief.kafka}",
    store="memory://",
    datadir=brief.folder,
    topic_partitions=8,
    topic_replication_factor=1,
    consumer_auto_offset_reset="earliest",
    web_enabled=False,
    autodiscover=False,
)
history = app.topic(*brief.topics, partitions=8, value_serializer="json", key_type=bytes)
alerts = app.topic(brief.alerts, partitions=8, value_serializer="json", key_type=bytes)
persons = app.Table("person", partitions=8, default=dict, key_type=bytes)


@app.agent(history)
async def join(stream: Any) -> None:
    """One event at a time."""
    async for event in stream.events():
        brief.begin()
        dossier = persons[event.key]
        alert = step(dossier, event.value)
        persons[event.key] = dossier
        if alert is not None:
            await alerts.send(key=event.key, value=alert)
        if brief.count():
            await app.producer.flush()
            brief.answer()
            os._exit(0)  # an orderly stop of a Faust worker takes a while and measures nothing


if __name__ == "__main__":
    faust.Worker(app, loglevel="warning", redirect_stdouts=False).execute_from_commandline()
