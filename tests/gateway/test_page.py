"""The first page: its files, their headers, what they may not contain, and the outlines under its map."""

import re

import pytest
from gateway_house import House

from gateway.catalogue import catalogue
from gateway.web.page import edition

pytestmark = pytest.mark.asyncio(loop_scope="module")

SVG_NAMESPACE = "http://www.w3.org/2000/svg"


def texts() -> dict[str, str]:
    return {name: body.decode() for name, body in edition().files.items()}


async def test_the_page_is_strict_and_always_asked_for_again(shared_house: House) -> None:
    answer = await shared_house.client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert all(rules[name] == "'self'" for name in ("script-src", "style-src", "connect-src", "img-src"))
    assert "unsafe" not in answer.headers["content-security-policy"]


async def test_every_file_that_the_page_names_is_served_with_its_type_and_kept(shared_house: House) -> None:
    types = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    named = set(re.findall(r'"(/static/[^"]+)"', texts()["index.html"]))
    assert len(named) == 3
    folder = f"/static/{edition().version}"
    imported = {f"{folder}/{name}" for text in texts().values() for name in re.findall(r'from "\./([^"]+)"', text)}
    assert f"{folder}/map.js" in imported
    for path in named | imported:
        answer = await shared_house.client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith(types[path.rpartition(".")[2]])
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/static/current/../page.py",
        "/static/current/..%2fpage.py",
        "/static/current/%2e%2e/page.py",
        "/static/current//etc/passwd",
        "/static/current/nothing.js",
        "/static/anotherversion/page.js",
        "/static/current/",
        "/static/",
    ],
)
async def test_nothing_else_is_served(shared_house: House, path: str) -> None:
    answer = await shared_house.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_a_file_that_a_browser_may_not_keep_is_the_same(shared_house: House) -> None:
    answer = await shared_house.client.get("/static/current/page.js")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text == texts()["page.js"]


async def test_the_files_ask_nothing_of_other_hosts_and_need_no_exception_to_the_policy() -> None:
    for name, text in texts().items():
        elsewhere = re.findall(r"(?:https?:|wss?:)?//[a-z0-9][^\s\"']*\.[^\s\"']*", text.replace(SVG_NAMESPACE, ""))
        assert not elsewhere, f"{name}: {elsewhere}"
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            name
        )
    index = texts()["index.html"]
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style", index)
    assert not re.search(r"<script(?![^>]*\ssrc=)", index)


async def test_every_word_that_the_page_names_is_in_the_catalogue_and_none_of_its_own_is_idle() -> None:
    everything = "\n".join(texts().values())
    words = catalogue()
    named = set(re.findall(r'"((?:page|event|kpi|deadline|vehicle)\.[a-z_.]+)"', everything))
    made = set(re.findall(r"`([a-z_.]+\.)(?:[a-z]+_)?\$\{", everything))
    assert named <= words.keys(), named - words.keys()
    for prefix in made | {"page.feed_"}:
        assert any(key.startswith(prefix) for key in words), prefix
    states = {"page.feed_starting", "page.feed_live", "page.feed_slow", "page.feed_stopped"}
    own = {key for key in words if key.startswith("page.")}
    assert own == {key for key in named if key.startswith("page.")} | states
    for key in own:
        zh, en = (set(re.findall(r"\{\w+\}", words[key][language])) for language in ("zh", "en"))
        assert zh == en, key


async def test_outlines_are_for_those_signed_in(shared_house: House) -> None:
    query = {"w": 121, "s": 31, "e": 122, "n": 32, "tolerance_deg": 0.016}
    assert (await shared_house.client.get("/api/v1/outlines", params=query)).status_code == 401
    answer = await shared_house.cac.get("/outlines", params=query)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, max-age=86400"
    shanghai = next(unit for unit in answer.json() if unit["name"] == "上海市")
    ring = shanghai["rings"][0]
    assert ring[0] == ring[-1]
    assert all(120 < lon < 123 and 30 < lat < 32.5 for lon, lat in ring)


@pytest.mark.parametrize(
    "wrong", [{"w": 122}, {"s": "x"}, {"n": "NaN"}, {"e": 181}, {"tolerance_deg": 0}, {"tolerance_deg": 1}, {"n": ""}]
)
async def test_outlines_of_no_box_are_refused(shared_house: House, wrong: dict[str, object]) -> None:
    query = {"w": 121, "s": 31, "e": 122, "n": 32, **wrong}
    answer = await shared_house.cac.get("/outlines", params=query)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
