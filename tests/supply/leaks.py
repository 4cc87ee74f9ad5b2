"""Secrets among the tracked files: what detect-secrets finds and people have not looked at (`deploy/audit/secrets.json`).

`python -m tests.supply.leaks` lists what is new, without showing it, and `--accept` adds it to the list, for people to commit.
"""

import json
import sys
import tempfile
from collections.abc import Iterable

from tests.supply.report import DATA, OUT, ROOT, Row, State, judged
from tests.supply.wheel import sources

SEEN = DATA / "secrets.json"
_PASSED_OVER = (".lock", "/made.toml", ".png", ".ico", ".woff2")
"""Hashes of packages and of made files, and what is no text."""

PLANTED = f"""key = "{"AKIA"}{"Q3EGRIJVCMYWX7ZT"}"
-----BEGIN RSA {"PRIVATE"} KEY-----
api_token = "{"9f2c7d1be0a84c56".swapcase() + "b1f0e2d3c4a59687"}"
"""
"""Made up: what no scan may miss, put together so that this file holds none of it."""

Leak = tuple[str, str, str]
"""File, kind, and SHA-1 of what was found."""


def found(files: Iterable[str]) -> dict[Leak, int]:
    """With the line on which each stands."""
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    secrets = SecretsCollection()
    with default_settings():
        for file in files:
            if not file.endswith(_PASSED_OVER) and file != SEEN.relative_to(ROOT).as_posix():
                secrets.scan_file(file)
    return {(file, one.type, one.secret_hash): one.line_number for file, one in secrets}


def seen() -> set[Leak]:
    """Those that people looked at and found to be no secret."""
    return {(file, kind, digest) for file, kinds in json.loads(SEEN.read_text()).items() for kind, digest in kinds}


def check() -> Row:
    """New ones fail. Of those that were looked at, the ones that are gone are told. One that is planted must be found."""
    files = sources()
    now, known = found(files), seen()
    with tempfile.NamedTemporaryFile("w", dir=OUT, suffix=".py") as planted:
        planted.write(PLANTED)
        planted.flush()
        if len(found([planted.name])) < PLANTED.count("\n"):
            return Row("secrets", State.FAILED, "the scan does not find what is planted")
    wrong = [
        f"{file}:{line}: {kind}" for (file, kind, digest), line in now.items() if (file, kind, digest) not in known
    ]
    gone = len(known - now.keys())
    old = f"; {gone} of the list are gone" if gone else ""
    return judged("secrets", sorted(wrong), f"{len(files)} files, nothing that was not looked at ({len(known)}){old}")


def accept() -> int:
    """Writes the list anew; how many are on it."""
    table: dict[str, list[list[str]]] = {}
    for file, kind, digest in sorted(found(sources())):
        table.setdefault(file, []).append([kind, digest])
    SEEN.write_text(json.dumps(table, indent=1) + "\n")
    return sum(map(len, table.values()))


if __name__ == "__main__":
    if "--accept" in sys.argv:
        sys.stdout.write(f"{accept()} on the list\n")
    else:
        sys.stdout.write(f"{check().found}\n")
