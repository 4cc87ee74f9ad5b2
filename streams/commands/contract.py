"""For agencies' engineers: the contract as documents."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from schemas import documents
from schemas.topics import TOPICS
from streams.commands.terminal import console, fail

FOLDER = documents.FOLDER


def contract(
    write: Annotated[Path | None, typer.Option(help="Write JSON Schemas and AsyncAPI into this folder")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Fail when the checked-in documents are not the models'")
    ] = False,
) -> None:
    """Topics and event types; or the generated JSON Schema and AsyncAPI 3 documents.

    Example: suar contract --write ./contract
    """
    if write is not None:
        documents.write(write)
        console.print(f"{len(documents.documents())} documents written to {write}")
    elif check:
        drift = documents.drift(FOLDER)
        if drift:
            fail(
                f"{len(drift)} documents differ from the models, first {drift[0]}: run `suar contract --write {FOLDER}`"
            )
        console.print("the documents are the models'")
    else:
        table = Table("topic", "events", "kept", "purpose", box=None)
        for topic in TOPICS:
            kept = "newest per key" if topic.retention is None else f"{topic.retention.days} d"
            table.add_row(topic.name, "\n".join(topic.events), kept, topic.purpose)
        console.print(table)
