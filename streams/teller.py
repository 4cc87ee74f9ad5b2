"""The teller: what all lanes ask of Redis at once goes in one round trip, and while it is under way the next one fills."""

import asyncio
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError, ResponseError

Argument = bytes | str | int | float


@dataclass(frozen=True)
class Script:
    """A Lua script, named by its digest as Redis does."""

    text: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", sha1(self.text.encode(), usedforsecurity=False).hexdigest())


@dataclass(frozen=True, slots=True)
class _Question:
    words: tuple[Argument, ...]
    answer: "asyncio.Future[Any]"


class Teller:
    """A Redis client for many lanes. Commands keep their order; an outage fails those that were under way."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[_Question] = []
        self._task: asyncio.Task[None] | None = None
        self._connection: Any = None  # redis-py has one class for each kind of transport

    async def call(self, *words: Argument) -> Any:
        """One command. Raises redis-py's errors."""
        question = _Question(words, asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await question.answer

    async def run(self, script: Script, keys: list[str], args: list[Argument]) -> Any:
        """A script by its digest; a server that does not know it yet is told."""
        try:
            return await self.call("EVALSHA", script.digest, len(keys), *keys, *args)
        except NoScriptError:
            return await self.call("EVAL", script.text, len(keys), *keys, *args)

    async def close(self) -> None:
        """Closes the connection: it was taken out of the pool, so the pool would not."""
        if self._connection is not None:
            await self._connection.disconnect()
        await self._redis.aclose()

    async def _run(self) -> None:
        while self._waiting:
            questions, self._waiting = self._waiting, []
            try:
                answers = await self._ask(questions)
            except (RedisError, OSError) as error:
                answers = [error] * len(questions)
            for question, answer in zip(questions, answers, strict=True):
                if question.answer.done():
                    continue
                if isinstance(answer, Exception):
                    question.answer.set_exception(answer)
                else:
                    question.answer.set_result(answer)

    async def _ask(self, questions: list[_Question]) -> list[Any]:
        """On one connection, kept open: a pipeline object and a pool cost more than the round trip."""
        if self._connection is None:
            pool: Any = self._redis.connection_pool
            self._connection = await pool.get_connection()
        connection = self._connection
        try:
            packed = connection.pack_commands([question.words for question in questions])
            await connection.send_packed_command(packed, check_health=False)
            return [await _answer(connection) for _ in questions]
        except BaseException:
            await connection.disconnect(nowait=True)  # half-read answers must not meet the next questions
            raise


async def _answer(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error
