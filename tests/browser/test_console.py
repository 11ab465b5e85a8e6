"""The console in a real browser: from the ring to the offer on the keyboard, and what a shift meets beside it."""

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Keyboard, Locator, Page, Route, WebSocketRoute, expect
from town import PASSWORD, Town

from core.datum import Datum, from_wgs84
from gateway.auth import COOKIE

MOST_PRESSES = 12
AXE = Path(__file__).parents[2] / "gateway" / "web" / "node_modules" / "axe-core" / "axe.min.js"


class CountedKeyboard:
    """Counts every key pressed beside the text that is typed; a chord is as many keys as it has."""

    def __init__(self, keyboard: Keyboard) -> None:
        self.presses = 0
        self._keyboard = keyboard

    def press(self, keys: str) -> None:
        self.presses += len(keys.split("+"))
        self._keyboard.press(keys)

    def type(self, text: str) -> None:
        self._keyboard.type(text)


@pytest.fixture
def console(page: Page, town: Town) -> Generator[Page]:
    """The console with Zhang signed in and the feed running."""
    town.enter(page.context, "zhang")
    page.goto(f"{town.url}/console")
    expect(page.locator(".line-dot")).to_have_attribute("data-state", "live")
    yield page
    town.clear()


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[data-field="{name}"]')


def focused(page: Page, name: str) -> None:
    expect(page.locator(f'[data-field="{name}"] :focus')).to_have_count(1)


def ring(page: Page, phone: str) -> None:
    """A new case, begun with the number that calls."""
    page.keyboard.press("n")
    focused(page, "phone")
    page.keyboard.type(phone)


def offered(page: Page) -> None:
    """The first candidate is preselected and has the keyboard."""
    expect(page.locator('.candidate[aria-selected="true"] .rank')).to_have_text("1")
    expect(page.locator('.candidates [role="listbox"]')).to_be_focused()


def test_from_the_ring_of_an_unknown_caller_to_the_offer_in_twelve_presses(console: Page, town: Town) -> None:
    page, keys = console, CountedKeyboard(console.keyboard)
    keys.press("n")
    focused(page, "phone")
    keys.type("13700001111")
    keys.press("Enter")
    keys.type("赵女士")
    keys.press("Enter")
    keys.type("沪A67890")
    keys.press("Enter")
    keys.type("31.2304,121.4737")
    keys.press("Enter")
    focused(page, "fault")
    keys.press("1")  # a flat battery; its question comes next (R17)
    focused(page, "energy")
    keys.press("1")
    keys.press("Control+Enter")
    offered(page)
    keys.press("Enter")
    expect(page.locator(".undo-step")).to_contain_text("已派给 浦东绿地店")
    assert keys.presses <= MOST_PRESSES, keys.presses
    (case,) = town.send("zhang", "GET", "/cases?q=13700001111")
    assert case["status"] == "offered"
    assert (case["fault"], case["car"]["energy"], case["caller"]["name"]) == ("battery", "petrol", "赵女士")
    assert case["offers"][0]["rank"] == 1


def test_a_known_caller_needs_fewer_and_the_offer_is_taken_back_within_five_seconds(console: Page, town: Town) -> None:
    past = town.new_case(caller={"name": "钱先生", "phone": "13700002222"})
    town.send("zhang", "POST", f"/cases/{past['id']}/cancel", {"by": "customer", "reason": "已解决"})
    page, keys = console, CountedKeyboard(console.keyboard)
    keys.press("n")
    focused(page, "phone")
    keys.type("13700002222")
    expect(field(page, "name").locator("input")).to_have_value("钱先生")
    expect(field(page, "plate").locator("input")).to_have_value("沪AD12345")
    keys.press("Enter")
    focused(page, "place")
    keys.type("G2 K1234 往上海方向")
    keys.press("Enter")
    expect(page.locator(".place-so-far")).to_contain_text("G2 K1234 上海")
    keys.type("31.3,121.3")
    keys.press("Enter")
    focused(page, "fault")
    keys.press("2")  # a tyre
    keys.press("Alt+7")
    focused(page, "safe")
    keys.press("n")
    keys.press("1")  # the 400 line pays
    keys.press("Control+Enter")
    offered(page)
    keys.press("Enter")
    expect(page.locator(".undo-step")).to_be_visible()
    assert keys.presses <= MOST_PRESSES, keys.presses
    case = town.send("zhang", "GET", "/cases?q=13700002222")[0]
    assert case["location"]["expressway"] == {"road": "G2", "direction": "上海", "kilometre_post": "K1234"}
    assert case["priority"] == 5
    page.keyboard.press("u")
    expect(page.locator(".drawer-head .state")).to_have_text("待派")


