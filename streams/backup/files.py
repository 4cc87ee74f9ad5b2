"""The files of a backup: for each partition the records, compressed, and one manifest that names every file by its SHA-256.

A file is gzip over records, each a MessagePack array behind its length (4 bytes, big-endian): offset, timestamp (ms), key, value,
headers. Whoever has gzip and MessagePack can read it without us.
"""

import gzip
import hashlib
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Self, cast

import msgspec

from schemas.topics import BY_NAME, MOST_PARTITIONS

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_LENGTH: Final = 4
_LEVEL: Final = 6
"""Of gzip: above it files grow smaller by a hundredth and take twice as long."""
_FILE: Final = re.compile(r"[a-z0-9.]+/[0-9]{2,4}\.gz")


class BackupError(Exception):
    """The folder cannot be used, or the broker is not as it must be; one line that says what to do."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """One record as it stood on the log; `timestamp` is the broker's, ms since 1970 (UTC)."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One partition: its file, and the log from the first offset that it still held up to and without `end`."""

    topic: str
    partition: int
    file: str
    sha256: str
    records: int
    begin: int
    end: int
    said: int = 0
    """Of facts: the offset below which workers had said everything before the other topics were read; 0 of all else."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup holds, and when it was begun (UTC). Parts stand in the order in which topics were read."""

    format: int
    at: datetime
    parts: tuple[Part, ...]

    def of(self, topic: str) -> tuple[Part, ...]:
        """The partitions of a topic; none when the backup was made without it."""
        return tuple(part for part in self.parts if part.topic == topic)

    @property
    def topics(self) -> tuple[str, ...]:
        """In the order in which they were read."""
        return tuple(dict.fromkeys(part.topic for part in self.parts))


_MANIFEST: Final = msgspec.json.Decoder(Manifest)
_KEPT: Final = msgspec.msgpack.Decoder(Kept)
_ENCODER: Final = msgspec.msgpack.Encoder()


class Writer:
    """Writes the file of one partition; use with `with`. The same records make the same bytes."""

    def __init__(self, folder: Path, topic: str, partition: int) -> None:
        self.name = f"{topic}/{partition:02}.gz"
        self._path = folder / self.name
        self._topic, self._partition = topic, partition
        self._path.parent.mkdir(exist_ok=True, mode=0o700)
        self._raw = self._path.open("xb")
        self._file = gzip.GzipFile("", "wb", _LEVEL, self._raw, mtime=0)
        self._first: int | None = None
        self.records = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Returns when the disk has it."""
        self._file.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()

    def write(self, record: Kept) -> None:
        """One more record."""
        encoded = _ENCODER.encode(record)
        self._file.write(len(encoded).to_bytes(_LENGTH, "big") + encoded)
        self._first = record.offset if self._first is None else self._first
        self.records += 1

    def part(self, begin: int, end: int, said: int = 0) -> Part:
        """How the manifest names the closed file. Records that retention took while it was written begin it later."""
        first = begin if self._first is None else self._first
        return Part(self._topic, self._partition, self.name, _sha256(self._path), self.records, first, end, said)


def write_manifest(folder: Path, manifest: Manifest) -> str:
    """Writes it, and gives back the SHA-256 of its bytes: who knows this knows every file."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    with (folder / MANIFEST).open("xb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(text).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest in that folder. Raises BackupError when there is none that this program can read."""
    try:
        manifest = _MANIFEST.decode((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise BackupError(f"{folder / MANIFEST}: {error.strerror}: is this the folder of a backup?") from None
    except msgspec.DecodeError:
        raise BackupError(f"{folder / MANIFEST} is no manifest of a backup, or was changed") from None
    if manifest.format != FORMAT:
        raise BackupError(f"{folder / MANIFEST} has format {manifest.format}; this version reads format {FORMAT}")
    for part in manifest.parts:
        if part.topic not in BY_NAME or not 0 <= part.partition < MOST_PARTITIONS:
            raise BackupError(f"{folder / MANIFEST} names a partition that this version does not have")
        if not _FILE.fullmatch(part.file):
            raise BackupError(f"{folder / MANIFEST} names a file outside of its folder")
    return manifest


def unlike(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Each file that is missing or is not the one that was written."""
    for part in manifest.parts:
        try:
            if _sha256(folder / part.file) != part.sha256:
                yield f"{part.file} is not the file that was written"
        except OSError as error:
            yield f"{part.file}: {error.strerror}"


def read(folder: Path, part: Part) -> Iterator[Kept]:
    """The records of one partition, in their order. Raises BackupError when the file breaks off or holds something else."""
    count = 0
    try:
        with gzip.open(folder / part.file, "rb") as file:
            for encoded in _framed(cast("BinaryIO", file)):
                yield _KEPT.decode(encoded)
                count += 1
    except (OSError, EOFError, msgspec.DecodeError):  # gzip's own error is an OSError
        raise BackupError(f"{part.file} cannot be read behind its record {count:,}") from None
    if count != part.records:
        raise BackupError(f"{part.file} holds {count:,} records, the manifest says {part.records:,}")


def _framed(file: BinaryIO) -> Iterator[bytes]:
    while head := file.read(_LENGTH):
        size = int.from_bytes(head, "big")
        encoded = file.read(size)
        if len(head) < _LENGTH or len(encoded) < size:
            raise EOFError
        yield encoded


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
