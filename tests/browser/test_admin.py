"""Administration: a refusal stands beside its field and keeps what was typed; every change is on record."""

from collections.abc import Callable, Generator

import pytest
from playwright.sync_api import Browser, Page, expect
from town import Town

Picture = Callable[[Page, str], None]
PASSWORD = "correct-horse-battery"


@pytest.fixture
def desk(browser: Browser, town: Town) -> Generator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    town.enter(context, "admin")
    page = context.new_page()
    page.goto(f"{town.url}/admin")
    yield page
    context.close()


def edit(desk: Page, row: str) -> None:
    """Open the drawer of the row that shows this text."""
    desk.get_by_role("row").filter(has_text=row).get_by_role("button", name="修 改").click()
    expect(desk.get_by_role("dialog")).to_be_visible()


def close(desk: Page) -> None:
    """Close the drawer, where one is open."""
    if desk.get_by_role("dialog").is_visible():
        desk.get_by_role("dialog").get_by_role("button", name="关闭").click()
    expect(desk.get_by_role("dialog")).to_be_hidden()


def save(desk: Page) -> None:
    desk.get_by_role("button", name="保 存").click()


def expect_chosen(desk: Page, label: str, *options: str) -> None:
    """The drawer's select of that label shows these."""
    select = desk.get_by_role("dialog").locator(".ant-select").filter(has=desk.get_by_label(label, exact=True))
    expect(select).to_have_text("".join(options))


def test_a_user_is_added_after_the_service_said_what_was_wrong(desk: Page, town: Town, picture: Picture) -> None:
    desk.get_by_role("tab", name="用户").click()
    desk.get_by_role("button", name="添加用户").click()
    desk.get_by_label("用户名").fill("wang")
    desk.get_by_label("密码", exact=True).fill("short")
    save(desk)
    expect(desk.locator(".ant-form-item-explain-error")).to_have_count(1)
    expect(desk.get_by_label("用户名")).to_have_value("wang")
    picture(desk, "admin-user-refused")
    desk.get_by_label("密码", exact=True).fill(PASSWORD)
    save(desk)
    expect(desk.get_by_role("cell", name="wang")).to_be_visible()
    assert any(user["username"] == "wang" for user in town.send("admin", "GET", "/users"))


def test_weights_that_do_not_add_up_change_nothing_and_what_does_is_on_record(
    desk: Page, town: Town, picture: Picture
) -> None:
    before = town.send("admin", "GET", "/admin/rules")
    desk.get_by_role("tab", name="规则").click()
    completion = desk.get_by_label("派工完成率").first
    completion.fill("31")
    expect(desk.get_by_text("权重，合计 101%（须为 100%）")).to_be_visible()
    desk.get_by_label("原因").fill("试一试")
    desk.get_by_role("button", name="保存规则").click()
    expect(desk.locator(".ant-alert-error, .ant-form-item-explain-error").first).to_be_visible()
    assert town.send("admin", "GET", "/admin/rules") == before
    completion.fill(str(before["weights"]["completion"]))
    desk.get_by_label("市区").fill("50")
    picture(desk, "admin-rules")
    desk.get_by_role("button", name="保存规则").click()
    desk.get_by_role("tab", name="变更记录").click()
    expect(desk.get_by_role("cell", name="试一试").first).to_be_visible()
    picture(desk, "admin-changes")
    assert town.send("admin", "GET", "/admin/rules")["promise"]["district_minutes"] == 50


@pytest.mark.parametrize("tab", ["经销商", "车辆", "终端", "故障表"])
def test_the_record_of_the_network(desk: Page, picture: Picture, tab: str) -> None:
    desk.get_by_role("tab", name=tab).click()
    expect(desk.locator(".ant-table-row").first).to_be_visible()
    picture(desk, f"admin-{tab}")
    if tab == "终端":
        desk.get_by_role("button", name="换令牌").first.click()
        expect(desk.get_by_text("给终端 T-HQ-1 换令牌？旧令牌立即失效。")).to_be_visible()
        desk.locator(".ant-popconfirm .ant-btn-primary").click()
        expect(desk.get_by_text("令牌只显示这一次")).to_be_visible()


