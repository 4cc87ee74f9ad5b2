"""A policy from its file or from its published content, or one line that says which place of which file is wrong, and why."""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from pydantic import ValidationError

from schemas.policy import Policy
from schemas.sop import Sop
from streams import sop as procedures
from streams.policy_checks import Fault, faults
from streams.policy_lines import Lines


class PolicyError(Exception):
    """The policy cannot be used; the text names the file, the line, the place in it and the reason."""


def load(path: Path) -> Policy:
    """The policy in that file. Raises PolicyError."""
    text = ""
    try:
        text = path.read_bytes().decode()
        table = tomllib.loads(text)
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PolicyError(f"{path}:{line}: not UTF-8: {error.reason}") from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path}:{_line(error, text)}: {error}") from None
    table["sop"] = _procedure(path, text, table.get("sop"))
    try:
        policy = Policy.model_validate(table)
    except ValidationError as error:
        raise _told(path, text, _fault(error)) from None
    if (wrong := next(faults(policy), None)) is not None:
        raise _told(path, text, wrong)
    return policy


def _procedure(path: Path, text: str, version: object) -> Sop:
    """The version that the policy names, from the folder `sop` beside the policy's own."""
    if not isinstance(version, str):
        raise _told(path, text, Fault(("sop",), 'names no version of the procedure, such as sop = "2026-11"'))
    try:
        return procedures.load(path.resolve().parent.parent / "sop" / f"{version}.toml")
    except procedures.SopError as error:
        raise _told(path, text, Fault(("sop",), str(error))) from None


def _line(error: tomllib.TOMLDecodeError, text: str) -> int:
    """`tomllib` tells the line in words; what is missing at the end is missing on the last."""
    found = re.search(r"\(at line (\d+), ", str(error))
    return int(found[1]) if found else len(text.splitlines())


def _fault(error: ValidationError) -> Fault:
    first = error.errors(include_url=False, include_input=False)[0]
    return Fault(tuple(part for part in first["loc"] if part != "[key]"), first["msg"].removeprefix("Value error, "))


def _told(path: Path, text: str, fault: Fault) -> PolicyError:
    place = ".".join(map(str, fault.place))
    return PolicyError(f"{path}:{Lines(text).line(fault.place)}: {f'{place}: ' if place else ''}{fault.reason}")


def content(policy: Policy) -> bytes:
    """The whole policy with its procedure and its defaults, as it is published: the same bytes for the same policy."""
    return json.dumps(plain(policy), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def plain(policy: Policy) -> dict[str, object]:
    """The same as plain values: what is a set in the policy is a sorted list."""
    told: dict[str, object] = json.loads(json.dumps(policy.model_dump(), default=_plain))
    return told


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"a policy holds no {type(value).__name__}")


def digest(published: bytes) -> str:
    """Names a content: SHA-256 of its bytes, hex."""
    return hashlib.sha256(published).hexdigest()


def read(published: bytes, version: str) -> Policy:
    """What `content` wrote. Raises PolicyError when this program cannot read it, as an older one cannot read newer fields."""
    try:
        return Policy.model_validate_json(published)
    except ValidationError as error:
        fault = _fault(error)
        place = ".".join(map(str, fault.place))
        raise PolicyError(f"policy {version} as published: {place}: {fault.reason}") from None
