"""What all commands share: the console, colours of severities, exit codes, and the one line in which an error is told."""

import asyncio
import logging
from collections.abc import Coroutine
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import redis.exceptions
import typer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
)
from rich.console import Console

from schemas.alerts import Severity
from schemas.policy import Policy
from streams import policy, security, settings
from streams.admin import AdminError
from streams.local import LocalError
from streams.publish import PublishError

Result = TypeVar("Result")

console = Console()
errors = Console(stderr=True)

COLOURS = {
    Severity.LOW: "dim",
    Severity.MEDIUM: "cyan",
    Severity.HIGH: "yellow",
    Severity.CRITICAL: "bold red",
}


NOT_ALLOWED = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)


class Exit(IntEnum):
    """Exit codes of `suar`, as the README lists them."""

    OK = 0
    CRASHED = 1
    REFUSED = 2
    STALLED = 3
    POISONED = 4
    NOT_FOUND = 5
    AWAY = 6


def fail(text: str, code: Exit = Exit.REFUSED) -> NoReturn:
    """One line that says what to do, and an exit code."""
    errors.print(f"[red]✗[/red] {text}", highlight=False, soft_wrap=True)
    raise typer.Exit(int(code))


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs a command's coroutine; what can go wrong outside this program becomes one line."""
    for chatty in ("aiokafka", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)  # an outage is told once, by us
    try:
        return asyncio.run(work)
    except (AdminError, PublishError, LocalError, policy.PolicyError, settings.SettingsError) as error:
        fail(str(error))
    except redis.exceptions.RedisError as error:
        fail(f"Redis does not answer ({type(error).__name__}): start it, or set SUAR_REDIS", Exit.AWAY)
    except NOT_ALLOWED as error:
        fail(f"Kafka does not let this principal do that ({type(error).__name__}): see suar principals list")
    except KafkaError as error:
        fail(_away(error), Exit.AWAY)


def _away(error: KafkaError) -> str:
    """A broker that refuses us looks to aiokafka like one that is away."""
    config = without_secrets()
    if config.kafka_protocol == "PLAINTEXT":
        return f"Kafka does not answer ({type(error).__name__}): start it, or set SUAR_KAFKA"
    if isinstance(error, KafkaTimeoutError):
        return "Kafka does not answer about a topic: may this principal read it? See suar principals list"
    return asyncio.run(security.why(config.kafka))


def configured() -> settings.Settings:
    """The settings, or one line that names the variable."""
    try:
        return settings.load()
    except settings.SettingsError as error:
        fail(str(error))


def without_secrets() -> settings.Settings:
    """The settings for commands that never touch an identity: the key may be missing."""
    try:
        return settings.load()
    except settings.SettingsError:
        try:
            return settings.load(pseudonym_key="not-used-by-this-command-but-long-enough")
        except settings.SettingsError as error:
            fail(str(error))


def in_force(path: Path) -> Policy:
    """The policy, or one line that names the file and the place."""
    try:
        return policy.load(path)
    except policy.PolicyError as error:
        fail(str(error))
