"""Channels: one try of one page on one way out. What went wrong comes back as a name; addresses and secrets never do."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never

import apprise
import httpx
import msgspec

from agents.page_text import words
from schemas.paging import Channel, ChannelKind, Page, PageKind, RotaBook
from streams.paging.settings import PagerSettings, address, secret
from streams.paging.signature import HEADER, ID_HEADER, sign

log = logging.getLogger("suar.pager")

THREADS = 16
"""For apprise, which waits in the thread that calls it."""
IN_ALERTMANAGER = 200
"""Alerts of one page that are named one by one there; the count tells of the others."""
_TRY_AGAIN = frozenset({408, 425, 429})


class ChannelError(Exception):
    """A try failed. `reason` is a code without any value; `again`: another try may do better."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason, self.again = reason, again


@dataclass(frozen=True)
class Line:
    """A channel with its address and secret, which nothing prints."""

    channel: Channel
    address: str | None
    secret: str | None

    def __repr__(self) -> str:
        return f"Line({self.channel.name})"


class Channels:
    """All channels of a rota; use with `async with`. Raises SettingsError when a named file cannot be read."""

    def __init__(self, book: RotaBook, settings: PagerSettings) -> None:
        self._lines = {one.name: Line(one, address(one), secret(one)) for one in book.channels}
        self._base, self._timeout = settings.base, book.limits.timeout_seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="apprise")
        self._http = httpx.AsyncClient(timeout=self._timeout, follow_redirects=False, trust_env=False)
        for chatty in ("apprise", "httpx", "httpcore", "urllib3", "requests"):
            logging.getLogger(chatty).setLevel(logging.CRITICAL)  # they print addresses, and those hold tokens

    async def __aenter__(self) -> "Channels":
        """Apprise reads its hundred plugins on first use, which takes longer than a page may."""
        loop = asyncio.get_running_loop()
        for line in self._lines.values():
            if line.channel.kind is ChannelKind.APPRISE and line.address is not None:
                known = await loop.run_in_executor(self._threads, _sender, line.address)
                if known is None:
                    log.warning("channel %s: apprise does not understand its address", line.channel.name)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def unset(self) -> tuple[str, ...]:
        """Names of channels that lead nowhere: no address, or a webhook without a secret to sign with."""
        return tuple(
            name
            for name, line in self._lines.items()
            if line.address is None or (line.channel.kind is ChannelKind.WEBHOOK and line.secret is None)
        )

    async def send(self, page: Page, name: str) -> None:
        """One try. Raises ChannelError."""
        line = self._lines.get(name)
        if line is None:
            raise ChannelError("no_such_channel", again=False)
        if name in self.unset or line.address is None:
            raise ChannelError("no_address", again=False)
        match line.channel.kind:
            case ChannelKind.APPRISE:
                await self._apprise(page, line, line.address)
            case ChannelKind.WEBHOOK:
                body = msgspec.json.encode(payload(page, self._base))
                signed = sign(line.secret or "", body, datetime.now(UTC))
                await self._post(line.address, body, {HEADER: signed, ID_HEADER: f"{page.key}.{name}"})
            case ChannelKind.ALERTMANAGER:
                body = msgspec.json.encode(alertmanager(page, self._base, datetime.now(UTC)))
                await self._post(line.address, body, {})
            case _:
                assert_never(line.channel.kind)

    async def _apprise(self, page: Page, line: Line, url: str) -> None:
        """In a thread. One that does not answer in time may have sent all the same: people are not told twice."""
        said = words(page, line.channel.language, self._base)
        work = asyncio.get_running_loop().run_in_executor(self._threads, _notify, url, said.title, said.body)
        try:
            done = await asyncio.wait_for(work, self._timeout)
        except TimeoutError:
            raise ChannelError("no_answer", again=False) from None
        if done is None:
            raise ChannelError("address_not_understood", again=False)
        if not done:
            raise ChannelError("not_taken", again=True)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        try:
            answer = await self._http.post(url, content=body, headers={"Content-Type": "application/json", **headers})
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise ChannelError("address_not_understood", again=False) from None
        except httpx.TimeoutException:
            raise ChannelError("no_answer", again=True) from None
        except httpx.HTTPError:
            raise ChannelError("not_reached", again=True) from None
        if not answer.is_success:
            code = answer.status_code
            raise ChannelError(f"http_{code}", again=code >= 500 or code in _TRY_AGAIN)


def _sender(url: str) -> apprise.Apprise | None:
    """None: apprise does not know such an address."""
    sender = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Suar", secure_logging=True))
    return sender if sender.add(url) else None


def _notify(url: str, title: str, body: str) -> bool | None:
    """A sender of its own for each page: they keep state, and pages leave side by side."""
    sender = _sender(url)
    return None if sender is None else bool(sender.notify(title=title, body=body))


def payload(page: Page, base: str) -> dict[str, object]:
    """The body of a signed webhook. It names alerts and a place, never a person."""
    link = f"{base}/alerts/{page.claims[0].alert_id}" if page.claims else f"{base}/"
    return {
        "id": page.key,
        "kind": page.kind.value,
        "reason": page.reason,
        "rota": page.rota,
        "level": page.level + 1,
        "severity": page.severity.name,
        "place": page.place,
        "sentence": page.sentence.model_dump(),
        "count": page.cut_alerts if page.kind is PageKind.FLOOD else len(page.claims),
        "cut_pages": page.cut_pages,
        "alerts": [one.alert_id for one in page.claims],
        "link": link,
        "at": page.at.isoformat(),
        "expires_at": page.expires_at.isoformat(),
    }


def alertmanager(page: Page, base: str, now: datetime) -> list[dict[str, object]]:
    """The body of POST /api/v2/alerts. Labels are an alert's name there, so they stay as they are until it ends."""
    ended = page.kind is PageKind.ENDED
    names = [one.alert_id for one in page.claims[:IN_ALERTMANAGER]] or [page.key]
    annotations = {
        "summary": page.sentence.en,
        "summary_id": page.sentence.id,
        "severity": page.severity.name.lower(),
        "count": str(page.cut_alerts if page.kind is PageKind.FLOOD else len(page.claims)),
        "kind": page.kind.value,
    }
    return [
        {
            "labels": {"alertname": "SuarAlert", "alert": name, "place": page.place, "rota": page.rota},
            "annotations": annotations,
            "startsAt": page.at.isoformat(),
            "endsAt": (now if ended else max(page.expires_at, now + timedelta(minutes=1))).isoformat(),
            "generatorURL": f"{base}/alerts/{name}" if page.claims else f"{base}/",
        }
        for name in names
    ]
