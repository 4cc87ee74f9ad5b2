"""The real servers that tests share; a missing one fails the run and never skips it."""

import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from streams.local import CHECKOUT, Local, services
from tests.broker.installation import Installation

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # run in the background: whoever we start must still hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The sample week takes minutes of one core: it begins first, and the others run beside it."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/evaluation/"))


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder of this run under `.suar/test`, removed at its end."""
    parent = CHECKOUT / ".suar" / "test"
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="run-", dir=parent) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def local(server_folder: Path) -> Iterator[Local]:
    """One Kafka and one Redis for the whole run: use fresh topic, group and key names in each test."""
    with services(server_folder / "shared") as running:
        yield running


@pytest.fixture(scope="module")
def suar(local: Local, server_folder: Path, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Fresh topics and an empty Redis; whatever still runs at the end of the module is ended."""
    one = Installation(local, server_folder / request.node.name.replace("/", "-"))
    one.reset()
    yield one
    one.close()
