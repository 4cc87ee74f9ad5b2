"""The audit log under seal, on a real broker: two sealers, one killed, a log that was changed, and who saw whom."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from schemas.audit import Look
from schemas.topics import ALERTS, AUDIT, SEALS
from streams.audit import signing
from streams.local import free_port
from streams.produce import Record
from streams.publish import heartbeats, record_of
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.drills.workers import until

pytestmark = pytest.mark.broker


def looks(*names: str, who: str = "petugas-1") -> list[Record]:
    """Somebody looked at these."""
    now = datetime.now(UTC)
    return [
        Record(
            AUDIT.name,
            name.encode(),
            msgspec.json.encode(Look(now, who, "person", ("SUPERVISOR",), "alert", (name,), "10.0.0.1", "r")),
        )
        for name in names
    ]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "seal.pem"
    signing.make(file)
    return file


@contextmanager
def sealer(suar: Installation, key: Path, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
    port = free_port()
    environment = {**os.environ, **suar.environment, "SUAR_AUDIT_KEY": str(key), "SUAR_SEAL_SECONDS": "0.3"}
    environment |= {"SUAR_SEALER_PORT": str(port), **more}
    command = [sys.executable, "-m", "streams", "audit", "seal"]
    until(lambda: suar.cli("topics", "check").exit_code == 0, "the broker knows the topics that were made anew")
    words = key.parent / f"sealer-{port}.log"
    with words.open("wb") as log:
        program = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def ready() -> bool:
        assert program.poll() is None, words.read_text()
        return _answers(port)

    try:
        until(ready, "the sealer is ready")
        yield program
    finally:
        if program.poll() is None:
            program.terminate()
        program.wait(15)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def sealed(suar: Installation) -> int:
    """Records that seals are about, each counted once."""
    seals = [msgspec.json.decode(one.value or b"") for one in suar.read(SEALS)]
    return sum(
        max(one["next"] for one in seals if one["partition"] == number)
        for number in {one["partition"] for one in seals}
    )


def test_what_was_noted_is_sealed_whoever_dies_and_verify_says_so(suar: Installation, key: Path) -> None:
    suar.recreate((AUDIT, SEALS))
    public = str(key.with_suffix(".pub"))
    with sealer(suar, key) as first:
        suar.publish(looks(*(f"{number:032x}" for number in range(300))))
        until(lambda: sealed(suar) == 300, "the looks are sealed")
        first.send_signal(signal.SIGKILL)
        first.wait()
    suar.publish(looks(*(f"{number:032x}" for number in range(300, 500))))
    with sealer(suar, key), sealer(suar, key):
        until(lambda: sealed(suar) == 500, "the others are sealed by whoever goes on", limit=90)
    suar.publish(looks("f" * 32))
    answer = suar.cli("audit", "verify", SUAR_AUDIT_PUBLIC=public)
    assert answer.exit_code == 0, answer.output
    assert "501 records compared, 1 of them younger" in answer.output


def test_a_log_that_was_changed_is_found(suar: Installation, key: Path) -> None:
    suar.recreate((AUDIT, SEALS))
    public = str(key.with_suffix(".pub"))
    whole = looks(*["a" * 32] * 5)
    with sealer(suar, key):
        suar.publish(whole)
        until(lambda: sealed(suar) == 5, "the looks are sealed")
    suar.recreate((AUDIT,))
    suar.publish(looks(*["a" * 32] * 5, who="nobody"))
    answer = suar.cli("audit", "verify", SUAR_AUDIT_PUBLIC=public)
    assert answer.exit_code == 5, answer.output
    assert "altered 0–4" in answer.output
    other = key.with_name("other.pem")
    signing.make(other)
    answer = suar.cli("audit", "verify", SUAR_AUDIT_PUBLIC=str(other.with_suffix(".pub")))
    assert answer.exit_code == 5
    assert "unsigned 0–4" in answer.output


def test_who_saw_an_alert_and_who_saw_a_person(suar: Installation) -> None:
    """The number is typed and never an argument; the alerts about a person are found by the log of alerts."""
    suar.recreate((AUDIT,))
    worker = suar.ready_worker()
    who, other = Traveller(), Traveller()
    suar.publish(heartbeats(datetime.now(UTC)))
    suar.publish(
        record_of(event)
        for one in (who, other)
        for event in (one.issued(), one.attempted(visa_class="WORK", purpose="WORK"))
    )
    suar.settle()
    worker.stop()
    alerts = [msgspec.json.decode(one.value or b"") for one in suar.read(ALERTS)]
    assert {who.alert_id, other.alert_id} <= {one["alert_id"] for one in alerts}
    suar.publish([*looks(who.alert_id), *looks(other.alert_id, who="petugas-2")])
    told = [
        suar.cli("audit", "who-saw", who.alert_id),
        suar.cli("audit", "who-saw", "--ask", "nik", typed=f"{who.nik}\n"),
    ]
    for answer in told:
        assert answer.exit_code == 0, answer.output
        assert "petugas-1" in answer.output
        assert "petugas-2" not in answer.output
        assert "1 looks by 1" in answer.output
        assert who.nik not in answer.output
    wrong = suar.cli("audit", "who-saw", "--ask", "nik", typed="123\n")
    assert (wrong.exit_code, "123" in wrong.output) == (2, False)
    assert "nobody saw it" in suar.cli("audit", "who-saw", "c" * 32).output
