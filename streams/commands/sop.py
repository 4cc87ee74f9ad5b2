"""For officers and for printing: the procedure in force, one part of it on paper, and a check of a new version."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Column, Table

from schemas.alerts import Text
from schemas.sop import Sop
from schemas.sop_parts import (
    Bound,
    Checklist,
    DeferralNotice,
    Ending,
    EvidenceClass,
    Ground,
    Line,
    Named,
    Part,
    QuestionSet,
    Referral,
    RightsNotice,
    ServiceLevel,
    Unit,
)
from streams import sop as procedures
from streams.commands.alerts import Language, said
from streams.commands.terminal import Exit, console, fail, in_force, without_secrets

sop = typer.Typer(help="The procedure: questions, checklists, rights, levels, referrals.", no_args_is_help=True)
Lang = Annotated[Language, typer.Option("--language", "--lang", help="Of the sentences")]

_BOUNDS = {
    Bound.WITHIN: Text(id="paling lama", en="at most"),
    Bound.BEFORE: Text(id="paling sedikit", en="at least"),
}
_UNITS = {
    Unit.SECONDS: Text(id="detik", en="seconds"),
    Unit.MINUTES: Text(id="menit", en="minutes"),
    Unit.HOURS: Text(id="jam", en="hours"),
    Unit.DAYS: Text(id="hari", en="days"),
}
_HEADS = {
    "how_long": Text(id="Berapa lama", en="How long"),
    "call": Text(id="Siapa yang dapat dihubungi", en="Whom to call"),
    "complain": Text(id="Ke mana mengadu", en="Where to complain"),
    "fee": Text(id="Biaya", en="Fee"),
    "next": Text(id="Selanjutnya", en="Next"),
    "cure": Text(id="Yang dapat menyelesaikannya", en="What resolves it"),
    "clock": Text(id="Dihitung", en="Counted"),
    "past": Text(id="Bila lewat", en="When it has passed"),
    "when": Text(id="Kapan", en="When"),
    "how": Text(id="Caranya", en="How"),
    "hours": Text(id="Jam", en="Hours"),
    "law": Text(id="Dasar hukum", en="Law"),
}


@dataclass(frozen=True)
class Row:
    """One sentence of a part; a head stands before it, or a number when it is one of an ordered list."""

    text: str
    head: str = ""
    number: int | None = None
    law: str = ""


@sop.command("list")
def list_parts(language: Lang = Language.ID) -> None:
    """Every part of the procedure in force, with the name by which alerts refer to it.

    Example: suar sop list --lang en
    """
    held = _in_force()
    table = Table(
        Column("id", no_wrap=True), "what", "lines", box=None, title=f"SOP {held.version}: {said(held.title, language)}"
    )
    for part in held.parts:
        table.add_row(f"{part.kind}/{part.name}", escape(heading(part, language)), str(len(rows(part, language))))
    console.print(table)


@sop.command("show")
def show(
    reference: Annotated[str, typer.Argument(metavar="ID", help="As `suar sop list` or an alert names it")],
    language: Lang = Language.ID,
    plain: Annotated[bool, typer.Option("--plain", help="Text alone, for printing and for screen readers")] = False,
) -> None:
    """One part of the procedure: a question set, a checklist, a rights notice, a ground.

    Example: suar sop show rights/secondary-inspection --lang en --plain
    """
    held = _in_force()
    part = held.find(reference)
    if part is None:
        fail(f"no {reference} in the procedure {held.version}: see `suar sop list`", Exit.NOT_FOUND)
    if plain:
        console.print(on_paper(part, language), markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(on_screen(part, held, language))


@sop.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="A version of the procedure, such as deploy/sop/2026-12.toml")],
) -> None:
    """Read a version as Suar would: both languages, every code, every situation, no word that turns anybody away.

    Example: suar sop check deploy/sop/2026-11.toml
    """
    try:
        held = procedures.load(file)
    except procedures.SopError as error:
        fail(escape(str(error)))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    console.print(f"[green]✓[/green] SOP {held.version}: {len(held.parts)} parts", highlight=False)
    console.print(f"  {procedures.PUBLISHED} publishes it by this line:", style="dim")
    console.print(f"{digest}  {file.name}", highlight=False, soft_wrap=True)


def _in_force() -> Sop:
    return in_force(without_secrets().policy).sop


def heading(part: Part, language: Language) -> str:
    """The title of a part, or its first sentence."""
    match part:
        case Named():
            return said(part.title, language)
        case Ending() | Ground() | EvidenceClass() | ServiceLevel():
            return said(part.text, language)
        case _:
            return part.name


def rows(part: Part, language: Language) -> list[Row]:
    """The sentences under the heading, in the order in which they are read."""
    match part:
        case QuestionSet() | Checklist():
            return _numbered(part.lines, language)
        case RightsNotice():
            rights = _numbered(part.lines, language)
            return [
                Row(said(part.why, language)),
                *rights,
                *_headed(part, language, "how_long", "call", "complain", "fee"),
            ]
        case Referral():
            return [Row(said(part.role, language)), *_headed(part, language, "when", "how", "hours")]
        case ServiceLevel():
            return [Row(how_long(part, language)), *_headed(part, language, "clock", "past", "law")]
        case Ending():
            return _headed(part, language, "next", "law")
        case Ground():
            return _headed(part, language, "cure", "law")
        case DeferralNotice():
            return [Row(said(text, language)) for name, text in part if isinstance(text, Text) and name != "title"]
        case _:
            return []


def how_long(level: ServiceLevel, language: Language) -> str:
    """The number of a service level in words: `at most 2 hours (95 %)`."""
    share = f" ({level.share} %)" if level.share < 100 else ""
    return f"{said(_BOUNDS[level.bound], language)} {level.amount} {said(_UNITS[level.unit], language)}{share}"


def _numbered(lines: tuple[Line, ...], language: Language) -> list[Row]:
    return [Row(said(one.text, language), number=n, law=one.law or "") for n, one in enumerate(lines, 1)]


def _headed(part: Part, language: Language, *names: str) -> list[Row]:
    return list(_present(part, language, names))


def _present(part: Part, language: Language, names: tuple[str, ...]) -> Iterator[Row]:
    for name in names:
        value: object = getattr(part, name)
        head = said(_HEADS[name], language)
        if isinstance(value, Text):
            yield Row(said(value, language), head=head)
        elif isinstance(value, str):
            yield Row(value, head=head)


def on_paper(part: Part, language: Language) -> str:
    """Text alone: one sentence a line."""
    lines = [heading(part, language), ""]
    for row in rows(part, language):
        before = f"{row.number}. " if row.number else f"{row.head}: " if row.head else ""
        lines.append(f"{before}{row.text}{f' ({row.law})' if row.law else ''}")
    return "\n".join(lines)


def on_screen(part: Part, held: Sop, language: Language) -> Panel:
    """The same, framed."""
    return Panel(
        Group(*_drawn(rows(part, language))),
        title=f"[bold]{escape(heading(part, language))}[/bold]",
        subtitle=f"[dim]{held.reference(part)}[/dim]",
        padding=(1, 2),
    )


def _drawn(found: list[Row]) -> Iterator[RenderableType]:
    for row in found:
        law = f" [dim]({escape(row.law)})[/dim]" if row.law else ""
        head = f"[bold]{escape(row.head)}:[/bold] " if row.head else ""
        line = Table.grid(padding=(0, 1))
        if row.number:
            line.add_column(justify="right", min_width=3, no_wrap=True)
        line.add_row(*([f"{row.number}."] if row.number else []), f"{head}{escape(row.text)}{law}")
        yield line
