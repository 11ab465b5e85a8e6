"""Administration: a refusal stands beside its field and keeps what was typed; every change is on record."""

from collections.abc import Callable, Generator

import pytest
from playwright.sync_api import Browser, Page, expect
from town import Town

Picture = Callable[[Page, str], None]


@pytest.fixture
def desk(browser: Browser, town: Town) -> Generator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    town.enter(context, "admin")
    page = context.new_page()
    page.goto(f"{town.url}/admin")
    yield page
    context.close()


def test_a_user_is_added_after_the_service_said_what_was_wrong(desk: Page, town: Town, picture: Picture) -> None:
    desk.get_by_role("tab", name="用户").click()
    desk.get_by_role("button", name="添加用户").click()
    desk.get_by_label("用户名").fill("wang")
    desk.get_by_label("密码", exact=True).fill("short")
    desk.get_by_role("button", name="保 存").or_(desk.get_by_role("button", name="保存")).click()
    expect(desk.locator(".ant-form-item-explain-error")).to_have_count(1)
    expect(desk.get_by_label("用户名")).to_have_value("wang")
    picture(desk, "admin-user-refused")
    desk.get_by_label("密码", exact=True).fill("correct-horse-battery")
    desk.get_by_role("button", name="保 存").or_(desk.get_by_role("button", name="保存")).click()
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
