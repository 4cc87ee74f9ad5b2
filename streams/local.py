"""A Kafka broker and a Redis server of this checkout's own: started, killed and stopped by pid."""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import ClassVar, TextIO

CHECKOUT = Path(__file__).resolve().parents[1]
KAFKA_LIBS = CHECKOUT / ".suar" / "kafka-libs"
KAFKA_PROPERTIES = CHECKOUT / "deploy" / "kafka" / "server.properties"

START_LIMIT = 60.0  # seconds; a broker takes 3 on a quiet machine, more after a kill with much to recover
STOP_LIMIT = 10.0  # seconds of grace before a kill

# Kafka wants any 16 bytes in base64; nothing outside the folder compares it.
_CLUSTER_ID = "SuarSuarSuarSuarSuarSA"

# Metadata, version 1, about no topic (protocol guide): the answer lists the brokers that may lead partitions.
KAFKA_METADATA = struct.pack(">ihhihi", 14, 3, 1, 0, -1, 0)

# A server gets its own session, so that Ctrl-C reaches only us and the stop stays orderly. It must not outlive us
# either: its guard waits on a pipe that closes however we end, kill -9 included, and then kills. PR_SET_PDEATHSIG
# would be shorter, but follows the thread that started the server, and preexec_fn is unsafe beside other threads.
_GUARD = 'read -r dismissed || kill -s KILL -- "-$0"'


class LocalError(Exception):
    """A server cannot run here; the first line says what to do about it."""


