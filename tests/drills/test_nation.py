"""The sample week, with faults on, through Kafka faster than it happened: it ends in the alerts of `suar replay`."""

import json
import tomllib
from collections import Counter
from pathlib import Path

from schemas.alerts import Alert
from schemas.facts import decode
from schemas.topics import AGENCY_TOPICS, ALERTS, FACTS, REJECTED, SCREENINGS
from streams.replay import outcome
from streams.settings import ROOT
from tests.broker.installation import READ_BY_WORKERS, Installation
from tests.drills.workers import until

FAULTS = {"late": "0.02", "doubled": "0.02", "out-of-order": "0.05", "schema-errors": "0.002", "lost": "0.002"}
SETTLED_WITHIN = 900.0

Standing = dict[str, tuple[object, ...]]


def test_live_equals_replay(suar: Installation, tmp_path: Path) -> None:
    """Facts come in whatever order the partitions give them; a replay of the log takes them by its own clock."""
    made = tomllib.loads((ROOT / "seeds" / "nation" / "made.toml").read_text())
    for _ in range(2):
        suar.worker()
    until(lambda: all(one.ready for one in suar.workers), "two workers are ready")
    words = ["--from", str(made["from"]), "--outcomes"]
    words += [word for name in ("days", "scale", "seed") for word in (f"--{name}", str(made[name]))]
    words += [word for name, share in FAULTS.items() for word in (f"--{name}", share)]
    done = suar.cli("simulate", "--publish", *words)
    assert done.exit_code == 0, done.output
    until(lambda: _settled(suar), "all is folded", limit=SETTLED_WITHIN, every=1.0)

    replayed = suar.cli("replay", "--log", "--out", str(tmp_path), "--processes", "2")
    assert replayed.exit_code == 0, replayed.output
    live, ours = _live(suar), _replayed(tmp_path)
    here, there = _standing(live), _standing(ours)
    verdicts = _verdicts(suar)
    refused = Counter(dict(one.headers)["suar-reason"].decode() for one in suar.read(REJECTED))
    read = sum(suar.ends(AGENCY_TOPICS).values())
    print(f"\n{read:,} records in, {sum(refused.values()):,} of them refused: {dict(refused)}")
    print(f"alerts that stand: {len(here):,} live, {len(there):,} in the replay; screenings {dict(verdicts)}")
    print(f"withdrawn: {len(live) - len(here):,} live, {len(ours) - len(there):,} in the replay")
    assert len(here) > 300
    assert refused
    assert here.keys() == there.keys(), f"{len(here.keys() ^ there.keys())} stand only on one side"
    different = {name: (one, there[name]) for name, one in here.items() if there[name] != one}
    assert not different, f"{len(different)} differ, such as {next(iter(different.values()))}"
    attempts = {one.text("crossing_id") for one in map(decode, _values(suar)) if one.kind == "crossing_attempted"}
    assert sum(verdicts.values()) == len(attempts), "every attempt has its answer"


def _settled(suar: Installation) -> bool:
    for one in suar.workers:
        one.check()
    folded, ends = suar.folded(READ_BY_WORKERS), suar.ends(READ_BY_WORKERS)
    return folded == ends


def _values(suar: Installation) -> list[bytes]:
    return [one.value for one in suar.read(FACTS) if one.value is not None]


def _standing(alerts: Standing) -> Standing:
    """Whether an alert that was withdrawn had been said at all depends on which fact came first."""
    return {name: one for name, one in alerts.items() if one[0] != "WITHDRAWN"}


def _live(suar: Installation) -> Standing:
    newest: dict[str, Alert] = {}
    for record in suar.read(ALERTS):
        one = Alert.model_validate_json(record.value or b"")
        if one.alert_id not in newest or one.revision > newest[one.alert_id].revision:
            newest[one.alert_id] = one
    return {
        name: (one.state.value, one.severity.name, tuple(sorted({hit.rule for hit in one.indications})))
        for name, one in newest.items()
    }


def _replayed(folder: Path) -> Standing:
    told = [one.alert for one in outcome.read(folder / "alerts.ndjson") if one.alert is not None]
    return {one.alert_id: (one.state.value, one.severity.name, one.rules) for one in told}


def _verdicts(suar: Installation) -> Counter[str]:
    """Of the newest revision of each crossing's screening."""
    newest: dict[str, tuple[int, str]] = {}
    for record in suar.read(SCREENINGS):
        one = json.loads(record.value or b"")
        newest[one["crossing_id"]] = max(newest.get(one["crossing_id"], (0, "")), (one["revision"], one["verdict"]))
    return Counter(verdict for _, verdict in newest.values())
