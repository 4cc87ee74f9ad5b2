"""For agencies and operators: what was refused, why, and sending it again."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated

import typer
from rich.table import Table

from schemas.topics import REJECTED
from streams.commands.terminal import Exit, console, fail, run, without_secrets
from streams.produce import Outbox
from streams.reading import everything
from streams.refusals import MOST_REDRIVES, Redriven, Reject, Wanted, read
from streams.refusals import redrive as send_again

rejected = typer.Typer(help="What was refused at admission: list, show, redrive.", no_args_is_help=True)


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

    wanted = Wanted(frozenset({topic} - {""}), reason, position)

    async def work() -> Redriven:
        outbox = Outbox(config.kafka)
        try:
            return await send_again(config.kafka, outbox, wanted, anew=anew)
        finally:
            await outbox.stop()

    did = run(work())
    console.print(
        f"{did.sent} sent again"
        + (f", {did.held} held back after {MOST_REDRIVES} attempts" if did.held else "")
        + (f", {did.done} sent before and not refused since (--again sends them too)" if did.done else "")
    )
