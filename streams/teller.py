"""The teller: what all lanes ask of Redis at once goes in one round trip, and while it is under way the next one fills."""

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any, Final

import hiredis
import redis.exceptions
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, ResponseError

Argument = bytes | str | int | float
Command = tuple[Argument, ...]

ANSWERED_WITHIN: Final = 5.0
"""Seconds until a round trip without an answer counts as an outage."""
_TEXTS: Final[dict[str, str]] = {}


@dataclass(frozen=True)
class Script:
    """A Lua script, named by its digest as Redis does."""

    text: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", sha1(self.text.encode(), usedforsecurity=False).hexdigest())
        _TEXTS[self.digest] = self.text

    def on(self, keys: Sequence[str], args: Sequence[Argument]) -> Command:
        """The command that runs it."""
        return ("EVALSHA", self.digest, len(keys), *keys, *args)


class Teller(ABC):
    """A Redis client for many lanes. Commands of one slot keep their order; an outage fails those that were under way."""

    @property
    @abstractmethod
    def life(self) -> Hashable:
        """Of the connections: after a cut the next one may lead to a Redis that never heard what this one confirmed, such as
        a replica that was promoted.
        """

    @abstractmethod
    def life_at(self, key: str) -> Hashable:
        """Of the connection to whatever holds that key."""

    @abstractmethod
    def ask(self, commands: Sequence[Command], life: Hashable = None) -> "asyncio.Future[list[Any]]":
        """Puts commands in the queue, behind all that were asked before. With `life` they are sent in that one or never."""

    @abstractmethod
    async def close(self) -> None:
        """Closes the connections."""

    async def call(self, *words: Argument) -> Any:
        """One command. Raises redis-py's errors."""
        [answer] = await self.ask((words,))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def run(self, script: Script, keys: list[str], args: list[Argument]) -> Any:
        """One script. Raises redis-py's errors."""
        [answer] = await self.together([script.on(keys, args)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def all(self, commands: Sequence[Command]) -> list[Any]:
        """Every answer, or the first error. Raises redis-py's errors."""
        answers = await self.together(commands)
        for one in answers:
            if isinstance(one, Exception):
                raise one
        return answers

    async def together(self, commands: Sequence[Command], life: Hashable = None) -> list[Any]:
        """Many commands, one wait; the error of a command stands in its place. A server that does not know a script yet
        is told. Raises redis-py's errors when no answers came.
        """
        return await self.answers(commands, self.ask(commands, life), life)

    async def answers(
        self, commands: Sequence[Command], asked: "asyncio.Future[list[Any]]", life: Hashable = None
    ) -> list[Any]:
        """What `together` gives, of commands that were asked before."""
        answers = await asked
        untold = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if untold:
            whole = [("EVAL", _TEXTS[str(commands[index][1])], *commands[index][2:]) for index in untold]
            for index, answer in zip(untold, await self.ask(whole, life), strict=True):
                answers[index] = answer
        return answers


@dataclass(frozen=True, slots=True)
class _Question:
    commands: Sequence[Command]
    answers: "asyncio.Future[list[Any]]"
    life: Hashable


class OneTeller(Teller):
    """Of one server, by one connection."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[_Question] = []
        self._task: asyncio.Task[None] | None = None
        self._connection: Any = None  # redis-py has one class for each kind of transport
        self._life = 0

    @property
    def life(self) -> int:
        """See Teller."""
        return self._life

    def life_at(self, key: str) -> int:
        """See Teller."""
        return self._life

    def ask(self, commands: Sequence[Command], life: Hashable = None) -> "asyncio.Future[list[Any]]":
        """See Teller."""
        question = _Question(commands, asyncio.get_running_loop().create_future(), life)
        if not commands:
            question.answers.set_result([])
            return question.answers
        self._waiting.append(question)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return question.answers

    async def close(self) -> None:
        """Closes the connection: it was taken out of the pool, so the pool would not."""
        if self._connection is not None:
            await self._connection.disconnect()
        await self._redis.aclose()

    async def _run(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting, []
            questions = [one for one in asked if self._may_be_sent(one)]
            try:
                answers = iter(await self._ask([command for one in questions for command in one.commands]))
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for an answer that cannot come
                for question in questions:
                    if not question.answers.done():
                        question.answers.set_exception(error)
                continue
            for question in questions:
                mine = [next(answers) for _ in question.commands]
                if not question.answers.done():
                    question.answers.set_result(mine)

    def _may_be_sent(self, question: _Question) -> bool:
        if question.life in {None, self._life}:
            return True
        if not question.answers.done():
            question.answers.set_exception(another_life())
        return False

    async def _ask(self, commands: list[Command]) -> list[Any]:
        """On one connection, kept open: a pipeline object and a pool cost more than the round trip."""
        if self._connection is None:
            pool: Any = self._redis.connection_pool
            self._connection = await pool.get_connection()
        connection = self._connection
        if not commands:
            return []
        try:
            async with asyncio.timeout(ANSWERED_WITHIN):
                packed = b"".join(hiredis.pack_command(words) for words in commands)  # type: ignore[arg-type]  # it takes more
                await connection.send_packed_command(packed, check_health=False)
                return [await _answer(connection) for _ in commands]
        except TimeoutError:
            self._life += 1
            await connection.disconnect(nowait=True)
            raise redis.exceptions.TimeoutError("no answer") from None
        except BaseException as error:
            self._life += 1
            await connection.disconnect(nowait=True)  # half-read answers must not meet the next questions
            if isinstance(error, RuntimeError):  # what uvloop raises of a write on a connection that was cut
                raise redis.exceptions.ConnectionError("the connection is cut") from error
            raise


def another_life() -> redis.exceptions.ConnectionError:
    """What was confirmed before a cut may be forgotten behind it."""
    return redis.exceptions.ConnectionError("the connection was cut since")


async def _answer(connection: Any) -> Any:
    """Without a clock of its own: the round trip has one."""
    try:
        return await connection.read_response(timeout=math.inf)
    except ResponseError as error:
        return error
