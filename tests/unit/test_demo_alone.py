"""A second demo of a checkout says so, and leaves the first one's broker its data."""

import fcntl
import socket
from pathlib import Path

import pytest

from streams import demo
from streams.local import LocalError


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a broker of a demo that runs in this checkout."""
    monkeypatch.setattr(demo, "CHECKOUT", tmp_path)
    segment = tmp_path / ".suar" / "demo" / "kafka" / "00000000000000000000.log"
    segment.parent.mkdir(parents=True)
    segment.write_bytes(b"\x00")
    return segment


def test_a_second_demo_ends_before_it_touches_anything(running: Path) -> None:
    with (running.parents[2] / "demo.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LocalError, match="is running: end it"), demo.installation(print, "k" * 32):
            pytest.fail("two demos ran")
    assert running.exists()


def test_a_busy_port_of_a_page_is_said_before_anything_starts(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(demo, "FEED_PORT", port)
        with pytest.raises(LocalError, match=f"needs port {port}"), demo.installation(print, "k" * 32):
            pytest.fail("a demo ran without its pages")
    assert running.exists()
