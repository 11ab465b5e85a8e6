"""The OEM's dashboard: each figure opens to its cases, and each case to what happened."""

from collections.abc import Callable, Generator

import pytest
from playwright.sync_api import Browser, Page, expect
from town import Town

Picture = Callable[[Page, str], None]


@pytest.fixture
def told(town: Town) -> Town:
    """A town with a rescue, an answer of the owner, and a refusal."""
    case = town.rescue()
    town.send("zhang", "POST", f"/cases/{case['id']}/survey", {"satisfaction": 90})
    other = town.new_case(car={"plate": "沪C11111"}, caller={"name": "赵", "phone": "13700001111"})
    offer = town.send("zhang", "POST", f"/cases/{other['id']}/offers", {"dealer": "PD", "override_reason": "测试"})
    town.send("li", "POST", f"/offers/{offer['id']}/decline", {"reason": "人手不足"})
    return town


@pytest.fixture
def page_of_oem(browser: Browser, told: Town) -> Generator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN", color_scheme="light")
    told.enter(context, "oem")
    yield context.new_page()
    context.close()


def test_k7_from_a_figure_to_its_cases_to_what_happened(page_of_oem: Page, told: Town, picture: Picture) -> None:
    page = page_of_oem
    page.goto(f"{told.url}/oem")
    expect(page.get_by_role("heading", name="派工完成率")).to_be_visible()
    expect(page.get_by_text("案例不足").first).to_be_visible()
    picture(page, "oem-dealers")
    page.locator(".kpi-score").get_by_role("button").click()
    composed = page.get_by_role("dialog", name="全网：得分如何得出")
    adds = [float(cell) for cell in composed.locator("tbody td:last-child").all_inner_texts()]
    total = float(composed.locator("tfoot td").last.inner_text())
    assert abs(sum(adds) - total) <= 0.05 * len(adds) + 0.05  # each is rounded by itself
    picture(page, "oem-composed")
    composed.get_by_role("row", name="客户满意度").get_by_role("button").click()
    expect(page.get_by_role("dialog", name="客户满意度：各经销商")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("row", name="浦东绿地店").get_by_role("button", name="81").click()
    expect(page.get_by_role("dialog", name="浦东绿地店：得分如何得出")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("row", name="浦东绿地店").get_by_title("查看案例").first.click()
    expect(page.get_by_text("由本经销商完成")).to_be_visible()
    picture(page, "oem-behind")
    page.get_by_role("row", name="由本经销商完成").get_by_role("button").click()
    expect(page.get_by_text("到达现场").first).to_be_visible()
    assert "13912345678" not in page.content()
    assert "王女士" not in page.content()
    picture(page, "oem-story")


def test_r1_refused_offers_the_map_and_the_weeks(page_of_oem: Page, told: Town, picture: Picture) -> None:
    page = page_of_oem
    page.goto(f"{told.url}/oem")
    page.locator(".kpi", has_text="接单率").get_by_role("button").click()
    expect(page.get_by_role("cell", name="人手不足").first).to_be_visible()
    picture(page, "oem-refused")
    page.get_by_role("tab", name="地图").click()
    expect(page.locator(".oem-map canvas")).to_be_visible()
    expect(page.get_by_text("需求（1 格）")).to_be_visible(timeout=15_000)
    page.wait_for_timeout(1_000)
    picture(page, "oem-map")
    page.get_by_role("tab", name="周报").click()
    expect(page.get_by_text("还没有周报")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("tab", name="Not taken")).to_be_visible()
    page.get_by_role("tab", name="Dealers").click()
    picture(page, "oem-dealers-en")
    with page.expect_download() as got:
        page.locator(".behind-tools a").click()
    assert got.value.suggested_filename == "scores.xlsx"


def test_a_tablet_reads_it_too(browser: Browser, told: Town, picture: Picture) -> None:
    context = browser.new_context(viewport={"width": 820, "height": 1180}, locale="zh-CN", color_scheme="dark")
    told.enter(context, "oem")
    page = context.new_page()
    page.goto(f"{told.url}/oem")
    expect(page.get_by_role("heading", name="派工完成率")).to_be_visible()
    picture(page, "oem-tablet-dark")
    context.close()
