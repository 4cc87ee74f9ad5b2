"""Makes a replay: a history, a policy and a folder in; counts out."""

import hashlib
import hmac
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas.policy import Policy
from streams import policy as policies
from streams.replay.history import History
from streams.replay.run import ALERTS, CHECKPOINT, COUNTS, KEEP_EVERY, SAID, Counts, Heard, Run
from streams.replay.team import Team, laid_out


@dataclass(frozen=True)
class Setup:
    """What does not change the outcome (the layout of partitions on processes, checkpoints), and the key, which names subjects."""

    key: bytes
    layout: Sequence[int] = field(default_factory=lambda: laid_out(1))
    keep_every: int = KEEP_EVERY
    """Lines between two checkpoints."""


def make(history: History, policy: Policy, folder: Path, setup: Setup, heard: Heard) -> Counts:
    """Goes on from the folder's checkpoint when it is of this replay. Raises ReplayError."""
    published = policies.digest(policies.content(policy))
    key = hmac.digest(setup.key, b"suar replay", "sha256").hex()[:16]
    told = hashlib.sha256(f"{history.fingerprint} {published} {key}".encode()).hexdigest()
    with Team(policy, setup.key, setup.layout) as team:
        return Run(history, team, folder, told).go(heard, keep_every=setup.keep_every)


def forget(folder: Path) -> None:
    """Takes away what an earlier replay left in the folder."""
    for name in (CHECKPOINT, f"{CHECKPOINT}.new"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (SAID, ALERTS, COUNTS):
        (folder / name).unlink(missing_ok=True)
