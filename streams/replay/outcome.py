"""What a replay or a live run said, read again: revisions and answers in the order in which they were said."""

import gzip
import lzma
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, cast

import msgspec

from schemas.alerts import Confidence, Family, Severity, State, TriggerKind, Verdict
from streams.replay.team import ReplayError


class Sentence(msgspec.Struct, frozen=True):
    """One sentence in English."""

    en: str


class Indication(msgspec.Struct, frozen=True):
    """A rule that spoke."""

    rule: str
    family: Family
    severity: Severity
    confidence: Confidence
    why: Sentence


class Alert(msgspec.Struct, frozen=True):
    """What is counted of one revision of an alert."""

    alert_id: str
    revision: int
    state: State
    trigger: TriggerKind
    trigger_id: str
    subject: str
    place: str
    at: datetime
    severity: Severity
    created_at: datetime
    indications: tuple[Indication, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def stands(self) -> bool:
        """False once it was withdrawn."""
        return self.state is not State.WITHDRAWN

    @property
    def rules(self) -> tuple[str, ...]:
        """By id, in order."""
        return tuple(sorted({one.rule for one in self.indications}))


class Missing(msgspec.Struct, frozen=True):
    """A rule that could not be judged."""

    rule: str
    source: str | None = None


class Screening(msgspec.Struct, frozen=True):
    """What is counted of one answer to an attempt."""

    crossing_id: str
    revision: int
    verdict: Verdict
    reason: str
    checkpoint: str
    at: datetime
    severity: Severity | None = None
    alert_id: str | None = None
    undetermined: tuple[Missing, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """One line: a revision of an alert or of a screening, and the history's clock when it was said, UTC."""

    said_at: datetime
    alert: Alert | None = None
    screening: Screening | None = None


_SAID = msgspec.json.Decoder(Said)


def read(path: Path) -> Iterator[Said]:
    """Every line of `said.ndjson`, `alerts.ndjson`, or the same from a live run, also .gz or .xz. Raises ReplayError."""
    read_so_far = 0
    try:
        with opened(path) as lines:
            for line in lines:
                yield _SAID.decode(line)
                read_so_far += 1
    except OSError as error:
        raise ReplayError(f"{path}: {error.strerror or error}") from None
    except msgspec.MsgspecError:
        raise ReplayError(
            f"{path}: line {read_so_far + 1} is nothing that Suar said: said_at, and an alert or a screening"
        ) from None


def opened(path: Path) -> IO[bytes]:
    """The file in clear, by its name's end."""
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    return cast("IO[bytes]", lzma.open(path)) if path.suffix == ".xz" else path.open("rb")