def test_r18_the_dealer_is_sent_to_where_the_road_rescue_hands_over(console: Page, town: Town) -> None:
    page = console
    ring(page, "13700009999")
    page.keyboard.press("Alt+4")
    page.keyboard.press("Alt+0")  # as Amap gives both places
    page.keyboard.type("G2 K1234 往上海方向")
    page.keyboard.press("Enter")
    expect(page.locator(".place-so-far")).to_contain_text("G2 K1234 上海")
    page.keyboard.type("31.3,121.3")
    page.keyboard.press("Enter")
    focused(page, "fault")
    page.keyboard.press("Alt+h")
    page.keyboard.type("nowhere")
    page.keyboard.press("Enter")
    expect(field(page, "place").locator(".wrong")).to_contain_text("还需要位置")
    page.keyboard.press("Control+a")
    page.keyboard.type("店")
    page.keyboard.press("Enter")  # of several none is taken that was not seen
    expect(page.locator(".hand-over [role=option]")).to_have_count(3)
    page.keyboard.press("Control+a")
    page.keyboard.type("31.24,121.5")
    page.keyboard.press("Enter")
    expect(page.locator(".hand-over")).to_contain_text("31.24")
    focused(page, "fault")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    offered(page)
    (case,) = town.send("zhang", "GET", "/cases?q=13700009999")
    lat, lon = from_wgs84(case["location"]["hand_over"]["lat"], case["location"]["hand_over"]["lon"], Datum.GCJ02)
    assert (round(lat, 6), round(lon, 6)) == (31.24, 121.5)
    assert case["location"]["given"]["datum"] == "gcj02"
    expect(page.locator(".drawer")).to_contain_text("交接点")
    expect(page.locator('.candidate[aria-selected="true"]')).to_contain_text("浦东绿地店")


def test_a_double_press_makes_one_case(console: Page, town: Town) -> None:
    page = console
    ring(page, "13700003333")
    page.keyboard.press("Alt+4")
    page.keyboard.press("Alt+0")  # as Amap gives it (R22)
    page.keyboard.type("31.2304,121.4737")
    page.keyboard.press("Enter")
    focused(page, "fault")
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    offered(page)
    (case,) = town.send("zhang", "GET", "/cases?q=13700003333")
    assert case["location"]["given"] == {"lat": 31.2304, "lon": 121.4737, "datum": "gcj02"}


def test_a_call_that_comes_twice_is_warned_of_and_opens_the_case_there_is(console: Page, town: Town) -> None:
    there = town.new_case(caller={"name": "孙女士", "phone": "13700004444"})
    page = console
    ring(page, "13700004444")
    expect(page.locator(".twice")).to_contain_text(there["number"])
    page.keyboard.press("Alt+g")
    expect(page.locator(".drawer h2")).to_contain_text(there["number"])


def test_a_call_whose_answer_was_lost_is_opened_once_and_again_only_knowingly(
    console: Page, town: Town, picture: Any
) -> None:
    page = console
    unknown = {"status": 503, "code": "store_unavailable", "title": "", "reason": "不知是否已完成"}

    def lost(route: Route) -> None:
        """It is done, and the answer says that nobody knows."""
        route.fetch()
        route.fulfill(status=503, json=unknown)

    def take_down(phone: str) -> None:
        page.keyboard.press("n")
        focused(page, "phone")
        page.keyboard.type(phone)
        page.keyboard.press("Alt+4")
        page.keyboard.type("31.2304,121.4737")
        page.keyboard.press("Enter")
        focused(page, "fault")
        page.keyboard.press("3")
        page.route("**/api/v1/cases", lost, times=1)
        page.keyboard.press("Control+Enter")
        expect(page.locator(".intake > footer")).to_contain_text("不知是否已完成")

    take_down("13700006666")
    page.keyboard.press("Control+Enter")
    offered(page)
    assert len(town.send("zhang", "GET", "/cases?q=13700006666")) == 1
    page.keyboard.press("Escape")
    take_down("13700007777")
    field(page, "note").locator("textarea").fill("在收费站")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".intake > footer")).to_contain_text("此来电此前已开案")
    (there,) = town.send("zhang", "GET", "/cases?q=13700007777")
    expect(page.locator(".twice")).to_contain_text(there["number"])
    expect(field(page, "note").locator("textarea")).to_have_value("在收费站")
    picture(page, "console-intake-taken")
    page.keyboard.press("Control+Enter")
    offered(page)
    assert len(town.send("zhang", "GET", "/cases?q=13700007777")) == 2


