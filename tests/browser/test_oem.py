"""The OEM's dashboard: each figure opens to its cases, and each case to what happened."""

import json
import math
import re
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from town import SCENE, Town, open_town

from core.clock import WallClock
from core.geo import Position
from core.hexagons import centre, hexagon_of
from simulations.service import run_command

Picture = Callable[[Page, str], None]


_FOURTH = {
    "code": "JA",
    "name": "静安店",
    "city_code": "310000",
    "location": {"lat": 31.2286, "lon": 121.448},
    "phone": "021-58690001",
    "specialist": {"name": "李强", "phone": "13900000001"},
    "brands": ["别克"],
    "region": "华东",
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Generator[Town]:
    """A town with a past: of 徐汇店 six cases, each reached late, of 虹桥店 one without fault, of 静安店 none."""
    folder = tmp_path_factory.mktemp("town")
    with open_town(folder) as opened:
        opened.send("zhang", "POST", "/dealers", _FOURTH)
        cases = [*(_past(f"X-{n}", "XH", arrived_after=40) for n in range(6)), _past("H-1", "HQ", arrived_after=20)]
        file = folder / "past.jsonl"
        file.write_text("\n".join(map(json.dumps, cases)))
        (store,) = folder.glob("store-*.db")
        run_command("import", "cases", "--strict", str(file), environment={"NEARSIDE_DATABASE": f"sqlite:///{store}"})
        yield opened


def _past(number: str, dealer: str, arrived_after: int) -> dict[str, Any]:
    """A case of yesterday that was promised in 30 minutes."""
    opened_at = WallClock().now() - timedelta(days=1)

    def at(minute: int) -> str:
        return (opened_at + timedelta(minutes=minute)).isoformat()

    offer = {"dealer": dealer, "at": at(1), "answer": "accepted", "answered_at": at(2), "promised_at": at(32)}
    on_site = {"arrived_at": at(arrived_after), "result": "repaired", "drivable": True, "signed": True}
    return {
        "number": number,
        "channel": "hotline_400",
        "opened_at": at(0),
        "fault": "battery",
        "location": SCENE,
        "offers": [offer],
        "trips": [{"dealer": dealer, "kind": "service", "departed_at": at(5), **on_site}],
        "end": {"status": "closed", "at": at(60), "by": None},
        "satisfaction": None,
    }


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
    expect(page.locator(".kpi-score")).to_contain_text("9 案次")
    expect(page.get_by_role("banner").get_by_role("time")).to_have_text(re.compile(r"^截至 \d\d:\d\d$"))
    picture(page, "oem-dealers")
    page.locator(".kpi-score").get_by_role("button").click()
    composed = page.get_by_role("dialog", name="全网：得分如何得出")
    adds = [float(cell) for cell in composed.locator("tbody td:last-child").all_inner_texts()]
    total = float(composed.locator("tfoot td").last.inner_text())
    assert abs(sum(adds) - total) <= 0.05 * len(adds) + 0.05  # each is rounded by itself
    picture(page, "oem-composed")
    composed.get_by_role("row", name="客户满意度").get_by_role("button").click()
    by_dealer = page.get_by_role("dialog", name="客户满意度：各经销商")
    expect(by_dealer.get_by_role("columnheader", name="评价数")).to_be_visible()
    expect(by_dealer.get_by_role("row", name="浦东绿地店").get_by_role("cell", name="1", exact=True)).to_be_visible()
    picture(page, "oem-by-dealer")
    by_dealer.get_by_role("row", name="浦东绿地店").get_by_role("button").click()
    expect(page.get_by_role("row", name="客户已评价 90%")).to_be_visible()
    picture(page, "oem-behind-satisfaction")
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


def test_the_maps_spots_open_their_cases_and_its_hexagons_say_their_figure(
    page_of_oem: Page, told: Town, picture: Picture
) -> None:
    page = page_of_oem
    page.goto(f"{told.url}/oem")
    page.get_by_role("tab", name="地图").click()
    expect(page.get_by_text("需求（1 格）")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("list", name="图例").get_by_role("listitem")).to_have_count(3)
    page.get_by_role("checkbox", name="覆盖").check()
    picture(page, "oem-map-coverage")
    page.get_by_role("button", name="迟到表：6 案次").click()
    page.get_by_role("row", name="X-3").get_by_role("button").click()
    expect(page.get_by_role("dialog", name="X-3").get_by_text("到达现场").first).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="需求表").click()
    picture(page, "oem-map-tables")
    page.get_by_role("cell", name="上海市").get_by_role("button").click()
    bubble = page.locator(".map-bubble")
    expect(bubble).to_contain_text("上海市")
    picture(page, "oem-map-hexagon")
    # The hexagon is in the middle now, its cases a little beside; they all have one place.
    box = page.locator(".oem-map").bounding_box()
    assert box
    x, y = _scene_beside_the_middle()
    page.mouse.click(box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 + y)
    bubble.get_by_role("button", name="X-3").click()
    expect(page.get_by_role("dialog", name="X-3")).to_be_visible()


def _scene_beside_the_middle() -> tuple[float, float]:
    """Of its hexagon, in pixels, at the zoom that the map begins with."""
    lat, lon = float(SCENE["lat"]), float(SCENE["lon"])
    middle = centre(hexagon_of(Position(lat=lat, lon=lon), 7))
    pixels = 512 * 2**11 / 360
    return (lon - middle.lon) * pixels, (middle.lat - lat) / math.cos(math.radians(lat)) * pixels


def test_k12_dealers_with_few_cases_stand_after_the_ranked_ones(page_of_oem: Page, told: Town) -> None:
    """虹桥店 has the highest score, of one case; 静安店 has none, which is not provisional (K6)."""
    page = page_of_oem
    page.goto(f"{told.url}/oem")
    rows = page.locator(".dealers tbody tr[data-row-key]")
    for few in (("虹桥店", "静安店"), ("静安店", "虹桥店")):
        expect(rows.last).to_contain_text(few[-1])
        texts = rows.all_inner_texts()
        places = [
            next(place for place, text in enumerate(texts) if name in text)
            for name in ("华东", "徐汇店", "案例不足，不排名", *few)
        ]
        assert places == sorted(places)
        page.get_by_role("columnheader", name="得分").click(click_count=2)
    expect(rows.filter(has_text="静安店")).to_contain_text("暂无")
    expect(rows.filter(has_text="静安店")).not_to_contain_text("暂定")


def test_a_tablet_reads_it_too(browser: Browser, told: Town, picture: Picture) -> None:
    context = browser.new_context(viewport={"width": 820, "height": 1180}, locale="zh-CN", color_scheme="dark")
    told.enter(context, "oem")
    page = context.new_page()
    page.goto(f"{told.url}/oem")
    expect(page.get_by_role("heading", name="派工完成率")).to_be_visible()
    picture(page, "oem-tablet-dark")
    last = page.get_by_role("columnheader", name="一次成功率")
    assert (box := last.bounding_box())
    assert box["x"] + box["width"] <= 820
    page.locator(".dealers .ant-table-content").evaluate("table => table.scrollTo(1000, 0)")
    expect(page.get_by_role("cell", name="徐汇店 XH")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="English").click()
    picture(page, "oem-tablet-dark-scrolled")
    context.close()
