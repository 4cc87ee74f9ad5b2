"""The same doors, with inputs that are led by what they reach (Atheris): bytes for the wire, two lines for the zone.

It runs in the audit's environment with Suar's packages beside: `.suar/audit-venv/bin/python -m tests.supply.guided wire 50000 7`.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import atheris

from tests.supply.bill import site_packages

sys.path.append(str(site_packages()))

with atheris.instrument_imports(include=["schemas"], enable_loader_override=False):
    from schemas import mrz, wire
    from tests.supply import fuzz


def _wire(value: bytes) -> None:
    """The first byte chooses the topic."""
    topic = fuzz.AGENCY_TOPICS[value[0] % len(fuzz.AGENCY_TOPICS)] if value else fuzz.AGENCY_TOPICS[0]
    try:
        wire.admit(value[1:], topic=topic, at=fuzz.NOW, now=fuzz.NOW, key=fuzz.KEY)
    except wire.BadRecord as bad:
        fuzz.discreet(bad)


def _zone(value: bytes) -> None:
    first, _, second = value.decode("utf-8", "replace").partition("\n")
    fuzz.trusted(mrz.read_zone(first, second))


def _seeds(door: str) -> list[bytes]:
    if door == "wire":
        numbers = {topic.name: number for number, topic in enumerate(fuzz.AGENCY_TOPICS)}
        return [bytes([numbers[topic.name]]) + json.dumps(one).encode() for topic, one in fuzz.GOOD]
    return ["\n".join(fuzz.zone_lines(Random(number))).encode() for number in range(50)]


DOORS: dict[str, Callable[[bytes], None]] = {"wire": _wire, "zone": _zone}


def main(door: str, runs: str, seed: str) -> None:
    """Ends with 0 after so many inputs; with another code at the first that gets through wrongly."""
    with tempfile.TemporaryDirectory() as folder:
        for number, value in enumerate(_seeds(door)):
            (Path(folder) / str(number)).write_bytes(value)
        options = [
            f"-runs={runs}",
            f"-seed={seed}",
            "-max_len=4096",
            f"-artifact_prefix={folder}/",
            "-print_final_stats=1",
            folder,
        ]
        atheris.Setup([sys.argv[0], *options], DOORS[door])
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