def test_a_session_that_ends_amid_the_form_comes_back_to_the_same_form(console: Page, town: Town) -> None:
    page = console
    ring(page, "13700005555")
    page.keyboard.press("Enter")
    page.keyboard.type("周先生")
    page.context.clear_cookies(name=COOKIE)
    field(page, "place").locator("input").first.fill("31.2304,121.4737")  # the next question to the service finds out
    over = page.get_by_role("dialog")
    expect(over).to_contain_text("登录已到期")
    expect(over.locator("input[name=username]")).to_have_value("zhang")
    over.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(over).to_have_count(0)
    expect(field(page, "phone").locator("input")).to_have_value("13700005555")
    expect(field(page, "name").locator("input")).to_have_value("周先生")
    expect(field(page, "place").locator("input").first).to_have_value("31.2304,121.4737")
    expect(page.locator(".line-dot")).to_have_attribute("data-state", "live")


def test_a_draft_that_was_left_says_so_and_its_number_is_typed_over(console: Page) -> None:
    page = console
    phone = field(page, "phone").locator("input")
    ring(page, "13700001313")
    field(page, "plate").locator("input").fill("沪A13131")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator(".restored")).to_contain_text("草稿已恢复：13700001313 沪A·13131")
    page.keyboard.type("12")
    expect(phone).to_have_value("12")
    page.keyboard.press("Alt+r")
    expect(page.locator(".restored")).to_have_count(0)
    expect(field(page, "plate").locator("input")).to_have_value("")
    focused(page, "phone")


def test_what_is_said_against_a_field_goes_when_it_is_corrected(console: Page) -> None:
    page = console
    page.keyboard.press("n")
    focused(page, "phone")
    page.keyboard.press("Control+Enter")
    wrong = page.locator(".intake-fields .wrong")
    expect(field(page, "phone").locator(".wrong")).to_have_text("还没有填写")
    page.keyboard.type("13700001414")
    expect(wrong).to_have_count(0)
    page.keyboard.press("Alt+4")
    page.keyboard.type("nowhere")
    page.keyboard.press("Control+Enter")
    expect(field(page, "place").locator(".wrong")).to_contain_text("还需要位置")
    focused(page, "place")
    page.keyboard.press("Control+a")
    page.keyboard.type("31.2304,121.4737")
    page.keyboard.press("Enter")
    expect(wrong).to_have_count(0)


def test_a_phone_tells_where_it_is(console: Page, town: Town) -> None:
    page = console
    page.keyboard.press("n")
    focused(page, "phone")
    page.keyboard.press("Alt+l")
    address = page.get_by_label("定位链接").input_value()
    assert address.startswith(f"{town.url}/m/")
    token = address.rsplit("/", 1)[1]
    town.send("zhang", "POST", f"/motorist/{token}/position", {"lat": 31.21, "lon": 121.45, "accuracy_m": 35})
    expect(page.locator(".place-so-far")).to_contain_text("31.21000, 121.45000")
    expect(page.locator(".place-so-far")).to_contain_text("±35 米")


