"""A replay says the same, to the byte, whatever carries it: processes, layouts, compression, a kill in the middle."""

import gzip
import json
import lzma
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.alerts import State
from streams.replay import outcome
from streams.replay.history import History
from streams.replay.make import Setup, forget, make
from streams.replay.memory import Memory
from streams.replay.run import ALERTS, CHECKPOINT, SAID, Counts
from streams.replay.team import ReplayError, laid_out
from tests.stories.play import FOLDER, KEY, POLICY, every, play, read
from tests.unit.replay import histories

SETUP = Setup(KEY)
STORIES = {path.stem: read(path) for path in every()}
CALM = [name for name, story in STORIES.items() if not story.feeds and not story.ticks][::4]
"""Stories in which every feed is alive and nobody waits: a replay's own clock changes nothing."""


def _made(file: Path, folder: Path, setup: Setup = SETUP) -> tuple[Counts, bytes]:
    counts = make(History(file), POLICY, folder, setup, lambda _, __: None)
    return counts, (folder / SAID).read_bytes() + (folder / ALERTS).read_bytes()


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return histories.nation(tmp_path_factory.mktemp("nation") / "events.ndjson", 300)


@pytest.fixture(scope="module")
def alone(nation: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Counts, bytes]:
    return _made(nation, tmp_path_factory.mktemp("alone"))


def test_counts(alone: tuple[Counts, bytes], nation: Path) -> None:
    """Every attempt is answered; alerts are raised, some are withdrawn by a late passport, and expire by their own clock."""
    counts, said = alone
    assert counts.lines == nation.read_bytes().count(b"\n")
    assert counts.rejected == {}
    assert said.count(b'"verdict"') == counts.screenings >= 300
    assert counts.facts > counts.lines
    assert b'"state":"EXPIRED"' in said


@pytest.mark.parametrize("layout", [laid_out(2), (1, 0, 0, 1, 2, 2, 0, 1, 2, 1, 0, 2)], ids=["two", "three, shuffled"])
def test_processes_do_not_matter(
    alone: tuple[Counts, bytes], nation: Path, tmp_path: Path, layout: tuple[int, ...]
) -> None:
    assert _made(nation, tmp_path, replace(SETUP, layout=layout)) == alone


def test_packed_files(alone: tuple[Counts, bytes], nation: Path, tmp_path: Path) -> None:
    gz, xz = tmp_path / "events.ndjson.gz", tmp_path / "events.ndjson.xz"
    gz.write_bytes(gzip.compress(nation.read_bytes()))
    xz.write_bytes(lzma.compress(nation.read_bytes(), preset=0))
    assert _made(gz, tmp_path / "gz") == alone
    assert _made(xz, tmp_path / "xz") == alone


def test_a_bound_of_memory_does_not_matter(
    alone: tuple[Counts, bytes], nation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.replay.share.Memory", lambda: Memory(most=10))
    assert _made(nation, tmp_path) == alone


def test_doubled_lines_say_nothing_new(alone: tuple[Counts, bytes], nation: Path, tmp_path: Path) -> None:
    twice = tmp_path / "twice.ndjson"
    twice.write_bytes(b"".join(line * 2 for line in nation.read_bytes().splitlines(keepends=True)))
    assert _made(twice, tmp_path)[1] == alone[1]


def test_a_killed_replay_goes_on(alone: tuple[Counts, bytes], nation: Path, tmp_path: Path) -> None:
    """Killed behind its first checkpoint; another count of processes ends it with the same bytes."""
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom tests.unit.replay.test_replay import *\n"
        "heard = lambda done, counts: time.sleep(0.1)\n"
        "import streams.replay.run as run\nrun.BLOCK = 50\n"
        f"make(History(Path({str(nation)!r})), POLICY, Path({str(tmp_path)!r}), Setup(KEY, keep_every=100), heard)\n"
    )
    killed = subprocess.Popen([sys.executable, "-c", program], cwd=FOLDER.parents[1])
    until = time.monotonic() + 60
    while not (tmp_path / CHECKPOINT / "place").exists() and time.monotonic() < until:
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    place = json.loads((tmp_path / CHECKPOINT / "place").read_bytes())
    assert 0 < place["line"] < alone[0].lines
    assert _made(nation, tmp_path, replace(SETUP, layout=laid_out(2))) == alone
    assert not (tmp_path / CHECKPOINT).exists()


def test_a_checkpoint_of_something_else_is_refused(nation: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / CHECKPOINT
    checkpoint.mkdir()
    (checkpoint / "place").write_text('{"told":"another","counts":{}}')
    with pytest.raises(ReplayError, match="another history"):
        _made(nation, tmp_path)
    forget(tmp_path)
    assert _made(nation, tmp_path)[0].lines > 0


def test_what_cannot_be_read_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b'{"id"\n{"source":"simkim","type":"no_such"}\n\n{"source":"mars","type":"landed"}\n')
    counts, said = _made(file, tmp_path)
    assert counts.rejected == {"not_json": 1, "unknown_type": 2}
    assert said == b""


@pytest.mark.parametrize("name", CALM)
def test_a_story_ends_as_it_is_told(name: str, tmp_path: Path) -> None:
    """What stands behind a replay is what stands at the end of the story as the stories' own player has it."""
    story = STORIES[name]
    _made(histories.of(story, tmp_path / "events.ndjson"), tmp_path)
    said = [one.alert for one in outcome.read(tmp_path / ALERTS) if one.alert is not None]
    ours = {one.alert_id: (one.severity, one.rules) for one in said if one.state is not State.WITHDRAWN}
    played = play(story).world.standing().values()
    theirs = {
        one.alert_id: (one.severity, tuple(sorted({hit.rule for hit in one.indications})))
        for one in played
        if one.state is not State.WITHDRAWN
    }
    assert ours == theirs
