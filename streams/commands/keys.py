"""For operators: API keys of systems. A key is shown once, when it is made; the file holds its hash."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from streams.commands.terminal import Exit, console, fail
from streams.feed.apikeys import ID, PREFIX, Key, KeysError, digest, load, new_secret, save
from streams.feed.callers import Grant, GrantError
from streams.jose import event_pair, public_jwk
from streams.sealing import pair

keys = typer.Typer(
    help="API keys of systems: new, list, revoke; and the pairs of keys for identities and for what agencies send.",
    no_args_is_help=True,
)

File = Annotated[Path, typer.Option("--file", envvar="SUAR_API_KEYS", help="The file of keys")]
Name = Annotated[str, typer.Argument(help="The key's id, such as cgk-counter or siskop2mi")]
DEFAULT = Path("keys.toml")


@keys.command("new")
def new(
    name: Name,
    grant: Annotated[list[str] | None, typer.Option(help="A role at a place; may be given again")] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Until it expires")] = 365,
    turn: Annotated[
        bool, typer.Option("--turn", help="A second secret beside the first, which goes on counting")
    ] = False,
    file: File = DEFAULT,
) -> None:
    """Make a key and show it, once. With --turn: give a system its next secret; a second --turn ends the first one.

    Example: suar keys new siskop2mi --grant AGENCY:siskop2mi
    """
    known = _known(file, missing_is_empty=True)
    secret = new_secret()
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    if turn:
        known[name] = _turned(_of(known, name), digest(secret), expires)
    elif name in known:
        fail(f"there is a key {name}: give it a next secret with --turn, or take another id")
    else:
        known[name] = Key(hash=digest(secret), grants=_grants(name, grant or []), expires=expires)
    save(file, known)
    console.print(f"{PREFIX}{name}_{secret}", markup=False, highlight=False, soft_wrap=True)


def _turned(key: Key, hashed: str, expires: datetime) -> Key:
    """The newest secret stands second; what was second becomes the first. Of a key that was taken back none comes back."""
    if key.revoked:
        return key.model_copy(update={"hash": hashed, "next_hash": None, "expires": expires, "revoked": False})
    return key.model_copy(update={"hash": key.next_hash or key.hash, "next_hash": hashed, "expires": expires})


@keys.command("list")
def list_keys(file: File = DEFAULT) -> None:
    """Every key: what it may do, until when, and whether it is being turned. Hashes are not shown.

    Example: suar keys list
    """
    now = datetime.now(UTC)
    table = Table("id", "kind", "grants", "expires", "state", box=None)
    for name, key in sorted(_known(file).items()):
        table.add_row(name, key.kind, " ".join(key.grants), f"{key.expires:%Y-%m-%d}", _state(key, now))
    console.print(table)


@keys.command("identity")
def identity() -> None:
    """Make a pair of keys for identities and show it, once: workers seal with the one, gateways open with the other.

    To turn it: give gateways the new key in front of the old one, with a comma, then workers the new seal.

    Example: suar keys identity
    """
    private, public = pair()
    for line in (f"SUAR_IDENTITY_SEAL={public}", f"SUAR_IDENTITY_KEY={private}"):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


@keys.command("events")
def events() -> None:
    """Make a pair of keys for what agencies send and show it, once: they seal with the one, workers open with the other.

    To turn it: give workers the new key in front of the old one, with a comma, then agencies the new seal; the old key
    goes when nothing on the agencies' topics is sealed for it any more, 30 days later.

    Example: suar keys events
    """
    private, public = event_pair()
    for line in (f"SUAR_EVENT_KEY={private}", f"SUAR_EVENT_SEAL={public}", f"JWK {public_jwk(public)}"):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _state(key: Key, now: datetime) -> str:
    if key.revoked:
        return "revoked"
    if not key.usable(now):
        return "expired"
    return "two secrets" if key.next_hash else "in force"


@keys.command("revoke")
def revoke(name: Name, file: File = DEFAULT) -> None:
    """Take a key back; every gateway that reads the file refuses it within a second or two.

    Example: suar keys revoke cgk-counter
    """
    known = _known(file)
    known[name] = _of(known, name).model_copy(update={"revoked": True})
    save(file, known)
    console.print(f"{name} is revoked")


def _grants(name: str, texts: Sequence[str]) -> tuple[str, ...]:
    if not re.fullmatch(ID, name):
        fail("an id has 2 to 40 characters of a-z, 0-9 and -")
    if not texts:
        fail("say what it may do, such as --grant AGENCY:siskop2mi or --grant COUNTER:A-CGK")
    try:
        return tuple(str(Grant.parse(text)) for text in texts)
    except GrantError as error:
        fail(str(error))


def _known(file: Path, *, missing_is_empty: bool = False) -> dict[str, Key]:
    if missing_is_empty and not file.exists():
        return {}
    try:
        return load(file)
    except KeysError as error:
        fail(str(error))


def _of(known: dict[str, Key], name: str) -> Key:
    if name not in known:
        fail(f"there is no key {name[:40]}: see `suar keys list`", Exit.NOT_FOUND)
    return known[name]
