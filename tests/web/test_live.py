"""The live feed in a real browser: what arrives, what is said aloud, the keyboard, filters, drops, and what a quiet screen says."""

import re

from playwright.sync_api import Browser, expect

from tests.web.conftest import Visitor, follow
from tests.web.site import Site


def test_an_alert_arrives_by_itself_is_announced_and_heard(coordinator: Visitor, here: Site) -> None:
    coordinator.live()
    page = coordinator.page
    page.locator("#sound").click()
    before = int(page.locator("#sound").get_attribute("data-beeps") or 0)
    rows = page.locator(".row").count()
    page.evaluate("() => { window.titles = new Set(); setInterval(() => window.titles.add(document.title), 50); }")

    here.play("age_manipulation_fires", "arrives")

    expect(page.locator(".row")).to_have_count(rows + 1, timeout=15_000)
    expect(page.locator(".row.fresh code").first).to_have_text("age_manipulation")
    expect(page.locator("#assertive")).to_contain_text("KRITIS")
    expect(page.locator(".row.fresh").first).to_have_attribute("data-severity", "CRITICAL")
    page.wait_for_function("() => [...window.titles].some((one) => one.startsWith('◆ 1 KRITIS'))")
    assert int(page.locator("#sound").get_attribute("data-beeps") or 0) == before + 1
    page.keyboard.press("j")
    assert page.title().startswith("Peringatan"), "it is calm again when somebody is there"
    coordinator.shot("live-arrived")


def test_without_consent_nothing_sounds(coordinator: Visitor, here: Site) -> None:
    coordinator.live()
    rows = coordinator.page.locator(".row").count()
    here.play("deceased_or_inactive_nik_used_fires", "silent")
    expect(coordinator.page.locator(".row")).to_have_count(rows + 1, timeout=15_000)
    assert coordinator.page.locator("#sound").get_attribute("data-beeps") is None


def test_the_keyboard_moves_opens_acknowledges_and_helps(coordinator: Visitor) -> None:
    coordinator.live()
    page = coordinator.page
    page.keyboard.press("j")
    first = page.locator(".row").first
    expect(first).to_have_class(re.compile(r"\bat\b"))
    page.keyboard.press("j")
    expect(page.locator(".row").nth(1)).to_have_class(re.compile(r"\bat\b"))
    page.keyboard.press("k")
    expect(first).to_have_class(re.compile(r"\bat\b"))
    name = first.get_attribute("data-id")

    page.keyboard.press("a")
    mine = page.locator(f'.row[data-id="{name}"]')
    expect(mine.locator(".state")).to_have_text("Sudah dilihat")
    expect(mine.locator("button")).to_have_count(0)
    page.keyboard.press("Shift+?")
    expect(page.locator("#help")).to_be_visible()
    coordinator.shot("help")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#f-severity")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator(f'.row[data-id="{name}"] .why').focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/alerts/{name}$"))
    expect(page.locator(".headline .state")).to_have_text("Sudah dilihat")


def test_filters_live_in_the_address(coordinator: Visitor, here: Site) -> None:
    page = coordinator.page
    coordinator.live()
    page.select_option("#f-severity", "HIGH")
    follow(page, page.get_by_role("button", name="Saring", exact=True))
    assert "severity=HIGH" in page.url
    shown = {row.get_attribute("data-severity") for row in page.locator(".row").all()}
    assert shown == {"HIGH"}
    page.wait_for_selector('#stream[data-state="on"]')
    high = page.locator(".row").count()
    tally = page.locator('[data-count="CRITICAL"]')
    critical = int(tally.inner_text())
    here.play("age_manipulation_fires", "filtered")
    expect(tally).to_have_text(str(critical + 1), timeout=15_000)
    assert page.locator(".row").count() == high, "what does not fit the filter is counted, and not shown"
    page.goto("/?feed=COORDINATOR:*&rule=hajj_without_hajj_visa")
    expect(page.locator("#empty")).to_have_text("Tidak ada yang cocok dengan saringan ini.")


def test_two_drops_in_a_row_miss_nothing_and_repeat_nothing(coordinator: Visitor, here: Site) -> None:
    coordinator.expected = ("ERR_INTERNET_DISCONNECTED",)
    coordinator.live()
    page = coordinator.page
    rows = page.locator(".row").count()
    for number in range(2):
        coordinator.context.set_offline(True)
        page.evaluate("() => window.dispatchEvent(new Event('online'))")
        page.wait_for_selector('#stream[data-state="wait"]')
        here.play("age_manipulation_fires", f"dropped{number}")
        here.suar.settle()
        coordinator.context.set_offline(False)
        page.evaluate("() => window.dispatchEvent(new Event('online'))")
        expect(page.locator(".row")).to_have_count(rows + number + 1, timeout=15_000)
    names = [row.get_attribute("data-id") for row in page.locator(".row").all()]
    assert len(names) == len(set(names))
    page.reload()
    assert [row.get_attribute("data-id") for row in page.locator(".row").all()] == names, "the server lists the same"


def test_a_quiet_screen_says_whether_it_may_be_believed(browser: Browser, here: Site) -> None:
    one = Visitor(browser, here, "contoh-perwakilan-khm")
    page = one.page
    page.goto("/?feed=MISSION:KHM")
    expect(page.locator("#verdict")).to_contain_text(
        re.compile(r"Layar yang sepi belum berarti aman: SISKOP2MI diam 4\d menit")
    )
    expect(page.locator("#empty")).to_contain_text("Sepi belum berarti aman")
    one.shot("quiet-but-silent")
    here.beat()
    here.suar.settle()
    page.wait_for_selector('#stream[data-state="on"]')
    expect(page.locator("#verdict")).to_have_text(
        "Semua sistem terdengar. Bila layar tenang, itu karena tidak ada kejadian.", timeout=20_000
    )
    page.reload()
    expect(page.locator("#empty")).to_have_text("Tenang karena tidak ada kejadian. Semua sistem terdengar.")
    one.shot("quiet")
    one.context.close()
    assert one.complaints == []


def test_language_and_colours_are_one_click_away_and_stay(plain: Visitor) -> None:
    page = plain.page
    page.goto("/?feed=COORDINATOR:*")
    assert page.locator("html").get_attribute("lang") == "id"
    follow(page, page.get_by_role("link", name="English"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Alerts")
    page.goto("/rules")
    assert page.locator("html").get_attribute("lang") == "en"
    page.goto("/theme/light?to=/")
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.goto("/theme/dark?to=https://elsewhere.example/")
    assert page.url.startswith(str(page.url.split("/theme")[0]))
    assert page.locator("html").get_attribute("data-theme") == "dark"
