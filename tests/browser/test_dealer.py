"""The dealer's phone: a whole rescue with a thumb, the connection lost on the way, nothing lost with it."""

import io
from collections.abc import Callable, Generator
from typing import Any

import pytest
from line import Line
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from town import PASSWORD, SCENE, Town

from gateway.auth import COOKIE

PHONE = {"width": 360, "height": 740}
Picture = Callable[[Page, str], None]


@pytest.fixture
def line(town: Town) -> Generator[Line]:
    with Line(town.url) as whole:
        yield whole


@pytest.fixture
def phone(browser: Browser, town: Town) -> Generator[BrowserContext]:
    context = browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        locale="zh-CN",
        has_touch=True,
        is_mobile=True,
        geolocation={"latitude": SCENE["lat"], "longitude": SCENE["lon"]},  # type: ignore[typeddict-item]
        permissions=["geolocation"],
    )
    town.enter(context, "li")
    yield context
    context.close()
    town.clear()


def into_the_tunnel(phone: BrowserContext, line: Line) -> None:
    """The phone is told that it is offline, and nothing comes through either: the browser's own switch has been seen to
    let a request pass.
    """
    line.cut()
    phone.set_offline(True)


def out_of_the_tunnel(phone: BrowserContext, line: Line) -> None:
    line.mend()
    phone.set_offline(False)


