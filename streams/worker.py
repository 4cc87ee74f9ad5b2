"""Starts a worker: refuses to run on wrong topics or missing secrets, then hands over to Faust."""

import gc
import logging
import time

import faust.worker

from schemas.policy import Policy
from streams import connection, logs, traces
from streams.admin import Admin, AdminError
from streams.app import build
from streams.settings import Settings

QUIET_SECONDS = 5.0
"""A broker that is away makes aiokafka log thousands of lines a second; one of a kind in so many seconds is enough."""


class RefusalError(AdminError):
    """The worker must not start; one line that says what to do."""


async def refuse_wrong_topics(settings: Settings) -> None:
    """Unequal partition counts split a person's dossier; other settings lose facts early. Raises RefusalError."""
    async with Admin(settings.kafka) as admin:
        differences = await admin.check()
    if differences:
        more = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
        raise RefusalError(f"{differences[0]}{more}: run `suar topics check`, then `suar topics create`")


class Seldom(logging.Filter):
    """Lets one record of each message template through every few seconds, with the count of those held back."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """True when the record may pass; the steps of a trace always do."""
        if hasattr(record, "trace"):
            return True
        kind = f"{record.name}:{record.msg}"
        now = time.monotonic()
        if now - self._last.get(kind, -QUIET_SECONDS) < QUIET_SECONDS:
            self._held[kind] = self._held.get(kind, 0) + 1
            return False
        held = self._held.pop(kind, 0)
        if held:
            record.msg = f"{record.msg} (and {held} more like it)"
        self._last[kind] = now
        return True


def _logging(level: str, written: logs.Format) -> dict[str, object]:
    """aiokafka and Faust below warnings have nothing for an operator; all go through `Seldom`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"seldom": {"()": Seldom}},
        "formatters": {"line": logs.described(written)},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["seldom"]},
        },
        "root": {"level": "WARNING", "handlers": ["console"]},
        "loggers": {
            "suar": {"level": level},
            "aiokafka": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
            "mode": {"level": "WARNING"},
            "faust": {"level": "WARNING"},
        },
    }


COLLECTS_AT = (20_000, 20, 50)
"""Facts are trees without cycles: the collector has little to find and much to look at."""


def run(settings: Settings, policy: Policy, level: str = "INFO") -> None:
    """Runs until a signal; the process ends with it."""
    connection.mend()
    traces.export()
    app = build(settings, policy)
    app.finalize()
    gc.freeze()
    gc.set_threshold(*COLLECTS_AT)
    worker = faust.worker.Worker(
        app, loglevel=level, redirect_stdouts=False, quiet=True, logging_config=_logging(level, settings.log_format)
    )
    worker.execute_from_commandline()
