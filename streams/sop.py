"""Reads a version of the procedure from its file, or says in one line which place of which file is wrong."""

import hashlib
import tomllib
from pathlib import Path

from pydantic import ValidationError

from schemas.sop import Sop

PUBLISHED = "SHA256SUMS"
"""Beside the versions, in the format of `sha256sum`: a version that it lists is published, and never changes."""


class SopError(Exception):
    """The procedure cannot be used; the text names the file, the place in it and the reason."""


def load(path: Path) -> Sop:
    """The procedure in that file, which is named after its version. Raises SopError."""
    try:
        content = path.read_bytes()
        _as_published(path, content)
        table = tomllib.loads(content.decode())
    except OSError as error:
        raise SopError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SopError(f"{path}: {error}") from None
    try:
        sop = Sop.model_validate(table)
    except ValidationError as error:
        raise SopError(f"{path}: {_first(error)}") from None
    if sop.version != path.stem:
        raise SopError(f"{path}: version: a file is named after its version, and this one says {sop.version}")
    return sop


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    reason = first["msg"].removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason


def _as_published(path: Path, content: bytes) -> None:
    """A version that was published is read as it was, or not at all."""
    sums = path.with_name(PUBLISHED)
    lines = sums.read_text().splitlines() if sums.is_file() else []
    published = {name.lstrip("*"): digest for digest, name in (line.split(maxsplit=1) for line in lines if line)}
    if published.get(path.name, (found := hashlib.sha256(content).hexdigest())) != found:
        raise SopError(
            f"{path}: edited after it was published: copy it to a new version ({PUBLISHED} names the old one)"
        )
