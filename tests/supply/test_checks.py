"""The audit's own checks find what they are for."""

from email.message import Message
from typing import Any

import pytest

from tests.supply import advisories, bill, locks
from tests.supply.bill import Policy
from tests.supply.report import ROOT, Row, State, judged, shown

PIN = "typer==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"
POLICY = Policy(frozenset({"MIT", "Apache-2.0"}), {"MIT License": "MIT"}, {"odd": "LGPL-2.1-only"}, frozenset({"odd"}))


class Package:
    """What a package says of itself."""

    def __init__(self, *said: tuple[str, str]) -> None:
        self.metadata = Message()
        for name, value in (("Name", "some"), *said):
            self.metadata[name] = value


def licence(*said: tuple[str, str]) -> str | None:
    package: Any = Package(*said)
    return POLICY.licence(package)


def test_the_lock_files_are_pinned_and_hashed() -> None:
    assert locks.check().state is State.WELL


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"--index-url https://example.org/simple\n{PIN}", "an address of an index"),
        ("typer==1.0 @ https://example.org/typer.whl\n", "an address of an index"),
        ("typer>=1.0 \\\n    --hash=sha256:" + "0" * 64, "typer>=1.0 is not pinned"),
        ("typer==1.0\n" + PIN.replace("typer", "rich"), "typer has no hash"),
        (f"typer==1.0 --hash=sha256:{'0' * 60}\n", "typer has no hash"),
    ],
)
def test_a_lock_file_that_is_none(text: str, fault: str) -> None:
    assert fault in locks.faults(text)


def test_a_lock_file_as_it_should_be() -> None:
    assert locks.faults(f"# made by https://example.org\n{PIN}") == []
    assert locks.pins(PIN.replace("typer", "Ruamel.YAML[jinja2]")) == {"ruamel-yaml": "1.0"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([("License-Expression", "mit OR apache-2.0")], "MIT OR Apache-2.0"),
        ([("Classifier", "License :: OSI Approved :: MIT License")], "MIT"),
        ([("Classifier", "License :: OSI Approved"), ("License", "MIT")], "MIT"),
        (
            [("Classifier", "License :: OSI Approved :: MIT License"), ("Classifier", "License :: Free For Home Use")],
            None,
        ),
        ([("License", "do what you want")], None),
        ([], None),
    ],
)
def test_the_licence_that_a_package_declares(said: list[tuple[str, str]], found: str | None) -> None:
    assert licence(*said) == found


def test_a_reviewed_package_has_the_licence_that_people_read() -> None:
    assert licence(("Name", "other"), ("License", "MIT")) == "MIT"
    package: Any = Package()
    package.metadata.replace_header("Name", "Odd")
    assert POLICY.licence(package) == "LGPL-2.1-only"


@pytest.mark.parametrize(
    ("name", "expression", "allowed"),
    [
        ("some", "MIT", True),
        ("some", "GPL-3.0-only OR MIT", True),
        ("some", "GPL-3.0-only AND MIT", False),
        ("some", "(MIT OR GPL-3.0-only) AND Apache-2.0", False),
        ("some", "LGPL-2.1-only", False),
        ("odd", "LGPL-2.1-only", True),
    ],
)
def test_which_licences_are_allowed(name: str, expression: str, allowed: bool) -> None:
    assert POLICY.allows(name, expression) == allowed


def test_every_runtime_package_here_has_an_allowed_licence() -> None:
    wanted = locks.pins((ROOT / "deploy" / "requirements-run.lock").read_text())
    policy = Policy.read()
    found = dict(bill.licences(policy, bill.installed(bill.site_packages()), wanted))
    assert len(found) > 50
    assert {name: one for name, one in found.items() if not policy.allows(name, one)} == {}


def test_a_package_that_the_service_does_not_know_was_not_asked_about() -> None:
    told = (
        '{"dependencies": [{"name": "a", "skip_reason": "not found"}, {"name": "b", "version": "1", "vulns": []},'
        ' {"name": "c", "version": "2", "vulns": [{"id": "X-1"}]}]}'
    )
    assert advisories.answered(told) == (2, ["c 2: X-1"])
    assert advisories.answered("") == (0, [])


def test_a_pin_from_before_a_repair() -> None:
    assert advisories.older({"h11": "0.14.0", "idna": "3.20"}) == ["h11 0.14.0: CVE-2025-43859, repaired in 0.16.0"]


def test_the_table_fails_when_a_check_does_and_never_for_what_was_not_asked(capsys: pytest.CaptureFixture[str]) -> None:
    well, unasked = Row("a", State.WELL, "fine"), Row("b", State.NOT_ASKED, "nobody answered")
    assert shown([well, unasked]) == 0
    assert "Not known: b." in capsys.readouterr().out
    assert shown([well, judged("c", ["1", "2", "3", "4"], "fine")]) == 1
    assert "1; 2; 3, and 1 more" in capsys.readouterr().out
