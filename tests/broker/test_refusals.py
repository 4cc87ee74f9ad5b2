"""When a worker must not start it says in one line what to do; when it must stop it does so at once, and says why."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas.topics import ALERTS, FACTS, POLICY, SCREENINGS
from streams.local import CHECKOUT, free_port
from streams.publish import record_of
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.drills.workers import until

AWAY = f"127.0.0.1:{free_port()}"


def _refusal(suar: Installation, **settings: str) -> str:
    """What a worker says that refuses; nothing else may be said, and nothing is left running."""
    environment = os.environ | suar.environment | {"PYTHONPATH": str(CHECKOUT)} | settings
    kept = {name: value for name, value in environment.items() if value}
    done = subprocess.run(
        [sys.executable, "-m", "streams", "worker"],
        cwd=suar.folder,
        env=kept,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    [line] = done.stderr.splitlines()
    return line


def _checked(suar: Installation) -> str:
    """What `suar topics check` says about the same broker."""
    done = suar.cli("topics", "check")
    assert done.exit_code == 2, done.output
    return done.output


def _examined(suar: Installation, **settings: str) -> str:
    """What `suar doctor` says about the same installation."""
    done = suar.cli("doctor", **settings)
    assert done.exit_code == 2, done.output
    return re.sub(r"\s+", " ", done.output)


def test_all_is_well(suar: Installation) -> None:
    """Without this, the refusals below would prove nothing."""
    done = suar.cli("doctor")
    assert done.exit_code == 0, done.output
    assert suar.cli("topics", "check").exit_code == 0


@pytest.mark.parametrize(
    ("key", "said"),
    [("", "SUAR_PSEUDONYM_KEY: field required. Set it to: "), ("short", "SUAR_PSEUDONYM_KEY: value error, shorter")],
    ids=["missing", "short"],
)
def test_key_missing_or_short(suar: Installation, key: str, said: str) -> None:
    line = _refusal(suar, SUAR_PSEUDONYM_KEY=key)
    assert said in line
    assert "at least 32 bytes" in line
    assert "SUAR_PSEUDONYM_KEY: " in _examined(suar, SUAR_PSEUDONYM_KEY=key)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("alert_days = [", "policy.toml:1: "),
        ("colour = 1\n{good}", "policy.toml:1: colour"),
        (
            "{good}\n[checkpoints.A-XXX]\nname = 'Nowhere'\nzone = 'Asia/Nowhere'\n",
            ": checkpoints.A-XXX.zone: this machine knows no zone",
        ),
        ("version = '2026-12'\n", "policy.toml:1: sop: names no version of the procedure"),
        (None, "policy.toml: No such file"),
    ],
    ids=["not_toml", "unknown_field", "unknown_zone", "no_procedure", "no_file"],
)
def test_bad_policy_names_the_place(suar: Installation, text: str | None, place: str) -> None:
    file = suar.folder / "tables" / "policy" / "policy.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    procedures = suar.folder / "tables" / "sop"
    if not procedures.exists():
        procedures.symlink_to(CHECKOUT / "deploy" / "sop")
    file.unlink(missing_ok=True)
    if text is not None:
        file.write_text(text.replace("{good}", (CHECKOUT / "deploy" / "policy" / "2026-11.toml").read_text()))
    assert place in _refusal(suar, SUAR_POLICY=str(file))
    assert place in _examined(suar, SUAR_POLICY=str(file))


def test_broker_away(suar: Installation) -> None:
    line = _refusal(suar, SUAR_KAFKA=AWAY)
    assert f"no Kafka broker answers at {AWAY}" in line
    assert "set SUAR_KAFKA" in line
    assert f"no Kafka broker answers at {AWAY}" in _examined(suar, SUAR_KAFKA=AWAY)
    done = suar.cli("topics", "check", SUAR_KAFKA=AWAY)
    assert (done.exit_code, f"no Kafka broker answers at {AWAY}" in done.output) == (2, True)


def test_br079_unequal_partition_counts(suar: Installation) -> None:
    suar.delete(ALERTS)
    suar.recreate([replace(ALERTS, partitions=5)])
    difference = "suar.alerts: partitions is 5, must be 12"
    assert difference in _refusal(suar)
    assert difference in _checked(suar)
    assert difference in _examined(suar)
    suar.recreate([ALERTS])


def test_br127_missing_topic(suar: Installation) -> None:
    suar.delete(POLICY, SCREENINGS)
    line = _refusal(suar)
    assert "suar.screenings: it is missing, must be created (and 1 more)" in line
    assert "suar topics create" in line
    assert "suar.policy: it is missing" in _checked(suar)
    assert "suar.screenings: it is missing" in _examined(suar)
    assert "2 topics created" in suar.cli("topics", "create").output
    assert suar.cli("topics", "check").exit_code == 0


async def _grow(bootstrap: str, topic: str, partitions: int) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    await client.create_partitions({topic: NewPartitions(partitions)})
    await client.close()


def test_partitions_that_are_added_while_a_worker_runs_end_it(suar: Installation) -> None:
    """A subject's facts would go to two partitions: better to stop and say so."""
    worker = suar.ready_worker()
    asyncio.run(_grow(suar.local.kafka.address, SCREENINGS.name, SCREENINGS.partitions + 1))
    assert worker.ended(limit=45) == 2
    assert "suar.screenings has 13 partitions now, not 12; see suar topics check" in worker.last_words()
    suar.recreate([SCREENINGS])


