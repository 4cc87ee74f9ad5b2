"""Redis Cluster: which node holds which slot, and a teller that asks every node at once, each in one round trip.

What a node refuses because a slot moved, or because the cluster is without one of its nodes, is an outage of that slot
alone: whoever asked claims again, and meanwhile the map is read anew.
"""

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import redis.exceptions
from redis.asyncio import Redis
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, RedisError, TryAgainError

from streams import security
from streams.settings import Settings
from streams.teller import Command, OneTeller, Teller, another_life

MOVED: Final = (AskError, ClusterDownError, TryAgainError)
"""What a node answers about a slot that is not its own, or not whole. MovedError is an AskError."""
LOOK_AGAIN: Final = 0.1
"""Seconds from one look at the map to the next."""
LOOKS_WITHIN: Final = 3.0
"""Seconds until a node that does not tell the map is passed over for the next."""

Address = str
"""`host:port` of a node."""
Connect = Callable[[str], Redis]
"""Makes the client of one node from its URL."""


@dataclass(frozen=True, slots=True)
class _Life:
    version: int
    """Of the map."""
    nodes: tuple[tuple[Address, int], ...]


async def forget(config: Settings) -> int:
    """Deletes every key of the namespace; workers rebuild what they had. Gives back how many. Raises redis-py's errors."""
    clients, gone = await servers(config), 0
    # What was rebuilt meanwhile is begun anew, on clean ground.
    for pattern in ("*:next", "*:fence", "*", "*:next", "*:fence"):
        for client in clients:
            async for key in client.scan_iter(f"{config.namespace}:{pattern}", count=1000):
                gone += await client.unlink(key)
    for client in clients:
        await client.aclose()
    return gone


