"""A Redis Cluster on one machine: shards of a node and its replica, which takes over by itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

from streams.local import LocalError, RedisServer, free_port

FORMS_WITHIN: Final = 30.0
"""Seconds that nodes may take to know each other."""
SLOTS: Final = 16384


@dataclass
class RedisNode(RedisServer):
    """A node of a Redis Cluster, which goes on without the slots that nobody holds."""

    bus: int = field(default_factory=free_port, kw_only=True)
    """Port on which the nodes speak with each other."""
    number: str = field(default="", init=False)
    """Its id within the cluster; it keeps it."""

    @property
    def _ports(self) -> tuple[int, ...]:
        return (self.port, self.bus)

    def _command(self) -> list[str]:
        cluster = ("--cluster-enabled", "yes", "--cluster-port", str(self.bus))
        promotion = ("--cluster-node-timeout", "2000", "--cluster-replica-validity-factor", "0")
        partial = ("--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0")
        return [*super()._command(), *cluster, *promotion, *partial]

    def client(self) -> Any:
        """Of this node alone; what it answers to a command of the cluster has no types."""
        return Redis("127.0.0.1", self.port, socket_timeout=5)

    def start(self) -> None:
        """Raises LocalError."""
        super().start()
        with self.client() as client:
            self.number = client.execute_command("CLUSTER MYID").decode()

    def leads(self) -> bool:
        """Whether it holds slots. False while it does not run."""
        try:
            with self.client() as client:
                return bool(client.execute_command("ROLE")[0] == b"master")
        except RedisError:
            return False

    def position(self) -> int:
        """Bytes of the stream of writes that it made, or that it got from its primary."""
        with self.client() as client:
            found = client.info("replication")
        return int(found["slave_repl_offset" if found["role"] == "slave" else "master_repl_offset"])

    def deaf(self, *, yes: bool) -> None:
        """A replica that hears nothing more of its primary, which refuses the name that it gives."""
        with self.client() as client:
            client.config_set("masteruser", "nobody" if yes else "")
            client.config_set("masterauth", "nothing" if yes else "")
            if yes:
                client.execute_command("CLIENT KILL TYPE MASTER")


@dataclass(frozen=True)
class RedisCluster:
    """So many shards, each a node and its replica at first."""

    shards: tuple[tuple[RedisNode, RedisNode], ...]

    @classmethod
    def on(cls, folder: Path, shards: int = 3) -> "RedisCluster":
        """Nodes of one cluster, on folders of their own beneath."""

        def node(name: str) -> RedisNode:
            return RedisNode(folder / f"redis-{name}", free_port())

        return cls(tuple((node(f"{number}a"), node(f"{number}b")) for number in range(1, shards + 1)))

    @property
    def nodes(self) -> tuple[RedisNode, ...]:
        """All of them."""
        return tuple(node for shard in self.shards for node in shard)

    def form(self) -> None:
        """Makes one cluster of nodes that run and know nothing. Raises LocalError."""
        first, *others = self.nodes
        edges = [round(index * SLOTS / len(self.shards)) for index in range(len(self.shards) + 1)]
        with first.client() as client:
            for node in others:
                client.execute_command("CLUSTER MEET", "127.0.0.1", node.port, node.bus)
        for (primary, _), (begin, end) in zip(self.shards, pairwise(edges), strict=True):
            with primary.client() as client:
                client.execute_command("CLUSTER ADDSLOTSRANGE", begin, end - 1)
        for primary, replica in self.shards:
            _in_time(partial(self._replicate, replica, primary), f"{replica.folder.name} meets the others")
        _in_time(self.whole, "the cluster is whole")

    def whole(self) -> bool:
        """Every node knows of all slots, and every replica follows."""
        return all(_well(node) for node in self.nodes)

    @staticmethod
    def _replicate(replica: RedisNode, primary: RedisNode) -> bool:
        try:
            with replica.client() as client:
                return bool(client.execute_command("CLUSTER REPLICATE", primary.number))
        except RedisError:
            return False


def _well(node: RedisNode) -> bool:
    try:
        with node.client() as client:
            state = client.execute_command("CLUSTER INFO")
            found = client.info("replication")
    except RedisError:
        return False
    follows = found["role"] == "master" or found["master_link_status"] == "up"
    return bool(state["cluster_state"] == "ok" and int(state["cluster_slots_ok"]) == SLOTS and follows)


def _in_time(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + FORMS_WITHIN
    while not done():
        if time.monotonic() > deadline:
            raise LocalError(f"Redis Cluster: not within {FORMS_WITHIN:.0f} s: {what}.")
        time.sleep(0.1)
