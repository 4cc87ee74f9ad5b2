"""Principals on the broker: their access lists, passwords and quotas, put as the table has them and compared with it."""

import hashlib
import os
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final, Self

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, SecurityDisabled, for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest
from aiokafka.protocol.api import Request

from streams import security
from streams.admin import AdminError
from streams.principals import Grant, Kind, Operation, Pattern, Principal, Quota
from streams.scram import AlterClientQuotas, AlterScram, Scram

ANY: Final = 1
ALLOW: Final = 3
EVERYWHERE: Final = "*"
ITERATIONS: Final = 16_384
"""The most that Kafka takes: a stolen metadata log is worth so much less."""


class Access:
    """Who may do what, on the broker; use with `async with`, as a principal that may change it."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._client = AIOKafkaClient(bootstrap_servers=bootstrap, **security.kafka(), request_timeout_ms=10_000)

    async def __aenter__(self) -> Self:
        """Raises AdminError when no broker takes us in."""
        try:
            await self._client.bootstrap()
        except KafkaError:
            await self._client.close()
            raise AdminError(await security.why(self._bootstrap)) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def granted(self, name: str) -> frozenset[Grant]:
        """What the broker lets a principal do; lines of a kind that we never write are left out. Raises AdminError."""
        any_name: Any = None  # null on the wire, which aiokafka's types do not say
        answer = await self._ask(DescribeAclsRequest(ANY, any_name, ANY, f"User:{name}", any_name, ANY, ANY))
        _refuse(answer.error_code, f"the access list of {name} cannot be read")
        known = {(kind.value, pattern.value) for kind in Kind for pattern in Pattern}
        return frozenset(
            Grant(Kind(kind), resource, Pattern(pattern), Operation(operation))
            for kind, resource, pattern, lines in answer.resources
            for _, host, operation, permission in lines
            if (kind, pattern) in known and permission == ALLOW and host == EVERYWHERE and operation in set(Operation)
        )

    async def grant(self, principal: Principal, namespace: str) -> tuple[int, int]:
        """The principal's list as the table has it: so many lines added, so many taken away. Raises AdminError."""
        wanted, there = principal.grants(namespace), await self.granted(principal.name)
        for one in sorted(wanted - there):
            answer = await self._ask(CreateAclsRequest(*_line(one, principal.name)))
            _refuse(answer.creation_responses[0][0], f"{principal.name} cannot be let at {one.name}")
        for one in sorted(there - wanted):
            answer = await self._ask(DeleteAclsRequest(*_line(one, principal.name)))
            _refuse(answer.filter_responses[0][0], f"{principal.name} cannot be kept from {one.name}")
        return len(wanted - there), len(there - wanted)

    async def password(self, name: str, password: str) -> None:
        """From now on this is the principal's password; the broker is sent its salted hash alone. Raises AdminError."""
        salt = os.urandom(32)
        salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
        answer = await self._ask(AlterScram([], [(name, Scram.SHA_512, ITERATIONS, salt, salted, {})]))
        _refuse(answer.results[0][1], f"{name} cannot be given a password")

    async def quota(self, name: str, quota: Quota) -> None:
        """Bounds of what it may ask. Raises AdminError."""
        bounds = [(key, float(value or 0), value is None) for key, value in quota.entries().items()]
        answer = await self._ask(AlterClientQuotas([([("user", name)], bounds)], validate_only=False))
        _refuse(answer.entries[0][0], f"{name} cannot be given a quota")

    async def differences(self, principals: Iterable[Principal], namespace: str) -> list[str]:
        """Every line in which the broker's access lists are not the table's. Raises AdminError."""
        found: list[str] = []
        for one in principals:
            wanted, there = one.grants(namespace), await self.granted(one.name)
            found += [f"{one.name} lacks {_told(line)}" for line in sorted(wanted - there)]
            found += [f"{one.name} should not have {_told(line)}" for line in sorted(there - wanted)]
        return found

    async def _ask(self, request: Request[Any]) -> Any:  # answers are made by their schemas
        node = self._client.get_random_node()
        if node is None:
            raise AdminError(f"Kafka at {self._bootstrap} names no broker: try again")
        try:
            await self._client.ready(node)
            return await self._client.send(node, request)
        except KafkaError as error:
            raise AdminError(f"Kafka did not answer ({type(error).__name__}): try again") from None


def _line(grant: Grant, name: str) -> tuple[int, str, int, str, str, int, int]:
    return (grant.kind, grant.name, grant.pattern, f"User:{name}", EVERYWHERE, grant.operation, ALLOW)


def _told(grant: Grant) -> str:
    more = "…" if grant.pattern is Pattern.PREFIXED else ""
    return f"{grant.operation.name} on {grant.kind.name.lower()} {grant.name}{more}"


def _refuse(code: int, what: str) -> None:
    if not code:
        return
    error = for_code(code)
    if error is SecurityDisabled:
        raise AdminError(f"{what}: this broker has no authorizer, see deploy/kafka/secured.properties")
    raise AdminError(f"{what} ({error.__name__}): do it as the operator, with SUAR_KAFKA_CERTIFICATE")
