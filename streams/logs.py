"""How programs write their logs: lines for people, or one JSON object a line for whatever collects them."""

import logging
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

Format = Literal["text", "json"]
LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"


class JsonLines(logging.Formatter):
    """One object a line: `at` in UTC, `level`, `logger`, `message`, and `error` with the traceback when there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Never more than one line."""
        told: dict[str, str] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(told).decode()


def formatter(kind: Format) -> logging.Formatter:
    """For a handler that is made by hand."""
    return JsonLines() if kind == "json" else logging.Formatter(LINE)


def described(kind: Format) -> dict[str, Any]:
    """The same for `logging.config.dictConfig`."""
    return {"()": JsonLines} if kind == "json" else {"format": LINE}


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