def photograph() -> dict[str, Any]:
    written = io.BytesIO()
    Image.new("RGB", (320, 240), (120, 130, 140)).save(written, "JPEG")
    return {"name": "front.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


def primary(page: Page) -> Any:
    return page.locator(".job-actions button.primary")


def accept(page: Page) -> None:
    primary(page).click()
    page.get_by_label("司机姓名").fill("陈师傅")
    page.get_by_label("司机电话").fill("13800000002")
    page.locator("dialog button.primary").click()
    expect(primary(page)).to_have_text("出发")


def sign(page: Page) -> None:
    """Across the upright screen, as one writes on a phone that is turned sideways."""
    expect(page.locator(".signed-of.sheet")).to_contain_text("48210")
    page.get_by_role("button", name="横屏签字").click()
    box = page.get_by_label("请在此签名").bounding_box()
    assert box
    assert box["height"] > 1.5 * box["width"]
    page.mouse.move(box["x"] + 120, box["y"] + 100)
    page.mouse.down()
    for step in range(1, 8):
        page.mouse.move(box["x"] + 120 + (30 if step % 2 else -20), box["y"] + 100 + 50 * step)
    page.mouse.up()


def offered(town: Town, **changes: Any) -> dict[str, Any]:
    case = town.new_case(**changes)
    town.send("zhang", "POST", f"/cases/{case['id']}/offers", {})
    return case


def accepted(town: Town, case: dict[str, Any]) -> dict[str, Any]:
    """The trip of a dealer that has taken the case, by itself."""
    offer = town.send("zhang", "POST", f"/cases/{case['id']}/offers", {"dealer": "PD", "override_reason": "测试"})
    answer = {"vehicle": "沪A10001", "driver": {"name": "陈师傅", "phone": "13800000002"}, "crew": 2, "eta_minutes": 30}
    return town.send("li", "POST", f"/offers/{offer['id']}/accept", answer)


def test_r3_r6_r7_a_rescue_on_the_phone_through_a_lost_connection(
    phone: BrowserContext, line: Line, town: Town, picture: Picture
) -> None:
    page = phone.new_page()
    page.goto(f"{line.url}/dealer")
    expect(page.get_by_text("现在没有任务")).to_be_visible()
    picture(page, "dealer-phone-empty")
    case = offered(town)
    expect(page.get_by_role("timer")).to_be_visible()
    picture(page, "dealer-phone-offer")
    primary(page).click()
    picture(page, "dealer-phone-accept")
    page.get_by_role("button", name="关闭").click()
    accept(page)
    picture(page, "dealer-phone-accepted")
    # The shell is kept: the page opens without a connection too.
    page.wait_for_function("navigator.serviceWorker.ready.then(() => caches.has('dealer-1'))")
    into_the_tunnel(phone, line)
    primary(page).click()
    expect(primary(page)).to_have_text("到达")
    expect(page.get_by_role("status").first).to_contain_text("离线，已保存 1 项")
    page.reload()
    expect(primary(page)).to_have_text("到达")
    primary(page).click()
    expect(primary(page)).to_have_text("检查表")
    primary(page).click()
    page.get_by_label("里程（公里）").fill("48210")
    page.get_by_role("button", name="前 正常").click()
    page.locator("input[type=file]").set_input_files(photograph())  # type: ignore[arg-type]
    expect(page.locator("img.waiting")).to_have_count(1)
    picture(page, "dealer-phone-sheet")
    page.get_by_role("button", name="保存检查表").click()
    expect(primary(page)).to_have_text("救援结果")
    primary(page).click()
    page.get_by_role("button", name="能", exact=True).click()
    picture(page, "dealer-phone-outcome")
    page.locator("dialog button.primary").click()
    expect(primary(page)).to_have_text("客户签字")
    primary(page).click()
    sign(page)
    picture(page, "dealer-phone-sign")
    page.get_by_role("button", name="确认签字").click()
    expect(primary(page)).to_have_text("完成")
    primary(page).click()
    expect(page.get_by_role("status").first).to_contain_text("离线，已保存 7 项")
    picture(page, "dealer-phone-offline")
    assert town.send("zhang", "GET", f"/cases/{case['id']}")["status"] == "accepted"
    out_of_the_tunnel(phone, line)
    expect(page.get_by_text("离线")).to_have_count(0, timeout=15_000)
    expect(page.get_by_text("现在没有任务")).to_be_visible(timeout=15_000)
    expect(page.locator(".job-row .state")).to_have_text("完成")
    expect(page.get_by_role("alert")).to_have_count(0)
    done = town.send("zhang", "GET", f"/cases/{case['id']}")
    assert done["status"] == "completed"
    (trip,) = done["trips"]
    assert trip["signed"]
    assert len(town.send("zhang", "GET", f"/trips/{trip['id']}/photos")) == 1
    kinds = [event["kind"] for event in town.send("zhang", "GET", f"/cases/{case['id']}/timeline")]
    assert kinds.index("check_sheet_signed") < kinds.index("case_completed")


def test_a_photograph_stays_on_the_open_sheet_and_what_is_none_is_said(phone: BrowserContext, town: Town) -> None:
    case = town.new_case(caller={"name": "周女士", "phone": "13622223333"}, car={"plate": "沪C55555"})
    trip = accepted(town, case)
    town.send("li", "POST", f"/trips/{trip['id']}/arrive", {})
    page = phone.new_page()
    page.goto(f"{town.url}/dealer")
    primary(page).click()
    for count in (1, 2):
        page.locator("input[type=file]").set_input_files(photograph())  # type: ignore[arg-type]
        expect(page.locator(".photo-row img")).to_have_count(count)
        expect(page.locator(".photo-row img.waiting")).to_have_count(0)
    page.locator("input[type=file]").set_input_files({**photograph(), "name": "x.jpg", "buffer": b"no"})  # type: ignore[arg-type]
    expect(page.locator(".photos [role=alert]")).to_contain_text("“x.jpg”不是图片")
    assert len(town.send("zhang", "GET", f"/trips/{trip['id']}/photos")) == 2


def test_r7_the_second_tap_of_a_trembling_thumb_takes_no_step(phone: BrowserContext, town: Town) -> None:
    case = town.new_case(caller={"name": "韩先生", "phone": "13611115555"}, car={"plate": "沪C98768"})
    accepted(town, case)
    page = phone.new_page()
    page.goto(f"{town.url}/dealer")
    expect(primary(page)).to_have_text("出发")
    expect(primary(page)).to_have_attribute("aria-disabled", "false")
    page.evaluate(
        """() => new Promise((done, fail) => {
            setTimeout(fail, 20_000, "the step never changed");
            const step = () => document.querySelector(".job-actions button.primary");
            new MutationObserver((_, looking) => {
                if (step().textContent !== "到达") return;
                looking.disconnect();
                step().click(); // the button is another one by now, under the same thumb
                done();
            }).observe(document.body, { childList: true, characterData: true, subtree: true });
            step().click();
        })"""
    )
    expect(page.locator(".job-head .state")).to_have_text("在途")
    expect(primary(page)).to_have_text("到达")
    expect(primary(page)).to_have_attribute("aria-disabled", "false")
    kinds = [event["kind"] for event in town.send("zhang", "GET", f"/cases/{case['id']}/timeline")]
    assert ("vehicle_departed" in kinds, "vehicle_arrived" in kinds) == (True, False)
    primary(page).click()
    expect(page.locator(".job-head .state")).to_have_text("现场")


COUNTS_TONES = """
    window.tones = 0;
    const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this); };
"""


def test_r1_an_offer_rings_in_every_room_and_the_job_at_hand_stays_on_the_screen(
    phone: BrowserContext, town: Town, picture: Picture
) -> None:
    phone.add_init_script(COUNTS_TONES)
    running = town.new_case(caller={"name": "冯女士", "phone": "13611116666"}, car={"plate": "沪C98769"})
    accepted(town, running)
    page = phone.new_page()
    page.goto(f"{town.url}/dealer")
    expect(primary(page)).to_have_text("出发")
    page.get_by_role("button", name="历史").click()
    tow = {"fault": "tow_only", "caller": {"name": "许先生", "phone": "13611117777"}, "car": {"plate": "沪C98770"}}
    lost = town.new_case(**tow)
    town.send("zhang", "POST", f"/cases/{lost['id']}/offers", {"dealer": "PD", "override_reason": "测试"})
    expect(page.locator(".asking")).to_contain_text("沪C·98770")
    page.wait_for_function("window.tones > 0")
    picture(page, "dealer-phone-asking")
    town.send("zhang", "POST", f"/cases/{lost['id']}/cancel", {"by": "customer", "reason": "已恢复"})
    expect(page.get_by_role("alert")).to_contain_text(f"{lost['number']} 沪C·98770 派工已撤回")
    page.get_by_role("button", name="知道了").click()
    case = town.new_case(**tow)
    town.send("zhang", "POST", f"/cases/{case['id']}/offers", {"dealer": "PD", "override_reason": "测试"})
    page.locator(".asking").click()
    number = page.locator(".job-head .number")
    expect(number).to_have_text(case["number"])
    accept(page)
    expect(number).to_have_text(case["number"])
    page.reload()
    expect(number).to_have_text(case["number"])
    expect(primary(page)).to_have_text("出发")


def test_r1_what_the_service_refuses_comes_back_with_its_reason(
    phone: BrowserContext, line: Line, town: Town, picture: Picture
) -> None:
    page = phone.new_page()
    page.goto(f"{line.url}/dealer")
    case = offered(town, caller={"name": "赵先生", "phone": "13611112222"}, car={"plate": "沪C98765"})
    expect(page.get_by_role("timer")).to_be_visible()
    primary(page).click()
    page.get_by_label("司机姓名").fill("陈师傅")
    into_the_tunnel(phone, line)
    page.locator("dialog button.primary").click()
    expect(page.get_by_role("status").first).to_contain_text("离线，已保存 1 项")
    town.send("zhang", "POST", f"/cases/{case['id']}/cancel", {"by": "customer", "reason": "已恢复"})
    out_of_the_tunnel(phone, line)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("“接单”未被接受")
    picture(page, "dealer-phone-refused")
    page.get_by_role("button", name="知道了").click()
    expect(alert).to_have_count(0)


def sign_in(page: Page, who: str) -> None:
    """Over the page whose session is over."""
    page.locator("input[name=username]").fill(who)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".dealer-top span")).to_have_text(who)


