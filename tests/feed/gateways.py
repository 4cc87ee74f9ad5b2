"""Gateways as processes, those who talk to them, and a pen that writes feeds with deliver's own hands."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

import httpx
from redis.asyncio import Redis

from schemas.alerts import Alert, Screening
from streams.counter.frames import Frame, Frames
from streams.deliver import Feeds, Heard
from streams.feed.apikeys import PREFIX, Key, digest, new_secret, save
from streams.produce import partition_of
from streams.settings import Settings
from streams.teller import OneTeller
from tests.broker.installation import OPENS, Installation
from tests.drills.workers import Worker, until

Body = dict[str, Any]
NOTES_KEY = "5a" * 32
GRANTS = {
    "counter": ("COUNTER:*",),
    "supervisor": ("SUPERVISOR:*",),
    "coordinator": ("COORDINATOR",),
    "elsewhere": ("SUPERVISOR:A-DPS", "COUNTER:A-DPS"),
    "simkim": ("AGENCY:simkim",),
    "bp3mi": ("BP3MI",),
    "elsewhere-bp3mi": ("BP3MI:BP3MI-9",),
}


class Gateway(Worker):
    """One `suar feed`, with a key for each role."""

    keys: dict[str, str]

    @classmethod
    def of(cls, suar: Installation, **settings: str) -> Self:
        """Of an installation; started by `with`."""
        file = suar.folder / "keys.toml"
        secrets = {name: new_secret() for name in GRANTS}
        ends = datetime.now(UTC) + timedelta(days=1)
        if not file.exists():
            save(file, {name: Key(hash=digest(secrets[name]), grants=GRANTS[name], expires=ends) for name in GRANTS})
            (suar.folder / "secrets.json").write_text(json.dumps(secrets))
        more = {"SUAR_API_KEYS": str(file), "SUAR_NOTES_KEY": NOTES_KEY, "SUAR_REQUESTS_PER_MINUTE": "1000000"}
        more["SUAR_IDENTITY_KEY"] = OPENS
        number = sum(isinstance(one, Gateway) for one in suar.workers)
        one = cls(f"gateway-{number}", suar.folder, {**suar.environment, **more, **settings}, command="feed")
        one.keys = {
            name: f"{PREFIX}{name}_{secret}"
            for name, secret in json.loads((suar.folder / "secrets.json").read_text()).items()
        }
        suar.workers.append(one)
        return one

    def __enter__(self) -> Self:
        self.start()
        self.until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def until_ready(self) -> None:
        """Waits until it answers."""
        until(lambda: self.ready, "the gateway is ready")

    def client(self, role: str) -> httpx.AsyncClient:
        """Somebody with a key."""
        headers = {"Authorization": f"Bearer {self.keys[role]}"}
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=15)


async def frames(client: httpx.AsyncClient, path: str, cursor: str | None = None) -> AsyncIterator[Frame]:
    """What a stream says, until the line drops or nobody listens any more."""
    params = {} if cursor is None else {"cursor": cursor}
    cut = Frames()
    async with client.stream("GET", path, params=params, timeout=httpx.Timeout(20, read=20)) as answer:
        assert answer.status_code == 200, (await answer.aread()).decode()
        async for chunk in answer.aiter_bytes():
            for frame in cut.feed(chunk):
                yield frame


@dataclass
class Terminal:
    """A reader that keeps its cursor and everything it was told. It holds what is open, as a screen would."""

    client: httpx.AsyncClient
    path: str
    cursor: str | None = None
    said: list[tuple[str, int]] = field(default_factory=list)
    """Alerts and screenings by name and revision, in the order of their frames."""
    gaps: list[Body] = field(default_factory=list)
    snapshots: list[Body] = field(default_factory=list)
    drops: int = 0

    async def read(self, most: int = 10**9, *, enough: int | None = None) -> None:
        """Reads so many frames at most, then drops the line; or until it was told `enough` things in all."""
        read = 0
        if enough is not None and len(self.said) >= enough:
            return
        source = frames(self.client, self.path, self.cursor)
        try:
            async for frame in source:
                self.hear(frame)
                read += frame.event != "here"
                if read >= most or (enough is not None and len(self.said) >= enough):
                    break
        except (httpx.ReadError, httpx.RemoteProtocolError, httpx.ConnectError):
            pass
        finally:
            await source.aclose()  # type: ignore[attr-defined]  # it is a generator
            self.drops += 1

    def hear(self, frame: Frame) -> None:
        """One frame: its cursor is kept with it."""
        data = json.loads(frame.data)
        match frame.event:
            case "gap":
                self.gaps.append(data)
            case "snapshot":
                self.snapshots.append(data)
            case "alert" | "screening":
                self.said.append((data.get("alert_id") or data["crossing_id"], data["revision"]))
        self.cursor = frame.cursor or self.cursor

    @property
    def twice(self) -> list[tuple[str, int]]:
        """What was said more than once."""
        return [one for one, times in Counter(self.said).items() if times > 1]


class Pen:
    """Writes feeds as deliver does, without a broker: every thing has its place on one log that only grows."""

    _ends: ClassVar[Counter[str]] = Counter()

    def __init__(self, settings: Settings, log: str = "") -> None:
        """`log`: a letter before its places, where another log writes into the same feeds."""
        self._letter = log
        self._redis = Redis.from_url(settings.redis, protocol=2)
        self.feeds = Feeds(OneTeller(self._redis), settings)
        self.log: list[Heard] = []

    async def write(self, said: Sequence[Alert | Screening]) -> None:
        """Puts them on the log and on their feeds, one after the other."""
        for one in said:
            key = one.alert_id if isinstance(one, Alert) else one.crossing_id
            place = f"{self._letter}{'a' if isinstance(one, Alert) else 's'}{partition_of(key.encode())}"
            whole = one.model_dump_json().encode()
            heard = Heard(one, whole, place, self._ends[place], int(datetime.now(UTC).timestamp() * 1000))
            self._ends[place] += 1
            self.log.append(heard)
            await self.put(heard)

    async def put(self, heard: Heard) -> None:
        """Puts one thing on its feeds."""
        await self.feeds.put([heard], datetime.now(UTC), await self.feeds.epoch())

    async def rebuild(self) -> None:
        """As workers do after a flush: each partition in its order, partitions in another order than before."""
        for place in sorted({one.place for one in self.log}, reverse=True):
            for heard in self.log:
                if heard.place == place:
                    await self.put(heard)

    async def close(self) -> None:
        """Closes its connection."""
        await self._redis.aclose()
