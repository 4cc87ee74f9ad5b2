"""Home areas: what a village sees of itself and nothing else, what others see of all, and nobody's name."""

import pytest
from playwright.sync_api import Browser, expect

from streams.web.areas import number
from tests.feed.home_areas import DESA, ELSEWHERE, KABUPATEN, NEIGHBOUR
from tests.web.conftest import Visitor, follow
from tests.web.site import Site


def test_a_village_is_led_to_its_own_counts(browser: Browser, here: Site) -> None:
    one = Visitor(browser, here, "contoh-desa", scripts=False)
    page = one.page
    page.goto("/")
    assert page.url == f"{here.url}/areas"
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    cells = [" ".join(cell.split()) for cell in rows.locator("th, td").all_text_contents()]
    assert cells == [DESA, "Desa", "6", "≈ 250,0", "–", "–", "< 3", "–", "–", "–", "240", "04-11-2026"]
    expect(page.locator("nav [aria-current]")).to_have_text(["Daerah asal"])
    expect(page.locator(".legend")).to_contain_text("tidak dapat membedakannya")
    expect(page.locator(".legend")).to_contain_text("sekarang kurang dari k")
    assert page.locator("form.filters").count() == 0
    one.shot("areas-village")
    page.goto("/language/en?to=/areas")
    assert "≈ 250.0" in rows.inner_text()
    answer = page.goto(f"/areas?area={NEIGHBOUR}")
    assert answer is not None
    assert answer.status == 403
    one.context.close()


def test_the_whole_country_is_filtered_without_scripts(plain: Visitor) -> None:
    page = plain.page
    page.goto("/")
    follow(page, page.get_by_role("link", name="Daerah asal"))
    listed = page.locator("tbody tr")
    assert {KABUPATEN, DESA, NEIGHBOUR, ELSEWHERE} <= {row.get_attribute("data-area") for row in listed.all()}
    page.get_by_label("Kode wilayah").fill("9901")
    page.get_by_label("Tingkat").select_option("KABUPATEN")
    follow(page, page.get_by_role("button", name="Saring"))
    assert [row.get_attribute("data-area") for row in listed.all()] == [KABUPATEN]
    page.get_by_label("Kode wilayah").fill("9955")
    follow(page, page.get_by_role("button", name="Saring"))
    expect(page.locator(".empty")).to_contain_text("kurang dari 3 orang")


def test_who_may_not_see_them_is_shown_no_way_there(browser: Browser, here: Site) -> None:
    one = Visitor(browser, here, "contoh-konter-cgk")
    assert one.page.locator('nav a[href="/areas"]').count() == 0
    answer = one.page.goto("/areas")
    assert answer is not None
    assert answer.status == 403
    one.context.close()


@pytest.mark.parametrize(
    ("value", "indonesian", "english"),
    [(1234, "1.234", "1,234"), (250.0, "250,0", "250.0"), (1234.56, "1.234,6", "1,234.6")],
)
def test_numbers_are_written_as_the_language_writes_them(value: float, indonesian: str, english: str) -> None:
    assert (number(value, "id"), number(value, "en")) == (indonesian, english)
