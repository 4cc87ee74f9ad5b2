"""One try on each kind of channel, against somebody who really listens."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from schemas.paging import Page, RotaBook
from streams.paging.channels import ChannelError, Channels
from streams.paging.settings import PagerSettings, load
from streams.settings import SettingsError
from tests.feed.pager_alerts import BOOK, WHY
from tests.feed.pagers import SECRET, Receiver, receiving
from tests.unit.test_paging_text import page

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise's, on first use
KINDS = {"first": "apprise", "second": "webhook", "third": "alertmanager"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def book() -> RotaBook:
    channels = [{"name": name, "kind": KINDS.get(name, "webhook"), "language": "en"} for name in (*KINDS, "gate")]
    return RotaBook.model_validate({**BOOK, "channels": channels, "limits": {"timeout_seconds": 1}})


@pytest.fixture
def settings(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> PagerSettings:
    for name, kind in KINDS.items():
        scheme = "json" if kind == "apprise" else "http"
        monkeypatch.setenv(f"SUAR_CHANNEL_{name.upper()}", f"{scheme}://127.0.0.1:{receiver.port}/{name}")
    monkeypatch.setenv("SUAR_CHANNEL_SECOND_SECRET", SECRET)
    return load(public_url="https://suar.example/")


async def test_apprise_is_given_title_and_text(receiver: Receiver, book: RotaBook, settings: PagerSettings) -> None:
    made: Page = page()
    async with Channels(book, settings) as channels:
        await channels.send(made, "first")
    [heard] = receiver.heard
    assert heard.body["title"] == "CRITICAL A-CGK"
    assert heard.body["message"] == f"{WHY.en}\nhttps://suar.example/alerts/{made.claims[0].alert_id}"


class _Mailbox(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as it takes to be given a letter."""

    letters: ClassVar[list[str]] = []

    def handle(self) -> None:
        self._say("220 mail.test")
        while line := self.rfile.readline():
            match line[:4].upper():
                case b"DATA":
                    self._say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    self.letters.append(b"".join(lines).decode())
                    self._say("250 taken")
                case b"QUIT":
                    return self._say("221 goodbye")
                case _:
                    self._say("250 mail.test")
        return None

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


async def test_a_page_by_mail(book: RotaBook, settings: PagerSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real letter to a real server: it names the alert and a place, and nobody."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mailbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = (
            f"mailto://127.0.0.1:{server.server_address[1]}/?from=suar@example.org&to=duty@example.org&mode=insecure"
        )
        monkeypatch.setenv("SUAR_CHANNEL_FIRST", address)
        made: Page = page()
        async with Channels(book, settings) as channels:
            await channels.send(made, "first")
        server.shutdown()
    [letter] = _Mailbox.letters
    read = email.message_from_string(letter, policy=email.policy.default)
    assert (read["subject"], read["to"]) == ("CRITICAL A-CGK", "duty@example.org")
    body = read.get_body(("plain",))
    assert body is not None
    assert f"https://suar.example/alerts/{made.claims[0].alert_id}" in body.get_content()


async def test_alertmanager_is_given_what_its_second_api_takes(
    receiver: Receiver, book: RotaBook, settings: PagerSettings
) -> None:
    made = page(3)
    async with Channels(book, settings) as channels:
        await channels.send(made, "third")
    [heard] = receiver.heard
    assert [one["labels"]["alert"] for one in heard.body] == [one.alert_id for one in made.claims]
    assert set(heard.body[0]) == {"labels", "annotations", "startsAt", "endsAt", "generatorURL"}
    assert all(
        isinstance(text, str) for one in heard.body for text in (*one["labels"].values(), *one["annotations"].values())
    )


@pytest.mark.parametrize(
    ("code", "again"), [(500, True), (503, True), (429, True), (408, True), (400, False), (302, False)]
)
async def test_what_a_refusal_means(
    receiver: Receiver, book: RotaBook, settings: PagerSettings, code: int, again: bool
) -> None:
    receiver.answer = lambda heard: code
    async with Channels(book, settings) as channels:
        with pytest.raises(ChannelError) as failed:
            await channels.send(page(), "second")
    assert (failed.value.reason, failed.value.again) == (f"http_{code}", again)


@pytest.mark.parametrize(("name", "again"), [("first", False), ("second", True)])
async def test_no_answer_in_time(
    receiver: Receiver, book: RotaBook, settings: PagerSettings, name: str, again: bool
) -> None:
    """A system drops what it has heard before; a person would be called twice."""
    released = threading.Event()

    def waits(_: object) -> int:
        released.wait(10)
        return 200

    receiver.answer = waits
    try:
        async with Channels(book, settings) as channels:
            with pytest.raises(ChannelError) as failed:
                await channels.send(page(), name)
    finally:
        released.set()
    assert (failed.value.reason, failed.value.again) == ("no_answer", again)


async def test_addresses_and_secrets_are_never_told(
    receiver: Receiver, book: RotaBook, settings: PagerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUAR_CHANNEL_SECOND", "http://token-of-nobody@127.0.0.1:1/x")
    monkeypatch.setenv("SUAR_CHANNEL_FIRST", "nonsense://token-of-nobody")
    async with Channels(book, settings) as channels:
        for name, reason in (("first", "address_not_understood"), ("second", "not_reached"), ("gate", "no_address")):
            with pytest.raises(ChannelError) as failed:
                await channels.send(page(), name)
            assert failed.value.reason == reason
            assert "token-of-nobody" not in repr(failed.value) + str(failed.value)
        assert channels.unset == ("gate",)


def test_an_address_comes_from_a_file_as_well(
    book: RotaBook, settings: PagerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "gate"
    file.write_text("http://127.0.0.1:1/\n")
    monkeypatch.setenv("SUAR_CHANNEL_GATE_FILE", str(file))
    monkeypatch.setenv("SUAR_CHANNEL_GATE_SECRET", SECRET)
    assert Channels(book, settings).unset == ()
    monkeypatch.setenv("SUAR_CHANNEL_GATE_FILE", str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match="SUAR_CHANNEL_GATE_FILE"):
        Channels(book, settings)