def test_the_board_calms_filters_and_searches(console: Page, town: Town) -> None:
    page = console
    first = town.new_case(car={"plate": "沪A11111"})
    second = town.new_case(car={"plate": "沪A22222"}, fault="stuck")
    expect(page.locator(".board-row")).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.type("沪A·222")
    expect(page.locator(".board-row")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".drawer h2")).to_contain_text(second["number"])
    page.get_by_label("搜索").fill("")
    page.locator('.counts [data-tone="offered"]').click()
    expect(page.locator(".board-row")).to_have_count(0)
    town.send("zhang", "POST", f"/cases/{first['id']}/offers", {})
    expect(page.locator(".board-row")).to_have_count(1)
    expect(page.locator(".board-row")).to_contain_text("派工中")


def test_the_search_finds_a_running_case_by_its_callers_phone_and_name(console: Page, town: Town) -> None:
    page = console
    case = town.new_case(caller={"name": "尤先生", "phone": "13700001717"})
    other = page.locator(".other-cases button")
    expect(page.locator(".board-row")).to_have_count(1)
    for sought in ("13700001717", "尤先生"):
        page.keyboard.press("/")
        page.get_by_label("搜索").fill(sought)
        expect(page.locator(".board-row")).to_have_count(0)
        expect(other).to_contain_text(case["number"])
        page.keyboard.press("Enter")
        expect(other).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".drawer h2")).to_contain_text(case["number"])
    page.get_by_label("搜索").fill(case["number"])
    expect(page.locator(".board-row")).to_have_count(1)
    expect(other).to_have_count(0)


def test_a_kept_view_is_there_after_the_page_is_opened_anew(console: Page) -> None:
    page = console
    page.locator('.counts [data-tone="late"]').click()
    page.get_by_role("button", name="筛选 ▾").click()
    page.get_by_label("视图名称").fill("超时的")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("t")  # while the filters still fade
    expect(page.locator(".tray")).to_be_focused()
    page.reload()
    late = page.locator('.counts [data-tone="late"]')
    expect(late).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="筛选 ▾").click()
    page.get_by_role("button", name="超时的", exact=True).click()
    expect(late).to_have_attribute("aria-pressed", "true")


def card(at: int, **changes: Any) -> dict[str, Any]:
    """A row of a big board."""
    return {
        "id": f"c{at}",
        "number": f"R261125-{at:04}",
        "status": "open",
        "channel": "hotline_400",
        "priority": 0,
        "plate": f"沪A{at:05}",
        "fault": "battery",
        "needs": "service",
        "lat": 31.2,
        "lon": 121.4,
        "address": "虹桥路 1 号",
        "city_code": "310100",
        "doubts": [],
        "dealer": "",
        "dealers": [],
        "vehicle": "",
        "opened_at": "2026-11-25T00:00:00Z",
        "deadline_at": None,
        "deadline_kind": None,
        "late": False,
        **changes,
    }


