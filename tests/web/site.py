"""A site to look at: an installation with one worker, the stories played, and a gateway that a browser can reach."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import uvicorn

from schemas.topics import AGENCY_TOPICS, Topic
from streams import connection, stories
from streams.feed import settings as feed_settings
from streams.feed.app import build
from streams.local import free_port
from streams.produce import Record
from streams.publish import heartbeats
from tests.broker.installation import OPENS, Installation
from tests.drills.workers import KEY, until
from tests.feed.home_areas import told

PLAYED = (
    "deceased_or_inactive_nik_used_fires",
    "handler_contact_cluster_fires",
    "strangers_one_booking_fires",
    "gulf_visit_visa_household_pattern_fires",
    "work_visa_without_epmi_fires",
    "passport_lost_while_seized_fires",
    "declared_visit_but_cpmi_in_process_fires",
    "deferred_then_other_checkpoint_fires",
    "scam_corridor_composite_fires",
    "age_manipulation_fires",
    "repatriated_victim_redeparture_fires",
    "far_domicile_corridor_exit_beside_a_handler",
    "epmi_route_mismatch_fires",
    "passport_purpose_conflict_fires",
)
SILENT_MINUTES = 40


@dataclass(frozen=True)
class Site:
    """Where the browser goes, and the installation behind it."""

    url: str
    suar: Installation

    def play(self, name: str, salt: str) -> None:
        """One more telling of a story, around now."""
        now = datetime.now(UTC).replace(microsecond=0)
        self.publish(stories.records(stories.load(name), now, salt, KEY.encode()))

    def publish(self, records: Iterable[Record]) -> None:
        """Anything, in a thread of its own: the browser's driver keeps a loop running in this one."""
        with ThreadPoolExecutor(1) as apart:
            apart.submit(self.suar.publish, list(records)).result()

    def beat(self, *silent: str) -> None:
        """Every agency speaks up to now; those that are silent, up to 40 minutes ago."""
        now = datetime.now(UTC)
        self.publish(heartbeats(now, _of(lambda name: name not in silent)))
        if silent:
            self.publish(heartbeats(now - timedelta(minutes=SILENT_MINUTES, seconds=5), _of(silent.__contains__)))


def _of(wanted: Callable[[str], bool]) -> Iterable[Topic]:
    return [topic for topic in AGENCY_TOPICS if topic.system is not None and wanted(topic.system.value)]


@contextmanager
def gateway(suar: Installation) -> Iterator[str]:
    """A gateway in this process, on a free port, in development mode."""
    connection.mend()
    port = free_port()
    settings = feed_settings.load(
        kafka=suar.local.kafka.address,
        redis=suar.local.redis.address,
        namespace=suar.namespace,
        pseudonym_key=KEY,
        sign_in="development",
        feed_port=port,
        notes_key="5a" * 32,
        identity_key=OPENS,
        requests_per_minute=100_000,
    )
    server = uvicorn.Server(
        uvicorn.Config(
            build(settings), port=port, log_level="warning", ws="websockets-sansio", timeout_graceful_shutdown=1
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{port}"
    until(lambda: server.started, "the gateway listens")
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@contextmanager
def site(suar: Installation) -> Iterator[Site]:
    """Everything, with the stories told once."""
    suar.ready_worker()
    with gateway(suar) as url:
        one = Site(url, suar)
        one.beat("siskop2mi")
        for number, name in enumerate(PLAYED):
            one.play(name, f"s{number}")
        one.beat("siskop2mi")
        one.publish(told())
        suar.settle()
        until(lambda: b"true" in urlopen(f"{url}/ready").read(), "the gateway is ready")
        yield one
