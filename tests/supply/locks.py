"""The lock files: every package pinned and hashed, no address of an index, and the same versions in all that are installed together."""

import re
from pathlib import Path

from tests.supply.report import ROOT, Row, judged

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[a-z0-9,_-]+\])?==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}(?![0-9a-f])")
_ADDRESS = re.compile(r"--(?:extra-)?index-url|--find-links|--trusted-host|[a-z+]+://|@ ")
BASE = ROOT / "deploy" / "requirements.lock"
TOGETHER = ("requirements-run.lock", "requirements-build.lock", "audit/requirements.lock")
"""Those whose packages are `BASE`'s, where it has them."""


def pins(text: str) -> dict[str, str]:
    """Version by name, as PEP 503 spells names."""
    return {normal(name): version for name, version in _PIN.findall(text)}


def normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def faults(text: str) -> list[str]:
    """What is wrong with a lock file."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    wrong = ["an address of an index"] if any(_ADDRESS.search(line) for line in lines) else []
    for entry in re.split(r"\n(?=\S)", "\n".join(lines)):
        if not entry.strip():
            continue
        if not (found := _PIN.match(entry)):
            wrong.append(f"{entry.split()[0]} is not pinned")
        elif not _HASH.search(entry):
            wrong.append(f"{found[1]} has no hash")
    return wrong


def check() -> Row:
    """All lock files of the repository."""
    files = sorted((ROOT / "deploy").rglob("*.lock"))
    wrong = [f"{file.relative_to(ROOT)}: {fault}" for file in files for fault in faults(file.read_text())]
    base = pins(BASE.read_text())
    for name in TOGETHER:
        file: Path = ROOT / "deploy" / name
        wrong += [
            f"deploy/{name}: {package} {version}, not {base[package]}"
            for package, version in pins(file.read_text()).items()
            if base.get(package, version) != version
        ]
    return judged("lock files", wrong, f"{len(files)}, every package pinned and hashed, no address of an index")