def test_of_three_thousand_rows_few_exist_and_they_move_after_400_ms_with_a_trace(page: Page, town: Town) -> None:
    town.enter(page.context, "zhang")
    sockets: list[WebSocketRoute] = []
    now = {"seq": 1, "now": "2026-11-25T01:00:00Z", "speed": 1}

    def answer(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        cases = [card(at) for at in range(3000)]
        socket.send(json.dumps({"type": "snapshot", "partial": False, "cases": cases, "vehicles": [], **now}))

    page.route_web_socket("**/api/v1/live*", answer)
    page.goto(f"{town.url}/console")
    rows = page.locator(".board-row")
    first = page.locator('.board-row[aria-posinset="1"]')
    expect(first).to_have_attribute("aria-setsize", "3000")
    assert rows.count() < 60
    page.evaluate(
        """() => {
          const text = (found) => document.querySelector(found)?.textContent ?? "";
          globalThis.seen = { traced: new Set() };
          new MutationObserver(() => {
            if (text('.counts [data-tone="needs"] b') === "1") seen.told ??= performance.now();
            if (text('.board-row[aria-posinset="1"]').includes("R261125-2999")) seen.moved ??= performance.now();
            for (const row of document.querySelectorAll(".board-row[data-moved]")) seen.traced.add(row.id);
          }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
        }"""
    )
    event = {"type": "event", "seq": 2, "kind": "case_unassigned", "case": "c2999", "actor": "system", "data": {}}
    for socket in sockets:
        socket.send(json.dumps({**event, "at": now["now"], "card": card(2999, status="unassigned")}))
    expect(first).to_contain_text("R261125-2999")
    expect(page.locator(".board-row[data-moved]")).to_have_count(0)
    assert page.evaluate("[...seen.traced]") == ["row-c2999"]
    assert page.evaluate("seen.moved - seen.told") >= 390


@pytest.mark.parametrize("language", ["zh", "en"])
def test_in_a_narrow_board_beside_the_intake_the_countdown_is_whole(
    page: Page, town: Town, language: str, picture: Any
) -> None:
    town.enter(page.context, "zhang")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.add_init_script(f"localStorage.setItem('language', '{language}')")
    promised = {"deadline_at": "2026-11-24T23:22:00Z", "deadline_kind": "promise", "vehicle": "沪A10002"}
    cases = [
        card(
            1, status="awaiting_second_dispatch", fault="traction_battery", needs="tow", priority=9, plate="沪AD12345"
        ),
        card(2, status="en_route", fault="traction_battery", needs="tow", priority=9, **promised),
        card(3, status="on_scene", fault="coolant", needs="tow", plate="沪AD12345"),
    ]
    told = {"type": "snapshot", "partial": False, "cases": cases, "vehicles": []}
    now = {"seq": 1, "now": "2026-11-25T01:00:00Z", "speed": 1}
    page.route_web_socket("**/api/v1/live*", lambda socket: socket.send(json.dumps({**told, **now})))
    page.goto(f"{town.url}/console")
    expect(page.locator(".board-row")).to_have_count(3)
    page.keyboard.press("n")
    expect(page.locator(".intake")).to_be_visible()
    picture(page, f"console-narrow-{language}")
    cut = "(parts) => parts.filter((part) => part.scrollWidth > part.clientWidth).map((part) => part.textContent)"
    assert page.locator(".row-line").evaluate_all(cut) == []
    if language == "zh":
        assert page.locator(".row-fault").evaluate_all(cut) == []


def test_the_whole_life_of_a_tow_on_the_keyboard(console: Page, town: Town, picture: Any) -> None:
    page = console
    case = town.new_case(fault="stuck", caller={"name": "吴女士", "phone": "13700006666"})
    page.locator(".board-row", has_text=case["number"]).click()
    expect(page.locator('[data-step="offer"]')).to_be_visible()
    page.keyboard.press("o")
    expect(page.locator(".undo-step")).to_contain_text("已派给")
    expect(page.locator('[data-step="accept"]')).to_be_visible()
    page.keyboard.press("y")
    dialog = page.locator("dialog.ask")
    dialog.get_by_label("司机", exact=True).fill("陈师傅")
    dialog.get_by_label("司机电话").fill("13900000009")
    dialog.get_by_label("多少分钟到达").fill("40")
    page.keyboard.press("Enter")
    expect(page.locator(".drawer-head .state")).to_have_text("已接单")
    page.locator('[data-step="change"]').click()
    dialog.get_by_label("司机电话").fill("13900000010")
    dialog.get_by_label("原因", exact=True).fill("换了号码")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    driver = town.send("zhang", "GET", f"/cases/{case['id']}")["trips"][0]["driver"]
    assert driver == {"name": "陈师傅", "phone": "13900000010"}
    page.locator('[data-step="call"]').click()
    dialog.get_by_label("通话内容").fill("在路上")
    dialog.get_by_role("button", name="保存").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".timeline")).to_contain_text("电话跟踪")
    trip = town.send("zhang", "GET", f"/cases/{case['id']}")["trips"][0]["id"]
    town.send("zhang", "POST", f"/trips/{trip}/arrive", {})
    town.send("zhang", "POST", f"/trips/{trip}/consent", {"signer": "吴女士", "signature_svg": "<svg/>"})
    town.send("zhang", "PUT", f"/trips/{trip}/checksheet", {"odometer_km": 45210, "work_done": "拖车"})
    town.send("li", "POST", f"/trips/{trip}/outcome", {"result": "towed", "drivable": False})
    town.send("li", "POST", f"/trips/{trip}/checksheet/sign", {"refused_reason": "客户已离开"})
    page.locator('[data-step="unsigned"]').click()
    page.keyboard.press("Enter")
    expect(page.locator('[data-step="unsigned"]')).to_have_count(0)
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    expect(page.locator(".drawer-head .state")).to_have_text("完成")
    page.keyboard.press("4")
    expect(page.locator("[role=tabpanel]")).to_contain_text("45210")
    picture(page, "console-completed")