def test_a_fault_is_called_on_every_page_as_the_administrator_called_it(desk: Page, town: Town) -> None:
    faults = {one["code"]: one for one in town.send("admin", "GET", "/faults")}
    renamed = {name: faults["battery"][name] for name in ("needs", "tools", "parts", "consent", "active")}
    renamed |= {"name_zh": "电瓶没电", "name_en": "dead battery", "reason": "叫法统一"}
    town.send("admin", "PUT", "/admin/faults/battery", renamed)
    town.new_case()
    desk.goto(f"{town.url}/console")
    expect(desk.locator(".row-fault")).to_have_text("电瓶没电")
    desk.get_by_role("button", name="English").click()
    expect(desk.locator(".row-fault")).to_have_text("dead battery")


def test_each_users_drawer_shows_that_user_and_a_new_password_changes_nothing_else(desk: Page, town: Town) -> None:
    town.send("admin", "POST", "/users", {"username": "sun", "password": PASSWORD, "role": "driver", "dealer": "PD"})
    town.send("admin", "POST", "/users", {"username": "zhou", "password": PASSWORD, "role": "oem"})
    town.send("admin", "PATCH", "/users/zhou", {"active": False})
    before = town.send("admin", "GET", "/users")
    desk.get_by_role("tab", name="用户").click()
    edit(desk, "sun")
    expect_chosen(desk, "角色", "救援司机")
    close(desk)
    edit(desk, "zhou")
    expect_chosen(desk, "角色", "主机厂")
    expect_chosen(desk, "启用", "否")
    close(desk)
    edit(desk, "sun")
    expect_chosen(desk, "角色", "救援司机")
    expect_chosen(desk, "所属经销商", "PD 浦东绿地店")
    password = desk.get_by_label("新密码（不改则留空）")
    expect(password).to_be_focused()
    password.fill("another-horse-battery")
    save(desk)
    expect(desk.get_by_text("已保存")).to_be_visible()
    assert town.send("admin", "GET", "/users") == before
    recorded = town.send("admin", "GET", "/changes?subject=user:sun")
    assert [one["field"] for one in recorded] == ["password", "user"]


def test_each_dealers_drawer_shows_that_dealer_and_a_new_phone_moves_it_nowhere(desk: Page, town: Town) -> None:
    town.send("zhang", "PATCH", "/dealers/XH", {"brands": ["别克", "凯迪拉克"]})
    before = {one["code"]: one for one in town.send("admin", "GET", "/dealers")}
    desk.get_by_role("button", name="添加经销商").click()
    expect(desk.get_by_label("代码")).to_be_focused()
    expect_chosen(desk, "坐标系", "GCJ-02（高德）")
    for row in ("徐汇店", "浦东绿地店", "徐汇店"):
        close(desk)
        edit(desk, row)
        expect(desk.get_by_label("名称")).to_have_value(row)
        expect(desk.get_by_label("名称")).to_be_focused()
        expect_chosen(desk, "坐标系", "WGS-84")
    expect_chosen(desk, "品牌", "别克", "凯迪拉克")
    desk.get_by_label("电话").fill("021-64380009")
    save(desk)
    expect(desk.get_by_role("dialog")).to_be_hidden()
    after = {one["code"]: one for one in town.send("admin", "GET", "/dealers")}
    assert after == {**before, "XH": {**before["XH"], "phone": "021-64380009"}}


def test_each_faults_drawer_shows_that_fault_and_another_name_changes_nothing_else(desk: Page, town: Town) -> None:
    before = {one["code"]: one for one in town.send("admin", "GET", "/faults")}
    desk.get_by_role("tab", name="故障表").click()
    for code, needs, tools in (
        ("flooded", "拖车", "平板车"),
        ("lockout", "服务车", "开锁工具"),
        ("flooded", "拖车", "平板车"),
    ):
        close(desk)
        edit(desk, before[code]["name_zh"])
        expect_chosen(desk, "需要", needs)
        expect_chosen(desk, "工具", tools)
        assert desk.get_by_role("switch", name="须单独签字").is_checked() == before[code]["consent"]
        assert desk.get_by_role("switch", name="启用").is_checked()
    desk.get_by_label("中文名").fill("涉水车")
    desk.get_by_label("原因").fill("叫法统一")
    save(desk)
    expect(desk.get_by_text("已保存")).to_be_visible()
    after = {one["code"]: one for one in town.send("admin", "GET", "/faults")}
    assert after == {**before, "flooded": {**before["flooded"], "name_zh": "涉水车"}}


