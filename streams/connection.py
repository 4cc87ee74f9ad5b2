"""A cut connection is an outage. aiokafka expects OSError of a write on one; uvloop raises RuntimeError, and aiokafka's
fetcher, sender and coordinator end for good, while the worker seems well (aio-libs/aiokafka#1038, open in 0.14.0).
"""

from typing import Any

from aiokafka import conn
from aiokafka.errors import KafkaConnectionError


class Connection(conn.AIOKafkaConnection):  # type: ignore[misc]  # aiokafka is untyped
    """aiokafka's own, with that error translated."""

    def send(self, request: Any, expect_response: bool = True) -> Any:
        """Raises KafkaConnectionError when the transport is closed already."""
        try:
            return super().send(request, expect_response)
        except RuntimeError as error:
            self.close(reason=conn.CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"connection to {self.host}:{self.port} is closed") from error


def mend() -> None:
    """From now on every client of this process connects with it."""
    conn.AIOKafkaConnection = Connection
