"""From the call to the score, across four browsers at once, while the vehicle's fixes flow."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from terminal import Terminal
from test_dealer import accept, primary, sign
from town import SCENE, Town, open_town

Picture = Callable[[Page, str], None]
PHONE = {"width": 360, "height": 740}
START = (31.2322, 121.4800)


@pytest.fixture(scope="module")
def quick_town(tmp_path_factory: pytest.TempPathFactory) -> Generator[Town]:
    """A town where a few seconds inside the fence are an arrival."""
    with open_town(tmp_path_factory.mktemp("quick"), fence_dwell_s="2") as opened:
        yield opened


def somebody(browser: Browser, town: Town, who: str = "", **given: Any) -> BrowserContext:
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN", **given})
    if who:
        town.enter(context, who)
    return context


def take_the_call(page: Page) -> None:
    keys = page.keyboard
    keys.press("n")
    for text in ("13912345678", "王女士", "沪AD12345", f"{SCENE['lat']},{SCENE['lon']}"):
        keys.type(text)
        keys.press("Enter")
    expect(page.locator('[data-field="fault"] :focus')).to_have_count(1)
    keys.press("1")
    expect(page.locator('[data-field="energy"] :focus')).to_have_count(1)
    keys.press("1")
    keys.press("Control+Enter")
    expect(page.locator('.candidate[aria-selected="true"] .rank')).to_have_text("1")
    keys.press("Enter")


def test_from_the_call_to_the_score(browser: Browser, quick_town: Town, picture: Picture) -> None:
    town = quick_town
    dispatcher = somebody(browser, town, "zhang").new_page()
    phone = somebody(browser, town, "li", viewport=PHONE, has_touch=True, is_mobile=True).new_page()
    motorist = somebody(browser, town, viewport=PHONE, has_touch=True, is_mobile=True).new_page()
    oem = somebody(browser, town, "oem").new_page()
    dispatcher.goto(f"{town.url}/console")
    phone.goto(f"{town.url}/dealer")
    expect(dispatcher.locator(".line-dot")).to_have_attribute("data-state", "live")

    with Terminal(town.url, town.terminals["沪A10001"], START, (SCENE["lat"], SCENE["lon"]), steps=50) as terminal:
        take_the_call(dispatcher)
        expect(phone.get_by_role("timer")).to_be_visible(timeout=10_000)
        accept(phone)
        (case,) = town.send("zhang", "GET", "/cases?q=13912345678")
        link = town.send("zhang", "POST", "/links", {"case": case["id"]})
        motorist.goto(town.url + link["url"])
        expect(motorist.get_by_role("heading", name="救援车正在赶来")).to_be_visible()
        expect(motorist.get_by_text("按车辆实时位置")).to_be_visible(timeout=15_000)
        expect(motorist.locator(".way canvas")).to_be_visible(timeout=15_000)
        picture(dispatcher, "scenario-1-coming-console")
        picture(motorist, "scenario-1-coming-motorist")
        # Nobody taps: departure and arrival are measured.
        expect(motorist.get_by_role("heading", name="救援人员已到现场")).to_be_visible(timeout=60_000)
        expect(primary(phone)).to_have_text("检查表", timeout=15_000)
        picture(phone, "scenario-2-on-scene-phone")
        assert terminal.acknowledged > 30
        trip = town.send("zhang", "GET", f"/cases/{case['id']}")["trips"][0]
        assert trip["arrival_source"] == "gps"

        primary(phone).click()
        phone.get_by_label("里程（公里）").fill("48210")
        phone.get_by_role("button", name="保存检查表").click()
        expect(primary(phone)).to_have_text("救援结果")
        primary(phone).click()
        phone.get_by_role("button", name="能", exact=True).click()
        phone.locator("dialog button.primary").click()
        expect(primary(phone)).to_have_text("客户签字")
        primary(phone).click()
        sign(phone)
        phone.get_by_role("button", name="确认签字").click()
        expect(primary(phone)).to_have_text("完成")
        primary(phone).click()
        expect(phone.get_by_text("现在没有任务")).to_be_visible()

    expect(motorist.get_by_role("heading", name="这次救援您满意吗？")).to_be_visible(timeout=15_000)
    motorist.get_by_role("button", name="非常满意").click()
    expect(motorist.get_by_text("谢谢您的评价")).to_be_visible()
    # Answered, it is closed, and leaves the board of a dispatcher who only looks on.
    expect(dispatcher.locator(".board-row")).to_have_count(0, timeout=15_000)
    picture(dispatcher, "scenario-3-done-console")

    oem.goto(f"{town.url}/oem")
    row = oem.get_by_role("row", name="浦东绿地店")
    expect(row.get_by_text("100.0").first).to_be_visible()
    row.get_by_title("查看案例").first.click()
    expect(oem.get_by_role("cell", name=case["number"])).to_be_visible()
    picture(oem, "scenario-4-score-oem")
    for page in (dispatcher, phone, motorist, oem):
        page.context.close()


AXE = Path(__file__).parents[2] / "gateway" / "web" / "node_modules" / "axe-core" / "axe.min.js"
PLACES = [
    ("zhang", "/console"),
    ("li", "/dealer"),
    ("oem", "/oem"),
    ("admin", "/admin"),
    ("", "/"),
    ("", "/m/nothing"),
]


def broken(said: str) -> bool:
    """Whether the page broke its policy. A component library measures by an empty style element, which is refused."""
    return "Content Security" in said and "inline style" not in said


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("who", "place"), PLACES)
def test_axe_finds_nothing_serious(
    browser: Browser, town: Town, picture: Picture, who: str, place: str, theme: Any
) -> None:
    town.rescue()
    for language in ("zh", "en"):
        context = somebody(browser, town, who, color_scheme=theme)
        context.add_init_script(f"localStorage.setItem('language', '{language}')")
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error, told=errors: told.append(str(error)))  # type: ignore[misc]
        page.on("console", lambda line, told=errors: told.append(line.text) if broken(line.text) else None)  # type: ignore[misc]
        page.goto(town.url + place)
        page.wait_for_load_state("networkidle") if who == "" else page.locator("header").first.wait_for()
        page.wait_for_timeout(1_500)
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        grave = [
            (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        name = f"page-{place.strip('/').replace('/', '-') or 'door'}-{language}-{theme}"
        picture(page, name)
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        picture(page, f"{name}-phone")
        assert not grave, (language, grave)
        assert not errors
        context.close()
