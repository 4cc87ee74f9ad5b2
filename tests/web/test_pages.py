"""Every page: no accessibility fault by axe, nothing inline, and paper that prints."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.web.conftest import SHOTS, Visitor, follow
from tests.web.site import Site

PAGES = (
    "/?feed=COORDINATOR:*",
    "/checkpoints",
    "/agencies",
    "/agencies/simkim",
    "/rules",
    "/times",
    "/silences",
    "/areas",
    "/nowhere",
)
OF_AN_ALERT = ("", "/notice", "/referral", "/network")


def _faults(visitor: Visitor) -> list[str]:
    found = Axe().run(visitor.page)
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found.response["violations"]]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_no_fault_on_any_page(coordinator: Visitor, theme: str) -> None:
    page = coordinator.page
    page.goto(f"/theme/{theme}?to=/rules")
    group = coordinator.open("strangers_one_booking")
    faults: dict[str, list[str]] = {}
    for path in (*(one for one in PAGES if one != "/nowhere"), *(f"/alerts/{group}{one}" for one in OF_AN_ALERT)):
        page.goto(path)
        coordinator.shot(
            f"{theme}-{re.sub(r'[^a-z]+', '-', path.split('?')[0].replace(group, 'group').strip('/')) or 'live'}"
        )
        if found := _faults(coordinator):
            faults[path] = found
    assert faults == {}


def test_axe_finds_no_fault_at_the_sign_in(coordinator: Visitor) -> None:
    coordinator.page.goto("/signin")
    coordinator.shot("signin")
    assert _faults(coordinator) == []


def test_nothing_stands_inline(coordinator: Visitor) -> None:
    """The policy of the page forbids it; a style or a handler in the markup would silently not work."""
    group = coordinator.open("strangers_one_booking")
    for path in (*PAGES[:-1], *(f"/alerts/{group}{one}" for one in OF_AN_ALERT)):
        answer = coordinator.page.goto(path)
        assert answer is not None
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        html = answer.text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html), path
        assert not re.search(r"<script(?![^>]*(?:src=|application/json))", html), path


def test_the_notice_names_the_ground_and_never_a_source(plain: Visitor, browser: Browser, here: Site) -> None:
    name = plain.open("passport_purpose_conflict")
    page = plain.page
    page.goto(f"/alerts/{name}/notice")
    page.select_option("#ground", "CPMI_NON_PROCEDURAL")
    follow(page, page.get_by_role("button", name="Pilih"))
    sheet = page.locator(".sheet").inner_text()
    assert "UU 18/2017" in sheet
    assert "Ombudsman RI 137" in sheet
    assert "BP3MI" in sheet
    for hidden in ("SIMKIM", "SISKOP2MI", "Dukcapil", "simkim/", "passport_purpose_conflict"):
        assert hidden not in sheet
    paper = page.pdf(prefer_css_page_size=True, path=SHOTS / "notice.pdf")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) == 1, "it fits on one sheet"


def test_the_development_mode_is_loud_on_every_page(coordinator: Visitor) -> None:
    for path in ("/signin", *PAGES[:-1]):
        coordinator.page.goto(path)
        expect(coordinator.page.locator(".development")).to_contain_text("MODE PENGEMBANGAN")


def test_nobody_signed_in_is_led_to_the_sign_in_and_back(browser: Browser, here: Site) -> None:
    context = browser.new_context(base_url=here.url)
    page = context.new_page()
    page.goto("/checkpoints")
    assert page.url.endswith("/signin?next=%2Fcheckpoints")
    follow(page, page.get_by_role("button", name="contoh-koordinator"))
    assert page.url == f"{here.url}/checkpoints"
    follow(page, page.get_by_role("button", name="Keluar"))
    assert page.url.endswith("/signin")
    context.close()


def test_an_agency_sees_its_own_page_and_no_other(browser: Browser, here: Site) -> None:
    one = Visitor(browser, here, "contoh-siskop2mi")
    one.page.goto("/agencies/siskop2mi")
    expect(one.page.locator("main")).to_contain_text("epmi_issued")
    one.shot("agency")
    answer = one.page.goto("/agencies/simkim")
    assert answer is not None
    assert answer.status == 403
    one.context.close()


def test_rules_say_when_they_last_spoke(coordinator: Visitor) -> None:
    """A rule shown as active may be ignored in fact (BR104): the page shows when each was really applied."""
    coordinator.page.goto("/rules")
    spoke = coordinator.page.locator('tr:has(th code:text-is("strangers_one_booking"))')
    expect(spoke.locator("time")).to_have_count(1)
    silent = coordinator.page.locator('tr:has(th code:text-is("hajj_without_hajj_visa"))')
    expect(silent).to_contain_text("belum terlihat berbunyi")
