"""The demo: a whole installation on this machine, ordinary travellers, and the stories of seeds/ among them."""

import asyncio
import fcntl
import os
import random
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.alerts import Alert, Screening
from schemas.envelope import System
from schemas.topics import ALERTS, FACTS, REJECTED, SCREENINGS
from streams import sealing, stories
from streams.admin import Admin
from streams.demo_week import Week
from streams.feed.fictional import FICTIONAL
from streams.local import CHECKOUT, Local, LocalError, refuse_taken_ports, services
from streams.produce import Outbox, Record
from streams.publish import envelope, heartbeats, record_of
from streams.reading import following, log_sizes

KAFKA_PORT, REDIS_PORT, WEB_PORT, FEED_PORT = 19292, 16390, 16066, 16080
PAGE = f"http://127.0.0.1:{FEED_PORT}/"
WORKERS = 2
PEOPLE = 3000
RATE = 40
"""Ordinary departures a second: more than the whole nation's busiest minute (domain 3.5: 17.5)."""
BEAT = 2.0
QUIET = 2.0
"""Seconds without a word after which the workers are through; a beat that brings new marks is a word as well."""
READY_WITHIN = 40.0

Say = Callable[[str], None]


@dataclass
class Tally:
    """What the demo saw, for its summary."""

    published: int = 0
    screenings: Counter[str] = field(default_factory=Counter)
    alerts: dict[str, Alert] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)
    facts: int = 0
    rejected: int = 0
    answered: set[str] = field(default_factory=set)
    quiet: bool = False
    """What is on record is being told: nobody needs to hear what is said of it."""
    on_record: int = 0
    """Of the sample week: events of before it."""

    def percentile(self, share: float) -> float:
        """Milliseconds from the append of an attempt to the append of its screening, by the broker's clock."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


@contextmanager
def installation(say: Say, key: str) -> Iterator[Local]:
    """Kafka, Redis, topics, workers and the gateway, each said with the seconds it took; all stopped at the end."""
    folder = CHECKOUT / ".suar" / "demo"
    with ExitStack() as stack:
        stack.enter_context(_alone(folder.with_suffix(".lock")))
        refuse_taken_ports("The demo", [*(WEB_PORT + number for number in range(WORKERS)), FEED_PORT])
        shutil.rmtree(folder, ignore_errors=True)
        started = time.monotonic()
        local = stack.enter_context(services(folder, KAFKA_PORT, REDIS_PORT))
        say(f"Kafka at {local.kafka.address}, Redis at port {REDIS_PORT}: {time.monotonic() - started:.1f} s")
        started = time.monotonic()
        asyncio.run(_topics(local.kafka.address))
        say(f"topics: {time.monotonic() - started:.1f} s")
        started = time.monotonic()
        programs = _programs(local, key)
        for program in programs:
            stack.enter_context(_running(program, folder))
        _await_ready(programs, started)
        say(f"{WORKERS} workers and the gateway ready: {time.monotonic() - started:.1f} s")
        say(f"open {PAGE} and come in as any of {len(FICTIONAL)} fictional users, one for each role")
        yield local


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Only whoever has the lock may clear the folder: under a demo that runs, its broker would lose everything."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError("A demo of this checkout is running: end it with Ctrl-C in its terminal first.") from None
        yield


async def _topics(kafka: str) -> None:
    async with Admin(kafka) as admin:
        await admin.create()


@dataclass(frozen=True)
class _Program:
    """One of ours: its command, its name among the logs, its port and what it must know."""

    command: str
    name: str
    port: int
    environment: dict[str, str]


def _programs(local: Local, key: str) -> list[_Program]:
    opens, seal = sealing.pair()
    common = {
        "SUAR_KAFKA": local.kafka.address,
        "SUAR_REDIS": local.redis.address,
        "SUAR_PSEUDONYM_KEY": key,
        "SUAR_IDENTITY_SEAL": seal,
    }
    workers = [
        _Program("worker", f"worker-{number}", WEB_PORT + number, {**common, "SUAR_WEB_PORT": str(WEB_PORT + number)})
        for number in range(WORKERS)
    ]
    gateway = {
        **common,
        "SUAR_FEED_PORT": str(FEED_PORT),
        "SUAR_SIGN_IN": "development",
        "SUAR_SESSION_KEY": secrets.token_hex(32),
        "SUAR_NOTES_KEY": secrets.token_hex(32),
        "SUAR_IDENTITY_KEY": opens,
    }
    return [*workers, _Program("feed", "feed", FEED_PORT, gateway)]


@contextmanager
def _running(program: _Program, folder: Path) -> Iterator[None]:
    with (folder / f"{program.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams", program.command],
            env=os.environ | program.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; programs are stopped in order
            cwd=CHECKOUT,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(programs: list[_Program], started: float) -> None:
    waiting = programs
    while waiting:
        waiting = [program for program in waiting if not _ready(program.port)]
        if waiting and time.monotonic() - started > READY_WITHIN:
            name = waiting[0].name
            raise LocalError(f"{name} is not ready after {READY_WITHIN:.0f} s: see .suar/demo/{name}.log")
        time.sleep(0.2)


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@dataclass(frozen=True)
class Show:
    """What to play: for how long (None: until cancelled), and the sample week or, by default, ordinary travellers."""

    seconds: float | None = None
    week: Week | None = None


async def play(local: Local, key: str, show: Show, heard: Callable[[Alert], None], tally: Tally) -> None:
    """Publishes people, stories and travellers until the time is up, and listens meanwhile."""
    seconds = show.seconds
    outbox = Outbox(local.kafka.address)
    people = People(random.Random(7))  # noqa: S311 - the same demo every time
    listening = asyncio.create_task(_listen(local.kafka.address, heard, tally))
    beating = asyncio.create_task(_beat(outbox))
    try:
        async with asyncio.timeout(seconds):
            if show.week is not None:
                await _week(local.kafka.address, outbox, show.week, tally)
            await _send(outbox, people.passports(), tally)
            await asyncio.sleep(1)
            telling = asyncio.create_task(_tell(outbox, key, tally, seconds))
            await _travel(outbox, people, tally)
            await telling
    except TimeoutError:
        await asyncio.sleep(1)
    finally:
        for task in (listening, beating):
            task.cancel()
        sizes = await log_sizes(local.kafka.address, FACTS.name, REJECTED.name)
        tally.facts, tally.rejected = sizes[FACTS.name], sizes[REJECTED.name]
        await outbox.stop()


async def _send(outbox: Outbox, records: list[Record], tally: Tally) -> None:
    await outbox.send(records)
    tally.published += len(records)


async def _week(kafka: str, outbox: Outbox, week: Week, tally: Tally) -> None:
    """The whole of it, and no word about what is only on record; ordinary travellers and stories come behind."""

    def remembered(count: int) -> None:
        tally.on_record += count
        tally.published += count

    def sent(count: int) -> None:
        tally.published += count

    async def folded() -> None:
        await _until_quiet(kafka)
        tally.alerts.clear()
        tally.quiet = False

    tally.quiet = True
    await week.tell(outbox, remembered, folded, sent)


async def _until_quiet(kafka: str) -> None:
    """Until the workers have nothing more to say about what is on record."""
    before, now = {"": -1}, await log_sizes(kafka, FACTS.name, ALERTS.name)
    while before != now:
        await asyncio.sleep(QUIET)
        before, now = now, await log_sizes(kafka, FACTS.name, ALERTS.name)


async def _beat(outbox: Outbox) -> None:
    while True:
        await outbox.send(heartbeats(datetime.now(UTC)))
        await asyncio.sleep(BEAT)


async def _tell(outbox: Outbox, key: str, tally: Tally, seconds: float | None) -> None:
    """Every story once, spread over the demo's first half."""
    told = list(stories.every())
    pause = (seconds / 2 if seconds else 120.0) / max(1, len(told))
    for number, story in enumerate(told):
        await _send(outbox, stories.records(story, datetime.now(UTC), f"d{number}", key.encode()), tally)
        await asyncio.sleep(pause)