class ClusterTeller(Teller):
    """Of all nodes that hold slots, by one connection each. `url` names a node to ask first; the others are found there."""

    def __init__(self, url: str, connect: Connect) -> None:
        self._url, self._connect = url, connect
        self._nodes: dict[Address, OneTeller] = {}
        self._slots: dict[int, Address] = {}
        self._version = 0
        """Of the map: what was confirmed under another one may be forgotten."""
        self._looked = -LOOK_AGAIN
        self._look: asyncio.Task[None] | None = None

    @property
    def life(self) -> Hashable:
        """See Teller. It is over as soon as any connection was cut, or any slot moved."""
        return _Life(self._version, tuple((address, node.life) for address, node in self._nodes.items()))

    def life_at(self, key: str) -> Hashable:
        """See Teller. A slot that moved has another life."""
        address = self._slots.get(_slot(_tag(key)))
        node = self._nodes.get(address or "")
        return address, None if node is None else node.life

    def ask(self, commands: Sequence[Command], life: Hashable = None) -> "asyncio.Future[list[Any]]":
        """See Teller. An outage of one node stands in the place of what was asked of it."""
        asked: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        if not commands:
            asked.set_result([])
        elif self._slots:
            self._send(commands, life, asked)
        else:
            looking = self.look()
            looking.add_done_callback(lambda _: self._send(commands, life, asked))
        return asked

    def look(self) -> "asyncio.Task[None]":
        """Reads the map anew, unless that is being done."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._read_map())
        return self._look

    async def close(self) -> None:
        """See Teller."""
        if self._look is not None:
            self._look.cancel()
        for node in self._nodes.values():
            await node.close()

    def _send(self, commands: Sequence[Command], life: Hashable, asked: "asyncio.Future[list[Any]]") -> None:
        """To each node what is its own, at once, so that the order of what is asked is kept."""
        if asked.done():
            return
        answers: list[Any] = [None] * len(commands)
        parts: dict[Address | None, list[int]] = {}
        for index, command in enumerate(commands):
            parts.setdefault(self._slots.get(slot_of(command)), []).append(index)
        open_parts = len(parts)

        def answered(indices: Sequence[int], said: Sequence[Any]) -> None:
            nonlocal open_parts
            for index, one in zip(indices, said, strict=True):
                answers[index] = self._heard(one)
            open_parts -= 1
            if not open_parts and not asked.done():
                asked.set_result(answers)

        lives = self._lives(life)
        for address, indices in parts.items():
            node = self._nodes.get(address or "")
            if node is None or (lives is not None and lives.get(address or "") != node.life):
                self.look()
                answered(indices, [another_life()] * len(indices))
                continue
            told = node.ask([commands[index] for index in indices], node.life if lives is not None else None)
            told.add_done_callback(lambda one, mine=indices: answered(mine, _said(one, len(mine))))  # type: ignore[misc]

    def _lives(self, life: Hashable) -> Mapping[Address, int] | None:
        """Of each node, when that life is meant and no other; empty when it is over."""
        if not isinstance(life, _Life):
            return None
        return dict(life.nodes) if life.version == self._version else {}

    def _heard(self, said: Any) -> Any:
        if isinstance(said, MOVED):
            self.look()
            return redis.exceptions.ConnectionError("the slot is elsewhere")
        if isinstance(said, redis.exceptions.ConnectionError | redis.exceptions.TimeoutError):
            self.look()
        return said

    async def _read_map(self) -> None:
        await asyncio.sleep(max(0.0, self._looked + LOOK_AGAIN - time.monotonic()))
        self._looked = time.monotonic()
        for url in (*(_at(self._url, address) for address in self._nodes), self._url):
            slots = await read_slots(url, self._connect)
            if slots:
                break
        else:
            return
        if slots == self._slots:
            return
        self._version += 1
        gone = {address: node for address, node in self._nodes.items() if address not in slots.values()}
        for address in sorted(set(slots.values()) - self._nodes.keys()):
            self._nodes[address] = OneTeller(self._connect(_at(self._url, address)))
        self._slots = slots
        for address, node in gone.items():
            del self._nodes[address]
            await node.close()


async def read_slots(url: str, connect: Connect) -> dict[int, Address]:
    """The holder of every slot, as one node sees it; empty when it does not answer."""
    client: Any = connect(url)  # execute_command has no types
    try:
        async with asyncio.timeout(LOOKS_WITHIN):
            told = await client.execute_command("CLUSTER SLOTS")
    except (RedisError, OSError, TimeoutError):
        return {}
    finally:
        await client.aclose(close_connection_pool=True)
    asked = urlsplit(url).hostname
    slots: dict[int, Address] = {}
    for first, last, (host, port, *_), *_ in told:
        slots.update(dict.fromkeys(range(first, last + 1), f"{host.decode() or asked}:{port}"))
    return slots


def slot_of(command: Command) -> int:
    """The slot of its first key: all keys of a command of ours are in one."""
    word = command[0]
    if word in {"EVALSHA", "EVAL"}:
        key = command[3]
    elif word == "XREAD":
        key = command[command.index("STREAMS") + 1]
    else:
        key = command[1]
    return _slot(_tag(str(key)))


def _tag(key: str) -> str:
    """What Redis takes the slot from: what stands between the first braces, if anything does."""
    _, brace, rest = key.partition("{")
    tag, closes, _ = rest.partition("}")
    return tag if brace and closes and tag else key


@lru_cache(maxsize=4096)
def _slot(tag: str) -> int:
    return key_slot(tag.encode())


def _at(url: str, address: Address) -> str:
    """The URL with another node's address."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}{address}"))


def _said(told: "asyncio.Future[list[Any]]", count: int) -> Sequence[Any]:
    """Answers, or one error in the place of each."""
    if told.cancelled():
        return [another_life()] * count
    error = told.exception()
    return told.result() if error is None else [error] * count


def teller_of(settings: Settings, connect: Connect) -> Teller:
    """Of the Redis, or the cluster, that the settings name."""
    if settings.redis_cluster:
        return ClusterTeller(settings.redis, connect)
    return OneTeller(connect(settings.redis))


async def servers(settings: Settings) -> Sequence[Redis]:
    """A client of each server that holds keys: for what is about all keys, and about no slot. Raises redis-py's errors."""
    if not settings.redis_cluster:
        return [plain(settings.redis)]
    slots = await read_slots(settings.redis, plain)
    if not slots:
        raise redis.exceptions.ConnectionError("no node tells who holds the slots")
    return [plain(_at(settings.redis, address)) for address in sorted(set(slots.values()))]


def plain(url: str) -> Redis:
    """The client of a command: it waits a little, and not twice."""
    return Redis.from_url(url, **security.redis(url), socket_connect_timeout=2, socket_timeout=5)
