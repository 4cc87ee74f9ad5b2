"""Passwords of principals as files: made by chance, readable by their owner alone, and never shown."""

import os
import secrets
from pathlib import Path

from streams.admin import AdminError

BYTES = 32


def file_of(folder: Path, name: str) -> Path:
    """Where a principal's password is."""
    return folder / f"{name}.password"


def prepare(folder: Path, name: str) -> tuple[Path, str]:
    """A new password beside the one in use. One that an earlier, broken attempt left there is taken up: the broker may have it.

    Raises AdminError when the folder cannot be written.
    """
    waiting = file_of(folder, name).with_suffix(".next")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if waiting.exists():
            return waiting, waiting.read_text().strip()
        password = secrets.token_urlsafe(BYTES)
        with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise AdminError(f"{folder} cannot hold a password ({error.strerror}): name another folder") from None
    return waiting, password


def put_to_use(folder: Path, name: str) -> Path:
    """The new one becomes the one in use, at once or not at all."""
    return file_of(folder, name).with_suffix(".next").replace(file_of(folder, name))
