"""Two requests that aiokafka does not know: passwords (KIP-554) and quotas (KIP-546), in the layout of Kafka's protocol guide."""

from enum import IntEnum

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactBytes,
    CompactString,
    Float64,
    Int8,
    Int16,
    Int32,
    Schema,
    String,
    TaggedFields,
)


class Scram(IntEnum):
    """Mechanisms, with the protocol's number."""

    SHA_256 = 1
    SHA_512 = 2


class _AlterScramAnswer(Response):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 51  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]  # aiokafka does the same
    API_VERSION = 0  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]  # aiokafka does the same
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterScram(RequestStruct):  # type: ignore[misc]  # aiokafka is untyped
    FLEXIBLE_VERSION = True
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = _AlterScramAnswer
    SCHEMA = Schema(
        (
            "deletions",
            CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields)),
        ),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


Deletion = tuple[str, Scram, dict[int, bytes]]
Upsertion = tuple[str, Scram, int, bytes, bytes, dict[int, bytes]]
"""User, mechanism, iterations, salt, salted password."""


class AlterScram(Request[_AlterScram]):  # type: ignore[misc]  # aiokafka is untyped
    """Sets and takes away SCRAM credentials."""

    API_KEY = 51

    def __init__(self, deletions: list[Deletion], upsertions: list[Upsertion]) -> None:
        self._deletions, self._upsertions = deletions, upsertions

    def build(self, request_struct_class: type[_AlterScram]) -> _AlterScram:
        """The request as it goes over the wire."""
        return request_struct_class(self._deletions, self._upsertions, {})


class _AlterClientQuotasAnswer(Response):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 49  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]  # aiokafka does the same
    API_VERSION = 0  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]  # aiokafka does the same
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "entries",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("entity", Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))),
            ),
        ),
    )


class _AlterClientQuotas(RequestStruct):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = _AlterClientQuotasAnswer
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))),
                ("ops", Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


Entity = list[tuple[str, str]]
Bound = tuple[str, float, bool]
"""Name, value, and whether it is taken away."""


class AlterClientQuotas(Request[_AlterClientQuotas]):  # type: ignore[misc]  # aiokafka is untyped
    """Sets and takes away bounds of what a user may ask of one broker."""

    API_KEY = 49

    def __init__(self, entries: list[tuple[Entity, list[Bound]]], *, validate_only: bool) -> None:
        self._entries, self._validate_only = entries, validate_only

    def build(self, request_struct_class: type[_AlterClientQuotas]) -> _AlterClientQuotas:
        """The request as it goes over the wire."""
        return request_struct_class(self._entries, self._validate_only)
