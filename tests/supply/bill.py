"""The bill of materials (CycloneDX) of what is installed with Suar, and whether each licence is one that we may pass on."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement

from tests.supply.locks import normal, pins
from tests.supply.report import DATA, OUT, PROGRAMS, ROOT, RUNTIME, Row, State, judged, ran

BILL = OUT / "sbom.json"
SPEC = "1.6"


@dataclass(frozen=True)
class Policy:
    """`licences.toml`: SPDX names that are allowed, what packages write for them, and packages whose own words say too little."""

    allowed: frozenset[str]
    spellings: Mapping[str, str]
    reviewed: Mapping[str, str]
    accepted: frozenset[str] = frozenset()
    """Packages that were accepted under a licence that others may not have."""

    @classmethod
    def read(cls, file: Path = DATA / "licences.toml") -> "Policy":
        """The checked-in one."""
        table = tomllib.loads(file.read_text())
        reviewed = {normal(name): row["licence"] for name, row in table["reviewed"].items()}
        accepted = frozenset(normal(name) for name, row in table["reviewed"].items() if row.get("accepted", False))
        return cls(frozenset(table["allowed"]), table["spellings"], reviewed, accepted)

    def allows(self, name: str, expression: str) -> bool:
        """One side of every OR, all of every AND. What has parentheses is for people to read."""
        return name in self.accepted or any(
            all(term in self.allowed for term in side.split(" AND ")) for side in expression.split(" OR ")
        )  # a WITH names an exception, and stands in the list as a whole

    def licence(self, package: Distribution) -> str | None:
        """SPDX, from what was reviewed, what the package declares (PEP 639), its classifiers, or its words; None: unknown."""
        told = package.metadata
        if (found := self.reviewed.get(normal(told["Name"]))) is not None:
            return found
        if (expression := told.get("License-Expression")) is not None:
            return _spdx(expression)
        kinds = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier", []) if one.startswith("License ::")]
        words = [one for one in kinds if one != "OSI Approved"] or [told.get("License", "").strip()]
        read = {self.spellings.get(one) or _spdx(one) for one in words}
        return " AND ".join(sorted(one for one in read if one)) if None not in read else None


def _spdx(text: str) -> str | None:
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return None


def installed(folder: Path) -> dict[str, Distribution]:
    """Packages in a folder of packages, by name."""
    return {normal(one.metadata["Name"]): one for one in distributions(path=[str(folder)])}


def site_packages() -> Path:
    """Of Suar."""
    [found] = (ROOT / ".venv" / "lib").glob("python3.*/site-packages")
    return found


def foreign(lock: str) -> set[str]:
    """Packages that the lock wants on other systems or Pythons only."""
    lines = [line.partition(" \\")[0] for line in lock.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    wanted = [Requirement(line) for line in lines]
    return {normal(one.name) for one in wanted if one.marker is not None and not one.marker.evaluate()}


def licences(
    policy: Policy, packages: Mapping[str, Distribution], wanted: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Name and licence of each pinned package that is installed; an empty one is unknown."""
    for name in sorted(wanted.keys() & packages.keys()):
        yield name, policy.licence(packages[name]) or ""


def check() -> list[Row]:
    """Writes the bill with the licences in it, and checks both."""
    policy, packages, text = Policy.read(), installed(site_packages()), RUNTIME.read_text()
    wanted, elsewhere = pins(text), foreign(text)
    found = dict(licences(policy, packages, wanted))
    wrong = [f"{name} is not installed" for name in wanted.keys() - packages.keys() - elsewhere]
    wrong += [f"{name} says no licence that is known" for name, one in found.items() if not one]
    wrong += [f"{name}: {one} is not allowed" for name, one in found.items() if one and not policy.allows(name, one)]
    unread = ", ".join(sorted(elsewhere - found.keys()))
    kinds = f"{len(found)} packages, {len(set(found.values()))} licences" + (
        f"; not read here, for other systems: {unread}" if unread else ""
    )
    (OUT / "licences.txt").write_text("".join(f"{name} {wanted[name]} {one or '?'}\n" for name, one in found.items()))
    return [_bill(found, len(wanted)), judged("licences", sorted(wrong), kinds)]


def _bill(found: Mapping[str, str], count: int) -> Row:
    made = ran(
        PROGRAMS / "cyclonedx-py",
        "requirements",
        RUNTIME,
        "--pyproject",
        ROOT / "pyproject.toml",
        "--spec-version",
        SPEC,
        "--output-format",
        "JSON",
        "--output-reproducible",
        "-o",
        BILL,
    )
    if made.returncode:
        return Row("bill of materials", State.FAILED, made.stderr.strip().splitlines()[-1])
    bill: dict[str, Any] = json.loads(BILL.read_text())
    for component in bill["components"]:
        if licence := found.get(normal(component["name"])):
            component["licenses"] = [_named(licence)]
    BILL.write_text(json.dumps(bill, indent=2, sort_keys=True) + "\n")
    hashed = [one for one in bill["components"] if one.get("externalReferences") or one.get("hashes")]
    wrong = [*_invalid(BILL.read_text())]
    wrong += [f"{len(bill['components'])} components, {count} are pinned"] * (len(bill["components"]) != count)
    wrong += ["components without hashes"] * (len(hashed) != count)
    where = BILL.relative_to(ROOT)
    return judged("bill of materials", wrong, f"{where}: {count} components, valid CycloneDX {SPEC}")


def _named(licence: str) -> dict[str, object]:
    alone = re.fullmatch(r"[A-Za-z0-9.+-]+", licence) and not licence.startswith("LicenseRef-")
    return {"license": {"id": licence}} if alone else {"expression": licence}


def _invalid(text: str) -> list[str]:
    """Against the schema of the standard, which lies in the library."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.from_version(SPEC)).validate_str(text)
    return [] if error is None else [f"not valid: {str(error)[:200]}"]