def test_r6_a_tow_worked_by_phone_alone_is_completed_with_the_reason_why_nobody_signed(
    console: Page, town: Town, picture: Any
) -> None:
    page = console
    case = town.new_case(fault="tow_only", caller={"name": "蒋女士", "phone": "13700001616"})
    offer = town.send("zhang", "POST", f"/cases/{case['id']}/offers", {})
    terms = {"vehicle": "沪A10002", "driver": {"name": "陈师傅", "phone": "13900000009"}, "crew": 2, "eta_minutes": 30}
    town.send("zhang", "POST", f"/offers/{offer['id']}/accept", terms)
    page.goto(f"{town.url}/console/cases/{case['id']}")
    dialog = page.locator("dialog.ask")
    page.locator('[data-step="arrive"]').click()
    page.keyboard.press("Enter")
    page.locator('[data-step="sheet"]').click()
    dialog.get_by_label("里程（公里）").fill("45210")
    dialog.get_by_label("检查发现").fill("变速箱漏油")
    dialog.get_by_label("处理措施").fill("拖运")
    dialog.get_by_label("拖车终点").fill("浦东绿地店")
    picture(page, "console-sheet-by-phone")
    page.keyboard.press("Enter")
    expect(page.locator('[data-step="sheet"]')).to_have_count(0)
    page.locator('[data-step="outcome"]').click()
    dialog.get_by_role("button", name="保存").click()
    expect(page.locator(".drawer-head .state")).to_have_text("拖运")
    page.keyboard.press("c")
    expect(dialog).to_contain_text("客户还没有签字")
    page.keyboard.press("Enter")
    expect(dialog.locator(".wrong", has_text="必填")).to_have_count(1)
    dialog.get_by_role("button", name="电话办理，无法签字").click()
    picture(page, "console-complete-unsigned")
    page.keyboard.press("Enter")
    expect(page.locator(".drawer-head .state")).to_have_text("完成")
    page.keyboard.press("4")
    expect(page.locator("[role=tabpanel]")).to_contain_text("变速箱漏油")
    (trip,) = town.send("zhang", "GET", f"/cases/{case['id']}")["trips"]
    assert (trip["unsigned_reason"], trip["unsigned_confirmed_by"]) == ("电话办理，无法签字", "zhang")


def test_escape_closes_what_lies_on_top(console: Page, town: Town) -> None:
    page = console
    case = town.new_case(caller={"name": "沈先生", "phone": "13700001515"})
    page.goto(f"{town.url}/console/cases/{case['id']}")
    expect(page.locator(".drawer h2")).to_contain_text(case["number"])
    page.keyboard.press("r")
    expect(page.locator(".replay")).to_have_count(1)
    page.keyboard.press("t")
    expect(page.locator(".tray")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".tray")).to_have_count(0)
    expect(page.locator(".replay")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".replay")).to_have_count(0)
    expect(page.locator(".drawer")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)


def test_a_case_is_replayed_from_its_opening_clear_of_the_bar(console: Page, town: Town, picture: Any) -> None:
    page = console
    case = town.rescue(caller={"name": "何女士", "phone": "13700001919"})
    page.goto(f"{town.url}/console/cases/{case['id']}")
    expect(page.locator(".drawer h2")).to_contain_text(case["number"])
    page.keyboard.press("r")
    expect(page.locator(".replay-head")).to_contain_text(f"{case['number']} 的回放")
    expect(page.locator(".replay-end")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
    picture(page, "console-replay-case")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.locator(".replay-head strong")).to_have_text("全城回放")
    expect(page.locator(".replay-end")).to_have_count(1)


