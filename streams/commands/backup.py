"""For operators: what is on the log and nowhere else, kept in files and put back."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from schemas.topics import FACTS, PAGES, SEALS
from streams.backup.files import BackupError
from streams.backup.put import put
from streams.backup.take import take
from streams.commands.bars import Bars, bar
from streams.commands.terminal import console, fail, run, without_secrets


def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet")],
    facts: Annotated[
        bool,
        typer.Option(
            "--facts", help="Also suar.facts, from which workers rebuild all they know, and what they said about them"
        ),
    ] = False,
    identities: Annotated[
        bool,
        typer.Option("--identities", help="Also who the pseudonyms are, sealed: only to move, and to be deleted then"),
    ] = False,
) -> None:
    """Copy what no other system holds into a folder: policy, audit log and seals, silences, pages, areas, corrections, months; facts if asked.

    The folder is whole or not there. It holds pseudonyms of travellers and the names of those who looked: keep it like the log itself.
    Note the SHA-256 of its manifest elsewhere: who knows that knows every file.

    Example: suar backup /srv/backup/2026-11-25 --facts
    """
    with bar() as progress:
        bars = Bars(progress)
        try:
            taken = run(take(without_secrets(), folder, facts=facts, identities=identities, progress=bars.tell))
        except BackupError as error:
            fail(str(error))
    table = Table("topic", "records", box=None)
    for topic in taken.manifest.topics:
        table.add_row(topic, f"{sum(part.records for part in taken.manifest.of(topic)):,}")
    console.print(table)
    console.print(f"backup {folder}, manifest {taken.digest}", soft_wrap=True, highlight=False)


def restore(folder: Annotated[Path, typer.Argument(help="The folder of a backup")]) -> None:
    """Put a backup on a broker whose topics are empty. Every file is checked first; a topic that holds anything is refused.

    Stop workers, gateways, pagers and the sealer first, and start them afterwards, in any order: workers rebuild what they know and say
    nothing twice, and nobody is called about what they were called about before.

    Example: suar restore /srv/backup/2026-11-25
    """
    with bar() as progress:
        bars = Bars(progress)
        try:
            restored = run(put(without_secrets(), folder, progress=bars.tell))
        except BackupError as error:
            fail(str(error))
    table = Table("topic", "records", box=None)
    for topic, count in restored.records.items():
        table.add_row(topic, f"{count:,}")
    console.print(table)
    if SEALS.name in restored.left:
        console.print(
            f"{SEALS.name} stays in the backup: check it with `suar audit verify --backup {folder}`", soft_wrap=True
        )
    if FACTS.name in restored.records:
        console.print("start the workers now: they rebuild, and say nothing twice (see suar_lag_records)")
    else:
        console.print(
            f"no {FACTS.name} in this backup: what is open comes back as agencies publish; {PAGES.name} is as it was"
        )
