"""Roads of a file as tiles: where they lie in them, which are drawn when, and what is no usable file."""

from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towns import NANJING_ROAD, Way, tile_of, write

from core.errors import Invalid
from core.geo import Position, distance_m
from core.roads import MAX_ZOOM, MIN_ZOOM, Roads, UnusableRoads, from_zoom, read_roads
from core.webtiles import STEPS, Tile, tile_at


def decoded(roads: Roads, tile: Tile) -> list[dict[str, Any]]:
    drawn = roads.draw(tile)
    if not drawn:
        return []
    layers = mapbox_vector_tile.decode(drawn, default_options={"y_coord_down": True})
    assert set(layers) == {"roads"}
    assert (layers["roads"]["extent"], layers["roads"]["version"]) == (STEPS, 2)
    return layers["roads"]["features"]


def lines_of(feature: dict[str, Any]) -> list[list[list[int]]]:
    geometry = feature["geometry"]
    return geometry["coordinates"] if geometry["type"] == "MultiLineString" else [geometry["coordinates"]]


def place(tile: Tile, point: list[int]) -> Position:
    """Where a point of a tile is on the ground, by the text-book's formula rather than the program's."""
    x, y = ((number + at / STEPS) / 2**tile.z for number, at in zip((tile.x, tile.y), point, strict=True))
    return Position(lat=float(np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y))))), lon=x * 360 - 180)


@pytest.mark.parametrize(("z", "within_m"), [(8, 80), (12, 6), (15, 0.5)])
def test_a_road_lies_where_it_is(tmp_path: Path, z: int, within_m: float) -> None:
    roads = read_roads(write(tmp_path / "town.osm.pbf", [NANJING_ROAD]))
    tags, corners = NANJING_ROAD
    corner = corners[1] if z == 15 else corners[0]  # which only the finest tiles do not leave out
    tile = tile_of(*corner, z)
    (feature,) = decoded(roads, tile)
    told = {"class": "primary", "ref": "X1"} | ({"name": tags["name"]} if z >= 12 else {})
    assert feature["properties"] == told
    points = [place(tile, point) for line in lines_of(feature) for point in line]
    there = Position(lon=corner[0], lat=corner[1])
    assert min(distance_m(there, point) for point in points) < within_m


def test_a_line_goes_on_where_the_next_tile_begins(tmp_path: Path) -> None:
    roads = read_roads(write(tmp_path / "town.osm.pbf", [NANJING_ROAD]))
    z = 15
    first = tile_of(121.4600, 31.2290, z)
    crossings = []
    for tile, edge in ((first, STEPS), (Tile(z=z, x=first.x + 1, y=first.y), 0)):
        (line,) = lines_of(decoded(roads, tile)[0])
        along = np.array(sorted(line))
        assert along[0][0] < edge < along[-1][0]
        crossings.append(np.interp(edge, along[:, 0], along[:, 1]))
    assert abs(crossings[0] - crossings[1]) <= 1


def test_pieces_of_one_road_are_one_line_and_what_is_no_road_for_cars_is_left_out(tmp_path: Path) -> None:
    a, b, c = (121.460, 31.229), (121.462, 31.230), (121.464, 31.2305)
    file = write(
        tmp_path / "town.osm.pbf",
        [
            ({"highway": "residential", "name": "里弄"}, [a, b]),
            ({"highway": "residential", "name": "里弄"}, [b, c]),
            ({"highway": "footway"}, [a, c]),
            ({"highway": "service", "area": "yes"}, [a, b, c, a]),
            ({"highway": "proposed"}, [b, a]),
            ({"railway": "rail"}, [a, b, c]),
            ({"highway": "service"}, [b]),
        ],
    )
    roads = read_roads(file)
    assert len(roads) == 2
    (feature,) = decoded(roads, tile_of(*b, 14))
    assert feature["properties"] == {"class": "residential", "name": "里弄"}
    (line,) = lines_of(feature)
    assert len(line) == 3


def test_the_further_away_the_fewer_roads(tmp_path: Path) -> None:
    classes = ["motorway", "motorway_link", "trunk", "primary", "secondary", "tertiary", "residential", "service"]
    ways: list[Way] = [
        ({"highway": one}, [(121.40, 31.20 + i / 100), (121.45, 31.20 + i / 100)]) for i, one in enumerate(classes)
    ]
    roads = read_roads(write(tmp_path / "town.osm.pbf", ways))
    seen = []
    for z in range(MIN_ZOOM, MAX_ZOOM + 1):
        drawn = {
            feature["properties"]["class"]
            for y in range(tile_of(121.42, 31.28, z).y, tile_of(121.42, 31.20, z).y + 1)
            for feature in decoded(roads, Tile(z=z, x=tile_of(121.42, 31.2, z).x, y=y))
        }
        assert drawn == {one for one in classes if from_zoom(one) <= z}
        seen.append(len(drawn))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (2, len(classes))
    assert roads.draw(tile_of(121.42, 31.2, MIN_ZOOM - 1)) == roads.draw(tile_of(0, 0, 12)) == b""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "is not there"),
        (b"", "fetch it again"),
        (b"<osm version='0.6'/>", "fetch it again"),
        ("cut", "fetch it again"),
        ("pointless", "cut it out with its points"),
        ("roadless", "holds no road"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_remedy(
    tmp_path: Path, content: bytes | str | None, words: str
) -> None:
    file = tmp_path / "town.osm.pbf"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content == "roadless":
        write(file, [({"railway": "rail"}, NANJING_ROAD[1])])
    elif content is not None:
        write(file, [NANJING_ROAD], points=content != "pointless")
    if content == "cut":
        file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(UnusableRoads, match=words) as told:
        read_roads(file)
    assert str(file) in str(told.value)


def test_a_file_with_too_many_roads_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "town.osm.pbf", [NANJING_ROAD, NANJING_ROAD])
    monkeypatch.setattr("core.roads.MOST_ROADS", 1)
    with pytest.raises(UnusableRoads, match="more than 1 roads: cut out the area"):
        read_roads(file)


@given(z=st.integers(-2, 40), x=st.integers(-2, 2**41), y=st.integers(-2, 2**41))
def test_only_tiles_that_there_are(z: int, x: int, y: int) -> None:
    if 0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z:
        assert tile_at(z, x, y, max_zoom=MAX_ZOOM) == Tile(z=z, x=x, y=y)
    else:
        with pytest.raises(Invalid) as refused:
            tile_at(z, x, y, max_zoom=MAX_ZOOM)
        assert refused.value.field in ("z", "x", "y")


def test_a_real_town(shared_data: Path) -> None:
    roads = read_roads(shared_data / "roads" / "jinan.osm.pbf")
    assert len(roads) > 15_000
    for z, most_bytes in ((8, 10_000), (11, 40_000), (15, 10_000)):
        drawn = roads.draw(tile_of(117.02, 36.66, z))
        assert 500 < len(drawn) < most_bytes
