"""Gateways as an operator runs them."""

from collections.abc import Iterator

import pytest

from tests.broker.installation import Installation
from tests.feed.gateways import Gateway


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for an installation needs real servers."""
    for item in items:
        if isinstance(item, pytest.Function) and "suar" in item.fixturenames:
            item.add_marker(pytest.mark.broker)


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