def test_each_vehicles_drawer_shows_that_vehicle_and_changes_its_tools(
    desk: Page, town: Town, picture: Picture
) -> None:
    town.send("zhang", "PATCH", "/vehicles/沪B20002", {"tools": ["winch"]})
    before = {one["plate"]: one for one in town.send("admin", "GET", "/vehicles")}
    desk.get_by_role("tab", name="车辆").click()
    edit(desk, "沪A·10001")
    expect_chosen(desk, "车型", "服务车")
    expect_chosen(desk, "经销商", "PD 浦东绿地店")
    close(desk)
    edit(desk, "沪B·20002")
    expect_chosen(desk, "车型", "拖车")
    expect_chosen(desk, "经销商", "XH 徐汇店")
    expect_chosen(desk, "工具", "绞盘")
    tools = desk.get_by_label("工具")
    expect(tools).to_be_focused()
    tools.press_sequentially("平板车")
    picture(desk, "admin-vehicle")
    tools.press("Enter")
    tools.press("Tab")
    expect_chosen(desk, "工具", "绞盘", "平板车")
    desk.locator(".ant-drawer-title").click()  # the list would stand over the button
    save(desk)
    expect(desk.get_by_role("cell", name="绞盘 · 平板车")).to_be_visible()
    after = {one["plate"]: one for one in town.send("admin", "GET", "/vehicles")}
    assert after == {**before, "沪B20002": {**before["沪B20002"], "tools": ["winch", "flatbed"]}}


def test_a_case_closes_by_itself_after_hours_and_a_time_to_answer_has_a_floor(
    desk: Page, town: Town, picture: Picture
) -> None:
    town.send("admin", "PATCH", "/admin/rules", {"auto_close_s": 604_800, "reason": "还原"})
    desk.get_by_role("tab", name="规则").click()
    expect(desk.get_by_label("无回访自动结案")).to_have_value("168")
    desk.get_by_label("无回访自动结案").fill("72")
    desk.get_by_label("答复时限").fill("1.5")
    desk.get_by_label("原因").fill("试行")
    desk.get_by_role("button", name="保存规则").click()
    expect(desk.get_by_text("答复时限为 30 秒到 24 小时")).to_be_visible()
    picture(desk, "admin-rules-refused")
    desk.get_by_label("答复时限").fill("120")
    desk.get_by_role("button", name="保存规则").click()
    expect(desk.get_by_text("已保存")).to_be_visible()
    rules = town.send("admin", "GET", "/admin/rules")
    assert (rules["auto_close_s"], rules["offer_timeout_s"]) == (259_200, 120)


def test_the_record_speaks_of_cases_users_and_places_as_people_do(desk: Page, town: Town, picture: Picture) -> None:
    case = town.new_case()
    town.send("zhang", "GET", "/callers?phone=13912345678")
    town.send("zhang", "PATCH", "/dealers/HQ", {"location": {"lat": 31.2320412, "lon": 121.4659149}, "brands": []})
    town.send("admin", "POST", "/users", {"username": "qian", "password": PASSWORD, "role": "dealer", "dealer": "PD"})
    town.send("admin", "PATCH", "/users/qian", {"password": "another-horse-battery"})
    town.send("zhang", "PATCH", "/vehicles/沪A10002", {"tools": ["flatbed", "winch"]})
    town.send("admin", "PATCH", "/admin/rules", {"auto_close_s": 172_800, "reason": "试行"})
    desk.get_by_role("tab", name="变更记录").click()
    for said in ("31.23204, 121.46591", "救援专员 PD", "已更换", "已查看", "平板车 · 绞盘", "48 小时"):
        expect(desk.get_by_role("cell", name=said).first).to_be_visible()
    picture(desk, "admin-record")
    desk.get_by_role("link", name=case["number"]).click()
    expect(desk).to_have_url(f"{town.url}/console/cases/{case['id']}")
