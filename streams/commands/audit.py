"""For data protection officers and auditors: who saw whom, and whether the log that says so is whole."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID
from rich.table import Table

from schemas.audit import Look
from streams import logs
from streams.audit import program, signing
from streams.audit import settings as audit_settings
from streams.audit.check import Checked, names_of, who_saw
from streams.audit.check import check as compare
from streams.audit.settings import AuditSettings
from streams.backup.files import BackupError
from streams.backup.verify import verify as verify_backup
from streams.commands.asking import asked
from streams.commands.terminal import Exit, console, fail, run
from streams.settings import SettingsError
from streams.worker import Seldom

audit = typer.Typer(help="Who saw whom, and the seals that keep the answer honest.", no_args_is_help=True)


def _configured() -> AuditSettings:
    try:
        return audit_settings.load()
    except SettingsError as error:
        fail(str(error))


@audit.command("key")
def key(
    file: Annotated[Path, typer.Argument(help="Where the private key goes; the public one goes beside it as .pub")],
) -> None:
    """Make the pair of keys of the seals. The private one is for the sealer alone, the public one for whoever checks.

    To turn the key, give the sealer the new one, and add the new .pub to the file of public keys: older seals stay valid.

    Example: suar audit key /etc/suar/seal.pem
    """
    try:
        public = signing.make(file)
    except FileExistsError:
        fail(f"{file} exists: choose another name, or seals made with it could not be checked any more")
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    console.print(f"private key {file} (SUAR_AUDIT_KEY), public key {public} (SUAR_AUDIT_PUBLIC)", soft_wrap=True)


@audit.command("seal")
def seal(level: Annotated[str, typer.Option(help="Least level that is logged")] = "INFO") -> None:
    """Seal the audit log as it grows. Nothing waits for it; when it was away it goes on where it stopped.

    Example: SUAR_AUDIT_KEY=/etc/suar/seal.pem suar audit seal
    """
    config = _configured()
    if config.audit_key is None:
        fail("SUAR_AUDIT_KEY: not set. Set it to: file of the private key; make one with `suar audit key FILE`.")
    try:
        signer = signing.Signer(config.audit_key)
    except SettingsError as error:
        fail(str(error))
    handler = logging.StreamHandler()
    handler.addFilter(Seldom())
    handler.setFormatter(logs.formatter(config.log_format))
    logging.basicConfig(level=level, handlers=[handler])
    run(program.serve(config, signer))


@audit.command("verify")
def verify(
    backup: Annotated[Path | None, typer.Option(help="Compare the files of this backup; no broker is asked")] = None,
) -> None:
    """Compare the whole audit log with its seals: changed, missing, forged and unsealed records are told by their offsets.

    Exit code 5 when anything is wrong. Records that are younger than the newest seal are counted, and are no fault.

    Example: SUAR_AUDIT_PUBLIC=/etc/suar/seal.pub suar audit verify

    Example: SUAR_AUDIT_PUBLIC=/etc/suar/seal.pub suar audit verify --backup /srv/backup/2026-11-25
    """
    config = _configured()
    if config.audit_public is None:
        fail("SUAR_AUDIT_PUBLIC: not set. Set it to: file of the public keys, the .pub beside the sealer's key.")
    try:
        trust = signing.Trust([config.audit_public])
    except SettingsError as error:
        fail(str(error))
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("comparing", total=None)
        told = partial(_met, progress, task)
        found = run(compare(config.kafka, trust, told)) if backup is None else _kept(backup, trust, told)
    _show(found)
    if any(one.findings for one in found):
        fail("the audit log is not what was sealed", Exit.NOT_FOUND)


def _met(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)


def _kept(folder: Path, trust: signing.Trust, progress: Callable[[int, int], None]) -> list[Checked]:
    try:
        return verify_backup(folder, trust, progress)
    except BackupError as error:
        fail(str(error), Exit.NOT_FOUND)


def _show(found: list[Checked]) -> None:
    table = Table("partition", "records", "sealed up to", "not yet sealed", "wrong", box=None)
    for one in found:
        wrong = ", ".join(f"{each.fault.value} {each.first}–{each.next - 1}" for each in one.findings)
        table.add_row(
            str(one.partition), f"{one.records:,}", f"{one.sealed:,}", f"{max(0, one.end - one.sealed):,}", wrong or "–"
        )
    console.print(table)
    records, open_ = sum(one.records for one in found), sum(max(0, one.end - one.sealed) for one in found)
    console.print(f"{records:,} records compared, {open_:,} of them younger than the newest seal")


@audit.command("who-saw")
def who(
    name: Annotated[
        str | None, typer.Argument(help="An alert's id, a crossing's, or a pseudonymous subject such as person:…")
    ] = None,
    ask: Annotated[
        str | None, typer.Option("--ask", help="nik or passport: asks for the number, which is not shown")
    ] = None,
) -> None:
    """Everybody who saw or did something with an alert, or with any alert about a person (UU 27/2022 Art. 46).

    Example: suar audit who-saw 0d9c6f6e2b0a4c1e, or suar audit who-saw --ask nik
    """
    if (name is None) == (ask is None):
        fail("name an alert or a subject, or use --ask nik, --ask passport")
    subjects = [name] if name is not None else [asked(ask or "")]
    config = _configured()

    async def work() -> list[Look]:
        names = await names_of(config.kafka, subjects)
        return [look async for look in who_saw(config.kafka, names)]

    looks = sorted(run(work()), key=lambda one: one.at)
    if not looks:
        console.print("nobody saw it, as far as the audit log goes back")
        return
    table = Table("when", "who", "as", "what", "ids", "from", box=None)
    for look in looks:
        shown = look.ids[0] if len(look.ids) == 1 else f"{len(look.ids)} at once"
        table.add_row(f"{look.at:%Y-%m-%d %H:%M:%S}Z", look.who, ", ".join(look.roles), look.what, shown, look.address)
    console.print(table)
    console.print(f"{len(looks):,} looks by {len({look.who for look in looks}):,}")