def test_on_a_shared_phone_each_ones_deeds_wait_for_that_person(
    phone: BrowserContext, line: Line, town: Town, picture: Picture
) -> None:
    page = phone.new_page()
    page.goto(f"{line.url}/dealer")
    case = offered(town, caller={"name": "吴女士", "phone": "13611113333"}, car={"plate": "沪C98766"})
    expect(page.get_by_role("timer")).to_be_visible()
    accept(page)
    into_the_tunnel(phone, line)
    primary(page).click()
    expect(page.get_by_role("status").first).to_contain_text("离线，已保存 1 项")
    phone.clear_cookies(name=COOKIE)  # li's session ends meanwhile, and chen is next to take the phone
    out_of_the_tunnel(phone, line)
    expect(page.get_by_role("dialog")).to_contain_text("登录已到期")
    sign_in(page, "chen")
    expect(primary(page)).to_have_text("出发")
    into_the_tunnel(phone, line)
    primary(page).click()
    expect(page.get_by_role("status").first).to_contain_text("离线，已保存 1 项")  # chen's own
    assert town.send("zhang", "GET", f"/cases/{case['id']}")["status"] == "accepted"
    phone.clear_cookies(name=COOKIE)
    out_of_the_tunnel(phone, line)
    expect(page.get_by_role("dialog")).to_contain_text("登录已到期")
    sign_in(page, "li")
    expect(page.locator(".job-head .state")).to_have_text("在途")
    told = town.send("zhang", "GET", f"/cases/{case['id']}/timeline")
    assert [event["actor"] for event in told if event["kind"] == "vehicle_departed"] == ["user:li"]


