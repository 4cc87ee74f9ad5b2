"""Kafka and Redis of this checkout's own with TLS, passwords and ACLs: what a deployment has, on one machine, for its tests."""

import hashlib
import socket
import ssl
import struct
import subprocess
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from streams.local import (
    CHECKOUT,
    KAFKA_METADATA,
    KafkaServer,
    LocalError,
    RedisServer,
    free_port,
)

SECURED_PROPERTIES = CHECKOUT / "deploy" / "kafka" / "secured.properties"
REDIS_USERS = CHECKOUT / "deploy" / "redis" / "users.acl"
CERTIFICATES = CHECKOUT / "deploy" / "kafka" / "certificates"
OPERATOR = "suar-operator"


@dataclass(frozen=True)
class Certificates:
    """A folder with an authority, `server.pem` and what clients were given."""

    folder: Path

    @property
    def authority(self) -> Path:
        """What clients trust."""
        return self.folder / "ca.crt"

    def server(self, *names: str) -> None:
        """A certificate for these host names and addresses. Raises LocalError."""
        self._make("server", ",".join(names))

    def client(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of the principal `User:name`. Raises LocalError."""
        self._make("client", name)
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def context(self, name: str) -> ssl.SSLContext:
        """TLS as that client."""
        made = ssl.create_default_context(cafile=self.authority)
        made.load_cert_chain(*self.client(name))
        return made

    def _make(self, kind: str, names: str) -> None:
        done = subprocess.run(
            [str(CERTIFICATES), str(self.folder), kind, names], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LocalError(f"no certificate for {names}: {done.stderr.strip().splitlines()[-1:]}")


class _Tls:
    """Asks over TLS whether a server does its work."""

    port: int
    certificates: Certificates

    @abstractmethod
    def _who(self) -> str:
        """As whom."""

    def _ask(self, request: bytes, size: int) -> bytes:
        context = self.certificates.context(self._who())
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=2) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            connection.sendall(request)
            answer = b""
            while len(answer) < size and (more := connection.recv(size - len(answer))):
                answer += more
            return answer


@dataclass
class SecuredKafka(_Tls, KafkaServer):
    """One KRaft node: `port` knows clients by their certificates, `sasl_port` by their passwords."""

    certificates: Certificates = field(kw_only=True)
    sasl_port: int = field(default_factory=free_port, kw_only=True)

    @property
    def sasl_address(self) -> str:
        """For clients with a password."""
        return f"127.0.0.1:{self.sasl_port}"

    @property
    def _ports(self) -> tuple[int, ...]:
        return (self.port, self.sasl_port, self.controller_port)

    def _who(self) -> str:
        return OPERATOR

    def _properties(self) -> str:
        return Template(SECURED_PROPERTIES.read_text()).substitute(
            bind="127.0.0.1",
            host="127.0.0.1",
            port=self.port,
            sasl_host="127.0.0.1",
            sasl_port=self.sasl_port,
            controller_host="127.0.0.1",
            controller_port=self.controller_port,
            data="kafka",
            certificates=self.certificates.folder,
        )

    def _answers(self) -> bool:
        reply = self._ask(KAFKA_METADATA, 12)
        return len(reply) == 12 and struct.unpack(">iii", reply)[2] > 0


@dataclass
class SecuredRedis(_Tls, RedisServer):
    """A Redis that speaks TLS alone and knows its users by deploy/redis/users.acl."""

    certificates: Certificates = field(kw_only=True)
    passwords: dict[str, str] = field(kw_only=True, repr=False)
    """By user: suar-worker, suar-feed, suar-replica, suar-operator."""

    @property
    def address(self) -> str:
        """Without a user and a password: those are settings of their own."""
        return f"rediss://127.0.0.1:{self.port}/0"

    def _who(self) -> str:
        return OPERATOR

    def _command(self) -> list[str]:
        users = self.folder / "users.acl"
        hashes = {
            name.replace("-", "_"): hashlib.sha256(one.encode()).hexdigest() for name, one in self.passwords.items()
        }
        users.touch(mode=0o600)
        users.write_text(Template(REDIS_USERS.read_text()).substitute(hashes))
        plain = super()._command()
        place = plain.index("--port")
        tls = (
            *("--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"),
            *("--tls-cert-file", str(self.certificates.folder / "server.crt")),
            *("--tls-key-file", str(self.certificates.folder / "server.key")),
            *("--tls-ca-cert-file", str(self.certificates.authority), "--aclfile", str(users)),
        )
        return [*plain[:place], *tls, *plain[place + 2 :]]

    def _answers(self) -> bool:
        return self._ask(b"PING\r\n", 7) == b"-NOAUTH"


@dataclass(frozen=True)
class Secured:
    """The two servers, running."""

    kafka: SecuredKafka
    redis: SecuredRedis
    certificates: Certificates


@contextmanager
def secured_services(folder: Path, passwords: dict[str, str]) -> Iterator[Secured]:
    """Both servers on `folder`, stopped at the end whatever happens. Raises LocalError."""
    certificates = Certificates(folder.resolve() / "certificates")
    certificates.server("localhost", "127.0.0.1")
    certificates.client(OPERATOR)
    kafka = SecuredKafka(folder, free_port(), certificates=certificates)
    redis = SecuredRedis(folder, free_port(), certificates=certificates, passwords=passwords)
    with ExitStack() as stops:
        for server in (redis, kafka):
            server.start()
            stops.callback(server.stop)
        yield Secured(kafka, redis, certificates)
