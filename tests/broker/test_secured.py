"""A secured installation on a real broker and a real Redis: everybody does what is theirs, and nothing else is let through."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from schemas.alerts import Alert
from schemas.envelope import System
from schemas.topics import AGENCY_TOPICS, ALERTS, AUDIT, FACTS, POLICY, REJECTED, TOPICS, Topic
from streams.local import CHECKOUT
from streams.local_secured import OPERATOR, secured_services
from streams.principals import AGENCIES, PRINCIPALS, Principal
from streams.produce import Record
from streams.publish import heartbeats, record_of, topics_of
from tests.broker.people import Traveller
from tests.broker.secured import Guarded, new_passwords
from tests.drills.workers import until

SIMKIM, POLRI = "agency-simkim", "agency-polri"
REFUSED = {"TOPIC_AUTHORIZATION_FAILED"}


@pytest.fixture(scope="module")
def guarded(server_folder: Path) -> Iterator[Guarded]:
    folder, passwords = server_folder / "secured", new_passwords()
    folder.mkdir()
    with secured_services(folder, passwords) as servers:
        one = Guarded(servers, folder, passwords)
        operator = one.certified(OPERATOR)
        made = one.cli(operator, "topics", "create", "--secure")
        assert made.exit_code == 0, made.output
        given = one.cli(operator, "principals", "create", "--folder", str(one.passwords))
        assert given.exit_code == 0, given.output
        yield one
        for program in one.programs:
            program.close()


def test_access_lists_are_the_tables(guarded: Guarded) -> None:
    done = guarded.cli(guarded.certified(OPERATOR), "principals", "check")
    assert (done.exit_code, f"{len(PRINCIPALS)} principals are as in the table" in done.output) == (0, True)


def test_passwords_are_in_files_of_their_owner(guarded: Guarded) -> None:
    assert sorted(file.stem for file in guarded.passwords.iterdir()) == sorted(one.name for one in PRINCIPALS)
    for file in guarded.passwords.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert len(file.read_text()) >= 40


def test_passwords_are_never_shown(guarded: Guarded) -> None:
    operator = guarded.certified(OPERATOR)
    said = [
        guarded.cli(operator, "principals", "list"),
        guarded.cli(operator, "principals", "create", "--folder", str(guarded.passwords)),
        guarded.cli(operator, "principals", "rotate", "suar-auditor", "--folder", str(guarded.passwords)),
    ]
    told = "".join(one.output for one in said)
    assert [one.exit_code for one in said] == [0, 0, 0]
    assert not [file.stem for file in guarded.passwords.iterdir() if file.read_text() in told]


def test_whole_path(guarded: Guarded) -> None:
    """Agencies publish as themselves; worker, gateway and pager have principals of their own, two by password, one by certificate."""
    worker = guarded.program("worker", guarded.named("suar-worker"), SUAR_PSEUDONYM_KEY_FILE=guarded.key_file)
    until(lambda: worker.ready and worker.health["partitions"] == 12 * (len(AGENCY_TOPICS) + 3), "the worker is ready")
    for system in System:
        guarded.send(guarded.named(f"agency-{system.value}"), heartbeats(datetime.now(UTC), topics_of(system)))
    who = Traveller()
    for events in ((who.issued(), who.applied()), (who.attempted(),)):
        assert guarded.send(guarded.named(SIMKIM), [record_of(one) for one in events]) == set()
    operator = guarded.certified(OPERATOR)

    def alerts() -> list[Alert]:
        return [Alert.model_validate_json(one) for one in guarded.read(operator, ALERTS)]

    until(lambda: who.alert_id in {one.alert_id for one in alerts()}, "the alert is raised", every=0.5)

    keys = guarded.folder / "keys.toml"
    made = guarded.cli({}, "keys", "new", "counter", "--grant", "COUNTER:A-CGK", "--file", str(keys))
    key = made.output.strip()
    feed = guarded.program(
        "feed",
        guarded.certified("suar-feed"),
        SUAR_PSEUDONYM_KEY_FILE=guarded.key_file,
        SUAR_API_KEYS=str(keys),
        SUAR_NOTES_KEY="5a" * 32,
    )
    pager = guarded.program("pager", guarded.named("suar-pager"))
    until(lambda: feed.ready and pager.ready, "gateway and pager are ready")
    until(lambda: who.alert_id in _shown(feed.port, key), "the counter sees the alert")
    assert "AuthorizationFailed" not in "".join(one.log.read_text() for one in guarded.programs)


def _shown(port: int, key: str) -> str:
    answer = httpx.get(
        f"http://127.0.0.1:{port}/v1/checkpoints/A-CGK/alerts", headers={"Authorization": f"Bearer {key}"}, timeout=10
    )
    return answer.text


@pytest.mark.parametrize("agency", AGENCIES, ids=lambda one: one.name)
def test_an_agency_writes_its_topics_alone(guarded: Guarded, agency: Principal) -> None:
    """Its neighbours' topics and every topic of ours are closed to it."""
    me = guarded.named(agency.name)
    assert guarded.send(me, [Record(topic.name, b"k", None) for topic in agency.writes]) == set()
    others = [one for one in TOPICS if one not in agency.writes]
    assert all(guarded.send(me, [Record(topic.name, b"k", b"{}", 0)]) == REFUSED for topic in others)


