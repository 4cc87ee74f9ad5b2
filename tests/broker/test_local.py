"""The servers of streams/local.py start, answer, die, come back with their data and never outlive us."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # its stub forgets NewTopic
from redis import Redis
from redis import exceptions as redis_errors

from streams import local as module
from streams.local import KafkaServer, Local, LocalError, RedisServer, free_port, services

pytestmark = pytest.mark.broker

QUICK = {"socket.timeout.ms": 5000, "log_level": 0}


@pytest.fixture
def folder(server_folder: Path) -> Path:
    return server_folder / uuid4().hex


@pytest.fixture
def redis(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder, free_port())
    server.start()
    yield server
    server.stop()


def keep(server: RedisServer, key: str, value: str) -> None:
    # Redis writes its file before it answers; only the sync to the disk waits, and no process's death undoes a write.
    with closing(Redis.from_url(server.address)) as client:
        client.set(key, value)


def read(server: RedisServer, key: str) -> bytes | str | None:
    with closing(Redis.from_url(server.address, socket_timeout=2)) as client:
        return client.get(key)


def create_topic(server: KafkaServer, name: str) -> None:
    admin = AdminClient({"bootstrap.servers": server.address, **QUICK})
    admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])[name].result(10)


def append(server: KafkaServer, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": server.address, "acks": "all", "message.max.bytes": 6_000_000, **QUICK})
    producer.produce(topic, value)
    assert producer.flush(20) == 0


def first_record(server: KafkaServer, topic: str) -> bytes | None:
    settings = {"bootstrap.servers": server.address, "group.id": uuid4().hex, "enable.auto.commit": False, **QUICK}
    with closing(Consumer(settings)) as consumer:
        consumer.assign([TopicPartition(topic, 0, 0)])
        message = consumer.poll(20)
        return message.value() if message else None


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].startswith("Z")
    except FileNotFoundError:
        return True


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_both_answer_and_a_5_mb_record_fits(local: Local) -> None:
    topic = uuid4().hex
    create_topic(local.kafka, topic)
    append(local.kafka, topic, bytes(5_000_000))
    assert len(first_record(local.kafka, topic) or b"") == 5_000_000

    keep(local.redis, topic, "x")
    assert read(local.redis, topic) == b"x"


def test_no_topic_comes_from_a_typo(local: Local) -> None:
    admin = AdminClient({"bootstrap.servers": local.kafka.address, **QUICK})
    name = uuid4().hex
    with pytest.raises(KafkaException):
        append_or_raise(local.kafka, name)
    assert name not in admin.list_topics(timeout=10).topics


def append_or_raise(server: KafkaServer, topic: str) -> None:
    errors: list[KafkaException] = []
    producer = Producer({"bootstrap.servers": server.address, "message.timeout.ms": 1500, **QUICK})
    producer.produce(topic, b"x", on_delivery=lambda error, _: errors.append(KafkaException(error)))
    producer.flush(10)
    raise errors[0]


def test_kafka_keeps_acknowledged_records_through_kill_and_restart(folder: Path) -> None:
    topic = uuid4().hex
    with services(folder) as ours:
        create_topic(ours.kafka, topic)
        append(ours.kafka, topic, b"kept")
        before = ours.kafka.pid

        ours.kafka.kill()
        assert gone(before)
        ours.kafka.restart()
        assert ours.kafka.pid != before
        assert first_record(ours.kafka, topic) == b"kept"

    # A later run takes other ports, controller's included, on the same data.
    with services(folder) as later:
        assert first_record(later.kafka, topic) == b"kept"


def test_redis_keeps_answered_writes_through_kill_and_restart(redis: RedisServer) -> None:
    keep(redis, "a", "1")
    redis.kill()
    redis.start()
    assert read(redis, "a") == b"1"
    redis.restart()
    assert read(redis, "a") == b"1"


def test_a_paused_server_is_silent_until_resumed_and_can_be_stopped(redis: RedisServer) -> None:
    redis.pause()
    with pytest.raises(redis_errors.TimeoutError), closing(quick_client(redis)) as client:
        client.ping()
    redis.resume()
    assert read(redis, "a") is None

    redis.pause()
    began = time.monotonic()
    redis.stop()
    assert time.monotonic() - began < module.STOP_LIMIT


def quick_client(server: RedisServer) -> Redis:
    return Redis.from_url(server.address, socket_timeout=0.2, retry=None)


@pytest.mark.parametrize("kind", [KafkaServer, RedisServer])
def test_a_busy_port_is_one_clear_line(kind: type[KafkaServer | RedisServer], folder: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as other:
        port = other.getsockname()[1]
        with pytest.raises(LocalError) as caught:
            kind(folder, port).start()
    assert f"needs port {port}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [KafkaServer, RedisServer])
def test_a_missing_program_names_the_remedy(
    kind: type[KafkaServer | RedisServer], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(LocalError, match="is missing: run deploy/setup"):
        kind(folder, free_port()).start()


def test_missing_jars_name_the_remedy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KAFKA_LIBS", folder)
    with pytest.raises(LocalError, match="jars are missing: run deploy/setup"):
        KafkaServer(folder, free_port()).start()


def test_an_early_end_shows_the_last_lines_of_the_log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RedisServer, "_command", lambda self: ["sh", "-c", "echo bad config; exit 1", self._mark])
    with pytest.raises(LocalError, match="Redis stopped while starting") as caught:
        RedisServer(folder, free_port()).start()
    assert "bad config" in str(caught.value)


def test_a_folder_that_cannot_be_written_is_one_clear_line() -> None:
    with pytest.raises(LocalError, match="cannot start in /proc") as caught:
        RedisServer(Path("/proc/nowhere"), free_port()).start()
    assert "\n" not in str(caught.value)


def test_a_failed_start_leaves_nothing_and_can_be_tried_again(folder: Path) -> None:
    server = RedisServer(folder, free_port())
    with socket.create_server(("127.0.0.1", server.port)), pytest.raises(LocalError):
        server.start()
    server.start()
    server.stop()


def test_a_folder_serves_one_run_at_a_time(redis: RedisServer) -> None:
    with pytest.raises(LocalError, match="in use by another run"):
        RedisServer(redis.folder, free_port()).start()
    assert read(redis, "a") is None


def test_services_stop_even_when_the_work_fails(folder: Path) -> None:
    pids: list[int] = []

    def fail_at_work() -> None:
        with services(folder) as ours:
            pids.extend((ours.kafka.pid, ours.redis.pid))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_work()
    assert len(pids) == 2
    assert all(map(gone, pids))


ORPHAN = """
import sys, time
from pathlib import Path
from streams.local import RedisServer, free_port
server = RedisServer(Path(sys.argv[1]), free_port())
server.start()
print(server.pid, server._running.guard.pid, flush=True)
time.sleep(600)
"""


def orphan(folder: Path) -> tuple[subprocess.Popen[str], int, int]:
    parent = subprocess.Popen([sys.executable, "-c", ORPHAN, str(folder)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    with parent.stdout as told:
        server, guard = map(int, told.readline().split())
    return parent, server, guard


def test_a_server_dies_with_a_parent_that_was_killed(folder: Path) -> None:
    parent, server, _ = orphan(folder)
    assert not gone(server)
    parent.kill()
    parent.wait()
    assert eventually(lambda: gone(server))


def test_a_leftover_is_ended_at_the_next_start(folder: Path) -> None:
    parent, leftover, guard = orphan(folder)
    os.kill(guard, signal.SIGKILL)
    parent.kill()
    parent.wait()
    assert not gone(leftover)

    server = RedisServer(folder, free_port())
    server.start()
    assert gone(leftover)
    server.stop()


def test_a_pid_that_belongs_to_someone_else_is_left_alone(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "redis.pid").write_text(str(os.getpid()))
    server = RedisServer(folder, free_port())
    server.start()
    server.stop()
