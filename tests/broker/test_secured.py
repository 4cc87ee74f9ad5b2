"""A secured installation on a real broker and a real Redis: everybody does what is theirs, and nothing else is let through."""

import asyncio
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from schemas.alerts import Alert
from schemas.envelope import System
from schemas.topics import AGENCY_DAYS, AGENCY_TOPICS, ALERTS, AUDIT, FACTS, POLICY, REJECTED, TOPICS, Topic
from streams.admin import Admin, AdminError
from streams.local import CHECKOUT
from streams.local_secured import OPERATOR, secured_services
from streams.principals import AGENCIES, PRINCIPALS, Principal
from streams.produce import Record
from streams.publish import heartbeats, record_of, topics_of
from streams.retention import program
from tests.broker.installation import READ_BY_WORKERS, SEAL
from tests.broker.people import Traveller
from tests.broker.secured import Guarded, acting, new_passwords
from tests.drills.workers import Worker, until

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


@dataclass(frozen=True)
class Living:
    """Every program runs under its own principal, two by password and two by certificate; a traveller was alerted on."""

    guarded: Guarded
    who: Traveller
    programs: dict[str, Worker]
    keys: dict[str, str]

    def client(self, role: str) -> httpx.Client:
        """Somebody with a key, at the gateway."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.programs['feed'].port}",
            headers={"Authorization": f"Bearer {self.keys[role]}"},
            timeout=20,
        )


GRANTS = {
    "counter": "COUNTER:A-CGK",
    "coordinator": "COORDINATOR",
    "placements": "AGENCY:siskop2mi",
}


@pytest.fixture(scope="module")
def living(guarded: Guarded) -> Living:
    file = guarded.folder / "keys.toml"
    keys = {
        name: guarded.cli({}, "keys", "new", name, "--grant", grant, "--file", str(file)).output.strip()
        for name, grant in GRANTS.items()
    }
    key = {"SUAR_PSEUDONYM_KEY_FILE": guarded.key_file, "SUAR_LOG_FORMAT": "json"}
    worker = guarded.program("worker", guarded.named("suar-worker"), **key, SUAR_IDENTITY_SEAL=SEAL)
    until(lambda: worker.ready and worker.health["partitions"] == 12 * len(READ_BY_WORKERS), "the worker is ready")
    more = {"SUAR_API_KEYS": str(file), "SUAR_NOTES_KEY": "5a" * 32}
    feed = guarded.program("feed", guarded.certified("suar-feed"), **key, **more)
    pager = guarded.program("pager", guarded.named("suar-pager"), SUAR_LOG_FORMAT="json")
    for system in System:
        beats = heartbeats(datetime.now(UTC), topics_of(system))
        assert guarded.send(guarded.named(f"agency-{system.value}"), beats) == set()
    who = Traveller()
    for events in ((who.issued(), who.applied()), (who.attempted(),)):
        assert guarded.send(guarded.named(SIMKIM), [record_of(one) for one in events]) == set()
    until(lambda: feed.ready and pager.ready, "gateway and pager are ready")
    return Living(guarded, who, {"worker": worker, "feed": feed, "pager": pager}, keys)


def test_whole_path(living: Living) -> None:
    """Agencies publish as themselves; what comes of it is on the log and on the counter's screen."""
    operator = living.guarded.certified(OPERATOR)

    def alerts() -> set[str]:
        return {Alert.model_validate_json(one).alert_id for one in living.guarded.read(operator, ALERTS)}

    with living.client("counter") as counter:
        until(lambda: living.who.alert_id in counter.get("/v1/checkpoints/A-CGK/alerts").text, "the counter sees it")
    assert living.who.alert_id in alerts()


def test_the_gateway_may_do_its_work(living: Living) -> None:
    """Commands, events over HTTP, refusals, silences: each needs another grant on another topic."""
    path = f"/v1/alerts/{living.who.alert_id}"
    with living.client("counter") as counter:
        until(lambda: counter.get(path).status_code == 200, "the alert is at the gateway")
        tag = counter.get(path).headers["etag"]
        taken = counter.post(f"{path}/acknowledge", json={}, headers={"If-Match": tag})
        assert (taken.status_code, taken.json()["alert"]["state"]) == (200, "ACKNOWLEDGED")
    with living.client("placements") as placements:
        sent = placements.post("/v1/events", json=[living.who.permitted(), {**living.who.permitted(), "id": "again"}])
        assert sent.status_code == 200, sent.text
        assert placements.get("/v1/agencies/siskop2mi").status_code == 200
        assert placements.get("/v1/agencies/siskop2mi/rejects").json()["rejects"] == []
    with living.client("coordinator") as coordinator:
        until_when = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        wish = {"matchers": {"checkpoint": "A-CGK"}, "comment": "a drill", "until": until_when}
        assert coordinator.post("/v1/silences", json=wish).status_code == 201
        until(lambda: coordinator.get("/v1/areas").status_code == 200, "areas are read", limit=90)
    operator = living.guarded.certified(OPERATOR)
    until(lambda: living.guarded.read(operator, AUDIT), "who read what is noted", every=0.5)


def test_nobody_was_refused_what_is_theirs(living: Living) -> None:
    """After all of that; and what programs say as JSON is one object a line."""
    assert "AuthorizationFailed" not in "".join(one.log.read_text() for one in living.programs.values())
    lines = [json.loads(line) for one in living.programs.values() for line in one.log.read_text().splitlines()]
    assert lines
    assert all({"at", "level", "logger", "message"} <= line.keys() for line in lines)


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


def test_a_command_that_may_not_is_one_line(guarded: Guarded) -> None:
    """A policy is the operator's to publish: whoever else tries is told so, and is not told to start Kafka."""
    done = subprocess.run(
        [sys.executable, "-m", "streams", "policy", "publish", str(CHECKOUT / "deploy/policy/2026-11.toml")],
        cwd=CHECKOUT,
        env={**os.environ, **guarded.named("suar-worker")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    [line] = done.stderr.splitlines()
    assert "does not let this principal do that (TopicAuthorizationFailedError): see suar principals list" in line
    assert done.returncode == 2


def test_doctor_as_a_program(guarded: Guarded) -> None:
    """What a worker's principal and user may see is enough to say whether all is well."""
    done = guarded.cli(guarded.named("suar-worker"), "doctor")
    assert "appendonly" in done.output
    assert "noeviction" in done.output
    assert "NoPermission" not in done.output


def test_retention_deletes_and_nobody_else(guarded: Guarded) -> None:
    """What agencies wrote is deleted when its time has come, by the one principal that may, and the audit log knows."""
    assert guarded.send(guarded.named(SIMKIM), heartbeats(datetime.now(UTC), topics_of(System.SIMKIM))) == set()
    later, kafka = datetime.now(UTC) + AGENCY_DAYS + timedelta(minutes=1), guarded.servers.kafka.address

    async def delete() -> None:
        async with Admin(kafka) as admin:
            await admin.delete_before(AGENCY_TOPICS[0].name, {0: 1})

    with acting(guarded.certified("suar-worker")), pytest.raises(AdminError, match="TopicAuthorizationFailedError"):
        asyncio.run(delete())
    with acting(guarded.certified("suar-retention")):
        done = asyncio.run(program.once(kafka, later))
    assert done.deleted.keys() >= {topic.name for topic in topics_of(System.SIMKIM)}
    looks = b"".join(guarded.read(guarded.certified(OPERATOR), AUDIT))
    assert looks.count(b'"who":"suar-retention"') == len(done.deleted) + len(done.months)
