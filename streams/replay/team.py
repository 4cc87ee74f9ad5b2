"""The processes of a replay. One alone is this one; more are asked through pipes, all at once, step by step."""

import gc
import multiprocessing
import signal
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

import msgspec

from schemas.policy import Policy
from schemas.topics import FACTS
from streams import policy as policies
from streams.partitions import partitions_of
from streams.replay.share import Share
from streams.replay.words import Reply, Step

_ENCODE = msgspec.msgpack.Encoder().encode
_STEP = msgspec.msgpack.Decoder(Step)
_REPLY = msgspec.msgpack.Decoder(Reply)


class ReplayError(Exception):
    """The replay cannot be made, or go on; one line that says why."""


def laid_out(processes: int) -> tuple[int, ...]:
    """The process of each partition."""
    return tuple(partition % processes for partition in range(partitions_of(FACTS)))


def calm() -> None:
    """Facts are trees without cycles: the collector has little to find and much to look at."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class Team:
    """As many processes as the layout names; they end with the context."""

    def __init__(self, policy: Policy, key: bytes, layout: Sequence[int]) -> None:
        self.size = max(layout) + 1
        self._share = Share(policy, key, layout, 0) if self.size == 1 else None
        self._pipes: list[Connection] = []
        self._processes: list[BaseProcess] = []
        if self._share is None:
            self._start(policy, key, tuple(layout))

    def _start(self, policy: Policy, key: bytes, layout: tuple[int, ...]) -> None:
        spawning = multiprocessing.get_context("spawn")
        for me in range(self.size):
            ours, theirs = spawning.Pipe()
            judged_by = (policies.content(policy), policy.version)
            process = spawning.Process(target=_serve, args=(theirs, judged_by, key, layout, me), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)  # pyright: ignore[reportArgumentType]  # on Linux a pipe ends in Connections
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(timeout=10)
            if process.is_alive():
                process.kill()
                process.join()

    def ask(self, steps: Mapping[int, Step]) -> dict[int, Reply]:
        """A step for each process that is named; they work side by side. Raises ReplayError when one has ended."""
        if self._share is not None:
            return {number: self._share.do(step) for number, step in steps.items()}
        try:
            for number, step in steps.items():
                self._pipes[number].send_bytes(_ENCODE(step))
            return {number: _REPLY.decode(self._pipes[number].recv_bytes()) for number in steps}
        except (EOFError, OSError):
            raise ReplayError("a process of the replay ended; start it again, it goes on from its checkpoint") from None

    def all(self, step: Step) -> dict[int, Reply]:
        """The same step for every process."""
        return self.ask(dict.fromkeys(range(self.size), step))


def _serve(pipe: Connection, judged_by: tuple[bytes, str], key: bytes, layout: tuple[int, ...], me: int) -> None:
    """Until the other end closes. An interrupt is for the process that asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    share = Share(policies.read(*judged_by), key, layout, me)
    calm()
    while True:
        try:
            asked = pipe.recv_bytes()
        except EOFError:
            return
        pipe.send_bytes(_ENCODE(share.do(_STEP.decode(asked))))
