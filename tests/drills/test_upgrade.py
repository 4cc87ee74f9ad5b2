"""Workers of the previous version give way to this one, one by one and under load, and one of them is rolled back on the way."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from agents.dossier import Dossier
from schemas.topics import Topic
from streams.local import CHECKOUT
from tests.drills.audit import Audit, Said
from tests.drills.conftest import Told
from tests.drills.ground import Ground
from tests.drills.replay import Replay
from tests.drills.workers import Worker, until

CODE = ("agents", "schemas", "streams", "deploy/policy")


class AcrossVersions(Audit):
    """The same count, but for words: what two versions remember or say of one thing need not be the same to the byte."""

    def _matches(self, found: Mapping[str, Dossier], wanted: Mapping[str, Dossier]) -> None:
        assert found.keys() == wanted.keys()

    def _repeats(self, topic: Topic, before: bytes, value: bytes) -> None:
        self.figures[f"{topic.name} worded anew"] += before != value

    def _nothing_unsaid(self, replay: Replay, alerts: Said, screenings: Said) -> None:
        missing = [name for name in replay.owed if name not in replay.written]
        assert not missing, f"{len(missing)} notes were never written"


def test_rolling_upgrade(ground: Ground, told: Told, feeds_live: Callable[[], None]) -> None:
    """Either version reads what the other stored and said."""
    before = _previous(ground.folder / "previous")
    ground.say(f"the previous version is {before.name}")
    old = {"PYTHONPATH": str(before), "SUAR_POLICY": str(CHECKOUT / "deploy" / "policy" / "2026-11.toml")}
    first, second = ground.worker(**old), ground.worker(**old)
    until(lambda: first.ready and second.ready, "two workers of the previous version")
    assert _runs(first) == before, "it runs from where it was put"
    feeds_live()
    ground.publish(told.history.events)
    ground.at(0.15, "the first gives way to this version")
    first.stop()
    third = ground.worker()
    ground.at(0.35, "and the second")
    second.stop()
    fourth = ground.worker()
    ground.at(0.55, "one is rolled back")
    until(lambda: third.ready, "it has taken over")
    third.stop()
    first.start()
    ground.at(0.75, "and upgraded again")
    until(lambda: first.ready, "the previous version has taken over")
    first.stop()
    third.start()
    ground.settle()
    until(lambda: third.ready and fourth.ready, "two workers of this version")
    assert _runs(third) == CHECKOUT
    AcrossVersions(ground, told.truth, told.policy).run()
    assert {*first.codes, *second.codes, *third.codes} == {0}


def _runs(worker: Worker) -> Path:
    """Where the program of a process lies, as its environment says."""
    environment = Path(f"/proc/{worker.pid}/environ").read_bytes().split(b"\0")
    return Path(next(one for one in environment if one.startswith(b"PYTHONPATH=")).decode().partition("=")[2])


def _previous(folder: Path) -> Path:
    """The code of the release before: SUAR_DRILL_PREVIOUS names it; otherwise what was there before the last change of code."""
    wanted = os.environ.get("SUAR_DRILL_PREVIOUS") or _git("log", "-2", "--format=%h", "--", *CODE).split()[-1]
    code = _git("rev-parse", "--short", wanted)
    changed = _git("diff", "--stat", code, "--", *CODE)
    assert changed, f"{code} has the same code: name an older commit in SUAR_DRILL_PREVIOUS"
    into = folder / code
    into.mkdir(parents=True)
    archive = subprocess.run(
        ["git", "-C", str(CHECKOUT), "archive", code, *CODE], capture_output=True, check=True, timeout=60
    )
    subprocess.run(["tar", "-x", "-C", str(into)], input=archive.stdout, check=True, timeout=60)
    return into


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(CHECKOUT), *words], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"the previous version is read from git: {done.stderr.strip()}"
    return done.stdout.strip()