async def _travel(outbox: Outbox, people: "People", tally: Tally) -> None:
    """A steady stream of ordinary departures, each cleared a moment later."""
    started, sent = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - started) * RATE)
        if due > sent:
            await _send(outbox, [record for _ in range(due - sent) for record in people.departure()], tally)
            sent = due
        await asyncio.sleep(0.02)


async def _listen(kafka: str, heard: Callable[[Alert], None], tally: Tally) -> None:
    async for record in following(kafka, ALERTS.name, SCREENINGS.name):
        if record.topic == ALERTS.name:
            alert = Alert.model_validate_json(record.value or b"")
            before = tally.alerts.get(alert.alert_id)
            if before is None or before.revision < alert.revision:
                tally.alerts[alert.alert_id] = alert
                if not tally.quiet:
                    heard(alert)
            continue
        screening = Screening.model_validate_json(record.value or b"")
        tally.screenings[screening.verdict.value] += 1
        if screening.crossing_id not in tally.answered:
            tally.answered.add(screening.crossing_id)
            tally.milliseconds.append(record.timestamp - screening.admitted_at.timestamp() * 1000)


class People:
    """Fictional people of province 99, with passports, some with an e-PMI, and ordinary reasons to travel."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._departures = 0

    def passports(self) -> list[Record]:
        """What the agencies know of them beforehand."""
        now = datetime.now(UTC)
        records = [self._issued(number, now) for number in range(PEOPLE)]
        records += [self._epmi(number, now) for number in range(0, PEOPLE, 20)]
        return records

    def departure(self) -> list[Record]:
        """One departure, and the clearance that follows."""
        number = self._departures % PEOPLE
        self._departures += 1
        worker = number % 20 == 0
        checkpoint = self._dice.choice(
            ["A-CGK", "A-CGK", "A-CGK", "A-DPS", "A-SUB", "A-KNO", "S-BTC", "S-BTC", "L-ENT"]
        )
        destination = "MYS" if worker else self._dice.choice(["SGP", "MYS", "SAU", "JPN", "THA", "AUS"])
        now = datetime.now(UTC)
        crossing = {
            "crossing_id": f"ordinary-{self._departures}",
            "checkpoint": checkpoint,
            "direction": "OUT",
            "passport_no": _passport(number),
            "destination": destination,
        }
        attempt = {
            **crossing,
            "lane": self._dice.choice(["AUTOGATE", "AUTOGATE", "COUNTER"]),
            "visa_class": "WORK" if worker else "VISA_FREE",
            "purpose": "WORK" if worker else self._dice.choice(["TOURISM", "BUSINESS", "FAMILY_VISIT"]),
        }
        name = f"{self._departures}"
        return [
            record_of(envelope(System.SIMKIM, "crossing_attempted", name=f"attempt-{name}", time=now, data=attempt)),
            record_of(envelope(System.SIMKIM, "crossing_cleared", name=f"cleared-{name}", time=now, data=crossing)),
        ]

    def _issued(self, number: int, now: datetime) -> Record:
        data = {
            "passport_no": _passport(number),
            "nik": _nik(number),
            "passport_type": "ELECTRONIC",
            "issued_on": "2024-05-02",
            "expires_on": "2034-05-02",
            "office_code": "KANIM-99",
        }
        time = now - timedelta(days=900)
        return record_of(envelope(System.SIMKIM, "passport_issued", name=f"issued-{number}", time=time, data=data))

    def _epmi(self, number: int, now: datetime) -> Record:
        data = {
            "epmi_no": f"EPMI-{number:06d}",
            "nik": _nik(number),
            "passport_no": _passport(number),
            "scheme": "P_TO_P",
            "country": "MYS",
            "valid_to": "2030-01-01",
        }
        time = now - timedelta(days=30)
        return record_of(envelope(System.SISKOP2MI, "epmi_issued", name=f"epmi-{number}", time=time, data=data))


def _nik(number: int) -> str:
    return f"990101{number % 28 + 1:02d}0690{number // 28 + 1:04d}"


def _passport(number: int) -> str:
    return f"Z{number:07d}"


def summary_of(tally: Tally) -> list[tuple[str, str]]:
    """The summary's rows."""
    severities = Counter(alert.severity.name for alert in tally.alerts.values())
    rows = [("events published", f"{tally.published:,}"), ("facts and notes", f"{tally.facts:,}")]
    rows += [(f"screenings {name}", f"{count:,}") for name, count in sorted(tally.screenings.items())]
    rows += [(f"alerts {name}", f"{count:,}") for name, count in sorted(severities.items())]
    rows.append(("withdrawn of these", f"{sum(a.state.value == 'WITHDRAWN' for a in tally.alerts.values()):,}"))
    rows.append(("rejected", f"{tally.rejected:,}"))
    rows.append(("attempt to screening p50", f"{tally.percentile(0.5):.0f} ms"))
    rows.append(("attempt to screening p99", f"{tally.percentile(0.99):.0f} ms"))
    return rows
