"""One alert: everything that can be done with it, by plain forms, without scripts; and what each role may not see."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.web.conftest import Visitor, follow
from tests.web.site import Site


def _do(visitor: Visitor, title: str, button: str, **fields: str) -> None:
    """Opens the action's part of the page, fills its form and sends it."""
    part = visitor.page.locator(f'.actions details:has(summary:text-is("{title}"))')
    if part.get_attribute("open") is None:
        part.locator("summary").click()
    for name, value in fields.items():
        field = part.locator(f'[name="{name}"]')
        if field.first.get_attribute("type") == "radio":
            part.locator(f'[name="{name}"][value="{value}"]').check()
        elif field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    part.get_by_role("button", name=button, exact=True).click()


def test_everything_can_be_done_without_scripts(plain: Visitor, here: Site) -> None:
    here.play("age_manipulation_fires", "plain")
    here.suar.settle()
    page = plain.page
    name = plain.open("age_manipulation")
    assert page.locator("h1").inner_text().startswith("Tanggal lahir di paspor")
    page.get_by_role("button", name="Tandai dilihat").click()
    expect(page.locator(".banner.done")).to_have_text("Tercatat: Anda sudah melihat peringatan ini.")
    expect(page.locator(".headline .state")).to_have_text("Sudah dilihat")
    page.get_by_role("button", name="Ambil").click()
    expect(page.locator(".deadlines")).to_contain_text("Anda")
    _do(plain, "Serahkan", "Serahkan", to="contoh-supervisor-cgk")
    expect(page.locator(".deadlines")).to_contain_text("contoh-supervisor-cgk")
    _do(plain, "Tambah catatan", "Tambah catatan", text="Nomornya 9901014506900001.")
    expect(page.locator(".banner")).to_contain_text("Catatan tidak boleh memuat nomor")
    expect(page.locator("#text")).to_have_value("Nomornya 9901014506900001.")
    _do(plain, "Tambah catatan", "Tambah catatan", text="Menunggu jawaban keluarga.")
    expect(page.locator(".history q").first).to_have_text("Menunggu jawaban keluarga.")
    page.get_by_role("button", name="Mulai pemeriksaan lanjutan").click()
    expect(page.locator(".headline .state")).to_have_text("Pemeriksaan lanjutan")
    plain.shot("alert-in-secondary")
    _do(plain, "Catat hasil", "Catat", outcome="DEFERRED")
    expect(page.locator(".banner")).to_contain_text("Penundaan perlu dasar hukum")
    expect(page.locator('[name="outcome"][value="DEFERRED"]')).to_be_checked()
    _do(plain, "Catat hasil", "Catat", outcome="DEFERRED", ground_code="UNDER_INVESTIGATION")
    expect(page.locator(".headline .state")).to_have_text("Ditunda")
    history = page.locator(".history").inner_text()
    assert all(word in history for word in ("Sudah dilihat", "Diambil", "Catatan", "Hasil dicatat"))
    assert page.locator(".actions button").count() == 1, "only a note can still be added"
    plain.shot("alert-deferred")
    page.goto("/?feed=COORDINATOR:*")
    assert page.locator(f'[data-id="{name}"]').count() == 0


def test_a_rule_is_snoozed_and_paging_silenced(plain: Visitor, here: Site) -> None:
    here.play("deceased_or_inactive_nik_used_fires", "snoozed")
    here.suar.settle()
    plain.open("deceased_or_inactive_nik_used")
    _do(plain, "Heningkan panggilan", "Heningkan panggilan", comment="Sedang ditangani bersama", hours="4")
    expect(plain.page.locator(".banner.done")).to_have_text("Tercatat: panggilan diheningkan.")
    _do(
        plain,
        "Tenangkan aturan untuk orang ini",
        "Tenangkan aturan untuk orang ini",
        comment="Akta sudah diperiksa",
        hours="24",
    )
    expect(plain.page.locator(".banner.done")).to_have_text("Tercatat: aturan ini tenang untuk orang ini.")
    plain.page.goto("/silences")
    row = plain.page.locator('tr:has-text("Sedang ditangani bersama")')
    expect(row).to_contain_text("contoh-koordinator")
    plain.shot("silences")
    row.get_by_role("button").click()
    expect(plain.page.locator('tr:has-text("Sedang ditangani bersama")')).to_have_count(0)


def test_a_stale_command_shows_the_newer_state_and_asks_again(coordinator: Visitor, here: Site) -> None:
    coordinator.expected = ("412",)
    here.play("age_manipulation_fires", "stale")
    here.suar.settle()
    page = coordinator.page
    coordinator.open("age_manipulation")
    other = coordinator.context.new_page()
    other.goto(page.url)
    other.get_by_role("button", name="Ambil").click()
    expect(other.locator(".banner.done")).to_be_visible()

    page.get_by_role("button", name="Tandai dilihat").click()

    expect(page.locator(".banner")).to_contain_text("Tindakan Anda belum dijalankan")
    expect(page.locator(".deadlines")).to_contain_text("Anda")
    coordinator.shot("alert-stale")
    page.get_by_role("button", name="Ambil").click()
    expect(page.locator(".banner.done")).to_be_visible()


