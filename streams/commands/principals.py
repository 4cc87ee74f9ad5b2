"""For operators of a secured Kafka: who may do what there, and their passwords."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.table import Table

from schemas.topics import Topic
from streams import passwords
from streams.acls import Access
from streams.commands.terminal import Exit, console, fail, run, without_secrets
from streams.principals import BY_NAME, PRINCIPALS, Principal
from streams.settings import Settings
from streams.strimzi import user

principals = typer.Typer(help="Who may do what on Kafka: list, create, rotate, check, export.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(help="Principals such as suar-worker; none named: all")]
Folder = Annotated[Path, typer.Option("--folder", help="Where passwords are kept, one file of mode 0600 for each")]
HERE = Path("principals")


@principals.command("list")
def list_principals() -> None:
    """Every principal: what it writes, reads and may ask for. Passwords are not shown.

    Example: suar principals list
    """
    table = Table("principal", "writes", "reads", "groups", "bytes/s in · out", "is there for", box=None)
    for one in PRINCIPALS:
        bounds = " · ".join(_size(bound) for bound in (one.quota.written, one.quota.read))
        table.add_row(one.name, _names(one.writes), _names(one.reads), ", ".join(one.groups), bounds, one.purpose)
    console.print(table)


@principals.command("create")
def create(names: Names = None, folder: Folder = HERE) -> None:
    """Put access lists and quotas as the table has them, and give a password to who has no file in the folder.

    Example: suar principals create --folder /run/suar/principals

    Example: suar principals create agency-simkim
    """
    wanted, config = _named(names), without_secrets()

    async def work() -> list[str]:
        said: list[str] = []
        async with Access(config.kafka) as access:
            for one in wanted:
                added, gone = await access.grant(one, config.namespace)
                await access.quota(one.name, one.quota)
                new = not passwords.file_of(folder, one.name).exists()
                if new:
                    await _turn(access, folder, one)
                said.append(f"{one.name}: {added} grants added, {gone} taken away{', password made' if new else ''}")
        return said

    for line in run(work()):
        console.print(line, highlight=False)


@principals.command("rotate")
def rotate(
    names: Annotated[list[str], typer.Argument(help="Principals such as agency-simkim")], folder: Folder = HERE
) -> None:
    """Give principals a next password. Who is connected stays so for an hour at most; then the new file must be in place.

    Example: suar principals rotate agency-simkim --folder /run/suar/principals
    """
    wanted, config = _named(names), without_secrets()

    async def work() -> None:
        async with Access(config.kafka) as access:
            for one in wanted:
                console.print(f"{one.name}: {await _turn(access, folder, one)}", highlight=False, soft_wrap=True)

    run(work())


@principals.command("check")
def check(names: Names = None) -> None:
    """Compare the broker's access lists with the table.

    Example: suar principals check
    """
    wanted, config = _named(names), without_secrets()

    async def work() -> list[str]:
        async with Access(config.kafka) as access:
            return await access.differences(wanted, config.namespace)

    for line in (found := run(work())):
        console.print(f"[red]✗[/red] {line}", highlight=False)
    if found:
        fail(f"{len(found)} differences: `suar principals create` puts the lists as the table has them")
    console.print(f"[green]✓[/green] {len(wanted)} principals are as in the table")


@principals.command("export")
def export(cluster: Annotated[str, typer.Option(help="Name of the Kafka resource")] = "suar") -> None:
    """The same principals as KafkaUser resources, for a cluster that Strimzi runs.

    Example: suar principals export > deploy/kubernetes/principals.yaml
    """
    namespace = Settings.model_fields["namespace"].default
    typer.echo(yaml.safe_dump_all([user(one, namespace, cluster) for one in PRINCIPALS], sort_keys=False), nl=False)


async def _turn(access: Access, folder: Path, principal: Principal) -> Path:
    _, password = passwords.prepare(folder, principal.name)
    await access.password(principal.name, password)
    return passwords.put_to_use(folder, principal.name)


def _named(names: Iterable[str] | None) -> list[Principal]:
    wanted = list(names or BY_NAME)
    for name in wanted:
        if name not in BY_NAME:
            fail(f"there is no principal {name}: see suar principals list", Exit.NOT_FOUND)
    return [BY_NAME[name] for name in wanted]


def _names(topics: Iterable[Topic]) -> str:
    return ", ".join(one.name for one in topics)


def _size(bound: int | None) -> str:
    return "–" if bound is None else f"{bound // 1024 // 1024} MiB"
