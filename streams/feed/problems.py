"""What is wrong with a request, as RFC 9457 says it: one JSON form for every error, and never a refused value in it."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

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


_NUMBER: Final = re.compile(r"[0-9]{6}")
_SCHEMA: Final = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457). `code` is for programs; some problems say more in members of their own.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "code", "detail"],
}
_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


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
    """Which fields are wrong and how; what stood in them is never repeated, nor a name that may hold a number."""
    return [{"field": ".".join(map(_named, one["loc"])), "problem": str(one["type"])} for one in error.errors()]


def _named(step: str | int) -> str:
    text = str(step)
    return "…" if _NUMBER.search(text) or len(text) > 64 else text


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

    _describe(app)


def _describe(app: FastAPI) -> None:
    """`/openapi.json` tells of problems as they are sent, in the place of FastAPI's own form of a wrong field."""
    told = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schemas = told().setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = _SCHEMA
            for responses in _responses(told()):
                if responses.get("422", {}).get("description") == "Validation Error":
                    del responses["422"]
                responses["4XX"] = {"description": "The request cannot be answered, and why", "content": _CONTENT}
                responses["503"] = {"description": "Kafka or Redis is away; send it again", "content": _CONTENT}
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
        return told()

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's manual does it


def _responses(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        yield from (operation["responses"] for operation in operations.values())


def unreadable(error: RequestValidationError | ValidationError) -> Problem:
    """The request does not have the form that the API asks for."""
    return Problem(422, "wrong_fields", "some fields are missing or wrong", fields=wrong_fields(error))


def away(what: str) -> Problem:
    """What we need does not answer; nothing was lost, and the same request may be sent again."""
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return Problem(503, f"{what}_away", f"{what} does not answer; send the same request again", headers=headers)