@pytest.mark.parametrize("topic", [FACTS, ALERTS, REJECTED, AUDIT], ids=lambda one: one.name)
def test_an_agency_reads_nothing(guarded: Guarded, topic: Topic) -> None:
    with pytest.raises(PermissionError, match="TOPIC_AUTHORIZATION_FAILED"):
        guarded.read(guarded.named(POLRI), topic)


@pytest.mark.parametrize(("name", "topic"), [("suar-pager", FACTS), ("suar-feed", FACTS), ("suar-worker", AUDIT)])
def test_a_program_reads_what_it_must_alone(guarded: Guarded, name: str, topic: Topic) -> None:
    """A worker may compare the settings of the audit topic with the table, and sees nothing of what it holds."""
    with pytest.raises(PermissionError, match="TOPIC_AUTHORIZATION_FAILED"):
        guarded.read(guarded.named(name), topic)


def test_a_worker_publishes_no_policy(guarded: Guarded) -> None:
    assert guarded.send(guarded.named("suar-worker"), [Record(POLICY.name, b"k", b"{}", 0)]) == REFUSED


def _refusal(guarded: Guarded, environment: dict[str, str]) -> str:
    """The one line of a worker that refuses to start."""
    done = subprocess.run(
        [sys.executable, "-m", "streams", "worker"],
        cwd=guarded.folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "SUAR_PSEUDONYM_KEY_FILE": guarded.key_file, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    [line] = done.stderr.splitlines()
    return line


def test_a_wrong_password_is_one_line(guarded: Guarded) -> None:
    wrong = guarded.folder / "wrong"
    wrong.write_text("not-the-password")
    line = _refusal(guarded, {**guarded.named("suar-worker"), "SUAR_KAFKA_PASSWORD_FILE": str(wrong)})
    assert "refuses this user and password: see SUAR_KAFKA_USER and SUAR_KAFKA_PASSWORD_FILE" in line
    assert "not-the-password" not in line


def test_another_authority_is_one_line(guarded: Guarded) -> None:
    """Neither does a client talk to a broker it does not know, nor one in clear to a secured one."""
    unknown = {**guarded.certified("suar-worker"), "SUAR_KAFKA_CA": _elsewhere(guarded)}
    assert re.search(
        r"no TLS \(CERTIFICATE_VERIFY_FAILED\): see SUAR_KAFKA_PROTOCOL, SUAR_KAFKA_CA", _refusal(guarded, unknown)
    )
    clear = {"SUAR_KAFKA": guarded.servers.kafka.address}
    assert "no Kafka broker answers" in _refusal(guarded, clear)


def _elsewhere(guarded: Guarded) -> str:
    folder = guarded.folder / "elsewhere"
    subprocess.run([CHECKOUT / "deploy/kafka/certificates", str(folder), "client", "nobody"], check=True)
    return str(folder / "ca.crt")


def test_a_missing_password_file_is_one_line(guarded: Guarded) -> None:
    line = _refusal(guarded, {**guarded.named("suar-worker"), "SUAR_KAFKA_PASSWORD_FILE": "/nowhere"})
    assert "SUAR_KAFKA_PASSWORD_FILE: No such file or directory. Set it to: a file with the value." in line


def test_a_turned_password_ends_the_one_before(guarded: Guarded) -> None:
    old = guarded.folder / "old"
    old.write_text((guarded.passwords / f"{POLRI}.password").read_text())
    done = guarded.cli(guarded.certified(OPERATOR), "principals", "rotate", POLRI, "--folder", str(guarded.passwords))
    assert done.exit_code == 0, done.output
    assert guarded.send(guarded.named(POLRI), heartbeats(datetime.now(UTC), topics_of(System.POLRI))) == set()
    before = {**guarded.named(POLRI), "SUAR_KAFKA_PASSWORD_FILE": str(old)}
    line = guarded.cli(before, "topics", "check")
    assert (line.exit_code, "refuses this user and password" in line.output) == (2, True)


def test_only_the_operator_makes_principals(guarded: Guarded) -> None:
    done = guarded.cli(guarded.named(SIMKIM), "principals", "create", SIMKIM, "--folder", str(guarded.folder / "mine"))
    assert done.exit_code == 2
    assert "do it as the operator" in done.output


def test_redis_takes_known_users_over_tls_alone(guarded: Guarded) -> None:
    where, authority = guarded.servers.redis.address, str(guarded.servers.certificates.authority)
    with pytest.raises(AuthenticationError):
        Redis.from_url(where, ssl_ca_certs=authority, username="suar-worker", password="wrong").ping()
    with Redis.from_url(
        where, ssl_ca_certs=authority, username="suar-feed", password=guarded.redis_passwords["suar-feed"]
    ) as feed:
        assert feed.ping()
        for refused in (lambda: feed.get("elsewhere"), feed.flushall, lambda: feed.config_get("*")):
            with pytest.raises(NoPermissionError):
                refused()
