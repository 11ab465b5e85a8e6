"""The motorist's page: a link, no sign-in; where the phone is, who comes, how it was."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from town import SCENE, Town

Picture = Callable[[Page, str], None]


@pytest.fixture
def kerb(browser: Browser) -> Generator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        locale="zh-CN",
        has_touch=True,
        geolocation={"latitude": SCENE["lat"], "longitude": SCENE["lon"], "accuracy": 18},  # type: ignore[typeddict-item]
        permissions=["geolocation"],
    )
    yield context
    context.close()


def link(town: Town, case: str = "") -> Any:
    return town.send("zhang", "POST", "/links", {"case": case})


def test_from_where_are_you_to_how_was_it(kerb: BrowserContext, town: Town, picture: Picture) -> None:
    sent = link(town)
    page = kerb.new_page()
    page.goto(town.url + sent["url"])
    expect(page.get_by_role("heading", name="请告诉我们您的位置")).to_be_visible()
    picture(page, "motorist-locating")
    page.get_by_role("button", name="发送我的位置").click()
    expect(page.get_by_role("status")).to_have_text("位置已发送，精度约 18 米")
    expect(page.get_by_role("heading", name="位置已收到")).to_be_visible()
    said = town.send("zhang", "GET", f"/links/{sent['id']}")["position"]
    assert (said["lat"], said["accuracy_m"]) == (SCENE["lat"], 18)
    case = town.new_case(link=sent["id"])
    expect(page.get_by_role("heading", name="正在为您安排救援")).to_be_visible()
    picture(page, "motorist-waiting")
    offer = town.send("zhang", "POST", f"/cases/{case['id']}/offers", {})
    body = {"vehicle": "沪A10001", "driver": {"name": "陈大明"}, "crew": 2, "eta_minutes": 30}
    trip = town.send("li", "POST", f"/offers/{offer['id']}/accept", body)
    expect(page.get_by_role("heading", name="救援已安排，即将出发")).to_be_visible()
    expect(page.get_by_text("陈师傅")).to_be_visible()
    expect(page.get_by_text("沪A·10001")).to_be_visible()
    path = f"/trips/{trip['id']}"
    town.send("li", "POST", f"{path}/depart", {})
    expect(page.get_by_role("heading", name="救援车正在赶来")).to_be_visible()
    expect(page.locator(".way")).to_have_count(0)  # an empty map would tell nothing
    picture(page, "motorist-coming")
    town.send("li", "POST", f"{path}/arrive", {})
    expect(page.get_by_role("heading", name="救援人员已到现场")).to_be_visible()
    town.send("li", "PUT", f"{path}/checksheet", {"odometer_km": 48210})
    town.send("li", "POST", f"{path}/outcome", {"result": "repaired", "drivable": True})
    signature = {"signer": "王女士", "signature_svg": "<svg><path d='M0 0L9 9'/></svg>"}
    town.send("li", "POST", f"{path}/checksheet/sign", signature)
    town.send("li", "POST", f"{path}/complete", {})
    expect(page.get_by_role("heading", name="这次救援您满意吗？")).to_be_visible()
    picture(page, "motorist-survey")
    page.get_by_role("button", name="很不满意").click()
    page.get_by_label("请告诉我们哪里不好").fill("等了很久 <b>真的</b>")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("谢谢您的评价")).to_be_visible()
    picture(page, "motorist-after")
    ended = town.send("zhang", "GET", f"/cases/{case['id']}")
    assert (ended["satisfaction"], ended["survey_comment"]) == (0, "等了很久 <b>真的</b>")
    with page.expect_response("**/record.pdf?lang=zh") as answered:
        page.evaluate("fetch(document.querySelector('a[href*=\"record.pdf\"]').href)")
    assert answered.value.headers["content-type"] == "application/pdf"
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="The rescue is done")).to_be_visible()
    picture(page, "motorist-after-en")


def test_k2_the_motorist_calls_it_off(kerb: BrowserContext, town: Town, picture: Picture) -> None:
    case = town.new_case(car={"plate": "沪E55555"}, location={**SCENE, "address": "<img src=x onerror=alert(1)>"})
    page = kerb.new_page()
    page.goto(town.url + link(town, case["id"])["url"])
    page.get_by_role("button", name="取消救援").click()
    picture(page, "motorist-cancel")
    page.get_by_role("button", name="车已恢复").click()
    expect(page.get_by_role("heading", name="已取消")).to_be_visible()
    assert town.send("zhang", "GET", f"/cases/{case['id']}")["cancelled_by"] == "customer"


def test_a_link_that_is_none_says_so(kerb: BrowserContext, town: Town, picture: Picture) -> None:
    page = kerb.new_page()
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{town.url}/m/nothing")
    expect(page.get_by_text("链接已失效")).to_be_visible()
    page.clock.run_for(60_000)
    assert len([url for url in asked if url.endswith("/motorist/nothing")]) == 1
    picture(page, "motorist-gone")
