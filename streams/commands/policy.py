"""For the task force and operators: a policy checked, compared, put in force, or tried in the shadow of the one in force."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from redis.exceptions import RedisError
from rich.markup import escape
from rich.table import Column, Table

from agents.versions import Announced, Use
from schemas.policy import Policy
from schemas.shadow import Change, Shadowed
from schemas.topics import FACTS
from streams import allow as allowing
from streams import book as books
from streams import policy as policies
from streams import shadowing
from streams.allow import Kind
from streams.announce import Announcer, UnknownVersionError
from streams.book import Book
from streams.cluster import plain, teller_of
from streams.commands.terminal import Exit, configured, console, fail, in_force, run, without_secrets
from streams.differences import differences
from streams.partitions import partitions_of
from streams.react import versions_of
from streams.settings import Settings

policy = typer.Typer(help="The policy: check, compare, put in force, try in the shadow.", no_args_is_help=True)
OFF = "off"
_SHOWN = 12
"""Digits of a digest that tell versions apart on a screen."""


@policy.command("check")
def check(file: Annotated[Path, typer.Argument(help="A policy, such as deploy/policy/2026-12.toml")]) -> None:
    """Read a policy as Suar would: every field, country, zone and row; the first fault by file, line and reason.

    Example: suar policy check deploy/policy/2026-11.toml
    """
    held = in_force(file)
    digest = policies.digest(policies.content(held))
    console.print(
        f"[green]✓[/green] policy {held.version}: {len(held.checkpoints)} checkpoints, {len(held.countries)} rows on countries, "
        f"{len(held.allow)} links let pass, SOP {held.sop.version}; digest {digest[:_SHOWN]}",
        highlight=False,
        soft_wrap=True,
    )


@policy.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A file, or a published version")],
    after: Annotated[str, typer.Argument(metavar="B", help="A file, or a published version")],
) -> None:
    """What changes from one policy to another: fields, and rows that come or go.

    Example: suar policy diff 2026-11 deploy/policy/2026-12.toml
    """
    old, new = _either(before), _either(after)
    found = list(differences(policies.plain(old), policies.plain(new)))
    if not found:
        console.print(f"nothing differs between {old.version} and {new.version}", highlight=False)
        return
    table = Table("where", Column(old.version, overflow="fold"), Column(new.version, overflow="fold"), box=None)
    for one in found:
        table.add_row(escape(one.place), escape(one.before) or "–", escape(one.after) or "–")
    console.print(table)


@policy.command("publish")
def publish(
    file: Annotated[Path, typer.Argument(help="A policy; its version is new, or was published as it is")],
) -> None:
    """Put a policy in force: running workers take it up at once, each partition at a definite offset.

    Publishing again is safe, and completes what was interrupted. What was judged before is judged anew when its next
    fact, look or outcome comes.

    Example: suar policy publish deploy/policy/2026-12.toml
    """
    console.print(run(_put(without_secrets(), Use.LIVE, in_force(file))), highlight=False, soft_wrap=True)


@policy.command("shadow")
def shadow(
    what: Annotated[str, typer.Argument(metavar="FILE|VERSION|off", help="What to try, or off")] = "",
    report: Annotated[bool, typer.Option("--report", help="What it would have said otherwise, by rule")] = False,
    examples: Annotated[int, typer.Option(help="Alerts shown in the report")] = 10,
) -> None:
    """Try a policy beside the one in force: both judge, only the one in force is heard.

    Example: suar policy shadow deploy/policy/2026-12.toml

    Example: suar policy shadow --report
    """
    config = without_secrets()
    if report:
        _print(run(_report(config, what)), examples)
    elif what:
        tried = in_force(Path(what)) if _is_file(what) else what
        console.print(run(_put(config, Use.SHADOW, tried)), highlight=False, soft_wrap=True)
    else:
        fail("name a file, a published version or off; or ask for --report")


@policy.command("list")
def list_versions() -> None:
    """Published versions, and which one is in force or in the shadow, since when, in how many partitions.

    Example: suar policy list
    """
    config = without_secrets()

    async def work() -> tuple[Book, dict[Use, dict[str, int]] | None]:
        return await books.read(config.kafka), await _taken_up(config)

    book, taken = run(work())
    if not book.contents:
        console.print(f"nothing is published: {config.policy.name} of the settings is in force", highlight=False)
        return
    table = Table(Column("version", no_wrap=True), "digest", "published", "use", "since", "partitions", box=None)
    for version in dict.fromkeys(one.version for one in book.contents):
        held = book.version(version)
        for use, told in _uses(book, version) if held else ():
            count = (
                "–" if taken is None or told is None else f"{taken[use].get(told.digest, 0)} of {partitions_of(FACTS)}"
            )
            since = f"{told.at:%Y-%m-%d %H:%M:%S}Z" if told else "–"
            name = {Use.LIVE: "in force", Use.SHADOW: "shadow"}[use] if told else "–"
            published = f"{held.at:%Y-%m-%d %H:%M:%S}Z" if held else "–"
            table.add_row(version, held.digest[:_SHOWN] if held else "–", published, name, since, count)
    console.print(table)


@policy.command("allow")
def allow(
    kind: Annotated[Kind, typer.Argument(help="What it is")],
    value: Annotated[
        str, typer.Argument(help="The value in clear, or - for standard input; it is shown and kept nowhere")
    ],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day; no row is for ever")],
    reason: Annotated[str, typer.Option(help="Why innocent people share it; never a name")],
) -> None:
    """A row for the allow-list, with the pseudonym that this installation's key makes; paste it into a policy.

    Example: suar policy allow phone 021-5550100 --until 2027-06-30 --reason "Switchboard of a training centre"
    """
    if until.replace(tzinfo=UTC) <= datetime.now(UTC):
        fail("--until has passed: a row ends in the future")
    clear = sys.stdin.readline().strip() if value == "-" else value
    try:
        made = allowing.row(kind, clear, until=until.date(), reason=reason, key=configured().key)
    except allowing.AllowError as error:
        fail(escape(str(error)))
    console.print(made, markup=False, highlight=False, soft_wrap=True)


def _is_file(name: str) -> bool:
    return name.endswith(".toml") or Path(name).is_file()


def _either(name: str) -> Policy:
    return in_force(Path(name)) if _is_file(name) else run(_published(without_secrets(), name))


async def _published(config: Settings, version: str) -> Policy:
    async with Announcer(config.kafka) as announcer:
        try:
            held = await announcer.find(version)
        except UnknownVersionError as error:
            fail(escape(str(error)), Exit.NOT_FOUND)
    return policies.read(held.content, held.version)


async def _put(config: Settings, use: Use, what: Policy | str) -> str:
    """Gives back what to tell the operator."""
    async with Announcer(config.kafka) as announcer:
        if what == OFF:
            await announcer.put(use, "", "")
            return "[green]✓[/green] no policy is in the shadow"
        try:
            held = await (announcer.find(what) if isinstance(what, str) else announcer.publish(what))
        except UnknownVersionError as error:
            fail(escape(str(error)), Exit.NOT_FOUND)
        told = await announcer.put(use, held.version, held.digest)
    where = "in force" if use is Use.LIVE else "in the shadow"
    return (
        f"[green]✓[/green] policy {held.version} (digest {held.digest[:_SHOWN]}) is {where} since {told.at:%Y-%m-%d %H:%M:%S}Z; "
        f"{partitions_of(FACTS)} partitions are told"
    )


async def _taken_up(config: Settings) -> dict[Use, dict[str, int]] | None:
    """By use and digest: how many partitions judge by it. None when Redis does not say."""
    teller = teller_of(config, plain)
    try:
        return await versions_of(teller, config.namespace)
    except (OSError, RedisError):
        return None
    finally:
        await teller.close()


def _uses(book: Book, version: str) -> list[tuple[Use, Announced | None]]:
    found: list[tuple[Use, Announced | None]] = [
        (use, told) for use in Use if (told := book.newest(use)) is not None and told.version == version
    ]
    return found or [(Use.LIVE, None)]


async def _report(config: Settings, version: str) -> shadowing.Report:
    told = (await books.read(config.kafka)).newest(Use.SHADOW)
    wanted = version or (told.version if told else "")
    if not wanted:
        fail(
            "no policy is in the shadow: name the version that was, or `suar policy shadow FILE` first", Exit.NOT_FOUND
        )
    return await shadowing.report(config.kafka, wanted)


def _print(found: shadowing.Report, examples: int) -> None:
    counts = ", ".join(
        f"{found.changes[change]} {change.value.lower()}" for change in Change if change is not Change.SAME
    )
    console.print(f"policy {found.version} in the shadow: {counts}", highlight=False)
    if not found.differing:
        return
    table = Table("rule", *(change.value for change in Change if change is not Change.SAME), box=None)
    for rule in sorted({rule for rule, _ in found.rules}):
        table.add_row(rule, *(str(found.rules[rule, change]) for change in Change if change is not Change.SAME))
    console.print(table)
    newest = Table(
        "alert", "change", "trigger", "place", "at", "severity", "rules", box=None, title=f"newest {examples}"
    )
    for one in found.differing[-examples:] if examples > 0 else ():
        newest.add_row(*_example(one))
    console.print(newest)


def _example(one: Shadowed) -> tuple[str, ...]:
    before, after = (severity.name if severity else "–" for severity in (one.live_severity, one.shadow_severity))
    rules = [f"+{rule}" for rule in one.rules_added] + [f"−{rule}" for rule in one.rules_lost]
    rules += [f"±{rule}" for rule in one.rules_changed]
    moved = f"{before} → {after}"
    return (
        one.alert_id,
        one.change.value,
        one.trigger.value,
        one.place,
        f"{one.at:%Y-%m-%d %H:%M}Z",
        moved,
        " ".join(rules),
    )
