"""An installation for each module of tests, on the servers that all share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local import Local
from tests.broker.installation import Installation


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs real servers."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="module")
def suar(local: Local, server_folder: Path, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Fresh topics and an empty Redis; whatever still runs at the end of the module is ended."""
    one = Installation(local, server_folder / request.node.name.replace("/", "-"))
    one.reset()
    yield one
    one.close()
