"""The door: whoever signs in comes to where that role works, and a session that ends loses nothing."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from town import PASSWORD, Town

WORKS_AT = {"zhang": "/console", "li": "/dealer", "oem": "/oem", "admin": "/admin"}


def sign_in(page: Page, name: str, password: str) -> None:
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(password)
    page.locator("[type=submit]").click()


@pytest.mark.parametrize("name", WORKS_AT)
def test_each_role_comes_to_its_own_page(page: Page, town: Town, picture: Any, name: str) -> None:
    page.goto(town.url)
    sign_in(page, name, PASSWORD)
    page.wait_for_url(f"**{WORKS_AT[name]}")
    picture(page, f"first-{name}")


def test_a_wrong_password_is_told_beside_the_form_which_keeps_what_was_typed(page: Page, town: Town) -> None:
    page.goto(town.url)
    sign_in(page, "zhang", "wrong")
    expect(page.get_by_role("alert")).to_have_text("用户名或密码不正确")
    expect(page.locator("input[name=username]")).to_have_value("zhang")
    page.get_by_text("English").click()
    expect(page.locator("[type=submit]")).to_have_text("Sign in")
    expect(page.locator("input[name=username]")).to_have_value("zhang")
