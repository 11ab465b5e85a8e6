import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from core.errors import Invalid
from core.geo import BBox, Position, around, distance_m
from core.grid import MOST_CELLS, PARTS, SIZES_DEG, grid

SHANGHAI = BBox(west=121.0, south=31.0, east=122.0, north=32.0)
GEOD = Geod(ellps="WGS84")
places = st.builds(Position, lat=st.floats(-80, 80), lon=st.floats(-180, 180))


@given(places, st.sampled_from(PARTS))
def test_a_position_lies_in_its_cell(place: Position, parts: int) -> None:
    cells = grid(BBox(west=0, south=0, east=0.001, north=0.001), 1 / parts)
    outline = cells.outline(*cells.cell_of(place))
    slack = 1e-9  # the outline is told in degrees, which thousandths are not exactly
    assert outline.west - slack <= place.lon <= outline.east + slack
    assert outline.south - slack <= place.lat <= outline.north + slack


def test_every_cell_that_a_rectangle_touches_is_in_its_grid_whole() -> None:
    cells = grid(BBox(west=121.005, south=31.0, east=121.02, north=31.015), 0.01)
    assert (len(cells.columns), len(cells.rows)) == (3, 2)
    box = cells.bbox
    assert [round(edge, 6) for edge in (box.west, box.south, box.east, box.north)] == [121.0, 31.0, 121.03, 31.02]


def test_only_certain_sizes_and_only_so_many_cells() -> None:
    assert [grid(SHANGHAI, size).parts for size in SIZES_DEG[:7]] == list(PARTS[:7])
    for size in (0.0, -0.01, 0.011, 2.0, math.nan, math.inf):
        with pytest.raises(Invalid, match="a cell is one of"):
            grid(SHANGHAI, size)
    with pytest.raises(Invalid, match=f"more than {MOST_CELLS}"):
        grid(SHANGHAI, 0.005)


@given(places, st.floats(1, 20_000), st.floats(0, 359))
def test_nothing_near_lies_outside_the_rectangle_around(place: Position, metres: float, direction: float) -> None:
    lon, lat, _ = GEOD.fwd(place.lon, place.lat, direction, metres)
    if abs(lon - place.lon) > 180:
        return  # beyond the 180th meridian
    box = around(place, metres)
    assert box.contains(Position(lat=lat, lon=lon))
    corner = Position(lat=box.north, lon=box.east)
    assert place.lon + 1 > 180 or distance_m(place, corner) < 2 * metres + 1


def test_the_rectangle_around_a_pole_goes_all_round() -> None:
    assert around(Position(lat=89.99, lon=10), 5_000) == BBox(
        west=-180, south=89.99 - 5_000 / 110_574, east=180, north=90
    )