def free_port() -> int:
    """A port nobody holds, below those the system gives to outgoing connections (32768 and up on Linux).

    A client that keeps dialling a killed server on one of those can be given that very port and hold it against the
    server's return, even by connecting to itself.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        if not _is_taken(port):
            return port


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of an earlier run may linger
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def refuse_taken_ports(whose: str, ports: Iterable[int]) -> None:
    """Raises LocalError when another program listens there."""
    for port in ports:
        if _is_taken(port):
            raise LocalError(f"{whose} needs port {port} and another program has it: stop that or choose another port.")


@dataclass(frozen=True)
class _Running:
    process: subprocess.Popen[bytes]
    guard: subprocess.Popen[bytes]
    pid_file: TextIO

    def send(self, *signals: signal.Signals) -> None:
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                for each in signals:
                    os.killpg(self.process.pid, each)

    def end(self, *signals: signal.Signals) -> None:
        self.send(*signals)
        try:
            self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self.process.wait()
        self.guard.communicate(b"dismissed\n")
        self.pid_file.truncate(0)
        self.pid_file.close()


@dataclass
class _Server(ABC):
    """One server process; `folder` may be shared by one Kafka and one Redis, and outlives them."""

    folder: Path
    port: int
    _running: _Running | None = field(default=None, init=False, repr=False)
    name: ClassVar[str]
    tells_on: ClassVar[signal.Signals | None] = None
    """On this signal it writes into its log what it is at."""

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()

    @property
    @abstractmethod
    def address(self) -> str:
        """What a client connects to."""

    @property
    def pid(self) -> int:
        return self._alive().process.pid

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name.lower()}.log"

    def start(self) -> None:
        """Return once the server answers; a leftover of a crashed run is ended first. Raises LocalError."""
        if self._running:
            raise LocalError(f"{self.name} already runs on port {self.port}: stop it first.")
        try:
            self._running = self._launch()
        except OSError as error:
            advice = "free some disk or choose another folder"
            raise LocalError(f"{self.name} cannot start in {self.folder} ({error.strerror}): {advice}.") from error

    def stop(self) -> None:
        """End in order: everything acknowledged is kept. Stopping what does not run does nothing."""
        # A paused process hears SIGTERM only once it continues.
        self._end(signal.SIGTERM, signal.SIGCONT)

    def kill(self) -> None:
        """End at once, as kill -9 or a power cut of the process would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop if need be and start on the same folder and port."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze: connections stay open and nothing answers."""
        self._alive().send(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._alive().send(signal.SIGCONT)

    @abstractmethod
    def _command(self) -> list[str]:
        """Prepare the data folder and tell how to run the server; one argument is `_mark`."""

    @property
    @abstractmethod
    def _mark(self) -> str:
        """The argument by which a leftover of this folder is known."""

    @property
    def _ports(self) -> tuple[int, ...]:
        return (self.port,)

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the server does its work, not only whether its port is open. May raise OSError."""

    def _alive(self) -> _Running:
        if self._running is None:
            raise LocalError(f"{self.name} does not run: start it first.")
        return self._running

    def _end(self, *signals: signal.Signals) -> None:
        running, self._running = self._running, None
        if running:
            running.end(*signals)

    def _launch(self) -> _Running:
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as undo:
            pid_file = undo.enter_context(self._claim_folder())
            refuse_taken_ports(self.name, self._ports)
            process = self._spawn(self._command())
            guard = subprocess.Popen(
                ["sh", "-c", _GUARD, str(process.pid)], stdin=subprocess.PIPE, start_new_session=True
            )
            running = _Running(process, guard, pid_file)
            undo.callback(running.end, signal.SIGKILL)
            pid_file.truncate(0)
            pid_file.write(str(process.pid))
            pid_file.flush()
            self._await_answer(process)
            undo.pop_all()
        return running

    def _claim_folder(self) -> TextIO:
        """Hold the pid file: a lock is gone with its owner, so a pid without one is a leftover and no neighbour."""
        pid_file = self.log.with_suffix(".pid").open("a+")
        try:
            fcntl.flock(pid_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _end_leftover(pid_file, self._mark)
        except BlockingIOError:
            pid_file.close()
            raise LocalError(f"{self.folder} is in use by another run: stop that or choose another folder.") from None
        return pid_file

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_LIMIT
        while True:
            with suppress(OSError):
                if self._answers():
                    return
            if process.poll() is not None:
                raise LocalError(_last_words(self.name, self.log.read_text(errors="replace")))
            if time.monotonic() > deadline:
                if self.tells_on:
                    process.send_signal(self.tells_on)
                    time.sleep(1)
                raise LocalError(f"{self.name} did not answer within {START_LIMIT:.0f} s: look into {self.log}.")
            time.sleep(0.05)

    def _ask(self, request: bytes, size: int) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(request)
            return connection.recv(size, socket.MSG_WAITALL)


@dataclass
class KafkaServer(_Server):
    """One KRaft node; its topics live in `<folder>/kafka`, formatted once."""

    controller_port: int = field(default_factory=free_port)
    name: ClassVar[str] = "Kafka"
    tells_on: ClassVar[signal.Signals | None] = signal.SIGQUIT

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def _mark(self) -> str:
        return str(self.folder / "server.properties")

    @property
    def _ports(self) -> tuple[int, ...]:
        return (self.port, self.controller_port)

    def _command(self) -> list[str]:
        Path(self._mark).write_text(self._properties())
        if not (self.folder / "kafka" / "meta.properties").exists():
            self._format()
        return self._java("kafka.Kafka", self._mark)

    def _properties(self) -> str:
        text = Template(KAFKA_PROPERTIES.read_text())
        return text.substitute(port=self.port, controller_port=self.controller_port, data="kafka")

    def _format(self) -> None:
        format_storage = ("kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", _CLUSTER_ID, "-c")
        done = subprocess.run(
            self._java(*format_storage, self._mark),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
        )
        if done.returncode:
            raise LocalError(_last_words(self.name, done.stdout))

    def _java(self, *arguments: str) -> list[str]:
        if not any(KAFKA_LIBS.glob("kafka_*.jar")):
            raise LocalError("Kafka's jars are missing: run deploy/setup.")
        # Codecs unpack native code into tmpdir and perf data goes to /tmp: both would stay there after a kill.
        options = ("-Xms512m", "-Xmx1g", "-XX:-UsePerfData", f"-Djava.io.tmpdir={self.folder}")
        logger = "-Dorg.slf4j.simpleLogger"
        quiet = (
            f"{logger}.defaultLogLevel=warn",
            f"{logger}.showDateTime=true",
            f"{logger}.dateTimeFormat=HH:mm:ss,SSS",
        )
        return [_program("java"), *options, *quiet, "-cp", f"{KAFKA_LIBS}/*", *arguments]

    def _answers(self) -> bool:
        reply = self._ask(KAFKA_METADATA, 12)
        return len(reply) == 12 and struct.unpack(">iii", reply)[2] > 0


@dataclass
class RedisServer(_Server):
    """One Redis that keeps an append-only file, synced every second, in `<folder>/redis`."""

    name: ClassVar[str] = "Redis"

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def _mark(self) -> str:
        return str(self.folder / "redis")

    def _command(self) -> list[str]:
        Path(self._mark).mkdir(exist_ok=True)
        durable = ("--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction")
        # Redis rewrites its command line unless told otherwise, and drills use DEBUG to stall it.
        known = ("--set-proc-title", "no", "--enable-debug-command", "local", "--daemonize", "no")
        where = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", self._mark)
        return [_program("redis-server"), *where, *durable, *known]

    def _answers(self) -> bool:
        return self._ask(b"PING\r\n", 5) == b"+PONG"


@dataclass(frozen=True)
class Local:
    """The two servers that Suar needs, running."""

    kafka: KafkaServer
    redis: RedisServer


@contextmanager
def services(folder: Path, kafka_port: int | None = None, redis_port: int | None = None) -> Iterator[Local]:
    """Both servers on `folder`, stopped at the end whatever happens; None is a free port. Raises LocalError."""
    local = Local(KafkaServer(folder, kafka_port or free_port()), RedisServer(folder, redis_port or free_port()))
    with ExitStack() as stops:
        for server in (local.redis, local.kafka):
            server.start()
            stops.callback(server.stop)
        yield local


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise LocalError(f"{name} is missing: run deploy/setup.")
    return path


def _end_leftover(pid_file: TextIO, mark: str) -> None:
    pid_file.seek(0)
    pid = int(pid_file.read().strip() or 0)
    # The number alone may long belong to someone else.
    while pid and mark in _arguments(pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def _last_words(name: str, log: str) -> str:
    lines = log.strip().splitlines()[-8:]
    advice = "the disk is full, free some space" if "No space left" in log else "its log ends"
    return "\n    ".join([f"{name} stopped while starting: {advice}:", *lines])
