"""Reads a policy table from its file, or says which line of which file is wrong."""

import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from schemas.policy import Policy


class PolicyError(Exception):
    """The policy cannot be used; the text names the file and the place in it."""


def load(path: Path) -> Policy:
    """The policy in that file. Raises PolicyError."""
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path}: {error}") from None
    try:
        policy = Policy.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise PolicyError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for name, row in policy.checkpoints.items():
        try:
            ZoneInfo(row.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise PolicyError(f"{path}: checkpoints.{name}.zone: this machine knows no zone {row.zone}") from None
    return policy