async def _set_retention(bootstrap: str, milliseconds: str) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    settings = {**FACTS.settings(), "retention.ms": milliseconds}
    await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, FACTS.name, settings)])
    await client.close()


def test_wrong_retention(suar: Installation) -> None:
    """Facts that the broker deletes early are earlier exits that nobody remembers."""
    hour, right = str(int(timedelta(hours=1).total_seconds() * 1000)), FACTS.settings()["retention.ms"]
    asyncio.run(_set_retention(suar.local.kafka.address, hour))
    try:
        difference = f"suar.facts: retention.ms is {hour}, must be {right}"
        assert difference in _refusal(suar)
        assert difference in _checked(suar)
        assert difference in _examined(suar)
    finally:
        asyncio.run(_set_retention(suar.local.kafka.address, right))


def test_br076_a_lane_that_stands_still_ends_the_worker(suar: Installation) -> None:
    suar.publish([record_of(Traveller().issued())])
    done = subprocess.run(
        [sys.executable, "-m", "tests.broker.standing_still", "worker"],
        cwd=suar.folder,
        env=os.environ
        | suar.environment
        | {
            "PYTHONPATH": str(CHECKOUT),
            "SUAR_NAMESPACE": f"{suar.namespace}-still",
            "SUAR_WEB_PORT": str(free_port()),
            "SUAR_STALL_SECONDS": "2",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    said = r"suar worker stops: react/suar\.facts/\d+: \d+ records wait and none moved for 2 s"
    assert re.search(said, done.stderr), done.stderr


def test_a_pause_of_redis_is_no_standstill(suar: Installation) -> None:
    """What is away is waited for, however long; only what stands still without a reason ends the worker."""
    worker = suar.ready_worker(SUAR_STALL_SECONDS="2")
    suar.local.redis.kill()
    try:
        until(lambda: worker.waits_for == {"redis"}, "the lanes wait for Redis")
        suar.publish([record_of(Traveller().issued())])
        away_since = time.monotonic()
        until(lambda: time.monotonic() - away_since > 4, "twice the limit has passed")
        assert worker.running
    finally:
        suar.local.redis.start()
    until(lambda: worker.ready, "the lanes go on")
    suar.settle()
    worker.stop()


@pytest.fixture
def loaded(suar: Installation) -> Installation:
    """An installation with more to do than fits in a second."""
    people = [Traveller() for _ in range(4000)]
    suar.publish(record_of(event) for who in people for event in (who.applied(), who.issued(), who.attempted()))
    return suar


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT], ids=lambda sent: sent.name)
def test_clean_shutdown_under_load(loaded: Installation, sent: signal.Signals) -> None:
    worker = loaded.ready_worker()
    until(lambda: sum(loaded.folded([FACTS]).values()) > 0, "the worker folds")
    assert loaded.folded() != loaded.ends(), "it is in the middle of its work"
    began = time.monotonic()
    worker.send(sent)
    code = worker.ended()
    assert (code, time.monotonic() - began < 5) == (0, True), f"{code}\n{worker.last_words()}"
    assert "Traceback" not in worker.log.read_text()
