"""The screens' files: their headers, what they may not contain, their words, and the outlines under their maps."""

import re
from pathlib import Path

import pytest
from gateway_house import House

from gateway.catalogue import catalogue
from gateway.web.page import PAGES, content_security_policy, files

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOURCES = Path(__file__).parents[2] / "gateway" / "web" / "src"
ADDRESSES = [path.replace("{token}", "a-token") for path in PAGES]


@pytest.mark.parametrize("address", [*ADDRESSES, "/console/cases/1", "/m/a-token/record"])
async def test_each_page_is_strict_and_always_asked_for_again(shared_house: House, address: str) -> None:
    answer = await shared_house.client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == rules["worker-src"] == "'self'"
    assert "unsafe" not in policy
    assert "http" not in policy
    nonces = set(re.findall(r"'nonce-([^']+)'", policy))
    assert nonces == set(re.findall(r'nonce="([^"]+)"', answer.text))
    again = await shared_house.client.get(address)
    assert not nonces & set(re.findall(r"'nonce-([^']+)'", again.headers["content-security-policy"]))


async def test_every_file_that_a_page_names_is_served_packed_with_its_type_and_kept(shared_house: House) -> None:
    types = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "webmanifest": "application/manifest"}
    for address in ADDRESSES:
        page = (await shared_house.client.get(address)).text
        named = set(re.findall(r'(?:src|href)="(/[^"]+)"', page))
        assert len(named) >= 3, address
        for path in named:
            packed = await shared_house.client.get(path, headers={"Accept-Encoding": "br, gzip"})
            plain = await shared_house.client.get(path, headers={"Accept-Encoding": "identity"})
            assert packed.status_code == plain.status_code == 200, path
            assert packed.headers["content-type"].startswith(types[path.rpartition(".")[2]])
            assert ("immutable" in packed.headers["cache-control"]) == path.startswith("/static/assets/")
            assert packed.headers["x-content-type-options"] == "nosniff"
            assert "content-encoding" not in plain.headers
            if len(plain.content) > 5_000:
                assert packed.headers["content-encoding"] in ("br", "gzip"), path


@pytest.mark.parametrize(
    "path",
    [
        "/static/../page.py",
        "/static/..%2fpage.py",
        "/static/%2e%2e/page.py",
        "/static//etc/passwd",
        "/static/assets/nothing.js",
        "/static/console.html",
        "/static/.built",
        "/static/",
        "/nothing",
        "/m/",
    ],
)
async def test_nothing_else_is_served(shared_house: House, path: str) -> None:
    answer = await shared_house.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_a_configured_source_of_tiles_is_the_only_other_origin() -> None:
    policy = content_security_policy("n", ["https://tiles.example"])
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert {name for name, rule in rules.items() if "https://tiles.example" in rule} == {"img-src", "connect-src"}


async def test_the_sources_write_no_text_as_html() -> None:
    for file in SOURCES.rglob("*.ts*"):
        found = re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|dangerously|setHTML\(",
            file.read_text(),
        )
        assert not found, f"{file.name}: {found}"


async def test_the_pages_files_are_all_from_here() -> None:
    for address in PAGES.values():
        page = files()[f"{address}.html"].body.decode()
        assert not re.search(r'(?:src|href)="(?!/(?:static/|mark\.svg|dealer/|m/))', page), address
        assert not re.search(r"\sstyle=|\son[a-z]+=", page)
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)


async def test_every_word_that_the_screens_name_is_in_the_catalogue() -> None:
    sources = "\n".join(file.read_text() for file in SOURCES.rglob("*.ts*") if file.name != "schema.d.ts")
    words = catalogue()
    named = set(re.findall(r"""\b(?:t|words|told)\(\s*["']([a-z_]+(?:\.[a-z_0-9]+)+)["']""", sources))
    assert named
    assert named <= words.keys(), sorted(named - words.keys())
    for prefix in set(re.findall(r"\b(?:t|words)\(`([a-z_]+(?:\.[a-z_]+)*\.)\$\{", sources)):
        assert any(key.startswith(prefix) for key in words), prefix


async def test_both_languages_fill_in_the_same_values() -> None:
    for key, entry in catalogue().items():
        zh, en = (set(re.findall(r"\{\w+\}", entry[language])) for language in ("zh", "en"))
        # What a refusal tells in English may hold a word of the program, which a person has no use for.
        assert zh <= en if key.startswith("refusal.") else zh == en, key


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
