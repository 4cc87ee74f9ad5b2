"""A real browser on a real gateway: the distribution's Chromium, one site for the whole run, screenshots kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from streams.local import CHECKOUT, Local
from tests.broker.installation import Installation
from tests.web.site import Site, site

CHROMIUM = "/usr/bin/chromium"
SHOTS = CHECKOUT / ".suar" / "screenshots"
COORDINATOR = "contoh-koordinator"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here but the words needs real servers."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "here" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def here(local: Local, server_folder: Path) -> Iterator[Site]:
    """The site."""
    suar = Installation(local, server_folder / "web")
    suar.reset()
    try:
        with site(suar) as one:
            yield one
    finally:
        suar.close()


@pytest.fixture(scope="session")
def browser(here: Site) -> Iterator[Browser]:
    """After the site: playwright keeps a loop running in this thread."""
    with sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


def follow(page: Page, to_click: Locator) -> None:
    """Clicks what leads to another page, and waits for that page: a click alone does not."""
    with page.expect_navigation():
        to_click.click()


class Visitor:
    """Somebody with a browser. What the browser complains about is kept; a page must give it no reason."""

    def __init__(self, browser: Browser, here: Site, name: str, *, scripts: bool = True) -> None:
        self.context: BrowserContext = browser.new_context(
            base_url=here.url, viewport={"width": 1440, "height": 900}, java_script_enabled=scripts, locale="id-ID"
        )
        self.complaints: list[str] = []
        self.expected: tuple[str, ...] = ()
        """What this test gives the browser reason to say."""
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.goto("/signin")
        follow(self.page, self.page.get_by_role("button", name=name))

    def shot(self, name: str) -> None:
        """Kept for people to look at."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    def live(self) -> None:
        """The coordinator's feed, with its stream open."""
        self.page.goto("/?feed=COORDINATOR:*")
        self.page.wait_for_selector('#stream[data-state="on"]')

    def alert_of(self, rule: str) -> str:
        """The id of an open alert on the feed's page that a rule raised, with nobody's hand on it yet."""
        row = self.page.locator(f'.row[data-state="RAISED"]:has(code:text-is("{rule}"))').first
        found = row.get_attribute("data-id", timeout=10_000)
        assert found is not None
        return found

    def open(self, rule: str) -> str:
        """Goes to that alert's page."""
        self.page.goto("/?feed=COORDINATOR:*")
        found = self.alert_of(rule)
        self.page.goto(f"/alerts/{found}")
        return found


@pytest.fixture
def coordinator(browser: Browser, here: Site) -> Iterator[Visitor]:
    one = Visitor(browser, here, COORDINATOR)
    yield one
    one.context.close()
    assert [text for text in one.complaints if not any(known in text for known in one.expected)] == []


@pytest.fixture
def plain(browser: Browser, here: Site) -> Iterator[Visitor]:
    """A coordinator whose browser runs no scripts."""
    one = Visitor(browser, here, COORDINATOR, scripts=False)
    yield one
    one.context.close()
