"""A gateway process with one system that may do everything, and alerts for it to ask about."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from streams.feed.apikeys import PREFIX, Key, digest, new_secret, save
from streams.publish import heartbeats, record_of
from tests.broker.installation import Installation
from tests.broker.people import Traveller
from tests.feed.gateways import Gateway

GRANTS = ("COUNTER:*", "SUPERVISOR:*", "COORDINATOR", "KP2MI", "BP3MI", "OPERATOR", "AGENCY:simkim", "AGENCY:siskop2mi")


@dataclass(frozen=True)
class Speaker:
    """Where the gateway is, how to speak to it, and somebody about whom there is an alert."""

    gateway: Gateway
    address: str
    headers: dict[str, str]
    about: Traveller


@contextmanager
def speaking(suar: Installation) -> Iterator[Speaker]:
    """With a worker that answers."""
    file, secret, ends = suar.folder / "all.toml", new_secret(), datetime.now(UTC) + timedelta(days=1)
    save(file, {"everybody": Key(hash=digest(secret), grants=GRANTS, expires=ends)})
    about = Traveller()
    suar.ready_worker()
    suar.publish(heartbeats(datetime.now(UTC)))
    for event in (about.issued(), about.attempted()):
        suar.publish([record_of(event)])
        suar.settle()
    with Gateway.of(suar, SUAR_API_KEYS=str(file)) as gateway:
        headers = {"Authorization": f"Bearer {PREFIX}everybody_{secret}"}
        yield Speaker(gateway, f"http://127.0.0.1:{gateway.port}", headers, about)
