"""A network namespace for a worker, with a wire to Kafka and another one to Redis, each of which may be pulled."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Wire:
    """Between this host and a namespace."""

    here: str
    """Our address on it."""
    there: str
    name: str

    def pull(self) -> None:
        """Nothing goes through and nobody is told, as when a switch dies."""
        _ip("link", "set", self.name, "down")

    def plug(self) -> None:
        """Goes on after `pull`; what was sent meanwhile is sent again by TCP."""
        _ip("link", "set", self.name, "up")


@dataclass(frozen=True)
class Apart:
    """The namespace with its wires."""

    kafka: Wire
    redis: Wire
    """For its own pages too."""
    prefix: tuple[str, ...]
    """Before a command that shall run there."""


def why_not() -> str | None:
    """Why this machine makes no namespaces for us; None when it does."""
    if os.geteuid():
        return "only root makes network namespaces: run this drill as root"
    name = f"suar-try-{os.getpid()}"
    try:
        _ip("netns", "add", name)
        _ip("netns", "del", name)
    except (OSError, subprocess.CalledProcessError):
        return "this machine makes no network namespaces: run this drill where `ip netns add` works"
    return None


@contextmanager
def apart() -> Iterator[Apart]:
    """Made, and taken away whatever happens."""
    name = f"suar-{os.getpid()}"
    with ExitStack() as undo:
        _ip("netns", "add", name)
        undo.callback(_ip, "netns", "del", name)
        inside = ("ip", "netns", "exec", name)
        _ip("-n", name, "link", "set", "lo", "up")
        wires = [_wire(name, number) for number in range(2)]  # they go with the namespace
        yield Apart(*wires, prefix=inside)


def _wire(namespace: str, number: int) -> Wire:
    net = f"10.{99 + number}.{os.getpid() // 250 % 250}.{os.getpid() % 60 * 4}".rpartition(".")
    first = int(net[2])
    wire = Wire(f"{net[0]}.{first + 1}", f"{net[0]}.{first + 2}", f"suar{number}-{os.getpid()}")
    far = f"{wire.name}-f"[-15:]
    _ip("link", "add", wire.name, "type", "veth", "peer", "name", far)
    _ip("link", "set", far, "netns", namespace)
    _ip("addr", "add", f"{wire.here}/30", "dev", wire.name)
    _ip("link", "set", wire.name, "up")
    _ip("-n", namespace, "addr", "add", f"{wire.there}/30", "dev", far)
    _ip("-n", namespace, "link", "set", far, "up")
    return wire


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
