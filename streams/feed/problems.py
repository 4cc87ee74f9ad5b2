"""What is wrong with a request, as RFC 9457 says it: one JSON form for every error, and never a refused value in it."""

from collections.abc import Mapping
from http import HTTPStatus

from aiokafka.errors import KafkaError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
"""What a client is asked to wait while Redis or Kafka is away."""


class Problem(Exception):  # noqa: N818 - it is what the answer is called
    """An answer that is not what was asked for. `code` is for programs and stays as it is; `detail` is one sentence."""

    def __init__(self, status: int, code: str, detail: str, **extra: object) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        headers = extra.pop("headers", None)
        self.headers: dict[str, str] = dict(headers) if isinstance(headers, Mapping) else {}
        self.extra = extra

    def body(self) -> dict[str, object]:
        """The members of the problem, those that RFC 9457 names first."""
        return {
            "type": f"urn:suar:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }

    def answer(self) -> JSONResponse:
        """The response."""
        return JSONResponse(self.body(), self.status, self.headers, MEDIA_TYPE)


def wrong_fields(error: RequestValidationError | ValidationError) -> list[dict[str, str]]:
    """Which fields are wrong and how; what stood in them is never repeated."""
    return [{"field": ".".join(map(str, one["loc"])), "problem": str(one["type"])} for one in error.errors()]


def install(app: FastAPI) -> None:
    """Every error of the app leaves as a problem; an outage behind us says when to come again."""

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return error.answer()

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase
        code = phrase.lower().replace(" ", "_").replace("'", "")
        return Problem(error.status_code, code, str(error.detail or phrase), headers=error.headers).answer()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return unreadable(error).answer()

    @app.exception_handler(RedisError)
    async def redis_away(_: Request, error: RedisError) -> JSONResponse:
        return away("redis").answer()

    @app.exception_handler(KafkaError)
    async def kafka_away(_: Request, error: KafkaError) -> JSONResponse:
        return away("kafka").answer()


def unreadable(error: RequestValidationError | ValidationError) -> Problem:
    """The request does not have the form that the API asks for."""
    return Problem(422, "wrong_fields", "some fields are missing or wrong", fields=wrong_fields(error))


def away(what: str) -> Problem:
    """What we need does not answer; nothing was lost, and the same request may be sent again."""
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return Problem(503, f"{what}_away", f"{what} does not answer; send the same request again", headers=headers)
