"""For agencies and operators: what was refused, why, and sending it again."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer
from aiokafka import ConsumerRecord
from rich.table import Table

from schemas.topics import REJECTED
from streams.commands.terminal import Exit, console, fail, run, without_secrets
from streams.produce import Outbox, Record
from streams.reading import everything

rejected = typer.Typer(help="What was refused at admission: list, show, redrive.", no_args_is_help=True)
MOST_REDRIVES = 3
"""A record that failed so often is not sent again by itself (an endless retry helps nobody)."""
REDRIVEN, ORIGIN = "suar-redriven", "suar-origin"
"""Headers of a record that is sent again: how often, and where it was refused first."""
SENT_AGAIN = "suar-sent-again"
"""Header of a note in `suar.rejected` beside the refusals: what its key names was sent again, so many times by now."""
_OURS = frozenset({"suar-topic", "suar-partition", "suar-offset", "suar-reason", "suar-where", "suar-timestamp"})


@dataclass(frozen=True)
class Reject:
    """A refused record: where it came from, why, and its original bytes."""

    position: str
    origin: str
    """Where it was refused first: its own position, unless it was sent again."""
    topic: str
    reason: str
    where: str
    at: datetime
    redrives: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def read(record: "ConsumerRecord[bytes, bytes]") -> Reject | None:
    """A record of `suar.rejected` as what it holds; None for what somebody else wrote there."""
    ours = {name: value for name, value in record.headers if name.startswith("suar-")}
    if _OURS - ours.keys():
        return None
    theirs = tuple(
        (name.removeprefix("original-"), value) for name, value in record.headers if name.startswith("original-")
    )
    again = dict(theirs)
    redrives = again.get(REDRIVEN) or b""
    position = f"{ours['suar-topic'].decode()}/{ours['suar-partition'].decode()}/{ours['suar-offset'].decode()}"
    return Reject(
        position=position,
        origin=(again.get(ORIGIN) or position.encode()).decode(errors="backslashreplace"),
        topic=ours["suar-topic"].decode(),
        reason=ours["suar-reason"].decode(),
        where=ours["suar-where"].decode(),
        at=datetime.fromtimestamp(int(ours["suar-timestamp"]) / 1000, UTC),
        redrives=int(redrives) if redrives.isdigit() else 0,
        key=ours.get("suar-key"),
        value=record.value,
        headers=tuple(header for header in theirs if header[0] not in {REDRIVEN, ORIGIN}),
    )


async def _all(kafka: str, topic: str, reason: str, position: str = "") -> AsyncIterator[Reject]:
    async for record in everything(kafka, REJECTED.name):
        one = read(record)
        if (
            one is not None
            and topic in {"", one.topic}
            and reason in {"", one.reason}
            and position in {"", one.position}
        ):
            yield one


@dataclass(frozen=True)
class History:
    """Refusals by origin, the last one of each, and how often each origin was sent again: one that was sent again and
    refused again is still one record.
    """

    newest: dict[str, Reject]
    sent: dict[str, int]

    def done(self, one: Reject) -> bool:
        """Sent again, and not refused since."""
        return self.sent.get(one.origin, 0) > one.redrives


async def _history(kafka: str) -> History:
    history = History({}, {})
    async for record in everything(kafka, REJECTED.name):
        times = dict(record.headers).get(SENT_AGAIN, b"")
        if times.isdigit() and record.key is not None:
            origin = record.key.decode(errors="backslashreplace")
            history.sent[origin] = max(int(times), history.sent.get(origin, 0))
        one = read(record)
        if one is not None and (one.origin not in history.newest or one.redrives > history.newest[one.origin].redrives):
            history.newest[one.origin] = one
    return history


Topic = Annotated[str, typer.Option(help="Only from this agency topic")]
Why = Annotated[str, typer.Option(help="Only with this reason")]


@rejected.command("list")
def list_rejected(
    topic: Topic = "", reason: Why = "", most: Annotated[int, typer.Option(help="Rows shown")] = 20
) -> None:
    """What was refused, counted by reason, and the newest in full. Values are never shown here.

    Example: suar rejected list --topic simkim.crossings
    """

    async def work() -> list[Reject]:
        return [one async for one in _all(without_secrets().kafka, topic, reason)]

    found = run(work())
    if not found:
        console.print("nothing was refused")
        return
    counts = Table("topic", "reason", "where", "records", box=None)
    for (name, why, where), count in Counter((one.topic, one.reason, one.where) for one in found).most_common():
        counts.add_row(name, why, where or "–", f"{count:,}")
    console.print(counts)
    newest = Table("position", "reason", "where", "at", "sent again", box=None, title=f"newest {most}")
    for one in sorted(found, key=lambda one: one.at)[-most:]:
        newest.add_row(one.position, one.reason, one.where or "–", f"{one.at:%Y-%m-%d %H:%M:%S}Z", str(one.redrives))
    console.print(newest)


@rejected.command("show")
def show(
    position: Annotated[str, typer.Argument(help="topic/partition/offset, as `list` shows it")],
    original: Annotated[bool, typer.Option("--original", help="Show the bytes: they may hold personal data")] = False,
) -> None:
    """One refused record.

    Example: suar rejected show simkim.crossings/3/1042 --original
    """

    async def work() -> Reject | None:
        async for one in _all(without_secrets().kafka, "", "", position):
            return one
        return None

    one = run(work())
    if one is None:
        fail(f"nothing was refused at {position}: see `suar rejected list`", Exit.NOT_FOUND)
    console.print(
        f"{one.position}: {one.reason}{f' at {one.where}' if one.where else ''}, {len(one.value or b'')} bytes"
    )
    if original:
        console.print((one.value or b"").decode(errors="backslashreplace"), markup=False, highlight=False)


@rejected.command("redrive")
def redrive(
    topic: Topic = "",
    reason: Why = "",
    position: Annotated[str, typer.Option(help="Only this one")] = "",
    anew: Annotated[
        bool, typer.Option("--again", help="Also what was sent again before and not refused since")
    ] = False,
) -> None:
    """Send refused records to their topics again, as they were. A fact that was admitted before changes nothing.

    Example: suar rejected redrive --topic siskop2mi.placements --reason unknown_field
    """
    config = without_secrets()

    async def work() -> tuple[int, int, int]:
        outbox, history = Outbox(config.kafka), await _history(config.kafka)
        chosen = [
            one
            for one in history.newest.values()
            if topic in {"", one.topic} and reason in {"", one.reason} and position in {"", one.position, one.origin}
        ]
        due = [one for one in chosen if anew or not history.done(one)]
        again = [one for one in due if one.redrives < MOST_REDRIVES]
        await outbox.send(_as_it_was(one) for one in again)
        await outbox.send(_marker(one, history) for one in again)
        await outbox.stop()
        return len(again), len(due) - len(again), len(chosen) - len(due)

    sent, held, done = run(work())
    console.print(
        f"{sent} sent again"
        + (f", {held} held back after {MOST_REDRIVES} attempts" if held else "")
        + (f", {done} sent before and not refused since (--again sends them too)" if done else "")
    )


def _as_it_was(one: Reject) -> Record:
    """The record for its own topic, with the count of its journeys."""
    counted = ((REDRIVEN, str(one.redrives + 1).encode()), (ORIGIN, one.origin.encode()))
    return Record(one.topic, one.key or one.position.encode(), one.value, headers=(*one.headers, *counted))


def _marker(one: Reject, history: History) -> Record:
    """Tells the next redrive that this one was sent again."""
    times = max(one.redrives, history.sent.get(one.origin, 0)) + 1
    return Record(REJECTED.name, one.origin.encode(), None, headers=((SENT_AGAIN, str(times).encode()),))
