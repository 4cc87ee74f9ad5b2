"""For data protection officers: one person is forgotten (UU 27/2022 Art. 43, 44)."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from schemas.identity import Subject
from schemas.topics import ALERTS, FACTS
from streams import erase as erasing
from streams.commands.asking import asked
from streams.commands.corrections import By
from streams.commands.terminal import configured, console, fail, run

Ground = Annotated[str, typer.Option(help="Why, as the request names it; it goes to the audit log, so nobody's name")]
Ask = Annotated[str, typer.Option(help="nik or passport: asks for the number, which is not shown")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant")]


def erase(by: By, ground: Ground, ask: Ask = "nik", yes: Yes = False) -> None:
    """Forget one person: dossiers, and those of the passports that are hers, feeds, and what links knew of her.

    Alerts about her are withdrawn and keep nothing but their rules. What stands on the logs already, under pseudonyms, ages out
    by itself. Agencies keep their own records: ask them to retract. It cannot be undone.

    Example: suar erase --by dpo-1 --ground "request 2026-117"
    """
    of, now = Subject(asked(ask)), datetime.now(UTC).replace(microsecond=0)
    if not yes and not typer.confirm("Forget everything about this person? It cannot be undone"):
        fail("nothing was done")
    run(erasing.erase(configured().kafka, of, now, by=by, ground=ground))
    console.print(f"forgotten: everything up to {now:%Y-%m-%d %H:%M:%S} UTC; alerts are withdrawn within seconds")
    for topic in (FACTS, ALERTS):
        if topic.retention is not None:
            console.print(f"{topic.name}: the last record about her ages out on {now + topic.retention:%Y-%m-%d}")
