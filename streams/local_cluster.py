"""Three brokers of one cluster and a Redis with a replica, on one machine: what a deployment has, for its drills."""

import socket
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from streams.local import KafkaServer, LocalError, RedisServer, free_port

BROKERS: Final = 3
IN_SYNC: Final = 2
"""Copies that a record must have before its writer hears that it is kept."""

# DescribeQuorum, version 0, about the one partition of the cluster's metadata (protocol guide): any broker passes it on
# to the active controller, and the answer names that one.
_METADATA: Final = b"__cluster_metadata"
_QUORUM_BODY: Final = (
    struct.pack(">hhihB", 55, 0, 1, -1, 0) + bytes([2, len(_METADATA) + 1]) + _METADATA + b"\x02\0\0\0\0\0\0\0"
)
_QUORUM: Final = struct.pack(">i", len(_QUORUM_BODY)) + _QUORUM_BODY
_LEADER: Final = slice(20 + len(_METADATA), 24 + len(_METADATA))
"""Where the answer has the node id; the lengths before it are those of one topic with one partition."""

# The last of two lines with one name counts: these replace those of deploy/kafka/server.properties.
_PROPERTIES: Final = f"""
node.id={{node}}
controller.quorum.voters={{voters}}
default.replication.factor={BROKERS}
min.insync.replicas={IN_SYNC}
offsets.topic.replication.factor={BROKERS}
transaction.state.log.replication.factor={BROKERS}
transaction.state.log.min.isr={IN_SYNC}
share.coordinator.state.topic.replication.factor={BROKERS}
share.coordinator.state.topic.min.isr={IN_SYNC}
"""


@dataclass
class KafkaNode(KafkaServer):
    """Broker and controller in one JVM of at most 512 MiB. `folder` is its own."""

    node: int = field(kw_only=True)
    """From 1."""
    voters: str = field(kw_only=True)
    bootstrap: str = field(kw_only=True)
    outside: str | None = field(default=None, kw_only=True)
    """`host:port` of another listener, for clients that reach this host by that address."""

    @property
    def address(self) -> str:
        """All brokers: a client of any of them is a client of the cluster."""
        return self.bootstrap

    def _properties(self) -> str:
        text = super()._properties() + _PROPERTIES.format(node=self.node, voters=self.voters)
        if self.outside is None:
            return text
        inside = f"PLAINTEXT://127.0.0.1:{self.port}"
        return text + (
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,OUTSIDE:PLAINTEXT\n"
            f"listeners={inside},CONTROLLER://127.0.0.1:{self.controller_port},OUTSIDE://{self.outside}\n"
            f"advertised.listeners={inside},OUTSIDE://{self.outside}\n"
        )

    def _java(self, *arguments: str) -> list[str]:
        command = super()._java(*arguments)
        place = command.index("-cp")
        return [*command[:place], "-Xms256m", "-Xmx512m", *command[place:]]

    @property
    def ended(self) -> bool:
        """It ended by itself, and is to be stopped before it may start again."""
        return self._alive().process.poll() is not None

    def leader(self) -> int | None:
        """Node id of the active controller; None while there is none. Raises OSError when this node does not answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(_QUORUM)
            answer = connection.recv(_LEADER.stop, socket.MSG_WAITALL)
        if len(answer) < _LEADER.stop:
            raise ConnectionResetError("the broker ended the connection")
        [refused] = struct.unpack(">h", answer[9:11])
        [node] = struct.unpack(">i", answer[_LEADER])
        return None if refused or node < 0 else node


@dataclass(frozen=True)
class KafkaCluster:
    """The brokers, started and stopped together: one alone has no quorum and answers nobody."""

    nodes: tuple[KafkaNode, ...]

    @classmethod
    def on(cls, folder: Path, outside: str | None = None) -> "KafkaCluster":
        """Three brokers with a folder each; `outside` is a host address for clients that reach this host by it."""
        ports = [(free_port(), free_port()) for _ in range(BROKERS)]
        voters = ",".join(f"{node}@127.0.0.1:{controller}" for node, (_, controller) in enumerate(ports, 1))
        bootstrap = ",".join(f"127.0.0.1:{port}" for port, _ in ports)
        return cls(
            tuple(
                KafkaNode(
                    folder / f"broker-{node}",
                    port,
                    controller,
                    node=node,
                    voters=voters,
                    bootstrap=bootstrap,
                    outside=outside and f"{outside}:{free_port()}",
                )
                for node, (port, controller) in enumerate(ports, 1)
            )
        )

    @property
    def address(self) -> str:
        """What a client connects to."""
        return self.nodes[0].address

    def start(self) -> None:
        """Return once every broker answers. Raises LocalError."""
        _at_once(node.start for node in self.nodes)

    def stop(self) -> None:
        """End what runs, in order as far as a quorum is left."""
        _at_once(node.stop for node in self.nodes)

    def controller(self) -> KafkaNode:
        """The node whose controller is the active one. Raises LocalError when no broker knows one."""
        for node in self.nodes:
            try:
                leader = node.leader()
            except OSError:
                continue
            if leader is not None:
                return self.nodes[leader - 1]
        raise LocalError("No broker knows an active controller: are two of three running?")


@dataclass
class RedisReplica(RedisServer):
    """A Redis that follows another one from its start, until `promote`."""

    follows: int | None = field(default=None, kw_only=True)
    """Port of its primary; None is a primary itself."""

    def _command(self) -> list[str]:
        command = [*super()._command(), "--repl-diskless-sync-delay", "0"]
        return command if self.follows is None else [*command, "--replicaof", f"127.0.0.1 {self.follows}"]

    def promote(self) -> None:
        """A primary from now on, with what it has."""
        self.follows = None
        self._told(b"REPLICAOF NO ONE\r\n")

    def follow(self, port: int) -> None:
        """What it has is replaced by what that one has."""
        self.follows = port
        self._told(f"REPLICAOF 127.0.0.1 {port}\r\n".encode())

    def position(self) -> Mapping[str, str]:
        """What `INFO replication` says. Raises OSError."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(b"INFO replication\r\nQUIT\r\n")
            answer = b""
            while more := connection.recv(65536):
                answer += more
        lines = (line.partition(":") for line in answer.decode().splitlines())
        return {name: value for name, colon, value in lines if colon}

    def _told(self, request: bytes) -> None:
        answer = self._ask(request, 5)
        if not answer.startswith(b"+OK"):
            raise LocalError(f"Redis on port {self.port} refused to change what it follows.")


@contextmanager
def running(servers: Iterable[KafkaCluster | RedisServer]) -> Iterator[None]:
    """Starts them in this order and stops them whatever happens. Raises LocalError."""
    with ExitStack() as stops:
        for server in servers:
            stops.callback(server.stop)
            server.start()
        yield


def _at_once(deeds: Iterable[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(BROKERS) as pool:
        for done in [pool.submit(deed) for deed in deeds]:
            done.result()
