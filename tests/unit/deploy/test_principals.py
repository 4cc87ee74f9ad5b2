"""Grants follow from the table of topics; nobody has more than their work needs."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from schemas.envelope import System
from schemas.topics import AGENCY_TOPICS, FACTS, POLICY, TOPICS
from streams import passwords
from streams.admin import AdminError
from streams.cli import whole
from streams.principals import (
    AGENCIES,
    FEED,
    OPERATOR,
    PAGER,
    PRINCIPALS,
    RETENTION,
    WORKER,
    Grant,
    Kind,
    Operation,
    Pattern,
    Principal,
)

RESOURCES = Path(__file__).resolve().parents[3] / "deploy/kubernetes/principals.yaml"
EACH = pytest.mark.parametrize("one", PRINCIPALS, ids=lambda one: one.name)


def test_every_system_has_a_principal() -> None:
    assert {one.name for one in AGENCIES} == {f"agency-{system.value}" for system in System}
    assert {topic.name for one in AGENCIES for topic in one.writes} == {topic.name for topic in AGENCY_TOPICS}


@pytest.mark.parametrize("one", AGENCIES, ids=lambda one: one.name)
def test_an_agency_only_writes_what_is_its_own(one: Principal) -> None:
    system = System(one.name.removeprefix("agency-"))
    mine = {topic.name for topic in AGENCY_TOPICS if topic.system is system}
    assert one.grants("suar") == {Grant(Kind.TOPIC, name, Pattern.LITERAL, Operation.WRITE) for name in mine}
    assert one.quota.written


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_has_a_writer_and_a_reader(topic: object) -> None:
    """A new topic needs its place in streams/principals.py. The policy and reports about the shadow are the operator's."""
    writers = {one.name for one in PRINCIPALS if topic in one.writes}
    readers = {one.name for one in PRINCIPALS if topic in one.reads}
    assert writers or topic is POLICY
    assert readers or getattr(topic, "name", "") == "suar.shadow"


def test_facts_are_the_workers_alone() -> None:
    """The one log of truth: who writes there can make any alert. Whoever counts a month's indicators reads it."""
    assert [one for one in PRINCIPALS if FACTS in one.writes] == [WORKER]
    assert [one for one in PRINCIPALS if FACTS in one.reads] == [WORKER, RETENTION]


def test_one_deletes_and_only_what_has_its_time() -> None:
    """The newest of each key, policies and what months were counted to among them, is nobody's to delete."""
    assert [one for one in PRINCIPALS if one.deletes] == [RETENTION]
    assert RETENTION.deletes == tuple(topic for topic in TOPICS if topic.retention is not None)
    deleting = {
        (one.name, grant.name)
        for one in PRINCIPALS
        for grant in one.grants("suar")
        if grant.operation is Operation.DELETE
    }
    assert deleting == {(RETENTION.name, topic.name) for topic in RETENTION.deletes}


@EACH
def test_nobody_makes_or_changes_topics(one: Principal) -> None:
    assert one.name != OPERATOR
    assert {grant.kind for grant in one.grants("suar")} <= {Kind.TOPIC, Kind.GROUP}
    assert {grant.operation for grant in one.grants("suar")} <= set(Operation)


def test_groups_are_apart() -> None:
    """A member of another's group would take its partitions away."""

    def groups(one: Principal) -> set[str]:
        return {grant.name for grant in one.grants("suar") if grant.kind is Kind.GROUP}

    assert groups(FEED) == {"suar-times"}
    assert groups(PAGER) == {"suar-pager"}
    assert not any(name.startswith(("suar-times", "suar-pager")) for name in groups(WORKER))


def test_the_resources_of_kubernetes_are_the_tables() -> None:
    told = CliRunner().invoke(whole(), ["principals", "export"])
    assert told.exit_code == 0
    same = list(yaml.safe_load_all(told.output)) == list(yaml.safe_load_all(RESOURCES.read_text()))
    assert same, "run `suar principals export > deploy/kubernetes/principals.yaml`"


def test_an_unknown_principal_is_named() -> None:
    done = CliRunner().invoke(whole(), ["principals", "rotate", "agency-nobody"])
    assert (done.exit_code, "there is no principal agency-nobody" in done.output) == (5, True)


def test_a_password_that_was_not_put_to_use_is_tried_again(tmp_path: Path) -> None:
    """The broker may know it already: whoever was stopped between the two goes on with the same."""
    file, first = passwords.prepare(tmp_path / "new", "suar-worker")
    assert file.stat().st_mode & 0o777 == 0o600
    assert passwords.prepare(tmp_path / "new", "suar-worker")[1] == first
    used = passwords.put_to_use(tmp_path / "new", "suar-worker")
    assert used.read_text() == first
    assert passwords.prepare(tmp_path / "new", "suar-worker")[1] != first


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AdminError, match="cannot hold a password"):
        passwords.prepare(tmp_path / "file", "suar-worker")
