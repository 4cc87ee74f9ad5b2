"""For agencies: publish events, and play a story against a running installation."""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO
from uuid import uuid4

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from schemas.alerts import Alert, Screening
from schemas.policy import Policy
from schemas.topics import ALERTS, SCREENINGS
from streams import stories
from streams.admin import Admin
from streams.commands.alerts import Language, headline
from streams.commands.terminal import configured, console, fail, in_force, run, without_secrets
from streams.jose import EventSealer
from streams.produce import Outbox
from streams.publish import PublishError, publish_lines, record_of
from streams.reading import following


def publish(
    file: Annotated[str, typer.Argument(help="NDJSON file of events, or - for standard input")],
    begin: Annotated[int, typer.Option("--from", help="First line to send, to go on after an interruption")] = 1,
) -> None:
    """Publish events to their agency topics and count the acknowledgements.

    Sending a line twice does no harm: an event is known by source and id. With SUAR_EVENT_SEAL the data of every event
    are sealed before they leave.

    Example: suar publish events.ndjson --from 20001
    """
    config = without_secrets()
    sealer = EventSealer(config.event_seal) if config.event_seal else None

    async def work() -> int:
        outbox, done, number = Outbox(config.kafka), 0, begin - 1
        with _opened(file) as (lines, total), _bar(total) as bar:
            task = bar.add_task("published", total=total, completed=begin - 1 if total else 0)
            try:
                async for line, acknowledged in publish_lines(outbox, _numbered(lines, begin), sealer):
                    number, done = line, acknowledged
                    bar.update(task, completed=number)
            except PublishError as error:
                fail(f"{error}. {done} events acknowledged; go on with --from {number + 1}")
            finally:
                await outbox.stop()
        return done

    console.print(f"{run(work()):,} events acknowledged")


def _numbered(lines: Iterable[str], begin: int) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        if number >= begin and line.strip():
            yield number, line


@contextmanager
def _opened(file: str) -> Iterator[tuple[TextIO, int | None]]:
    if file == "-":
        yield sys.stdin, None
        return
    try:
        with Path(file).open() as counted:
            total = sum(1 for _ in counted)
        with Path(file).open() as lines:
            yield lines, total
    except OSError as error:
        fail(f"{file}: {error.strerror}")


def _bar(total: int | None) -> Progress:
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    return Progress(*columns, *([TimeRemainingColumn()] if total else []), console=console)


def play(
    story: Annotated[str, typer.Argument(help="A story of seeds/stories, by name")],
    seconds: Annotated[float, typer.Option(help="How long to wait for what it says")] = 5.0,
    language: Annotated[Language, typer.Option(help="Of the sentences")] = Language.ID,
) -> None:
    """Publish a story's events as if they happened now, and show what is said about them.

    Example: suar play work_visa_without_epmi_fires
    """
    config = configured()
    policy = in_force(config.policy)
    try:
        told = stories.load(story)
    except stories.StoryError as error:
        fail(str(error))
    events = stories.events(told, datetime.now(UTC), uuid4().hex[:6], config.key)
    names = {str(event["data"].get(name)) for event in events for name in ("crossing_id", "application_no")}
    names |= {f"{event['source']}/{event['id']}" for event in events}

    async def work() -> None:
        async with Admin(config.kafka):
            outbox = Outbox(config.kafka)
        listening = asyncio.create_task(_said_about(names, config.kafka, policy, language))
        await asyncio.sleep(0.5)
        for event in events:
            await outbox.send([record_of(event)])
        console.print(f"[dim]{told.title}: {len(events)} events published[/dim]")
        await asyncio.wait([listening], timeout=seconds)
        listening.cancel()
        await outbox.stop()

    run(work())


async def _said_about(names: set[str], kafka: str, policy: Policy, language: Language) -> None:
    async for record in following(kafka, ALERTS.name, SCREENINGS.name):
        if record.topic == ALERTS.name:
            alert = Alert.model_validate_json(record.value or b"")
            if alert.trigger_id in names:
                console.print(headline(alert, policy, language), soft_wrap=True)
            continue
        one = Screening.model_validate_json(record.value or b"")
        if one.crossing_id in names:
            said = f"screening {one.crossing_id} r{one.revision}: [bold]{one.verdict.value}[/bold] ({one.reason})"
            console.print(said, highlight=False)
