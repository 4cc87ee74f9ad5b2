"""The course of a replay: slice after slice, to the fixpoint of each, with checkpoints from which it can go on."""

import json
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import msgspec

from streams.replay.history import History
from streams.replay.team import ReplayError, Team
from streams.replay.words import ALERT, SLICE, Line, Mark, Reply, Said, Slice, Step, written

BLOCK = 4000
"""Lines that are admitted at once."""
KEEP_EVERY = 250_000
"""Lines between two checkpoints, about half a minute."""
REST_EVERY = 60
"""Slices between two looks at how much memory is in use."""
SAID, ALERTS, COUNTS, CHECKPOINT = "said.ndjson", "alerts.ndjson", "counts.json", "checkpoint"


class Counts(msgspec.Struct):
    """What a replay went through and said."""

    lines: int = 0
    facts: int = 0
    """Notes and ticks included."""
    revisions: int = 0
    screenings: int = 0
    slices: int = 0
    rejected: dict[str, int] = {}
    """By reason."""


class Place(msgspec.Struct):
    """Where a replay stands between two slices."""

    told: str
    """What is replayed, under which policy and key: another replay does not go on from here."""
    counts: Counts
    line: int = 0
    clock: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    bytes: int = 0
    """Length of what was said so far."""


Heard = Callable[[float, Counts], None]
"""Told now and then: the share of the history that has been read, and the counts."""