def test_a_double_enter_among_the_candidates_offers_once_and_nothing_is_refused(console: Page, town: Town) -> None:
    page = console
    case = town.new_case(caller={"name": "许女士", "phone": "13700001818"})
    asked, holding, held = 0, False, list[Route]()

    def ask(route: Route) -> None:
        nonlocal asked
        asked += 1
        route.continue_()

    def look(route: Route) -> None:
        if holding:
            held.append(route)
        else:
            route.continue_()

    # Before the page is opened: what is under way as routes are laid may pass them by.
    page.route(f"**/api/v1/cases/{case['id']}/offers", ask)
    page.route(f"**/api/v1/cases/{case['id']}", look)
    page.goto(f"{town.url}/console/cases/{case['id']}")
    expect(page.locator(".drawer h2")).to_contain_text(case["number"])
    page.keyboard.press("2")
    offered(page)
    holding = True  # until the case has been asked for anew, it looks as if it could be offered
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".undo-step")).to_contain_text("已派给")
    page.keyboard.press("Enter")
    holding = False
    for route in held:
        route.continue_()
    expect(page.locator(".drawer-head .state")).to_have_text("派工中")
    assert asked == 1
    expect(page.locator(".ant-message-error")).to_have_count(0)


def test_f_ends_following_whatever_is_open_and_so_does_another_case(console: Page, town: Town) -> None:
    page = console
    case, other = town.new_case(), town.new_case(car={"plate": "沪A33333"})
    offer = town.send("zhang", "POST", f"/cases/{case['id']}/offers", {})
    terms = {"vehicle": "沪A10001", "driver": {"name": "陈师傅", "phone": "13900000009"}, "crew": 2, "eta_minutes": 30}
    town.send("zhang", "POST", f"/offers/{offer['id']}/accept", terms)
    hint = page.locator(".map-hint")
    page.locator(".board-row", has_text="沪A·10001").click()
    expect(page.locator('[data-step="arrive"]')).to_be_visible()
    page.keyboard.press("f")
    expect(hint).to_contain_text("正在跟随 沪A·10001")
    page.keyboard.press("f")
    expect(hint).to_have_count(0)
    page.keyboard.press("f")
    expect(hint).to_have_count(1)
    town.send("zhang", "POST", f"/cases/{case['id']}/cancel", {"by": "customer", "reason": "已解决"})
    expect(page.locator('[data-step="arrive"]')).to_have_count(0)
    page.keyboard.press("f")
    expect(hint).to_have_count(0)
    page.keyboard.press("3")
    page.get_by_role("button", name="跟随车辆").click()
    expect(hint).to_have_count(1)
    page.locator(".board-row", has_text=other["number"]).click()
    expect(page.locator(".drawer h2")).to_contain_text(other["number"])
    expect(hint).to_have_count(0)


def test_a_second_vehicle_is_approved_with_one_key(console: Page, town: Town) -> None:
    page = console
    case = town.new_case(caller={"name": "褚先生", "phone": "13700001212"})
    offer = town.send("zhang", "POST", f"/cases/{case['id']}/offers", {})
    terms = {"vehicle": "沪A10001", "driver": {"name": "陈师傅", "phone": ""}, "crew": 2, "eta_minutes": 30}
    trip = town.send("zhang", "POST", f"/offers/{offer['id']}/accept", terms)["id"]
    town.send("zhang", "POST", f"/trips/{trip}/arrive", {})
    town.send("zhang", "POST", f"/trips/{trip}/outcome", {"result": "unresolved", "drivable": False})
    page.goto(f"{town.url}/console/cases/{case['id']}")
    expect(page.locator(".drawer-head .state")).to_have_text("待确认二次派车")
    page.keyboard.press("5")
    expect(page.locator(".task time")).to_have_text(re.compile(r"^\d\d:\d\d 起$"))
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.locator(".drawer-head .state")).to_have_text("待派")
    page.keyboard.press("1")
    expect(page.locator(".timeline li", has_text="二次派车决定")).to_contain_text("同意 · 拖车")
    page.keyboard.press("2")
    expect(page.locator(".candidate").first).to_contain_text("沪A·10002")


