"""What lies under the maps, through the real doors: who may have it, how it is kept, and settings that cannot be."""

import asyncio
import gzip
import threading
from collections.abc import AsyncGenerator
from typing import Any

import mapbox_vector_tile
import pytest
import pytest_asyncio
from gateway_house import House, open_house
from pydantic import ValidationError
from towns import NANJING_ROAD, tile_of, write

from core.errors import Invalid, TooManyRequests
from core.settings import Settings
from core.webtiles import Tile
from gateway import fitness
from gateway.basemap import check_tiles, tile_origins
from gateway.tilemaker import TileMaker

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOOD: dict[str, Any] = {
    "tiles_url": "https://tiles.example/{z}/{x}/{y}.png",
    "tiles_attribution": "© 某图 GS(2026)0000号",
}
ROAD = tile_of(*NANJING_ROAD[1][1], 15)
ROADS = f"/api/v1/tiles/roads/{ROAD.z}/{ROAD.x}/{ROAD.y}.mvt"
OUTLINES = "/api/v1/tiles/outlines/5/26/13.mvt"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mapped(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """A service with roads and a source of tiles."""
    folder = tmp_path_factory.mktemp("mapped")
    roads = write(folder / "town.osm.pbf", [NANJING_ROAD])
    async with open_house(folder, "mapped", roads=str(roads), tiles_datum="gcj02", **GOOD) as house:
        yield house


async def test_what_lies_under_the_map_is_told_to_all(mapped: House) -> None:
    told = (await mapped.client.get("/api/v1/basemap")).json()
    assert told == {
        "outlines": False,
        "roads": {
            "tiles": "/api/v1/tiles/roads/{z}/{x}/{y}.mvt",
            "minzoom": 5,
            "maxzoom": 15,
            "bounds": [121.46, 31.229, 121.4737, 31.2345],
            "attribution": "© OpenStreetMap contributors",
        },
        "tiles": {
            "kind": "raster",
            "url": GOOD["tiles_url"],
            "datum": "gcj02",
            "minzoom": 0,
            "maxzoom": 18,
            "tile_size": 256,
            "attribution": GOOD["tiles_attribution"],
        },
    }
    assert (await mapped.driver.get("/basemap")).json() == {**told, "outlines": True}
    stranger = await mapped.client.get("/api/v1/basemap", headers={"Authorization": "Bearer nobody"})
    assert stranger.json() == told


async def test_pages_may_load_from_the_configured_source_and_from_nowhere_else(mapped: House) -> None:
    policy = (await mapped.client.get("/console")).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert {name for name, rule in rules.items() if "tiles.example" in rule} == {"img-src", "connect-src"}
    assert rules["connect-src"] == "'self' https://tiles.example"


async def test_without_settings_there_are_outlines_alone(shared_house: House) -> None:
    assert (await shared_house.cac.get("/basemap")).json() == {"outlines": True, "roads": None, "tiles": None}
    answer = await shared_house.client.get(ROADS)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_tile_of_roads_is_public_packed_and_kept(mapped: House) -> None:
    answer = await mapped.client.get(ROADS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "public, max-age=86400"
    (feature,) = mapbox_vector_tile.decode(answer.content)["roads"]["features"]
    assert feature["properties"]["name"] == "南京西路"
    plain = await mapped.client.get(ROADS, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content
    for known in (answer.headers["etag"], plain.headers["etag"], f'"other", {answer.headers["etag"]}'):
        again = await mapped.client.get(ROADS, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]
    other = await mapped.client.get(ROADS, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


async def test_where_nothing_is_nothing_is_sent(mapped: House) -> None:
    for path in ("/api/v1/tiles/roads/15/0/0.mvt", "/api/v1/tiles/roads/0/0/0.mvt"):
        answer = await mapped.client.get(path)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["cache-control"] == "public, max-age=86400"


async def test_outlines_are_for_whoever_is_signed_in(mapped: House) -> None:
    assert (await mapped.client.get(OUTLINES)).status_code == 401
    for person in mapped.people.values():
        answer = await person.get(OUTLINES.removeprefix("/api/v1"))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, max-age=86400"
    layers = mapbox_vector_tile.decode(answer.content)
    assert set(layers) == {"prefectures", "borders", "labels"}
    assert "上海市" in {one["properties"]["name"] for one in layers["labels"]["features"]}


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ("16/0/0", "z"),
        ("-1/0/0", "z"),
        ("999999999/0/0", "z"),
        ("3/8/0", "x"),
        ("3/-1/0", "x"),
        ("3/0/8", "y"),
        ("3/0/0.5", "y"),
        ("x/0/0", "z"),
        (f"{'9' * 6000}/0/0", "z"),
        ("NaN/0/0", "z"),
    ],
)
async def test_tiles_that_there_are_not(mapped: House, numbers: str, field: str) -> None:
    for layer in ("roads", "outlines"):
        answer = await mapped.cac.get(f"/tiles/{layer}/{numbers}.mvt")
        assert answer.status_code == 422, layer
        assert (answer.json()["code"], answer.json()["field"]) == ("invalid", field)


async def test_one_tile_that_many_ask_for_is_made_once_and_the_oldest_is_dropped() -> None:
    made: list[Tile] = []
    go_on = threading.Event()

    def draw(tile: Tile) -> bytes:
        go_on.wait()
        made.append(tile)
        return bytes(3_000)

    first, second, third = (Tile(z=2, x=x, y=0) for x in range(3))
    maker = TileMaker(kept_bytes=1_200, most_waiting=2)
    waiting = [asyncio.ensure_future(maker.tile("roads", tile, draw)) for tile in (first, first, second)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await maker.tile("roads", third, draw)
    waiting[0].cancel()
    go_on.set()
    answers = await asyncio.gather(*waiting[1:])
    assert [gzip.decompress(answer.body) for answer in answers] == [bytes(3_000)] * 2
    assert made == [first, second]
    for tile in (first, second, third, second, first):
        await maker.tile("roads", tile, draw)
    assert made == [first, second, third, first]
    maker.close()


@pytest.mark.parametrize(
    ("url", "origins"),
    [
        ("", []),
        ("/ground/{z}/{x}/{y}.png", []),
        ("https://tiles.example/{z}/{x}/{y}.png?key=a;b", ["https://tiles.example"]),
        ("HTTPS://Tiles.Example:8443/{z}/{x}/{y}", ["https://tiles.example:8443"]),
        ("http://10.0.0.7/{z}/{x}/{y}", ["http://10.0.0.7"]),
        ("http://[2001:db8::1]:81/{z}/{x}/{y}", ["http://[2001:db8::1]:81"]),
    ],
)
async def test_the_origin_of_a_source(url: str, origins: list[str]) -> None:
    assert tile_origins(Settings(tiles_url=url)) == origins


@pytest.mark.parametrize(
    ("changed", "field", "remedy"),
    [
        ({"tiles_url": "https://tiles.example/{z}/{x}.png"}, "tiles_url", "{z}, {x} and {y} once each"),
        ({"tiles_url": "https://tiles.example/{z}/{x}/{y}/{y}.png"}, "tiles_url", "once each"),
        ({"tiles_url": "https://tiles.example/{s}/{z}/{x}/{y}.png"}, "tiles_url", "of several hosts name one"),
        ({"tiles_url": "https://{s}.tiles.example/{z}/{x}/{y}.png"}, "tiles_url", "plain host"),
        ({"tiles_url": "https://*/{z}/{x}/{y}.png"}, "tiles_url", "plain host"),
        ({"tiles_url": "https://a;script-src */{z}/{x}/{y}"}, "tiles_url", "plain host"),
        ({"tiles_url": "https://me:secret@tiles.example/{z}/{x}/{y}"}, "tiles_url", "no password"),
        ({"tiles_url": "//tiles.example/{z}/{x}/{y}"}, "tiles_url", "https, http"),
        ({"tiles_url": "tiles.example/{z}/{x}/{y}"}, "tiles_url", "https, http"),
        ({"tiles_url": "javascript:alert(1)//{z}/{x}/{y}"}, "tiles_url", "https, http"),
        ({"tiles_url": "https://tiles.example:port/{z}/{x}/{y}"}, "tiles_url", "no URL"),
        ({"tiles_attribution": " "}, "tiles_attribution", "is missing"),
        ({"tiles_attribution": "<a href=x>x</a>"}, "tiles_attribution", "plain text"),
        ({"tiles_url": "https://webrd01.is.autonavi.com/{z}/{x}/{y}"}, "tiles_datum", "set tiles_datum to gcj02"),
    ],
)
async def test_a_source_that_cannot_be_is_named_with_the_remedy(
    changed: dict[str, str], field: str, remedy: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await fitness.check_all(Settings(database="sqlite:///none.db", **{**GOOD, **changed}))
    assert refused.value.field == field
    assert remedy in refused.value.detail
    assert "secret" not in refused.value.detail


@pytest.mark.parametrize("wrong", [{"tiles_datum": "bd09"}, {"tiles_kind": "pdf"}, {"tiles_maxzoom": 99}])
async def test_settings_of_no_such_value(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)


async def test_what_is_drawn_is_said(mapped: House) -> None:
    settings = mapped.service.settings
    assert await fitness.look_at_roads(settings) == "1 roads"
    assert check_tiles(settings) == "raster tiles in gcj02 from https://tiles.example"
    assert check_tiles(Settings()) == "no source of tiles"
    missing = settings.model_copy(update={"roads": "/nowhere/town.osm.pbf"})
    with pytest.raises(fitness.Unfit, match="correct --roads"):
        await fitness.look_at_roads(missing)
