"""Where a simulation goes: files of the same bytes, and topics at the pace that was asked for."""

import gzip
import hashlib
import json
import lzma
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from streams.cli import whole
from streams.produce import Outbox, Record
from streams.simulator.clock import DAY, day_of
from streams.simulator.deliver import Compression, Count, Pace, deliver, kept, publish, speed_of
from streams.simulator.run import Line, heartbeat
from tests.unit.simulator.nations import BEGIN, plan, told

RUN = CliRunner()
FIRST = day_of(BEGIN) * DAY


class _Outbox:
    """Keeps what it is given, with the moment."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.at: list[float] = []

    async def send(self, records: list[Record]) -> None:
        self.records += records
        self.at += [time.monotonic()] * len(records)


def _nothing(_: Count) -> None:
    return


@pytest.mark.parametrize(("how", "read"), [(Compression.GZ, gzip.open), (Compression.XZ, lzma.open)])
def test_packed_files_hold_the_same_lines_and_the_same_bytes(tmp_path: Path, how: Compression, read: Any) -> None:
    found = told(plan(scale=0.002))
    for name in ("one", "two"):
        count = Count()
        deliver(kept(found, tmp_path / name, how, count), count, _nothing)
    packed = [(tmp_path / name / f"events.ndjson.{how.value}").read_bytes() for name in ("one", "two")]
    assert packed[0] == packed[1]
    with read(tmp_path / "one" / f"events.ndjson.{how.value}") as lines:
        text = lines.read()
    assert hashlib.sha256(text).hexdigest() == count.digests["events.ndjson"]
    assert text == b"".join(line.text + b"\n" for line in found if not line.truth)
    assert count.events == text.count(b"\n")


async def test_publishing_sends_everything_and_heartbeats_to_every_partition() -> None:
    found = told(plan(scale=0.002))
    outbox, count = _Outbox(), Count()
    await publish(found, cast("Outbox", outbox), Pace(None, FIRST), count, _nothing)
    beats = sum(b'"feed_heartbeat"' in line.text for line in found)
    topics = Counter(record.topic for record in outbox.records if record.partition is not None)
    assert set(topics.values()) == {12 * beats // 7}
    assert sum(record.partition is None for record in outbox.records) == count.events - beats
    assert not any(b"TRAFFICKED" in (record.value or b"") for record in outbox.records)


async def test_events_wait_for_their_moment() -> None:
    """Two simulated seconds at ten a second take 0.2 of ours; history does not wait."""
    lines = [Line(FIRST + second, heartbeat("polri", FIRST + second)) for second in (-5000, 0, 2)]
    outbox, began = _Outbox(), time.monotonic()
    await publish(lines, cast("Outbox", outbox), Pace(10.0, FIRST), Count(), _nothing)
    assert 0.19 < outbox.at[-1] - began < 2.0
    assert outbox.at[0] - began < 0.19


def test_speeds() -> None:
    assert [speed_of(text) for text in ("max", "real", "60x", "2.5")] == [None, 1.0, 60.0, 2.5]
    for wrong in ("0x", "fast", "-1", "nan"):
        with pytest.raises(ValueError):  # noqa: PT011 - the command says which
            speed_of(wrong)


def test_the_command_writes_a_folder(tmp_path: Path) -> None:
    asked = ["simulate", "--out", str(tmp_path), "--scale", "0.001", "--seed", "3", "--from", "2026-03-02"]
    result = RUN.invoke(whole(), [*asked, "--late", "0.1", "--outage", "polri:3"])
    assert result.exit_code == 0, result.output
    assert {path.name for path in tmp_path.iterdir()} == {"events.ndjson", "truth.ndjson"}
    first = json.loads((tmp_path / "events.ndjson").read_text().splitlines()[0])
    assert first["specversion"] == "1.0"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ((), "--out FOLDER"),
        (("--out", "x", "--speed", "fast"), "--speed fast"),
        (("--out", "x", "--outage", "simkim"), "NAME:FROM-TO"),
        (("--out", "x", "--nation", "/none.toml"), "No such file"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line(wrong: tuple[str, ...], said: str) -> None:
    result = RUN.invoke(whole(), ["simulate", *wrong])
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.strip().splitlines()) == 1
