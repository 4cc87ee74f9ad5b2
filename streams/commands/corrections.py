"""For data protection officers: requests for correction, each with its clock of 3 × 24 hours (UU 27/2022 Art. 30)."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import msgspec
import typer
from rich.table import Table

from schemas.corrections import Answer, Correction
from schemas.envelope import System
from streams import corrections as kept
from streams.commands.asking import asked
from streams.commands.terminal import Exit, console, fail, run, without_secrets

corrections = typer.Typer(help="Requests for correction, each with its clock of 3 × 24 hours.", no_args_is_help=True)

By = Annotated[str, typer.Option(help="Who does this, as the office names its people", envvar="SUAR_OFFICER")]


@corrections.command("open")
def receive(
    about: Annotated[str, typer.Option(help="Field of the contract that is wrong, such as birth_date")],
    agency: Annotated[System, typer.Option(help="Whose record it is")],
    by: By,
    ask: Annotated[str, typer.Option(help="nik or passport: asks for the number, which is not shown")] = "nik",
) -> None:
    """Take down a request; from now on its clock runs. The number is typed unseen and kept as a pseudonym alone.

    Example: suar corrections open --agency dukcapil --about birth_date --by dpo-1
    """
    one = Correction(uuid4().hex[:12], asked(ask), agency, about, datetime.now(UTC), by)
    run(kept.keep(without_secrets().kafka, one))
    console.print(f"{one.request_id}: answer by {one.due_at:%Y-%m-%d %H:%M} UTC")


@corrections.command("answer")
def answer(
    request_id: Annotated[str, typer.Argument(help="As `open` named it")],
    answer: Annotated[Answer, typer.Argument(help="How it ended", case_sensitive=False)],
    by: By,
) -> None:
    """Say how a request ended. A correction itself is the agency's event, with `supersedes`.

    Example: suar corrections answer 0d9c6f6e2b0a CORRECTED --by dpo-1
    """
    kafka = without_secrets().kafka
    one = run(kept.register(kafka)).get(request_id)
    if one is None:
        fail(f"no request {request_id}: see `suar corrections list`", Exit.NOT_FOUND)
    if one.answer is not None:
        fail(f"{request_id} was answered: {one.answer.value}")
    done = msgspec.structs.replace(one, answered_at=datetime.now(UTC), answered_by=by, answer=answer)
    run(kept.keep(kafka, done))
    console.print(f"{request_id}: {answer.value}{', late' if done.overdue(datetime.now(UTC)) else ', in time'}")


@corrections.command("list")
def list_all(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were answered")] = False,
) -> None:
    """Requests that wait, the oldest first. Exit code 5 when one is overdue, for whoever watches by a timer.

    Example: suar corrections list
    """
    now = datetime.now(UTC)
    found = [one for one in run(kept.register(without_secrets().kafka)).values() if everything or one.answer is None]
    table = Table("request", "agency", "about", "received", "due", "state", box=None)
    for one in found:
        state = one.answer.value if one.answer is not None else "waits"
        late = " [red]late[/red]" if one.overdue(now) else ""
        due, received = (f"{at:%Y-%m-%d %H:%M}Z" for at in (one.due_at, one.received_at))
        table.add_row(one.request_id, one.agency.value, one.about, received, due, state + late)
    console.print(table if found else "nothing waits")
    if any(one.answer is None and one.overdue(now) for one in found):
        raise typer.Exit(int(Exit.NOT_FOUND))
