"""For operators: doctor, topics, worker, rebuild, metrics."""

import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.table import Table

from schemas.topics import IDENTITIES, TOPICS
from streams import metrics, settings
from streams import policy as policies
from streams.acls import Access
from streams.admin import Admin, AdminError
from streams.backup.files import BackupError
from streams.backup.grow import grow
from streams.cluster import forget, servers
from streams.commands.bars import Bars, bar
from streams.commands.terminal import console, fail, run, without_secrets
from streams.principals import PRINCIPALS
from streams.settings import Settings

topics = typer.Typer(help="Topics on the broker, from the table in schemas/topics.", no_args_is_help=True)
FREE_GB = 2


@dataclass(frozen=True)
class Finding:
    """One line of the doctor."""

    what: str
    well: bool
    said: str
    mend: str = ""


def doctor() -> None:
    """Check everything a worker needs, and say how to mend what is not well.

    Example: suar doctor
    """
    findings = run(_examine())
    table = Table("", "what", "found", "what to do", box=None)
    for one in findings:
        table.add_row("[green]✓[/green]" if one.well else "[red]✗[/red]", one.what, one.said, one.mend)
    console.print(table)
    if not all(one.well for one in findings):
        fail("something needs mending: see the right column")


async def _examine() -> list[Finding]:
    found = [Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0], "install Python 3.11 or newer")]
    free = shutil.disk_usage(".").free / 1e9
    found.append(Finding("disk", free > FREE_GB, f"{free:.0f} GB free", "" if free > FREE_GB else "make room"))
    config = without_secrets()
    found.append(_secret())
    found.append(_policy(config))
    checks: tuple[Callable[[Settings], Awaitable[list[Finding]]], ...] = (_kafka, _redis)
    for check in checks:
        found += await check(config)
    return found


def _secret() -> Finding:
    try:
        settings.load()
    except settings.SettingsError as error:
        return Finding("secrets", False, "missing or too short", str(error))
    return Finding("secrets", True, "set")


def _policy(config: Settings) -> Finding:
    try:
        return Finding("policy", True, f"version {policies.load(config.policy).version}")
    except policies.PolicyError as error:
        return Finding("policy", False, "not usable", str(error))


async def _kafka(config: Settings) -> list[Finding]:
    try:
        async with Admin(config.kafka) as admin:
            differences = await admin.check()
    except AdminError as error:
        return [Finding("Kafka", False, config.kafka, str(error))]
    said = [Finding("Kafka", True, config.kafka)]
    said += [Finding("topic", False, str(one), "suar topics create (or mend it by hand)") for one in differences]
    return said if differences else [*said, Finding("topics", True, f"{len(TOPICS)} as in the table")]


async def _redis(config: Settings) -> list[Finding]:
    try:
        return [finding for client in await servers(config) for finding in await _redis_server(client, config)]
    except (OSError, RedisError) as error:
        advice = "start it, or set SUAR_REDIS" + (", or SUAR_REDIS_CLUSTER=false" if config.redis_cluster else "")
        return [Finding("Redis", False, config.redis, f"{advice} ({type(error).__name__})")]


async def _redis_server(client: Redis, config: Settings) -> list[Finding]:
    try:
        info = await client.info()
        policy = info.get("maxmemory_policy", "noeviction")  # CONFIG GET is not for a program's user
    finally:
        await client.aclose()
    durable, told = info.get("aof_enabled") == 1, client.connection_pool.connection_kwargs
    known = config.redis_cluster or not info.get("cluster_enabled")
    used = f"{told['host']}:{told['port']}, {info.get('used_memory_human')} used"
    return [
        Finding("Redis", known, used, "" if known else "it is a cluster: set SUAR_REDIS_CLUSTER=true"),
        Finding("Redis appendonly", durable, "on" if durable else "off", "" if durable else "set appendonly yes"),
        Finding(
            "Redis eviction", policy == "noeviction", str(policy), "" if policy == "noeviction" else "set noeviction"
        ),
    ]


@topics.command("create")
def create(
    replication: Annotated[int, typer.Option(help="Copies of each partition")] = 1,
    secure: Annotated[bool, typer.Option("--secure", help="Also put the access lists of all principals")] = False,
) -> None:
    """Create the topics that are missing; existing ones are left as they are.

    Example: suar topics create --replication 3

    Example: suar topics create --replication 3 --secure
    """
    config = without_secrets()

    async def work() -> list[str]:
        async with Admin(config.kafka) as admin:
            made = await admin.create(replication=replication)
        if secure:
            async with Access(config.kafka) as access:
                for one in PRINCIPALS:
                    await access.grant(one, config.namespace)
        return made

    made = run(work())
    console.print(f"{len(made)} topics created" if made else "nothing to create: all topics are there")


@topics.command("check")
def check() -> None:
    """Compare the broker's topics with the table.

    Example: suar topics check
    """

    async def work() -> list[str]:
        async with Admin(without_secrets().kafka) as admin:
            return [str(one) for one in await admin.check()]

    for line in (differences := run(work())):
        console.print(f"[red]✗[/red] {line}", highlight=False)
    if differences:
        fail(
            f"{len(differences)} differences: suar topics create makes what is missing, kafka-configs.sh --alter --topic … "
            "--add-config … sets the rest"
        )
    console.print(f"[green]✓[/green] {len(TOPICS)} topics are as in the table")


@topics.command("grow")
def grow_topics(
    folder: Annotated[
        Path, typer.Argument(help="A backup with --facts --identities, taken when everything was stopped")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Give every keyed topic SUAR_PARTITIONS partitions, a multiple of those it has, and count all records again.

    Stop workers, gateways, pagers and the sealer, take the backup, set SUAR_PARTITIONS for every program and for this command. The
    topics of the backup are deleted, made anew and filled from it; topics of agencies stay and get empty partitions beside theirs.
    Broken off, it goes on where it is run again.

    Example: SUAR_PARTITIONS=24 suar topics grow /srv/backup/before-24
    """
    config = without_secrets()
    if not yes:
        typer.confirm(f"Delete and fill again the topics of {folder} on {config.kafka}?", abort=True)
    with bar() as progress:
        try:
            grown = run(grow(config, folder, progress=Bars(progress).tell))
        except BackupError as error:
            fail(str(error))
    table = Table("topic", f"records in {grown.old}", f"records in {grown.new}", box=None)
    for topic, count in grown.after.items():
        table.add_row(topic, f"{grown.before[topic]:,}", f"{count:,}")
    console.print(table)
    console.print(
        f"{grown.old} partitions are {grown.new}, every record counted again; what is told to all partitions is there more often. "
        f"Start the workers: they rebuild, and say nothing twice. Delete {folder / IDENTITIES.name}; keep the rest: the seals of the "
        f"audit log so far stand there and nowhere else (`suar audit verify --backup {folder}`)",
        soft_wrap=True,
    )


def rebuild(yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False) -> None:
    """Empty this installation's part of Redis; running workers rebuild it from suar.facts and page nobody.

    Example: suar rebuild --yes
    """
    config = without_secrets()
    if not yes:
        typer.confirm(f"Delete every key of namespace {config.namespace} in {config.redis}?", abort=True)

    console.print(f"{run(forget(config))} keys deleted; workers rebuild now (see suar_lag_records)")


def list_metrics() -> None:
    """Every metric with its labels and meaning.

    Example: suar metrics
    """
    table = Table("name", "kind", "labels", "meaning", box=None)
    for line in metrics.manual():
        table.add_row(line.name, line.kind, ", ".join(line.labels), line.help)
    console.print(table)
