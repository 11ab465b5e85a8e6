"""The prefectures' outlines as tiles: each name once, each border once, each in its place."""

import math
from collections import Counter
from typing import Any

import mapbox_vector_tile
import pytest
from shapely.geometry import shape

from core.outlinetiles import MAX_ZOOM, OutlineTiles, level_deg
from core.places import Places, load_places
from core.webtiles import MARGIN_STEPS, STEPS, Tile


@pytest.fixture(scope="module")
def places() -> Places:
    return load_places()


@pytest.fixture(scope="module")
def tiles(places: Places) -> OutlineTiles:
    return OutlineTiles(places.cities())


def decoded(tiles: OutlineTiles, tile: Tile) -> dict[str, list[dict[str, Any]]]:
    layers = mapbox_vector_tile.decode(tiles.draw(tile), default_options={"y_coord_down": True})
    return {name: layer["features"] for name, layer in layers.items()}


def test_each_unit_has_its_name_in_one_place(tiles: OutlineTiles, places: Places) -> None:
    z = 4
    found = Counter[str]()
    for x in range(11, 15):
        for y in range(5, 9):
            if not tiles.draw(Tile(z=z, x=x, y=y)):
                continue
            layers = decoded(tiles, Tile(z=z, x=x, y=y))
            for label in layers.get("labels", []):
                code, name = label["properties"]["code"], label["properties"]["name"]
                assert places.city_name(code) == name
                found[code] += 1
                areas = [shape(one["geometry"]) for one in layers["prefectures"] if one["properties"]["code"] == code]
                assert any(area.distance(shape(label["geometry"])) < 2 for area in areas), name
    assert found == Counter(dict.fromkeys(places.cities(), 1))


def test_areas_fill_the_tile_and_borders_run_between_them_once(tiles: OutlineTiles) -> None:
    tile = Tile(z=7, x=105, y=50)  # round Jinan, all land
    layers = decoded(tiles, tile)
    names = {one["properties"]["name"] for one in layers["prefectures"]}
    assert {"济南市", "泰安市", "聊城市"} <= names
    areas = [shape(one["geometry"]) for one in layers["prefectures"]]
    whole = (STEPS + 2 * MARGIN_STEPS) ** 2
    assert sum(area.area for area in areas) == pytest.approx(whole, rel=0.002)
    (borders,) = (shape(one["geometry"]) for one in layers["borders"])
    around = sum(area.length for area in areas)
    frame = 4 * math.sqrt(whole)
    assert borders.length == pytest.approx((around - frame) / 2, rel=0.01)


def test_the_finest_tiles_have_the_finest_lines() -> None:
    levels = [level_deg(z) for z in range(MAX_ZOOM + 1)]
    assert levels == sorted(levels, reverse=True)
    assert (levels[0], levels[-1]) == (0.064, 0.001)