def test_the_browser_asks_for_the_ground_of_a_deferral(coordinator: Visitor) -> None:
    coordinator.open("passport_lost_while_seized")
    page = coordinator.page
    page.locator("summary", has_text="Catat hasil").click()
    page.locator('[value="DEFERRED"]').check()
    assert page.locator("#ground").evaluate("one => one.required")
    page.locator('[value="CLEARED"]').check()
    assert not page.locator("#ground").evaluate("one => one.required")


def test_evidence_stands_on_lanes_and_in_a_table(coordinator: Visitor) -> None:
    coordinator.open("passport_lost_while_seized")
    page = coordinator.page
    lanes = page.locator(".timeline .lane").all_text_contents()
    assert lanes[:5] == ["SIMKIM", "SISKOP2MI", "SIPMI", "Dukcapil", "Peduli WNI"]
    marks = page.locator(".timeline .event").count()
    assert marks == page.locator(".evidence tbody tr").count() == 2
    coordinator.shot("alert")


def test_who_it_is_is_shown_for_a_purpose_and_on_that_page_alone(browser: Browser, here: Site) -> None:
    here.play("deceased_or_inactive_nik_used_fires", "named")
    here.suar.settle()
    one = Visitor(browser, here, "contoh-supervisor-cgk", scripts=False)
    page = one.page
    page.goto("/?feed=SUPERVISOR:A-CGK")
    name = one.alert_of("deceased_or_inactive_nik_used")
    page.goto(f"/alerts/{name}")
    assert page.locator("#people").count() == 0
    page.locator("summary", has_text="Siapa orangnya").click()
    assert page.locator("#purpose option").all_text_contents() == ["Menemui dan berbicara di tempat tertutup"]
    follow(page, page.locator('form[action$="/identity"] button'))
    shown = page.locator("#people tbody tr").inner_text()
    assert re.search(r"\b[A-Z0-9]{6,9}\b", shown), "the document's number"
    one.shot("alert-identity")
    page.goto(f"/alerts/{name}")
    assert page.locator("#people").count() == 0, "it is asked for again"
    one.context.close()


def test_a_role_without_a_purpose_is_shown_no_way_to_a_name(browser: Browser, here: Site) -> None:
    one = Visitor(browser, here, "contoh-konter-cgk")
    one.page.goto("/?feed=COUNTER:A-CGK")
    follow(one.page, one.page.locator(".row .why").first)
    assert one.page.locator("summary", has_text="Siapa orangnya").count() == 0
    one.context.close()


def test_a_group_opens_its_network_and_its_members(coordinator: Visitor) -> None:
    coordinator.open("strangers_one_booking")
    page = coordinator.page
    follow(page, page.get_by_role("link", name="Gambar jaringan"))
    people = page.locator(".person text").all_text_contents()
    assert sorted(people)[0].startswith("Orang 1")
    assert page.locator("tbody tr").count() == len(people) == page.locator(".edge").count()
    assert not re.search(r"[0-9a-f]{32}", page.locator("main").inner_text()), "pseudonyms stay in addresses"
    coordinator.shot("network")


@pytest.mark.parametrize(
    ("name", "feed"), [("contoh-konter-cgk", "COUNTER:A-CGK"), ("contoh-supervisor-cgk", "SUPERVISOR:A-CGK")]
)
def test_a_page_holds_no_more_than_its_role_may_see(browser: Browser, here: Site, name: str, feed: str) -> None:
    one = Visitor(browser, here, name)
    page = one.page
    page.goto(f"/?feed={feed}")
    follow(page, page.locator(".row .why").first)
    text = page.content()
    counter = feed.startswith("COUNTER")
    assert ("simkim/" in text) is not counter, "evidence is the supervisor's"
    assert page.locator(".ask li").count() >= 2
    assert not re.search(r"(?:person|document|contact):[0-9a-f]{32}", text) or not counter
    assert page.locator('summary:text-is("Serahkan")').count() == (0 if counter else 1)
    assert page.locator('summary:text-is("Heningkan panggilan")').count() == 0, "silences are the coordinator's"
    page.goto("/?feed=COORDINATOR:*")
    assert page.locator("#rows").get_attribute("data-feed") == feed
    one.shot(f"alert-{feed.partition(':')[0].lower()}")
    one.context.close()
    assert one.complaints == []


def test_another_roles_alert_is_not_there(browser: Browser, here: Site, coordinator: Visitor) -> None:
    name = coordinator.open("passport_lost_while_seized")
    one = Visitor(browser, here, "contoh-konter-cgk")
    answer = one.page.goto(f"/alerts/{name}")
    assert answer is not None
    assert answer.status == 404
    assert "paspor" not in one.page.locator("main").inner_text().lower()
    one.context.close()
