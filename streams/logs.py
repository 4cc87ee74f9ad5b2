"""How programs write their logs: lines for people, or one JSON object a line for whatever collects them."""

import logging
from collections.abc import MutableMapping
from typing import Any, Literal

import msgspec
import structlog

Format = Literal["text", "json"]
LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"


def formatter(kind: Format) -> logging.Formatter:
    """For a handler that is made by hand."""
    return _json() if kind == "json" else Lines(LINE)


def described(kind: Format) -> dict[str, Any]:
    """The same for `logging.config.dictConfig`."""
    return {"()": _json} if kind == "json" else {"()": Lines, "fmt": LINE}


class Lines(logging.Formatter):
    """Text; fields that a logger gave stand behind it as `name=value`."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """One line."""
        return super().formatMessage(record) + "".join(f" {name}={value}" for name, value in _given(record).items())


_EXTRA = structlog.stdlib.ExtraAdder()


def _fields(logger: logging.Logger, name: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds what a logger gave with `extra`, and not what a formatter put on the record before."""
    found = _EXTRA(logger, name, told)
    return {name: value for name, value in found.items() if name not in {"message", "asctime"}}


def _given(record: logging.LogRecord) -> dict[str, object]:
    """What a logger gave with `extra`."""
    found = _fields(logging.getLogger(), "", {"_record": record})
    return {name: value for name, value in found.items() if name != "_record"}


def _json() -> logging.Formatter:
    """One object a line: `at` in UTC, `level`, `logger`, `message`, the logger's fields, and `error` with the traceback."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            _fields,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            _named,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(lambda told, **_: msgspec.json.encode(told, enc_hook=str).decode()),
        ]
    )


def _named(_: object, __: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Our names for what structlog calls `event` and `exception`."""
    told["level"] = told["level"].upper()
    told["message"] = told.pop("event")
    if "exception" in told:
        told["error"] = told.pop("exception")
    return told


def of_uvicorn(level: str) -> dict[str, Any]:
    """What uvicorn and the gateway's own loggers write as JSON, for `dictConfig`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": described("json")},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": "WARNING", "handlers": ["console"]},
        "loggers": {name: {"level": level.upper(), "propagate": True} for name in ("uvicorn", "uvicorn.error", "suar")},
    }