class Run:
    """One history under one policy into one folder."""

    def __init__(self, history: History, team: Team, folder: Path, told: str) -> None:
        self._history, self._team, self._folder = history, team, folder
        self.place = Place(told, Counts())
        self._wakes: dict[int, datetime] = {}
        """By process: the earliest look by the wall clock that it knows of."""
        self._facts_in: list[deque[int]] = [deque() for _ in range(team.size)]
        """By process: the lines still to come that hold facts or marks for it."""
        self._refused: deque[tuple[int, str]] = deque()
        self._kept = 0

    def go(self, heard: Heard, *, keep_every: int = KEEP_EVERY) -> Counts:
        """From the checkpoint, if there is one, to the end. Raises ReplayError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        with (self._folder / SAID).open("r+b" if self.place.bytes else "wb") as out:
            out.truncate(self.place.bytes)
            out.seek(self.place.bytes)
            for last, clock in self._slices(heard):
                self._upto(clock, out.write)
                self._slice(last, clock, _index(clock), out.write)
                if last - self._kept >= keep_every:
                    out.flush()
                    self._keep()
        _finals(self._folder)
        (self._folder / COUNTS).write_bytes(json.dumps(msgspec.to_builtins(self.place.counts), indent=1).encode())
        shutil.rmtree(self._folder / CHECKPOINT, ignore_errors=True)
        return self.place.counts

    def _slices(self, heard: Heard) -> Iterator[tuple[int, datetime]]:
        """The last line and the clock of each slice that has lines, once all its lines are where they belong."""
        entries = self._history.entries(self.place.line, self.place.clock)
        open_slice: tuple[int, datetime] | None = None
        while block := list(islice(entries, BLOCK)):
            self._admit(block)
            for entry in block:
                if open_slice is not None and _index(open_slice[1]) != _index(entry.clock):
                    yield open_slice
                open_slice = (entry.number, entry.clock)
            heard(self._history.done, self.place.counts)
        if open_slice is not None:
            yield open_slice
        heard(1.0, self.place.counts)

    def _admit(self, block: Sequence[Line | Mark]) -> None:
        lines = [one for one in block if isinstance(one, Line)]
        marks = [one for one in block if isinstance(one, Mark)]
        size = self._team.size
        each = -(-len(lines) // size)
        admitted = self._team.ask(
            {number: Step("admit", lines=lines[number * each : (number + 1) * each]) for number in range(size)}
        )
        blobs = _exchanged(admitted)
        self._team.ask({number: Step("feed", blobs=blobs.get(number, []), marks=marks) for number in range(size)})
        self._refused.extend(sorted(one for reply in admitted.values() for one in reply.rejected))
        for reply in admitted.values():
            for number, some in reply.lines.items():
                self._facts_in[number].extend(some)
        for facts_in in self._facts_in:
            facts_in.extend(mark.number for mark in marks)
        self._facts_in = [deque(sorted(set(some))) for some in self._facts_in]

    def _concerned(self, part: Slice) -> list[int]:
        """Processes with facts or marks in the slice, or with a look that falls due in it: the others have nothing to do."""
        found: list[int] = []
        for number, lines in enumerate(self._facts_in):
            before = len(lines)
            while lines and lines[0] <= part.last:
                lines.popleft()
            wake = self._wakes.get(number)
            if len(lines) < before or (wake is not None and wake < part.ends):
                found.append(number)
        return found

    def _upto(self, clock: datetime, write: Callable[[bytes], object]) -> None:
        """Looks that fall due while the history is silent."""
        while self._wakes and _index(min(self._wakes.values())) < _index(clock):
            index = max(_index(min(self._wakes.values())), _index(self.place.clock))
            self._slice(self.place.line, max(self.place.clock, _begins(index)), index, write)

    def _slice(self, last: int, now: datetime, index: int, write: Callable[[bytes], object]) -> None:
        """Facts, then notes until nobody has any, then ticks, and again until nothing is due."""
        said: list[Said] = []
        part = Slice(last, now, _begins(index + 1))
        due: set[int] = set()
        steps = dict.fromkeys(self._concerned(part), Step("begin", part=part))
        while steps:
            replies = self._heard(self._team.ask(steps), said)
            for number, reply in replies.items():
                (due.add if reply.due else due.discard)(number)
            notes = _exchanged(replies)
            waiting = {number for number, reply in replies.items() if reply.waiting}
            steps = {number: Step("settle", blobs=notes.get(number, []), part=part) for number in {*notes, *waiting}}
            if not steps:
                steps = dict.fromkeys(sorted(due), Step("tick", part=part))
        if self.place.counts.slices % REST_EVERY == 0:
            self._team.all(Step("rest"))
        self.place.line, self.place.clock = last, now
        self._count(last)
        said.sort(key=lambda one: (one.at, one.kind, one.name, one.revision, one.text))
        for one in said:
            line = written(one.at, one.kind, one.text)
            write(line)
            self.place.bytes += len(line)

    def _count(self, last: int) -> None:
        """Only what the slices so far went through: a checkpoint counts nothing twice."""
        counts = self.place.counts
        counts.slices += 1
        counts.lines = last
        while self._refused and self._refused[0][0] <= last:
            reason = self._refused.popleft()[1]
            counts.rejected = dict(sorted({**counts.rejected, reason: counts.rejected.get(reason, 0) + 1}.items()))

    def _heard(self, replies: dict[int, Reply], said: list[Said]) -> dict[int, Reply]:
        for number, reply in replies.items():
            self._wake(number, reply)
            said += reply.said
            alerts = sum(one.kind == ALERT for one in reply.said)
            self.place.counts.revisions += alerts
            self.place.counts.screenings += len(reply.said) - alerts
            self.place.counts.facts += reply.facts
        return replies

    def _wake(self, number: int, reply: Reply) -> None:
        if reply.wakes is None:
            self._wakes.pop(number, None)
        else:
            self._wakes[number] = reply.wakes

    def _keep(self) -> None:
        """Beside the old one first: whenever it is interrupted, one of them is whole."""
        new, old = self._folder / f"{CHECKPOINT}.new", self._folder / CHECKPOINT
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        self._team.all(Step("keep", folder=str(new)))
        (new / "place").write_bytes(msgspec.json.encode(self.place))
        shutil.rmtree(old, ignore_errors=True)
        new.rename(old)
        self._kept = self.place.line

    def _resume(self) -> None:
        for folder in (self._folder / CHECKPOINT, self._folder / f"{CHECKPOINT}.new"):
            if not (folder / "place").exists():
                continue
            place = msgspec.json.decode((folder / "place").read_bytes(), type=Place)
            if place.told != self.place.told:
                raise ReplayError(
                    f"{folder} is a checkpoint of another history, policy or key: take --fresh or another --out"
                )
            self.place, self._kept = place, place.line
            for number, reply in self._team.all(Step("restore", folder=str(folder))).items():
                self._wake(number, reply)
            return


def _exchanged(replies: Mapping[int, Reply]) -> dict[int, list[bytes]]:
    """By process: what the others have for it."""
    found: dict[int, list[bytes]] = {}
    for _, reply in sorted(replies.items()):
        for number, blob in reply.notes.items():
            found.setdefault(number, []).append(blob)
    return found


def _index(clock: datetime) -> int:
    """Which slice a moment is in."""
    return int(clock.timestamp() // SLICE.total_seconds())


def _begins(index: int) -> datetime:
    return datetime.fromtimestamp(index * SLICE.total_seconds(), UTC)


class _Name(msgspec.Struct):
    alert_id: str
    revision: int


class _Revision(msgspec.Struct):
    alert: _Name | None = None


def _finals(folder: Path) -> None:
    """The last revision of every alert, by its id."""
    newest: dict[str, tuple[int, int]] = {}
    decode = msgspec.json.Decoder(_Revision).decode
    with (folder / SAID).open("rb") as said:
        at = 0
        for line in said:
            one = decode(line).alert
            if one is not None and one.revision > newest.get(one.alert_id, (0, 0))[0]:
                newest[one.alert_id] = (one.revision, at)
            at += len(line)
        with (folder / ALERTS).open("wb") as out:
            for name in sorted(newest):
                said.seek(newest[name][1])
                out.write(said.readline())