def test_a_cancelled_case_is_cancelled_only_after_five_seconds(page: Page, town: Town) -> None:
    town.enter(page.context, "zhang")
    case = town.new_case(caller={"name": "郑女士", "phone": "13700007777"})
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/cancel") else None)
    page.clock.install()
    page.goto(f"{town.url}/console/cases/{case['id']}")

    def cancel() -> None:
        page.locator('[data-step="cancel"]').click()
        page.locator("dialog.ask").get_by_label("原因").fill("自行解决")
        page.keyboard.press("Enter")
        expect(page.locator(".undo-step")).to_contain_text("即将取消")

    cancel()
    page.keyboard.press("u")
    expect(page.locator(".undo-step")).to_have_count(0)
    page.clock.run_for(6_000)
    assert sent == []
    cancel()
    page.clock.run_for(6_000)
    expect(page.locator(".drawer-head .state")).to_have_text("已取消")
    assert len(sent) == 1


def test_alarms_are_acknowledged_and_never_all_muted(console: Page, town: Town) -> None:
    page = console
    case = town.new_case(priority=9)
    page.keyboard.press("l")
    alarm = page.locator(".alarms li", has_text=case["number"])
    expect(alarm).to_contain_text("车辆碰撞呼叫")
    alarm.get_by_role("button", name="知道了").click()
    expect(alarm).to_contain_text("zhang 已知")
    page.get_by_text("声音", exact=True).click()
    sounds = page.locator(".sounds input")
    for at in range(sounds.count() - 1):
        sounds.nth(at).uncheck()
    expect(sounds.last).to_be_disabled()
    expect(sounds.last).to_be_checked()
    page.keyboard.press("h")
    page.get_by_role("button", name="留言").click()
    expect(page.locator(".shift [role=alert]")).not_to_be_empty()
    page.get_by_label("给下一班的话").fill("G2 封路到 18:00")
    expect(page.locator(".shift [role=alert]")).to_be_empty()
    page.get_by_role("button", name="留言").click()
    expect(page.locator(".notes")).to_contain_text("G2 封路到 18:00")


def test_stopped_data_frame_the_page_ask_first_and_come_back_by_themselves(page: Page, town: Town) -> None:
    """The line falls silent, as a dead one does, until the page tries another."""
    town.enter(page.context, "zhang")
    case = town.new_case(caller={"name": "冯先生", "phone": "13700008888"})
    mute = False

    def through(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def heard(message: str | bytes) -> None:
            if not mute:
                socket.send(message)

        server.on_message(heard)

    page.route_web_socket("**/api/v1/live*", through)
    page.clock.install()
    page.goto(f"{town.url}/console/cases/{case['id']}")
    expect(page.locator(".drawer h2")).to_contain_text(case["number"])
    expect(page.locator(".line-dot")).to_have_attribute("data-state", "live")
    mute = True
    page.clock.run_for(7_000)
    expect(page.locator(".line-dot")).to_have_attribute("data-state", "slow")
    page.clock.run_for(9_000)
    frame = page.locator(".stopped-frame")
    expect(frame).to_have_text(re.compile(r"数据已停止 \d\d:\d\d:\d\d"))
    page.keyboard.press("o")
    expect(page.locator("dialog.ask")).to_contain_text("数据已停止，仍要执行吗")
    page.keyboard.press("Escape")
    assert town.send("zhang", "GET", f"/cases/{case['id']}")["offers"] == []
    mute = False
    page.clock.run_for(16_000)
    expect(frame).to_have_count(0)
    expect(page.locator(".line-dot")).to_have_attribute("data-state", "live")
    page.keyboard.press("o")
    expect(page.locator(".undo-step")).to_contain_text("已派给")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(page: Page, town: Town, theme: str) -> None:
    town.enter(page.context, "zhang")
    page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    case = town.new_case(caller={"name": "陈女士", "phone": "13700009999"}, priority=9)
    page.goto(f"{town.url}/console/cases/{case['id']}")
    expect(page.locator(".timeline li")).not_to_have_count(0)
    page.keyboard.press("2")
    expect(page.locator(".candidate")).not_to_have_count(0)
    page.keyboard.press("l")
    expect(page.locator(".alarms li")).not_to_have_count(0)
    page.evaluate(AXE.read_text())
    assert serious(page) == []
    ring(page, "13700009999")
    expect(page.locator(".twice")).to_be_visible()
    assert serious(page) == []


def serious(page: Page) -> list[str]:
    """What axe-core calls serious or worse, with where."""
    found = page.evaluate("axe.run({ exclude: ['.maplibregl-map'] })")
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
