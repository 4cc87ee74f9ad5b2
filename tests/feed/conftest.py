"""An installation for each module that needs one, and gateways as an operator runs them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local import Local
from tests.broker.installation import Installation
from tests.feed.gateways import Gateway


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for an installation needs real servers."""
    for item in items:
        if isinstance(item, pytest.Function) and "suar" in item.fixturenames:
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="module")
def suar(local: Local, server_folder: Path, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Fresh topics and an empty Redis; whatever still runs at the end of the module is ended."""
    one = Installation(local, server_folder / request.node.name.replace("/", "-"))
    one.reset()
    yield one
    one.close()


@pytest.fixture(scope="module")
def gateway(suar: Installation) -> Iterator[Gateway]:
    """A gateway of that installation, ready."""
    with Gateway.of(suar) as one:
        yield one


@pytest.fixture(scope="module")
def other_gateway(suar: Installation) -> Iterator[Gateway]:
    """A second one."""
    with Gateway.of(suar) as one:
        yield one