def test_what_may_be_taken_later_is_sent_again_and_what_was_refused_may_be_tried_again(
    browser: Browser, town: Town, picture: Picture
) -> None:
    # Requests that pass by a service worker are not seen by the test.
    context = browser.new_context(viewport=PHONE, locale="zh-CN", service_workers="block")  # type: ignore[arg-type]
    town.enter(context, "li")
    page = context.new_page()
    answers = [(429, "too_many_requests"), (408, "invalid"), *[(409, "conflict")] * 3]
    keys: set[str | None] = set()

    def busy(route: Route) -> None:
        keys.add(route.request.header_value("Idempotency-Key"))
        if not answers:
            route.continue_()
            return
        status, code = answers.pop(0)
        headers = {"Retry-After": "1"} if status == 429 else {}
        problem = {"status": status, "code": code, "title": "", "reason": "忙"}
        route.fulfill(status=status, headers=headers, json=problem)

    page.route("**/depart", busy)
    page.route("**/arrive", busy)
    page.goto(f"{town.url}/dealer")
    case = offered(town, caller={"name": "郑先生", "phone": "13611114444"}, car={"plate": "沪C98767"})
    expect(page.get_by_role("timer")).to_be_visible()
    accept(page)
    primary(page).click()
    expect(page.locator(".job-head .state")).to_have_text("在途")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert (answers, len(keys)) == ([], 1)
    answers += [(409, "conflict")] * 4
    primary(page).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(f"“到达”未被接受： {case['number']} 忙")
    picture(page, "dealer-phone-try-again")
    page.get_by_role("button", name="再试").click()
    expect(alert).to_have_count(0)
    expect(page.locator(".job-head .state")).to_have_text("现场")
    town.clear()
    context.close()


@pytest.mark.parametrize("room", ["历史", "车辆", "人员", "成绩"])
def test_the_dealers_own_record(browser: Browser, town: Town, picture: Picture, room: str) -> None:
    if room in ("历史", "成绩"):
        town.rescue()
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    town.enter(context, "li")
    page = context.new_page()
    page.goto(f"{town.url}/dealer")
    page.get_by_role("button", name=room, exact=True).click()
    if room == "人员":
        page.get_by_label("姓名").fill("周师傅")
        page.get_by_label("电话").fill("abc")
        page.get_by_role("button", name="添加").click()
        expect(page.get_by_role("alert")).to_have_text("不是电话号码")
        expect(page.get_by_label("姓名")).to_have_value("周师傅")
        page.get_by_label("电话").fill("13800000003")
        page.get_by_role("button", name="添加").click()
        expect(page.get_by_role("switch", name="周师傅 在班")).to_be_checked()
    elif room == "车辆":
        switch = page.get_by_role("switch", name="沪A·10001 在班")
        switch.click()
        expect(switch).not_to_be_checked()
        switch.click()
        expect(switch).to_be_checked()
    elif room == "成绩":
        page.get_by_role("button", name="派工完成率").click()
        expect(page.get_by_text("计入分子和分母").first).to_be_visible()
    else:
        expect(page.get_by_role("link", name="PDF").first).to_be_visible()
    picture(page, f"dealer-desktop-{room}")
    context.close()
